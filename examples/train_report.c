/* train_report.c - what the training program prints. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <time.h>
#include <unistd.h>

#include "train.h"

enum { TEXT_BYTES = 256 };

double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

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
    printf("           each number less %.4g, over %.4g: mean and deviation of the former\n", r->data->mean,
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

static const char *time_left(const record *r, char *text)
{
    const double left = r->seconds * ((double)r->samples / (double)r->trained - 1);
    snprintf(text, TEXT_BYTES, "%d:%02d", (int)left / 60, (int)left % 60);
    return text;
}

/* The line of an epoch in progress is written over until the epoch is done. */
void print_progress(record *r, const epoch *now)
{
    char text[TEXT_BYTES];
    if (!r->live || seconds_now() < r->shown + 0.1)
        return;
    r->shown = seconds_now();
    printf("\r%5.1f/%-3lld %8.4f %9.2f         - %11.0f %7s", (double)r->trained / (double)r->data->train.n,
           (long long)r->o->epochs, now->loss, 100 * now->accuracy, (double)now->rows / now->seconds,
           time_left(r, text));
    fflush(stdout);
}

void end_progress(const record *r)
{
    if (r->shown > 0)
        putchar('\n');
    fflush(stdout);
}

void print_epoch(record *r, const epoch *done)
{
    char text[TEXT_BYTES];
    if (r->o->quiet)
        return;
    printf("%s%4lld/%-3lld %9.4f %9.2f %9.2f %11.0f %7s\n", r->shown > 0 ? "\r" : "", (long long)done->number,
           (long long)r->o->epochs, done->loss, 100 * done->accuracy, 100 * done->test_accuracy,
           (double)done->rows / done->seconds, time_left(r, text));
    r->shown = 0;
    fflush(stdout);
}

void print_end(const record *r)
{
    const options *o = r->o;
    const struct file {
        const char *what, *path;
    } files[] = { { "parameters", o->save }, { "curves", o->csv }, { "run", o->json } };
    const char *before = "saved      ";
    if (o->quiet)
        return;
    putchar('\n');
    if (r->interrupted)
        printf("interrupted after %.2f of %lld epochs\n", (double)r->trained / (double)r->data->train.n,
               (long long)o->epochs);
    for (int i = 0; i < 3; i++)
        if (files[i].path) {
            printf("%s%s in %s", before, files[i].what, files[i].path);
            before = ", ";
        }
    if (before[0] == ',')
        putchar('\n');
}
