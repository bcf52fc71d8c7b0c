/* files.c - the curves as CSV and the run as JSON, each put in place whole. */
#include <math.h>

#include "output/files.h"
#include "train.h"

static bool say(const tg_error *err)
{
    fprintf(stderr, "train: %s\n", err->text);
    return false;
}

bool can_write(const char *path)
{
    tg_error err;
    return !path || file_can_write(path, &err) || say(&err);
}

static bool write_file(const record *r, const char *path, void (*print)(text *out, const record *r))
{
    tg_error err;
    text t = { 0 };
    if (!path)
        return true;
    print(&t, r);
    const bool good = file_write(path, &t, &err);
    text_finish(&t);
    return good || say(&err);
}

/* Nothing in it depends on the clock: the same run writes the same file, whatever the number of threads. */
static void print_csv(text *out, const record *r)
{
    text_put(out, "epoch,samples,learning_rate,train_loss,train_accuracy,test_loss,test_accuracy\n");
    for (int64_t i = 0; i < r->fit.n; i++) {
        const fit_point *e = &r->fit.points[i];
        text_print(out, "%lld,%lld,%.6g,%.6g,%.6g,%.6g,%.6g\n", (long long)e->epoch, (long long)e->samples, e->lr,
                   e->loss, e->accuracy, e->held_out_loss, e->held_out_accuracy);
    }
}

bool write_csv(const record *r, const char *path)
{
    return write_file(r, path, print_csv);
}

static void print_string(text *out, const char *string)
{
    if (!string) {
        text_put(out, "null");
        return;
    }
    text_put(out, "\"");
    text_json(out, string);
    text_put(out, "\"");
}

/* JSON has no NaN and no infinity. */
static void print_number(text *out, double x)
{
    if (isfinite(x))
        text_print(out, "%.9g", x);
    else
        text_put(out, "null");
}

static void member(text *out, const char *name, double x)
{
    text_print(out, ", \"%s\": ", name);
    print_number(out, x);
}

static void print_config(text *out, const record *r)
{
    const options *o = r->o;
    const tg_mlp_config *net = tg_mlp_settings(r->net);
    text_print(out, "  \"config\": {\"data\": \"%s\", \"sizes\": [", source_at(o->data)->name);
    for (int i = 0; i < net->n_sizes; i++)
        text_print(out, "%s%lld", i ? ", " : "", (long long)net->sizes[i]);
    text_print(out, "], \"activation\": \"%s\", \"optimizer\": \"%s\", \"schedule\": \"%s\", \"dtype\": \"%s\"",
               tg_activation_name(net->activation), optimizer_name(o->optimizer), schedule_name(o->schedule),
               net->dtype == TG_F32 ? "f32" : "f64");
    member(out, "lr", o->lr);
    member(out, "momentum", o->momentum);
    member(out, "weight_decay", o->weight_decay);
    member(out, "l2", o->l2);
    member(out, "clip", o->clip > 0 ? o->clip : HUGE_VAL);
    text_print(out, ", \"batch\": %lld, \"epochs\": %lld, \"seed\": %lld, \"threads\": %d, \"kernels\": \"%s\"",
               (long long)o->batch, (long long)o->epochs, (long long)o->seed, tg_num_threads(), tg_kernel_set());
    member(out, "mean", r->data->mean);
    member(out, "deviation", r->data->deviation);
    text_put(out, ", \"loaded\": ");
    print_string(out, o->load);
    text_put(out, "},\n");
}

static void print_curves(text *out, const record *r)
{
    text_put(out, "  \"epochs\": [");
    for (int64_t i = 0; i < r->fit.n; i++) {
        const fit_point *e = &r->fit.points[i];
        text_print(out, "%s\n    {\"epoch\": %lld, \"samples\": %lld", i ? "," : "", (long long)e->epoch,
                   (long long)e->samples);
        member(out, "learning_rate", e->lr);
        member(out, "train_loss", e->loss);
        member(out, "train_accuracy", e->accuracy);
        member(out, "test_loss", e->held_out_loss);
        member(out, "test_accuracy", e->held_out_accuracy);
        member(out, "seconds", e->seconds);
        text_put(out, "}");
    }
    text_put(out, "],\n");
}

static void print_json(text *out, const record *r)
{
    text_put(out, "{\n");
    print_config(out, r);
    print_curves(out, r);
    text_print(out,
               "  \"tape\": {\"bytes\": %zu, \"gradient_bytes\": %zu, \"allocations_after_first_epoch\": %llu},\n",
               r->fit.end.bytes, r->fit.end.gradient_bytes,
               (unsigned long long)(r->fit.end.allocations - r->fit.settled.allocations));
    text_print(out, "  \"interrupted\": %s", r->fit.interrupted ? "true" : "false");
    member(out, "seconds", r->fit.seconds);
    member(out, "samples_per_second", (double)trained_rows(r) / r->fit.seconds);
    member(out, "test_loss", r->test_loss);
    member(out, "test_accuracy", r->test_accuracy);
    text_put(out, "\n}\n");
}

bool write_json(const record *r, const char *path)
{
    return write_file(r, path, print_json);
}
