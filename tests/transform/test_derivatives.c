/* test_derivatives.c - Jacobians, Hessians and their products against closed forms. */
#include "../grad/own_tape.h"

#include <string.h>

/* y = (x0 x1, exp(x0), x0 sin(x1)). */
static tg_tensor three(tg_tensor x)
{
    const tg_tensor x0 = tg_slice(x, 0, 0, 1), x1 = tg_slice(x, 0, 1, 2);
    return tg_concat((tg_tensor[]){ tg_mul(x0, x1), tg_exp(x0), tg_mul(x0, tg_sin(x1)) }, 3, 0);
}

/* The same, added up. */
static tg_tensor total(tg_tensor x)
{
    return tg_sum(three(x), TG_ALL, false);
}

enum { ROWS = 3, COLUMNS = 2 };
static const double at[COLUMNS] = { 0.7, -1.3 };

static void jacobian_is_that_of_the_formula(void **state)
{
    (void)state;
    const tg_tensor x = vector(at[0], at[1]);
    const tg_tensor j = tg_jacobian(three(x), x);
    equals(j, ROWS * COLUMNS, (double[]){ at[1], at[0], exp(at[0]), 0, sin(at[1]), at[0] * cos(at[1]) });
    assert_true(tg_shape_equal(&(tg_shape){ 2, { ROWS, COLUMNS } }, (tg_shape[]){ tg_shape_of(j) }));
}

static void hessian_is_that_of_the_formula(void **state)
{
    (void)state;
    const tg_tensor x = vector(at[0], at[1]);
    const double mixed = 1 + cos(at[1]);
    equals(tg_hessian(total(x), x), 4, (double[]){ exp(at[0]), mixed, mixed, -at[0] * sin(at[1]) });
}

static void products_are_those_of_the_matrices(void **state)
{
    (void)state;
    const tg_tensor x = vector(at[0], at[1]);
    const double v[] = { 2, -3 }, mixed = 1 + cos(at[1]);
    const tg_tensor vector_v = tg_constant(tape, TG_SHAPE(2), v);
    equals(tg_hvp(total(x), x, vector_v), 2,
           (double[]){ exp(at[0]) * v[0] + mixed * v[1], mixed * v[0] - at[0] * sin(at[1]) * v[1] });
    equals(
        tg_jvp(three(x), x, vector_v), 3,
        (double[]){ at[1] * v[0] + at[0] * v[1], exp(at[0]) * v[0], sin(at[1]) * v[0] + at[0] * cos(at[1]) * v[1] });
}

static void shapes_are_those_of_y_and_x(void **state)
{
    (void)state;
    double values[12];
    for (int i = 0; i < 12; i++)
        values[i] = i + 1;
    const tg_tensor a = tg_variable(tape, TG_SHAPE(2, 3), values), b = tg_variable(tape, TG_SHAPE(3, 2), values);
    const tg_tensor j = tg_jacobian(tg_matmul(a, b), b);
    double got[24];
    assert_true(tg_shape_equal(&TG_SHAPE(2, 2, 3, 2), (tg_shape[]){ tg_shape_of(j) }));
    ok(tg_read(j, got, 24));
    for (int i = 0; i < 24; i++) { /* d(sum_k a[r][k] b[k][c]) / d b[k][l] = a[r][k] where l = c */
        const int r = i / 12, c = i / 6 % 2, k = i / 2 % 3, l = i % 2;
        assert_true(got[i] == (l == c ? values[3 * r + k] : 0));
    }
    const tg_tensor s = scalar(3);
    equals(tg_jacobian(tg_square(s), s), 1, (double[]){ 6 });
    equals(tg_hessian(tg_square(s), s), 1, (double[]){ 2 });
    assert_int_equal(tg_size(tg_jacobian(a, tg_variable(tape, TG_SHAPE(0), NULL))), 0);
}

static void what_does_not_depend_is_zero(void **state)
{
    (void)state;
    const tg_tensor x = vector(1, 2), y = vector(3, 4), zeros = tg_full(tape, TG_SHAPE(2), 0);
    const double none[4] = { 0 };
    equals(tg_jacobian(tg_exp(x), y), 4, none);
    equals(tg_jacobian(x, tg_exp(y)), 4, none); /* x is older than what it is differentiated by */
    equals(tg_hessian(tg_sum(x, TG_ALL, false), x), 4, none);
    equals(tg_hvp(tg_sum(tg_exp(x), TG_ALL, false), x, zeros), 2, none);
    equals(tg_jvp(tg_exp(x), y, x), 2, none);
}

static void intermediate_and_constant_tensors_are_taken(void **state)
{
    (void)state;
    const double values[] = { 1, 2 };
    const tg_tensor x = tg_constant(tape, TG_SHAPE(2), values), h = tg_square(x);
    equals(tg_jacobian(tg_exp(h), h), 4, (double[]){ exp(1), 0, 0, exp(4) });
    equals(tg_hessian(tg_sum(tg_exp(x), TG_ALL, false), x), 4, (double[]){ exp(1), 0, 0, exp(2) });
    equals(tg_jvp(tg_exp(h), x, x), 2, (double[]){ 2 * exp(1), 8 * exp(4) });
}

static void nothing_but_the_result_is_left(void **state)
{
    (void)state;
    const tg_tensor x = vector(at[0], at[1]), y = three(x), sum = tg_sum(y, TG_ALL, false);
    ok(tg_backward(sum));
    const tg_tensor v = tg_constant(tape, TG_SHAPE(2), at);
    const int64_t nodes = tg_tape_memory(tape).nodes;
    tg_jacobian(y, x);
    tg_hessian(sum, x);
    tg_hvp(sum, x, v);
    tg_jvp(y, x, v);
    ok(tg_tape_status(tape));
    assert_int_equal(tg_tape_memory(tape).nodes, nodes + 4);
    equals(tg_grad_of(x), 2, (double[]){ at[1] + exp(at[0]) + sin(at[1]), at[0] + at[0] * cos(at[1]) });
}

static void recording_stays_as_it_was(void **state)
{
    (void)state;
    const tg_tensor x = vector(at[0], at[1]), y = total(x), v = tg_constant(tape, TG_SHAPE(2), at);
    tg_tensor with = tg_hvp(y, x, v);
    double expected[2];
    ok(tg_read(with, expected, 2));
    tg_tape_set_recording(tape, false);
    equals(tg_hvp(y, x, v), 2, expected);
    assert_false(tg_tape_set_recording(tape, true));
    assert_true(tg_tape_set_recording(tape, true));
}

static void a_result_cannot_be_differentiated(void **state)
{
    (void)state;
    const tg_tensor x = vector(at[0], at[1]);
    const tg_tensor s = tg_sum(tg_jacobian(three(x), x), TG_ALL, false);
    tg_tensor g;
    assert_int_equal(tg_grad(s, null, &x, 1, &g, 0), TG_ERR_NOT_DIFFERENTIABLE);
    assert_non_null(strstr(tg_tape_message(tape), "TG_CREATE_GRAPH"));
}

static void errors_say_what_would_be_right(void **state)
{
    (void)state;
    tg_tensor x = vector(1, 2);
    tg_jvp(x, x, scalar(1));
    says(tg_tape_status(tape), TG_ERR_SHAPE, "jvp: []: the vector must have x's shape, [2]");
    x = vector(1, 2);
    tg_hvp(tg_exp(x), x, x);
    assert_int_equal(tg_tape_status(tape), TG_ERR_SHAPE);
    assert_non_null(strstr(tg_tape_message(tape), "hvp: "));
    tg_tape_reset(tape);
    const tg_tensor wide = tg_full(tape, TG_SHAPE(1, 1, 1, 1, 1), 1);
    tg_hessian(tg_sum(wide, TG_ALL, false), wide);
    says(tg_tape_status(tape), TG_ERR_SHAPE, "hessian: []: the result would have 10 axes; at most 8 are possible");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(jacobian_is_that_of_the_formula),    TEST(hessian_is_that_of_the_formula),
        TEST(products_are_those_of_the_matrices), TEST(shapes_are_those_of_y_and_x),
        TEST(what_does_not_depend_is_zero),       TEST(intermediate_and_constant_tensors_are_taken),
        TEST(nothing_but_the_result_is_left),     TEST(recording_stays_as_it_was),
        TEST(a_result_cannot_be_differentiated),  TEST(errors_say_what_would_be_right),
    };
    return cmocka_run_group_tests_name("derivatives", tests, NULL, NULL);
}
