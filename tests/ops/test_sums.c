/* test_sums.c - sums of very many terms and of very large ones, forward and backward, against double: every kernel set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <float.h>
#include <math.h>
#include <cmocka.h>

#include "tapegrad.h"

static double at(tg_tensor x, int64_t i)
{
    assert_non_null(tg_data(x));
    return tg_tape_dtype(x.tape) == TG_F32 ? (double)((const float *)tg_data(x))[i] : ((const double *)tg_data(x))[i];
}

static void close_to(double got, double want, double bound)
{
    if (!(fabs(got - want) <= bound * fabs(want)))
        fail_msg("%s: %.9g, not %.9g", tg_kernel_set(), got, want);
}

static tg_tensor variable(tg_tape *t, tg_shape shape, const double *x)
{
    return tg_variable_f64(t, shape, x);
}

static const double eps_of[] = { 1e-6, 1e-14 };

/* Large and small on the way ------------------------------------------------------------------------------------- */

/* The largest numbers, numbers whose squares are too large, and whose squares are too small. */
static const double most[] = { 3e38, 1.7e308 }, large[] = { 3e19, 1e200 }, small[] = { 1e-30, 1e-200 };

static void means(tg_dtype d)
{
    enum { N = 300000 };
    tg_tape *t = tg_tape_create(d);
    const tg_tensor same = tg_full(t, TG_SHAPE(N), most[d]), table = tg_full(t, TG_SHAPE(3, 70, 5), most[d]);
    close_to(at(tg_mean(tg_slice(same, 0, 0, 4), TG_ALL, false), 0), most[d], eps_of[d]);
    close_to(at(tg_mean(same, TG_ALL, false), 0), most[d], eps_of[d]);
    close_to(at(tg_mean(tg_reshape(same, TG_SHAPE(N / 4, 4)), 0, false), 3), most[d], eps_of[d]);
    for (int axis = 0; axis < 3; axis++)
        close_to(at(tg_mean(table, axis, false), 7), most[d], eps_of[d]);
    close_to(at(tg_mean(table, TG_ALL, false), 0), most[d], eps_of[d]);
    /* Partial sums overflow, the sum does not. */
    const double five[] = { most[d], most[d], -most[d], -most[d], most[d] / 4 };
    close_to(at(tg_sum(variable(t, TG_SHAPE(5), five), TG_ALL, false), 0), most[d] / 4, eps_of[d]);
    close_to(at(tg_sum(tg_broadcast_to(variable(t, TG_SHAPE(5, 1), five), TG_SHAPE(5, 40)), 0, false), 39),
             most[d] / 4, eps_of[d]);
    /* The gradient of a broadcast operand is a sum over two groups of axes. */
    const tg_tensor row = variable(t, TG_SHAPE(1, 70, 1), (double[70]){ 0 });
    const tg_tensor z = tg_add(row, tg_detach(table));
    tg_tensor g;
    const tg_tensor cotangent =
        tg_concat((tg_tensor[]){ table, tg_neg(table), tg_full(t, TG_SHAPE(1, 70, 5), 1) }, 3, 0);
    assert_int_equal(tg_grad(tg_sum(tg_mul(tg_concat((tg_tensor[]){ z, z, tg_slice(z, 0, 0, 1) }, 3, 0), cotangent),
                                    TG_ALL, false),
                             (tg_tensor){ 0 }, &row, 1, &g, 0),
                     TG_OK);
    assert_true(isfinite(at(g, 0)));
    /* Infinite elements give an infinite sum. */
    assert_true(isinf(at(tg_sum(same, TG_ALL, false), 0)));
    assert_int_equal(tg_tape_status(t), TG_OK);
    tg_tape_destroy(t);
}

static void squares(tg_dtype d)
{
    tg_tape *t = tg_tape_create(d);
    const tg_tensor none = { 0 };
    const double sizes[] = { most[d], large[d], small[d], 1 };
    for (int i = 0; i < 4; i++) {
        double values[20];
        for (int k = 0; k < 20; k++)
            values[k] = k % 2 ? -sizes[i] : sizes[i];
        const tg_tensor x = variable(t, TG_SHAPE(1, 20), values);
        const tg_tensor y = tg_layer_norm(x, none, none, sizes[i] < 1 ? 0 : 1e-5);
        for (int k = 0; k < 20; k++)
            close_to(at(y, k), k % 2 ? -1 : 1, sizes[i] == 1 ? 1e-5 : eps_of[d]);
        const double weights[20] = { sizes[i] / 4, 0, 0, -sizes[i] / 8 };
        tg_tensor g;
        assert_int_equal(
            tg_grad(tg_sum(tg_mul(y, variable(t, TG_SHAPE(1, 20), weights)), TG_ALL, false), none, &x, 1, &g, 0),
            TG_OK);
        /* dx = (c - mean c - n mean(c n)) / size, with c / size = 1/4 and -1/8: mean 1/160, mean(c n) = 3/160 */
        close_to(at(g, 0), 1.0 / 4 - 1.0 / 160 - 3.0 / 160, 1e-4);
    }
    /* A sum of squares out of range whose mean is in range. */
    const double root = sqrt(most[d] / 3);
    close_to(at(tg_var(variable(t, TG_SHAPE(4), (double[]){ root, -root, root, -root }), TG_ALL, 0, false), 0),
             most[d] / 3, 10 * eps_of[d]);
    close_to(at(tg_var(tg_broadcast_to(variable(t, TG_SHAPE(4, 1), (double[]){ root, -root, root, -root }),
                                       TG_SHAPE(4, 30)),
                       0, 0, false),
                17),
             most[d] / 3, 10 * eps_of[d]);
    /* Equal elements whose sum is out of range, along either axis. */
    const tg_tensor same = tg_retain_grad(tg_broadcast_to(variable(t, TG_SCALAR, &most[d]), TG_SHAPE(20, 40)));
    for (int axis = 0; axis < 2; axis++) {
        tg_tensor g;
        const tg_tensor v = tg_var(same, axis, 0, false);
        assert_true(at(v, 19) == 0);
        assert_int_equal(tg_grad(tg_sum(v, TG_ALL, false), none, &same, 1, &g, 0), TG_OK);
        for (int k = 0; k < 20 * 40; k++)
            assert_true(at(g, k) == 0);
    }
    if (d == TG_F32) {
        const tg_tensor x = variable(t, TG_SHAPE(4), (double[]){ 2e19, -2e19, 0, 0 }),
                        zero = tg_full(t, TG_SHAPE(4), 0);
        close_to(at(tg_mse_loss(x, zero, TG_MEAN), 0), 2e38, 1e-6);
        close_to(at(tg_bce_with_logits(tg_full(t, TG_SHAPE(100), 3e38), tg_full(t, TG_SHAPE(100), 0), TG_MEAN), 0),
                 3e38, 1e-6);
    }
    assert_int_equal(tg_tape_status(t), TG_OK);
    tg_tape_destroy(t);
}

/* Many terms ------------------------------------------------------------------------------------------------------ */

static void many(tg_dtype d)
{
    enum { N = 1000000 };
    tg_tape *t = tg_tape_create(d);
    const double bound = d == TG_F32 ? 1e-6 : 1e-10, tenth = d == TG_F32 ? (double)0.1f : 0.1;
    /* One row is gathered very often, one sometimes, one never. */
    int32_t *rows = calloc(N, sizeof *rows);
    assert_non_null(rows);
    rows[17] = rows[4711] = 2;
    const tg_tensor x = variable(t, TG_SHAPE(4, 3), (double[12]){ 0 }),
                    row = variable(t, TG_SHAPE(3), (double[3]){ 0 });
    const tg_tensor g_rows = tg_full(t, TG_SHAPE(N, 3), 0.1);
    for (int twice = 0; twice < 2; twice++) { /* the second accumulates onto the first */
        tg_tensor y = tg_gather_rows(x, rows, N), g;
        if (twice)
            y = tg_add(y, tg_gather_rows(x, rows, N));
        assert_int_equal(tg_grad(y, g_rows, &x, 1, &g, 0), TG_OK);
        close_to(at(g, 1), (1 + twice) * tenth * (N - 2), bound);
        close_to(at(g, 8), (1 + twice) * tenth * 2, bound);
        assert_true(at(g, 3) == 0 && at(g, 10) == 0);
    }
    free(rows);
    /* Biases, broadcast sums, means. */
    tg_tensor g;
    assert_int_equal(tg_grad(tg_add(tg_detach(g_rows), row), g_rows, &row, 1, &g, 0), TG_OK);
    close_to(at(g, 2), tenth * N, bound);
    close_to(at(tg_mean(tg_broadcast_to(tg_full(t, TG_SHAPE(1), 0.1), TG_SHAPE(10 * N)), TG_ALL, false), 0), tenth,
             bound);
    /* The weights of a long batch: the product's own sum, twice. */
    const tg_tensor w = variable(t, TG_SHAPE(3, 3), (double[9]){ 0 });
    assert_int_equal(
        tg_grad(tg_add(tg_matmul(tg_detach(g_rows), w), tg_linear(tg_detach(g_rows), w, row)), g_rows, &w, 1, &g, 0),
        TG_OK);
    close_to(at(g, 4), 2 * tenth * tenth * N, d == TG_F32 ? 3e-5 : 1e-10);
    tg_tape_destroy(t);
}

/* One tensor used 100,000 times: a number, a vector, a parameter, in a sum that goes back through one chain. */
static void used_often(tg_dtype d)
{
    enum { N = 100000, UNITS = 3 };
    tg_tape *t = tg_tape_create(d);
    tg_params *p = tg_params_create(d, &(tg_param_spec){ .name = "w", .shape = TG_SHAPE(UNITS) }, 1, NULL);
    const double tenth = d == TG_F32 ? (double)0.1f : 0.1, bound = d == TG_F32 ? 1e-6 : 1e-11;
    const tg_tensor x[] = { variable(t, TG_SCALAR, (double[]){ 1 }),
                            variable(t, TG_SHAPE(UNITS), (double[]){ 1, 2, 3 }), tg_param(t, p, 0) };
    for (int i = 0; i < 3; i++) {
        tg_tensor sum = tg_scale(x[i], 0.1);
        for (int k = 1; k < N; k++)
            sum = tg_add(sum, tg_scale(x[i], 0.1));
        assert_int_equal(tg_backward(tg_sum(sum, TG_ALL, false)), TG_OK);
        close_to(at(tg_grad_of(x[i]), i ? UNITS - 1 : 0), tenth * N, bound);
        if (i == 2) { /* and once more */
            assert_int_equal(tg_backward(tg_sum(sum, TG_ALL, false)), TG_OK);
            close_to(at(tg_grad_of(x[i]), 0), 2 * tenth * N, bound);
        }
        tg_tensor g;
        assert_int_equal(tg_grad(tg_sum(sum, TG_ALL, false), (tg_tensor){ 0 }, &x[i], 1, &g, 0), TG_OK);
        close_to(at(g, 0), tenth * N, bound);
    }
    tg_tape_destroy(t);
    tg_params_destroy(p);
}

/* Far from zero: the rounding error of the mean is larger than the deviations. */
static void far_from_zero(tg_dtype d)
{
    enum { ROWS = 3, N = 1001 };
    static const double centres[] = { 1e6, 1.6e7, -1.5e7 };
    tg_tape *t = tg_tape_create(d);
    static double x[ROWS * N];
    double mean[ROWS] = { 0 }, var[ROWS] = { 0 };
    for (int i = 0; i < ROWS * N; i++) {
        x[i] = centres[i / N] + (double)(i * 7919 % 11) - 4;
        mean[i / N] += x[i] / N;
    }
    for (int i = 0; i < ROWS * N; i++)
        var[i / N] += (x[i] - mean[i / N]) * (x[i] - mean[i / N]) / N;
    const tg_tensor v = variable(t, TG_SHAPE(ROWS, N), x), none = { 0 };
    const tg_tensor y = tg_var(v, 1, 0, false), n = tg_layer_norm(v, none, none, 0);
    const tg_tensor transposed = tg_var(tg_transpose(v), 0, 0, false);
    tg_tensor g, h;
    assert_int_equal(tg_grad(tg_sum(y, TG_ALL, false), none, &v, 1, &g, 0), TG_OK);
    assert_int_equal(tg_grad(tg_sum(transposed, TG_ALL, false), none, &v, 1, &h, 0), TG_OK);
    for (int i = 0; i < ROWS * N; i++) {
        const double deviation = x[i] - mean[i / N], bound = d == TG_F32 ? 2e-6 : 1e-8;
        if (i % N == 0) {
            close_to(at(y, i / N), var[i / N], bound);
            close_to(at(transposed, i / N), var[i / N], bound);
        }
        assert_true(fabs(at(g, i) - 2 * deviation / N) <= bound * 2 * 10 / N);
        assert_true(fabs(at(h, i) - 2 * deviation / N) <= bound * 2 * 10 / N);
        assert_true(fabs(at(n, i) - deviation / sqrt(var[i / N])) <= bound * 4);
    }
    tg_tape_destroy(t);
}

static void for_every_set(void (*f)(tg_dtype))
{
    for (int i = 0; tg_kernel_set_at(i); i++) {
        assert_int_equal(tg_use_kernel_set(tg_kernel_set_at(i)), TG_OK);
        f(TG_F32);
        f(TG_F64);
    }
    assert_int_equal(tg_use_kernel_set(NULL), TG_OK);
}

#define TEST(name)                                                                                                   \
    static void test_##name(void **unused)                                                                           \
    {                                                                                                                \
        (void)unused;                                                                                                \
        for_every_set(name);                                                                                         \
    }
TEST(means)
TEST(squares)
TEST(many)
TEST(used_often)
TEST(far_from_zero)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_means),      cmocka_unit_test(test_squares),       cmocka_unit_test(test_many),
        cmocka_unit_test(test_used_often), cmocka_unit_test(test_far_from_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
