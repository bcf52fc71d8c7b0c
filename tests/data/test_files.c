/* test_files.c - IDX and CIFAR-10 files, correct and damaged. */
#include "scratch.h"

#include "failing_allocator.h"
#include "tapegrad/data.h"

/* Three pictures of 2 x 2, and their labels. */
static const unsigned char images[] = { 0, 0, 8, 3, 0, 0, 0, 3,  0,   0,  0,  2,   0,   0,
                                        0, 2, 0, 1, 2, 3, 4, 51, 255, 60, 70, 128, 200, 254 };
static const unsigned char labels[] = { 0, 0, 8, 1, 0, 0, 0, 3, 9, 0, 5 };

static void write_pair(void **state, const void *x, size_t x_size, const void *y, size_t y_size)
{
    scratch_write(scratch_path(state, "x"), x, x_size);
    scratch_write(scratch_path(state, "y"), y, y_size);
}

static tg_status read_pair(void **state, tg_dataset *set, tg_error *err)
{
    return tg_dataset_read_idx(set, scratch_path(state, "x"), scratch_path(state, "y"), 10, err);
}

static void assert_empty(const tg_dataset *set)
{
    assert_true(set->n == 0 && set->features == 0 && set->classes == 0 && !set->x && !set->labels);
}

/* The pair in the directory is refused with a message that contains all of these (up to the first NULL). */
static void assert_refused(void **state, tg_status status, const char *const says[4])
{
    tg_dataset set = { 0 };
    tg_error err;
    assert_int_equal(read_pair(state, &set, &err), status);
    assert_int_equal(err.status, status);
    for (int i = 0; i < 4 && says[i]; i++)
        if (!strstr(err.text, says[i]))
            fail_msg("\"%s\" does not say \"%s\"", err.text, says[i]);
    assert_empty(&set);
}
#define SAYS(...) ((const char *const[4]){ __VA_ARGS__ })

static void idx_is_read(void **state)
{
    write_pair(state, images, sizeof images, labels, sizeof labels);
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        tg_dataset set = { .dtype = (tg_dtype)dtype };
        tg_error err = { .status = TG_ERR_IO, .text = "old" };
        assert_int_equal(read_pair(state, &set, &err), TG_OK);
        assert_true(err.status == TG_OK && err.text[0] == '\0');
        assert_true(set.n == 3 && set.features == 4 && set.classes == 10 && set.dtype == (tg_dtype)dtype);
        for (int i = 0; i < 12; i++) {
            const double expected = images[16 + i] / 255.;
            if (dtype == TG_F32)
                assert_true(((float *)set.x)[i] == (float)expected);
            else
                assert_true(((double *)set.x)[i] == expected);
        }
        assert_true(set.labels[0] == 9 && set.labels[1] == 0 && set.labels[2] == 5);
        assert_int_equal(read_pair(state, &set, &err), TG_ERR_STATE);
        assert_non_null(strstr(err.text, "3 rows"));
        tg_dataset_finish(&set);
        assert_empty(&set);
        assert_true(set.dtype == (tg_dtype)dtype);
    }
}

static void idx_of_other_ranks_is_read(void **state)
{
    static const unsigned char rank2[] = { 0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9 };
    static const unsigned char rank4[] = { 0, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1, 7, 8, 9 };
    static const unsigned char one[] = { 0, 0, 8, 1, 0, 0, 0, 1, 2 };
    tg_dataset set = { 0 };
    write_pair(state, rank2, sizeof rank2, one, sizeof one);
    assert_int_equal(read_pair(state, &set, NULL), TG_OK);
    assert_true(set.n == 1 && set.features == 3 && ((float *)set.x)[2] == 9.f / 255);
    tg_dataset_finish(&set);
    write_pair(state, rank4, sizeof rank4, one, sizeof one);
    assert_int_equal(read_pair(state, &set, NULL), TG_OK);
    assert_true(set.n == 1 && set.features == 3 && ((float *)set.x)[2] == 9.f / 255);
    tg_dataset_finish(&set);
    /* Labels have rank 1, pictures do not. */
    write_pair(state, rank2, sizeof rank2, rank2, sizeof rank2);
    assert_refused(state, TG_ERR_FORMAT,
                   SAYS("/y: ", "magic number", "0x00000802", "expected 0x00000801 (unsigned bytes of rank 1)"));
    write_pair(state, one, sizeof one, one, sizeof one);
    assert_refused(
        state, TG_ERR_FORMAT,
        SAYS("/x: ", "magic number", "0x00000801", "0x00000802 to 0x00000804 (unsigned bytes of rank 2 to 4)"));
}

static void every_truncation_of_idx_is_refused(void **state)
{
    for (size_t size = 0; size < sizeof images; size++) {
        write_pair(state, images, size, labels, sizeof labels);
        assert_refused(state, TG_ERR_FORMAT, SAYS("/x: ", "expected"));
    }
    for (size_t size = 0; size < sizeof labels; size++) {
        write_pair(state, images, sizeof images, labels, size);
        assert_refused(state, TG_ERR_FORMAT, SAYS("/y: ", "expected"));
    }
    write_pair(state, images, 0, labels, sizeof labels);
    assert_refused(state, TG_ERR_FORMAT, SAYS("magic number", "0 bytes", "expected 4"));
    write_pair(state, images, sizeof images - 1, labels, sizeof labels);
    assert_refused(state, TG_ERR_FORMAT, SAYS("file of 27 bytes", "expected 28", "[3, 2, 2]"));
}

/* One byte of the pair changed. */
static void assert_byte_refused(void **state, char file, size_t at, unsigned char value, tg_status status,
                                const char *const says[4])
{
    unsigned char x[sizeof images + 1] = { 0 }, y[sizeof labels + 1] = { 0 };
    memcpy(x, images, sizeof images);
    memcpy(y, labels, sizeof labels);
    (file == 'x' ? x : y)[at] = value;
    write_pair(state, x, sizeof images + (file == 'x' && at == sizeof images), y,
               sizeof labels + (file == 'y' && at == sizeof labels));
    assert_refused(state, status, says);
}

static void damaged_idx_is_refused(void **state)
{
    assert_byte_refused(state, 'x', sizeof images, 1, TG_ERR_FORMAT, SAYS("/x: ", "29 bytes", "expected 28"));
    assert_byte_refused(state, 'y', sizeof labels, 1, TG_ERR_FORMAT, SAYS("/y: ", "12 bytes", "expected 11"));
    assert_byte_refused(state, 'x', 0, 1, TG_ERR_FORMAT, SAYS("/x: ", "0x01000803", "0x00000802"));
    assert_byte_refused(state, 'x', 2, 0x0d, TG_ERR_FORMAT, SAYS("/x: ", "0x00000d03", "0x00000802"));
    assert_byte_refused(state, 'x', 3, 5, TG_ERR_FORMAT, SAYS("/x: ", "0x00000805", "0x00000802"));
    assert_byte_refused(state, 'x', 7, 4, TG_ERR_FORMAT, SAYS("/x: ", "28 bytes", "expected 32", "[4, 2, 2]"));
    assert_byte_refused(state, 'x', 7, 0, TG_ERR_FORMAT, SAYS("/x: ", "[0, 2, 2]", "expected at least 1"));
    assert_byte_refused(state, 'x', 15, 0, TG_ERR_FORMAT, SAYS("/x: ", "[3, 2, 0]", "expected at least 1"));
    assert_byte_refused(state, 'x', 4, 0xff, TG_ERR_FORMAT, SAYS("/x: ", "28 bytes", "expected 17112760348"));
    assert_byte_refused(state, 'y', 3, 3, TG_ERR_FORMAT, SAYS("/y: ", "0x00000803", "0x00000801"));
    assert_byte_refused(state, 'y', 7, 2, TG_ERR_FORMAT, SAYS("/y: ", "11 bytes", "expected 10"));
    assert_byte_refused(state, 'y', 9, 10, TG_ERR_RANGE, SAYS("/y: ", "label of row 1 is 10", "0 .. 9"));
    assert_byte_refused(state, 'y', 10, 255, TG_ERR_RANGE, SAYS("/y: ", "label of row 2 is 255", "0 .. 9"));
}

static void files_of_other_formats_are_refused(void **state)
{
    static const unsigned char huge[] = { 0,   0,   8,   4,   255, 255, 255, 255, 255, 255,
                                          255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };
    static const unsigned char gzip[] = { 0x1f, 0x8b, 8, 8, 1, 2, 3, 4 };
    static const unsigned char two[] = { 0, 0, 8, 1, 0, 0, 0, 2, 1, 1 };
    write_pair(state, huge, sizeof huge, labels, sizeof labels);
    assert_refused(state, TG_ERR_FORMAT, SAYS("/x: ", "4294967295, 4294967295", "overflow", "20"));
    write_pair(state, gzip, sizeof gzip, labels, sizeof labels);
    assert_refused(state, TG_ERR_FORMAT, SAYS("/x: ", "0x1f8b0808", "gzip"));
    write_pair(state, images, sizeof images, two, sizeof two);
    assert_refused(state, TG_ERR_FORMAT, SAYS("/y: ", "/x", "labels is 2", "3 images"));
}

static void directories_and_missing_files_are_refused(void **state)
{
    tg_dataset set = { 0 };
    tg_error err;
    write_pair(state, images, sizeof images, labels, sizeof labels);
    const char *x = scratch_path(state, "x"), *y = scratch_path(state, "y");
    const char *dir = ((scratch *)*state)->dir;
    assert_int_equal(tg_dataset_read_idx(&set, dir, y, 10, &err), TG_ERR_IO);
    assert_non_null(strstr(err.text, "directory"));
    assert_int_equal(tg_dataset_read_idx(&set, x, scratch_path(state, "absent"), 10, &err), TG_ERR_IO);
    assert_non_null(strstr(err.text, "absent: cannot open: No such file"));
    assert_int_equal(mkfifo(scratch_path(state, "pipe"), 0600), 0);
    assert_int_equal(tg_dataset_read_idx(&set, scratch_path(state, "pipe"), y, 10, &err), TG_ERR_IO);
    assert_non_null(strstr(err.text, "pipe"));
    assert_int_equal(tg_dataset_read_idx(&set, NULL, y, 10, &err), TG_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "images"));
    assert_int_equal(tg_dataset_read_idx(&set, x, NULL, 10, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_read_idx(NULL, x, y, 10, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_read_idx(&set, x, y, 0, &err), TG_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "0 classes"));
    assert_empty(&set);
}

static void long_paths_keep_their_reason(void **state)
{
    (void)state;
    char path[3000];
    memset(path, 'd', sizeof path);
    path[sizeof path - 1] = '\0';
    for (size_t i = 0; i < sizeof path - 1; i += 100)
        path[i] = '/';
    tg_dataset set = { 0 };
    tg_error err;
    assert_int_equal(tg_dataset_read_idx(&set, path, path, 10, &err), TG_ERR_IO);
    assert_non_null(strstr(err.text, "No such file"));
    assert_int_equal(tg_dataset_read_mnist(&set, path, TG_TEST, &err), TG_ERR_IO);
    assert_non_null(strstr(err.text, "t10k-images-idx3-ubyte: cannot open: No such file"));
}

static void mnist_has_its_names(void **state)
{
    tg_dataset set = { 0 };
    tg_error err;
    const char *dir = ((scratch *)*state)->dir;
    assert_int_equal(tg_dataset_read_mnist(&set, dir, TG_TRAIN, &err), TG_ERR_IO);
    assert_non_null(strstr(err.text, "/train-images-idx3-ubyte: "));
    scratch_write(scratch_path(state, "train-images-idx3-ubyte"), images, sizeof images);
    assert_int_equal(tg_dataset_read_mnist(&set, dir, TG_TRAIN, &err), TG_ERR_IO);
    assert_non_null(strstr(err.text, "/train-labels-idx1-ubyte: "));
    scratch_write(scratch_path(state, "train-labels-idx1-ubyte"), labels, sizeof labels);
    assert_int_equal(tg_dataset_read_mnist(&set, dir, TG_TRAIN, &err), TG_OK);
    assert_true(set.n == 3 && set.classes == 10);
    tg_dataset_finish(&set);
    assert_int_equal(tg_dataset_read_mnist(&set, dir, (tg_part)7, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_read_mnist(&set, NULL, TG_TRAIN, &err), TG_ERR_ARGUMENT);
    assert_empty(&set);
}

/* CIFAR-10 ----------------------------------------------------------------------------------------------------------- */

enum { RECORD = 3073 };

/* A batch of n records: pixel j of record i is i + j mod 256, labels count from `label`. */
static void write_batch(const char *path, int n, int label, long extra)
{
    unsigned char *data = calloc((size_t)(n + 1), RECORD);
    assert_non_null(data);
    for (int i = 0; i < n; i++) {
        data[i * RECORD] = (unsigned char)(label + i);
        for (int j = 1; j < RECORD; j++)
            data[i * RECORD + j] = (unsigned char)(i + j - 1);
    }
    scratch_write(path, data, (size_t)(n * RECORD + extra));
    free(data);
}

/* Any number of rows each, where the caller chooses the files. */
static void batches_of_cifar10_are_read(void **state)
{
    const char *paths[5];
    tg_dataset set = { .dtype = TG_F64 };
    tg_error err;
    for (int i = 1; i <= 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "small_%d", i);
        paths[i - 1] = scratch_path(state, name);
        write_batch(paths[i - 1], i, i, 0);
    }
    assert_int_equal(tg_dataset_read_cifar10_files(&set, paths, 5, &err), TG_OK);
    assert_true(set.n == 15 && set.features == 3072 && set.classes == 10);
    for (int batch = 1, row = 0; batch <= 5; batch++)
        for (int i = 0; i < batch; i++, row++) {
            assert_int_equal(set.labels[row], batch + i);
            for (int j = 0; j < 3072; j += 311)
                assert_true(((double *)set.x)[row * 3072 + j] == ((i + j) & 255) / 255.);
        }
    tg_dataset_finish(&set);
}

/* A file of `size` zeros, which takes no space on the disk. */
static void write_zeros(const char *path, off_t size)
{
    scratch_write(path, "", 0);
    assert_int_equal(truncate(path, size), 0);
}

/* The published set has 10000 rows in each file: a truncated one is refused, also where it ends with a row. */
static void incomplete_cifar10_is_refused(void **state)
{
    enum { ROWS = 10000 };
    const char *dir = ((scratch *)*state)->dir, *test = scratch_path(state, "test_batch.bin");
    failing f = { .fail_at = 2 };
    const tg_allocator poor = failing_allocator(&f);
    tg_dataset set = { 0 }, train = { .allocator = &poor };
    tg_error err;
    static const struct {
        long rows, extra;
    } cuts[] = { { 9999, 0 }, { 10001, 0 }, { 1, 0 }, { 0, 0 }, { 10000, -1 }, { 10000, 1 } };
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        write_zeros(test, cuts[i].rows * RECORD + cuts[i].extra);
        assert_int_equal(tg_dataset_read_cifar10(&set, dir, TG_TEST, &err), TG_ERR_FORMAT);
        assert_non_null(strstr(err.text, "/test_batch.bin: file of "));
        assert_non_null(strstr(err.text, "expected 30730000 (10000 records of a label and 3072 pixels)"));
    }
    write_zeros(test, (off_t)ROWS * RECORD);
    assert_int_equal(tg_dataset_read_cifar10(&set, dir, TG_TEST, &err), TG_OK);
    assert_true(set.n == ROWS && set.features == 3072);
    tg_dataset_finish(&set);
    for (int i = 1; i <= 5; i++) {
        char name[32];
        assert_int_equal(tg_dataset_read_cifar10(&set, dir, TG_TRAIN, &err), TG_ERR_IO);
        snprintf(name, sizeof name, "data_batch_%d.bin", i);
        assert_non_null(strstr(err.text, name));
        write_zeros(scratch_path(state, name), (off_t)ROWS * RECORD);
    }
    /* All five are opened. Then the allocation of 50000 rows fails, so that the test does not need that memory. */
    assert_int_equal(tg_dataset_read_cifar10(&train, dir, TG_TRAIN, &err), TG_ERR_MEMORY);
    assert_non_null(strstr(err.text, "50000 rows of 3072 features"));
    write_zeros(scratch_path(state, "data_batch_4.bin"), (off_t)(ROWS - 1) * RECORD);
    assert_int_equal(tg_dataset_read_cifar10(&set, dir, TG_TRAIN, &err), TG_ERR_FORMAT);
    assert_non_null(strstr(err.text, "/data_batch_4.bin: "));
    assert_empty(&set);
}

static void damaged_cifar10_is_refused(void **state)
{
    tg_dataset set = { 0 };
    tg_error err;
    const char *good = scratch_path(state, "good"), *bad = scratch_path(state, "bad");
    const char *const both[] = { good, bad };
    write_batch(good, 2, 0, 0);
    static const struct {
        int n, label;
        long extra;
        tg_status status;
        const char *says[2];
    } cases[] = {
        { 2, 0, -1, TG_ERR_FORMAT, { "6145 bytes", "multiple of 3073" } },
        { 2, 0, 1, TG_ERR_FORMAT, { "6147 bytes", "multiple of 3073" } },
        { 0, 0, 0, TG_ERR_FORMAT, { "0 bytes", "multiple of 3073" } },
        { 2, 9, 0, TG_ERR_RANGE, { "label of row 1 is 10", "0 .. 9" } },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_batch(bad, cases[i].n, cases[i].label, cases[i].extra);
        assert_int_equal(tg_dataset_read_cifar10_files(&set, both, 2, &err), cases[i].status);
        assert_non_null(strstr(err.text, "/bad: "));
        assert_non_null(strstr(err.text, cases[i].says[0]));
        assert_non_null(strstr(err.text, cases[i].says[1]));
        assert_empty(&set);
    }
    const char *const hole[] = { good, NULL };
    assert_int_equal(tg_dataset_read_cifar10_files(&set, hole, 2, &err), TG_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "paths[1]"));
    assert_int_equal(tg_dataset_read_cifar10_files(&set, both, 0, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_read_cifar10_files(&set, NULL, 1, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_read_cifar10_files(NULL, both, 1, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_dataset_read_cifar10(&set, NULL, TG_TRAIN, &err), TG_ERR_ARGUMENT);
}

/* Every allocation fails once, until all succeed. */
static void failed_allocations_leak_nothing(void **state)
{
    write_pair(state, images, sizeof images, labels, sizeof labels);
    write_batch(scratch_path(state, "batch"), 2, 0, 0);
    for (int what = 0; what < 2; what++) {
        tg_status status = TG_ERR_MEMORY;
        long n = 0;
        while (status != TG_OK) {
            failing f = { .fail_at = ++n };
            const tg_allocator a = failing_allocator(&f);
            tg_dataset set = { .allocator = &a };
            tg_error err;
            const char *const batch = scratch_path(state, "batch");
            status = what ? tg_dataset_read_cifar10_files(&set, &batch, 1, &err) : read_pair(state, &set, &err);
            assert_int_equal(err.status, status);
            if (status != TG_OK) {
                assert_int_equal(status, TG_ERR_MEMORY);
                assert_non_null(strstr(err.text, "no memory"));
                assert_empty(&set);
            }
            tg_dataset_finish(&set);
            assert_true(f.outstanding == 0 && f.bytes == 0);
        }
        assert_true(n == (what ? 4 : 3));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(idx_is_read),
        cmocka_unit_test(idx_of_other_ranks_is_read),
        cmocka_unit_test(every_truncation_of_idx_is_refused),
        cmocka_unit_test(damaged_idx_is_refused),
        cmocka_unit_test(files_of_other_formats_are_refused),
        cmocka_unit_test(directories_and_missing_files_are_refused),
        cmocka_unit_test(long_paths_keep_their_reason),
        cmocka_unit_test(mnist_has_its_names),
        cmocka_unit_test(batches_of_cifar10_are_read),
        cmocka_unit_test(incomplete_cifar10_is_refused),
        cmocka_unit_test(damaged_cifar10_is_refused),
        cmocka_unit_test(failed_allocations_leak_nothing),
    };
    return cmocka_run_group_tests_name("files", tests, scratch_open, scratch_close);
}
