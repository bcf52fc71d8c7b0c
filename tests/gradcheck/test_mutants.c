/* test_mutants.c - wrong gradients of a right function: every one must be found, and the place named. */
#include "check.h"

/* y = tanh(x w) x + e^w / 3 for square x and w: each is used twice, and a bias is broadcast. */
static tg_tensor smooth(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)tape, (void)context;
    const tg_tensor x = in[0], w = in[1], b = in[2];
    return tg_add(tg_add(tg_mul(tg_tanh(tg_mul(x, w)), x), tg_scale(tg_exp(w), 1.0 / 3)), b);
}

static const double x_values[] = { 0.3, -1.2, 0.7, 1.9, -0.4, 0.25, -0.8, 1.1, 0.6 };
static const double w_values[] = { -0.9, 0.35, 1.4, 0.2, -1.7, 0.55, 0.75, -0.1, 1.3 };
static const double b_values[] = { 0.5, -0.25, 1 };

static const tg_gradcheck_input inputs[] = {
    { .name = "x", .shape = { 2, { 3, 3 } }, .values = x_values },
    { .name = "w", .shape = { 2, { 3, 3 } }, .values = w_values },
    { .name = "b", .shape = { 1, { 3 } }, .values = b_values },
};

/* A change of a right gradient g [n] of input i. */
typedef struct mutant {
    const char *what;
    void (*apply)(double *g, int64_t n, int i);
    const char *place;
} mutant;

static void negate(double *g, int64_t n, int i)
{
    (void)i;
    for (int64_t k = 0; k < n; k++)
        g[k] = -g[k];
}

static void stretch(double *g, int64_t n, int i)
{
    (void)i;
    for (int64_t k = 0; k < n; k++)
        g[k] *= 1 + 1e-4;
}

static void shrink(double *g, int64_t n, int i)
{
    (void)i;
    for (int64_t k = 0; k < n; k++)
        g[k] *= 1 - 1e-4;
}

static void clear(double *g, int64_t n, int i)
{
    (void)i;
    memset(g, 0, (size_t)n * sizeof *g);
}

static void transpose(double *g, int64_t n, int i)
{
    (void)i;
    for (int r = 0; n == 9 && r < 3; r++)
        for (int c = 0; c < r; c++) {
            const double swapped = g[3 * r + c];
            g[3 * r + c] = g[3 * c + r];
            g[3 * c + r] = swapped;
        }
}

static void spoil_one_of_w(double *g, int64_t n, int i)
{
    (void)n;
    if (i == 1)
        g[5] += 1e-3;
}

static void spoil_one_of_w_a_little(double *g, int64_t n, int i)
{
    (void)n;
    if (i == 1)
        g[7] *= 1 + 1e-4;
}

static void spoil_b(double *g, int64_t n, int i)
{
    (void)n;
    if (i == 2)
        g[0] = (double)NAN;
}

static void swap_neighbours(double *g, int64_t n, int i)
{
    (void)n;
    if (i == 2) {
        const double swapped = g[1];
        g[1] = g[2];
        g[2] = swapped;
    }
}

static void keep(double *g, int64_t n, int i)
{
    (void)g, (void)n, (void)i;
}

/* tg_grad, with its results changed. */
static tg_status changed(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out, unsigned flags,
                         void *context)
{
    const mutant *m = context;
    tg_status status = tg_grad(y, cotangent, in, n, out, flags);
    for (int i = 0; i < n && status == TG_OK; i++) {
        double g[9];
        assert_int_equal(tg_read(out[i], g, tg_size(in[i])), TG_OK);
        m->apply(g, tg_size(in[i]), i);
        out[i] = tg_constant_f64(y.tape, tg_shape_of(in[i]), g);
    }
    return status;
}

static tg_status check(const mutant *m, bool forward, tg_gradcheck_result *each, tg_gradcheck_report *report)
{
    mutant copy = *m;
    return tg_gradcheck(
        smooth, NULL, inputs, 3,
        &(tg_gradcheck_config){
            .gradient = changed, .gradient_context = &copy, .forward_differences = forward, .each = each },
        report);
}

static void the_right_gradient_passes(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    tg_gradcheck_result each[3];
    for (int forward = 0; forward < 2; forward++) {
        assert_passed(check(&(mutant){ "kept", keep, "" }, forward, each, &report), &report);
        assert_int_equal(report.all.n_checked, 21);
        assert_int_equal(each[0].n_checked, 9);
        assert_int_equal(each[2].n_checked, 3);
        assert_true(report.all.max_relative < (forward ? 1e-8 : 1e-9));
    }
}

static void wrong_gradients_fail(void **state)
{
    (void)state;
    static const mutant mutants[] = {
        { "negated", negate, "[" },
        { "scaled by 1 + 1e-4", stretch, "[" },
        { "scaled by 1 - 1e-4", shrink, "[" },
        { "zeroed", clear, "[" },
        { "transposed", transpose, "[" },
        { "wrong in one element", spoil_one_of_w, "w[1, 2]" },
        { "scaled in one element", spoil_one_of_w_a_little, "w[2, 1]" },
        { "not a number in one element", spoil_b, "b[0]" },
        { "two elements swapped", swap_neighbours, "b[" },
    };
    for (int i = 0; i < COUNT(mutants); i++)
        for (int forward = 0; forward < 2; forward++) {
            tg_gradcheck_report report;
            print_message("%s\n", mutants[i].what);
            assert_element_failed(check(&mutants[i], forward, NULL, &report), &report, mutants[i].place);
        }
}

static void only_the_wrong_input_is_blamed(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    tg_gradcheck_result each[3];
    assert_element_failed(check(&(mutant){ "", spoil_one_of_w, "" }, false, each, &report), &report, "w[1, 2]");
    assert_int_equal(each[0].n_failed, 0);
    assert_int_equal(each[1].n_failed, 1);
    assert_int_equal(each[2].n_failed, 0);
    assert_int_equal(report.all.n_failed, 1);
    const tg_gradcheck_element *e = &report.all.worst;
    assert_string_equal(e->name, "w");
    assert_int_equal(e->index, 5);
    assert_true(fabs(e->absolute - 1e-3) < 1e-9);
    assert_true(fabs(e->analytic - e->numeric - 1e-3) < 1e-9);
    assert_true(fabs(e->relative - e->absolute / (fabs(e->analytic) + fabs(e->numeric))) < 1e-15);
    assert_true(e->step > 0);
    assert_true(report.all.max_absolute == e->absolute);
}

/* Reverse passes that are wrong in themselves -------------------------------------------------------------------- */

static tg_tensor square_of_an_input(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)tape, (void)context;
    return tg_mul(in[0], in[0]);
}

/* A pass in which the second contribution replaces the first. */
static tg_status last_contribution_wins(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out,
                                        unsigned flags, void *context)
{
    (void)y, (void)flags, (void)context;
    assert_int_equal(n, 1);
    out[0] = tg_mul(cotangent, in[0]);
    return tg_tape_status(y.tape);
}

static void a_pass_that_does_not_accumulate_fails(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    assert_element_failed(tg_gradcheck(square_of_an_input, NULL, inputs, 1,
                                       &(tg_gradcheck_config){ .gradient = last_contribution_wins }, &report),
                          &report, "x[");
    assert_int_equal(report.all.n_failed, 9);
}

static tg_tensor row_times_matrix(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)tape, (void)context;
    return tg_mul(in[0], in[1]);
}

/* A pass that does not sum a broadcast gradient: it takes the whole, or its first row. */
static tg_status broadcast_is_left(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out,
                                   unsigned flags, void *context)
{
    const bool *whole = context;
    (void)flags;
    assert_int_equal(n, 2);
    const tg_tensor g = tg_mul(cotangent, in[0]);
    double rows[9];
    out[0] = tg_mul(cotangent, in[1]);
    assert_int_equal(tg_read(g, rows, 9), TG_OK);
    out[1] = *whole ? g : tg_constant(y.tape, TG_SHAPE(3), rows);
    return tg_tape_status(y.tape);
}

static void a_pass_that_leaves_a_broadcast_fails(void **state)
{
    (void)state;
    const tg_gradcheck_input in[] = { inputs[0], inputs[2] };
    tg_gradcheck_report report;
    bool whole = false;
    const tg_gradcheck_config config = { .gradient = broadcast_is_left, .gradient_context = &whole };
    assert_element_failed(tg_gradcheck(row_times_matrix, NULL, in, 2, &config, &report), &report, "b[");
    assert_int_equal(report.all.n_failed, 3);
    whole = true;
    assert_int_equal(tg_gradcheck(row_times_matrix, NULL, in, 2, &config, &report), TG_ERR_SHAPE);
    assert_false(report.passed);
    assert_string_equal(report.text, "gradcheck: a gradient of [3, 3] for an input of [3]");
}

/* Gradients that are right for one cotangent only ---------------------------------------------------------------- */

static tg_status adds_one_to_nothing(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out,
                                     unsigned flags, void *context)
{
    (void)context;
    tg_status status = tg_grad(y, cotangent, in, n, out, flags);
    double c[9];
    tg_read(cotangent, c, 9);
    bool zero = true;
    for (int i = 0; i < 9; i++)
        zero = zero && c[i] == 0;
    for (int i = 0; i < n && zero; i++)
        out[i] = tg_shift(out[i], 1e-30);
    return status;
}

static void a_zero_cotangent_must_give_zeros(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    assert_failed(
        tg_gradcheck(smooth, NULL, inputs, 3, &(tg_gradcheck_config){ .gradient = adds_one_to_nothing }, &report),
        &report, TG_FAULT_NOT_ZERO);
}

/* Right the first times, at the cotangent of the elements, and off at every other. */
typedef struct memory {
    double first;
    bool is_set;
} memory;

static tg_status right_at_one_cotangent(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out,
                                        unsigned flags, void *context)
{
    memory *m = context;
    tg_status status = tg_grad(y, cotangent, in, n, out, flags);
    double c[9];
    tg_read(cotangent, c, 9);
    if (!m->is_set)
        *m = (memory){ c[0], true };
    for (int i = 0; i < n && c[0] != m->first; i++)
        out[i] = tg_mul(out[i], tg_full(y.tape, TG_SCALAR, 1 + fabs(c[0])));
    return status;
}

static void a_gradient_must_be_linear_in_the_cotangent(void **state)
{
    (void)state;
    memory m = { 0 };
    tg_gradcheck_report report;
    assert_failed(tg_gradcheck(smooth, NULL, inputs, 3,
                               &(tg_gradcheck_config){ .gradient = right_at_one_cotangent, .gradient_context = &m },
                               &report),
                  &report, TG_FAULT_NOT_LINEAR);
}

static tg_status drifts(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out, unsigned flags,
                        void *context)
{
    int *calls = context;
    tg_status status = tg_grad(y, cotangent, in, n, out, flags);
    out[0] = tg_scale(out[0], 1 + 0x1p-52 * (++*calls % 2));
    return status;
}

static void a_gradient_must_be_the_same_twice(void **state)
{
    (void)state;
    int calls = 0;
    tg_gradcheck_report report;
    assert_failed(tg_gradcheck(smooth, NULL, inputs, 3,
                               &(tg_gradcheck_config){ .gradient = drifts, .gradient_context = &calls }, &report),
                  &report, TG_FAULT_GRADIENT_CHANGES);
}

/* The error of a callback is the check's. */
static tg_status refuses(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out, unsigned flags,
                         void *context)
{
    (void)y, (void)cotangent, (void)in, (void)n, (void)out, (void)flags, (void)context;
    return TG_ERR_IO;
}

static tg_status gives_nothing(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out,
                               unsigned flags, void *context)
{
    (void)y, (void)cotangent, (void)in, (void)flags, (void)context;
    for (int i = 0; i < n; i++)
        out[i] = (tg_tensor){ 0 };
    return TG_OK;
}

static void a_callback_that_fails_is_an_error(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    assert_int_equal(tg_gradcheck(smooth, NULL, inputs, 3, &(tg_gradcheck_config){ .gradient = refuses }, &report),
                     TG_ERR_IO);
    assert_string_equal(report.text, "gradcheck: the gradient callback returned TG_ERR_IO");
    assert_int_equal(
        tg_gradcheck(smooth, NULL, inputs, 3, &(tg_gradcheck_config){ .gradient = gives_nothing }, &report),
        TG_ERR_ARGUMENT);
    assert_string_equal(report.text, "gradcheck: the gradient callback returned no tensor of the tape for input 0");
    assert_false(report.passed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_right_gradient_passes),
        cmocka_unit_test(wrong_gradients_fail),
        cmocka_unit_test(only_the_wrong_input_is_blamed),
        cmocka_unit_test(a_pass_that_does_not_accumulate_fails),
        cmocka_unit_test(a_pass_that_leaves_a_broadcast_fails),
        cmocka_unit_test(a_zero_cotangent_must_give_zeros),
        cmocka_unit_test(a_gradient_must_be_linear_in_the_cotangent),
        cmocka_unit_test(a_gradient_must_be_the_same_twice),
        cmocka_unit_test(a_callback_that_fails_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
