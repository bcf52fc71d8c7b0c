/* test_dropout.c - dropout drops the elements that the generator's draws say, forward and backward. */
#include "naive.h"

#include "threads.h"

enum { N = 10000 };

static void ramp(double *v)
{
    for (int i = 0; i < N; i++)
        v[i] = i - 5000.5;
}

static void it_drops_what_the_generator_says(void **state)
{
    (void)state;
    double v[N], y[N], g[N], c[N];
    ramp(v);
    for (int i = 0; i < N; i++)
        c[i] = 1 + i % 3;
    for (tg_dtype d = TG_F32; d <= TG_F64; d++)
        for (int k = 0; k < 3; k++) {
            const double p = (double[]){ 0.25, 0.5, 0.75 }[k]; /* 1 / (1 - p) is exact for all but the first */
            tg_rng rng = tg_rng_seed(51), draws;
            tg_rng_u64(&rng); /* an odd position */
            draws = rng;
            tg_tape *t = tg_tape_create(d);
            const tg_tensor x = tg_variable(t, TG_SHAPE(100, N / 100), v), z = tg_dropout(x, p, &rng);
            assert_int_equal(rng.position, 1 + N);
            assert_int_equal(rng.seed, 51);
            rng.position = 999; /* the reverse pass does not use the caller's generator */
            assert_int_equal(tg_backward_from(z, tg_constant(t, TG_SHAPE(100, N / 100), c)), TG_OK);
            assert_int_equal(tg_read(z, y, N), TG_OK);
            assert_int_equal(tg_read(tg_grad_of(x), g, N), TG_OK);
            int dropped = 0;
            for (int i = 0; i < N; i++) {
                const bool drop = tg_rng_uniform(&draws) < p;
                near(y[i], drop ? 0 : v[i] / (1 - p), d == TG_F32 ? 1e-7 : 1e-15, "dropout", i);
                near(g[i], drop ? 0 : c[i] / (1 - p), d == TG_F32 ? 1e-7 : 1e-15, "gradient", i);
                dropped += drop;
            }
            assert_true(fabs(dropped - p * N) < 5 * sqrt(p * (1 - p) * N));
            tg_tape_destroy(t);
        }
}

/* A dropped element is 0, also where it was infinite or NaN. */
static void infinities_are_dropped_too(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F32);
    tg_rng rng = tg_rng_seed(52), draws = rng;
    double y[100];
    assert_int_equal(tg_read(tg_dropout(tg_full(t, TG_SHAPE(100), (double)INFINITY), 0.5, &rng), y, 100), TG_OK);
    for (int i = 0; i < 100; i++)
        assert_true(tg_rng_uniform(&draws) < 0.5 ? y[i] == 0 : isinf(y[i]));
    tg_tape_destroy(t);
}

static tg_tensor dropped(const tg_tensor *x, int n, const void *context)
{
    (void)n;
    tg_rng rng = tg_rng_seed(*(const uint64_t *)context);
    return tg_tanh(tg_dropout(x[0], 0.4, &rng));
}

static void gradients_meet_differences(void **state)
{
    (void)state;
    tg_rng rng = tg_rng_seed(53);
    array x = random_array(&rng, TG_SHAPE(3, 4), -1, 1);
    check_gradients(dropped, &(const uint64_t){ 7 }, &x, 1, "dropout");
}

static void evaluation_passes_through(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    tg_rng rng = tg_rng_seed(54);
    double g[3];
    assert_true(tg_tape_set_training(t, false));
    const tg_tensor x = tg_variable(t, TG_SHAPE(3), ((double[]){ 1, 2, 3 })), y = tg_dropout(x, 0.9, &rng);
    assert_int_equal(rng.position, 0);
    assert_memory_equal(tg_data(y), ((double[]){ 1, 2, 3 }), 3 * sizeof(double));
    assert_int_equal(tg_backward(tg_sum(tg_mul(y, y), TG_ALL, false)), TG_OK);
    assert_int_equal(tg_read(tg_grad_of(x), g, 3), TG_OK);
    assert_memory_equal(g, ((double[]){ 2, 4, 6 }), sizeof g);
    tg_tape_destroy(t);
}

static void nothing_is_dropped_at_zero(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    tg_rng rng = tg_rng_seed(55);
    const double v[] = { 1, -2, 3 };
    assert_memory_equal(tg_data(tg_dropout(tg_variable(t, TG_SHAPE(3), v), 0, &rng)), v, sizeof v);
    assert_int_equal(rng.position, 3);
    assert_int_equal(tg_size(tg_dropout(tg_full(t, TG_SHAPE(0), 1), 0.5, &rng)), 0);
    assert_int_equal(rng.position, 3);
    tg_tape_destroy(t);
}

static void bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    double v[N], first[N], y[N];
    ramp(v);
    const int before = tg_num_threads();
    for (int threads = 1; threads <= 3; threads++) {
        use_threads(threads);
        tg_tape *t = tg_tape_create(TG_F32);
        tg_rng rng = tg_rng_seed(56);
        assert_int_equal(tg_read(tg_dropout(tg_variable(t, TG_SHAPE(N), v), 0.3, &rng), threads > 1 ? y : first, N),
                         0);
        if (threads > 1)
            assert_memory_equal(first, y, sizeof y);
        tg_tape_destroy(t);
    }
    tg_set_num_threads(before);
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    tg_rng rng = tg_rng_seed(57);
    static const struct {
        double p;
        const char *message;
    } bad[] = {
        { 1, "dropout: [2]: p is 1; it must be at least 0 and less than 1" },
        { -0.5, "dropout: [2]: p is -0.5; it must be at least 0 and less than 1" },
        { (double)NAN, "dropout: [2]: p is nan; it must be at least 0 and less than 1" },
        { (double)INFINITY, "dropout: [2]: p is inf; it must be at least 0 and less than 1" },
    };
    for (int training = 0; training < 2; training++) {
        tg_tape_set_training(t, training);
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
            refused(t, tg_dropout(tg_full(t, TG_SHAPE(2), 1), bad[i].p, &rng), TG_ERR_ARGUMENT, bad[i].message);
        refused(t, tg_dropout(tg_full(t, TG_SHAPE(2), 1), 0.5, NULL), TG_ERR_ARGUMENT,
                "dropout: [2]: rng is NULL; it draws what is dropped");
    }
    assert_int_equal(rng.position, 0);
    assert_null(tg_dropout((tg_tensor){ 0 }, 0.5, &rng).tape);
    tg_tape_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_drops_what_the_generator_says), cmocka_unit_test(infinities_are_dropped_too),
        cmocka_unit_test(gradients_meet_differences),       cmocka_unit_test(evaluation_passes_through),
        cmocka_unit_test(nothing_is_dropped_at_zero),       cmocka_unit_test(bits_do_not_depend_on_threads),
        cmocka_unit_test(what_is_wrong_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
