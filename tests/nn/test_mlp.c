/* test_mlp.c - the multi-layer perceptron: parameters, first weights, copies, refused configurations. */
#include "make_mlp.h"

#include "tapegrad/ops.h"
#include "tapegrad/tape.h"

/* Parameters ------------------------------------------------------------------------------------------------------ */

static void layers_are_named_and_shaped(void **state)
{
    (void)state;
    int64_t sizes[] = { 7, 5, 3 };
    tg_mlp *net = make(&(tg_mlp_config){ .sizes = sizes, .n_sizes = 3, .dtype = TG_F64 });
    sizes[1] = 99; /* the network has its own copy */
    const tg_params *p = tg_mlp_params(net);
    static const struct {
        const char *name;
        tg_shape shape;
        unsigned flags;
    } expected[] = { { "layer0.weight", { 2, { 7, 5 } }, 0 },
                     { "layer0.bias", { 1, { 5 } }, TG_PARAM_NO_DECAY },
                     { "layer1.weight", { 2, { 5, 3 } }, 0 },
                     { "layer1.bias", { 1, { 3 } }, TG_PARAM_NO_DECAY } };
    assert_int_equal(tg_params_count(p), 4);
    for (int i = 0; i < 4; i++) {
        const tg_shape shape = tg_params_shape(p, i);
        assert_string_equal(tg_params_name(p, i), expected[i].name);
        assert_true(tg_shape_equal(&shape, &expected[i].shape));
        assert_int_equal(tg_params_flags(p, i), expected[i].flags);
    }
    assert_int_equal(tg_mlp_depth(net), 2);
    assert_int_equal(tg_mlp_settings(net)->sizes[1], 5);
    assert_int_equal(tg_params_dtype(p), TG_F64);
    tg_mlp_destroy(net);
    net = make(&(tg_mlp_config){ SIZES(2, 4, 4, 4, 1), .no_bias = true });
    p = tg_mlp_params(net);
    assert_int_equal(tg_params_count(p), 4);
    assert_string_equal(tg_params_name(p, 3), "layer3.weight");
    assert_int_equal(tg_params_dtype(p), TG_F32);
    assert_int_equal(tg_params_size(p), 8 + 16 + 16 + 4);
    tg_mlp_destroy(net);
}

static void defaults_are_as_documented(void **state)
{
    (void)state;
    static const struct {
        tg_activation activation;
        const char *name;
        tg_init init;
    } expected[] = { { TG_RELU, "relu", TG_INIT_KAIMING }, { TG_LEAKY_RELU, "leaky_relu", TG_INIT_KAIMING },
                     { TG_GELU, "gelu", TG_INIT_KAIMING }, { TG_SIGMOID, "sigmoid", TG_INIT_XAVIER },
                     { TG_TANH, "tanh", TG_INIT_XAVIER },  { TG_IDENTITY, "none", TG_INIT_XAVIER } };
    assert_int_equal((tg_activation)0, TG_RELU);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        tg_mlp *net = make(&(tg_mlp_config){ SIZES(2, 2), .activation = expected[i].activation });
        const tg_mlp_config *c = tg_mlp_settings(net);
        assert_string_equal(tg_activation_name(expected[i].activation), expected[i].name);
        assert_int_equal(c->init, expected[i].init);
        assert_true(c->leaky_slope == (expected[i].activation == TG_LEAKY_RELU ? 0.01 : 0));
        tg_mlp_destroy(net);
    }
    assert_null(tg_activation_name((tg_activation)(sizeof expected / sizeof expected[0]))); /* all have a row */
    assert_null(tg_activation_name((tg_activation)-1));
    tg_mlp *net = make(&(tg_mlp_config){ SIZES(2, 2), .init = TG_INIT_NORMAL });
    assert_true(tg_mlp_settings(net)->init_std == 0.01);
    tg_mlp_destroy(net);
}

static void tg_zero_means_zero(void **state)
{
    (void)state;
    tg_mlp *net = make(&(tg_mlp_config){ SIZES(2, 2), .activation = TG_LEAKY_RELU, .leaky_slope = TG_ZERO,
                                         .init = TG_INIT_NORMAL, .init_std = TG_ZERO });
    tg_mlp *copy = tg_mlp_clone(net, TG_F64, NULL);
    assert_true(tg_mlp_settings(net)->leaky_slope == 0 && tg_mlp_settings(net)->init_std == 0);
    assert_true(tg_mlp_settings(copy)->leaky_slope == 0 && tg_mlp_settings(copy)->init_std == 0);
    const float *w = tg_params_values(tg_mlp_params(net), NULL);
    for (int i = 0; i < 4; i++)
        assert_true(w[i] == 0);
    tg_mlp_destroy(net);
    tg_mlp_destroy(copy);
}

/* First weights --------------------------------------------------------------------------------------------------- */

enum { IN = 300, OUT = 200, N = IN * OUT };

static void moments(const double *x, double *mean, double *deviation, double *largest)
{
    double sum = 0, squares = 0;
    *largest = 0;
    for (int i = 0; i < N; i++) {
        sum += x[i];
        squares += x[i] * x[i];
        *largest = fabs(x[i]) > *largest ? fabs(x[i]) : *largest;
    }
    *mean = sum / N;
    *deviation = sqrt(squares / N - *mean * *mean);
}

static void weights_have_the_deviation_of_their_init(void **state)
{
    (void)state;
    const double xavier = sqrt(2.0 / (IN + OUT));
    const struct {
        tg_mlp_config config;
        double deviation;
        bool is_uniform;
    } rules[] = {
        { { .init = TG_INIT_DEFAULT }, sqrt(2.0 / IN), false },
        { { .activation = TG_GELU }, sqrt(2.0 / IN), false },
        { { .activation = TG_LEAKY_RELU }, sqrt(2 / (1 + 0.0001) / IN), false },
        { { .activation = TG_LEAKY_RELU, .leaky_slope = 1 }, sqrt(1.0 / IN), false },
        { { .activation = TG_LEAKY_RELU, .leaky_slope = -1 }, sqrt(1.0 / IN), false },
        { { .activation = TG_TANH, .init = TG_INIT_KAIMING }, 5.0 / 3 / sqrt(IN), false },
        { { .activation = TG_SIGMOID, .init = TG_INIT_KAIMING }, 1 / sqrt(IN), false },
        { { .activation = TG_IDENTITY, .init = TG_INIT_KAIMING }, 1 / sqrt(IN), false },
        { { .activation = TG_SIGMOID }, xavier, true },
        { { .activation = TG_TANH }, xavier, true },
        { { .activation = TG_IDENTITY }, xavier, true },
        { { .activation = TG_RELU, .init = TG_INIT_XAVIER }, xavier, true },
        { { .init = TG_INIT_NORMAL }, 0.01, false },
        { { .init = TG_INIT_NORMAL, .init_std = 0.5 }, 0.5, false },
    };
    static double w[N];
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        tg_mlp_config c = rules[i].config;
        c.sizes = (const int64_t[]){ IN, OUT };
        c.n_sizes = 2;
        c.dtype = TG_F64;
        c.seed = 41 + i;
        tg_mlp *net = make(&c);
        double mean, deviation, largest, bias[OUT];
        tg_params_read_f64(tg_mlp_params(net), 0, w, N, NULL);
        moments(w, &mean, &deviation, &largest);
        /* Five standard errors; the largest of 60,000 normals is beyond 3.5 and within 6.5 deviations. */
        assert_true(fabs(mean) < 5 * rules[i].deviation / sqrt(N));
        assert_true(fabs(deviation / rules[i].deviation - 1) < 5 / sqrt(2.0 * N));
        const double bound = sqrt(3) * rules[i].deviation;
        if (rules[i].is_uniform)
            assert_true(largest <= bound && largest > 0.999 * bound);
        else
            assert_true(largest > 3.5 * rules[i].deviation && largest < 6.5 * rules[i].deviation);
        tg_params_read_f64(tg_mlp_params(net), 1, bias, OUT, NULL);
        for (int k = 0; k < OUT; k++)
            assert_true(bias[k] == 0);
        tg_mlp_destroy(net);
    }
}

static void a_seed_gives_the_same_bits(void **state)
{
    (void)state;
    static double a[N], b[N];
    static float f[N];
    for (int init = TG_INIT_KAIMING; init <= TG_INIT_NORMAL; init++) {
        tg_mlp_config c = { SIZES(IN, OUT, 4), .init = (tg_init)init, .dtype = TG_F64, .seed = 9 };
        tg_mlp *one = make(&c), *two = make(&c);
        c.dtype = TG_F32;
        tg_mlp *rounded = make(&c);
        c.dtype = TG_F64;
        c.n_sizes = 2;
        tg_mlp *shorter = make(&c);
        c.seed = 10;
        tg_mlp *other = make(&c);
        tg_params_read_f64(tg_mlp_params(one), 0, a, N, NULL);
        tg_params_read_f64(tg_mlp_params(two), 0, b, N, NULL);
        assert_memory_equal(a, b, sizeof a);
        tg_params_read_f64(tg_mlp_params(shorter), 0, b, N, NULL);
        assert_memory_equal(a, b, sizeof a);
        tg_params_read_f32(tg_mlp_params(rounded), 0, f, N, NULL);
        for (int i = 0; i < N; i++)
            assert_true(f[i] == (float)a[i]);
        tg_params_read_f64(tg_mlp_params(other), 0, b, N, NULL);
        int same = 0;
        for (int i = 0; i < N; i++)
            same += a[i] == b[i];
        assert_int_equal(same, 0);
        /* Each layer draws from its own stream. */
        tg_params_read_f64(tg_mlp_params(one), 2, b, OUT * 4, NULL);
        for (int i = 0; i < OUT * 4; i++)
            assert_true(a[i] != b[i]);
        tg_mlp_destroy(one);
        tg_mlp_destroy(two);
        tg_mlp_destroy(rounded);
        tg_mlp_destroy(shorter);
        tg_mlp_destroy(other);
    }
}

/* Copies ----------------------------------------------------------------------------------------------------------- */

static void a_copy_of_a_copy_has_the_same_bits(void **state)
{
    (void)state;
    tg_error err;
    tg_mlp *net =
        make(&(tg_mlp_config){ SIZES(9, 8, 7), .activation = TG_LEAKY_RELU, .leaky_slope = 0.3, .seed = 4 });
    tg_mlp *wide = tg_mlp_clone(net, TG_F64, &err), *back = tg_mlp_clone(wide, TG_F32, &err);
    assert_true(wide && back);
    const tg_mlp_config *c = tg_mlp_settings(wide);
    assert_true(c->dtype == TG_F64 && c->activation == TG_LEAKY_RELU && c->leaky_slope == 0.3 && c->n_sizes == 3);
    assert_true(c->sizes != tg_mlp_settings(net)->sizes);
    float a[72], b[72];
    double w[72];
    tg_params_read_f32(tg_mlp_params(net), 0, a, 72, NULL);
    tg_params_read_f64(tg_mlp_params(wide), 0, w, 72, NULL);
    const double other[72] = { 0 };
    tg_params_write_f64(tg_mlp_params(wide), 0, other, 72, NULL);
    tg_params_read_f32(tg_mlp_params(back), 0, b, 72, NULL);
    assert_memory_equal(a, b, sizeof a);
    for (int i = 0; i < 72; i++)
        assert_true(w[i] == (double)a[i]);
    tg_mlp_destroy(net);
    tg_tape *t = tg_tape_create(TG_F32);
    assert_true(tg_is_valid(tg_mlp_forward(back, tg_full(t, TG_SHAPE(1, 9), 1))));
    tg_tape_destroy(t);
    tg_mlp_destroy(wide);
    tg_mlp_destroy(back);
}

/* Errors ---------------------------------------------------------------------------------------------------------- */

#define REFUSED(expected, words, ...)                                                                                \
    do {                                                                                                             \
        tg_error e;                                                                                                  \
        assert_null(tg_mlp_create(&(tg_mlp_config){ __VA_ARGS__ }, &e));                                             \
        assert_null(tg_mlp_create(&(tg_mlp_config){ __VA_ARGS__ }, NULL));                                           \
        ASSERT_ERROR(e, expected, words);                                                                            \
    } while (0)
#define WORDS(...) __VA_ARGS__

static void a_bad_config_is_refused(void **state)
{
    (void)state;
    REFUSED(TG_ERR_ARGUMENT, WORDS("mlp_create", "sizes", "NULL"), .n_sizes = 3);
    REFUSED(TG_ERR_ARGUMENT, WORDS("n_sizes = 1"), SIZES(3));
    REFUSED(TG_ERR_ARGUMENT, WORDS("n_sizes = -4"), .sizes = (int64_t[]){ 1 }, .n_sizes = -4);
    REFUSED(TG_ERR_SHAPE, WORDS("sizes[1] = 0"), SIZES(3, 0, 2));
    REFUSED(TG_ERR_SHAPE, WORDS("sizes[2] = -5"), SIZES(3, 1, -5));
    REFUSED(TG_ERR_SHAPE, WORDS("layer0.weight", "9223372036854775807"), SIZES(INT64_MAX, 2));
    REFUSED(TG_ERR_ARGUMENT, WORDS("activation 17"), SIZES(3, 2), .activation = (tg_activation)17);
    REFUSED(TG_ERR_ARGUMENT, WORDS("init 4"), SIZES(3, 2), .init = (tg_init)4);
    REFUSED(TG_ERR_DTYPE, WORDS("dtype 3"), SIZES(3, 2), .dtype = (tg_dtype)3);
    REFUSED(TG_ERR_ARGUMENT, WORDS("leaky_slope = 0.1", "relu"), SIZES(3, 2), .leaky_slope = 0.1);
    REFUSED(TG_ERR_ARGUMENT, WORDS("leaky_slope"), SIZES(3, 2), .activation = TG_LEAKY_RELU, .leaky_slope = nan(""));
    REFUSED(TG_ERR_ARGUMENT, WORDS("init_std = 0.1", "TG_INIT_NORMAL"), SIZES(3, 2), .init_std = 0.1);
    REFUSED(TG_ERR_ARGUMENT, WORDS("init_std = -1"), SIZES(3, 2), .init = TG_INIT_NORMAL, .init_std = -1);
    tg_error err;
    assert_null(tg_mlp_create(NULL, &err));
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "mlp_create", "NULL");
    assert_null(tg_mlp_clone(NULL, TG_F32, &err));
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "mlp_clone", "NULL");
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    failing f = { 0 };
    const tg_allocator a = failing_allocator(&f);
    tg_mlp *net = NULL, *copy = NULL;
    tg_error err;
    for (f.fail_at = 1; !net; f.fail_at++) {
        f.calls = 0;
        net = tg_mlp_create_with(&(tg_mlp_config){ SIZES(4, 3, 2) }, &a, &err);
        assert_int_equal(err.status, net ? TG_OK : TG_ERR_MEMORY);
        assert_true(net || (f.outstanding == 0 && f.bytes == 0));
    }
    assert_true(f.fail_at > 5);
    const long held = f.outstanding;
    for (f.fail_at = 1; !copy; f.fail_at++) {
        f.calls = 0;
        copy = tg_mlp_clone(net, TG_F64, &err);
        assert_int_equal(err.status, copy ? TG_OK : TG_ERR_MEMORY);
        assert_true(copy || f.outstanding == held);
    }
    tg_mlp_destroy(net);
    tg_mlp_destroy(copy);
    assert_true(f.outstanding == 0 && f.bytes == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_are_named_and_shaped), cmocka_unit_test(defaults_are_as_documented),
        cmocka_unit_test(tg_zero_means_zero),          cmocka_unit_test(weights_have_the_deviation_of_their_init),
        cmocka_unit_test(a_seed_gives_the_same_bits),  cmocka_unit_test(a_copy_of_a_copy_has_the_same_bits),
        cmocka_unit_test(a_bad_config_is_refused),     cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("mlp", tests, NULL, NULL);
}
