/* test_scales.c - the checker where scales differ: within an input, between inputs and outputs, on the way; and where
   rounding hides everything. */
#include "function.h"

/* tg_grad, times a factor. */
static tg_status scaled(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out, unsigned flags,
                        void *context)
{
    const tg_status status = tg_grad(y, cotangent, in, n, out, flags);
    for (int i = 0; i < n; i++)
        out[i] = tg_scale(out[i], *(const double *)context);
    return status;
}

/* Every order, dtype and kind of difference passes; a faulty gradient does not. A fault of 1e-4 is within the tolerance
   of float32. */
static void assert_judged(function *f, const double *x, int n)
{
    tg_gradcheck_report report;
    for (int i = 0; i < 8; i++) {
        tg_gradcheck_config config = { .order = 1 + i % 2, .float32 = i / 2 % 2, .forward_differences = i / 4 };
        assert_passed(check_at(f, x, n, &config, &report), &report);
        assert_true(report.all.n_checked >= n);
        assert_int_equal(report.all.n_kinks, 0);
        double factors[] = { config.float32 ? 1 + 1e-3 : 1 + 1e-4, -1, 0 };
        config.gradient = scaled;
        for (int k = 0; k < COUNT(factors) && config.order == 1 && !config.forward_differences; k++) {
            config.gradient_context = &factors[k];
            assert_element_failed(check_at(f, x, n, &config, &report), &report, "x[");
        }
    }
}

/* Values without influence ---------------------------------------------------------------------------------------- */

static const double four[] = { 0.3, -0.7, 1.1, 0.2 };

static tg_tensor masked(tg_tape *tape, tg_tensor x, double mask)
{
    return tg_softmax(tg_add(x, tg_constant(tape, TG_SHAPE(4), ((const double[]){ 0, mask, 0, 0 }))), -1);
}

static tg_tensor chosen(tg_tape *tape, tg_tensor x, double mask)
{
    const tg_tensor keep = tg_constant(tape, TG_SHAPE(4), ((const double[]){ 1, 1, 0, 1 }));
    return tg_softmax(tg_where(keep, tg_sin(x), tg_full(tape, TG_SCALAR, mask)), -1);
}

FUNCTION(beside_30, (tg_full(tape, TG_SCALAR, -1e30), tg_tanh(x)))
FUNCTION(beside_9, (tg_scale(tg_full(tape, TG_SCALAR, -1e9), 2), tg_tanh(x)))
FUNCTION(masked_30, masked(tape, x, -1e30))
FUNCTION(masked_9, masked(tape, x, -1e9))
FUNCTION(chosen_30, chosen(tape, x, -1e30))
FUNCTION(dropped_out, (tg_square(tg_scale(x, 1e25)), tg_tanh(x)))
FUNCTION(lowest, tg_maximum(tg_sin(x), tg_full(tape, TG_SCALAR, -1e30)))

static void values_without_influence_hide_nothing(void **state)
{
    (void)state;
    function *const functions[] = { beside_30, beside_9, masked_30, masked_9, chosen_30, dropped_out, lowest };
    for (int i = 0; i < COUNT(functions); i++)
        assert_judged(functions[i], four, 4);
}

static tg_status scaled_in_float32(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out,
                                   unsigned flags, void *context)
{
    (void)context;
    const tg_status status = tg_grad(y, cotangent, in, n, out, flags);
    for (int i = 0; i < n && tg_tape_dtype(y.tape) == TG_F32; i++)
        out[i] = tg_scale(out[i], 1 + 1e-3);
    return status;
}

static void a_fault_of_float32_alone_is_found(void **state)
{
    (void)state;
    function *const functions[] = { beside_30, masked_30, masked_9, chosen_30, lowest };
    tg_gradcheck_report report;
    tg_gradcheck_config config = { .gradient = scaled_in_float32 };
    for (int i = 0; i < COUNT(functions); i++) {
        config.float32 = false;
        assert_passed(check_at(functions[i], four, 4, &config, &report), &report);
        config.float32 = true;
        assert_element_failed(check_at(functions[i], four, 4, &config, &report), &report, "x[");
    }
}

/* Off at every cotangent but that of the elements, by a thousandth. */
static tg_status not_linear(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out,
                            unsigned flags, void *context)
{
    double c[4], *first = context;
    const tg_status status = tg_grad(y, cotangent, in, n, out, flags);
    tg_read_f64(cotangent, c, 4);
    *first = *first == 0 ? c[0] : *first;
    for (int i = 0; i < n; i++)
        out[i] = tg_scale(out[i], c[0] == *first ? 1 : 1.01);
    return status;
}

static void they_hide_no_gradient_that_is_not_linear(void **state)
{
    (void)state;
    function *const functions[] = { beside_30, masked_30, chosen_30 };
    tg_gradcheck_report report;
    for (int i = 0; i < COUNT(functions); i++)
        for (int float32 = 0; float32 < 2; float32++) {
            double first = 0;
            const tg_gradcheck_config config = { .float32 = float32,
                                                 .gradient = not_linear,
                                                 .gradient_context = &first };
            assert_failed(check_at(functions[i], four, 4, &config, &report), &report, TG_FAULT_NOT_LINEAR);
        }
}

/* An output that x does not move is 1e30 times as large. */
static tg_tensor side_by_side(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)tape, (void)context;
    return tg_concat((const tg_tensor[]){ tg_sin(in[0]), tg_scale(tg_exp(in[1]), 1e30) }, 2, 0);
}

static tg_status first_is_scaled(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out,
                                 unsigned flags, void *context)
{
    const tg_status status = tg_grad(y, cotangent, in, n, out, flags);
    out[0] = tg_scale(out[0], *(const double *)context);
    return status;
}

static void other_outputs_hide_nothing(void **state)
{
    (void)state;
    const tg_gradcheck_input in[] = { { .name = "x", .shape = TG_SHAPE(4), .values = four },
                                      { .name = "z", .shape = TG_SHAPE(4), .values = four } };
    tg_gradcheck_report report;
    for (int float32 = 0; float32 < 2; float32++) {
        tg_gradcheck_config config = { .float32 = float32 };
        assert_passed(tg_gradcheck(side_by_side, NULL, in, 2, &config, &report), &report);
        double factor = float32 ? 1 + 1e-3 : 1 + 1e-4;
        config.gradient = first_is_scaled;
        config.gradient_context = &factor;
        assert_element_failed(tg_gradcheck(side_by_side, NULL, in, 2, &config, &report), &report, "x[");
        assert_int_equal(report.all.n_failed, 4);
    }
}

/* A step suits its element ---------------------------------------------------------------------------------------- */

FUNCTION(cosine, tg_cos(x))
FUNCTION(bell, tg_exp(tg_neg(tg_square(x))))
FUNCTION(square, tg_square(x))
FUNCTION(logarithm, tg_log(x))
FUNCTION(root, tg_sqrt(x))
FUNCTION(inverse, tg_reciprocal(x))
FUNCTION(shifted, tg_shift(x, 1))
FUNCTION(logarithms, tg_sum(tg_log(x), TG_ALL, false))
FUNCTION(wiggle, tg_mul(x, tg_exp(tg_neg(tg_square(x)))))
FUNCTION(on_a_slope, tg_add(tg_scale(x, 1e-3), wiggle(tape, &x, NULL)))
FUNCTION(lost_on_a_slope, tg_add(tg_scale(x, 1e-3), tg_detach(wiggle(tape, &x, NULL))))

static void a_step_suits_its_element(void **state)
{
    (void)state;
    const double pair[] = { 1e-6, 1e5 }, wide[] = { 1e-6, 1e7 }, wider[] = { 1e-12, 1e-6, 1, 1e6, 1e12 };
    assert_judged(cosine, pair, 2);
    assert_judged(bell, pair, 2);
    assert_judged(bell, wide, 2);
    assert_judged(on_a_slope, pair, 2);
    function *const functions[] = { square, logarithm, root, inverse, shifted, logarithms };
    for (int i = 0; i < COUNT(functions); i++)
        assert_judged(functions[i], wider, COUNT(wider));
    static const double all[] = { 1e-20, 1e-10, 1, 1e10, 1e20 };
    tg_gradcheck_report report;
    for (int i = 0; i < COUNT(functions); i++)
        assert_passed(check_at(functions[i], all, COUNT(all), NULL, &report), &report);
    assert_passed(check_at(shifted, AT(1e-20), NULL, &report), &report);
}

/* At a step that suits the mean, what is left of the gradient is the slope. */
static void a_larger_step_hides_nothing(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    assert_passed(check_at(on_a_slope, AT(1e-9, 1e5), NULL, &report), &report);
    assert_element_failed(check_at(lost_on_a_slope, AT(1e-9, 1e5), NULL, &report), &report, "x[0]");
    assert_int_equal(report.all.n_failed, 1);
}

enum { MANY = 1000 };

static tg_status one_is_doubled(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out,
                                unsigned flags, void *context)
{
    static double g[MANY];
    const tg_status status = tg_grad(y, cotangent, in, n, out, flags);
    tg_read_f64(out[0], g, MANY);
    g[*(const int *)context] *= 2;
    out[0] = tg_constant_f64(y.tape, tg_shape_of(in[0]), g);
    return status;
}

static void a_direction_suits_its_elements(void **state)
{
    (void)state;
    static double x[MANY];
    for (int i = 0; i < MANY; i++)
        x[i] = pow(10, i % 25 - 12) * (1 + i / 2.0 / MANY);
    tg_gradcheck_report report;
    assert_passed(check_at(logarithm, x, MANY, NULL, &report), &report);
    assert_int_equal(report.all.n_checked, 128 + 4);
    for (int at = 0; at < MANY; at += 173) {
        const tg_gradcheck_config config = { .gradient = one_is_doubled, .gradient_context = &at };
        assert_element_failed(check_at(logarithm, x, MANY, &config, &report), &report, "x");
        assert_true(report.all.n_failed >= 4);
    }
}

/* Nothing judged -------------------------------------------------------------------------------------------------- */

FUNCTION(wave, tg_sin(x))
FUNCTION(half_off, tg_relu(tg_sin(x)))
FUNCTION(lost, tg_shift(tg_shift(x, 1e30), -1e30))
FUNCTION(high_above, tg_shift(tg_square(x), 1e9))

static void a_check_that_judged_nothing_is_no_pass(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    for (int i = 0; i < 8; i++) {
        const tg_gradcheck_config config = {
            .step = 1e-20, .order = 1 + i % 2, .float32 = i / 2 % 2, .forward_differences = i / 4
        };
        assert_failed(check_at(wave, AT(0.4, -0.9), &config, &report), &report, TG_FAULT_BELOW_NOISE);
        assert_non_null(strstr(report.text, "rounding"));
        assert_failed(check_at(half_off, AT(0.4, -0.9), &config, &report), &report, TG_FAULT_BELOW_NOISE);
    }
    assert_failed(check_at(lost, AT(0.4, -0.9), NULL, &report), &report, TG_FAULT_BELOW_NOISE);
    assert_failed(check_at(high_above, AT(1e-8), NULL, &report), &report, TG_FAULT_BELOW_NOISE);
    assert_int_equal(report.all.n_below_noise, 1);
    assert_passed(check_at(high_above, AT(1e-8, 1), NULL, &report), &report); /* one of two was judged */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_without_influence_hide_nothing),
        cmocka_unit_test(a_fault_of_float32_alone_is_found),
        cmocka_unit_test(they_hide_no_gradient_that_is_not_linear),
        cmocka_unit_test(other_outputs_hide_nothing),
        cmocka_unit_test(a_step_suits_its_element),
        cmocka_unit_test(a_larger_step_hides_nothing),
        cmocka_unit_test(a_direction_suits_its_elements),
        cmocka_unit_test(a_check_that_judged_nothing_is_no_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
