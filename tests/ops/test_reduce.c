/* test_reduce.c - sums, means, extremes, logsumexp, variance: against loops over indices, at special points, in float32. */
#include "naive.h"

#include "threads.h"

static tg_tensor population(tg_tensor x, int axis, bool keepdim)
{
    return tg_var(x, axis, 0, keepdim);
}

static tg_tensor sample(tg_tensor x, int axis, bool keepdim)
{
    return tg_var(x, axis, 1, keepdim);
}

/* The reduction of n values. */
static double sum_of(const double *v, int64_t n)
{
    double s = 0;
    for (int64_t i = 0; i < n; i++)
        s += v[i];
    return s;
}

static double mean_of(const double *v, int64_t n)
{
    return sum_of(v, n) / (double)n;
}

static double max_of(const double *v, int64_t n)
{
    double m = v[0];
    for (int64_t i = 0; i < n; i++)
        m = v[i] > m ? v[i] : m;
    return m;
}

static double min_of(const double *v, int64_t n)
{
    double m = v[0];
    for (int64_t i = 0; i < n; i++)
        m = v[i] < m ? v[i] : m;
    return m;
}

static double logsumexp_of(const double *v, int64_t n)
{
    double s = 0;
    for (int64_t i = 0; i < n; i++)
        s += exp(v[i]);
    return log(s);
}

static double squares_of(const double *v, int64_t n)
{
    double s = 0;
    for (int64_t i = 0; i < n; i++)
        s += (v[i] - mean_of(v, n)) * (v[i] - mean_of(v, n));
    return s;
}

static double population_of(const double *v, int64_t n)
{
    return squares_of(v, n) / (double)n;
}

static double sample_of(const double *v, int64_t n)
{
    return n ? squares_of(v, n) / (double)(n - 1) : (double)NAN;
}

static double prod_of(const double *v, int64_t n)
{
    double p = 1;
    for (int64_t i = 0; i < n; i++)
        p *= v[i];
    return p;
}

static double norm_of(const double *v, int64_t n)
{
    double s = 0;
    for (int64_t i = 0; i < n; i++)
        s += v[i] * v[i];
    return sqrt(s);
}

static tg_tensor deviation(tg_tensor x, int axis, bool keepdim)
{
    return tg_std(x, axis, 0, keepdim);
}

static double deviation_of(const double *v, int64_t n)
{
    return sqrt(population_of(v, n));
}

static const struct reduction {
    const char *name;
    tg_tensor (*op)(tg_tensor x, int axis, bool keepdim);
    double (*naive)(const double *v, int64_t n);
    bool needs_elements;
} reductions[] = {
    { "sum", tg_sum, sum_of, false },
    { "mean", tg_mean, mean_of, false },
    { "max", tg_max, max_of, true },
    { "min", tg_min, min_of, true },
    { "logsumexp", tg_logsumexp, logsumexp_of, false },
    { "prod", tg_prod, prod_of, false },
    { "norm", tg_norm, norm_of, false },
    { "std 0", deviation, deviation_of, false },
    { "var 0", population, population_of, false },
    { "var 1", sample, sample_of, false },
};
enum { N = sizeof reductions / sizeof reductions[0] };

/* Each element of the result from the elements that are reduced to it. */
static array naive(const struct reduction *r, const array *x, int axis, bool keepdim)
{
    static double group[NAIVE_MOST];
    array y = { .shape = x->shape };
    const int chosen = axis < 0 && axis != TG_ALL ? axis + (x->shape.rank ? x->shape.rank : 1) : axis;
    for (int d = 0; d < x->shape.rank; d++)
        if (axis == TG_ALL || d == chosen)
            y.shape.dims[d] = 1;
    y.size = tg_shape_size(&y.shape);
    for (int64_t i = 0; i < y.size; i++) {
        int64_t n = 0, at[TG_MAX_RANK];
        for (int64_t j = 0; j < x->size; j++) {
            position_of(&x->shape, j, at);
            for (int d = 0; d < x->shape.rank; d++)
                at[d] = axis == TG_ALL || d == chosen ? 0 : at[d];
            if (index_of(&y.shape, at) == i)
                group[n++] = x->v[j];
        }
        y.v[i] = n || !r->needs_elements ? r->naive(group, n) : 0;
    }
    tg_shape left = { .rank = 0 };
    for (int d = 0; d < x->shape.rank; d++)
        if (axis != TG_ALL && d != chosen)
            left.dims[left.rank++] = x->shape.dims[d];
    if (!keepdim)
        y.shape = left;
    return y;
}

static bool is_empty(const array *x, int axis)
{
    return axis == TG_ALL ? x->size == 0
                          : x->shape.rank && x->shape.dims[axis < 0 ? axis + x->shape.rank : axis] == 0;
}

static void they_meet_loops_over_indices(void **state)
{
    (void)state;
    tg_rng rng = tg_rng_seed(1);
    for (int trial = 0; trial < 1500; trial++) {
        const struct reduction *r = &reductions[trial % N];
        const int rank = (int)tg_rng_below(&rng, 9), legal = rank ? rank : 1;
        const array x = random_array(&rng, random_shape(&rng, rank, 400), -2, 2);
        const int drawn = (int)tg_rng_below(&rng, 2 * (uint64_t)legal + 1) - legal;
        const int axis = drawn == legal ? TG_ALL : drawn;
        const bool keepdim = tg_rng_below(&rng, 2);
        for (tg_dtype d = TG_F32; d <= TG_F64; d++) {
            tg_tape *t = tg_tape_create(d);
            const tg_tensor y = r->op(variable_of(t, &x), axis, keepdim);
            if (r->needs_elements && is_empty(&x, axis)) {
                assert_int_equal(tg_tape_status(t), TG_ERR_SHAPE);
            } else {
                const array want = naive(r, &x, axis, keepdim);
                array got;
                read_array(y, &got);
                same_shape(got.shape, want.shape);
                near_all(&got, want.v, d == TG_F32 ? 2e-6 : 1e-14, r->name);
            }
            tg_tape_destroy(t);
        }
    }
}

typedef struct over {
    const struct reduction *r;
    int axis;
    bool keepdim;
} over;

static tg_tensor reduce(const tg_tensor *x, int n, const void *context)
{
    (void)n;
    const over *o = context;
    return o->r->op(x[0], o->axis, o->keepdim);
}

static void gradients_meet_differences(void **state)
{
    (void)state;
    static const struct {
        tg_shape shape;
        int axis;
        bool keepdim;
    } cases[] = {
        { { 0 }, 0, false },
        { { 0 }, TG_ALL, true },
        { { 1, { 5 } }, -1, false },
        { { 2, { 3, 4 } }, 0, false },
        { { 2, { 3, 4 } }, 1, true },
        { { 2, { 3, 4 } }, TG_ALL, false },
        { { 3, { 2, 3, 2 } }, 1, false },
        { { 3, { 2, 3, 2 } }, 1, true },
        { { 3, { 2, 3, 2 } }, TG_ALL, true },
        { { 3, { 2, 3, 2 } }, TG_AXES(0, 2), false },
        { { 3, { 2, 3, 2 } }, TG_AXES(-1, 0), true },
        { { 3, { 2, 3, 2 } }, TG_AXES(1, 2), true },
    };
    tg_rng rng = tg_rng_seed(2);
    for (int i = 0; i < N - 1; i++)
        for (size_t j = 0; j < sizeof cases / sizeof cases[0]; j++) {
            const over o = { &reductions[i], cases[j].axis, cases[j].keepdim };
            array x = random_array(&rng, cases[j].shape, -2, 2);
            check_gradients(reduce, &o, &x, 1, reductions[i].name);
        }
    const over o = { &reductions[N - 1], 1, false }; /* n - 1 = 0 has no derivative */
    array x = random_array(&rng, TG_SHAPE(3, 4), -2, 2);
    check_gradients(reduce, &o, &x, 1, "var 1");
}

/* As after a permutation that makes them the last one. */
static void several_axes_at_once(void **state)
{
    (void)state;
    tg_rng rng = tg_rng_seed(3);
    static array x, together, apart;
    x = random_array(&rng, TG_SHAPE(2, 3, 2, 5), -2, 2);
    for (int i = 0; i < N; i++)
        for (int keepdim = 0; keepdim < 2; keepdim++) {
            tg_tape *t = tg_tape_create(TG_F64);
            const tg_tensor v = variable_of(t, &x), last = tg_permute(v, (int[]){ 1, 3, 0, 2 });
            read_array(reductions[i].op(tg_reshape(last, TG_SHAPE(3, 5, 4)), 2, false), &apart);
            const tg_tensor y = reductions[i].op(v, TG_AXES(-2, 0), keepdim);
            read_array(y, &together);
            same_shape(tg_shape_of(y), keepdim ? TG_SHAPE(1, 3, 1, 5) : TG_SHAPE(3, 5));
            near_all(&together, apart.v, 1e-14, reductions[i].name);
            read_array(reductions[i].op(v, TG_AXES(0, 1, 2, 3), false), &together);
            read_array(reductions[i].op(v, TG_ALL, false), &apart);
            near_all(&together, apart.v, 1e-14, reductions[i].name);
            tg_tape_destroy(t);
        }
}

static void expect(tg_tensor y, const double *want, int64_t n, const char *what)
{
    array got;
    read_array(y, &got);
    assert_int_equal(got.size, n);
    near_all(&got, want, 1e-14, what);
}

static void ties_share_equally(void **state)
{
    (void)state;
    const double x[] = { 1, 3, 3, 2, /**/ 5, 5, 5, 5, /**/ 4, 0, 0, 1 };
    const double by_max[] = { 0, 0.5, 0.5, 0, /**/ 0.5, 0.5, 0.5, 0.5, /**/ -3, 0, 0, 0 };
    const double by_min[] = { 1, 0, 0, 0, /**/ 0.5, 0.5, 0.5, 0.5, /**/ 0, -1.5, -1.5, 0 };
    for (int i = 0; i < 2; i++) {
        tg_tape *t = tg_tape_create(TG_F64);
        const tg_tensor v = tg_variable(t, TG_SHAPE(3, 4), x);
        const tg_tensor c = tg_constant(t, TG_SHAPE(3), ((double[]){ 1, 2, -3 }));
        assert_int_equal(tg_backward_from((i ? tg_min : tg_max)(v, 1, false), c), TG_OK);
        expect(tg_grad_of(v), i ? by_min : by_max, 12, i ? "min" : "max");
        tg_tape_destroy(t);
    }
}

static void nan_and_infinity_pass(void **state)
{
    (void)state;
    const double inf = (double)INFINITY, nan = (double)NAN;
    for (int64_t n = 3; n < 300; n += 37)
        for (int64_t at = 0; at < n; at += 1 + n / 7)
            for (int along = 0; along < 2; along++) {
                double v[600], y;
                tg_tape *t = tg_tape_create(TG_F64);
                for (int64_t i = 0; i < 2 * n; i++)
                    v[i] = (double)i / 7;
                v[along ? at : 2 * at] = nan;
                const tg_tensor x = tg_variable(t, along ? TG_SHAPE(2, n) : TG_SHAPE(n, 2), v);
                for (int op = 0; op < N; op++) {
                    array got;
                    read_array(reductions[op].op(x, along, false), &got);
                    assert_true(isnan(got.v[0]));
                    assert_false(isnan(got.v[1]));
                }
                v[along ? at : 2 * at] = -inf;
                const tg_tensor z = tg_variable(t, along ? TG_SHAPE(2, n) : TG_SHAPE(n, 2), v);
                y = tg_item(tg_slice(tg_min(z, along, false), 0, 0, 1));
                assert_true(y == -inf);
                y = tg_item(tg_slice(tg_sum(z, along, false), 0, 0, 1));
                assert_true(y == -inf);
                assert_true(isfinite(tg_item(tg_slice(tg_logsumexp(z, along, false), 0, 0, 1))));
                tg_tape_destroy(t);
            }
    tg_tape *t = tg_tape_create(TG_F64);
    const tg_tensor lows = tg_constant(t, TG_SHAPE(2), ((double[]){ -inf, -inf }));
    assert_true(tg_item(tg_logsumexp(lows, 0, false)) == -inf);
    assert_true(tg_item(tg_logsumexp(tg_neg(lows), 0, false)) == inf);
    tg_tape_destroy(t);
}

static void of_nothing(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    const tg_tensor x = tg_variable(t, TG_SHAPE(2, 0), (double *)NULL);
    const double nan = (double)NAN, inf = (double)INFINITY;
    expect(tg_sum(x, 1, false), (double[]){ 0, 0 }, 2, "sum");
    expect(tg_mean(x, 1, false), (double[]){ nan, nan }, 2, "mean");
    expect(tg_var(x, 1, 0, false), (double[]){ nan, nan }, 2, "var");
    expect(tg_logsumexp(x, 1, false), (double[]){ -inf, -inf }, 2, "logsumexp");
    assert_true(tg_item(tg_sum(x, TG_ALL, false)) == 0);
    assert_true(isnan(tg_item(tg_mean(x, TG_ALL, false))));
    assert_int_equal(tg_size(tg_max(x, 0, false)), 0);
    assert_int_equal(tg_backward(tg_mean(x, TG_ALL, false)), TG_OK);
    assert_int_equal(tg_size(tg_grad_of(x)), 0);
    refused(t, tg_max(x, 1, false), TG_ERR_SHAPE,
            "max: [2, 0]: there are no elements to choose from; the sizes reduced must not be 0");
    tg_tape_destroy(t);
}

static void variance_of_few(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    const tg_tensor one = tg_full(t, TG_SHAPE(1), 3), two = tg_constant(t, TG_SHAPE(2), ((double[]){ 1, 2 }));
    assert_true(isnan(tg_item(tg_var(one, 0, 1, false))));
    assert_true(tg_item(tg_var(two, 0, 2, false)) == (double)INFINITY);
    assert_true(tg_item(tg_var(two, 0, 5, false)) == (double)INFINITY);
    assert_true(tg_item(tg_var(one, 0, 0, false)) == 0);
    assert_true(tg_item(tg_var(two, 0, -2, false)) == 0.125);
    tg_tape_destroy(t);
    t = tg_tape_create(TG_F32); /* equal elements, whose mean is not a float32 number */
    for (int64_t n = 1; n < 300; n++)
        assert_true(tg_item(tg_var(tg_full(t, TG_SHAPE(n), 10000.1), 0, 0, false)) < 1e-12);
    tg_tape_destroy(t);
}

/* Long lines in float32: the error must not grow with their length. */
static void long_sums_are_right_in_float32(void **state)
{
    (void)state;
    enum { LARGE = 3000000 };
    float *v = malloc(LARGE * sizeof *v);
    tg_rng rng = tg_rng_seed(3);
    double sum = 0, squares = 0;
    for (int i = 0; i < LARGE; i++) {
        v[i] = (float)(100 + tg_rng_uniform(&rng));
        sum += (double)v[i];
    }
    for (int i = 0; i < LARGE; i++)
        squares += ((double)v[i] - sum / LARGE) * ((double)v[i] - sum / LARGE);
    static const struct {
        int64_t rows, cols;
        int axis;
    } views[] = { { 1, LARGE, 1 }, { LARGE, 1, 0 }, { LARGE / 2, 2, 0 }, { 3, LARGE / 3, 1 }, { LARGE / 30, 30, 0 } };
    for (size_t i = 0; i < sizeof views / sizeof views[0]; i++) {
        tg_tape *t = tg_tape_create(TG_F32);
        const tg_tensor x = tg_wrap(t, TG_SHAPE(views[i].rows, views[i].cols), v);
        const tg_tensor parts = tg_sum(x, views[i].axis, false);
        double of_parts[32], total = 0;
        assert_int_equal(tg_read_f64(parts, of_parts, tg_size(parts)), TG_OK);
        for (int64_t j = 0; j < tg_size(parts); j++)
            total += of_parts[j];
        near(total / sum, 1, 2e-7, "sum", views[i].cols);
        near(tg_item(tg_mean(x, TG_ALL, false)) / (sum / LARGE), 1, 2e-7, "mean", 0);
        near(tg_item(tg_var(x, TG_ALL, 0, false)) / (squares / LARGE), 1, 2e-6, "var", 0);
        tg_tape_destroy(t);
    }
    free(v);
}

static void bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    enum { LARGE = 900021 };
    static const tg_shape shapes[] = {
        { 1, { LARGE } }, { 2, { 3, 300007 } }, { 2, { 100000, 4 } }, { 2, { 500, 800 } }
    };
    double *v = malloc(LARGE * sizeof *v), *first = malloc(LARGE * sizeof *v), *again = malloc(LARGE * sizeof *v);
    tg_rng rng = tg_rng_seed(4);
    for (int i = 0; i < LARGE; i++)
        v[i] = tg_rng_normal(&rng);
    const int before = tg_num_threads();
    for (int op = 0; op < N; op++)
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
            for (int axis = 0; axis <= shapes[s].rank; axis++)
                for (int threads = 1; threads <= 3; threads++) {
                    use_threads(threads);
                    tg_tape *t = tg_tape_create(TG_F32);
                    const tg_tensor x = tg_constant(t, shapes[s], v);
                    const tg_tensor y = reductions[op].op(x, axis == shapes[s].rank ? TG_ALL : axis, false);
                    const int64_t n = tg_size(y);
                    assert_int_equal(tg_read_f64(y, threads == 1 ? first : again, n), TG_OK);
                    if (threads > 1)
                        assert_memory_equal(first, again, (size_t)n * sizeof *v);
                    tg_tape_destroy(t);
                }
    tg_set_num_threads(before);
    free(v);
    free(first);
    free(again);
}

static void bad_axes_are_refused(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    refused(t, tg_sum(tg_full(t, TG_SHAPE(2, 3), 1), 2, false), TG_ERR_SHAPE,
            "sum: [2, 3]: axis 2 is not in -2 .. 1 or TG_ALL");
    refused(t, tg_var(tg_full(t, TG_SHAPE(2, 3), 1), -3, 0, false), TG_ERR_SHAPE,
            "var: [2, 3]: axis -3 is not in -2 .. 1 or TG_ALL");
    refused(t, tg_logsumexp(tg_full(t, TG_SCALAR, 1), 1, false), TG_ERR_SHAPE,
            "logsumexp: []: axis 1 is not in -1 .. 0 or TG_ALL");
    refused(t, tg_min(tg_full(t, TG_SHAPE(0), 1), TG_ALL, false), TG_ERR_SHAPE,
            "min: [0]: there are no elements to choose from; the sizes reduced must not be 0");
    for (int i = 0; i < N; i++) {
        assert_null(reductions[i].op((tg_tensor){ 0 }, 0, false).tape);
        const tg_tensor stale = tg_full(t, TG_SHAPE(2), 1);
        tg_tape_reset(t);
        assert_false(tg_is_valid(reductions[i].op(stale, 0, false)));
        assert_int_equal(tg_tape_status(t), TG_ERR_STALE);
        tg_tape_reset(t);
    }
    tg_tape_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_meet_loops_over_indices),
        cmocka_unit_test(gradients_meet_differences),
        cmocka_unit_test(several_axes_at_once),
        cmocka_unit_test(ties_share_equally),
        cmocka_unit_test(nan_and_infinity_pass),
        cmocka_unit_test(of_nothing),
        cmocka_unit_test(variance_of_few),
        cmocka_unit_test(long_sums_are_right_in_float32),
        cmocka_unit_test(bits_do_not_depend_on_threads),
        cmocka_unit_test(bad_axes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
