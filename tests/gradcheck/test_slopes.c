/* test_slopes.c - the checker where slopes are hard: kinks, jumps, NaN, zeros, every scale. */
#include "function.h"

/* Kinks ---------------------------------------------------------------------------------------------------------- */

FUNCTION(absolute, tg_abs(x))
FUNCTION(relu, tg_relu(x))
FUNCTION(bent, tg_mul(tg_relu(x), tg_exp(x)))
FUNCTION(tied, tg_maximum(x, tg_neg(x)))
FUNCTION(clamped, tg_clamp(x, -1, 1))
FUNCTION(smooth, tg_sin(tg_add(x, tg_square(x))))
FUNCTION(half_square, tg_square(tg_relu(x)))
FUNCTION(raised_half_square, tg_add(x, tg_square(tg_relu(x))))
FUNCTION(sharp_but_smooth, tg_softplus(tg_scale(x, 1e6)))

static void a_kink_is_counted_and_named(void **state)
{
    (void)state;
    struct {
        function *f;
        double at;
    } kinks[] = { { absolute, 0 }, { relu, 0 }, { bent, 0 }, { tied, 0 }, { clamped, 1 }, { clamped, -1 } };
    for (int i = 0; i < COUNT(kinks); i++)
        for (int forward = 0; forward < 2; forward++) {
            tg_gradcheck_report report;
            const tg_gradcheck_config config = { .forward_differences = forward };
            assert_passed(check_at(kinks[i].f, AT(0.7, kinks[i].at, -0.6), &config, &report), &report);
            if (report.all.n_kinks != 1)
                fail_msg("%d: %s", i, report.text);
            assert_int_equal(report.all.n_checked, 2);
            assert_string_equal(report.all.kink.name, "x");
            assert_int_equal(report.all.kink.index, 1);
            assert_non_null(strstr(report.text, "1 kink not judged (the first is x[1])"));
        }
}

/* The gradient jumps at a kink; the elements beside it are checked nevertheless. */
static void a_kink_is_one_at_order_two(void **state)
{
    (void)state;
    function *const kinks[] = { absolute, relu, bent, tied };
    for (int i = 0; i < COUNT(kinks); i++) {
        tg_gradcheck_report report;
        const tg_gradcheck_config config = { .order = 2 };
        assert_passed(check_at(kinks[i], AT(0.7, 0, -0.6), &config, &report), &report);
        if (report.all.n_kinks < 1 || report.all.n_checked < 2)
            fail_msg("%d: %s", i, report.text);
        assert_int_equal(report.all.kink.index, 1);
    }
}

static void only_kinks_is_no_pass(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    assert_failed(check_at(relu, AT(0, 0), NULL, &report), &report, TG_FAULT_ONLY_KINKS);
    assert_int_equal(report.all.n_kinks, 2);
    assert_int_equal(report.all.n_checked, 0);
}

/* Beside a kink there is one slope, however close the kink is. */
static void elements_beside_a_kink_are_checked(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    assert_passed(check_at(bent, AT(1e-2, -1e-3, 1e-4, -1e-5, 1e-6), NULL, &report), &report);
    assert_int_equal(report.all.n_kinks, 0);
    assert_int_equal(report.all.n_checked, 5);
}

static void a_strong_curvature_is_no_kink(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    assert_passed(check_at(sharp_but_smooth, AT(0), NULL, &report), &report);
    assert_int_equal(report.all.n_kinks, 0);
}

static tg_status all_ones(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out,
                          unsigned flags, void *context)
{
    (void)in, (void)n, (void)flags;
    out[0] = tg_scale(cotangent, *(const double *)context);
    return tg_tape_status(y.tape);
}

static void a_gradient_outside_of_a_kink_fails(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    double slope = 1.5; /* of |x| at 0: -1 .. 1 */
    const tg_gradcheck_config config = { .gradient = all_ones, .gradient_context = &slope };
    assert_element_failed(check_at(absolute, AT(0), &config, &report), &report, "x[0]");
    slope = -1.01;
    assert_element_failed(check_at(absolute, AT(0), &config, &report), &report, "x[0]");
    slope = 1; /* the bounds are included */
    assert_failed(check_at(absolute, AT(0), &config, &report), &report, TG_FAULT_ONLY_KINKS);
    slope = 0.5; /* in between, but x has no kink here */
    assert_element_failed(check_at(absolute, AT(1e-5), &config, &report), &report, "x[0]");
}

/* One slope at 0, and another gradient by convention: neither a fault nor a kink between two slopes. */
FUNCTION(back_and_forth, tg_leaky_relu(tg_neg(tg_leaky_relu(x, 0.25)), 0.25))
FUNCTION(split, tg_sub(tg_relu(x), tg_relu(tg_neg(x))))

static void a_convention_is_no_fault(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    function *const functions[] = { back_and_forth, split };
    for (int i = 0; i < COUNT(functions); i++) {
        assert_passed(check_at(functions[i], AT(0.7, 0, -0.6), NULL, &report), &report);
        assert_int_equal(report.all.n_kinks, 1);
        assert_int_equal(report.all.kink.index, 1);
        double factor = 1.5;
        const tg_gradcheck_config config = { .gradient = all_ones, .gradient_context = &factor };
        assert_element_failed(check_at(functions[i], AT(0), &config, &report), &report, "x[0]");
    }
}

/* At the first step, h = 2^-8, these two kinks cancel in all that shows kinks, but not in the slope, which is 1 at 0 and
   seems 1.2. */
#define FIRST_STEP 0x1p-8
FUNCTION(conspiring, tg_add(x, tg_add(tg_scale(tg_relu(tg_shift(x, -FIRST_STEP * 5 / 18)), 1.2),
                                      tg_scale(tg_relu(tg_shift(tg_neg(x), -FIRST_STEP * 5 / 12)), 0.8))))

static void one_step_proves_no_fault(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    assert_passed(check_at(conspiring, AT(0), NULL, &report), &report);
    assert_int_equal(report.all.n_kinks, 0);
    assert_true(report.all.worst.step < FIRST_STEP * 5 / 12);
}

static tg_status second_is_scaled(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out,
                                  unsigned flags, void *context)
{
    (void)context;
    const tg_status status = tg_grad(y, cotangent, in, n, out, flags);
    const double factors[] = { 1, 1 + 1e-4, 1 };
    out[0] = tg_mul(out[0], tg_constant(y.tape, TG_SHAPE(3), factors));
    return status;
}

/* The gradient of relu at 0 is 0, and so is that times a factor: the fault shows beside it. */
static void a_fault_behind_a_kink_is_found(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    const tg_gradcheck_config config = { .gradient = second_is_scaled };
    assert_element_failed(check_at(relu, AT(0.7, 0, -0.6), &config, &report), &report, "x[1]");
    assert_int_equal(report.all.n_kinks, 1);
    assert_int_equal(report.all.n_failed, 1);
}

/* Where the function is smooth, a gradient that is wrong at one point only is wrong. */
static tg_status wrong_at_zero(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out,
                               unsigned flags, void *context)
{
    (void)context;
    const tg_status status = tg_grad(y, cotangent, in, n, out, flags);
    out[0] = tg_where(tg_detach(in[0]), out[0], tg_full(y.tape, TG_SCALAR, 0));
    return status;
}

static void a_fault_at_one_point_is_found(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    const tg_gradcheck_config config = { .gradient = wrong_at_zero };
    assert_element_failed(check_at(smooth, AT(0.7, 0, -0.6), &config, &report), &report, "x[1]");
    assert_int_equal(report.all.n_failed, 1);
}

/* Only the curvature jumps: there is a slope, and it is found. */
static void a_jump_of_curvature_is_no_kink(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    assert_passed(check_at(half_square, AT(0, 1), NULL, &report), &report);
    assert_passed(check_at(raised_half_square, AT(0, 1), NULL, &report), &report);
    assert_int_equal(report.all.n_kinks, 0);
    double factor = 1 + 1e-4;
    const tg_gradcheck_config config = { .gradient = all_ones, .gradient_context = &factor };
    assert_element_failed(check_at(raised_half_square, AT(0), &config, &report), &report, "x[0]");
}

static tg_tensor largest(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)tape, (void)context;
    return tg_max(in[0], TG_ALL, false);
}

static void ties_of_max_are_kinks(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    assert_passed(check_at(largest, AT(0.5, 2, -1, 2), NULL, &report), &report);
    assert_int_equal(report.all.n_kinks, 2);
    assert_int_equal(report.all.kink.index, 1);
    assert_int_equal(report.all.n_checked, 2);
    assert_passed(check_at(largest, AT(0.5, 2, -1, 1.99), NULL, &report), &report);
    assert_int_equal(report.all.n_kinks, 0);
}

/* Functions without slopes ---------------------------------------------------------------------------------- */

/* 0 below zero, 1 from there on: the tape says that the slope is 0. */
static tg_tensor step_up(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)context;
    double x[8];
    const int64_t n = tg_size(in[0]);
    tg_read(in[0], x, n);
    for (int64_t i = 0; i < n; i++)
        x[i] = x[i] >= 0;
    return tg_add(tg_scale(in[0], 0), tg_constant(tape, tg_shape_of(in[0]), x));
}

static void a_jump_fails(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    assert_passed(check_at(step_up, AT(1, -1), NULL, &report), &report);
    for (int forward = 0; forward < 2; forward++)
        for (int i = 0; i < 4; i++) {
            const double x[] = { 1, i % 2 ? 0.0 : -0.0, -1 };
            const tg_gradcheck_config config = { .forward_differences = forward, .step = i / 2 * 1e-3 };
            const tg_status status = check_at(step_up, x, 3, &config, &report);
            if (forward) /* to the right there is no jump */
                assert_passed(status, &report);
            else
                assert_element_failed(status, &report, "x[1]");
        }
}

FUNCTION(logarithm, tg_log(x))
FUNCTION(root, tg_sqrt(x))
FUNCTION(exponential, tg_exp(x))

static void what_is_not_finite_fails(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    assert_failed(check_at(logarithm, AT(1, -1), NULL, &report), &report, TG_FAULT_NOT_FINITE);
    assert_failed(check_at(logarithm, AT(0, 1), NULL, &report), &report, TG_FAULT_NOT_FINITE);
    assert_failed(check_at(exponential, AT(1, 800), NULL, &report), &report, TG_FAULT_NOT_FINITE);
    assert_failed(check_at(exponential, AT((double)NAN, 1), NULL, &report), &report, TG_FAULT_NOT_FINITE);
    assert_failed(check_at(root, AT(4, -1), NULL, &report), &report, TG_FAULT_NOT_FINITE);
    assert_element_failed(check_at(root, AT(4, 0), NULL, &report), &report, "x[1]"); /* its gradient is infinite */
    assert_true(isinf(report.all.max_relative));
    assert_int_equal(report.all.n_failed, 1);
    assert_passed(check_at(exponential, AT(700, -745), NULL, &report), &report); /* just finite */
    assert_passed(check_at(logarithm, AT(1e-100, 1e100), NULL, &report), &report);
}

/* The graph does not connect the function to its input; the slopes show that it depends on it. */
FUNCTION(detached, tg_add(tg_detach(x), tg_scale(x, 0)))
FUNCTION(all_detached, tg_detach(tg_exp(x)))
FUNCTION(constant_of_it, tg_scale(x, 0))

static void zero_against_something_fails(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    assert_element_failed(check_at(detached, AT(1, 2), NULL, &report), &report, "x[");
    assert_element_failed(check_at(all_detached, AT(1, 2), NULL, &report), &report, "x[");
    assert_int_equal(report.all.n_failed, 2);
}

static void zero_against_zero_passes(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    for (int order = 1; order < 3; order++) {
        assert_passed(check_at(constant_of_it, AT(1, 2), &(tg_gradcheck_config){ .order = order }, &report), &report);
        assert_true(report.all.max_relative == 0);
        assert_int_equal(report.all.n_below_noise, 0);
    }
}

/* Zero in mathematics, but only nearly zero in floating point. */
FUNCTION(sum_of_sines, tg_sum(tg_add(tg_square(tg_sin(x)), tg_square(tg_cos(x))), TG_ALL, false))

static void cancelled_gradients_pass_as_below_noise(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    assert_passed(check_at(sum_of_sines, AT(0.3, -1.7, 2.2), NULL, &report), &report);
    assert_true(report.all.n_below_noise > 0);
    assert_non_null(strstr(report.text, "below the noise of rounding"));
}

/* Scales --------------------------------------------------------------------------------------------------------- */

FUNCTION(square, tg_square(x))
FUNCTION(inverse, tg_reciprocal(x))
FUNCTION(shifted, tg_shift(x, 1))
FUNCTION(waves, tg_sin(x))
FUNCTION(high_above, tg_shift(tg_square(x), 1e9))
FUNCTION(steep, tg_exp(tg_scale(x, 300)))
FUNCTION(flat, tg_tanh(x))

static tg_status stretched(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out,
                           unsigned flags, void *context)
{
    (void)context;
    const tg_status status = tg_grad(y, cotangent, in, n, out, flags);
    for (int i = 0; i < n; i++)
        out[i] = tg_scale(out[i], 1 + 1e-4);
    return status;
}

static void every_scale_is_checked_as_closely(void **state)
{
    (void)state;
    function *const functions[] = { square, inverse, logarithm, root, shifted, waves, high_above };
    static const double values[] = { 1e-8, 3e-3, 1, 7e2, 1e8 };
    tg_gradcheck_report report;
    const tg_gradcheck_config wrong = { .gradient = stretched };
    for (int f = 0; f < COUNT(functions); f++) {
        for (int i = 0; i < COUNT(values); i++) {     /* alone */
            if (functions[f] == high_above && i == 0) /* 1e9 + 1e-16 is 1e9 */
                continue;
            assert_passed(check_at(functions[f], &values[i], 1, NULL, &report), &report);
            if (functions[f] != high_above || i > 1)
                assert_element_failed(check_at(functions[f], &values[i], 1, &wrong, &report), &report, "x[0]");
        }
        assert_passed(check_at(functions[f], values, COUNT(values), NULL, &report), &report);
        if (functions[f] != high_above) { /* and together */
            assert_element_failed(check_at(functions[f], values, COUNT(values), &wrong, &report), &report, "x[");
            if (report.all.n_failed != COUNT(values))
                fail_msg("function %d: %s", f, report.text);
        }
    }
    assert_passed(check_at(flat, values, COUNT(values), NULL, &report), &report);
    assert_passed(check_at(steep, AT(-1, 0, 1), NULL, &report), &report);
    assert_element_failed(check_at(steep, AT(-1, 0, 1), &wrong, &report), &report, "x[");
    assert_int_equal(report.all.n_failed, 3);
}

static void a_step_can_be_given(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    for (int forward = 0; forward < 2; forward++) {
        const tg_gradcheck_config config = { .step = 1e-4, .forward_differences = forward };
        assert_passed(check_at(waves, AT(0.4, -0.9), &config, &report), &report);
        assert_true(report.all.worst.step == 1e-4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kink_is_counted_and_named),
        cmocka_unit_test(a_kink_is_one_at_order_two),
        cmocka_unit_test(only_kinks_is_no_pass),
        cmocka_unit_test(elements_beside_a_kink_are_checked),
        cmocka_unit_test(a_strong_curvature_is_no_kink),
        cmocka_unit_test(a_gradient_outside_of_a_kink_fails),
        cmocka_unit_test(a_convention_is_no_fault),
        cmocka_unit_test(one_step_proves_no_fault),
        cmocka_unit_test(a_fault_behind_a_kink_is_found),
        cmocka_unit_test(a_fault_at_one_point_is_found),
        cmocka_unit_test(a_jump_of_curvature_is_no_kink),
        cmocka_unit_test(ties_of_max_are_kinks),
        cmocka_unit_test(a_jump_fails),
        cmocka_unit_test(what_is_not_finite_fails),
        cmocka_unit_test(zero_against_something_fails),
        cmocka_unit_test(zero_against_zero_passes),
        cmocka_unit_test(cancelled_gradients_pass_as_below_noise),
        cmocka_unit_test(every_scale_is_checked_as_closely),
        cmocka_unit_test(a_step_can_be_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
