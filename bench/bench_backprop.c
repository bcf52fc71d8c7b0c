/* bench_backprop.c - a training step, written by hand and by autograd, with the same kernels: zero_grad, forward, backward
   and the update of gradient descent without momentum, float32. */
#include <string.h>

#include "bench.h"
#include "manual.h"
#include "model.h"
#include "networks.h"

static const double lr = 0.01;

typedef struct trained {
    model m;
    tg_optimizer *optimizer;
} trained;

static void step_autograd(void *context)
{
    const trained *t = context;
    tg_params_zero_grad(t->m.params);
    if (tg_backward(model_loss(&t->m)) != TG_OK)
        return; /* the tape has the error */
    tg_optimizer_step(t->optimizer);
    tg_tape_reset(t->m.tape);
}

static void step_manual(void *context)
{
    manual_step(context, lr);
}

/* The largest difference; NaN counts as infinite. */
static double difference(const float *x, const float *y, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++) {
        const double d = fabs((double)x[i] - (double)y[i]);
        most = d <= most ? most : isnan(d) ? (double)INFINITY : d;
    }
    return most;
}

/* Both run the same kernels in the same order: after some steps gradients and values have the same bits. */
static void compare(const bench *b, const network *net, trained *t, manual *hand)
{
    enum { STEPS = 5 };
    int64_t count;
    for (int i = 0; i < STEPS; i++) {
        step_autograd(t);
        step_manual(hand);
    }
    if (tg_tape_status(t->m.tape) != TG_OK)
        bench_fail(b, "%s", tg_tape_message(t->m.tape));
    const float *values = manual_values(hand, &count), *grads = manual_grads(hand);
    const double dg = difference(tg_params_grads(t->m.params, NULL), grads, count);
    const double dw = difference(tg_params_values(t->m.params, NULL), values, count);
    if (dg != 0 || dw != 0)
        bench_fail(b, "%s: manual and autograd differ by up to %g in gradients and %g in values", net->name, dg, dw);
}

static double allocations_per_step(trained *t)
{
    enum { STEPS = 10 };
    const uint64_t before = tg_tape_memory(t->m.tape).allocations;
    for (int i = 0; i < STEPS; i++)
        step_autograd(t);
    return (double)(tg_tape_memory(t->m.tape).allocations - before) / STEPS;
}

static const bench_column columns[] = {
    { "name", NULL, 0, BENCH_TEXT },
    { "network", "network", 22, BENCH_TEXT },
    { "batch", "batch", 5, 0 },
    { "threads", "threads", 7, 0 },
    { "manual_us_per_sample", "manual µs/sample", 17, 3 },
    { "autograd_us_per_sample", "autograd µs/sample", 18, 3 },
    { "ratio", "ratio", 6, 3 },
    { "gflops", "GFLOP/s", 8, 1 },
    { "share_of_peak", "of peak %", 9, 1 },
    { "allocations_per_step", "allocations a step", 18, 1 },
    { "tape_kib", "peak tape KiB", 13, 0 },
    { "least_us_per_sample", NULL, 0, 3 },
};

static void measure(bench *b, const network *net)
{
    if (!bench_wants(b, net->name))
        return;
    tg_error err;
    tg_set_num_threads(b->threads ? b->threads : net->threads);
    trained t = { .m = model_create(b, net->sizes, net->depth + 1, net->activation, net->batch) };
    t.optimizer = tg_sgd_create(t.m.params, &(tg_sgd_config){ .lr = lr }, &err);
    if (!t.optimizer)
        bench_fail(b, "%s", err.text);
    manual *hand = manual_create(net, &t.m);
    compare(b, net, &t, hand);
    const bench_side sides[] = { { step_manual, hand }, { step_autograd, &t } };
    bench_time times[2];
    bench_race(sides, 2, bench_budget(b, 5), times);
    const double allocations = allocations_per_step(&t);
    const double speed = network_flops(net) / times[1].median, samples = (double)net->batch;
    char title[64];
    snprintf(title, sizeof title, "%.*s", (int)strcspn(net->name, ","), net->name);
    bench_row(b, (bench_cell[]){
                     { .text = net->name },
                     { .text = title },
                     { .number = samples },
                     { .number = tg_num_threads() },
                     { .number = times[0].median / samples * 1e6 },
                     { .number = times[1].median / samples * 1e6 },
                     { .number = times[1].ratio },
                     { .number = speed / 1e9 },
                     { .number = 100 * speed / (b->limits.flops[TG_F32] * tg_num_threads()) },
                     { .number = allocations },
                     { .number = (double)tg_tape_memory(t.m.tape).bytes / 1024 },
                     { .number = times[1].least / samples * 1e6 },
                 });
    manual_destroy(hand);
    tg_optimizer_destroy(t.optimizer);
    model_destroy(&t.m);
}

int main(int argc, char **argv)
{
    bench b;
    bench_start(&b, argc, argv, 0, "a whole training step, manual against autograd.");
    bench_table(&b, "Backprop: one step, float32", columns, BENCH_COUNT(columns));
    for (int i = 0; i < NETWORKS; i++)
        measure(&b, &networks[i]);
    return bench_finish(&b);
}
