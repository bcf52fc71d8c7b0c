/* test_checker.c - a check as a whole: large inputs, functions that change, order 2, constants, errors, memory. */
#include "function.h"
#include "failing_allocator.h"

/* Large inputs --------------------------------------------------------------------------------------------------- */

enum { LARGE = 10000 };

FUNCTION(large, tg_sum(tg_mul(tg_tanh(x), x), TG_ALL, false))

/* One element of ten thousand is wrong. */
static tg_status wrong_in_one(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out,
                              unsigned flags, void *context)
{
    static double g[LARGE];
    const tg_status status = tg_grad(y, cotangent, in, n, out, flags);
    tg_read(out[0], g, LARGE);
    g[*(const int *)context] *= 2;
    out[0] = tg_constant_f64(y.tape, tg_shape_of(in[0]), g);
    return status;
}

static void directions_find_what_a_sample_misses(void **state)
{
    (void)state;
    static double x[LARGE];
    tg_rng rng = tg_rng_seed(7);
    for (int i = 0; i < LARGE; i++)
        x[i] = tg_rng_between(&rng, 0.5, 1.5);
    tg_gradcheck_report report;
    assert_passed(check_at(large, x, LARGE, NULL, &report), &report);
    assert_int_equal(report.all.n_checked, 128 + 4);
    for (int at = 0; at < LARGE; at += 1237) {
        const tg_gradcheck_config config = { .gradient = wrong_in_one, .gradient_context = &at };
        const tg_status status = check_at(large, x, LARGE, &config, &report);
        assert_element_failed(status, &report, "x");
        assert_true(report.all.n_failed >= 4); /* every direction, and the element if it was drawn */
        if (report.all.n_failed == 4)
            assert_non_null(strstr(report.text, "worst x along a random direction"));
    }
    const tg_gradcheck_config few = { .max_elements = 10, .directions = 1, .seed = 3 };
    assert_passed(check_at(large, x, LARGE, &few, &report), &report);
    assert_int_equal(report.all.n_checked, 11);
    assert_passed(check_at(large, x, 128, NULL, &report), &report);
    assert_int_equal(report.all.n_checked, 128); /* no directions where every element is checked */
}

/* Functions that change ------------------------------------------------------------------------------------------ */

static tg_tensor dropped(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)tape;
    tg_rng *rng = context;
    const double p = tg_rng_between(rng, 0.2, 0.6);
    return tg_scale(tg_square(in[0]), p);
}

static void a_generator_is_restored(void **state)
{
    (void)state;
    const double x[] = { 1, 2, 3 };
    const tg_gradcheck_input input = { .shape = TG_SHAPE(3), .values = x };
    tg_gradcheck_report report;
    tg_rng rng = tg_rng_seed(5), before;
    tg_rng_u64(&rng);
    before = rng;
    for (int order = 1; order < 3; order++) {
        const tg_gradcheck_config config = { .rng = &rng, .order = order };
        assert_passed(tg_gradcheck(dropped, &rng, &input, 1, &config, &report), &report);
        assert_memory_equal(&rng, &before, sizeof rng);
    }
    assert_failed(tg_gradcheck(dropped, &rng, &input, 1, NULL, &report), &report, TG_FAULT_FUNCTION_CHANGES);
    assert_non_null(strstr(report.text, "rng"));
    assert_int_equal(report.all.n_checked, 0);
}

static tg_tensor by_mode(tg_tape *tape, const tg_tensor *in, void *context)
{
    bool *training = context;
    *training = tg_tape_training(tape);
    return tg_square(in[0]);
}

static void the_mode_is_the_configs(void **state)
{
    (void)state;
    const double x = 2;
    const tg_gradcheck_input input = { .shape = TG_SCALAR, .values = &x };
    tg_gradcheck_report report;
    bool training = false;
    assert_passed(tg_gradcheck(by_mode, &training, &input, 1, NULL, &report), &report);
    assert_true(training);
    const tg_gradcheck_config config = { .evaluation = true };
    assert_passed(tg_gradcheck(by_mode, &training, &input, 1, &config, &report), &report);
    assert_false(training);
}

/* Order 2 -------------------------------------------------------------------------------------------------------- */

FUNCTION(wavy, tg_mul(tg_sin(x), tg_exp(x)))
FUNCTION(half_detached, tg_mul(tg_detach(tg_sin(x)), tg_exp(x)))

/* Right at order 1; what the vjp leaves out shows in the gradient of the gradient only. */
static tg_status cut_gradient(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out,
                              unsigned flags, void *context)
{
    (void)context;
    const tg_status status = tg_grad(y, cotangent, in, n, out, flags);
    for (int i = 0; i < n && flags; i++)
        out[i] = tg_add(tg_detach(out[i]), tg_scale(out[i], 0));
    return status;
}

static void order_two_checks_the_gradient_of_the_gradient(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    tg_gradcheck_config config = { .order = 2 };
    assert_passed(check_at(wavy, AT(0.3, -1.1, 2), &config, &report), &report);
    assert_int_equal(report.all.n_checked, 6); /* by x and by the cotangent */
    config.gradient = cut_gradient;
    assert_element_failed(check_at(wavy, AT(0.3, -1.1, 2), &config, &report), &report, "[");
    config.order = 1;
    assert_passed(check_at(wavy, AT(0.3, -1.1, 2), &config, &report), &report);
    assert_element_failed(check_at(half_detached, AT(0.3, -1.1, 2), NULL, &report), &report, "x[");
}

static tg_tensor product(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)tape, (void)context;
    return tg_mul(tg_sin(in[0]), in[1]);
}

static void a_constant_is_not_checked(void **state)
{
    (void)state;
    const double x[] = { 0.3, 1.1 }, mask[] = { 0, 1 };
    const tg_gradcheck_input inputs[] = {
        { .shape = TG_SHAPE(2), .values = x },
        { .name = "mask", .shape = TG_SHAPE(2), .values = mask, .constant = true },
    };
    tg_gradcheck_report report;
    tg_gradcheck_result each[2];
    for (int order = 1; order < 3; order++) {
        const tg_gradcheck_config config = { .order = order, .each = each };
        assert_passed(tg_gradcheck(product, NULL, inputs, 2, &config, &report), &report);
        assert_int_equal(each[0].n_checked, 2);
        assert_int_equal(each[1].n_checked, 0);
        assert_string_equal(each[0].worst.name, "input 0");
    }
}

/* A name that would clear the terminal is shown escaped, in the element and in the sentence. */
static void names_are_shown_escaped(void **state)
{
    (void)state;
    const double x[] = { 0.3, 1.1 };
    const tg_gradcheck_input inputs[] = {
        { .name = "x\x1b[2J", .shape = TG_SHAPE(2), .values = x },
        { .name = "w", .shape = TG_SHAPE(2), .values = x },
    };
    tg_gradcheck_report report;
    tg_gradcheck_result each[2];
    const tg_gradcheck_config config = { .each = each };
    assert_passed(tg_gradcheck(product, NULL, inputs, 2, &config, &report), &report);
    assert_string_equal(each[0].worst.name, "x\\x1b[2J");
    assert_null(strchr(report.text, '\x1b'));
}

static void inputs_without_elements_pass(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    const tg_gradcheck_input none = { .shape = TG_SHAPE(2, 0) };
    for (int order = 1; order < 3; order++) {
        const tg_gradcheck_config config = { .order = order };
        assert_int_equal(tg_gradcheck(wavy, NULL, &none, 1, &config, &report), TG_OK);
        assert_true(report.passed);
        assert_int_equal(report.all.n_checked, 0);
        assert_string_equal(report.text, "passed: 0 elements checked");
    }
}

/* Errors --------------------------------------------------------------------------------------------------------- */

static tg_tensor mismatched(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)context;
    return tg_add(in[0], tg_full(tape, TG_SHAPE(7), 1));
}

static tg_tensor nothing(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)tape, (void)in, (void)context;
    return (tg_tensor){ 0 };
}

static tg_tensor elsewhere(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)tape, (void)in;
    return *(tg_tensor *)context;
}

static tg_tensor growing(tg_tape *tape, const tg_tensor *in, void *context)
{
    int *calls = context;
    return tg_mul(in[0], tg_full(tape, TG_SHAPE(++*calls, 1), 1));
}

static void errors_say_what_would_be_right(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    const double x[] = { 1, 2, 3 };
    const tg_gradcheck_input in = { .name = "x", .shape = TG_SHAPE(3), .values = x };
    assert_int_equal(tg_gradcheck(mismatched, NULL, &in, 1, NULL, &report), TG_ERR_SHAPE);
    assert_string_equal(report.text,
                        "gradcheck: add: \"x\" [3] x [7]: sizes 3 and 7 do not broadcast; equal ones or a 1 would");
    assert_false(report.passed);
    assert_int_equal(tg_gradcheck(nothing, NULL, &in, 1, NULL, &report), TG_ERR_ARGUMENT);
    assert_string_equal(report.text, "gradcheck: the function returned the null tensor");
    tg_tape *other = tg_tape_create(TG_F64);
    tg_tensor foreign = tg_full(other, TG_SCALAR, 1);
    assert_int_equal(tg_gradcheck(elsewhere, &foreign, &in, 1, NULL, &report), TG_ERR_ARGUMENT);
    assert_string_equal(report.text, "gradcheck: the function returned a tensor of another tape than it was given");
    tg_tape_destroy(other);
    int calls = 0;
    assert_int_equal(tg_gradcheck(growing, &calls, &in, 1, NULL, &report), TG_ERR_SHAPE);
    assert_string_equal(report.text, "gradcheck: the function returned 6 elements, and before 3");

    assert_int_equal(tg_gradcheck(NULL, NULL, &in, 1, NULL, &report), TG_ERR_ARGUMENT);
    assert_string_equal(report.text, "gradcheck: the function is NULL");
    assert_int_equal(tg_gradcheck(wavy, NULL, NULL, 1, NULL, &report), TG_ERR_ARGUMENT);
    assert_string_equal(report.text, "gradcheck: the inputs are NULL");
    assert_int_equal(tg_gradcheck(wavy, NULL, &in, 0, NULL, &report), TG_ERR_ARGUMENT);
    assert_string_equal(report.text, "gradcheck: a function of no inputs");
    assert_int_equal(tg_gradcheck(wavy, NULL, &in, 1, NULL, NULL), TG_ERR_ARGUMENT);
    tg_gradcheck_input bad = in;
    bad.values = NULL;
    assert_int_equal(tg_gradcheck(wavy, NULL, &bad, 1, NULL, &report), TG_ERR_ARGUMENT);
    assert_non_null(strstr(report.text, "x is NULL"));
    bad = in;
    bad.shape.dims[0] = -3;
    assert_int_equal(tg_gradcheck(wavy, NULL, &bad, 1, NULL, &report), TG_ERR_SHAPE);
    bad = in;
    bad.constant = true;
    assert_int_equal(tg_gradcheck(wavy, NULL, &bad, 1, NULL, &report), TG_ERR_ARGUMENT);
    assert_string_equal(report.text, "gradcheck: there is no input that takes a gradient");
    assert_int_equal(tg_gradcheck(wavy, NULL, (tg_gradcheck_input[]){ in, in }, 2, NULL, &report), TG_ERR_ARGUMENT);

    const struct {
        tg_gradcheck_config config;
        const char *text;
    } configs[] = {
        { { .order = 3 }, "gradcheck: order 3 is neither 1 nor 2" },
        { { .step = -1 }, "gradcheck: step -1 is not a positive number" },
        { { .tolerance = -1 }, "gradcheck: tolerance -1 and epsilon 1e-08 must be positive numbers" },
        { { .epsilon = (double)INFINITY }, "gradcheck: tolerance 1e-06 and epsilon inf must be positive numbers" },
        { { .max_elements = -1 }, "gradcheck: max_elements -1 and directions 4 must not be negative" },
    };
    for (int i = 0; i < COUNT(configs); i++) {
        assert_int_equal(tg_gradcheck(wavy, NULL, &in, 1, &configs[i].config, &report), TG_ERR_ARGUMENT);
        assert_string_equal(report.text, configs[i].text);
    }
}

static void every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    const double x[] = { 0.3, -1.1, 2 };
    const tg_gradcheck_input in = { .shape = TG_SHAPE(3), .values = x };
    for (int order = 1; order < 3; order++)
        for (int float32 = 0; float32 < 2; float32++) {
            long fail_at = 0;
            for (bool done = false; !done;) {
                failing f = { .fail_at = ++fail_at };
                const tg_allocator allocator = failing_allocator(&f);
                const tg_gradcheck_config config = { .order = order, .float32 = float32, .allocator = &allocator };
                tg_gradcheck_report report;
                const tg_status status = tg_gradcheck(wavy, NULL, &in, 1, &config, &report);
                assert_int_equal(f.outstanding, 0);
                done = f.calls < fail_at;
                if (done)
                    assert_passed(status, &report);
                else {
                    assert_int_equal(status, TG_ERR_MEMORY);
                    assert_false(report.passed);
                    assert_non_null(strstr(report.text, "gradcheck: "));
                }
            }
            assert_true(fail_at > 10);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directions_find_what_a_sample_misses),
        cmocka_unit_test(a_generator_is_restored),
        cmocka_unit_test(the_mode_is_the_configs),
        cmocka_unit_test(order_two_checks_the_gradient_of_the_gradient),
        cmocka_unit_test(a_constant_is_not_checked),
        cmocka_unit_test(names_are_shown_escaped),
        cmocka_unit_test(inputs_without_elements_pass),
        cmocka_unit_test(errors_say_what_would_be_right),
        cmocka_unit_test(every_failing_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
