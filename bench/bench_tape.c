/* bench_tape.c - the overhead of the tape: chains of scalar operations, a Hessian-vector product in gradients, and the
   memory of a training step. */
#include <stdlib.h>

#include "model.h"

/* Chains --------------------------------------------------------------------------------------------------------- */

typedef struct chain {
    tg_tensor (*link)(tg_tensor y, const tg_tensor *x);
    int64_t links;
    tg_tape *tape;
} chain;

static tg_tensor link_scale(tg_tensor y, const tg_tensor *x)
{
    (void)x;
    return tg_scale(y, 0.999);
}

/* Both operands take a gradient. */
static tg_tensor link_mul_add(tg_tensor y, const tg_tensor *x)
{
    return tg_add(tg_mul(y, x[0]), x[1]);
}

static tg_tensor link_tanh(tg_tensor y, const tg_tensor *x)
{
    (void)x;
    return tg_tanh(y);
}

static void run_chain(void *context)
{
    const chain *c = context;
    const tg_tensor x[] = { tg_variable(c->tape, TG_SCALAR, (float[]){ 0.999f }),
                            tg_variable(c->tape, TG_SCALAR, (float[]){ 0.001f }) };
    tg_tensor y = tg_variable(c->tape, TG_SCALAR, (float[]){ 1 });
    for (int64_t i = 0; i < c->links; i++)
        y = c->link(y, x);
    if (tg_backward(y) == TG_OK)
        tg_tape_reset(c->tape);
}

static const struct {
    const char *name;
    tg_tensor (*link)(tg_tensor y, const tg_tensor *x);
    int operations; /* of a link */
} kinds[] = { { "scale", link_scale, 1 }, { "multiply, add", link_mul_add, 2 }, { "tanh", link_tanh, 1 } };

static const bench_column chain_columns[] = {
    { "name", "chain of scalars", 28, BENCH_TEXT },
    { "operations", "operations", 10, 0 },
    { "ns_per_operation", "ns an operation", 15, 1 },
};

static void measure_chain(bench *b, int kind, int64_t operations)
{
    if (!bench_wants(b, kinds[kind].name))
        return;
    chain c = { kinds[kind].link, operations / kinds[kind].operations, tg_tape_create(TG_F32) };
    const double seconds = bench_time_of(run_chain, &c, bench_budget(b, 2));
    if (tg_tape_status(c.tape) != TG_OK)
        bench_fail(b, "%s", tg_tape_message(c.tape));
    tg_tape_destroy(c.tape);
    bench_row(b, (bench_cell[]){ { .text = kinds[kind].name },
                                 { .number = (double)operations },
                                 { .number = seconds / (double)operations * 1e9 } });
}

/* Long tapes ----------------------------------------------------------------------------------------------------- */

static void record(tg_tape *t, int64_t nodes)
{
    tg_tensor y = tg_variable(t, TG_SCALAR, (float[]){ 1 });
    for (int64_t i = 1; i < nodes; i++)
        y = tg_scale(y, -1);
}

static const bench_column long_columns[] = {
    { "name", "tape of scalars", 28, BENCH_TEXT },
    { "nodes", "nodes", 10, 0 },
    { "first_ns_per_node", "first recording, ns a node", 26, 1 },
    { "again_ns_per_node", "after a reset", 13, 1 },
    { "destroy_ms", "destroy, ms", 12, 2 },
};

/* A new tape allocates while it records and has nothing to free until it is destroyed: each is timed once a tape. */
static void measure_long(bench *b, const char *name, int64_t nodes)
{
    enum { MOST_ROUNDS = 5 };
    if (!bench_wants(b, name))
        return;
    double first[MOST_ROUNDS], again[MOST_ROUNDS], destroy[MOST_ROUNDS];
    const int rounds = b->quick ? 1 : MOST_ROUNDS;
    for (int i = 0; i < rounds; i++) {
        tg_tape *t = tg_tape_create(TG_F32);
        const double start = bench_now();
        record(t, nodes);
        const double recorded = bench_now();
        tg_tape_reset(t);
        const double reset = bench_now();
        record(t, nodes);
        const double end = bench_now();
        if (tg_tape_status(t) != TG_OK)
            bench_fail(b, "%s", tg_tape_message(t));
        tg_tape_destroy(t);
        destroy[i] = bench_now() - end;
        first[i] = recorded - start;
        again[i] = end - reset;
    }
    bench_row(b, (bench_cell[]){ { .text = name },
                                 { .number = (double)nodes },
                                 { .number = bench_median(first, rounds) / (double)nodes * 1e9 },
                                 { .number = bench_median(again, rounds) / (double)nodes * 1e9 },
                                 { .number = bench_median(destroy, rounds) * 1e3 } });
}

/* Second order --------------------------------------------------------------------------------------------------- */

enum { MOST_PARAMS = 8 };

typedef struct curvature {
    model m;
    float *direction; /* laid out as the parameters' values */
} curvature;

static int leaves_of(const model *m, tg_tensor *leaves)
{
    for (int i = 0; i < tg_params_count(m->params); i++)
        leaves[i] = tg_param(m->tape, m->params, i);
    return tg_params_count(m->params);
}

static void run_gradient(void *context)
{
    const model *m = &((const curvature *)context)->m;
    tg_tensor leaves[MOST_PARAMS], grads[MOST_PARAMS];
    const int n = leaves_of(m, leaves);
    if (tg_grad(model_loss(m), (tg_tensor){ 0 }, leaves, n, grads, 0) == TG_OK)
        tg_tape_reset(m->tape);
}

/* The gradient of <gradient, direction>. */
static void run_hessian_vector(void *context)
{
    const curvature *c = context;
    const model *m = &c->m;
    tg_tensor leaves[MOST_PARAMS], grads[MOST_PARAMS], products[MOST_PARAMS], slope = { 0 };
    const int n = leaves_of(m, leaves);
    tg_grad(model_loss(m), (tg_tensor){ 0 }, leaves, n, grads, TG_CREATE_GRAPH);
    for (int i = 0; i < n; i++) {
        const float *v = c->direction + tg_params_offset(m->params, i);
        const tg_tensor along = tg_wrap(m->tape, tg_params_shape(m->params, i), v);
        const tg_tensor part = tg_sum(tg_mul(grads[i], along), TG_ALL, false);
        slope = i ? tg_add(slope, part) : part;
    }
    if (tg_grad(slope, (tg_tensor){ 0 }, leaves, n, products, 0) == TG_OK)
        tg_tape_reset(m->tape);
}

static const bench_column second_columns[] = {
    { "name", "network", 28, BENCH_TEXT },
    { "gradient_us", "gradient µs", 12, 1 },
    { "hessian_vector_us", "Hessian times vector µs", 24, 1 },
    { "ratio", "gradients", 9, 2 },
};

static void measure_second_order(bench *b, const char *name)
{
    if (!bench_wants(b, name))
        return;
    curvature c = { .m = model_create(b, (int64_t[]){ 784, 300, 10 }, 3, TG_RELU, 64) };
    int64_t count;
    tg_params_values(c.m.params, &count);
    c.direction = bench_alloc((size_t)count * sizeof *c.direction);
    bench_fill(TG_F32, c.direction, count, -1, 1);
    const bench_side sides[] = { { run_gradient, &c }, { run_hessian_vector, &c } };
    bench_time t[2];
    bench_race(sides, 2, bench_budget(b, 3), t);
    if (tg_tape_status(c.m.tape) != TG_OK)
        bench_fail(b, "%s", tg_tape_message(c.m.tape));
    bench_row(b, (bench_cell[]){ { .text = name },
                                 { .number = t[0].median * 1e6 },
                                 { .number = t[1].median * 1e6 },
                                 { .number = t[1].ratio } });
    model_destroy(&c.m);
    free(c.direction);
}

/* Memory --------------------------------------------------------------------------------------------------------- */

/* The bytes that the gradients of all computed values would take. */
static bool add_gradient_bytes(void *context, const tg_visit *v)
{
    double *bytes = context;
    if (v->needs_grad && v->n_inputs > 0)
        *bytes += (double)tg_shape_size(&v->shape) * sizeof(float);
    return true;
}

static const bench_column memory_columns[] = {
    { "name", "network", 28, BENCH_TEXT },
    { "tape_kib", "tape KiB", 10, 0 },
    { "gradients_kib", "gradients of it", 15, 0 },
    { "all_gradients_kib", "if all were kept", 16, 0 },
    { "allocations_per_step", "allocations a step", 18, 2 },
};

static void train(const bench *b, const model *m, int steps)
{
    for (int i = 0; i < steps; i++) {
        tg_tape_reset(m->tape);
        tg_params_zero_grad(m->params);
        if (tg_backward(model_loss(m)) != TG_OK)
            bench_fail(b, "%s", tg_tape_message(m->tape));
    }
}

static void measure_memory(bench *b, const char *name, const int64_t *sizes, int n_sizes)
{
    enum { STEPS = 10 };
    if (!bench_wants(b, name))
        return;
    model m = model_create(b, sizes, n_sizes, TG_RELU, 64);
    double all = 0;
    train(b, &m, STEPS);
    const tg_tape_usage warm = tg_tape_memory(m.tape);
    train(b, &m, STEPS);
    const tg_tape_usage end = tg_tape_memory(m.tape);
    tg_tape_each(m.tape, add_gradient_bytes, &all);
    bench_row(b, (bench_cell[]){ { .text = name },
                                 { .number = (double)end.bytes / 1024 },
                                 { .number = (double)end.gradient_bytes / 1024 },
                                 { .number = all / 1024 },
                                 { .number = (double)(end.allocations - warm.allocations) / STEPS } });
    model_destroy(&m);
}

int main(int argc, char **argv)
{
    bench b;
    int64_t deep[51];
    for (int i = 0; i < BENCH_COUNT(deep); i++)
        deep[i] = 256;
    bench_start(&b, argc, argv, 0, "the tape's own cost: overhead an operation, second order, memory.");
    bench_table(&b, "Overhead: recording and reverse pass together", chain_columns, BENCH_COUNT(chain_columns));
    for (int kind = 0; kind < BENCH_COUNT(kinds); kind++) {
        measure_chain(&b, kind, 2000);
        measure_chain(&b, kind, 200000);
    }
    bench_table(&b, "Long tapes", long_columns, BENCH_COUNT(long_columns));
    measure_long(&b, "million nodes", 1000000);
    if (!b.quick)
        measure_long(&b, "ten million nodes", 10000000);
    bench_table(&b, "Second order: forward included on both sides", second_columns, BENCH_COUNT(second_columns));
    measure_second_order(&b, "784-300-10, batch 64");
    bench_table(&b, "Memory of a step: forward and backward, float32", memory_columns, BENCH_COUNT(memory_columns));
    measure_memory(&b, "784-300-10, batch 64", (int64_t[]){ 784, 300, 10 }, 3);
    measure_memory(&b, "50 layers of 256, batch 64", deep, BENCH_COUNT(deep));
    return bench_finish(&b);
}
