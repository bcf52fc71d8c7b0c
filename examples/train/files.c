/* files.c - the curves as CSV and the run as JSON, each put in place whole. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "train.h"

enum { PATH_BYTES = 4096 };

static bool fail(const char *path, const char *name)
{
    fprintf(stderr, "train: cannot write \"%s\": %s\n", path, strerror(errno));
    if (name)
        remove(name);
    return false;
}

/* A new file beside `path`, under a name that no other process uses. */
static FILE *open_beside(const char *path, char *name)
{
    const int n = snprintf(name, PATH_BYTES, "%s.%ld.part", path, (long)getpid());
    if (n < PATH_BYTES)
        return fopen(name, "w");
    errno = ENAMETOOLONG;
    return NULL;
}

bool can_write(const char *path)
{
    char name[PATH_BYTES];
    if (!path)
        return true;
    FILE *file = open_beside(path, name);
    if (!file)
        return fail(path, NULL);
    fclose(file);
    remove(name);
    return true;
}

static bool write_file(const record *r, const char *path, void (*print)(FILE *out, const record *r))
{
    char name[PATH_BYTES];
    if (!path)
        return true;
    FILE *file = open_beside(path, name);
    if (!file)
        return fail(path, NULL);
    print(file, r);
    const bool whole = !ferror(file);
    if (fclose(file) != 0 || !whole || rename(name, path) != 0)
        return fail(path, name);
    return true;
}

/* Nothing in it depends on the clock: the same run writes the same file, whatever the number of threads. */
static void print_csv(FILE *out, const record *r)
{
    fputs("epoch,samples,learning_rate,train_loss,train_accuracy,test_loss,test_accuracy\n", out);
    for (int64_t i = 0; i < r->fit.n; i++) {
        const fit_point *e = &r->fit.points[i];
        fprintf(out, "%lld,%lld,%.6g,%.6g,%.6g,%.6g,%.6g\n", (long long)e->epoch, (long long)e->samples, e->lr,
                e->loss, e->accuracy, e->held_out_loss, e->held_out_accuracy);
    }
}

bool write_csv(const record *r, const char *path)
{
    return write_file(r, path, print_csv);
}

static void print_string(FILE *out, const char *text)
{
    if (!text) {
        fputs("null", out);
        return;
    }
    fputc('"', out);
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == '"' || *c == '\\')
            fprintf(out, "\\u%04x", (unsigned char)*c);
        else
            fputc(*c, out);
    fputc('"', out);
}

/* JSON knows no NaN and no infinity. */
static void print_number(FILE *out, double x)
{
    if (isfinite(x))
        fprintf(out, "%.9g", x);
    else
        fputs("null", out);
}

static void member(FILE *out, const char *name, double x)
{
    fprintf(out, ", \"%s\": ", name);
    print_number(out, x);
}

static void print_config(FILE *out, const record *r)
{
    const options *o = r->o;
    const tg_mlp_config *net = tg_mlp_settings(r->net);
    fprintf(out, "  \"config\": {\"data\": \"%s\", \"sizes\": [", source_at(o->data)->name);
    for (int i = 0; i < net->n_sizes; i++)
        fprintf(out, "%s%lld", i ? ", " : "", (long long)net->sizes[i]);
    fprintf(out, "], \"activation\": \"%s\", \"optimizer\": \"%s\", \"schedule\": \"%s\", \"dtype\": \"%s\"",
            tg_activation_name(net->activation), optimizer_name(o->optimizer), schedule_name(o->schedule),
            net->dtype == TG_F32 ? "f32" : "f64");
    member(out, "lr", o->lr);
    member(out, "momentum", o->momentum);
    member(out, "weight_decay", o->weight_decay);
    member(out, "l2", o->l2);
    member(out, "clip", o->clip > 0 ? o->clip : HUGE_VAL);
    fprintf(out, ", \"batch\": %lld, \"epochs\": %lld, \"seed\": %lld, \"threads\": %d, \"kernels\": \"%s\"",
            (long long)o->batch, (long long)o->epochs, (long long)o->seed, tg_num_threads(), tg_kernel_set());
    member(out, "mean", r->data->mean);
    member(out, "deviation", r->data->deviation);
    fputs(", \"loaded\": ", out);
    print_string(out, o->load);
    fputs("},\n", out);
}

static void print_curves(FILE *out, const record *r)
{
    fputs("  \"epochs\": [", out);
    for (int64_t i = 0; i < r->fit.n; i++) {
        const fit_point *e = &r->fit.points[i];
        fprintf(out, "%s\n    {\"epoch\": %lld, \"samples\": %lld", i ? "," : "", (long long)e->epoch,
                (long long)e->samples);
        member(out, "learning_rate", e->lr);
        member(out, "train_loss", e->loss);
        member(out, "train_accuracy", e->accuracy);
        member(out, "test_loss", e->held_out_loss);
        member(out, "test_accuracy", e->held_out_accuracy);
        member(out, "seconds", e->seconds);
        fputc('}', out);
    }
    fputs("],\n", out);
}

static void print_json(FILE *out, const record *r)
{
    fputs("{\n", out);
    print_config(out, r);
    print_curves(out, r);
    fprintf(out, "  \"tape\": {\"bytes\": %zu, \"gradient_bytes\": %zu, \"allocations_after_first_epoch\": %llu},\n",
            r->fit.end.bytes, r->fit.end.gradient_bytes,
            (unsigned long long)(r->fit.end.allocations - r->fit.settled.allocations));
    fprintf(out, "  \"interrupted\": %s", r->fit.interrupted ? "true" : "false");
    member(out, "seconds", r->fit.seconds);
    member(out, "samples_per_second", (double)trained_rows(r) / r->fit.seconds);
    member(out, "test_loss", r->test_loss);
    member(out, "test_accuracy", r->test_accuracy);
    fputs("\n}\n", out);
}

bool write_json(const record *r, const char *path)
{
    return write_file(r, path, print_json);
}
