/* train_files.c - the curves as CSV and the run as JSON, each put in place whole. */
#define _DEFAULT_SOURCE /* realpath, flock */
#define _DARWIN_C_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "train.h"

enum { PATH_BYTES = 4096 };

/* A file that is written as `name` and then takes the place of `target`, to which a link at the path has led. One name
   is enough: who finds it in use waits, and what a killed run has left is used again. */
typedef struct output {
    FILE *file;
    char target[PATH_BYTES], name[PATH_BYTES];
    mode_t mode; /* of the file that is replaced; 0: there is none */
} output;

static bool fail(const char *path, const char *reason)
{
    fprintf(stderr, "train: cannot write \"%s\": %s\n", path, reason);
    return false;
}

static bool find_target(output *out, const char *path)
{
    struct stat info;
    char *real = realpath(path, NULL);
    const char *target = real ? real : path;
    const bool exists = lstat(target, &info) == 0, fits = strlen(target) + sizeof ".part" <= PATH_BYTES;
    if (fits) {
        snprintf(out->target, PATH_BYTES, "%s", target);
        snprintf(out->name, PATH_BYTES, "%.*s.part", PATH_BYTES - 6, target);
    }
    free(real);
    if (!fits)
        return fail(path, "the name is too long");
    if (exists && !S_ISREG(info.st_mode))
        return fail(path, S_ISLNK(info.st_mode) ? "the link leads nowhere" : "it is no regular file");
    out->mode = exists ? info.st_mode & 07777 : 0;
    return true;
}

/* Whether the name still is the file's: the process that had it before may have put it in place meanwhile. */
static bool is_named(const char *name, int fd)
{
    struct stat named, ours;
    return lstat(name, &named) == 0 && fstat(fd, &ours) == 0 && named.st_ino == ours.st_ino &&
           named.st_dev == ours.st_dev;
}

static bool open_output(output *out, const char *path)
{
    if (!find_target(out, path))
        return false;
    for (;;) {
        const int fd = open(out->name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd < 0)
            return fail(path, strerror(errno));
        flock(fd, LOCK_EX); /* where there are no locks, without */
        const bool ours = is_named(out->name, fd);
        if (ours && ftruncate(fd, 0) == 0 && (out->file = fdopen(fd, "w")))
            return true;
        const int error = errno;
        close(fd);
        if (ours)
            return fail(path, strerror(error));
    }
}

bool can_write(const char *path)
{
    output out;
    if (!path)
        return true;
    if (!open_output(&out, path))
        return false;
    remove(out.name);
    fclose(out.file);
    return true;
}

static bool write_file(const record *r, const char *path, void (*print)(FILE *out, const record *r))
{
    output out;
    if (!path)
        return true;
    if (!open_output(&out, path))
        return false;
    print(out.file, r);
    const bool whole = fflush(out.file) == 0 && !ferror(out.file) &&
                       (out.mode == 0 || fchmod(fileno(out.file), out.mode) == 0) &&
                       rename(out.name, out.target) == 0;
    const int error = errno;
    if (!whole)
        remove(out.name);
    fclose(out.file);
    return whole || fail(path, strerror(error));
}

/* Nothing in it depends on the clock: the same run writes the same file, whatever the number of threads. */
static void print_csv(FILE *out, const record *r)
{
    fputs("epoch,samples,learning_rate,train_loss,train_accuracy,test_loss,test_accuracy\n", out);
    for (int i = 0; i < r->n_epochs; i++) {
        const epoch *e = &r->epochs[i];
        fprintf(out, "%lld,%lld,%.6g,%.6g,%.6g,%.6g,%.6g\n", (long long)e->number, (long long)e->samples, e->lr,
                e->loss, e->accuracy, e->test_loss, e->test_accuracy);
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
    for (int i = 0; i < r->n_epochs; i++) {
        const epoch *e = &r->epochs[i];
        fprintf(out, "%s\n    {\"epoch\": %lld, \"samples\": %lld", i ? "," : "", (long long)e->number,
                (long long)e->samples);
        member(out, "learning_rate", e->lr);
        member(out, "train_loss", e->loss);
        member(out, "train_accuracy", e->accuracy);
        member(out, "test_loss", e->test_loss);
        member(out, "test_accuracy", e->test_accuracy);
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
            r->end.bytes, r->end.gradient_bytes, (unsigned long long)(r->end.allocations - r->settled.allocations));
    fprintf(out, "  \"interrupted\": %s", r->interrupted ? "true" : "false");
    member(out, "seconds", r->seconds);
    member(out, "samples_per_second", (double)r->trained / r->seconds);
    member(out, "test_loss", r->test_loss);
    member(out, "test_accuracy", r->test_accuracy);
    fputs("\n}\n", out);
}

bool write_json(const record *r, const char *path)
{
    return write_file(r, path, print_json);
}
