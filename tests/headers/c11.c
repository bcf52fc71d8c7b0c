/* c11.c - the macros of the public headers, as a C11 program uses them. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <tapegrad.h>

static void macros_work(void **state)
{
    (void)state;
    tg_tape *tape = tg_tape_create(TG_F32);
    const double values[] = { 1, 2, 3 };
    tg_tensor x = tg_variable(tape, TG_SHAPE(3), values);
    tg_tensor y = tg_mul(x, tg_constant(tape, TG_SCALAR, (float[]){ 2 }));
    assert_true(tg_item(tg_wrap(tape, TG_SCALAR, (float[]){ 2 })) == 2);
    double out[3];
    assert_int_equal(tg_read(y, out, 3), TG_OK);
    assert_true(out[2] == 6);
    tg_tape_destroy(tape);
}

#if TG_VERSION < 200 || TG_VERSION >= 10000 * (TG_VERSION_MAJOR + 1)
#error "the macros of the version do not work in the preprocessor"
#endif

static void library_and_headers_are_of_one_version(void **state)
{
    (void)state;
    assert_int_equal(tg_version(), 10000 * TG_VERSION_MAJOR + 100 * TG_VERSION_MINOR + TG_VERSION_PATCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(macros_work),
        cmocka_unit_test(library_and_headers_are_of_one_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
