/* test_npy.c - NumPy's files: read as NumPy wrote them, written so that they are read again, and damage refused. */
#include "scratch.h"

#include <math.h>

#include "npy_files.h"
#include "tapegrad.h"

static tg_tape *tape;

static int make_tape(void **state)
{
    tape = tg_tape_create(TG_F64);
    return scratch_open(state);
}

static int destroy_tape(void **state)
{
    tg_tape_destroy(tape);
    return scratch_close(state);
}

/* A string literal of bytes, without its zero, as a file. */
#define WRITE(name, bytes) scratch_write(scratch_path(state, name), bytes, sizeof(bytes) - 1)

/* Reads `bytes` as a .npy file and compares shape and values. */
static void reads(void **state, const void *bytes, size_t size, tg_shape shape, const double *expected)
{
    double values[32];
    const char *path = scratch_path(state, "a.npy");
    scratch_write(path, bytes, size);
    const tg_tensor x = tg_npy_read(tape, path);
    const tg_shape got = tg_shape_of(x);
    if (!tg_is_valid(x))
        fail_msg("%s", tg_tape_message(tape));
    assert_true(tg_shape_equal(&got, &shape));
    assert_int_equal(tg_read(x, values, tg_size(x)), TG_OK);
    for (int64_t i = 0; i < tg_size(x); i++)
        if (!(values[i] == expected[i] || (isnan(values[i]) && isnan(expected[i]))))
            fail_msg("element %d is %.17g, not %.17g", (int)i, values[i], expected[i]);
}
#define READS(bytes, shape, ...) reads(state, bytes, sizeof(bytes) - 1, shape, (const double[]){ __VA_ARGS__ })

static void every_type_and_order_is_read(void **state)
{
    READS(f4, TG_SHAPE(2, 3), 1.5, -2, 3, 4, 5, (double)INFINITY);
    READS(f8_big, TG_SHAPE(2), 0.1, -1e300);
    READS(f2, TG_SHAPE(6), 0.333251953125, -0.0, 65504, 5.9604644775390625e-08, (double)NAN, -(double)INFINITY);
    READS(u8_scalar, TG_SCALAR, 9223372036854777856.);
    READS(bools, TG_SHAPE(3), 1, 0, 1);
    READS(i8_version_2, TG_SHAPE(3, 1), 3, 0, 2);
    READS(i2_big, TG_SHAPE(2), 1, -1);
    double counted[24];
    for (int i = 0; i < 24; i++)
        counted[i] = i - 12;
    reads(state, i1_fortran, sizeof i1_fortran - 1, TG_SHAPE(2, 3, 4), counted);
}

static void refuses(void **state, const void *bytes, size_t size, tg_status status, const char *text)
{
    const char *path = scratch_path(state, "a.npy");
    scratch_write(path, bytes, size);
    const int64_t nodes = tg_tape_memory(tape).nodes;
    assert_false(tg_is_valid(tg_npy_read(tape, path)));
    assert_int_equal(tg_tape_status(tape), status);
    if (!strstr(tg_tape_message(tape), text))
        fail_msg("%s", tg_tape_message(tape));
    assert_int_equal(tg_tape_memory(tape).nodes, nodes);
    tg_tape_reset(tape);
}
#define REFUSES(bytes, ...) refuses(state, bytes, sizeof(bytes) - 1, __VA_ARGS__)

static void what_is_no_array_of_numbers_is_refused(void **state)
{
    REFUSES(complex_numbers, TG_ERR_DTYPE, "type '<c16', expected floats (f2, f4, f8)");
    REFUSES(records, TG_ERR_DTYPE, "type '[('a'");
    REFUSES(strings, TG_ERR_DTYPE, "type '<U2'");
    REFUSES("no array", TG_ERR_FORMAT, "magic number");
    REFUSES("", TG_ERR_FORMAT, "end inside the magic number: 0 bytes, expected 8");
    REFUSES("\x93NUMPY\x04\x00", TG_ERR_FORMAT, "version 4.0");
    REFUSES("\x93NUMPY\x01\x00\x02\x00{}", TG_ERR_FORMAT, "header \"{}\"");
    REFUSES("\x93NUMPY\x01\x00\xff\xff{}", TG_ERR_FORMAT, "header of 65535 bytes");
#define HEADER(text) "\x93NUMPY\x01\x00\x40\x00" text
    REFUSES(HEADER("{'descr': '<f8', 'fortran_order': False, 'shape': (1), }        "), TG_ERR_FORMAT, "header");
    REFUSES(HEADER("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }      "), TG_ERR_FORMAT, "header");
    REFUSES(HEADER("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False}        "), TG_ERR_FORMAT, "header");
    REFUSES(HEADER("{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999,}"), TG_ERR_FORMAT, "header");
    REFUSES(HEADER("{'descr':'<f8','fortran_order':False,'shape':(9999999,9999999),}"), TG_ERR_FORMAT, "expected");
    REFUSES(HEADER("{'descr': '<f3', 'fortran_order': False, 'shape': (1,), }       "), TG_ERR_DTYPE, "'<f3'");
    REFUSES(HEADER("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }       "), TG_ERR_FORMAT,
            "0 bytes of elements, expected 8 for [1] of '<f8'");
}

/* Every proper part of a file is refused, and so is a file with a byte more. */
static void damaged_files_are_refused(void **state)
{
    for (size_t size = 0; size < sizeof f4 - 1; size++)
        refuses(state, f4, size, TG_ERR_FORMAT, "");
    refuses(state, f4, sizeof f4, TG_ERR_FORMAT, "25 bytes of elements, expected 24");
    const char *path = scratch_path(state, "a.npz");
    for (size_t size = 0; size < sizeof npz - 1; size++) {
        scratch_write(path, npz, size);
        assert_false(tg_is_valid(tg_npz_read(tape, path, "y")));
        assert_int_equal(tg_tape_status(tape), TG_ERR_FORMAT);
        tg_tape_reset(tape);
    }
}

static void an_archive_is_read_by_name(void **state)
{
    WRITE("a.npz", npz);
    const char *path = scratch_path(state, "a.npz");
    double values[6];
    assert_int_equal(tg_read(tg_npz_read(tape, path, "x"), values, 6), TG_OK);
    for (int i = 0; i < 6; i++)
        assert_true(values[i] == i);
    assert_int_equal(tg_read(tg_npz_read(tape, path, "y"), values, 3), TG_OK);
    assert_true(values[0] == 2 && values[1] == 0 && values[2] == 1);
    assert_false(tg_is_valid(tg_npz_read(tape, path, "z")));
    assert_int_equal(tg_tape_status(tape), TG_ERR_RANGE);
    assert_non_null(strstr(tg_tape_message(tape), "no array 'z' among the 2 that are there: 'x', 'y'"));
    tg_tape_reset(tape);

    WRITE("b.npz", npz_compressed);
    assert_false(tg_is_valid(tg_npz_read(tape, scratch_path(state, "b.npz"), "x")));
    assert_int_equal(tg_tape_status(tape), TG_ERR_FORMAT);
    assert_non_null(strstr(tg_tape_message(tape), "compressed (method 8), expected as numpy.savez writes it"));
    tg_tape_reset(tape);
}

/* A changed byte of the elements, wherever it is, is found by the checksum. */
static void a_changed_element_is_found(void **state)
{
    unsigned char bytes[sizeof npz];
    const char *path = scratch_path(state, "a.npz");
    const size_t last = 0xcf - 1; /* where the second entry begins */
    memcpy(bytes, npz, sizeof npz);
    bytes[last] ^= 1;
    scratch_write(path, bytes, sizeof npz - 1);
    assert_false(tg_is_valid(tg_npz_read(tape, path, "x")));
    assert_non_null(strstr(tg_tape_message(tape), "checksum 0x"));
    tg_tape_reset(tape);
    assert_true(tg_is_valid(tg_npz_read(tape, path, "y")));
}

static void what_is_written_is_what_numpy_writes(void **state)
{
    const tg_tensor x = tg_constant(tape, TG_SHAPE(2, 3), (double[]){ 1.5, -2, 3, 4, 5, (double)INFINITY });
    tg_tape *narrow = tg_tape_create(TG_F32);
    const tg_tensor y = tg_constant(narrow, TG_SHAPE(2, 3), (double[]){ 1.5, -2, 3, 4, 5, (double)INFINITY });
    const char *path = scratch_path(state, "w.npy");
    size_t size;
    assert_int_equal(tg_npy_write(path, y, NULL), TG_OK);
    unsigned char *bytes = scratch_read(path, &size);
    assert_int_equal(size, sizeof f4 - 1);
    assert_memory_equal(bytes, f4, size);
    free(bytes);

    tg_error err;
    assert_int_equal(tg_npz_write(scratch_path(state, "w.npz"), (tg_tensor[]){ x, y, tg_full(tape, TG_SCALAR, 7) },
                                  (const char *const[]){ "x", "a name/\xc3\xa9", "s" }, 3, &err),
                     TG_OK);
    double values[6], expected[6];
    assert_int_equal(tg_read(x, expected, 6), TG_OK);
    assert_int_equal(tg_read(tg_npz_read(tape, scratch_path(state, "w.npz"), "x"), values, 6), TG_OK);
    assert_memory_equal(values, expected, sizeof values);
    assert_int_equal(tg_read(tg_npz_read(tape, scratch_path(state, "w.npz"), "a name/\xc3\xa9"), values, 6), TG_OK);
    assert_memory_equal(values, expected, sizeof values);
    assert_true(tg_item(tg_npz_read(tape, scratch_path(state, "w.npz"), "s")) == 7);
    tg_tape_destroy(narrow);
}

static void a_failed_write_leaves_the_old_file(void **state)
{
    tg_error err;
    WRITE("kept.npz", npz);
    const char *path = scratch_path(state, "kept.npz");
    const tg_tensor x = tg_full(tape, TG_SHAPE(2), 1), bad = { .tape = tape };
    assert_int_equal(tg_npz_write(path, &x, (const char *const[]){ "" }, 1, &err), TG_ERR_ARGUMENT);
    assert_int_equal(tg_npz_write(path, (tg_tensor[]){ x, x }, (const char *const[]){ "a", "a" }, 2, &err),
                     TG_ERR_ARGUMENT);
    assert_string_equal(err.text, "npz_write: name 'a' is there twice, as 0 and 1");
    assert_int_equal(tg_npz_write(path, &bad, (const char *const[]){ "a" }, 1, &err), TG_ERR_STALE);
    tg_tape_reset(tape);
    assert_true(tg_is_valid(tg_npz_read(tape, path, "x")));
}

static void sets_are_read(void **state)
{
    tg_error err;
    WRITE("a.npz", npz);
    const char *path = scratch_path(state, "a.npz");
    tg_dataset set = { .dtype = TG_F64 };
    if (tg_dataset_read_npz(&set, path, "x", "y", 3, &err) != TG_OK)
        fail_msg("%s", err.text);
    assert_true(set.n == 3 && set.features == 2 && set.classes == 3);
    assert_memory_equal(set.labels, ((int32_t[]){ 2, 0, 1 }), 3 * sizeof(int32_t));
    assert_true(((double *)set.x)[5] == 5);
    tg_dataset_finish(&set);
    assert_int_equal(tg_dataset_read_npz(&set, path, "x", "y", 2, &err), TG_ERR_RANGE);
    assert_non_null(strstr(err.text, "array 'y': label of row 0 is 2, expected 0 .. 1"));
    assert_null(set.x);
    assert_int_equal(tg_dataset_read_npz(&set, path, "x", "x", 3, &err), TG_ERR_SHAPE);

    WRITE("x.npy", f4);
    WRITE("y.npy", i2_big);
    WRITE("z.npy", f8_big);
    assert_int_equal(tg_dataset_read_npy(&set, scratch_path(state, "x.npy"), scratch_path(state, "y.npy"), 2, &err),
                     TG_ERR_RANGE);
    assert_non_null(strstr(err.text, "label of row 1 is -1, expected 0 .. 1"));
    assert_int_equal(tg_dataset_read_npy(&set, scratch_path(state, "x.npy"), scratch_path(state, "z.npy"), 2, &err),
                     TG_ERR_DTYPE);
    WRITE("l.npy", i8_version_2);
    assert_int_equal(tg_dataset_read_npy(&set, scratch_path(state, "l.npy"), scratch_path(state, "l.npy"), 4, &err),
                     TG_OK);
    assert_memory_equal(set.labels, ((int32_t[]){ 3, 0, 2 }), 3 * sizeof(int32_t));
    tg_dataset_finish(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_and_order_is_read),
        cmocka_unit_test(what_is_no_array_of_numbers_is_refused),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(an_archive_is_read_by_name),
        cmocka_unit_test(a_changed_element_is_found),
        cmocka_unit_test(what_is_written_is_what_numpy_writes),
        cmocka_unit_test(a_failed_write_leaves_the_old_file),
        cmocka_unit_test(sets_are_read),
    };
    return cmocka_run_group_tests_name("npy", tests, make_tape, destroy_tape);
}
