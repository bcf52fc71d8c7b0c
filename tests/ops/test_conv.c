/* test_conv.c - convolution against loops over every index, values and gradients, at every stride, padding, dilation and number of
   groups; the same bits at any number of threads; pooling at ties, NaN and padding. */
#include "naive.h"
#include "points.h"

typedef struct sizes {
    int64_t n, channels, features, in[2], kernel[2];
    tg_conv_config k;
} sizes;

/* Element (n, o, i, j) of the result, from every element of x and w. */
static double naive(const sizes *s, const double *x, const double *w, int64_t n, int64_t o, int64_t i, int64_t j)
{
    const int64_t channels = s->channels / s->k.groups, group = o / (s->features / s->k.groups);
    double sum = 0;
    for (int64_t c = 0; c < channels; c++)
        for (int64_t r = 0; r < s->kernel[0]; r++)
            for (int64_t q = 0; q < s->kernel[1]; q++) {
                const int64_t row = i * s->k.stride + r * s->k.dilation - s->k.padding;
                const int64_t col = j * s->k.stride + q * s->k.dilation - s->k.padding;
                if (row >= 0 && row < s->in[0] && col >= 0 && col < s->in[1])
                    sum += x[((n * s->channels + group * channels + c) * s->in[0] + row) * s->in[1] + col] *
                           w[((o * channels + c) * s->kernel[0] + r) * s->kernel[1] + q];
            }
    return sum;
}

static tg_tensor conv(const tg_tensor *x, int n, const void *context)
{
    (void)n;
    return tg_conv2d(x[0], x[1], x[2], context);
}

static tg_tensor conv_transposed(const tg_tensor *x, int n, const void *context)
{
    (void)n;
    return tg_conv_transpose2d(x[0], x[1], x[2], context);
}

static sizes random_sizes(tg_rng *rng)
{
    sizes s = { .n = (int64_t)tg_rng_below(rng, 4) };
    s.k.groups = 1 + (int64_t)tg_rng_below(rng, 2);
    s.k.stride = 1 + (int64_t)tg_rng_below(rng, 3);
    s.k.padding = (int64_t)tg_rng_below(rng, 3);
    s.k.dilation = 1 + (int64_t)tg_rng_below(rng, 2);
    s.channels = s.k.groups * (1 + (int64_t)tg_rng_below(rng, 2));
    s.features = s.k.groups * (1 + (int64_t)tg_rng_below(rng, 3));
    for (int i = 0; i < 2; i++) {
        s.kernel[i] = 1 + (int64_t)tg_rng_below(rng, 3);
        s.in[i] = 5 + (int64_t)tg_rng_below(rng, 4);
    }
    return s;
}

static void values_meet_loops(void **state)
{
    (void)state;
    tg_rng rng = tg_rng_seed(1);
    static array x, w, y;
    for (int trial = 0; trial < 150; trial++) {
        const sizes s = random_sizes(&rng);
        x = random_array(&rng, TG_SHAPE(s.n, s.channels, s.in[0], s.in[1]), -1, 1);
        w = random_array(&rng, TG_SHAPE(s.features, s.channels / s.k.groups, s.kernel[0], s.kernel[1]), -1, 1);
        for (tg_dtype d = TG_F32; d <= TG_F64; d++) {
            tg_tape *t = tg_tape_create(d);
            const tg_tensor result = tg_conv2d(variable_of(t, &x), variable_of(t, &w), (tg_tensor){ 0 }, &s.k);
            read_array(result, &y);
            const int64_t *out = y.shape.dims;
            for (int64_t i = 0; i < y.size; i++) {
                const int64_t at[] = { i / (out[1] * out[2] * out[3]), i / (out[2] * out[3]) % out[1],
                                       i / out[3] % out[2], i % out[3] };
                near(y.v[i], naive(&s, x.v, w.v, at[0], at[1], at[2], at[3]), d == TG_F32 ? 2e-6 : 1e-14, "conv2d",
                     i);
            }
            tg_tape_destroy(t);
        }
    }
}

static void gradients_meet_differences(void **state)
{
    (void)state;
    tg_rng rng = tg_rng_seed(2);
    for (int trial = 0; trial < 6; trial++) {
        sizes s = random_sizes(&rng);
        s.n = 2;
        array in[] = { random_array(&rng, TG_SHAPE(2, s.channels, 5, 4), -1, 1),
                       random_array(&rng, TG_SHAPE(s.features, s.channels / s.k.groups, 2, 2), -1, 1),
                       random_array(&rng, TG_SHAPE(s.features), -1, 1) };
        check_gradients(conv, &s.k, in, 3, "conv2d");
        array back[] = { random_array(&rng, TG_SHAPE(2, s.channels, 3, 4), -1, 1),
                         random_array(&rng, TG_SHAPE(s.channels, s.features / s.k.groups, 3, 3), -1, 1),
                         random_array(&rng, TG_SHAPE(s.features), -1, 1) };
        s.k.padding = s.k.padding > 1 ? 1 : s.k.padding;
        check_gradients(conv_transposed, &s.k, back, 3, "conv_transpose2d");
    }
}

static void run(int threads, double *y, double *dx, double *dw)
{
    tg_set_num_threads(threads);
    tg_tape *t = tg_tape_create(TG_F32);
    tg_rng rng = tg_rng_seed(4);
    const tg_tensor x = tg_randn(t, TG_SHAPE(37, 3, 12, 11), &rng), w = tg_randn(t, TG_SHAPE(5, 3, 3, 3), &rng);
    double *v = malloc((size_t)tg_size(x) * sizeof *v);
    ok(tg_read(x, v, tg_size(x)), t);
    const tg_tensor a = tg_variable_f64(t, tg_shape_of(x), v);
    ok(tg_read(w, v, tg_size(w)), t);
    const tg_tensor b = tg_variable_f64(t, tg_shape_of(w), v);
    free(v);
    const tg_tensor z = tg_conv2d(a, b, (tg_tensor){ 0 }, &(tg_conv_config){ .padding = 1 });
    ok(tg_backward(tg_sum(tg_square(z), TG_ALL, false)), t);
    ok(tg_read(z, y, tg_size(z)), t);
    ok(tg_read(tg_grad_of(a), dx, tg_size(a)), t);
    ok(tg_read(tg_grad_of(b), dw, tg_size(b)), t);
    tg_tape_destroy(t);
    tg_set_num_threads(0);
}

static void the_number_of_threads_does_not_matter(void **state)
{
    (void)state;
    enum { MOST = 37 * 5 * 12 * 11 };
    static double y[2][MOST], dx[2][MOST], dw[2][MOST];
    run(1, y[0], dx[0], dw[0]);
    run(3, y[1], dx[1], dw[1]);
    assert_memory_equal(y[0], y[1], sizeof y[0]);
    assert_memory_equal(dx[0], dx[1], sizeof dx[0]);
    assert_memory_equal(dw[0], dw[1], sizeof dw[0]);
}

/* Ties give the gradient to the first; NaN is the largest; padding never is, and counts in the mean. */
static void check_pools(tg_dtype dtype)
{
    tg_tape *t = tg_tape_create(dtype);
    const double x[] = { 1, 1, NONE, -5, -INF, -INF };
    const tg_tensor v = tg_variable(t, TG_SHAPE(1, 1, 6), x), y = tg_max_pool1d(v, 2, 2, 0);
    double got[6];
    ok(tg_read(y, got, 3), t);
    assert_true(got[0] == 1 && isnan(got[1]) && got[2] == -INF);
    ok(tg_backward_from(y, tg_constant(t, TG_SHAPE(1, 1, 3), ((double[]){ 1, 2, 3 }))), t);
    ok(tg_read(tg_grad_of(v), got, 6), t);
    const double want[] = { 1, 0, 2, 0, 3, 0 };
    assert_memory_equal(got, want, sizeof got);
    const tg_tensor low = tg_constant(t, TG_SHAPE(1, 1, 2), ((double[]){ -3, -4 }));
    ok(tg_read(tg_max_pool1d(low, 2, 0, 1), got, 2), t);
    assert_true(got[0] == -3 && got[1] == -4);
    ok(tg_read(tg_avg_pool1d(low, 2, 0, 1), got, 2), t);
    assert_true(got[0] == -1.5 && got[1] == -2);
    tg_tape_destroy(t);
}

static void pools_at_special_points(void **state)
{
    (void)state;
    for_every_table(check_pools);
}

/* d/dw of <c, d/dx sum w max_pool(x)> is c where x is largest. */
static void check_second(tg_dtype dtype)
{
    tg_tape *t = tg_tape_create(dtype);
    const tg_tensor x = tg_variable(t, TG_SHAPE(1, 1, 5), ((double[]){ 3, 1, 2, 5, 4 }));
    const tg_tensor c = tg_constant(t, TG_SHAPE(1, 1, 5), ((double[]){ 10, 20, 30, 40, 50 }));
    const tg_tensor w = tg_variable(t, TG_SHAPE(1, 1, 2), ((double[]){ 1, -1 }));
    const tg_tensor y = tg_sum(tg_mul(w, tg_max_pool1d(x, 3, 2, 0)), TG_ALL, false);
    tg_tensor g;
    ok(tg_grad(y, (tg_tensor){ 0 }, &x, 1, &g, TG_CREATE_GRAPH), t);
    ok(tg_backward(tg_sum(tg_mul(c, g), TG_ALL, false)), t);
    double got[2];
    ok(tg_read(tg_grad_of(w), got, 2), t);
    assert_true(got[0] == 10 && got[1] == 40);
    tg_tape_destroy(t);
}

static void the_second_derivative_takes_the_same_elements(void **state)
{
    (void)state;
    for_every_table(check_second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_meet_loops),
        cmocka_unit_test(gradients_meet_differences),
        cmocka_unit_test(the_number_of_threads_does_not_matter),
        cmocka_unit_test(pools_at_special_points),
        cmocka_unit_test(the_second_derivative_takes_the_same_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
