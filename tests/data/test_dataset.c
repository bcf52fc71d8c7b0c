/* test_dataset.c - data sets: create and destroy, parts, moments. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "failing_allocator.h"
#include "tapegrad/data.h"
#include "tapegrad/rng.h"

/* n rows of three features: row i is 10 i, 10 i + 1, 10 i + 2 and labelled i mod 5. */
static tg_dataset numbered(tg_dtype dtype, int64_t n)
{
    tg_dataset set = { .dtype = dtype };
    assert_int_equal(tg_dataset_init(&set, n, 3, 5, NULL), TG_OK);
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < 3; j++)
            if (dtype == TG_F64)
                ((double *)set.x)[3 * i + j] = (double)(10 * i + j);
            else
                ((float *)set.x)[3 * i + j] = (float)(10 * i + j);
        set.labels[i] = (int32_t)(i % 5);
    }
    return set;
}

static double at(const tg_dataset *set, int64_t i)
{
    return set->dtype == TG_F64 ? ((double *)set->x)[i] : (double)((float *)set->x)[i];
}

/* That row i of `part` is row `number` of a numbered set. */
static void assert_row(const tg_dataset *part, int64_t i, int64_t number)
{
    for (int64_t j = 0; j < 3; j++)
        assert_true(at(part, 3 * i + j) == (double)(10 * number + j));
    assert_true(part->labels[i] == number % 5);
}

static void assert_empty(const tg_dataset *set)
{
    assert_true(set->n == 0 && set->features == 0 && set->classes == 0 && !set->x && !set->labels);
}

static void init_makes_zeros(void **state)
{
    (void)state;
    tg_dataset set = { .dtype = TG_F64 };
    assert_int_equal(tg_dataset_init(&set, 4, 6, 2, NULL), TG_OK);
    for (int i = 0; i < 24; i++)
        assert_true(at(&set, i) == 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(set.labels[i], 0);
    tg_dataset_finish(&set);
    assert_empty(&set);
    assert_true(set.dtype == TG_F64);
    tg_dataset_finish(&set);
    tg_dataset_finish(NULL);
}

static void init_refuses_invalid_arguments(void **state)
{
    (void)state;
    tg_dataset set = { 0 }, odd = { .dtype = (tg_dtype)2 };
    tg_error err;
    assert_int_equal(tg_dataset_init(NULL, 1, 1, 1, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_init(&odd, 1, 1, 1, &err), TG_ERR_DTYPE);
    assert_int_equal(tg_dataset_init(&set, 0, 1, 1, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_init(&set, 1, -1, 1, &err), TG_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "1 rows of -1 features in 1 classes"));
    assert_int_equal(tg_dataset_init(&set, 1, 1, 0, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_init(&set, INT64_MAX / 2, 3, 1, &err), TG_ERR_SHAPE);
    failing f = { .fail_at = 1 };
    const tg_allocator a = failing_allocator(&f);
    set.allocator = &a;
    assert_int_equal(tg_dataset_init(&set, 5, 7, 1, &err), TG_ERR_MEMORY);
    assert_non_null(strstr(err.text, "no memory for 5 rows of 7 features"));
    assert_empty(&set);
}

static void take_copies_and_converts(void **state)
{
    (void)state;
    static const int64_t rows[] = { 6, 0, 6, 3 };
    for (int from = TG_F32; from <= TG_F64; from++)
        for (int to = TG_F32; to <= TG_F64; to++) {
            tg_dataset set = numbered((tg_dtype)from, 7), part = { .dtype = (tg_dtype)to };
            assert_int_equal(tg_dataset_take(&set, rows, 4, &part, NULL), TG_OK);
            tg_dataset_finish(&set);
            assert_true(part.n == 4 && part.features == 3 && part.classes == 5 && part.dtype == (tg_dtype)to);
            for (int i = 0; i < 4; i++)
                assert_row(&part, i, rows[i]);
            tg_dataset_finish(&part);
        }
}

static void slice_copies(void **state)
{
    (void)state;
    tg_dataset set = numbered(TG_F32, 7), part = { .dtype = TG_F64 };
    assert_int_equal(tg_dataset_slice(&set, 2, 7, &part, NULL), TG_OK);
    assert_true(part.n == 5);
    for (int i = 0; i < 5; i++)
        assert_row(&part, i, i + 2);
    tg_dataset_finish(&part);
    tg_dataset_finish(&set);
}

static void parts_refuse_invalid_arguments(void **state)
{
    (void)state;
    static const int64_t above[] = { 0, 7 }, below[] = { -1 };
    tg_dataset set = numbered(TG_F32, 7), out = { 0 }, other = { 0 }, full = numbered(TG_F32, 2), none = { 0 };
    tg_error err;
    assert_int_equal(tg_dataset_take(&set, above, 2, &out, &err), TG_ERR_RANGE);
    assert_non_null(strstr(err.text, "rows[1] is 7, expected 0 .. 6"));
    assert_int_equal(tg_dataset_take(&set, below, 1, &out, &err), TG_ERR_RANGE);
    assert_int_equal(tg_dataset_take(&set, above, 0, &out, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_take(&set, NULL, 1, &out, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_take(&none, above, 1, &out, &err), TG_ERR_STATE);
    assert_int_equal(tg_dataset_take(&set, above, 1, &full, &err), TG_ERR_STATE);
    assert_int_equal(tg_dataset_take(&set, above, 1, &set, &err), TG_ERR_STATE);
    assert_int_equal(tg_dataset_take(&set, above, 1, NULL, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_slice(&set, 3, 3, &out, &err), TG_ERR_RANGE);
    assert_int_equal(tg_dataset_slice(&set, -1, 3, &out, &err), TG_ERR_RANGE);
    assert_int_equal(tg_dataset_slice(&set, 0, 8, &out, &err), TG_ERR_RANGE);
    assert_non_null(strstr(err.text, "start 0, stop 8, expected 0 <= start < stop <= 7"));
    assert_int_equal(tg_dataset_split(&set, 7, 1, &out, &other, &err), TG_ERR_RANGE);
    assert_non_null(strstr(err.text, "count is 7, expected 1 .. 6"));
    assert_int_equal(tg_dataset_split(&set, 0, 1, &out, &other, &err), TG_ERR_RANGE);
    assert_int_equal(tg_dataset_split(&set, 3, 1, &out, &full, &err), TG_ERR_STATE);
    assert_int_equal(tg_dataset_split(&set, 3, 1, &out, &out, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_split(&set, 3, 1, NULL, &out, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_split(NULL, 3, 1, &out, &other, &err), TG_ERR_ARGUMENT);
    assert_empty(&out);
    assert_empty(&other);
    assert_true(full.n == 2 && set.n == 7);
    assert_row(&full, 1, 1);
    tg_dataset_finish(&full);
    tg_dataset_finish(&set);
}

/* Every row comes once, in an order that the seed decides. */
static void split_divides(void **state)
{
    (void)state;
    enum { N = 100, FIRST = 80 };
    tg_dataset set = numbered(TG_F32, N), first = { 0 }, second = { .dtype = TG_F64 };
    int order[2][N];
    for (int k = 0; k < 3; k++) {
        int seen[N] = { 0 };
        assert_int_equal(tg_dataset_split(&set, FIRST, k == 2 ? 4 : 3, &first, &second, NULL), TG_OK);
        assert_true(first.n == FIRST && second.n == N - FIRST && second.dtype == TG_F64);
        for (int i = 0; i < N; i++) {
            const tg_dataset *part = i < FIRST ? &first : &second;
            const int64_t row = i < FIRST ? i : i - FIRST;
            const int number = (int)at(part, 3 * row) / 10;
            assert_row(part, row, number);
            seen[number]++;
            order[k > 0][i] = number;
        }
        for (int i = 0; i < N; i++)
            assert_int_equal(seen[i], 1);
        if (k == 1)
            assert_memory_equal(order[0], order[1], sizeof order[0]);
        if (k == 2)
            assert_memory_not_equal(order[0], order[1], sizeof order[0]);
        tg_dataset_finish(&first);
        tg_dataset_finish(&second);
    }
    tg_dataset_finish(&set);
}

/* Uniform numbers in an interval of width 1 far from 0: sums of squares would lose all digits. */
static void moments_are_exact_with_an_offset(void **state)
{
    (void)state;
    enum { N = 5000, WIDTH = 3 };
    static const double offsets[] = { 0, 1e9, -1e12 };
    tg_dataset set = { .dtype = TG_F64 };
    assert_int_equal(tg_dataset_init(&set, N, WIDTH, 1, NULL), TG_OK);
    tg_rng rng = tg_rng_seed(3);
    for (int i = 0; i < N * WIDTH; i++)
        ((double *)set.x)[i] = offsets[i % WIDTH] + tg_rng_uniform(&rng);
    double mean[WIDTH], deviation[WIDTH];
    assert_int_equal(tg_dataset_moments(&set, mean, deviation, NULL), TG_OK);
    for (int j = 0; j < WIDTH; j++) {
        long double sum = 0, squares = 0;
        for (int i = 0; i < N; i++)
            sum += (long double)(((double *)set.x)[i * WIDTH + j] - offsets[j]);
        for (int i = 0; i < N; i++) {
            const long double d = (long double)(((double *)set.x)[i * WIDTH + j] - offsets[j]) - sum / N;
            squares += d * d;
        }
        const double grain = fabs(offsets[j]) * 0x1p-53 + 1e-15;
        assert_true(fabs(mean[j] - offsets[j] - (double)(sum / N)) <= 4 * grain);
        assert_true(fabs(deviation[j] - sqrt((double)(squares / N))) <= 4 * grain + 1e-12);
    }
    tg_dataset_finish(&set);
}

/* 0, 1, 2, ... m - 1 plus an offset: mean (m - 1) / 2, variance (m^2 - 1) / 12. The size is no multiple of a block. */
static void overall_moments_are_exact_with_an_offset(void **state)
{
    (void)state;
    enum { N = 1001, WIDTH = 7, M = N * WIDTH };
    static const double offsets[] = { 0, 1e6, 1e11 };
    tg_dataset set = { .dtype = TG_F64 };
    assert_int_equal(tg_dataset_init(&set, N, WIDTH, 1, NULL), TG_OK);
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < M; i++)
            ((double *)set.x)[i] = offsets[k] + i;
        double mean, deviation;
        assert_int_equal(tg_dataset_moments_overall(&set, &mean, &deviation, NULL), TG_OK);
        assert_true(fabs(mean - offsets[k] - (M - 1) / 2.) <= 1e-12 * (offsets[k] + M));
        assert_true(fabs(deviation - sqrt(((double)M * M - 1) / 12)) <= 1e-9 * M);
    }
    tg_dataset_finish(&set);
}

static void moments_of_one_row(void **state)
{
    (void)state;
    tg_dataset set = numbered(TG_F32, 1);
    double mean[3], deviation[3];
    assert_int_equal(tg_dataset_moments(&set, mean, deviation, NULL), TG_OK);
    assert_true(mean[0] == 0 && mean[2] == 2 && deviation[0] == 0 && deviation[2] == 0);
    assert_int_equal(tg_dataset_moments_overall(&set, mean, deviation, NULL), TG_OK);
    assert_true(mean[0] == 1 && fabs(deviation[0] - sqrt(2. / 3)) < 1e-15);
    tg_dataset_finish(&set);
}

static void standardize_uses_what_it_is_given(void **state)
{
    (void)state;
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        tg_dataset set = numbered((tg_dtype)dtype, 4);
        static const double mean[] = { 5, 0, 12 }, deviation[] = { 2, 0, 4 };
        assert_int_equal(tg_dataset_standardize(&set, mean, deviation, NULL), TG_OK);
        for (int i = 0; i < 4; i++) {
            assert_true(at(&set, 3 * i) == (10 * i - 5) / 2.);
            assert_true(at(&set, 3 * i + 1) == 10 * i + 1); /* a deviation of 0 counts as 1 */
            assert_true(at(&set, 3 * i + 2) == (10 * i + 2 - 12) / 4.);
        }
        tg_dataset_finish(&set);
        set = numbered((tg_dtype)dtype, 4);
        assert_int_equal(tg_dataset_standardize(&set, mean, NULL, NULL), TG_OK);
        assert_int_equal(tg_dataset_standardize(&set, NULL, deviation, NULL), TG_OK);
        assert_int_equal(tg_dataset_standardize(&set, NULL, NULL, NULL), TG_OK);
        assert_true(at(&set, 9) == 12.5 && at(&set, 10) == 31 && at(&set, 11) == 5);
        tg_dataset_finish(&set);
    }
}

static void standardized_data_have_0_and_1(void **state)
{
    (void)state;
    tg_dataset set = numbered(TG_F64, 50);
    double mean[3], deviation[3];
    for (int i = 0; i < 50; i++)
        ((double *)set.x)[3 * i + 1] = 7; /* constant */
    assert_int_equal(tg_dataset_moments(&set, mean, deviation, NULL), TG_OK);
    assert_int_equal(tg_dataset_standardize(&set, mean, deviation, NULL), TG_OK);
    assert_int_equal(tg_dataset_moments(&set, mean, deviation, NULL), TG_OK);
    for (int j = 0; j < 3; j++) {
        assert_true(fabs(mean[j]) < 1e-14);
        assert_true(j == 1 ? deviation[j] == 0 : fabs(deviation[j] - 1) < 1e-14);
    }
    tg_dataset_finish(&set);
}

static void moments_refuse_invalid_arguments(void **state)
{
    (void)state;
    tg_dataset set = numbered(TG_F32, 2), none = { 0 };
    double m[3];
    tg_error err;
    assert_int_equal(tg_dataset_moments(NULL, m, m, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_moments(&none, m, m, &err), TG_ERR_STATE);
    assert_int_equal(tg_dataset_moments(&set, NULL, m, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_moments(&set, m, NULL, &err), TG_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "deviation is NULL"));
    assert_int_equal(tg_dataset_moments_overall(&set, NULL, m, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_moments_overall(&none, m, m, &err), TG_ERR_STATE);
    assert_int_equal(tg_dataset_standardize(NULL, m, m, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_standardize(&none, m, m, &err), TG_ERR_STATE);
    tg_dataset_finish(&set);
}

static void failed_allocations_leak_nothing(void **state)
{
    (void)state;
    tg_dataset set = numbered(TG_F32, 9);
    tg_status status = TG_ERR_MEMORY;
    long n = 0;
    while (status != TG_OK) {
        failing f = { .fail_at = ++n };
        const tg_allocator a = failing_allocator(&f);
        tg_dataset first = { .allocator = &a }, second = { .dtype = TG_F64, .allocator = &a };
        tg_error err;
        status = tg_dataset_split(&set, 4, 1, &first, &second, &err);
        assert_int_equal(err.status, status);
        if (status != TG_OK) {
            assert_int_equal(status, TG_ERR_MEMORY);
            assert_empty(&first);
            assert_empty(&second);
        }
        tg_dataset_finish(&first);
        tg_dataset_finish(&second);
        assert_true(f.outstanding == 0 && f.bytes == 0);
    }
    assert_true(n == 6);
    tg_dataset_finish(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(init_makes_zeros),
        cmocka_unit_test(init_refuses_invalid_arguments),
        cmocka_unit_test(take_copies_and_converts),
        cmocka_unit_test(slice_copies),
        cmocka_unit_test(parts_refuse_invalid_arguments),
        cmocka_unit_test(split_divides),
        cmocka_unit_test(moments_are_exact_with_an_offset),
        cmocka_unit_test(overall_moments_are_exact_with_an_offset),
        cmocka_unit_test(moments_of_one_row),
        cmocka_unit_test(standardize_uses_what_it_is_given),
        cmocka_unit_test(standardized_data_have_0_and_1),
        cmocka_unit_test(moments_refuse_invalid_arguments),
        cmocka_unit_test(failed_allocations_leak_nothing),
    };
    return cmocka_run_group_tests_name("dataset", tests, NULL, NULL);
}
