/* test_csv.c - tables of numbers as text: what is read, whatever the locale, and where the errors are. */
#include "scratch.h"

#include <math.h>

#include "comma_locale.h"
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

static const char *file_of(void **state, const char *text)
{
    const char *path = scratch_path(state, "a.csv");
    scratch_write(path, text, strlen(text));
    return path;
}

static void reads(void **state, const char *text, const tg_csv_config *config, tg_shape shape, const double *expected)
{
    double values[16];
    const tg_tensor x = tg_csv_read(tape, file_of(state, text), config);
    if (!tg_is_valid(x))
        fail_msg("%s", tg_tape_message(tape));
    const tg_shape got = tg_shape_of(x);
    assert_true(tg_shape_equal(&got, &shape));
    assert_int_equal(tg_read(x, values, tg_size(x)), TG_OK);
    for (int64_t i = 0; i < tg_size(x); i++)
        if (!(values[i] == expected[i] || (isnan(values[i]) && isnan(expected[i]))))
            fail_msg("%s: element %d is %.17g, not %.17g", text, (int)i, values[i], expected[i]);
    tg_tape_reset(tape);
}
#define READS(text, config, shape, ...) reads(state, text, config, shape, (const double[]){ __VA_ARGS__ })

static void what_others_write_is_read(void **state)
{
    static const tg_csv_config bare = { .no_header = true }, semicolon = { .separator = ';' },
                               tabs = { .separator = '\t' };
    READS("a,b\n1,2\n3,4\n", NULL, TG_SHAPE(2, 2), 1, 2, 3, 4);
    READS("1,2\n3,4", &bare, TG_SHAPE(2, 2), 1, 2, 3, 4);
    READS("a,b\r\n1,2\r\n\r\n3,4\r\n\r\n", NULL, TG_SHAPE(2, 2), 1, 2, 3, 4);
    READS("\xef\xbb\xbf"
          "a\n1\n",
          NULL, TG_SHAPE(1, 1), 1);
    READS("\"a, b\",\"c \"\"d\"\"\",\"e\nf\"\n 1 ,\"2\", -3e-2\n", NULL, TG_SHAPE(1, 3), 1, 2, -0.03);
    READS("a;b\n1.5;+.5\n", &semicolon, TG_SHAPE(1, 2), 1.5, 0.5);
    READS("a\tb\n1.\t2\n", &tabs, TG_SHAPE(1, 2), 1, 2);
    READS("NaN,-Inf,infinity,1e400,-0\n", &bare, TG_SHAPE(1, 5), (double)NAN, -(double)INFINITY, (double)INFINITY,
          (double)INFINITY, 0);
    READS("0.1,1.7976931348623157e308,4.9406564584124654e-324\n", &bare, TG_SHAPE(1, 3), 0.1, 1.7976931348623157e308,
          4.9406564584124654e-324);
}

static void numbers_do_not_follow_the_locale(void **state)
{
    const char *dir = ((scratch *)*state)->dir;
    const bool has_comma = use_comma_locale(dir);
    READS("a,b\n1.25,-2.5e-1\n", NULL, TG_SHAPE(1, 2), 1.25, -0.25);
    const tg_tensor x = tg_constant(tape, TG_SHAPE(1, 2), ((double[]){ 0.5, 1e-7 }));
    assert_int_equal(tg_csv_write(scratch_path(state, "w.csv"), x, NULL, NULL), TG_OK);
    if (has_comma)
        end_comma_locale(dir);
    size_t size;
    unsigned char *text = scratch_read(scratch_path(state, "w.csv"), &size);
    text[size] = '\0';
    assert_string_equal(text, "0.5,9.9999999999999995e-08\n");
    free(text);
    tg_tape_reset(tape);
    if (!has_comma)
        skip();
}

static void refuses(void **state, const char *text, const tg_csv_config *config, tg_status status,
                    const char *expected)
{
    const int64_t nodes = tg_tape_memory(tape).nodes;
    assert_false(tg_is_valid(tg_csv_read(tape, file_of(state, text), config)));
    assert_int_equal(tg_tape_status(tape), status);
    if (!strstr(tg_tape_message(tape), expected))
        fail_msg("%s", tg_tape_message(tape));
    assert_int_equal(tg_tape_memory(tape).nodes, nodes);
    tg_tape_reset(tape);
}

static void an_error_says_line_and_column(void **state)
{
    static const tg_csv_config bare = { .no_header = true };
    refuses(state, "a,b\n1,2\n3,n/a\n", NULL, TG_ERR_FORMAT, "a.csv, line 3, column 2: 'n/a' is no number");
    refuses(state, "a,b\n\n1,\n", NULL, TG_ERR_FORMAT, "a.csv, line 3, column 2: '' is no number");
    refuses(state, "\"a\n\nb\",c\n1,x\n", NULL, TG_ERR_FORMAT, "line 4, column 2: 'x' is no number");
    refuses(state, "a,b\n1,2\n3\n", NULL, TG_ERR_FORMAT, "line 3: 1 cells, expected 2 as in the first line");
    refuses(state, "a,b\n1,2,3\n", NULL, TG_ERR_FORMAT, "line 2: 3 cells, expected 2");
    refuses(state, "a,b\n1,\"2\n", NULL, TG_ERR_FORMAT, "line 2, column 2: '2\\x0a' ends without the closing quote");
    refuses(state, "a\n\"1\"2\n", NULL, TG_ERR_FORMAT, "has something behind the closing quote");
    refuses(state, "a\n", NULL, TG_ERR_FORMAT, "no rows of numbers");
    refuses(state, "", &bare, TG_ERR_FORMAT, "no rows of numbers");
    for (const char *const *bad = (const char *const[]){ "1,5", "0x10", "1e", "--1", "1 2", "e5", ".", "nanx", NULL };
         *bad; bad++) {
        char text[32];
        snprintf(text, sizeof text, "%s;2\n", *bad);
        refuses(state, text, &(tg_csv_config){ .no_header = true, .separator = ';' }, TG_ERR_FORMAT, "is no number");
    }
    refuses(state, "\033[2J\n", &bare, TG_ERR_FORMAT, "'\\x1b[2J' is no number");
    refuses(state, "1\n", &(tg_csv_config){ .no_header = true, .separator = '.' }, TG_ERR_ARGUMENT, "separator 46");
    assert_false(tg_is_valid(tg_csv_read(tape, scratch_path(state, "missing.csv"), NULL)));
    assert_int_equal(tg_tape_status(tape), TG_ERR_IO);
    tg_tape_reset(tape);
}

static void long_files_are_read_piece_by_piece(void **state)
{
    enum { ROWS = 3000 };
    char *text = malloc(ROWS * 24), *at = text;
    for (int i = 0; i < ROWS; i++)
        at += sprintf(at, "%d,\"%d\"\n", i, -i);
    const tg_tensor x = tg_csv_read(tape, file_of(state, text), &(tg_csv_config){ .no_header = true });
    free(text);
    assert_int_equal(tg_dim(x, 0), ROWS);
    for (int i = 0; i < ROWS; i++)
        assert_true(((const double *)tg_data(x))[2 * i] == i && ((const double *)tg_data(x))[2 * i + 1] == -i);
    tg_tape_reset(tape);
    char cell[300];
    memset(cell, '1', sizeof cell);
    cell[299] = '\0';
    refuses(state, cell, &(tg_csv_config){ .no_header = true }, TG_ERR_FORMAT, "is longer than any number or name");
}

static void a_set_has_its_labels_where_the_config_says(void **state)
{
    tg_error err;
    tg_dataset set = { .dtype = TG_F64 };
    const char *path = file_of(state, "kind,width,height\n2,1.5,-1\n0,2.5,-2\n");
    const tg_csv_config by_name = { .label = "kind" }, by_number = { .label_column = 1, .classes = 5 };
    if (tg_dataset_read_csv(&set, path, &by_name, &err) != TG_OK)
        fail_msg("%s", err.text);
    assert_true(set.n == 2 && set.features == 2 && set.classes == 3);
    assert_memory_equal(set.labels, ((int32_t[]){ 2, 0 }), 2 * sizeof(int32_t));
    assert_memory_equal(set.x, ((double[]){ 1.5, -1, 2.5, -2 }), 4 * sizeof(double));
    tg_dataset_finish(&set);
    assert_int_equal(tg_dataset_read_csv(&set, path, &by_number, &err), TG_OK);
    assert_true(set.classes == 5 && set.labels[0] == 2);
    tg_dataset_finish(&set);
    assert_int_equal(tg_dataset_read_csv(&set, path, NULL, &err), TG_ERR_RANGE);
    assert_string_equal(strstr(err.text, "a.csv"),
                        "a.csv, line 2, column 3: '-1' is no label, expected a whole number 0 .. 2147483646");
    assert_null(set.x);
    assert_int_equal(tg_dataset_read_csv(&set, path, &(tg_csv_config){ .label = "sort" }, &err), TG_ERR_RANGE);
    assert_non_null(strstr(err.text, "no column 'sort'; there are 'kind', 'width', 'height'"));
    assert_int_equal(tg_dataset_read_csv(&set, path, &(tg_csv_config){ .label_column = 4 }, &err), TG_ERR_RANGE);
    assert_int_equal(tg_dataset_read_csv(&set, path, &(tg_csv_config){ .label_column = 1, .classes = 2 }, &err),
                     TG_ERR_RANGE);
    assert_int_equal(tg_dataset_read_csv(&set, file_of(state, "a\n1\n"), NULL, &err), TG_ERR_FORMAT);
    assert_int_equal(
        tg_dataset_read_csv(&set, file_of(state, "\"a \" ,b\n1,2\n"), &(tg_csv_config){ .label = "a " }, &err),
        TG_ERR_FORMAT); /* a blank behind the quote */
    assert_int_equal(
        tg_dataset_read_csv(&set, file_of(state, "\"a \",b \n1,2\n"), &(tg_csv_config){ .label = "a " }, &err),
        TG_OK); /* blanks in quotes are part of a name */
    assert_true(set.labels[0] == 1 && ((double *)set.x)[0] == 2);
    tg_dataset_finish(&set);
}

static void what_is_written_is_read_again(void **state)
{
    tg_error err;
    for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++) {
        tg_dataset set = { .dtype = dtype }, again = { .dtype = dtype };
        assert_int_equal(tg_dataset_moons(&set, 50, 0.3, 1, &err), TG_OK);
        const char *const names[] = { "x, \"first\"", " y" };
        assert_int_equal(
            tg_dataset_write_csv(&set, scratch_path(state, "w.csv"), dtype == TG_F32 ? names : NULL, &err), TG_OK);
        if (tg_dataset_read_csv(&again, scratch_path(state, "w.csv"), NULL, &err) != TG_OK)
            fail_msg("%s", err.text);
        assert_int_equal(again.n, 50);
        assert_memory_equal(set.x, again.x, 100 * tg_dtype_size(dtype));
        assert_memory_equal(set.labels, again.labels, 50 * sizeof(int32_t));
        tg_dataset_finish(&set);
        tg_dataset_finish(&again);
    }
    size_t size;
    const tg_tensor x = tg_constant(tape, TG_SHAPE(1, 2), ((double[]){ 1, -0.25 }));
    assert_int_equal(tg_csv_write(scratch_path(state, "w.csv"), x, (const char *const[]){ "a", "b,c" }, &err), TG_OK);
    unsigned char *text = scratch_read(scratch_path(state, "w.csv"), &size);
    text[size] = '\0';
    assert_string_equal(text, "a,\"b,c\"\n1,-0.25\n");
    free(text);
    tg_tape_reset(tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_others_write_is_read),
        cmocka_unit_test(numbers_do_not_follow_the_locale),
        cmocka_unit_test(an_error_says_line_and_column),
        cmocka_unit_test(long_files_are_read_piece_by_piece),
        cmocka_unit_test(a_set_has_its_labels_where_the_config_says),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests_name("csv", tests, make_tape, destroy_tape);
}
