/* test_save.c - saved files: their bytes, loads of them, and failures, which lose nothing. */
#include "scratch.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "failing_allocator.h"
#include "tapegrad/io.h"

static tg_params *make(tg_dtype dtype, const char *name, int64_t n, const tg_allocator *allocator)
{
    const tg_param_spec specs[] = { { .name = name, .shape = { 1, { n } } }, { .name = "last", .shape = { 0 } } };
    tg_params *p = tg_params_create_with(dtype, specs, 2, allocator, NULL);
    assert_non_null(p);
    return p;
}

static void a_file_has_these_bytes(void **state)
{
    static const char header[] = "{\"__metadata__\":{\"k\\\"\":\"\\u0009v\\\\\"},"
                                 "\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                                 "\"last\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[8,12]}}";
    static const unsigned char values[] = { 0, 0, 0x80, 0x3f, 0, 0, 0x20, 0xc0, 0, 0, 0, 0x3f };
    static const char *const metadata[] = { "k\"", "\tv\\", NULL };
    tg_params *p = make(TG_F32, "w", 2, NULL);
    assert_int_equal(tg_params_write_f32(p, 0, (float[]){ 1, -2.5f }, 2, NULL), TG_OK);
    assert_int_equal(tg_params_write_f32(p, 1, (float[]){ 0.5f }, 1, NULL), TG_OK);
    tg_error err = { .status = TG_ERR_IO, .text = "old" };
    assert_int_equal(tg_params_save_with(p, scratch_path(state, "file"), metadata, &err), TG_OK);
    assert_true(err.status == TG_OK && err.text[0] == '\0');
    size_t size;
    unsigned char *bytes = scratch_read(scratch_path(state, "file"), &size);
    const size_t text = sizeof header - 1, padded = (text + 7) / 8 * 8;
    assert_true(text != padded); /* else the blanks are not tested */
    assert_true(size == 8 + padded + sizeof values);
    assert_true(bytes[0] == padded);
    for (int i = 1; i < 8; i++)
        assert_int_equal(bytes[i], 0);
    assert_memory_equal(bytes + 8, header, text);
    for (size_t i = text; i < padded; i++)
        assert_int_equal(bytes[8 + i], ' ');
    assert_memory_equal(bytes + 8 + padded, values, sizeof values);
    free(bytes);
    tg_params_destroy(p);
}

/* Bits that must survive: zeros, infinities, a NaN with a payload, subnormals; and more numbers than a buffer holds. */
static void values_are_loaded_bit_for_bit(void **state)
{
    enum { N = 1031 };
    static const uint64_t odd[] = { 0x8000000000000000, 0x7ff0000000000000, 0xfff8dead00000001, 1,
                                    0x3ff0000000000001 };
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        const size_t width = tg_dtype_size((tg_dtype)dtype);
        tg_params *p = make((tg_dtype)dtype, "w\"\\\n\x01 \xc3\xa9/", N, NULL),
                  *q = make((tg_dtype)dtype, "w\"\\\n\x01 \xc3\xa9/", N, NULL);
        unsigned char *values = tg_params_values(p, NULL);
        for (size_t i = 0; i < N; i++) {
            const uint64_t bits = i < 5 ? odd[i] : i * 0x9e3779b97f4a7c15;
            const uint32_t half = (uint32_t)(bits >> 32);
            if (dtype == TG_F64)
                memcpy(values + i * width, &bits, width);
            else
                memcpy(values + i * width, &half, width);
        }
        tg_params_touch(p);
        assert_int_equal(tg_params_save(p, scratch_path(state, "file"), NULL), TG_OK);
        assert_int_equal(tg_params_load(q, scratch_path(state, "file"), NULL), TG_OK);
        int64_t count;
        tg_params_values(p, &count);
        assert_memory_equal(values, tg_params_values(q, NULL), (size_t)count * width); /* the padding, too */
        tg_params_destroy(p);
        tg_params_destroy(q);
    }
}

static void the_other_dtype_is_converted(void **state)
{
    static const double wide[] = { 0.1, 1e300, -1e-60 };
    tg_params *narrow = make(TG_F32, "w", 3, NULL), *p = make(TG_F64, "w", 3, NULL);
    assert_int_equal(tg_params_write_f64(p, 0, wide, 3, NULL), TG_OK);
    assert_int_equal(tg_params_save(p, scratch_path(state, "file"), NULL), TG_OK);
    assert_int_equal(tg_params_load(narrow, scratch_path(state, "file"), NULL), TG_OK);
    const float *f = tg_params_values(narrow, NULL);
    assert_true(f[0] == 0.1f && f[1] > 3e38f && f[1] == f[1] + 1e38f && f[2] == 0);
    assert_int_equal(tg_params_save(narrow, scratch_path(state, "file"), NULL), TG_OK);
    assert_int_equal(tg_params_load(p, scratch_path(state, "file"), NULL), TG_OK);
    assert_true(((double *)tg_params_values(p, NULL))[0] == (double)0.1f);
    tg_params_destroy(narrow);
    tg_params_destroy(p);
}

static void an_empty_set_is_saved(void **state)
{
    tg_params *p = tg_params_create(TG_F32, NULL, 0, NULL);
    assert_int_equal(tg_params_save(p, scratch_path(state, "file"), NULL), TG_OK);
    size_t size;
    unsigned char *bytes = scratch_read(scratch_path(state, "file"), &size);
    assert_true(size == 16);
    assert_memory_equal(bytes + 8, "{}      ", 8);
    assert_int_equal(tg_params_load(p, scratch_path(state, "file"), NULL), TG_OK);
    free(bytes);
    tg_params_destroy(p);
}

static void metadata_are_read(void **state)
{
    static const char *const metadata[] = { "sizes", "784,300,10", "\xe2\x82\xac", "\"\n\x01\\", "empty", "", NULL };
    tg_params *p = make(TG_F32, "w", 2, NULL);
    const char *path = scratch_path(state, "file");
    char value[11];
    tg_error err;
    assert_int_equal(tg_params_save_with(p, path, metadata, NULL), TG_OK);
    assert_int_equal(tg_params_load(p, path, NULL), TG_OK);
    for (int i = 0; metadata[i]; i += 2) {
        assert_int_equal(tg_params_read_metadata(path, metadata[i], value, sizeof value, &err), TG_OK);
        assert_string_equal(value, metadata[i + 1]);
        assert_int_equal(err.status, TG_OK);
    }
    assert_int_equal(tg_params_read_metadata(path, "size", value, sizeof value, &err), TG_ERR_RANGE);
    assert_non_null(strstr(err.text, "no metadata for 'size' among 3 keys"));
    assert_string_equal(value, "");
    assert_int_equal(tg_params_read_metadata(path, "sizes", value, 10, &err), TG_ERR_RANGE);
    assert_non_null(strstr(err.text, "need 11 bytes, expected at most 10"));
    assert_string_equal(value, "");
    assert_int_equal(tg_params_read_metadata(scratch_path(state, "absent"), "sizes", value, 11, &err), TG_ERR_IO);
    assert_int_equal(tg_params_read_metadata(NULL, "sizes", value, 11, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_params_read_metadata(path, NULL, value, 11, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_params_read_metadata(path, "sizes", NULL, 11, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_params_read_metadata(path, "sizes", value, 0, &err), TG_ERR_ARGUMENT);
    char zero[] = "\0\0\0\0\0\0\0\0{\"__metadata__\":{\"a\\u0000b\":\"1\",\"a\":\"x\",\"k\":\"\\u0000\"}}   ";
    zero[0] = (char)(sizeof zero - 1 - 8);
    scratch_write(path, zero, sizeof zero - 1);
    assert_int_equal(tg_params_read_metadata(path, "a", value, 11, &err), TG_OK);
    assert_string_equal(value, "x");
    assert_int_equal(tg_params_read_metadata(path, "k", value, 11, &err), TG_ERR_RANGE);
    assert_non_null(strstr(err.text, "the metadata for 'k' contain a zero character"));
    assert_string_equal(value, "");
    scratch_write(path, "damaged", 7);
    assert_int_equal(tg_params_read_metadata(path, "sizes", value, 11, &err), TG_ERR_FORMAT);
    tg_params_destroy(p);
}

static void names_that_cannot_be_written_are_refused(void **state)
{
    static const struct {
        const char *name, *metadata[5], *says;
    } cases[] = {
        { "__metadata__", { NULL }, "__metadata__" },  { "w\xff", { NULL }, "name of parameter 0 is not UTF-8" },
        { "w", { "k", NULL }, "'k' has no value" },    { "w", { "a", "\xc0\x80" }, "not UTF-8" },
        { "w", { "\xed\xa0\x80", "a" }, "not UTF-8" }, { "w", { "k", "1", "k", "2" }, "'k' occurs twice" },
    };
    tg_error err;
    scratch_count(state, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tg_params *p = make(TG_F32, cases[i].name, 2, NULL);
        assert_int_equal(tg_params_save_with(p, scratch_path(state, "new"), cases[i].metadata, &err),
                         TG_ERR_ARGUMENT);
        assert_int_equal(err.status, TG_ERR_ARGUMENT);
        assert_non_null(strstr(err.text, cases[i].says));
        tg_params_destroy(p);
    }
    tg_params *p = make(TG_F32, "w", 2, NULL);
    assert_int_equal(tg_params_save(NULL, "x", &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_params_save(p, NULL, &err), TG_ERR_ARGUMENT);
    tg_params_destroy(p);
    assert_int_equal(scratch_count(state, 0), 0);
}

/* After a failed save there must be the old file, and no other. */
static void assert_old(void **state)
{
    size_t size;
    unsigned char *bytes = scratch_read(scratch_path(state, "file"), &size);
    assert_true(size == 3 && memcmp(bytes, "old", 3) == 0);
    free(bytes);
    assert_int_equal(scratch_count(state, 0), 1);
}

static void a_failed_save_keeps_the_old_file(void **state)
{
    scratch_count(state, 1);
    scratch_write(scratch_path(state, "file"), "old", 3);
    tg_params *p = make(TG_F64, "w", 20000, NULL);
    tg_error err;
    /* A disk that is full after 1000 bytes. */
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    const struct rlimit small = { .rlim_cur = 1000, .rlim_max = limit.rlim_max };
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    const tg_status status = tg_params_save(p, scratch_path(state, "file"), &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(status, TG_ERR_IO);
    assert_non_null(strstr(err.text, "/file: cannot write: File too large"));
    assert_old(state);
    /* A directory that does not exist, and a directory in place of the file. */
    assert_int_equal(tg_params_save(p, scratch_path(state, "no/file"), &err), TG_ERR_IO);
    assert_non_null(strstr(err.text, "No such file"));
    assert_int_equal(mkdir(scratch_path(state, "folder"), 0700), 0);
    assert_int_equal(tg_params_save(p, scratch_path(state, "folder"), &err), TG_ERR_IO);
    assert_non_null(strstr(err.text, "/folder: is a directory, expected a regular file"));
    assert_int_equal(rmdir(scratch_path(state, "folder")), 0);
    assert_old(state);
    tg_params_destroy(p);
}

static void a_save_allocates_no_memory(void **state)
{
    failing f = { 0 };
    const tg_allocator a = failing_allocator(&f);
    tg_params *p = make(TG_F32, "w", 10, &a);
    static const char *const metadata[] = { "a", "1", "b", "2", NULL };
    tg_error err;
    f.fail_at = f.calls + 1;
    assert_int_equal(tg_params_save(p, scratch_path(state, "file"), NULL), TG_OK);
    assert_int_equal(tg_params_save_with(p, scratch_path(state, "file"), metadata, &err), TG_ERR_MEMORY);
    assert_non_null(strstr(err.text, "no memory for the order of 2 metadata keys"));
    assert_int_equal(tg_params_save_with(p, scratch_path(state, "file"), metadata, &err), TG_OK);
    tg_params_destroy(p);
}

typedef struct writer {
    char path[128];
    float value;
    bool failed;
} writer;

static void *write_often(void *context)
{
    writer *w = context;
    tg_params *p = make(TG_F32, "w", 3000, NULL);
    float *values = tg_params_values(p, NULL);
    for (int i = 0; i < 3000; i++)
        values[i] = w->value;
    for (int i = 0; i < 30; i++)
        w->failed |= tg_params_save(p, w->path, NULL) != TG_OK;
    tg_params_destroy(p);
    return NULL;
}

/* Two threads save to one path: at any time the file is complete, and of one of them. */
static void threads_may_save_to_one_path(void **state)
{
    scratch_count(state, 1);
    writer writers[2] = { { .value = 1 }, { .value = 2 } };
    pthread_t threads[2];
    tg_params *p = make(TG_F32, "w", 3000, NULL);
    assert_int_equal(tg_params_save(p, scratch_path(state, "file"), NULL), TG_OK);
    for (int k = 0; k < 2; k++) {
        snprintf(writers[k].path, sizeof writers[k].path, "%s", scratch_path(state, "file"));
        assert_int_equal(pthread_create(&threads[k], NULL, write_often, &writers[k]), 0);
    }
    for (int i = 0; i < 50; i++) {
        assert_int_equal(tg_params_load(p, scratch_path(state, "file"), NULL), TG_OK);
        const float *values = tg_params_values(p, NULL);
        for (int k = 1; k < 3000; k++)
            assert_true(values[k] == values[0]);
    }
    for (int k = 0; k < 2; k++) {
        pthread_join(threads[k], NULL);
        assert_false(writers[k].failed);
    }
    assert_int_equal(scratch_count(state, 0), 1);
    tg_params_destroy(p);
}

/* As many names and keys as would take minutes if each were compared with every other. */
static void many_names_are_fast(void **state)
{
    enum { MANY = 100000, BYTES = 16 };
    tg_param_spec *specs = calloc(MANY, sizeof *specs);
    const char **metadata = calloc(2 * MANY + 1, sizeof *metadata);
    char(*names)[BYTES] = calloc(MANY, BYTES), value[BYTES];
    const clock_t start = clock();
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], BYTES, "layer%d", (int)((i * INT64_C(7919)) % MANY));
        specs[i] = (tg_param_spec){ .name = names[i], .shape = { 0 } };
        metadata[2 * i] = metadata[2 * i + 1] = names[i];
    }
    tg_error err;
    tg_params *p = tg_params_create(TG_F32, specs, MANY, &err);
    const char *path = scratch_path(state, "file");
    assert_int_equal(tg_params_save_with(p, path, metadata, &err), TG_OK);
    assert_int_equal(tg_params_load(p, path, &err), TG_OK);
    assert_int_equal(tg_params_read_metadata(path, names[MANY - 1], value, BYTES, &err), TG_OK);
    assert_string_equal(value, names[MANY - 1]);
    metadata[2 * MANY - 2] = names[7];
    assert_int_equal(tg_params_save_with(p, path, metadata, &err), TG_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "occurs twice"));
    assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
    tg_params_destroy(p);
    free(names);
    free(metadata);
    free(specs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_has_these_bytes),
        cmocka_unit_test(values_are_loaded_bit_for_bit),
        cmocka_unit_test(the_other_dtype_is_converted),
        cmocka_unit_test(an_empty_set_is_saved),
        cmocka_unit_test(metadata_are_read),
        cmocka_unit_test(names_that_cannot_be_written_are_refused),
        cmocka_unit_test(a_failed_save_keeps_the_old_file),
        cmocka_unit_test(a_save_allocates_no_memory),
        cmocka_unit_test(threads_may_save_to_one_path),
        cmocka_unit_test(many_names_are_fast),
    };
    return cmocka_run_group_tests_name("save", tests, scratch_open, scratch_close);
}
