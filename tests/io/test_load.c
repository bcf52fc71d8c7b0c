/* test_load.c - safetensors files, correct and damaged: loaded completely, or refused without a change of the set. */
#include "scratch.h"

#include "failing_allocator.h"
#include "tapegrad/io.h"

enum { W, B, NONE, S, COUNT };

static const tg_param_spec specs[COUNT] = {
    [W] = { .name = "w", .shape = { 2, { 2, 3 } } },
    [B] = { .name = "b", .shape = { 1, { 3 } }, .flags = TG_PARAM_NO_DECAY },
    [NONE] = { .name = "none", .shape = { 2, { 0, 4 } } },
    [S] = { .name = "s", .shape = { 0 } },
};

static tg_params *make(tg_dtype dtype, const tg_allocator *allocator)
{
    tg_params *p = tg_params_create_with(dtype, specs, COUNT, allocator, NULL);
    assert_non_null(p);
    for (int i = 0; i < COUNT; i++) {
        const tg_shape shape = tg_params_shape(p, i);
        const int64_t n = tg_shape_size(&shape);
        double values[6];
        for (int64_t k = 0; k < n; k++)
            values[k] = 100 * i + (double)k + 0.5;
        assert_int_equal(tg_params_write_f64(p, i, values, n, NULL), TG_OK);
    }
    return p;
}

/* A file with this header and data. */
static void write_file(void **state, const char *header, const void *data, size_t size)
{
    static unsigned char bytes[4096];
    const size_t n = strlen(header);
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)n >> 8 * i);
    memcpy(bytes + 8, header, n);
    memcpy(bytes + 8 + n, data, size);
    scratch_write(scratch_path(state, "file"), bytes, 8 + n + size);
}

static const float data[10] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };

/* After a refused load every set must be what it was. */
typedef struct before {
    unsigned char values[512];
    size_t bytes;
    uint64_t version;
} before;

static before look(tg_params *p)
{
    int64_t count;
    before b = { .version = tg_params_version(p) };
    const void *values = tg_params_values(p, &count);
    b.bytes = (size_t)count * tg_dtype_size(tg_params_dtype(p));
    assert_true(b.bytes <= sizeof b.values);
    memcpy(b.values, values, b.bytes);
    return b;
}

static void assert_unchanged(tg_params *p, const before *b)
{
    const before now = look(p);
    assert_true(now.version == b->version && now.bytes == b->bytes);
    assert_memory_equal(now.values, b->values, b->bytes);
}

static void assert_refused(void **state, tg_params *p, tg_status status, const char *says)
{
    const before b = look(p);
    tg_error err;
    assert_int_equal(tg_params_load(p, scratch_path(state, "file"), &err), status);
    assert_int_equal(err.status, status);
    if (!strstr(err.text, "/file: ") || !strstr(err.text, says))
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
    assert_unchanged(p, &b);
}

#define TENSOR_W "\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}"
#define TENSOR_B "\"b\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[24,36]}"
#define TENSOR_N "\"none\":{\"dtype\":\"F32\",\"shape\":[0,4],\"data_offsets\":[36,36]}"
#define TENSOR_S "\"s\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[36,40]}"
#define REST     "," TENSOR_B "," TENSOR_N "," TENSOR_S "}"

static void assert_loaded(tg_params *p)
{
    static const int sizes[COUNT] = { 6, 3, 0, 1 }, first[COUNT] = { 0, 6, 9, 9 };
    for (int i = 0; i < COUNT; i++) {
        double values[6];
        assert_int_equal(tg_params_read_f64(p, i, values, sizes[i], NULL), TG_OK);
        for (int k = 0; k < sizes[i]; k++)
            assert_true(values[k] == (double)data[first[i] + k]);
    }
}

static void correct_files_are_loaded(void **state)
{
    static const char *const headers[] = {
        "{" TENSOR_W REST,
        "{" TENSOR_S "," TENSOR_N "," TENSOR_B "," TENSOR_W "}",
        "{\"__metadata__\":{}," TENSOR_W REST,
        "{" TENSOR_W ",\"__metadata__\":{\"format\":\"pt\",\"a\":\"\\u20ac\"}" REST,
        "{\"__metadata__\": null ," TENSOR_W REST,
        "{\"__metadata__\":{\"a\\u0000b\":\"\\u0000\",\"a\":\"x\"}," TENSOR_W REST,
        "{\"w\":{\"dtype\":\"F32\",\"extra\":[{\"a\":[[],{},-1.5e-3,0,true,false,null,\"]}\"],\"b\":{\"c\":1E9}}, 7],"
        "\"shape\":[2,3],\"extra\":null,\"data_offsets\":[0,24],\"x\":{}}" REST,
        "{ \"\\u0077\" :\t{ \"data_offsets\": [ 0 , 24 ], \"shape\": [ 2, 3 ],\n\"dtype\" : \"F\\u00332\" } " REST
        "   ",
    };
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
            tg_params *p = make((tg_dtype)dtype, NULL);
            const uint64_t version = tg_params_version(p);
            tg_error err = { .status = TG_ERR_IO, .text = "old" };
            write_file(state, headers[i], data, sizeof data);
            if (tg_params_load(p, scratch_path(state, "file"), &err) != TG_OK)
                fail_msg("%s", err.text);
            assert_true(err.status == TG_OK && err.text[0] == '\0' && tg_params_version(p) > version);
            assert_true(tg_params_flags(p, B) == TG_PARAM_NO_DECAY);
            assert_loaded(p);
            tg_params_destroy(p);
        }
}

static void damaged_headers_are_refused(void **state)
{
    static const struct {
        const char *header;
        tg_status status;
        const char *says;
    } cases[] = {
        /* JSON */
        { " {" TENSOR_W REST, TG_ERR_FORMAT, "byte 0x20, expected '{'" },
        { "[]", TG_ERR_FORMAT, "expected '{'" },
        { "{" TENSOR_W REST "x", TG_ERR_FORMAT, "'x', expected nothing but blanks" },
        { "{" TENSOR_W REST "{}", TG_ERR_FORMAT, "expected nothing but blanks" },
        { "{" TENSOR_W " " TENSOR_B "," TENSOR_N "," TENSOR_S "}", TG_ERR_FORMAT, "expected ','" },
        { "{" TENSOR_W "," TENSOR_B "," TENSOR_N "," TENSOR_S ",}", TG_ERR_FORMAT, "expected '\"'" },
        { "{" TENSOR_W "," TENSOR_B "," TENSOR_N "," TENSOR_S, TG_ERR_FORMAT, "the end, expected ','" },
        { "{'w':1}", TG_ERR_FORMAT, "expected '\"'" },
        { "{\"w\":1}", TG_ERR_FORMAT, "'1', expected '{'" },
        { "{\"w\":[[[[[[]]]]]]}", TG_ERR_FORMAT, "'[', expected '{'" },
        { "{\"w\":{\"shape\":[[2,3]]}}", TG_ERR_FORMAT, "'[', expected an integer" },
        { "{\"\xff\":{}}", TG_ERR_FORMAT, "not UTF-8" },
        { "{\"__metadata__\":{\"a\":1}}", TG_ERR_FORMAT, "'1', expected '\"'" },
        { "{\"__metadata__\":{\"a\":{}}}", TG_ERR_FORMAT, "'{', expected '\"'" },
        { "{\"__metadata__\":[]}", TG_ERR_FORMAT, "'[', expected '{'" },
        /* twice */
        { "{" TENSOR_W "," TENSOR_W REST, TG_ERR_FORMAT, "two tensors are named 'w'" },
        { "{\"\\u0077\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}," TENSOR_W REST, TG_ERR_FORMAT,
          "two tensors are named 'w'" },
        { "{\"__metadata__\":{},\"__metadata__\":{}," TENSOR_W REST, TG_ERR_FORMAT, "__metadata__ occurs twice" },
        { "{\"__metadata__\":{\"k\":\"1\",\"j\":\"\",\"k\":\"2\"}," TENSOR_W REST, TG_ERR_FORMAT,
          "the key 'k' twice" },
        { "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"shape\":[2,3],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "the field 'shape' twice" },
        /* fields */
        { "{\"w\":{\"shape\":[2,3],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT, "no field 'dtype'" },
        { "{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT, "no field 'shape'" },
        { "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3]}" REST, TG_ERR_FORMAT, "no field 'data_offsets'" },
        { "{\"w\":{\"dtype\":\"F32\",\"size\":[2,3],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "no field 'shape'" },
        { "{\"w\":{\"extra\":[1,2,],\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "']', expected a value" },
        { "{\"w\":{\"extra\":01,\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "'1', expected ','" },
        { "{\"w\":{\"extra\":nul,\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "'n', expected a value" },
        { "{\"w\":{\"extra\":1.,\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "expected a value" },
        { "{\"w\":{\"extra\":{\"a\":[1}},\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}" REST,
          TG_ERR_FORMAT, "'}', expected ','" },
        { "{\"w\\u0000\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "'w\\xc0\\x80' is not one of the set's 4" },
        { "{\"\\u001b[2J\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "'\\x1b[2J' is not one of the set's 4" },
        { "{\"w\":{\"dtype\":\"BF16\",\"shape\":[2,3],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "expected 12 bytes for BF16" },
        { "{\"w\":{\"dtype\":\"U32\",\"shape\":[2,3],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "tensor 'w' has dtype 'U32', expected F32, F64, F16 or BF16" },
        { "{\"w\":{\"dtype\":\"F4\",\"shape\":[2,3],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "tensor 'w' has dtype 'F4', expected 'F32'" },
        { "{\"w\":{\"dtype\":\"F64\",\"shape\":[2,3],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "expected 48 bytes" },
        { "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0]}" REST, TG_ERR_FORMAT,
          "']', expected ','" },
        { "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24,24]}" REST, TG_ERR_FORMAT,
          "expected ']'" },
        { "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,-3],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "an integer of 0" },
        { "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3.0],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "expected ','" },
        { "{\"w\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,2,3],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "more than 8 axes" },
        { "{\"w\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,3],\"data_offsets\":[0,24]}" REST,
          TG_ERR_FORMAT, "more than memory can hold" },
        { "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,18446744073709551619],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "above 9223372036854775807" },
        /* places */
        { "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[24,0]}" REST, TG_ERR_FORMAT,
          "24 .. 0, expected 24" },
        { "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,28]}" REST, TG_ERR_FORMAT,
          "0 .. 28, expected 24" },
        { "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[4,28]}" REST, TG_ERR_FORMAT,
          "begins at byte 4" },
        { "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[40,64]}" REST, TG_ERR_FORMAT,
          "'b' begins at byte 24 of the data, expected 0" },
        { "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[9223372036854775783,9223372036854775807]"
          "}" REST,
          TG_ERR_FORMAT, "expected 0" },
        { "{" TENSOR_W "," TENSOR_B "," TENSOR_N "}", TG_ERR_FORMAT, "40 bytes of data, expected 36" },
        { "{" TENSOR_W REST "\n", TG_OK, NULL },
        /* another set's */
        { "{" TENSOR_W "," TENSOR_B "," TENSOR_S "}", TG_ERR_FORMAT, "3 tensors, expected all 4" },
        { "{" TENSOR_W ",\"x\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[36,36]}" REST, TG_ERR_FORMAT,
          "'x' is not one of the set's 4" },
        { "{\"v\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}" REST, TG_ERR_FORMAT,
          "'v' is not one" },
        { "{\"w\":{\"dtype\":\"F32\",\"shape\":[3,2],\"data_offsets\":[0,24]}" REST, TG_ERR_SHAPE,
          "'w' has shape [3, 2], expected [2, 3]" },
        { "{\"w\":{\"dtype\":\"F32\",\"shape\":[6],\"data_offsets\":[0,24]}" REST, TG_ERR_SHAPE,
          "'w' has shape [6], expected [2, 3]" },
        { "{}", TG_ERR_FORMAT, "40 bytes of data, expected 0" },
    };
    tg_params *p = make(TG_F32, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file(state, cases[i].header, data, sizeof data);
        if (cases[i].status == TG_OK)
            assert_int_equal(tg_params_load(p, scratch_path(state, "file"), NULL), TG_OK);
        else
            assert_refused(state, p, cases[i].status, cases[i].says);
    }
    tg_params_destroy(p);
}

static void deep_nesting_is_refused(void **state)
{
    tg_params *p = make(TG_F32, NULL);
    char header[3000];
    memset(header, '[', sizeof header);
    memcpy(header, "{\"w\":", 5);
    header[sizeof header - 1] = '\0';
    write_file(state, header, data, sizeof data);
    assert_refused(state, p, TG_ERR_FORMAT, "'[', expected '{'");
    memset(header + 1, '{', sizeof header - 2);
    write_file(state, header, data, sizeof data);
    assert_refused(state, p, TG_ERR_FORMAT, "'{', expected '\"'");
    memset(header, '[', sizeof header);
    memcpy(header, "{\"w\":{\"extra\":", 14);
    header[sizeof header - 1] = '\0';
    write_file(state, header, data, sizeof data);
    assert_refused(state, p, TG_ERR_FORMAT, "a value nested more than 128 deep");
    tg_params_destroy(p);
}

static void wrong_lengths_are_refused(void **state)
{
    static const struct {
        unsigned char bytes[12];
        size_t size;
        const char *says;
    } cases[] = {
        { { 0 }, 0, "0 bytes, expected 8" },
        { { 2, 0, 0, 0, 0, 0, 0 }, 7, "7 bytes, expected 8" },
        { { 0, 0, 0, 0, 0, 0, 0, 0, '{', '}' }, 10, "header of 0 bytes" },
        { { 1, 0, 0, 0, 0, 0, 0, 0, '{', '}' }, 10, "header of 1 bytes" },
        { { 3, 0, 0, 0, 0, 0, 0, 0, '{', '}' }, 10, "header of 3 bytes in the 2" },
        { { 2, 0, 0, 0, 1, 0, 0, 0, '{', '}' }, 10, "header of 4294967298 bytes" },
        { { 255, 255, 255, 255, 255, 255, 255, 255, '{', '}' }, 10, "header of 18446744073709551615 bytes" },
        { { 2, 0, 0, 0, 0, 0, 0, 0, '{', '}' }, 10, "0 tensors, expected all 4" },
    };
    tg_params *p = make(TG_F64, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scratch_write(scratch_path(state, "file"), cases[i].bytes, cases[i].size);
        assert_refused(state, p, TG_ERR_FORMAT, cases[i].says);
    }
    tg_params_destroy(p);
}

static void directories_and_missing_files_are_refused(void **state)
{
    tg_params *p = make(TG_F32, NULL);
    const before b = look(p);
    tg_error err;
    assert_int_equal(tg_params_load(p, scratch_path(state, "absent"), &err), TG_ERR_IO);
    assert_non_null(strstr(err.text, "absent: cannot open: No such file"));
    assert_int_equal(tg_params_load(p, ((scratch *)*state)->dir, &err), TG_ERR_IO);
    assert_non_null(strstr(err.text, "directory"));
    assert_int_equal(tg_params_load(p, NULL, &err), TG_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "path is NULL"));
    assert_int_equal(tg_params_load(NULL, "x", &err), TG_ERR_ARGUMENT);
    assert_non_null(strstr(err.text, "params is NULL"));
    assert_unchanged(p, &b);
    tg_params_destroy(p);
}

/* Damage ------------------------------------------------------------------------------------------------------------ */

/* A saved file with metadata, in memory. */
static unsigned char *saved(void **state, tg_dtype dtype, size_t *size)
{
    static const char *const metadata[] = { "sizes", "2,3", "activation", "re\"lu", NULL };
    tg_params *p = make(dtype, NULL);
    const char *path = scratch_path(state, "saved");
    assert_int_equal(tg_params_save_with(p, path, metadata, NULL), TG_OK);
    tg_params_destroy(p);
    return scratch_read(path, size);
}

static void every_truncation_is_refused(void **state)
{
    size_t size;
    unsigned char *bytes = saved(state, TG_F32, &size);
    tg_params *p = make(TG_F32, NULL);
    for (size_t n = 0; n < size; n++) {
        scratch_write(scratch_path(state, "file"), bytes, n);
        assert_refused(state, p, TG_ERR_FORMAT, "expected");
    }
    bytes[size] = 0; /* scratch_read leaves space */
    scratch_write(scratch_path(state, "file"), bytes, size + 1);
    assert_refused(state, p, TG_ERR_FORMAT, "41 bytes of data, expected 40");
    tg_params_destroy(p);
    free(bytes);
}

/* With any one byte changed, a file is refused and the set unchanged; or it is loaded, and the set has its values. */
static void every_changed_byte_is_refused_or_loaded(void **state)
{
    static const unsigned char changes[] = { 1, 2, 4, 8, 16, 32, 64, 128, 0xff, 0x7f, 0x0c, 0x12 };
    for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
        size_t size;
        unsigned char *bytes = saved(state, (tg_dtype)dtype, &size);
        const size_t width = tg_dtype_size((tg_dtype)dtype), header = size - 10 * width;
        tg_params *p = make((tg_dtype)dtype, NULL);
        static const int64_t sizes[COUNT] = { 6, 3, 0, 1 };
        int loaded = 0;
        for (size_t at = 0; at < size; at++)
            for (size_t k = 0; k < sizeof changes; k++) {
                bytes[at] ^= changes[k];
                scratch_write(scratch_path(state, "file"), bytes, size);
                const before b = look(p);
                tg_error err;
                const tg_status status = tg_params_load(p, scratch_path(state, "file"), &err);
                assert_true(status == err.status && (status == TG_OK) == (err.text[0] == '\0'));
                assert_true(at < header || status == TG_OK);
                if (status == TG_OK) {
                    const unsigned char *expected = bytes + header;
                    for (int i = 0; i < COUNT; expected += (size_t)sizes[i++] * width)
                        assert_memory_equal((char *)tg_params_values(p, NULL) +
                                                (size_t)tg_params_offset(p, i) * width,
                                            expected, (size_t)sizes[i] * width);
                    loaded += at < header;
                } else {
                    assert_unchanged(p, &b);
                }
                bytes[at] ^= changes[k];
            }
        assert_in_range(loaded, 50, size * 4); /* metadata may change, little else */
        tg_params_destroy(p);
        free(bytes);
    }
}

static void failed_allocations_change_nothing(void **state)
{
    write_file(state, "{" TENSOR_W REST, data, sizeof data);
    tg_status status = TG_ERR_MEMORY;
    long n = 0;
    while (status != TG_OK) {
        failing f = { 0 };
        const tg_allocator a = failing_allocator(&f);
        tg_params *p = make(TG_F64, &a);
        const long held = f.outstanding;
        f.fail_at = f.calls + ++n;
        const before b = look(p);
        tg_error err;
        status = tg_params_load(p, scratch_path(state, "file"), &err);
        assert_int_equal(err.status, status);
        if (status != TG_OK) {
            assert_int_equal(status, TG_ERR_MEMORY);
            assert_non_null(strstr(err.text, "no memory"));
            assert_unchanged(p, &b);
        } else {
            assert_loaded(p);
        }
        assert_true(f.outstanding == held);
        tg_params_destroy(p);
        assert_true(f.outstanding == 0 && f.bytes == 0);
    }
    assert_true(n == 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(correct_files_are_loaded),
        cmocka_unit_test(damaged_headers_are_refused),
        cmocka_unit_test(deep_nesting_is_refused),
        cmocka_unit_test(wrong_lengths_are_refused),
        cmocka_unit_test(directories_and_missing_files_are_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_changed_byte_is_refused_or_loaded),
        cmocka_unit_test(failed_allocations_change_nothing),
    };
    return cmocka_run_group_tests_name("load", tests, scratch_open, scratch_close);
}
