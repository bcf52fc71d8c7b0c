/* report.c - what the training program prints. */
#define _POSIX_C_SOURCE 200809L
#include <unistd.h>

#include "train.h"

enum { TEXT_BYTES = 256 };

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

void print_heading(const record *r)
{
    const options *o = r->o;
    const tg_dataset *train = &r->data->train;
    const tg_mlp_config *net = tg_mlp_settings(r->net);
    if (o->quiet)
        return;
    printf("data       %s: %lld rows to learn, %lld to test\n", source_at(o->data)->title, (long long)train->n,
           (long long)r->data->test.n);
    printf("           x is (x - %.4g) / %.4g, by mean and deviation of the rows to learn\n", r->data->mean,
           r->data->deviation);
    printf("network    ");
    for (int i = 0; i < net->n_sizes; i++)
        printf("%s%lld", i ? "-" : "", (long long)net->sizes[i]);
    printf(" %s, %lld parameters, %s%s%s\n", tg_activation_name(net->activation),
           (long long)tg_params_size(tg_mlp_params(r->net)), net->dtype == TG_F32 ? "float32" : "float64",
           o->load ? " from " : "", o->load ? o->load : "");
    if (o->epochs > 0)
        printf("training   %s, rate %.3g (%s), batches of %lld, %lld epoch%s, seed %lld\n",
               optimizer_name(o->optimizer), o->lr, schedule_name(o->schedule), (long long)o->batch,
               (long long)o->epochs, plural(o->epochs), (long long)o->seed);
    printf("machine    %d thread%s, %s\n", tg_num_threads(), plural(tg_num_threads()), tg_kernel_set());
    fflush(stdout);
}

void print_check(const record *r, const tg_gradcheck_report *check)
{
    if (r->o->quiet)
        return;
    printf("gradient   %lld derivatives agree with finite differences to a relative error of %.1e",
           (long long)check->all.n_checked, check->all.max_relative);
    if (check->all.n_kinks > 0)
        printf("; %lld kink%s", (long long)check->all.n_kinks, plural(check->all.n_kinks));
    putchar('\n');
    fflush(stdout);
}

void print_columns(record *r)
{
    r->live = !r->o->quiet && isatty(STDOUT_FILENO);
    if (!r->o->quiet)
        puts("\n   epoch      loss   train %    test %   samples/s    left");
}

/* A line that can be written over with the next one. */
static void print_row(const record *r, const fit_record *fit, const fit_point *e, bool tested)
{
    char done[TEXT_BYTES], test[TEXT_BYTES];
    const int64_t n = r->data->train.n, epochs = r->o->epochs;
    const int left = (int)(fit->seconds * ((double)fit->total / (double)e->samples - 1) + 0.5);
    if (e->rows == n)
        snprintf(done, sizeof done, "%lld/%lld", (long long)e->epoch, (long long)epochs);
    else
        snprintf(done, sizeof done, "%.1f/%lld", (double)e->samples / (double)n, (long long)epochs);
    snprintf(test, sizeof test, tested ? "%.2f" : "-", 100 * e->held_out_accuracy);
    printf("%s%8s %9.4f %9.2f %9s %11.0f %4d:%02d", r->shown > 0 ? "\r" : "", done, e->loss, 100 * e->accuracy, test,
           (double)e->rows / e->seconds, left / 60, left % 60);
    fflush(stdout);
}

void print_progress(record *r, const fit_record *fit, const fit_point *now)
{
    if (!r->live || fit_seconds() < r->shown + 0.1)
        return;
    print_row(r, fit, now, false);
    r->shown = fit_seconds();
}

void end_progress(const record *r)
{
    if (r->shown > 0)
        putchar('\n');
    fflush(stdout);
}

void print_epoch(record *r, const fit_record *fit, const fit_point *done)
{
    if (r->o->quiet)
        return;
    print_row(r, fit, done, true);
    putchar('\n');
    fflush(stdout);
    r->shown = 0;
}

int64_t trained_rows(const record *r)
{
    return r->fit.n > 0 ? r->fit.points[r->fit.n - 1].samples : 0;
}

void print_end(const record *r)
{
    const options *o = r->o;
    const struct file {
        const char *what, *path;
    } files[] = { { "parameters", o->save }, { "curves", o->csv }, { "run", o->json }, { "page", o->report } };
    const char *before = "saved      ";
    if (o->quiet)
        return;
    putchar('\n');
    if (r->fit.interrupted)
        printf("interrupted after %.2f of %lld epochs\n", (double)trained_rows(r) / (double)r->data->train.n,
               (long long)o->epochs);
    for (int i = 0; i < 4; i++)
        if (files[i].path) {
            printf("%s%s in %s", before, files[i].what, files[i].path);
            before = ", ";
        }
    if (before[0] == ',')
        putchar('\n');
}
