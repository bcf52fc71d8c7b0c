/* own_tape.h - for tests of the reverse pass: a tape of float64 for each test, leaves on it, and what it says. */
#ifndef TESTS_OWN_TAPE_H
#define TESTS_OWN_TAPE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tapegrad.h"

static const tg_tensor null = { 0 };

static tg_tape *tape;

static inline int make_tape(void **state)
{
    (void)state;
    tape = tg_tape_create(TG_F64);
    return 0;
}

static inline int destroy_tape(void **state)
{
    (void)state;
    tg_tape_destroy(tape);
    return 0;
}

static inline tg_tensor scalar(double x)
{
    return tg_variable(tape, TG_SCALAR, &x);
}

static inline tg_tensor vector(double x, double y)
{
    return tg_variable(tape, TG_SHAPE(2), ((double[]){ x, y }));
}

/* The elements of x, which must be these, to a relative 1e-13. */
static inline void equals(tg_tensor x, int n, const double *expected)
{
    double values[16];
    if (tg_read(x, values, n) != TG_OK)
        fail_msg("%s", tg_tape_message(tape));
    for (int i = 0; i < n; i++)
        if (!(fabs(values[i] - expected[i]) <= 1e-13 * fabs(expected[i])))
            fail_msg("element %d is %.17g, not %.17g", i, values[i], expected[i]);
}

static inline void ok(tg_status status)
{
    if (status != TG_OK)
        fail_msg("%s", tg_tape_message(tape));
}

static inline void says(tg_status status, tg_status expected, const char *message)
{
    assert_int_equal(status, expected);
    assert_string_equal(tg_tape_message(tape), message);
    tg_tape_reset(tape);
}

/* A test that has the tape to itself. */
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_tape, destroy_tape)

#endif
