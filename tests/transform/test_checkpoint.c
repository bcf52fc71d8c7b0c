/* test_checkpoint.c - a recomputed function has the gradients of the function itself, of any order, or an error. */
#include "../failing_allocator.h"
#include "../grad/own_tape.h"

#include <string.h>

/* A layer of the model: h = tanh(x W + b) x, with the parameters of layer `i` of the set. */
typedef struct layer {
    tg_params *params;
    int i;
    int calls;
} layer;

enum { WIDTH = 5, BATCH = 3, DEPTH = 3, ELEMENTS = BATCH * WIDTH };

static tg_tensor run_layer(tg_tape *t, const tg_tensor *x, void *context)
{
    layer *l = context;
    l->calls++;
    const tg_tensor w = tg_param(t, l->params, 2 * l->i), b = tg_param(t, l->params, 2 * l->i + 1);
    return tg_mul(tg_tanh(tg_linear(x[0], w, b)), x[0]);
}

static tg_params *make_set(tg_dtype dtype)
{
    tg_param_spec specs[2 * DEPTH];
    static const char *const names[2 * DEPTH] = { "w0", "b0", "w1", "b1", "w2", "b2" };
    for (int i = 0; i < 2 * DEPTH; i++)
        specs[i] = (tg_param_spec){ .name = names[i], .shape = i % 2 ? TG_SHAPE(WIDTH) : TG_SHAPE(WIDTH, WIDTH) };
    tg_error err;
    tg_params *p = tg_params_create(dtype, specs, 2 * DEPTH, &err);
    assert_non_null(p);
    tg_rng rng = tg_rng_seed(3);
    for (int i = 0; i < 2 * DEPTH; i++)
        assert_int_equal(tg_params_fill_normal(p, i, 0.7, &rng, NULL), TG_OK);
    return p;
}

static tg_tensor input_of(tg_tape *t)
{
    double values[ELEMENTS];
    tg_rng rng = tg_rng_seed(5);
    for (int i = 0; i < ELEMENTS; i++)
        values[i] = tg_rng_normal(&rng);
    return tg_variable(t, TG_SHAPE(BATCH, WIDTH), values);
}

/* The model's loss, its layers recomputed or not. */
static tg_tensor loss_of(tg_tape *t, tg_tensor x, layer *layers, bool recompute)
{
    for (int i = 0; i < DEPTH; i++)
        x = recompute ? tg_checkpoint(run_layer, &x, 1, &layers[i]) : run_layer(t, &x, &layers[i]);
    return tg_sum(tg_square(x), TG_ALL, false);
}

static void make_layers(layer *layers, tg_params *params)
{
    for (int i = 0; i < DEPTH; i++)
        layers[i] = (layer){ .params = params, .i = i };
}

typedef struct gradients {
    double loss, x[ELEMENTS], params[DEPTH * (WIDTH * WIDTH + WIDTH)];
} gradients;

static gradients gradients_of(tg_dtype dtype, bool recompute)
{
    gradients g;
    memset(&g, 0, sizeof g);
    tg_tape *t = tg_tape_create(dtype);
    tg_params *p = make_set(dtype);
    layer layers[DEPTH];
    make_layers(layers, p);
    const tg_tensor x = input_of(t), y = loss_of(t, x, layers, recompute);
    if (tg_backward(y) != TG_OK)
        fail_msg("%s", tg_tape_message(t));
    g.loss = tg_item(y);
    assert_int_equal(tg_read(tg_grad_of(x), g.x, ELEMENTS), TG_OK);
    double *at = g.params;
    for (int i = 0; i < 2 * DEPTH; i++) {
        assert_true(tg_params_has_grad(p, i));
        assert_int_equal(tg_params_read_grad_f64(p, i, at, i % 2 ? WIDTH : WIDTH * WIDTH, NULL), TG_OK);
        at += i % 2 ? WIDTH : WIDTH * WIDTH;
    }
    for (int i = 0; i < DEPTH; i++)
        assert_int_equal(layers[i].calls, recompute ? 2 : 1);
    tg_params_destroy(p);
    tg_tape_destroy(t);
    return g;
}

static void gradients_are_the_same_to_the_bit(void **state)
{
    (void)state;
    for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++) {
        const gradients kept = gradients_of(dtype, false), recomputed = gradients_of(dtype, true);
        assert_memory_equal(&kept, &recomputed, sizeof kept);
        assert_true(kept.params[0] != 0);
    }
}

/* d/dx of the sum of squares of dy/dx, through `order` gradients; the parameter w0 likewise. */
static void higher(bool recompute, int order, double *out)
{
    tg_params *p = make_set(TG_F64);
    layer layers[DEPTH];
    make_layers(layers, p);
    const tg_tensor x = input_of(tape);
    tg_tensor y = loss_of(tape, x, layers, recompute), g[2];
    const tg_tensor by[2] = { x, tg_param(tape, p, 0) };
    for (int i = 0; i < order; i++) {
        ok(tg_grad(y, null, by, 2, g, i + 1 < order ? TG_CREATE_GRAPH : 0));
        if (i + 1 < order)
            y = tg_add(tg_sum(tg_square(g[0]), TG_ALL, false), tg_sum(tg_square(g[1]), TG_ALL, false));
    }
    ok(tg_read(g[0], out, ELEMENTS));
    ok(tg_read(g[1], out + ELEMENTS, WIDTH * WIDTH));
    tg_params_destroy(p);
    tg_tape_reset(tape);
}

static void higher_orders_are_those_of_the_function(void **state)
{
    (void)state;
    enum { N = ELEMENTS + WIDTH * WIDTH };
    for (int order = 1; order <= 3; order++) {
        double kept[N], recomputed[N];
        higher(false, order, kept);
        higher(true, order, recomputed);
        for (int i = 0; i < N; i++) {
            assert_true(kept[i] != 0);
            assert_true(fabs(kept[i] - recomputed[i]) <= 1e-12 * fabs(kept[i]));
        }
    }
}

/* Inside a checkpoint, another. */
static tg_tensor run_two(tg_tape *t, const tg_tensor *x, void *context)
{
    (void)t;
    layer *layers = context;
    const tg_tensor h = tg_checkpoint(run_layer, x, 1, &layers[0]);
    return tg_checkpoint(run_layer, &h, 1, &layers[1]);
}

static void checkpoints_nest(void **state)
{
    (void)state;
    tg_params *p = make_set(TG_F64);
    layer layers[DEPTH];
    make_layers(layers, p);
    const tg_tensor x = input_of(tape), w = tg_param(tape, p, 0);
    tg_tensor g[2], h[2];
    const tg_tensor nested = tg_checkpoint(run_two, &x, 1, layers);
    ok(tg_grad(tg_sum(tg_square(nested), TG_ALL, false), null, (tg_tensor[]){ x, w }, 2, g, 0));
    tg_tensor y = run_layer(tape, &x, &layers[0]);
    y = run_layer(tape, &y, &layers[1]);
    ok(tg_grad(tg_sum(tg_square(y), TG_ALL, false), null, (tg_tensor[]){ x, w }, 2, h, 0));
    double a[WIDTH * WIDTH], b[WIDTH * WIDTH];
    for (int i = 0; i < 2; i++) {
        const int64_t n = tg_size(g[i]);
        ok(tg_read(g[i], a, n));
        ok(tg_read(h[i], b, n));
        assert_memory_equal(a, b, (size_t)n * sizeof *a);
    }
    tg_params_destroy(p);
}

static tg_tensor two_inputs(tg_tape *t, const tg_tensor *x, void *context)
{
    (void)context;
    return tg_mul(tg_sin(tg_mul(x[0], x[1])), tg_exp(tg_add(x[0], tg_full(t, TG_SCALAR, 0.3))));
}

static tg_tensor checked(tg_tape *t, const tg_tensor *x, void *context)
{
    (void)t, (void)context;
    return tg_mul(tg_checkpoint(two_inputs, x, 2, NULL), x[1]);
}

static void the_checker_agrees_to_second_order(void **state)
{
    (void)state;
    const double a[] = { 0.3, -0.8, 1.1 }, b[] = { 0.9, 0.2, -0.4 };
    const tg_gradcheck_input inputs[] = { { .shape = { 1, { 3 } }, .values = a },
                                          { .shape = { 1, { 3 } }, .values = b } };
    tg_gradcheck_report report;
    for (int order = 1; order <= 2; order++) {
        tg_gradcheck(checked, NULL, inputs, 2, &(tg_gradcheck_config){ .order = order }, &report);
        if (!report.passed)
            fail_msg("%s", report.text);
    }
}

/* Memory ----------------------------------------------------------------------------------------------------------- */

enum { LONG = 4096, STEPS = 20 };

static tg_tensor many_steps(tg_tape *t, const tg_tensor *x, void *context)
{
    (void)t, (void)context;
    tg_tensor y = x[0];
    for (int i = 0; i < STEPS; i++)
        y = tg_sin(y);
    return y;
}

/* The bytes that a chain of twenty times twenty operations takes. */
static size_t bytes_of(bool recompute)
{
    tg_tape *t = tg_tape_create(TG_F32);
    tg_tensor y = tg_full(t, TG_SHAPE(LONG), 0.5), x = y;
    for (int i = 0; i < STEPS; i++)
        y = recompute ? tg_checkpoint(many_steps, &y, 1, NULL) : many_steps(t, &y, NULL);
    tg_tensor g;
    assert_int_equal(tg_grad(tg_sum(y, TG_ALL, false), null, &x, 1, &g, 0), TG_OK);
    const size_t bytes = tg_tape_memory(t).bytes;
    tg_tape_destroy(t);
    return bytes;
}

static void a_chain_takes_the_memory_of_one(void **state)
{
    (void)state;
    const size_t array = LONG * sizeof(float);
    assert_true(bytes_of(false) > STEPS * STEPS * array);
    assert_true(bytes_of(true) < 6 * STEPS * array);
}

static void a_steady_step_allocates_nothing(void **state)
{
    (void)state;
    tg_params *p = make_set(TG_F64);
    layer layers[DEPTH];
    make_layers(layers, p);
    uint64_t allocations = 0;
    for (int step = 0; step < 6; step++) {
        if (step == 3)
            allocations = tg_tape_memory(tape).allocations;
        ok(tg_backward(loss_of(tape, input_of(tape), layers, true)));
        tg_tape_reset(tape);
    }
    assert_int_equal(tg_tape_memory(tape).allocations, allocations);
    tg_params_destroy(p);
}

static void every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    tg_params *p = make_set(TG_F64);
    layer layers[DEPTH];
    make_layers(layers, p);
    for (long k = 1;; k++) {
        failing f = { .fail_at = k };
        const tg_allocator a = failing_allocator(&f);
        tg_tape *t = tg_tape_create_with(TG_F64, &a);
        tg_tensor x = input_of(t), g, h;
        const tg_tensor y = loss_of(t, x, layers, true);
        tg_grad(y, null, &x, 1, &g, TG_CREATE_GRAPH);
        const tg_status status = tg_grad(tg_sum(tg_square(g), TG_ALL, false), null, &x, 1, &h, 0);
        const bool failed = f.calls >= k;
        assert_int_equal(status, failed ? TG_ERR_MEMORY : TG_OK);
        assert_true(failed || tg_is_valid(h));
        assert_true(!failed || strlen(tg_tape_message(t)) > 10);
        tg_tape_destroy(t);
        assert_int_equal(f.outstanding, 0);
        if (!failed)
            break;
    }
    tg_params_destroy(p);
}

/* What the function may not do ------------------------------------------------------------------------------------- */

static tg_tensor outside;

static tg_tensor uses_outside(tg_tape *t, const tg_tensor *x, void *context)
{
    (void)t, (void)context;
    return tg_add(x[0], outside);
}
static tg_tensor changes_outside(tg_tape *t, const tg_tensor *x, void *context)
{
    (void)t, (void)context;
    tg_tape_reset(tape);
    return x[0];
}
static tg_tensor computes_outside(tg_tape *t, const tg_tensor *x, void *context)
{
    (void)t, (void)context;
    tg_exp(outside);
    return x[0];
}
static tg_tensor calls_backward(tg_tape *t, const tg_tensor *x, void *context)
{
    (void)t, (void)context;
    tg_backward(tg_sum(x[0], TG_ALL, false));
    return x[0];
}
static tg_tensor resets(tg_tape *t, const tg_tensor *x, void *context)
{
    (void)context;
    tg_tape_reset(t);
    return x[0];
}
static tg_tensor returns_null(tg_tape *t, const tg_tensor *x, void *context)
{
    (void)t, (void)x, (void)context;
    return null;
}
static tg_tensor returns_outside(tg_tape *t, const tg_tensor *x, void *context)
{
    (void)t, (void)x, (void)context;
    return outside;
}
static tg_tensor fails(tg_tape *t, const tg_tensor *x, void *context)
{
    (void)context;
    return tg_matmul(x[0], tg_full(t, TG_SHAPE(4, 4), 1));
}

static void what_the_function_may_not_do_is_an_error(void **state)
{
    (void)state;
    static const struct {
        tg_checkpoint_function *f;
        tg_status status;
        const char *message;
    } cases[] = {
        { uses_outside, TG_ERR_TAPE, "checkpoint: add: input 1 is a tensor of another tape" },
        { changes_outside, TG_ERR_STATE, NULL },
        { computes_outside, TG_ERR_STATE, NULL },
        { calls_backward, TG_ERR_STATE, "checkpoint: the function calls tg_backward; tg_grad is what it may call" },
        { resets, TG_ERR_STATE, "checkpoint: the function resets its tape" },
        { returns_null, TG_ERR_ARGUMENT, "checkpoint: the function returns the null tensor" },
        { returns_outside, TG_ERR_TAPE, "checkpoint: the function returns a tensor of another tape" },
        { fails, TG_ERR_SHAPE, "checkpoint: matmul: [2] x [4, 4]: " },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const tg_tensor x = vector(1, 2);
        outside = vector(3, 4);
        assert_false(tg_is_valid(tg_checkpoint(cases[i].f, &x, 1, NULL)));
        assert_int_equal(tg_tape_status(tape), cases[i].status);
        const char *message = tg_tape_message(tape);
        if (cases[i].message && strncmp(message, cases[i].message, strlen(cases[i].message)) != 0)
            fail_msg("%s", message);
        tg_tape_reset(tape);
        equals(tg_exp(vector(0, 0)), 2, (double[]){ 1, 1 }); /* the tape goes on */
        tg_tape_reset(tape);
    }
}

/* Functions that differ from run to run. */
static tg_tensor random_noise(tg_tape *t, const tg_tensor *x, void *context)
{
    return tg_mul(x[0], tg_full(t, TG_SHAPE(2), tg_rng_uniform(context)));
}
static tg_tensor another_param(tg_tape *t, const tg_tensor *x, void *context)
{
    layer *l = context;
    return l->calls++ ? tg_add(x[0], tg_scale(tg_sum(tg_param(t, l->params, 1), TG_ALL, false), 0))
                      : tg_shift(x[0], 0);
}

static tg_tensor fewer_params(tg_tape *t, const tg_tensor *x, void *context)
{
    layer *l = context;
    const tg_tensor y = tg_shift(x[0], 0);
    return l->calls++ ? y : tg_add(y, tg_scale(tg_sum(tg_param(t, l->params, 1), TG_ALL, false), 0));
}

static void a_run_that_differs_is_an_error(void **state)
{
    (void)state;
    tg_rng rng = tg_rng_seed(1);
    tg_tensor x = vector(1, 2);
    assert_int_equal(tg_backward(tg_sum(tg_checkpoint(random_noise, &x, 1, &rng), TG_ALL, false)), TG_ERR_CHANGED);
    assert_non_null(strstr(tg_tape_message(tape), "copy a random generator at its start"));
    tg_tape_reset(tape);

    tg_params *p = make_set(TG_F64);
    layer l = { .params = p };
    x = vector(1, 2);
    assert_int_equal(tg_backward(tg_sum(tg_checkpoint(another_param, &x, 1, &l), TG_ALL, false)), TG_ERR_CHANGED);
    assert_non_null(strstr(tg_tape_message(tape), "used 1 parameters, and 0 in its first run"));
    tg_tape_reset(tape);

    l.calls = 0;
    x = vector(1, 2);
    assert_int_equal(tg_backward(tg_sum(tg_checkpoint(fewer_params, &x, 1, &l), TG_ALL, false)), TG_ERR_CHANGED);
    assert_non_null(strstr(tg_tape_message(tape), "used 0 parameters, and 1 in its first run"));
    tg_params_destroy(p);
}

static void a_parameter_inside_has_its_gradient_by_name(void **state)
{
    (void)state;
    tg_params *p = make_set(TG_F64);
    assert_int_equal(tg_params_set_flags(p, 1, TG_PARAM_FROZEN, NULL), TG_OK);
    layer l = { .params = p };
    const tg_tensor x = input_of(tape), y = tg_checkpoint(run_layer, &x, 1, &l);
    const tg_tensor w = tg_param(tape, p, 0), other = tg_param(tape, p, 2);
    tg_tensor g[2];
    ok(tg_grad(tg_sum(y, TG_ALL, false), null, (tg_tensor[]){ w, other }, 2, g, 0));
    double values[WIDTH * WIDTH];
    ok(tg_read(g[0], values, WIDTH * WIDTH));
    assert_true(values[0] != 0);
    ok(tg_read(g[1], values, WIDTH * WIDTH));
    assert_true(values[0] == 0);
    ok(tg_backward(tg_sum(y, TG_ALL, false)));
    assert_true(tg_params_has_grad(p, 0) && !tg_params_has_grad(p, 1) && !tg_params_has_grad(p, 2));
    tg_params_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(gradients_are_the_same_to_the_bit),
        TEST(higher_orders_are_those_of_the_function),
        TEST(checkpoints_nest),
        TEST(the_checker_agrees_to_second_order),
        TEST(a_chain_takes_the_memory_of_one),
        TEST(a_steady_step_allocates_nothing),
        TEST(every_failing_allocation_is_an_error),
        TEST(what_the_function_may_not_do_is_an_error),
        TEST(a_run_that_differs_is_an_error),
        TEST(a_parameter_inside_has_its_gradient_by_name),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
