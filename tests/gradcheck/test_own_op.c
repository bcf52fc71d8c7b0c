/* test_own_op.c - operations from outside the library, right and wrong, checked by tg_check_op as the library's own are. */
#include "check.h"

/* Forward functions as a user would write them: one loop for both dtypes. */
static double at(const tg_call *call, int i, int64_t k)
{
    const void *x = tg_call_input(call, i);
    return tg_call_dtype(call) == TG_F32 ? (double)((const float *)x)[k] : ((const double *)x)[k];
}

static void put(const tg_call *call, int64_t k, double y)
{
    if (tg_call_dtype(call) == TG_F32)
        ((float *)tg_call_output(call))[k] = (float)y;
    else
        ((double *)tg_call_output(call))[k] = y;
}

static tg_status tanh_forward(tg_call *call)
{
    for (int64_t k = 0; k < tg_call_size(call, 0); k++)
        put(call, k, tanh(at(call, 0, k)));
    return TG_OK;
}

static tg_status relu_forward(tg_call *call)
{
    for (int64_t k = 0; k < tg_call_size(call, 0); k++)
        put(call, k, at(call, 0, k) > 0 ? at(call, 0, k) : 0);
    return TG_OK;
}

static tg_status mul_forward(tg_call *call)
{
    for (int64_t k = 0; k < tg_call_size(call, 0); k++)
        put(call, k, at(call, 0, k) * at(call, 1, k));
    return TG_OK;
}

enum { SIDE = 3 };

static tg_status matmul_forward(tg_call *call)
{
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            double sum = 0;
            for (int k = 0; k < SIDE; k++)
                sum += at(call, 0, i * SIDE + k) * at(call, 1, k * SIDE + j);
            put(call, i * SIDE + j, sum);
        }
    return TG_OK;
}

static tg_status softmax_forward(tg_call *call)
{
    for (int i = 0; i < SIDE; i++) {
        double sum = 0;
        for (int j = 0; j < SIDE; j++)
            sum += exp(at(call, 0, i * SIDE + j));
        for (int j = 0; j < SIDE; j++)
            put(call, i * SIDE + j, exp(at(call, 0, i * SIDE + j)) / sum);
    }
    return TG_OK;
}

/* Vjps, the right one first. */
static void tanh_right(tg_vjp *v)
{
    tg_give(v, 0, tg_mul(tg_cotangent(v), tg_shift(tg_neg(tg_square(tg_output(v))), 1)));
}

static void tanh_plus(tg_vjp *v)
{
    tg_give(v, 0, tg_mul(tg_cotangent(v), tg_shift(tg_square(tg_output(v)), 1)));
}

static void tanh_negated(tg_vjp *v)
{
    tg_give(v, 0, tg_mul(tg_cotangent(v), tg_shift(tg_square(tg_output(v)), -1)));
}

static void tanh_stretched(tg_vjp *v)
{
    tg_give(v, 0, tg_scale(tg_mul(tg_cotangent(v), tg_shift(tg_neg(tg_square(tg_output(v))), 1)), 1 + 1e-4));
}

static void tanh_zero(tg_vjp *v)
{
    tg_give(v, 0, tg_scale(tg_cotangent(v), 0));
}

static void tanh_of_input(tg_vjp *v)
{
    tg_give(v, 0, tg_mul(tg_cotangent(v), tg_shift(tg_neg(tg_square(tg_input(v, 0))), 1)));
}

static void tanh_silent(tg_vjp *v)
{
    (void)v;
}

static void tanh_twice(tg_vjp *v)
{
    tanh_right(v);
    tanh_right(v);
}

/* Right at order 1: the second derivative leaves out the output's part. */
static void tanh_cut(tg_vjp *v)
{
    tg_give(v, 0, tg_mul(tg_cotangent(v), tg_shift(tg_neg(tg_square(tg_detach(tg_output(v)))), 1)));
}

/* Not linear, and wrong only for that. */
static void tanh_squares_cotangent(tg_vjp *v)
{
    const tg_tensor c = tg_cotangent(v);
    tg_give(v, 0, tg_mul(tg_mul(c, c), tg_shift(tg_neg(tg_square(tg_output(v))), 1)));
}

static void relu_right(tg_vjp *v)
{
    const tg_tensor c = tg_cotangent(v);
    tg_give(v, 0, tg_where(tg_output(v), c, tg_full(c.tape, TG_SCALAR, 0)));
}

static void relu_one(tg_vjp *v)
{
    tg_give(v, 0, tg_cotangent(v));
}

static void mul_right(tg_vjp *v)
{
    tg_give(v, 0, tg_mul(tg_cotangent(v), tg_input(v, 1)));
    tg_give(v, 1, tg_mul(tg_cotangent(v), tg_input(v, 0)));
}

static void mul_swapped(tg_vjp *v)
{
    tg_give(v, 0, tg_mul(tg_cotangent(v), tg_input(v, 0)));
    tg_give(v, 1, tg_mul(tg_cotangent(v), tg_input(v, 1)));
}

static void mul_half(tg_vjp *v)
{
    tg_give(v, 0, tg_mul(tg_cotangent(v), tg_input(v, 1)));
}

static void matmul_right(tg_vjp *v)
{
    tg_give(v, 0, tg_matmul(tg_cotangent(v), tg_transpose(tg_input(v, 1))));
    tg_give(v, 1, tg_matmul(tg_transpose(tg_input(v, 0)), tg_cotangent(v)));
}

static void matmul_untransposed(tg_vjp *v)
{
    tg_give(v, 0, tg_matmul(tg_cotangent(v), tg_input(v, 1)));
    tg_give(v, 1, tg_matmul(tg_transpose(tg_input(v, 0)), tg_cotangent(v)));
}

static void softmax_right(tg_vjp *v)
{
    const tg_tensor y = tg_output(v), c = tg_cotangent(v);
    tg_give(v, 0, tg_mul(y, tg_sub(c, tg_sum(tg_mul(c, y), -1, true))));
}

static void softmax_without_sum(tg_vjp *v)
{
    tg_give(v, 0, tg_mul(tg_output(v), tg_cotangent(v)));
}

static tg_status shape_of_first(tg_call *call, tg_shape *out)
{
    *out = tg_call_shape(call, 0);
    return TG_OK;
}

static const tg_sample squares[] = {
    { .n = 2, .inputs = { { .shape = { 2, { SIDE, SIDE } } }, { .shape = { 2, { SIDE, SIDE } } } } },
};
static const tg_sample square[] = {
    { .n = 1, .inputs = { { .shape = { 2, { SIDE, SIDE } } } } },
    { .n = 1, .inputs = { { .shape = { 2, { SIDE, SIDE } }, .lo = 0.5, .hi = 1.5 } } },
};
static const tg_sample away_from_zero[] = {
    { .n = 1, .inputs = { { .shape = { 1, { 5 } }, .lo = 0.1, .hi = 2 } } },
    { .n = 1, .inputs = { { .shape = { 1, { 5 } }, .lo = -2, .hi = -0.1 } } },
};

typedef tg_status forward_fn(tg_call *call);
typedef void rule(tg_vjp *v);

static tg_op one_input(const char *name, forward_fn *forward, rule *vjp)
{
    return (tg_op){ .name = name,
                    .arity = 1,
                    .order = TG_ORDER_ANY,
                    .shape = shape_of_first,
                    .forward = forward,
                    .vjp = vjp,
                    .samples = square,
                    .n_samples = COUNT(square) };
}

static tg_op two_inputs(const char *name, forward_fn *forward, rule *vjp)
{
    tg_op op = one_input(name, forward, vjp);
    op.arity = 2;
    op.samples = squares;
    op.n_samples = COUNT(squares);
    return op;
}

static tg_op relu(const char *name, rule *vjp)
{
    tg_op op = one_input(name, relu_forward, vjp);
    op.samples = away_from_zero;
    op.n_samples = COUNT(away_from_zero);
    return op;
}

static void right_operations_pass(void **state)
{
    (void)state;
    const tg_op right[] = {
        one_input("tanh", tanh_forward, tanh_right),
        relu("relu", relu_right),
        two_inputs("mul", mul_forward, mul_right),
        two_inputs("matmul", matmul_forward, matmul_right),
        one_input("softmax", softmax_forward, softmax_right),
    };
    for (int i = 0; i < COUNT(right); i++) {
        tg_gradcheck_report report;
        assert_passed(tg_check_op(&right[i], NULL, &report), &report);
        assert_memory_equal(report.text, right[i].name, strlen(right[i].name));
    }
}

static void wrong_operations_fail(void **state)
{
    (void)state;
    const tg_op wrong[] = {
        one_input("tanh with 1 + y^2", tanh_forward, tanh_plus),
        one_input("tanh negated", tanh_forward, tanh_negated),
        one_input("tanh scaled by 1 + 1e-4", tanh_forward, tanh_stretched),
        one_input("tanh zeroed", tanh_forward, tanh_zero),
        one_input("tanh with 1 - x^2", tanh_forward, tanh_of_input),
        one_input("tanh that gives nothing", tanh_forward, tanh_silent),
        one_input("tanh that gives twice", tanh_forward, tanh_twice),
        one_input("tanh with a square of the cotangent", tanh_forward, tanh_squares_cotangent),
        relu("relu with a slope of one", relu_one),
        two_inputs("mul with its inputs swapped", mul_forward, mul_swapped),
        two_inputs("mul with half a rule", mul_forward, mul_half),
        two_inputs("matmul with a transpose missing", matmul_forward, matmul_untransposed),
        one_input("softmax without the sum", softmax_forward, softmax_without_sum),
    };
    for (int i = 0; i < COUNT(wrong); i++) {
        tg_gradcheck_report report;
        assert_element_failed(tg_check_op(&wrong[i], NULL, &report), &report, "input ");
        assert_memory_equal(report.text, wrong[i].name, strlen(wrong[i].name));
        assert_non_null(strstr(report.text, ", order 1, float64: failed"));
    }
}

static void a_wrong_second_derivative_fails(void **state)
{
    (void)state;
    tg_op op = one_input("tanh cut off", tanh_forward, tanh_cut);
    tg_gradcheck_report report;
    assert_element_failed(tg_check_op(&op, NULL, &report), &report, "input 0[");
    assert_memory_equal(report.text, "tanh cut off, sample 0, order 2, float64: failed",
                        strlen("tanh cut off, sample 0, order 2, float64: failed"));
    op.order = TG_ORDER_ONCE; /* a second derivative is not needed then */
    assert_passed(tg_check_op(&op, NULL, &report), &report);
}

/* A forward that is right in one dtype only. */
static tg_status tanh_only_float64(tg_call *call)
{
    for (int64_t k = 0; k < tg_call_size(call, 0); k++)
        put(call, k, tg_call_dtype(call) == TG_F32 ? 0.5 : tanh(at(call, 0, k)));
    return TG_OK;
}

static void a_fault_of_float32_alone_is_found(void **state)
{
    (void)state;
    const tg_op op = one_input("tanh", tanh_only_float64, tanh_right);
    tg_gradcheck_report report;
    assert_element_failed(tg_check_op(&op, NULL, &report), &report, "input 0[");
    assert_non_null(strstr(report.text, "order 1, float32"));
}

static void operations_that_cannot_be_checked_are_errors(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    tg_op op = one_input("mine", tanh_forward, tanh_right);
    op.n_samples = 0;
    assert_int_equal(tg_check_op(&op, NULL, &report), TG_ERR_ARGUMENT);
    assert_string_equal(report.text, "gradcheck: mine has no samples to be checked on");
    op = one_input("mine", tanh_forward, NULL);
    assert_int_equal(tg_check_op(&op, NULL, &report), TG_ERR_NOT_DIFFERENTIABLE);
    assert_string_equal(report.text, "gradcheck: mine has no derivative to check");
    const tg_sample many[] = { { .n = 5 } };
    op = one_input("mine", tanh_forward, tanh_right);
    op.samples = many;
    op.n_samples = 1;
    assert_int_equal(tg_check_op(&op, NULL, &report), TG_ERR_ARGUMENT);
    assert_string_equal(report.text, "gradcheck: sample 0 of mine has 5 inputs, not 1 .. 4");
    assert_int_equal(tg_check_op(NULL, NULL, &report), TG_ERR_ARGUMENT);
    assert_string_equal(report.text, "gradcheck: the operation is NULL");
    assert_int_equal(tg_check_op(&op, NULL, NULL), TG_ERR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_operations_pass),
        cmocka_unit_test(wrong_operations_fail),
        cmocka_unit_test(a_wrong_second_derivative_fails),
        cmocka_unit_test(a_fault_of_float32_alone_is_found),
        cmocka_unit_test(operations_that_cannot_be_checked_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
