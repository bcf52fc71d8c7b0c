/* test_locale.c - a program with a decimal comma reads, writes, prints and says what every other one does. */
#include "scratch.h"

#include <math.h>

#include "comma_locale.h"
#include "core/format.h"
#include "tapegrad.h"

/* What a locale could change, as text: formats, prints, messages of tapes, of functions without one, of the checker. */
static void say_everything(char *text, size_t size)
{
    tg_error err;
    char part[512];
    size_t n = tg_format(text, size, "%g %.2f %e %a %.17g\n", 0.1, -1234.5, 1e-9, 1.5, 0.1);
    tg_tape *t = tg_tape_create(TG_F64);
    tg_tensor x = tg_variable(t, TG_SHAPE(3), ((double[]){ 0.5, -copysign((double)NAN, 1.0), -(double)INFINITY }));
    memset(part, 0, sizeof part);
    FILE *f = fmemopen(part, sizeof part, "w");
    tg_print(f, x);
    fclose(f);
    n += tg_format(text + n, size - n, "%d %s", part[0] == '[', strchr(part, '0'));
    tg_clamp(x, 0.5, 0.25);
    n += tg_format(text + n, size - n, "\n%s\n", tg_tape_message(t));
    tg_tape_destroy(t);
    tg_params *p = tg_params_create(TG_F64, &(tg_param_spec){ .name = "w", .shape = TG_SHAPE(2) }, 1, NULL);
    tg_sgd_create(p, &(tg_sgd_config){ .lr = 0.1, .momentum = 1.5 }, &err);
    n += tg_format(text + n, size - n, "%s\n", err.text);
    tg_gradcheck_report report;
    tg_check_op(tg_op_at(0), NULL, &report);
    n += tg_format(text + n, size - n, "%s\n", report.text);
    tg_params_destroy(p);
}

static void nothing_is_said_with_a_comma(void **state)
{
    char plain[2048], local[2048];
    const char *dir = ((scratch *)*state)->dir;
    say_everything(plain, sizeof plain);
    assert_non_null(strstr(plain, "0.1 -1234.50 1.000000e-09 0x1.8p+0 0.10000000000000001"));
    assert_non_null(strstr(plain, " nan, -inf]"));
    if (!use_comma_locale(dir))
        skip();
    say_everything(local, sizeof local);
    end_comma_locale(dir);
    assert_string_equal(plain, local);
}

/* Shapes, offsets, metadata and values, and a data set, there and back. */
static void files_are_the_same(void **state)
{
    const char *dir = ((scratch *)*state)->dir;
    static const char *const metadata[] = { "mean", "0.1307", NULL };
    char value[16];
    size_t size[2];
    unsigned char *bytes[2];
    tg_params *p = tg_params_create(TG_F64, &(tg_param_spec){ .name = "w", .shape = TG_SHAPE(1234) }, 1, NULL);
    if (!use_comma_locale(dir)) {
        tg_params_destroy(p);
        skip();
    }
    assert_int_equal(tg_params_save_with(p, scratch_path(state, "comma"), metadata, NULL), TG_OK);
    assert_int_equal(tg_params_load(p, scratch_path(state, "comma"), NULL), TG_OK);
    assert_int_equal(tg_params_read_metadata(scratch_path(state, "comma"), "mean", value, sizeof value, NULL), TG_OK);
    assert_string_equal(value, "0.1307");
    end_comma_locale(dir);
    assert_int_equal(tg_params_save_with(p, scratch_path(state, "point"), metadata, NULL), TG_OK);
    bytes[0] = scratch_read(scratch_path(state, "comma"), &size[0]);
    bytes[1] = scratch_read(scratch_path(state, "point"), &size[1]);
    assert_true(size[0] == size[1]);
    assert_memory_equal(bytes[0], bytes[1], size[0]);
    free(bytes[0]);
    free(bytes[1]);
    tg_params_destroy(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said_with_a_comma),
        cmocka_unit_test(files_are_the_same),
    };
    return cmocka_run_group_tests_name("locale", tests, scratch_open, scratch_close);
}
