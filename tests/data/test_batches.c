/* test_batches.c - batches: each row once an epoch, in an order of seed and epoch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "failing_allocator.h"
#include "tapegrad/data.h"
#include "tapegrad/ops.h"
#include "tapegrad/tape.h"

enum { N = 23 };

/* Row i is i, -i and labelled i mod 4. */
static tg_dataset numbered(tg_dtype dtype)
{
    tg_dataset set = { .dtype = dtype };
    assert_int_equal(tg_dataset_init(&set, N, 2, 4, NULL), TG_OK);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < 2; j++)
            if (dtype == TG_F64)
                ((double *)set.x)[2 * i + j] = j ? -i : i;
            else
                ((float *)set.x)[2 * i + j] = (float)(j ? -i : i);
        set.labels[i] = i % 4;
    }
    return set;
}

/* Runs to the end of the epoch; the numbers of the rows as they came, and how many. */
static int run_epoch(tg_batches *batches, tg_dtype dtype, int size, int order[N])
{
    tg_batch b;
    int n = 0;
    while (tg_batches_next(batches, &b)) {
        assert_true(b.n >= 1 && b.n <= size && n + b.n <= N);
        assert_true(b.n == size || n + b.n == N); /* only the last one may be shorter */
        assert_true(b.shape.rank == 2 && b.shape.dims[0] == b.n && b.shape.dims[1] == 2);
        for (int i = 0; i < b.n; i++, n++) {
            const double x = dtype == TG_F64 ? ((const double *)b.x)[2 * i] : (double)((const float *)b.x)[2 * i];
            const double y =
                dtype == TG_F64 ? ((const double *)b.x)[2 * i + 1] : (double)((const float *)b.x)[2 * i + 1];
            order[n] = (int)x;
            assert_true(y == -x && b.labels[i] == order[n] % 4);
        }
    }
    return n;
}

static void assert_each_once(const int order[N])
{
    int seen[N] = { 0 };
    for (int i = 0; i < N; i++)
        seen[order[i]]++;
    for (int i = 0; i < N; i++)
        assert_int_equal(seen[i], 1);
}

static void every_row_comes_once_an_epoch(void **state)
{
    (void)state;
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++)
        for (int size = 1; size <= N + 2; size++) {
            tg_dataset set = numbered((tg_dtype)dtype);
            tg_batches *batches = tg_batches_create(&set, &(tg_batches_config){ .size = size, .seed = 5 }, NULL);
            assert_non_null(batches);
            assert_true(tg_batches_count(batches) == (N + size - 1) / size);
            int order[2][N];
            for (int epoch = 0; epoch < 2; epoch++) {
                assert_true(tg_batches_epoch(batches) == epoch);
                assert_int_equal(run_epoch(batches, (tg_dtype)dtype, size, order[epoch]), N);
                assert_each_once(order[epoch]);
            }
            assert_memory_not_equal(order[0], order[1], sizeof order[0]);
            tg_batches_destroy(batches);
            tg_dataset_finish(&set);
        }
}

static void order_depends_on_seed_and_epoch_only(void **state)
{
    (void)state;
    tg_dataset set = numbered(TG_F32);
    int order[4][N], again[N];
    tg_batches *a = tg_batches_create(&set, &(tg_batches_config){ .size = 4, .seed = 7 }, NULL);
    tg_batches *b = tg_batches_create(&set, &(tg_batches_config){ .size = 9, .seed = 7 }, NULL);
    tg_batches *c = tg_batches_create(&set, &(tg_batches_config){ .size = 4, .seed = 8 }, NULL);
    for (int epoch = 0; epoch < 4; epoch++) {
        run_epoch(a, TG_F32, 4, order[epoch]);
        run_epoch(b, TG_F32, 9, again);
        assert_memory_equal(order[epoch], again, sizeof again);
        run_epoch(c, TG_F32, 4, again);
        assert_memory_not_equal(order[epoch], again, sizeof again);
    }
    /* Resumed, in any order of epochs, and from the middle of one. */
    tg_batch part;
    for (int epoch = 3; epoch >= 0; epoch--) {
        tg_batches_start(a, epoch);
        assert_true(tg_batches_next(a, &part) && tg_batches_next(a, &part));
        tg_batches_start(a, epoch);
        assert_true(tg_batches_epoch(a) == epoch);
        assert_int_equal(run_epoch(a, TG_F32, 4, again), N);
        assert_memory_equal(order[epoch], again, sizeof again);
    }
    tg_batches_start(a, -5);
    run_epoch(a, TG_F32, 4, again);
    assert_memory_equal(order[0], again, sizeof again);
    tg_batches_destroy(a);
    tg_batches_destroy(b);
    tg_batches_destroy(c);
    tg_dataset_finish(&set);
}

static void in_order_batches_point_into_the_set(void **state)
{
    (void)state;
    tg_dataset set = numbered(TG_F64);
    tg_batches *batches = tg_batches_create(&set, &(tg_batches_config){ .size = 10, .in_order = true }, NULL);
    tg_batch b;
    for (int epoch = 0; epoch < 2; epoch++) {
        for (int i = 0; i < 3; i++) {
            assert_true(tg_batches_next(batches, &b));
            assert_true(b.n == (i < 2 ? 10 : 3));
            assert_ptr_equal(b.x, (double *)set.x + 20 * i);
            assert_ptr_equal(b.labels, set.labels + 10 * i);
        }
        assert_false(tg_batches_next(batches, &b));
    }
    tg_batches_destroy(batches);
    tg_dataset_finish(&set);
}

static void a_last_shorter_batch_can_be_dropped(void **state)
{
    (void)state;
    tg_dataset set = numbered(TG_F32);
    tg_batches *batches = tg_batches_create(&set, &(tg_batches_config){ .size = 5, .drop_last = true }, NULL);
    assert_true(tg_batches_count(batches) == 4);
    tg_batch b = { 0 };
    int n = 0;
    while (tg_batches_next(batches, &b)) {
        assert_true(b.n == 5);
        n++;
    }
    assert_int_equal(n, 4);
    tg_batches_destroy(batches);
    batches = tg_batches_create(&set, &(tg_batches_config){ .size = N, .drop_last = true }, NULL);
    assert_true(tg_batches_count(batches) == 1);
    tg_batches_destroy(batches);
    tg_dataset_finish(&set);
}

static void the_default_size_is_64(void **state)
{
    (void)state;
    tg_dataset set = { 0 };
    assert_int_equal(tg_dataset_init(&set, 129, 1, 1, NULL), TG_OK);
    tg_batches *batches = tg_batches_create(&set, NULL, NULL);
    tg_batch b;
    assert_true(tg_batches_count(batches) == 3);
    assert_true(tg_batches_next(batches, &b) && b.n == 64);
    tg_batches_destroy(batches);
    tg_dataset_finish(&set);
}

static void assert_says(tg_tape *t, tg_status status, const char *text)
{
    assert_int_equal(tg_tape_status(t), status);
    assert_non_null(strstr(tg_tape_message(t), text));
    tg_tape_reset(t);
}

/* Rows can be wrapped on a tape of their dtype. On a tape of the other dtype it is an error; their bits are never read as the other type. */
static void rows_are_wrapped_with_their_dtype(void **state)
{
    (void)state;
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++)
        for (int in_order = 0; in_order < 2; in_order++) {
            tg_dataset set = numbered((tg_dtype)dtype), empty = { 0 };
            tg_batches *batches =
                tg_batches_create(&set, &(tg_batches_config){ .size = 5, .in_order = in_order }, NULL);
            tg_tape *t = tg_tape_create((tg_dtype)dtype), *other = tg_tape_create((tg_dtype)!dtype);
            tg_batch b = { 0 };
            double first[2];
            assert_false(tg_is_valid(tg_wrap_batch(t, &b)));
            assert_says(t, TG_ERR_ARGUMENT, "wrap_batch: the batch has no rows; tg_batches_next fills it");
            assert_true(tg_batches_next(batches, &b));
            assert_int_equal(b.dtype, dtype);
            const tg_tensor x = tg_wrap_batch(t, &b), all = tg_wrap_dataset(t, &set);
            assert_ptr_equal(tg_data(x), b.x);
            assert_ptr_equal(tg_data(all), set.x);
            assert_true(tg_dim(x, 0) == 5 && tg_dim(x, 1) == 2 && tg_dim(all, 0) == N && tg_dim(all, 1) == 2);
            assert_int_equal(tg_read_f64(tg_slice(all, 0, 3, 4), first, 2), TG_OK);
            assert_true(first[0] == 3 && first[1] == -3);
            assert_false(tg_is_valid(tg_wrap_batch(other, &b)));
            assert_says(other, TG_ERR_DTYPE,
                        dtype == TG_F64
                            ? "wrap_batch: rows of float64 on a tape of float32; fill a set of the tape's"
                            : "wrap_batch: rows of float32 on a tape of float64; fill a set of the tape's");
            assert_false(tg_is_valid(tg_wrap_dataset(other, &set)));
            assert_says(other, TG_ERR_DTYPE, "wrap_dataset: rows of float");
            assert_false(tg_is_valid(tg_wrap_batch(t, NULL)));
            assert_says(t, TG_ERR_ARGUMENT, "wrap_batch: the batch is NULL");
            assert_false(tg_is_valid(tg_wrap_dataset(t, NULL)));
            assert_says(t, TG_ERR_ARGUMENT, "wrap_dataset: the set is NULL");
            assert_false(tg_is_valid(tg_wrap_dataset(t, &empty)));
            assert_says(t, TG_ERR_STATE, "wrap_dataset: the set is empty");
            assert_false(tg_is_valid(tg_wrap_batch(NULL, &b)));
            assert_false(tg_is_valid(tg_wrap_dataset(NULL, &set)));
            tg_tape_destroy(t);
            tg_tape_destroy(other);
            tg_batches_destroy(batches);
            tg_dataset_finish(&set);
        }
}

static void invalid_arguments_are_refused(void **state)
{
    (void)state;
    tg_dataset set = numbered(TG_F32), none = { 0 };
    tg_error err;
    assert_null(tg_batches_create(NULL, NULL, &err));
    assert_int_equal(err.status, TG_ERR_ARGUMENT);
    assert_null(tg_batches_create(&none, NULL, &err));
    assert_int_equal(err.status, TG_ERR_STATE);
    assert_null(tg_batches_create(&set, &(tg_batches_config){ .size = -3 }, &err));
    assert_int_equal(err.status, TG_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "-3"));
    assert_null(tg_batches_create(&set, &(tg_batches_config){ .size = N + 1, .drop_last = true }, &err));
    assert_int_equal(err.status, TG_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "size is 24"));
    assert_null(tg_batches_create(&set, &(tg_batches_config){ .drop_last = true }, &err));
    assert_non_null(strstr(err.text, "size is 64"));
    tg_batch b;
    assert_false(tg_batches_next(NULL, &b));
    tg_batches_start(NULL, 0);
    assert_true(tg_batches_epoch(NULL) == 0 && tg_batches_count(NULL) == 0);
    tg_batches_destroy(NULL);
    tg_batches *batches = tg_batches_create(&set, NULL, &err);
    assert_int_equal(err.status, TG_OK);
    assert_false(tg_batches_next(batches, NULL));
    tg_batches_destroy(batches);
    tg_dataset_finish(&set);
}

static void only_create_allocates(void **state)
{
    (void)state;
    tg_dataset set = numbered(TG_F32);
    tg_batches *batches = NULL;
    for (long n = 1; !batches; n++) {
        failing f = { .fail_at = n };
        const tg_allocator a = failing_allocator(&f);
        tg_error err;
        batches = tg_batches_create(&set, &(tg_batches_config){ .size = 4, .allocator = &a }, &err);
        assert_int_equal(err.status, batches ? TG_OK : TG_ERR_MEMORY);
        if (batches) {
            const long calls = f.calls;
            int order[N];
            for (int epoch = 0; epoch < 3; epoch++)
                run_epoch(batches, TG_F32, 4, order);
            assert_true(f.calls == calls && n == 5);
            tg_batches_destroy(batches);
        }
        assert_true(f.outstanding == 0 && f.bytes == 0);
    }
    tg_dataset_finish(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_comes_once_an_epoch),
        cmocka_unit_test(order_depends_on_seed_and_epoch_only),
        cmocka_unit_test(in_order_batches_point_into_the_set),
        cmocka_unit_test(a_last_shorter_batch_can_be_dropped),
        cmocka_unit_test(the_default_size_is_64),
        cmocka_unit_test(rows_are_wrapped_with_their_dtype),
        cmocka_unit_test(invalid_arguments_are_refused),
        cmocka_unit_test(only_create_allocates),
    };
    return cmocka_run_group_tests_name("batches", tests, NULL, NULL);
}
