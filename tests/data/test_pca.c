/* test_pca.c - principal axes: sets stretched along known directions, projections, and what is left out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_allocator.h"
#include "tapegrad/pca.h"
#include "tapegrad/rng.h"
#include "threads.h"

static double get(const tg_dataset *set, int64_t i, int64_t j)
{
    const int64_t k = i * set->features + j;
    return set->dtype == TG_F64 ? ((const double *)set->x)[k] : (double)((const float *)set->x)[k];
}

static void put(tg_dataset *set, int64_t i, int64_t j, double value)
{
    const int64_t k = i * set->features + j;
    if (set->dtype == TG_F64)
        ((double *)set->x)[k] = value;
    else
        ((float *)set->x)[k] = (float)value;
}

static tg_dataset empty(tg_dtype dtype, int64_t n, int64_t features)
{
    tg_dataset set = { .dtype = dtype };
    assert_int_equal(tg_dataset_init(&set, n, features, 7, NULL), TG_OK);
    for (int64_t i = 0; i < n; i++)
        set.labels[i] = (int32_t)(i * i % 7);
    return set;
}

/* Features of different means and deviations, that depend on one another; the fourth is constant. */
static tg_dataset random_set(tg_dtype dtype, int64_t n, int64_t features)
{
    tg_dataset set = empty(dtype, n, features);
    tg_rng rng = tg_rng_seed(4);
    for (int64_t i = 0; i < n; i++) {
        const double common = tg_rng_normal(&rng);
        for (int64_t j = 0; j < features; j++)
            put(&set, i, j, j == 3 ? 2.5 : (double)(j % 11) + common + (1 + (double)(j % 5)) * tg_rng_normal(&rng));
    }
    return set;
}

static tg_pca *fit(const tg_dataset *set, int64_t components)
{
    tg_error err;
    tg_pca *pca = tg_pca_create(set, components, NULL, &err);
    if (!pca)
        fail_msg("%s", err.text);
    assert_int_equal(err.status, TG_OK);
    return pca;
}

static tg_dataset project(const tg_pca *pca, const tg_dataset *set, tg_dtype dtype)
{
    tg_dataset out = { .dtype = dtype };
    tg_error err;
    if (tg_pca_apply(pca, set, &out, &err) != TG_OK)
        fail_msg("%s", err.text);
    return out;
}

/* Eight rows mean + sum of s[p] z[i, p] u[p]: the columns of z are orthogonal and of mean 0, the u are orthonormal; so the
   covariance is 8 / 7 sum s^2 u u^T to the last digit but rounding. */
enum { ROWS = 8, WIDTH = 5, DIRECTIONS = 3 };
static const double stretch[DIRECTIONS] = { 2, 5, 3 }; /* not in order */
static const double direction[DIRECTIONS][WIDTH] = { { 0.5, 0.5, 0.5, 0.5, 0 },
                                                     { 0.1, -0.1, -0.7, 0.7, 0 },
                                                     { -0.7, 0.7, -0.1, 0.1, 0 } };
static const double center[WIDTH] = { 1000, -2000, 3, 0, 42 };

static tg_dataset stretched(tg_dtype dtype)
{
    tg_dataset set = empty(dtype, ROWS, WIDTH);
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < WIDTH; j++) {
            double x = center[j];
            for (int p = 0; p < DIRECTIONS; p++)
                x += stretch[p] * (i >> p & 1 ? 1 : -1) * direction[p][j];
            put(&set, i, j, x);
        }
    return set;
}

static void known_directions_variances_and_ratios_are_found(void **state)
{
    (void)state;
    const int order[DIRECTIONS] = { 1, 2, 0 };
    const double expected[DIRECTIONS] = { 25 * 8 / 7.0, 9 * 8 / 7.0, 4 * 8 / 7.0 }, total = 38 * 8 / 7.0;
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++)
        for (int components = 1; components <= WIDTH; components++) {
            const double tolerance = dtype == TG_F64 ? 1e-12 : 1e-4; /* the last bit of 2000 in float32 is 1e-4 */
            tg_dataset set = stretched((tg_dtype)dtype);
            tg_pca *pca = fit(&set, components);
            assert_true(tg_pca_components(pca) == components && tg_pca_features(pca) == WIDTH);
            for (int j = 0; j < WIDTH; j++)
                assert_true(fabs(tg_pca_mean(pca)[j] - center[j]) <= tolerance);
            for (int p = 0; p < components; p++) {
                const double variance = p < DIRECTIONS ? expected[p] : 0;
                assert_true(fabs(tg_pca_variances(pca)[p] - variance) <= 100 * tolerance);
                assert_true(tg_pca_variances(pca)[p] >= 0);
                assert_true(fabs(tg_pca_ratios(pca)[p] - variance / total) <= 10 * tolerance);
                const double *u = p < DIRECTIONS ? direction[order[p]] : NULL, *v = tg_pca_axes(pca) + p * WIDTH;
                double same = 0;
                for (int j = 0; u && j < WIDTH; j++)
                    same += u[j] * v[j];
                for (int j = 0; u && j < WIDTH; j++)
                    assert_true(fabs(v[j] - (same < 0 ? -u[j] : u[j])) <= 10 * tolerance);
            }
            tg_pca_destroy(pca);
            tg_dataset_finish(&set);
        }
}

/* C v = variance v for each axis, with C v from the rows themselves; the ratios of all sum to 1. */
static void assert_axes(const tg_dataset *set, const tg_pca *pca)
{
    const int64_t n = set->n, width = set->features;
    double *product = malloc((size_t)width * sizeof *product), total = 0, shares = 0;
    assert_non_null(product);
    for (int64_t j = 0; j < width; j++) {
        double mean = 0, squares = 0;
        for (int64_t i = 0; i < n; i++)
            mean += get(set, i, j);
        mean /= (double)n;
        assert_true(fabs(mean - tg_pca_mean(pca)[j]) <= 1e-11 * (1 + fabs(mean)));
        for (int64_t i = 0; i < n; i++)
            squares += (get(set, i, j) - mean) * (get(set, i, j) - mean);
        total += squares / (double)(n - 1);
    }
    for (int64_t p = 0; p < tg_pca_components(pca); p++) {
        const double *v = tg_pca_axes(pca) + p * width, variance = tg_pca_variances(pca)[p];
        memset(product, 0, (size_t)width * sizeof *product);
        for (int64_t i = 0; i < n; i++) {
            double y = 0;
            for (int64_t j = 0; j < width; j++)
                y += (get(set, i, j) - tg_pca_mean(pca)[j]) * v[j];
            for (int64_t j = 0; j < width; j++)
                product[j] += y * (get(set, i, j) - tg_pca_mean(pca)[j]) / (double)(n - 1);
        }
        for (int64_t j = 0; j < width; j++)
            assert_true(fabs(product[j] - variance * v[j]) <= 1e-11 * total);
        assert_true(fabs(tg_pca_ratios(pca)[p] - variance / total) <= 1e-12);
        shares += tg_pca_ratios(pca)[p];
    }
    const int64_t most = n - 1 < width ? n - 1 : width;
    assert_true(shares <= 1 + 1e-12 && (tg_pca_components(pca) < most || shares >= 1 - 1e-12));
    free(product);
}

/* More features than rows; a few parts of the rows; columns in several panels, which a large product makes. */
static void the_axes_are_the_covariances_eigenvectors(void **state)
{
    (void)state;
    const struct {
        int64_t n, features, components;
    } cases[] = { { 300, 37, 37 }, { 2, 37, 1 },    { 20, 50, 19 },    { 66000, 64, 3 },
                  { 3, 1, 1 },     { 120, 800, 2 }, { 140000, 30, 2 }, { 2700, 1560, 2 } };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        tg_dataset set = random_set(c % 2 ? TG_F32 : TG_F64, cases[c].n, cases[c].features);
        tg_pca *pca = fit(&set, cases[c].components);
        assert_axes(&set, pca);
        tg_pca_destroy(pca);
        tg_dataset_finish(&set);
    }
}

static void projections_are_uncorrelated_and_invertible(void **state)
{
    (void)state;
    enum { N = 400, WIDE = 23 };
    tg_dataset set = random_set(TG_F64, N, WIDE), other = random_set(TG_F32, 9, WIDE);
    tg_pca *pca = fit(&set, WIDE);
    tg_dataset out = project(pca, &set, TG_F64), single = project(pca, &set, TG_F32),
               rows = project(pca, &other, TG_F64);
    assert_true(out.n == N && out.features == WIDE && out.classes == 7 && out.dtype == TG_F64);
    assert_true(single.dtype == TG_F32 && rows.n == 9);
    assert_memory_equal(out.labels, set.labels, N * sizeof *set.labels);
    for (int p = 0; p < WIDE; p++)
        for (int q = 0; q <= p; q++) {
            double sum = 0;
            for (int i = 0; i < N; i++)
                sum += get(&out, i, p) * get(&out, i, q);
            const double expected = p == q ? tg_pca_variances(pca)[p] : 0;
            assert_true(fabs(sum / (N - 1) - expected) <= 1e-12 * tg_pca_variances(pca)[0]);
        }
    const tg_dataset *const from[] = { &set, &other }, *const to[] = { &out, &rows };
    for (int s = 0; s < 2; s++)
        for (int i = 0; i < from[s]->n; i++)
            for (int j = 0; j < WIDE; j++) {
                double x = tg_pca_mean(pca)[j];
                for (int p = 0; p < WIDE; p++)
                    x += get(to[s], i, p) * tg_pca_axes(pca)[p * WIDE + j];
                assert_true(fabs(x - get(from[s], i, j)) <= 1e-12 * 20);
            }
    for (int64_t i = 0; i < N * WIDE; i++)
        assert_true(((float *)single.x)[i] == (float)((double *)out.x)[i]);
    tg_dataset *const sets[] = { &set, &other, &out, &single, &rows };
    for (int s = 0; s < 5; s++)
        tg_dataset_finish(sets[s]);
    tg_pca_destroy(pca);
}

static void constant_features_have_no_variance(void **state)
{
    (void)state;
    tg_dataset set = empty(TG_F32, 4, 3);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 3; j++)
            put(&set, i, j, 0.1);
    tg_pca *pca = fit(&set, 3);
    for (int p = 0; p < 3; p++)
        assert_true(tg_pca_variances(pca)[p] == 0 && tg_pca_ratios(pca)[p] == 0);
    tg_pca_destroy(pca);
    for (int i = 0; i < 4; i++)
        put(&set, i, 1, i); /* one feature varies: its variance is 5 / 3 */
    pca = fit(&set, 3);
    assert_true(fabs(tg_pca_variances(pca)[0] - 5 / 3.0) < 1e-15 && fabs(tg_pca_ratios(pca)[0] - 1) < 1e-15);
    assert_true(tg_pca_variances(pca)[1] == 0 && tg_pca_axes(pca)[1] == 1 && tg_pca_axes(pca)[0] == 0);
    tg_pca_destroy(pca);
    tg_dataset_finish(&set);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    enum { N = 3000, WIDE = 300, KEPT = 40 };
    tg_dataset set = random_set(TG_F32, N, WIDE), first = { 0 };
    tg_pca *one = NULL;
    for (int threads = 1; threads <= 4; threads++) {
        use_threads(threads);
        tg_pca *pca = fit(&set, KEPT);
        tg_dataset out = project(pca, &set, TG_F32);
        if (!one) {
            one = pca;
            first = out;
            continue;
        }
        assert_memory_equal(tg_pca_mean(one), tg_pca_mean(pca), WIDE * sizeof(double));
        assert_memory_equal(tg_pca_axes(one), tg_pca_axes(pca), KEPT * WIDE * sizeof(double));
        assert_memory_equal(tg_pca_variances(one), tg_pca_variances(pca), KEPT * sizeof(double));
        assert_memory_equal(tg_pca_ratios(one), tg_pca_ratios(pca), KEPT * sizeof(double));
        assert_memory_equal(first.x, out.x, N * KEPT * sizeof(float));
        tg_pca_destroy(pca);
        tg_dataset_finish(&out);
    }
    use_threads(0);
    tg_pca_destroy(one);
    tg_dataset_finish(&first);
    tg_dataset_finish(&set);
}

static void no_memory_is_an_error(void **state)
{
    (void)state;
    tg_dataset set = random_set(TG_F32, 20, 6);
    tg_pca *pca = NULL;
    for (long n = 1; !pca; n++) {
        failing f = { .fail_at = n };
        const tg_allocator a = failing_allocator(&f);
        tg_error err;
        pca = tg_pca_create(&set, 6, &a, &err);
        assert_int_equal(err.status, pca ? TG_OK : TG_ERR_MEMORY);
        assert_true(!pca || n > 6);
        f.fail_at = pca ? f.calls + 1 : 0; /* apply's own */
        tg_dataset out = { 0 };
        if (pca) {
            assert_int_equal(tg_pca_apply(pca, &set, &out, &err), TG_ERR_MEMORY);
            assert_true(!out.x && !out.labels && out.n == 0);
            tg_pca_destroy(pca);
        }
        assert_true(f.outstanding == 0 && f.bytes == 0);
    }
    pca = fit(&set, 2);
    for (long n = 1; n <= 3; n++) {
        failing f = { .fail_at = n };
        const tg_allocator a = failing_allocator(&f);
        tg_dataset out = { .allocator = &a };
        tg_error err;
        assert_int_equal(tg_pca_apply(pca, &set, &out, &err), n < 3 ? TG_ERR_MEMORY : TG_OK);
        tg_dataset_finish(&out);
        assert_true(f.outstanding == 0 && f.bytes == 0);
    }
    tg_pca_destroy(pca);
    tg_dataset_finish(&set);
}

static void assert_refused(const tg_dataset *set, int64_t components, tg_status status, const char *says)
{
    tg_error err;
    assert_null(tg_pca_create(set, components, NULL, &err));
    assert_int_equal(err.status, status);
    assert_non_null(strstr(err.text, "pca_create: "));
    assert_non_null(strstr(err.text, says));
}

static void create_refuses_invalid_arguments(void **state)
{
    (void)state;
    tg_dataset set = random_set(TG_F64, 10, 4), few = random_set(TG_F32, 3, 4), one = random_set(TG_F32, 1, 4);
    const tg_dataset none = { 0 };
    assert_refused(NULL, 1, TG_ERR_ARGUMENT, "NULL");
    assert_refused(&none, 1, TG_ERR_STATE, "empty");
    assert_refused(&set, 0, TG_ERR_RANGE, "0 components of 10 rows of 4 features");
    assert_refused(&set, -2, TG_ERR_RANGE, "-2 components");
    assert_refused(&set, 5, TG_ERR_RANGE, "1 to min(rows - 1, features) = 4");
    assert_refused(&few, 3, TG_ERR_RANGE, "1 to min(rows - 1, features) = 2");
    assert_refused(&one, 1, TG_ERR_RANGE, "one row");
    const double bad[] = { (double)NAN, (double)INFINITY, -(double)INFINITY, 1e200, -1e200 };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put(&set, 5, 2, bad[i]);
        assert_refused(&set, 2, TG_ERR_RANGE, "feature 2 has mean");
    }
    tg_dataset_finish(&set);
    tg_dataset_finish(&few);
    tg_dataset_finish(&one);
}

static void apply_and_accessors_refuse_invalid_arguments(void **state)
{
    (void)state;
    tg_dataset set = random_set(TG_F64, 10, 4), wide = random_set(TG_F64, 10, 5), out = { 0 };
    const tg_dataset none = { 0 };
    tg_pca *pca = fit(&set, 2);
    tg_error err;
    assert_int_equal(tg_pca_apply(NULL, &set, &out, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_pca_apply(pca, NULL, &out, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_pca_apply(pca, &none, &out, &err), TG_ERR_STATE);
    assert_int_equal(tg_pca_apply(pca, &set, NULL, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_pca_apply(pca, &set, &wide, &err), TG_ERR_STATE);
    assert_int_equal(tg_pca_apply(pca, &wide, &out, &err), TG_ERR_SHAPE);
    assert_non_null(strstr(err.text, "pca_apply: rows of 5 features, but the axes were found for 4"));
    assert_null(out.x);
    assert_true(tg_pca_components(NULL) == 0 && tg_pca_features(NULL) == 0);
    assert_true(!tg_pca_mean(NULL) && !tg_pca_axes(NULL) && !tg_pca_variances(NULL) && !tg_pca_ratios(NULL));
    tg_pca_destroy(NULL);
    tg_pca_destroy(pca);
    tg_dataset_finish(&set);
    tg_dataset_finish(&wide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_directions_variances_and_ratios_are_found),
        cmocka_unit_test(the_axes_are_the_covariances_eigenvectors),
        cmocka_unit_test(projections_are_uncorrelated_and_invertible),
        cmocka_unit_test(constant_features_have_no_variance),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(no_memory_is_an_error),
        cmocka_unit_test(create_refuses_invalid_arguments),
        cmocka_unit_test(apply_and_accessors_refuse_invalid_arguments),
    };
    return cmocka_run_group_tests_name("pca", tests, NULL, NULL);
}
