// cpp17.cpp - the macros and overloads of the public headers, as a C++17 program uses them.
#include <cstdarg>
#include <csetjmp>
#include <cstddef>
#include <cstdint>

extern "C" {
#include <cmocka.h>
}

#include <tapegrad.h>

static void overloads_work(void **)
{
    tg_tape *tape = tg_tape_create(TG_F32);
    const double values[] = { 1, 2, 3 };
    const float two[] = { 2 };
    tg_tensor x = tg_variable(tape, TG_SHAPE(3), values);
    tg_tensor y = tg_mul(x, tg_constant(tape, TG_SCALAR, two));
    assert_true(tg_item(tg_wrap(tape, TG_SCALAR, two)) == 2);
    double out[3];
    assert_int_equal(tg_read(y, out, 3), TG_OK);
    assert_true(out[2] == 6);
    assert_true(tg_size(tg_variable(tape, TG_SHAPE(0, 3), nullptr)) == 0);
    assert_true(tg_is_valid(tg_constant(tape, TG_SHAPE(2, 0), nullptr)));
    assert_false(tg_is_valid(tg_variable(tape, TG_SHAPE(1), nullptr)));
    assert_int_equal(tg_tape_status(tape), TG_ERR_ARGUMENT);
    tg_tape_destroy(tape);
}

int main()
{
    const CMUnitTest tests[] = { { "overloads_work", overloads_work, nullptr, nullptr, nullptr } };
    return _cmocka_run_group_tests("cpp17", tests, 1, nullptr, nullptr);
}
