/* test_generate.c - the generated sets: their geometry, and the same numbers on every machine. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "failing_allocator.h"
#include "tapegrad/data.h"

typedef tg_status make_fn(tg_dataset *set, int64_t n, uint64_t seed, tg_error *err);

static tg_status moons(tg_dataset *set, int64_t n, uint64_t seed, tg_error *err)
{
    return tg_dataset_moons(set, n, 0.1, seed, err);
}

static tg_status spirals(tg_dataset *set, int64_t n, uint64_t seed, tg_error *err)
{
    return tg_dataset_spirals(set, n, 3, 0.02, seed, err);
}

static const struct {
    make_fn *make;
    int classes;
    int64_t features;
    uint64_t hash; /* of 100 float64 rows of seed 1 */
} sets[] = {
    { moons, 2, 2, 0xf29714c195c95aa6 },
    { spirals, 3, 2, 0x1ae6d55b67e53c3c },
    { tg_dataset_ellipse, 2, 2, 0x8729edfb90104325 },
    { tg_dataset_digits, 10, 784, 0xcfba49a532d0ee59 },
};
enum { SETS = sizeof sets / sizeof sets[0] };

/* FNV-1a over the numbers' bits. */
static uint64_t hash_of(const tg_dataset *set)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (int64_t i = 0; i < set->n * set->features; i++) {
        uint64_t bits;
        memcpy(&bits, (const double *)set->x + i, sizeof bits);
        for (int k = 0; k < 64; k += 8)
            hash = (hash ^ (bits >> k & 255)) * 0x100000001b3;
    }
    return hash;
}

/* Every machine must get these numbers. */
static void generated_sets_are_the_same_everywhere(void **state)
{
    (void)state;
    for (int k = 0; k < SETS; k++) {
        tg_dataset set = { .dtype = TG_F64 };
        assert_int_equal(sets[k].make(&set, 100, 1, NULL), TG_OK);
        assert_true(set.n == 100 && set.features == sets[k].features && set.classes == sets[k].classes);
        if (hash_of(&set) != sets[k].hash)
            fail_msg("set %d: hash 0x%016llx", k, (unsigned long long)hash_of(&set));
        tg_dataset_finish(&set);
    }
}

static void a_longer_set_begins_with_the_shorter(void **state)
{
    (void)state;
    for (int k = 0; k < SETS; k++) {
        tg_dataset a = { 0 }, b = { 0 }, other = { 0 };
        assert_int_equal(sets[k].make(&a, 17, 5, NULL), TG_OK);
        assert_int_equal(sets[k].make(&b, 40, 5, NULL), TG_OK);
        assert_int_equal(sets[k].make(&other, 17, 6, NULL), TG_OK);
        const size_t bytes = 17 * (size_t)a.features * sizeof(float);
        assert_memory_equal(a.x, b.x, bytes);
        assert_memory_equal(a.labels, b.labels, 17 * sizeof(int32_t));
        assert_memory_not_equal(a.x, other.x, bytes);
        for (int i = 0; i < 40; i++)
            assert_int_equal(b.labels[i], i % sets[k].classes);
        tg_dataset_finish(&a);
        tg_dataset_finish(&b);
        tg_dataset_finish(&other);
    }
}

static void float32_is_float64_rounded(void **state)
{
    (void)state;
    for (int k = 0; k < SETS; k++) {
        tg_dataset a = { .dtype = TG_F32 }, b = { .dtype = TG_F64 };
        assert_int_equal(sets[k].make(&a, 20, 9, NULL), TG_OK);
        assert_int_equal(sets[k].make(&b, 20, 9, NULL), TG_OK);
        for (int64_t i = 0; i < 20 * a.features; i++)
            assert_true(((float *)a.x)[i] == (float)((double *)b.x)[i]);
        tg_dataset_finish(&a);
        tg_dataset_finish(&b);
    }
}

static void points_are_where_the_formulas_say(void **state)
{
    (void)state;
    enum { N = 6000 };
    tg_dataset set = { .dtype = TG_F64 };
    assert_int_equal(tg_dataset_moons(&set, N, 0, 2, NULL), TG_OK);
    for (int i = 0; i < N; i++) {
        const double *p = (double *)set.x + 2 * i;
        const double x = set.labels[i] ? p[0] - 1 : p[0], y = set.labels[i] ? 0.5 - p[1] : p[1];
        assert_true(fabs(hypot(x, y) - 1) < 1e-14 && y > -1e-14);
    }
    tg_dataset_finish(&set);
    assert_int_equal(tg_dataset_spirals(&set, N, 5, 0, 2, NULL), TG_OK);
    for (int i = 0; i < N; i++) {
        const double *p = (double *)set.x + 2 * i, radius = hypot(p[0], p[1]);
        const double angle = 6.283185307179586 * (set.labels[i] / 5. + 0.75 * radius);
        assert_true(radius > 0.1 - 1e-14 && radius < 1 + 1e-14);
        assert_true(fabs(p[0] - radius * cos(angle)) < 1e-13 && fabs(p[1] - radius * sin(angle)) < 1e-13);
    }
    tg_dataset_finish(&set);
    int inside[2] = { 0 }, overlap = 0;
    assert_int_equal(tg_dataset_ellipse(&set, N, 2, NULL), TG_OK);
    for (int i = 0; i < N; i++) {
        const double *p = (double *)set.x + 2 * i;
        const double ellipse = p[0] * p[0] / 4 + p[1] * p[1], u = p[0] - 1.5, v = p[1] - 1, circle = u * u + v * v;
        assert_true((set.labels[i] ? circle : ellipse) < 1 + 1e-14);
        inside[set.labels[i]] += (set.labels[i] ? circle : ellipse) < 0.25; /* a quarter of the area */
        overlap += circle < 1 && ellipse < 1;
    }
    for (int k = 0; k < 2; k++)
        assert_true(fabs(inside[k] - N / 8.) < 5 * sqrt(N / 2. * 3 / 16));
    assert_in_range(overlap, N / 20, N / 3);
    tg_dataset_finish(&set);
}

/* The noise is normal: of standard deviation 0.1 across the moon. */
static void noise_has_its_deviation(void **state)
{
    (void)state;
    enum { N = 20000 };
    tg_dataset clean = { .dtype = TG_F64 }, noisy = { .dtype = TG_F64 };
    assert_int_equal(tg_dataset_moons(&clean, N, 0, 3, NULL), TG_OK);
    assert_int_equal(tg_dataset_moons(&noisy, N, 0.1, 3, NULL), TG_OK);
    double squares = 0;
    for (int i = 0; i < 2 * N; i++) {
        const double d = ((double *)noisy.x)[i] - ((double *)clean.x)[i];
        squares += d * d;
    }
    assert_true(fabs(squares / (2 * N) - 0.01) < 5 * 0.01 * sqrt(2. / (2 * N)));
    tg_dataset_finish(&clean);
    tg_dataset_finish(&noisy);
}

static void generators_refuse_invalid_arguments(void **state)
{
    (void)state;
    tg_dataset set = { 0 };
    tg_error err;
    for (int k = 0; k < SETS; k++) {
        assert_int_equal(sets[k].make(NULL, 5, 1, &err), TG_ERR_ARGUMENT);
        assert_int_equal(sets[k].make(&set, 0, 1, &err), TG_ERR_ARGUMENT);
        assert_int_equal(sets[k].make(&set, -1, 1, &err), TG_ERR_ARGUMENT);
        assert_non_null(strstr(err.text, "-1 rows"));
        assert_int_equal(sets[k].make(&set, INT64_MAX, 1, &err), TG_ERR_SHAPE);
    }
    assert_int_equal(tg_dataset_moons(&set, 5, -0.5, 1, &err), TG_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "noise is -0.5"));
    assert_int_equal(tg_dataset_moons(&set, 5, HUGE_VAL, 1, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_moons(&set, 5, HUGE_VAL - HUGE_VAL, 1, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_spirals(&set, 5, 1, 0, 1, &err), TG_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "1 arms"));
    assert_true(!set.x && !set.labels);
}

/* Digits ------------------------------------------------------------------------------------------------------------ */

static void digits_are_pictures(void **state)
{
    (void)state;
    enum { N = 500 };
    tg_dataset set = { 0 };
    assert_int_equal(tg_dataset_digits(&set, N, 4, NULL), TG_OK);
    for (int i = 0; i < N; i++) {
        const float *picture = (float *)set.x + 784 * i;
        int dark = 0, bright = 0;
        for (int j = 0; j < 784; j++) {
            assert_true(picture[j] >= 0 && picture[j] <= 1);
            dark += picture[j] < 0.45f;
            bright += picture[j] > 0.55f;
        }
        assert_true(dark > 392 && bright > 10);
    }
    tg_dataset_finish(&set);
}

/* Glyphs differ, and so do pictures of one digit; yet the nearest of ten mean pictures is right far more often than
   chance, and far from always. */
static void digits_are_neither_trivial_nor_unlearnable(void **state)
{
    (void)state;
    enum { N = 3000 };
    static double means[10][784];
    memset(means, 0, sizeof means);
    tg_dataset train = { 0 }, test = { 0 };
    assert_int_equal(tg_dataset_digits(&train, N, 1, NULL), TG_OK);
    assert_int_equal(tg_dataset_digits(&test, N, 2, NULL), TG_OK);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < 784; j++)
            means[train.labels[i]][j] += (double)((float *)train.x)[784 * i + j] * 10 / N;
    int right = 0;
    for (int i = 0; i < N; i++) {
        double least = HUGE_VAL;
        int best = -1;
        for (int k = 0; k < 10; k++) {
            double d = 0;
            for (int j = 0; j < 784; j++) {
                const double e = (double)((float *)test.x)[784 * i + j] - means[k][j];
                d += e * e;
            }
            if (d < least) {
                least = d;
                best = k;
            }
        }
        right += best == test.labels[i];
    }
    assert_in_range(right, N / 2, N * 4 / 5);
    tg_dataset_finish(&train);
    tg_dataset_finish(&test);
}

static void failed_allocations_leak_nothing(void **state)
{
    (void)state;
    for (int k = 0; k < SETS; k++) {
        tg_status status = TG_ERR_MEMORY;
        for (long n = 1; status != TG_OK; n++) {
            failing f = { .fail_at = n };
            const tg_allocator a = failing_allocator(&f);
            tg_dataset set = { .allocator = &a };
            tg_error err;
            status = sets[k].make(&set, 10, 1, &err);
            assert_int_equal(err.status, status);
            assert_true(status == TG_OK ? n == 3 : status == TG_ERR_MEMORY && !set.x && !set.labels && set.n == 0);
            tg_dataset_finish(&set);
            assert_true(f.outstanding == 0 && f.bytes == 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generated_sets_are_the_same_everywhere),
        cmocka_unit_test(a_longer_set_begins_with_the_shorter),
        cmocka_unit_test(float32_is_float64_rounded),
        cmocka_unit_test(points_are_where_the_formulas_say),
        cmocka_unit_test(noise_has_its_deviation),
        cmocka_unit_test(generators_refuse_invalid_arguments),
        cmocka_unit_test(digits_are_pictures),
        cmocka_unit_test(digits_are_neither_trivial_nor_unlearnable),
        cmocka_unit_test(failed_allocations_leak_nothing),
    };
    return cmocka_run_group_tests_name("generate", tests, NULL, NULL);
}
