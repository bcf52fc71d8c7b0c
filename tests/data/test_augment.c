/* test_augment.c - rows mirrored and scaled at batch time: values by hand, and what they depend on. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "failing_allocator.h"
#include "tapegrad/data.h"
#include "threads.h"

/* Two channels of three lines of three, and its mirror images. */
enum { PIXELS = 18 };
static const int row[PIXELS] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, /**/ 11, 12, 13, 14, 15, 16, 17, 18, 19 };
static const int left_right[PIXELS] = { 3, 2, 1, 6, 5, 4, 9, 8, 7, /**/ 13, 12, 11, 16, 15, 14, 19, 18, 17 };
static const int top_bottom[PIXELS] = { 7, 8, 9, 4, 5, 6, 1, 2, 3, /**/ 17, 18, 19, 14, 15, 16, 11, 12, 13 };
static const int both_ways[PIXELS] = { 9, 8, 7, 6, 5, 4, 3, 2, 1, /**/ 19, 18, 17, 16, 15, 14, 13, 12, 11 };

static double get(const void *x, tg_dtype dtype, int64_t i)
{
    return dtype == TG_F64 ? ((const double *)x)[i] : (double)((const float *)x)[i];
}

static void put(tg_dataset *set, int64_t i, double value)
{
    if (set->dtype == TG_F64)
        ((double *)set->x)[i] = value;
    else
        ((float *)set->x)[i] = (float)value;
}

/* n rows, the i-th of them `row` times i + 1. */
static tg_dataset pictures(tg_dtype dtype, int64_t n)
{
    tg_dataset set = { .dtype = dtype };
    assert_int_equal(tg_dataset_init(&set, n, PIXELS, 10, NULL), TG_OK);
    for (int64_t i = 0; i < n * PIXELS; i++)
        put(&set, i, row[i % PIXELS] * (double)(i / PIXELS + 1));
    for (int64_t i = 0; i < n; i++)
        set.labels[i] = (int32_t)(i % 10);
    return set;
}

static tg_batches *augmented(const tg_dataset *set, const tg_augment *a, int64_t size, bool in_order)
{
    tg_error err;
    tg_batches *batches = tg_batches_create(
        set, &(tg_batches_config){ .size = size, .seed = 11, .in_order = in_order, .augment = a }, &err);
    if (!batches)
        fail_msg("%s", err.text);
    return batches;
}

static void probabilities_of_one_and_zero_are_certain(void **state)
{
    (void)state;
    const struct {
        double horizontal, vertical;
        const int *expected;
    } cases[] = { { 0, 0, row }, { 1, 0, left_right }, { 0, 1, top_bottom }, { 1, 1, both_ways } };
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++)
        for (int c = 0; c < 4; c++) {
            tg_dataset set = pictures((tg_dtype)dtype, 40);
            const tg_augment a = { 2, 3, 3, cases[c].horizontal, cases[c].vertical, 0 };
            tg_batches *batches = augmented(&set, &a, 40, true);
            tg_batch b;
            for (int epoch = 0; epoch < 3; epoch++) {
                assert_true(tg_batches_next(batches, &b) && b.n == 40);
                for (int i = 0; i < 40 * PIXELS; i++)
                    assert_true(get(b.x, (tg_dtype)dtype, i) ==
                                cases[c].expected[i % PIXELS] * (double)(i / PIXELS + 1));
                assert_false(tg_batches_next(batches, &b));
            }
            tg_batches_destroy(batches);
            tg_dataset_finish(&set);
        }
}

/* Lines longer than a vector, of a length that is no multiple of one, and one column, and one line. */
static void every_layout_is_mirrored(void **state)
{
    (void)state;
    const int layouts[][3] = { { 1, 1, 37 }, { 1, 37, 1 }, { 3, 2, 35 }, { 2, 5, 16 }, { 4, 1, 1 }, { 1, 1, 1 } };
    for (size_t l = 0; l < sizeof layouts / sizeof *layouts; l++)
        for (int way = 0; way < 4; way++) {
            const int c = layouts[l][0], h = layouts[l][1], w = layouts[l][2];
            tg_dataset set = { .dtype = way % 2 ? TG_F64 : TG_F32 };
            assert_int_equal(tg_dataset_init(&set, 3, (int64_t)c * h * w, 1, NULL), TG_OK);
            for (int64_t i = 0; i < 3 * set.features; i++)
                put(&set, i, (double)i);
            const tg_augment a = { c, h, w, way & 1, way >> 1, 0 };
            tg_batches *batches = augmented(&set, &a, 2, true);
            tg_batch b;
            assert_true(tg_batches_next(batches, &b) && tg_batches_next(batches, &b) && b.n == 1); /* row 2 */
            for (int i = 0; i < c; i++)
                for (int y = 0; y < h; y++)
                    for (int x = 0; x < w; x++) {
                        const int fy = way >> 1 ? h - 1 - y : y, fx = way & 1 ? w - 1 - x : x;
                        assert_true(get(b.x, set.dtype, (i * h + y) * w + x) ==
                                    (double)(2 * set.features + (i * h + fy) * w + fx));
                    }
            tg_batches_destroy(batches);
            tg_dataset_finish(&set);
        }
}

/* Which of the four a row of a batch is, where it is `number` times one of them; -1 for none. */
static int kind_of(const tg_batch *b, int64_t i)
{
    const int *const kinds[] = { row, left_right, top_bottom, both_ways };
    const float *x = (const float *)b->x + i * PIXELS;
    float first = x[0];
    for (int k = 1; k < 9; k++)
        first = x[k] < first ? x[k] : first; /* the pixel 1 */
    for (int k = 0; k < 4; k++) {
        bool same = true;
        for (int p = 0; p < PIXELS; p++)
            same &= x[p] == first * (float)kinds[k][p];
        if (same)
            return k;
    }
    return -1;
}

/* 4000 draws of a probability p have a standard deviation of at most 32. */
static void rows_are_mirrored_with_the_given_probabilities_independently(void **state)
{
    (void)state;
    enum { N = 4000 };
    tg_dataset set = pictures(TG_F32, N);
    tg_batches *batches = augmented(&set, &(tg_augment){ 2, 3, 3, 0.25, 0.6, 0 }, N, true);
    const double p[4] = { 0.75 * 0.4, 0.25 * 0.4, 0.75 * 0.6, 0.25 * 0.6 };
    tg_batch b;
    for (int epoch = 0; epoch < 2; epoch++) {
        assert_true(tg_batches_next(batches, &b));
        int count[4] = { 0 };
        for (int i = 0; i < N; i++) {
            const int k = kind_of(&b, i);
            assert_in_range(k, 0, 3);
            count[k]++;
        }
        for (int k = 0; k < 4; k++)
            assert_true(fabs(count[k] - N * p[k]) < 5 * sqrt(N * p[k] * (1 - p[k])));
        assert_false(tg_batches_next(batches, &b));
    }
    tg_batches_destroy(batches);
    tg_dataset_finish(&set);
}

static void a_row_is_scaled_by_one_factor_of_the_range(void **state)
{
    (void)state;
    enum { N = 2000 };
    tg_dataset set = pictures(TG_F64, N);
    tg_batches *batches = augmented(&set, &(tg_augment){ 2, 3, 3, 0, 0, 0.2 }, N, true);
    tg_batch b;
    double least[2], most[2], first[2];
    for (int epoch = 0; epoch < 2; epoch++) {
        assert_true(tg_batches_next(batches, &b));
        const double *x = b.x;
        least[epoch] = 2;
        most[epoch] = 0;
        double sum = 0;
        for (int i = 0; i < N; i++) {
            const double factor = x[i * PIXELS] / (i + 1);
            for (int j = 0; j < PIXELS; j++)
                assert_true(fabs(x[i * PIXELS + j] - factor * (i + 1) * row[j]) <= 1e-12 * x[i * PIXELS + j]);
            least[epoch] = fmin(least[epoch], factor);
            most[epoch] = fmax(most[epoch], factor);
            sum += factor;
        }
        assert_true(least[epoch] >= 0.8 - 1e-15 && least[epoch] < 0.81);
        assert_true(most[epoch] <= 1.2 + 1e-15 && most[epoch] > 1.19);
        assert_true(fabs(sum / N - 1) < 5 * 0.4 / sqrt(12.0 * N));
        first[epoch] = x[0];
        assert_false(tg_batches_next(batches, &b));
    }
    assert_true(first[0] != first[1]);
    tg_batches_destroy(batches);
    tg_dataset_finish(&set);
}

enum { ROWS = 301, WIDE = 2 * 30 * 31 };

/* Rows [2, 30, 31], long enough that a batch is gathered by several tasks; the first number is the row's. */
static tg_dataset numbered(void)
{
    tg_dataset set = { .dtype = TG_F32 };
    assert_int_equal(tg_dataset_init(&set, ROWS, WIDE, ROWS, NULL), TG_OK);
    for (int64_t i = 0; i < (int64_t)ROWS * WIDE; i++)
        put(&set, i, 1 + (double)(i % 8191));
    for (int i = 0; i < ROWS; i++)
        set.labels[i] = i;
    return set;
}

/* The rows of an epoch, each at its number. */
static void run_epoch(tg_batches *batches, float *rows)
{
    tg_batch b;
    while (tg_batches_next(batches, &b))
        for (int i = 0; i < b.n; i++)
            memcpy(rows + (int64_t)b.labels[i] * WIDE, (const float *)b.x + (int64_t)i * WIDE, WIDE * sizeof *rows);
}

static void a_row_depends_on_seed_epoch_and_number_only(void **state)
{
    (void)state;
    static float rows[3][ROWS * WIDE], again[ROWS * WIDE];
    tg_dataset set = numbered(), before = { .dtype = TG_F32 };
    assert_int_equal(tg_dataset_slice(&set, 0, ROWS, &before, NULL), TG_OK);
    const tg_augment a = { 2, 30, 31, 0.5, 0.5, 0.3 };
    use_threads(1);
    tg_batches *first = augmented(&set, &a, 64, false);
    for (int epoch = 0; epoch < 3; epoch++)
        run_epoch(first, rows[epoch]);
    assert_memory_not_equal(rows[0], rows[1], sizeof again);
    for (int threads = 1; threads <= 4; threads++)
        for (int size = 1; size <= ROWS; size += 100)
            for (int in_order = 0; in_order < 2; in_order++) {
                use_threads(threads);
                tg_batches *batches = augmented(&set, &a, size, in_order);
                for (int epoch = 2; epoch >= 0; epoch--) {
                    tg_batches_start(batches, epoch);
                    memset(again, 0, sizeof again);
                    run_epoch(batches, again);
                    assert_memory_equal(again, rows[epoch], sizeof again);
                }
                tg_batches_destroy(batches);
            }
    tg_batches *other = tg_batches_create(&set, &(tg_batches_config){ .seed = 12, .augment = &a }, NULL);
    run_epoch(other, again);
    assert_memory_not_equal(again, rows[0], sizeof again);
    tg_batches_destroy(other);
    assert_memory_equal(set.x, before.x, sizeof again);
    tg_batches_destroy(first);
    tg_dataset_finish(&set);
    tg_dataset_finish(&before);
    use_threads(0);
}

/* Without flips and scale, an augmented row is the row; the order is that of the seed, augmented or not. */
static void no_change_leaves_the_rows_as_they_are(void **state)
{
    (void)state;
    tg_dataset set = numbered();
    ((float *)set.x)[5] = -0.0f;
    ((float *)set.x)[6] = INFINITY;
    tg_batches *plain = tg_batches_create(&set, &(tg_batches_config){ .size = 50, .seed = 11 }, NULL);
    tg_batches *batches = augmented(&set, &(tg_augment){ .channels = 2, .height = 30, .width = 31 }, 50, false);
    tg_batch b, c;
    while (tg_batches_next(plain, &b)) {
        assert_true(tg_batches_next(batches, &c) && c.n == b.n);
        assert_memory_equal(b.x, c.x, (size_t)b.n * WIDE * sizeof(float));
        assert_memory_equal(b.labels, c.labels, (size_t)b.n * sizeof *b.labels);
    }
    assert_false(tg_batches_next(batches, &c));
    tg_batches_destroy(plain);
    tg_batches_destroy(batches);
    tg_dataset_finish(&set);
}

static void settings_are_copied_and_labels_in_order_point_into_the_set(void **state)
{
    (void)state;
    tg_dataset set = pictures(TG_F64, 5);
    tg_augment a = { 2, 3, 3, 1, 0, 0 };
    tg_batches *batches = augmented(&set, &a, 3, true);
    a = (tg_augment){ 0 };
    tg_batch b;
    assert_true(tg_batches_next(batches, &b) && tg_batches_next(batches, &b));
    assert_true(b.n == 2 && b.labels == set.labels + 3);
    assert_true(get(b.x, TG_F64, 0) == 3 * 4 && b.x != (const double *)set.x + 3 * PIXELS);
    tg_batches_destroy(batches);
    tg_dataset_finish(&set);
}

static void invalid_arguments_are_refused(void **state)
{
    (void)state;
    tg_dataset set = pictures(TG_F32, 3);
    const struct {
        tg_augment augment;
        tg_status status;
        const char *says;
    } cases[] = {
        { { 0 }, TG_ERR_ARGUMENT, "[0, 0, 0]" },
        { { 2, 3, 0, 0, 0, 0 }, TG_ERR_ARGUMENT, "[2, 3, 0]" },
        { { 2, -3, -3, 0, 0, 0 }, TG_ERR_ARGUMENT, "[2, -3, -3]" },
        { { 3, 3, 3, 0, 0, 0 }, TG_ERR_SHAPE, "[3, 3, 3], whose product is not the set's 18 features" },
        { { INT32_MAX, INT32_MAX, INT32_MAX, 0, 0, 0 }, TG_ERR_SHAPE, "18 features" },
        { { 2, 3, 3, -0.5, 0, 0 }, TG_ERR_ARGUMENT, "flip_horizontal is -0.5" },
        { { 2, 3, 3, (double)NAN, 0, 0 }, TG_ERR_ARGUMENT, "flip_horizontal is" },
        { { 2, 3, 3, 0, 1.5, 0 }, TG_ERR_ARGUMENT, "flip_vertical is 1.5" },
        { { 2, 3, 3, 0, 0, 1 }, TG_ERR_ARGUMENT, "scale is 1" },
        { { 2, 3, 3, 0, 0, -0.1 }, TG_ERR_ARGUMENT, "scale is -0.1" },
        { { 2, 3, 3, 0, 0, (double)NAN }, TG_ERR_ARGUMENT, "scale is" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tg_error err;
        assert_null(tg_batches_create(&set, &(tg_batches_config){ .augment = &cases[i].augment }, &err));
        assert_int_equal(err.status, cases[i].status);
        assert_non_null(strstr(err.text, "batches_create: augment"));
        assert_non_null(strstr(err.text, cases[i].says));
    }
    tg_dataset_finish(&set);
}

static void only_create_allocates(void **state)
{
    (void)state;
    tg_dataset set = pictures(TG_F32, 23);
    const tg_augment augment = { 2, 3, 3, 0.5, 0.5, 0.5 };
    for (int in_order = 0; in_order < 2; in_order++) {
        tg_batches *batches = NULL;
        for (long n = 1; !batches; n++) {
            failing f = { .fail_at = n };
            const tg_allocator a = failing_allocator(&f);
            tg_error err;
            batches = tg_batches_create(
                &set, &(tg_batches_config){ .size = 4, .in_order = in_order, .augment = &augment, .allocator = &a },
                &err);
            assert_int_equal(err.status, batches ? TG_OK : TG_ERR_MEMORY);
            if (batches) {
                const long calls = f.calls;
                tg_batch b;
                for (int epoch = 0; epoch < 3; epoch++)
                    while (tg_batches_next(batches, &b))
                        assert_true(b.n == 4 || b.n == 3);
                assert_true(f.calls == calls && calls == (in_order ? 2 : 4));
                tg_batches_destroy(batches);
            }
            assert_true(f.outstanding == 0 && f.bytes == 0);
        }
    }
    tg_dataset_finish(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(probabilities_of_one_and_zero_are_certain),
        cmocka_unit_test(every_layout_is_mirrored),
        cmocka_unit_test(rows_are_mirrored_with_the_given_probabilities_independently),
        cmocka_unit_test(a_row_is_scaled_by_one_factor_of_the_range),
        cmocka_unit_test(a_row_depends_on_seed_epoch_and_number_only),
        cmocka_unit_test(no_change_leaves_the_rows_as_they_are),
        cmocka_unit_test(settings_are_copied_and_labels_in_order_point_into_the_set),
        cmocka_unit_test(invalid_arguments_are_refused),
        cmocka_unit_test(only_create_allocates),
    };
    return cmocka_run_group_tests_name("augment", tests, NULL, NULL);
}
