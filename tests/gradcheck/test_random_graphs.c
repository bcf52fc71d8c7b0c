/* test_random_graphs.c - random graphs of the library's operations: shared inputs, broadcasts, two orders. */
#include <stdio.h>

#include "check.h"

/* A graph is a function of its seed and the shapes of its inputs alone: it is built anew at each evaluation. */
enum { INPUTS = 4, STEPS = 12, POOL = INPUTS + STEPS, GRAPHS = 300 };

typedef struct graph {
    uint64_t seed;
    char text[1024]; /* the operations, for the message of a failure */
} graph;

typedef struct builder {
    tg_tape *tape;
    tg_tensor pool[POOL];
    int n;
    tg_rng rng;
    graph *graph;
} builder;

static int below(builder *b, int n)
{
    return (int)tg_rng_below(&b->rng, (uint64_t)n);
}

/* Newer tensors are likelier, so that graphs become deep. */
static tg_tensor pick(builder *b)
{
    const int i = below(b, b->n), j = below(b, b->n);
    return b->pool[i > j ? i : j];
}

/* Any tensor reshaped to [3, 4], for operations that need a certain shape. */
static tg_tensor pick_matrix(builder *b)
{
    tg_tensor x = pick(b);
    if (tg_rank(x) > 2)
        x = tg_mean(x, 0, false);
    return tg_broadcast_to(x, TG_SHAPE(3, 4));
}

static tg_tensor unary(builder *b)
{
    const tg_tensor x = pick(b);
    switch (below(b, 20)) {
    case 0:
        return tg_tanh(x);
    case 1:
        return tg_sigmoid(x);
    case 2:
        return tg_sin(x);
    case 3:
        return tg_cos(x);
    case 4:
        return tg_relu(x);
    case 5:
        return tg_silu(x);
    case 6:
        return tg_softplus(x);
    case 7:
        return tg_erf(x);
    case 8:
        return tg_gelu(x);
    case 9:
        return tg_leaky_relu(x, 0.1);
    case 10:
        return tg_elu(x, 0.7);
    case 11:
        return tg_clamp(x, -0.9, 0.8);
    case 12:
        return tg_abs(x);
    case 13:
        return tg_square(tg_tanh(x));
    case 14:
        return tg_exp(tg_sin(x));
    case 15:
        return tg_log(tg_shift(tg_square(x), 0.5));
    case 16:
        return tg_sqrt(tg_shift(tg_abs(x), 0.25));
    case 17:
        return tg_reciprocal(tg_shift(tg_square(x), 1));
    case 18:
        return tg_log1p(tg_square(x));
    default:
        return tg_pow_scalar(tg_shift(tg_abs(x), 0.5), 1.5);
    }
}

static tg_tensor binary(builder *b)
{
    const tg_tensor x = pick(b), y = pick(b);
    switch (below(b, 8)) {
    case 0:
        return tg_add(x, y);
    case 1:
        return tg_sub(x, y);
    case 2:
        return tg_mul(x, tg_tanh(y));
    case 3:
        return tg_div(x, tg_shift(tg_square(y), 1));
    case 4:
        return tg_maximum(x, y);
    case 5:
        return tg_minimum(x, tg_neg(y));
    case 6:
        return tg_pow(tg_shift(tg_abs(x), 0.5), tg_sin(y));
    default:
        return tg_where(tg_constant(b->tape, TG_SHAPE(4), ((const double[]){ 1, 0, 0, 1 })), x, y);
    }
}

static tg_tensor reduction(builder *b)
{
    const tg_tensor x = pick(b);
    const int axis = below(b, 3) ? -1 : TG_ALL;
    const bool keep = axis != TG_ALL; /* so that what is made still broadcasts */
    switch (below(b, 6)) {
    case 0:
        return tg_scale(tg_sum(x, axis, keep), 0.3);
    case 1:
        return tg_mean(x, axis, keep);
    case 2:
        return tg_max(x, axis, keep);
    case 3:
        return tg_min(x, axis, keep);
    case 4:
        return tg_logsumexp(x, axis, keep);
    default:
        return tg_var(x, axis, 0, keep);
    }
}

static tg_tensor shaping(builder *b)
{
    const tg_tensor x = pick_matrix(b), y = pick_matrix(b);
    const int32_t rows[] = { 2, 0, 2 };
    switch (below(b, 6)) {
    case 0:
        return tg_reshape(tg_transpose(tg_reshape(x, TG_SHAPE(2, 6))), TG_SHAPE(3, 4));
    case 1:
        return tg_permute(tg_reshape(x, TG_SHAPE(4, 3)), (const int[]){ 1, 0 });
    case 2:
        return tg_slice(tg_concat((const tg_tensor[]){ x, y }, 2, 0), 0, 2, 5);
    case 3:
        return tg_slice(tg_concat((const tg_tensor[]){ x, y, x }, 3, 1), -1, 3, 7);
    case 4:
        return tg_gather_rows(x, rows, 3);
    default:
        return tg_add(tg_broadcast_to(x, TG_SHAPE(2, 3, 4)), y);
    }
}

static tg_tensor layer(builder *b)
{
    const tg_tensor x = tg_tanh(pick_matrix(b)), y = tg_tanh(pick_matrix(b)); /* products stay small */
    const tg_tensor row = tg_slice(y, 0, 1, 2), bias = tg_reshape(row, TG_SHAPE(4));
    const int32_t labels[] = { 3, 0, 1 };
    switch (below(b, 10)) {
    case 0:
        return tg_scale(tg_matmul(tg_matmul(x, tg_transpose(y)), y), 0.3);
    case 1:
        return tg_scale(tg_linear(x, tg_matmul(tg_transpose(y), x), bias), 0.2);
    case 2:
        return tg_softmax(x, below(b, 2));
    case 3:
        return tg_log_softmax(x, -1);
    case 4:
        return tg_reshape(tg_cross_entropy(x, labels, TG_NONE), TG_SHAPE(3, 1));
    case 5:
        return tg_cross_entropy_probs(x, tg_softmax(y, 1), TG_MEAN);
    case 6:
        return tg_mse_loss(x, y, below(b, 2) ? TG_NONE : TG_MEAN);
    case 7:
        return tg_bce_with_logits(x, tg_sigmoid(y), below(b, 2) ? TG_NONE : TG_SUM);
    case 8:
        return tg_layer_norm(x, bias, tg_neg(bias), 1e-2);
    default:
        return tg_linear(x, tg_scale(tg_matmul(tg_transpose(x), y), 0.2), (tg_tensor){ 0 });
    }
}

typedef tg_tensor make_fn(builder *b);
static make_fn *const makers[] = { unary, unary, binary, binary, reduction, shaping, layer };

static bool note(void *context, const tg_visit *v)
{
    graph *g = context;
    const size_t used = strlen(g->text);
    if (v->n_inputs > 0)
        snprintf(g->text + used, sizeof g->text - used, " %s", v->op);
    return true;
}

/* The result depends on every tensor. */
static tg_tensor build(tg_tape *tape, const tg_tensor *in, void *context)
{
    graph *g = context;
    builder b = { .tape = tape, .n = INPUTS, .rng = tg_rng_seed(g->seed), .graph = g };
    memcpy(b.pool, in, INPUTS * sizeof *in);
    while (b.n < POOL) {
        const tg_tensor made = makers[below(&b, COUNT(makers))](&b);
        b.pool[b.n++] = made;
    }
    tg_tensor y = b.pool[POOL - 1];
    for (int i = POOL - 2; i >= INPUTS; i -= 2)
        y = tg_add(tg_scale(y, 0.7), b.pool[i]);
    if (!g->text[0])
        tg_tape_each(tape, note, g);
    return y;
}

static void check_graph(uint64_t seed, int order, bool float32)
{
    graph g = { .seed = seed };
    tg_rng rng = tg_rng_seed(~seed);
    double values[INPUTS][12];
    static const tg_shape shapes[INPUTS] = { { 2, { 3, 4 } }, { 1, { 4 } }, { 2, { 3, 1 } }, { 0, { 0 } } };
    tg_gradcheck_input inputs[INPUTS];
    for (int i = 0; i < INPUTS; i++) {
        for (int k = 0; k < 12; k++)
            values[i][k] = tg_rng_between(&rng, -1.5, 1.5);
        inputs[i] = (tg_gradcheck_input){ .shape = shapes[i], .values = values[i] };
    }
    tg_gradcheck_report report;
    const tg_gradcheck_config config = { .seed = seed, .order = order, .float32 = float32 };
    const tg_status status = tg_gradcheck(build, &g, inputs, INPUTS, &config, &report);
    if (status != TG_OK || !report.passed)
        fail_msg("seed %d, order %d, float%d:%s\n%s", (int)seed, order, float32 ? 32 : 64, g.text, report.text);
}

static void random_graphs_have_right_gradients(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < GRAPHS; seed++)
        check_graph(seed, 1, false);
}

static void random_graphs_have_right_second_derivatives(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < GRAPHS; seed++)
        check_graph(seed, 2, false);
}

static void random_graphs_have_right_gradients_in_float32(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < GRAPHS; seed++)
        check_graph(seed, 1, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_graphs_have_right_gradients),
        cmocka_unit_test(random_graphs_have_right_second_derivatives),
        cmocka_unit_test(random_graphs_have_right_gradients_in_float32),
    };
    print_message("%d graphs, seeds 0 .. %d\n", GRAPHS, GRAPHS - 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
