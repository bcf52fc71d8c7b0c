/* test_mlp_run.c - the multi-layer perceptron on a tape: logits, hidden activations, penalty, labels, errors. */
#include "make_mlp.h"

#include "tapegrad/grad.h"
#include "tapegrad/ops.h"
#include "tapegrad/tape.h"

/* Forward --------------------------------------------------------------------------------------------------------- */

enum { ROWS = 6, WIDEST = 16 };

static double scalar_activation(const tg_mlp_config *c, double x)
{
    switch (c->activation) {
    case TG_RELU:
        return x > 0 ? x : 0;
    case TG_LEAKY_RELU:
        return x > 0 ? x : c->leaky_slope * x;
    case TG_GELU:
        return x * (1 + erf(x / sqrt(2))) / 2;
    case TG_SIGMOID:
        return 1 / (1 + exp(-x));
    case TG_TANH:
        return tanh(x);
    case TG_IDENTITY:
        break;
    }
    return x;
}

/* The parameter of that name, or zeros. */
static void read_named(const tg_params *p, int layer, const char *kind, double *out, int64_t n)
{
    char name[32];
    snprintf(name, sizeof name, "layer%d.%s", layer, kind);
    memset(out, 0, (size_t)n * sizeof *out);
    if (tg_params_find(p, name) >= 0)
        assert_int_equal(tg_params_read_f64(p, tg_params_find(p, name), out, n, NULL), TG_OK);
}

/* h[l] is the input of layer l, h[depth] the logits. */
static void plain_forward(const tg_mlp *net, double h[][ROWS * WIDEST])
{
    const tg_mlp_config *c = tg_mlp_settings(net);
    double w[WIDEST * WIDEST], b[WIDEST];
    for (int l = 0; l < tg_mlp_depth(net); l++) {
        const int64_t in = c->sizes[l], out = c->sizes[l + 1];
        read_named(tg_mlp_params(net), l, "weight", w, in * out);
        read_named(tg_mlp_params(net), l, "bias", b, out);
        for (int64_t r = 0; r < ROWS; r++)
            for (int64_t j = 0; j < out; j++) {
                double sum = b[j];
                for (int64_t i = 0; i < in; i++)
                    sum += h[l][r * in + i] * w[i * out + j];
                h[l + 1][r * out + j] = l + 1 < tg_mlp_depth(net) ? scalar_activation(c, sum) : sum;
            }
    }
}

static void assert_tensor(tg_tensor x, const double *expected, int64_t rows, int64_t columns, double tolerance)
{
    double got[ROWS * WIDEST];
    const tg_shape shape = TG_SHAPE(rows, columns), is = tg_shape_of(x);
    assert_true(tg_shape_equal(&is, &shape));
    assert_int_equal(tg_read_f64(x, got, rows * columns), TG_OK);
    for (int64_t i = 0; i < rows * columns; i++)
        assert_close(got[i], expected[i], tolerance);
}

/* Biases that are not zero, and inputs of both signs. */
static void disturb(tg_mlp *net, double *x, tg_rng *rng)
{
    tg_params *p = tg_mlp_params(net);
    for (int i = 0; i < tg_params_count(p); i++)
        if (tg_params_shape(p, i).rank == 1)
            tg_params_fill_normal(p, i, 1, rng, NULL);
    for (int64_t i = 0; i < ROWS * tg_mlp_settings(net)->sizes[0]; i++)
        x[i] = (double)(float)tg_rng_normal(rng);
}

static void logits_and_hidden_activations_are_those_of_scalar_loops(void **state)
{
    (void)state;
    static double h[6][ROWS * WIDEST];
    tg_rng rng = tg_rng_seed(77);
    const tg_mlp_config depths[] = { { SIZES(7, 3) }, { SIZES(5, 16, 4) }, { SIZES(1, 2, 13, 9, 11, 1) } };
    for (int activation = TG_RELU; tg_activation_name((tg_activation)activation); activation++)
        for (int variant = 0; variant < 3 * 2 * 2; variant++) {
            tg_mlp_config c = depths[variant % 3];
            c.activation = (tg_activation)activation;
            c.no_bias = variant / 3 % 2;
            c.dtype = (tg_dtype)(variant / 6);
            c.leaky_slope = activation == TG_LEAKY_RELU ? 0.2 : 0;
            tg_mlp *net = make(&c);
            disturb(net, h[0], &rng);
            plain_forward(net, h);
            tg_tape *t = tg_tape_create(c.dtype);
            const tg_tensor x = tg_constant_f64(t, TG_SHAPE(ROWS, c.sizes[0]), h[0]);
            const double tolerance = c.dtype == TG_F32 ? 1e-5 : 1e-13;
            const int depth = tg_mlp_depth(net);
            tg_tensor hidden[5] = { 0 };
            assert_tensor(tg_mlp_forward(net, x), h[depth], ROWS, c.sizes[depth], tolerance);
            assert_tensor(tg_mlp_forward_hidden(net, x, hidden), h[depth], ROWS, c.sizes[depth], tolerance);
            for (int l = 1; l < depth; l++)
                assert_tensor(hidden[l - 1], h[l], ROWS, c.sizes[l], tolerance);
            assert_null(hidden[depth - 1].tape);
            tg_tape_destroy(t);
            tg_mlp_destroy(net);
        }
}

static void inputs_of_any_rank_are_rows(void **state)
{
    (void)state;
    tg_mlp *net = make(&(tg_mlp_config){ SIZES(3, 4, 2), .dtype = TG_F64 });
    tg_tape *t = tg_tape_create(TG_F64);
    const double x[12] = { 1, 2, 3, -1, -2, -3, 0, 0, 1, 5, 0, 5 };
    double all[8], row[2];
    tg_read_f64(tg_mlp_forward(net, tg_constant(t, TG_SHAPE(2, 2, 3), x)), all, 8);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(tg_read_f64(tg_mlp_forward(net, tg_constant(t, TG_SHAPE(3), x + 3 * i)), row, 2), TG_OK);
        assert_close(row[0], all[2 * i], 1e-15);
        assert_close(row[1], all[2 * i + 1], 1e-15);
    }
    assert_int_equal(tg_dim(tg_mlp_forward(net, tg_constant(t, TG_SHAPE(0, 3), x)), 0), 0);
    assert_int_equal(tg_tape_status(t), TG_OK);
    tg_tape_destroy(t);
    tg_mlp_destroy(net);
}

static void a_hidden_activation_can_be_differentiated(void **state)
{
    (void)state;
    tg_mlp *net = make(&(tg_mlp_config){ SIZES(3, 4, 1), .activation = TG_TANH, .dtype = TG_F64 });
    tg_tape *t = tg_tape_create(TG_F64);
    const double x[3] = { 0.5, -1, 2 };
    tg_tensor hidden;
    const tg_tensor y = tg_mlp_forward_hidden(net, tg_constant(t, TG_SHAPE(1, 3), x), &hidden);
    tg_retain_grad(hidden);
    assert_int_equal(tg_backward(y), TG_OK);
    double g[4], w[4];
    assert_int_equal(tg_read_f64(tg_grad_of(hidden), g, 4), TG_OK);
    tg_params_read_f64(tg_mlp_params(net), 2, w, 4, NULL);
    assert_memory_equal(g, w, sizeof g);
    tg_tape_destroy(t);
    tg_mlp_destroy(net);
}

/* Penalty --------------------------------------------------------------------------------------------------------- */

static void the_penalty_is_of_weights_only(void **state)
{
    (void)state;
    const double lambda = 0.05;
    for (int no_bias = 0; no_bias < 2; no_bias++) {
        tg_mlp *net = make(&(tg_mlp_config){ SIZES(4, 6, 5, 3), .dtype = TG_F64, .no_bias = no_bias });
        double x[ROWS * 4], w[30], g[30], sum = 0;
        tg_rng rng = tg_rng_seed(8);
        disturb(net, x, &rng);
        tg_tape *t = tg_tape_create(TG_F64);
        const tg_tensor penalty = tg_mlp_l2(net, t, lambda);
        tg_params *p = tg_mlp_params(net);
        assert_int_equal(tg_backward(penalty), TG_OK);
        for (int i = 0; i < tg_params_count(p); i++) {
            const tg_shape shape = tg_params_shape(p, i);
            const int64_t n = tg_shape_size(&shape);
            assert_int_equal(tg_params_has_grad(p, i), shape.rank == 2);
            tg_params_read_f64(p, i, w, n, NULL);
            tg_params_read_grad_f64(p, i, g, n, NULL);
            for (int64_t k = 0; k < n && shape.rank == 2; k++) {
                sum += w[k] * w[k];
                assert_close(g[k], 2 * lambda * w[k], 1e-15);
            }
        }
        assert_close(tg_item(penalty), lambda * sum, 1e-14);
        tg_tape_destroy(t);
        tg_mlp_destroy(net);
    }
}

/* Labels ---------------------------------------------------------------------------------------------------------- */

/* A network of one layer whose logits are its input. */
static tg_mlp *identity_net(tg_dtype dtype)
{
    tg_mlp *net = make(&(tg_mlp_config){ SIZES(4, 4), .dtype = dtype, .no_bias = true });
    const double one[16] = { 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1 };
    tg_params_write_f64(tg_mlp_params(net), 0, one, 16, NULL);
    return net;
}

static void labels_are_the_largest_logits(void **state)
{
    (void)state;
    const double x[5 * 4] = { 1, 2, 5, 3, -4, -3, -2, -9, 7, 7, 7, 7, 0, 1, -1, 1, -1e30, -2e30, -3e30, -4e30 };
    const int32_t expected[5] = { 2, 2, 0, 1, 0 };
    for (int d = 0; d < 2; d++) {
        tg_mlp *net = identity_net((tg_dtype)d);
        tg_tape *t = tg_tape_create((tg_dtype)d);
        int32_t labels[5];
        const tg_tensor input = tg_constant_f64(t, TG_SHAPE(5, 4), x);
        const int64_t nodes = tg_tape_memory(t).nodes;
        assert_int_equal(tg_mlp_predict(net, input, labels, 5), TG_OK);
        assert_memory_equal(labels, expected, sizeof labels);
        assert_int_equal(tg_tape_memory(t).nodes, nodes);
        assert_true(tg_is_valid(input));
        assert_true(tg_tape_set_recording(t, false));
        assert_int_equal(tg_mlp_predict(net, input, labels, 5), TG_OK);
        assert_false(tg_tape_set_recording(t, true));
        tg_tape_destroy(t);
        tg_mlp_destroy(net);
    }
}

static void a_nan_is_the_largest(void **state)
{
    (void)state;
    tg_mlp *net = make(&(tg_mlp_config){ SIZES(1, 3), .dtype = TG_F64 });
    const double zero[3] = { 0 }, bias[3] = { 5, nan(""), 9 };
    tg_params_write_f64(tg_mlp_params(net), 0, zero, 3, NULL);
    tg_params_write_f64(tg_mlp_params(net), 1, bias, 3, NULL);
    tg_tape *t = tg_tape_create(TG_F64);
    int32_t label = -1;
    assert_int_equal(tg_mlp_predict(net, tg_full(t, TG_SHAPE(1, 1), 1), &label, 1), TG_OK);
    assert_int_equal(label, 1);
    tg_tape_destroy(t);
    tg_mlp_destroy(net);
}

static void a_prediction_keeps_an_error(void **state)
{
    (void)state;
    tg_mlp *net = identity_net(TG_F32);
    tg_tape *t = tg_tape_create(TG_F32);
    int32_t labels[2] = { 7, 7 };
    tg_mlp_predict(net, tg_full(t, TG_SHAPE(2, 4), 1), labels, 3);
    ASSERT_SAYS(tg_tape_status(t), tg_tape_message(t), TG_ERR_SHAPE, "mlp_predict", "[2, 4]", "3");
    tg_tape_reset(t);
    tg_mlp_predict(net, tg_full(t, TG_SHAPE(4), 1), labels, 1);
    ASSERT_SAYS(tg_tape_status(t), tg_tape_message(t), TG_ERR_SHAPE, "mlp_predict", "[4]");
    tg_tape_reset(t);
    tg_mlp_predict(net, tg_full(t, TG_SHAPE(2, 5), 1), labels, 2);
    ASSERT_SAYS(tg_tape_status(t), tg_tape_message(t), TG_ERR_SHAPE, "layer0", "[2, 5]", "4");
    tg_tape_reset(t);
    tg_mlp_predict(net, tg_full(t, TG_SHAPE(2, 4), 1), NULL, 2);
    ASSERT_SAYS(tg_tape_status(t), tg_tape_message(t), TG_ERR_ARGUMENT, "mlp_predict", "NULL");
    tg_tape_reset(t);
    tg_mlp_predict(NULL, tg_full(t, TG_SHAPE(2, 4), 1), labels, 2);
    ASSERT_SAYS(tg_tape_status(t), tg_tape_message(t), TG_ERR_ARGUMENT, "mlp_predict", "NULL");
    assert_int_equal(tg_mlp_predict(net, (tg_tensor){ 0 }, labels, 2), TG_ERR_ARGUMENT);
    assert_true(labels[0] == 7 && labels[1] == 7);
    tg_tape_reset(t);
    assert_int_equal(tg_mlp_predict(net, tg_full(t, TG_SHAPE(0, 4), 1), NULL, 0), TG_OK);
    tg_tape_destroy(t);
    tg_mlp_destroy(net);
}

/* Errors ---------------------------------------------------------------------------------------------------------- */

/* Width and dtype are checked together; a failure in a layer names the layer. */
static void both_faults_and_the_layer_are_named(void **state)
{
    (void)state;
    tg_mlp *net = make(&(tg_mlp_config){ SIZES(4, 3, 2), .dtype = TG_F64 });
    tg_tape *narrow = tg_tape_create(TG_F32), *t = tg_tape_create(TG_F64);
    tg_mlp_forward(net, tg_name(tg_full(narrow, TG_SHAPE(2, 5), 1), "batch"));
    assert_int_equal(tg_tape_status(narrow), TG_ERR_SHAPE);
    assert_string_equal(tg_tape_message(narrow),
                        "mlp_forward: \"batch\" [2, 5]: layer0 takes rows of 4, and "
                        "layer0.weight is of float64, the tape of float32; tg_mlp_clone makes a "
                        "copy of that dtype");
    const double far[] = { 1, (double)INFINITY };
    assert_int_equal(
        tg_params_write_f64(tg_mlp_params(net), tg_params_find(tg_mlp_params(net), "layer1.bias"), far, 2, NULL),
        TG_OK);
    tg_tape_set_trap(t, TG_TRAP_NONFINITE);
    tg_mlp_forward(net, tg_full(t, TG_SHAPE(2, 4), 1));
    ASSERT_SAYS(tg_tape_status(t), tg_tape_message(t), TG_ERR_NONFINITE, "mlp_forward: layer1: linear: [2, 3] x ",
                "\"layer1.weight\" [3, 2] x \"layer1.bias\" [2]", "input 2 is inf at [1]");
    tg_tape_destroy(narrow);
    tg_tape_destroy(t);
    tg_mlp_destroy(net);
}

/* So does what fails in the reverse pass, of an activation, too, which has no name itself. */
static void the_reverse_pass_says_the_layer(void **state)
{
    (void)state;
    tg_mlp *net = make(&(tg_mlp_config){ SIZES(1, 1, 1), .dtype = TG_F64, .activation = TG_LEAKY_RELU,
                                         .leaky_slope = 1e300, .no_bias = true });
    tg_tape *t = tg_tape_create(TG_F64);
    for (int i = 0; i < 2; i++)
        assert_int_equal(tg_params_write_f64(tg_mlp_params(net), i, (double[]){ 1 }, 1, NULL), TG_OK);
    tg_tape_set_trap(t, TG_TRAP_NONFINITE);
    const tg_tensor loss = tg_scale(tg_mlp_forward(net, tg_full(t, TG_SHAPE(2, 1), -1e-300)), 1e10);
    assert_int_equal(tg_backward(tg_sum(loss, TG_ALL, false)), TG_ERR_NONFINITE);
    const char *first =
        "in the reverse pass of leaky_relu: [2, 1] from linear: [2, 1] x \"layer0.weight\" [1, 1] x none: ";
    assert_memory_equal(tg_tape_message(t), first, strlen(first));
    tg_tape_destroy(t);
    tg_mlp_destroy(net);
}

static void a_bad_input_is_an_error_on_the_tape(void **state)
{
    (void)state;
    tg_mlp *net = make(&(tg_mlp_config){ SIZES(4, 3, 2) });
    tg_tape *t = tg_tape_create(TG_F32), *wide = tg_tape_create(TG_F64);
    tg_tensor hidden[1];
    const tg_tensor x = tg_full(t, TG_SHAPE(8, 5), 1);
    assert_false(tg_is_valid(tg_mlp_forward_hidden(net, x, hidden)));
    assert_ptr_equal(hidden[0].tape, t);
    assert_false(tg_is_valid(hidden[0]));
    ASSERT_SAYS(tg_tape_status(t), tg_tape_message(t), TG_ERR_SHAPE, "mlp_forward", "layer0", "4", "[8, 5]");
    tg_tape_reset(t);
    assert_false(tg_is_valid(tg_mlp_forward(net, tg_full(t, TG_SCALAR, 1))));
    ASSERT_SAYS(tg_tape_status(t), tg_tape_message(t), TG_ERR_SHAPE, "layer0", "[]");
    tg_tape_reset(t);
    tg_mlp_forward(net, x);
    ASSERT_SAYS(tg_tape_status(t), tg_tape_message(t), TG_ERR_STALE, "reset");
    tg_tape_reset(t);
    tg_mlp_forward(NULL, tg_full(t, TG_SHAPE(8, 4), 1));
    ASSERT_SAYS(tg_tape_status(t), tg_tape_message(t), TG_ERR_ARGUMENT, "mlp_forward", "NULL");
    tg_tape_reset(t);
    tg_mlp_l2(NULL, t, 1);
    ASSERT_SAYS(tg_tape_status(t), tg_tape_message(t), TG_ERR_ARGUMENT, "mlp_l2", "NULL");
    tg_mlp_forward(net, tg_full(wide, TG_SHAPE(8, 4), 1));
    ASSERT_SAYS(tg_tape_status(wide), tg_tape_message(wide), TG_ERR_DTYPE, "layer0.weight", "float32", "float64");
    assert_null(tg_mlp_forward(net, (tg_tensor){ 0 }).tape);
    assert_null(tg_mlp_forward(NULL, (tg_tensor){ 0 }).tape);
    assert_null(tg_mlp_l2(net, NULL, 1).tape);
    tg_tape_destroy(t);
    tg_tape_destroy(wide);
    tg_mlp_destroy(net);
    tg_mlp_destroy(NULL);
    assert_null(tg_mlp_params(NULL));
    assert_null(tg_mlp_settings(NULL));
    assert_int_equal(tg_mlp_depth(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_and_hidden_activations_are_those_of_scalar_loops),
        cmocka_unit_test(inputs_of_any_rank_are_rows),
        cmocka_unit_test(a_hidden_activation_can_be_differentiated),
        cmocka_unit_test(the_penalty_is_of_weights_only),
        cmocka_unit_test(labels_are_the_largest_logits),
        cmocka_unit_test(a_nan_is_the_largest),
        cmocka_unit_test(a_prediction_keeps_an_error),
        cmocka_unit_test(both_faults_and_the_layer_are_named),
        cmocka_unit_test(the_reverse_pass_says_the_layer),
        cmocka_unit_test(a_bad_input_is_an_error_on_the_tape),
    };
    return cmocka_run_group_tests_name("mlp_run", tests, NULL, NULL);
}
