/* test_reverse.c - the reverse pass: sharing, joining, repeating, higher orders, sinks, and what it refuses. */
#include "own_tape.h"

#include <stdlib.h>
#include <string.h>

/* First order ----------------------------------------------------------------------------------------------------- */

static void an_input_used_many_times_gathers(void **state)
{
    (void)state;
    tg_tensor x = vector(3, -2);
    tg_tensor y = tg_mul(tg_mul(x, x), tg_add(x, x)); /* 2 x^3 */
    ok(tg_backward(tg_sum(y, TG_ALL, false)));
    equals(tg_grad_of(x), 2, (double[]){ 6 * 9, 6 * 4 });
}

/* add hands its cotangent on to both inputs, without a copy; what is then added to one must not be seen by the other. */
static void a_gradient_that_was_handed_on_is_not_written(void **state)
{
    (void)state;
    tg_tensor a = vector(1, 2), b = vector(3, 4), c = vector(5, 6);
    tg_tensor ab = tg_add(a, b);
    tg_tensor y = tg_add(tg_mul(a, c), tg_add(ab, tg_mul(ab, a)));
    tg_retain_grad(ab);
    ok(tg_backward_from(tg_sum(y, TG_ALL, false), tg_full(tape, TG_SCALAR, 10)));
    equals(tg_grad_of(a), 2, (double[]){ 10 * (5 + 1 + 4 + 1), 10 * (6 + 1 + 6 + 2) });
    equals(tg_grad_of(b), 2, (double[]){ 10 * (1 + 1), 10 * (1 + 2) });
    equals(tg_grad_of(c), 2, (double[]){ 10, 20 });
    equals(tg_grad_of(ab), 2, (double[]){ 20, 30 });
}

static void branches_join(void **state)
{
    (void)state;
    tg_tensor x = scalar(0.7);
    tg_tensor a = tg_exp(x), b = tg_tanh(x);
    tg_tensor y = tg_mul(tg_add(a, b), tg_mul(a, b));
    ok(tg_backward(y));
    const double e = exp(0.7), t = tanh(0.7), d = 1 - t * t;
    equals(tg_grad_of(x), 1, (double[]){ (e + d) * e * t + (e + t) * (e * t + e * d) });
}

static void broadcasting_is_undone(void **state)
{
    (void)state;
    tg_tensor row = tg_variable(tape, TG_SHAPE(3), ((double[]){ 1, 2, 3 }));
    tg_tensor column = tg_variable(tape, TG_SHAPE(2, 1), ((double[]){ 10, 20 }));
    tg_tensor one = scalar(2);
    ok(tg_backward(tg_sum(tg_mul(tg_mul(row, column), one), TG_ALL, false)));
    equals(tg_grad_of(row), 3, (double[]){ 60, 60, 60 });
    equals(tg_grad_of(column), 2, (double[]){ 12, 12 });
    equals(tg_grad_of(one), 1, (double[]){ 180 });
    assert_int_equal(tg_rank(tg_grad_of(column)), 2);
}

static void several_outputs_are_several_cotangents(void **state)
{
    (void)state;
    tg_tensor x = vector(3, -2), y = tg_mul(x, x);
    ok(tg_backward_from(y, tg_constant(tape, TG_SHAPE(2), ((double[]){ 1, 10 }))));
    equals(tg_grad_of(x), 2, (double[]){ 6, -40 });
}

static void a_second_backward_is_right(void **state)
{
    (void)state;
    tg_tensor x = vector(3, -2), z = scalar(5);
    tg_tensor y = tg_sum(tg_mul(x, x), TG_ALL, false);
    for (int i = 0; i < 3; i++) {
        ok(tg_backward(y));
        equals(tg_grad_of(x), 2, (double[]){ 6, -4 });
        equals(tg_grad_of(z), 1, (double[]){ 0 }); /* y does not depend on it */
    }
    tg_tensor first = tg_grad_of(x);
    ok(tg_backward(tg_mul(y, z)));
    equals(tg_grad_of(x), 2, (double[]){ 30, -20 });
    equals(tg_grad_of(z), 1, (double[]){ 13 });
    equals(first, 2, (double[]){ 6, -4 });
    ok(tg_backward(tg_sum(tg_mul(first, x), TG_ALL, false))); /* a gradient is a constant like any other */
    equals(tg_grad_of(x), 2, (double[]){ 6, -4 });
}

static void a_chain_of_a_million(void **state)
{
    (void)state;
    tg_tensor x = scalar(0.5), y = x;
    for (int i = 0; i < 1000000; i++)
        y = i % 2 ? tg_scale(y, 1 + 1e-6) : tg_add(y, x);
    ok(tg_backward(y));
    double expected = 1;
    for (int i = 0; i < 1000000; i++)
        expected = i % 2 ? expected * (1 + 1e-6) : expected + 1;
    double gradient = tg_item(tg_grad_of(x));
    assert_true(fabs(gradient - expected) < 1e-9 * expected);
}

static void gradients_of_what_is_empty_or_single(void **state)
{
    (void)state;
    tg_tensor none = tg_variable(tape, TG_SHAPE(0, 3), (double *)NULL);
    tg_tensor one = tg_variable(tape, TG_SHAPE(1, 1), (double[]){ 4 });
    ok(tg_backward(tg_add(tg_sum(tg_exp(none), TG_ALL, false), tg_mul(one, one))));
    assert_int_equal(tg_size(tg_grad_of(none)), 0);
    equals(tg_grad_of(one), 1, (double[]){ 8 });
    assert_int_equal(tg_rank(tg_grad_of(one)), 2);
}

/* Of a cotangent without elements nothing is read, whether it stands on no memory or on too little for one. */
static void nothing_has_a_gradient_of_nothing(void **state)
{
    (void)state;
    double *little = malloc(1);
    double *const places[] = { NULL, little };
    for (int i = 0; i < 2; i++) {
        tg_tensor x = tg_variable_f64(tape, TG_SHAPE(0), NULL);
        ok(tg_backward_from(tg_add(x, x), tg_wrap(tape, TG_SHAPE(0), places[i])));
        assert_int_equal(tg_size(tg_grad_of(x)), 0);
    }
    free(little);
}

static void backward_of_a_leaf_is_one(void **state)
{
    (void)state;
    tg_tensor x = scalar(3);
    ok(tg_backward(x));
    equals(tg_grad_of(x), 1, (double[]){ 1 });
}

static void gradient_buffers_are_used_again(void **state)
{
    (void)state;
    static double values[100000];
    tg_tensor x = tg_variable(tape, TG_SHAPE(100000), values), y = x;
    for (int i = 0; i < 50; i++)
        y = tg_tanh(y);
    ok(tg_backward(tg_sum(y, TG_ALL, false)));
    assert_true(tg_tape_memory(tape).gradient_bytes < 4 * sizeof values);
}

/* Gradients as tensors -------------------------------------------------------------------------------------------- */

static void grad_asks_for_any_tensor(void **state)
{
    (void)state;
    tg_tensor x = vector(3, -2), c = tg_constant(tape, TG_SHAPE(2), ((double[]){ 7, 8 })), other = scalar(1);
    tg_tensor h = tg_mul(x, x), y = tg_sum(tg_mul(h, c), TG_ALL, false);
    tg_tensor inputs[] = { h, x, c, other, y, x }, g[6];
    ok(tg_backward(y));
    ok(tg_grad(y, null, inputs, 6, g, 0));
    equals(g[0], 2, (double[]){ 7, 8 });
    equals(g[1], 2, (double[]){ 42, -32 });
    equals(g[2], 2, (double[]){ 9, 4 }); /* a constant, asked for by name */
    equals(g[3], 1, (double[]){ 0 });
    equals(g[4], 1, (double[]){ 1 });
    equals(g[5], 2, (double[]){ 42, -32 });
    equals(tg_grad_of(x), 2, (double[]){ 42, -32 }); /* still the backward's */
    ok(tg_grad(y, null, NULL, 0, NULL, 0));
    ok(tg_grad(scalar(1), null, inputs, 2, g, 0));
    equals(g[1], 2, (double[]){ 0, 0 });
}

static void gradients_stay_when_the_next_comes(void **state)
{
    (void)state;
    tg_tensor x = vector(3, -2), g[3];
    for (int i = 0; i < 3; i++)
        ok(tg_grad(tg_sum(tg_scale(tg_mul(x, x), i + 1), TG_ALL, false), null, &x, 1, &g[i], 0));
    for (int i = 0; i < 3; i++)
        equals(g[i], 2, (double[]){ 6 * (i + 1), -4 * (i + 1) });
    tg_mark m = tg_tape_mark(tape);
    tg_tensor later;
    for (int i = 0; i < 10; i++) {
        ok(tg_grad(tg_sum(tg_mul(x, x), TG_ALL, false), null, &x, 1, &later, 0));
        ok(tg_tape_rewind(tape, m));
        assert_false(tg_is_valid(later));
    }
    equals(g[0], 2, (double[]){ 6, -4 });
}

static void derivatives_of_every_order(void **state)
{
    (void)state;
    tg_tensor x = scalar(0.3), y = tg_tanh(x);
    const double t = tanh(0.3), d = 1 - t * t;
    const double expected[] = { d, -2 * t * d, -2 * d * d + 4 * t * t * d, 16 * t * d * d - 8 * t * t * t * d };
    for (int order = 0; order < 4; order++) {
        ok(tg_grad(y, null, &x, 1, &y, TG_CREATE_GRAPH));
        equals(y, 1, &expected[order]);
    }
}

static void a_hessian_vector_product(void **state)
{
    (void)state;
    tg_tensor x = vector(0.5, -0.3), v = tg_constant(tape, TG_SHAPE(2), ((double[]){ 2, 3 })), g, hv;
    tg_tensor s = tg_sum(x, 0, false);
    tg_tensor y = tg_mul(tg_mul(s, s), tg_exp(s)); /* f(s), s = x0 + x1: the Hessian is f'' everywhere */
    ok(tg_grad(y, null, &x, 1, &g, TG_CREATE_GRAPH));
    ok(tg_grad(tg_sum(tg_mul(g, v), TG_ALL, false), null, &x, 1, &hv, 0));
    const double f2 = (2 + 4 * 0.2 + 0.04) * exp(0.2);
    equals(hv, 2, (double[]){ 5 * f2, 5 * f2 });
    ok(tg_backward(tg_sum(tg_mul(g, g), TG_ALL, false))); /* and a backward through a gradient */
    const double f1 = (0.4 + 0.04) * exp(0.2);
    equals(tg_grad_of(x), 2, (double[]){ 4 * f1 * f2, 4 * f1 * f2 });
}

static void the_cotangent_may_be_differentiable(void **state)
{
    (void)state;
    tg_tensor x = vector(3, -2), u = vector(5, 7), g, h;
    ok(tg_grad(tg_mul(x, x), u, &x, 1, &g, TG_CREATE_GRAPH)); /* 2 x u */
    equals(g, 2, (double[]){ 30, -28 });
    ok(tg_grad(g, tg_full(tape, TG_SHAPE(2), 1), &u, 1, &h, 0));
    equals(h, 2, (double[]){ 6, -4 });
}

/* Parameters ------------------------------------------------------------------------------------------------------ */

static tg_params *two_params(void)
{
    tg_params *p = tg_params_create(TG_F64,
                                    (tg_param_spec[]){
                                        { .name = "w", .shape = TG_SHAPE(2) },
                                        { .name = "frozen", .shape = TG_SHAPE(2), .flags = TG_PARAM_FROZEN },
                                    },
                                    2, NULL);
    assert_int_equal(tg_params_write_f64(p, 0, (double[]){ 3, -2 }, 2, NULL), TG_OK);
    assert_int_equal(tg_params_write_f64(p, 1, (double[]){ 5, 7 }, 2, NULL), TG_OK);
    return p;
}

static void grad_is(tg_params *p, double a, double b)
{
    double g[2];
    assert_int_equal(tg_params_read_grad_f64(p, 0, g, 2, NULL), TG_OK);
    assert_true(g[0] == a && g[1] == b);
}

static void sinks_overwrite_then_accumulate(void **state)
{
    (void)state;
    tg_params *p = two_params();
    for (int round = 0; round < 2; round++) {
        tg_tensor w = tg_param(tape, p, 0), f = tg_param(tape, p, 1);
        assert_int_equal(tg_param(tape, p, 0).id, w.id);
        assert_false(tg_needs_grad(f));
        tg_tensor y = tg_sum(tg_mul(tg_mul(w, w), f), TG_ALL, false);
        ok(tg_backward(y));
        grad_is(p, 30, -28);
        ok(tg_backward(y));
        grad_is(p, 60, -56);
        equals(tg_grad_of(w), 2, (double[]){ 60, -56 });
        assert_false(tg_params_has_grad(p, 1));
        tg_tensor g;
        ok(tg_grad(y, null, &w, 1, &g, 0));
        equals(g, 2, (double[]){ 30, -28 });
        grad_is(p, 60, -56); /* tg_grad touches no parameter */
        tg_params_zero_grad(p);
        assert_false(tg_params_has_grad(p, 0));
        tg_tape_reset(tape);
    }
    tg_params_destroy(p);
}

static void changed_values_are_an_error(void **state)
{
    (void)state;
    tg_params *p = two_params();
    tg_tensor w = tg_param(tape, p, 0);
    tg_tensor y = tg_sum(tg_mul(w, w), TG_ALL, false);
    assert_int_equal(tg_params_write_f64(p, 1, (double[]){ 1, 1 }, 2, NULL), TG_OK);
    tg_mark m = tg_tape_mark(tape);
    assert_int_equal(tg_backward(y), TG_ERR_CHANGED);
    assert_non_null(strstr(tg_tape_message(tape), "the values of parameter \"w\" changed after they were recorded"));
    ok(tg_tape_rewind(tape, m));
    tg_params_zero_grad(p);
    tg_tensor again = tg_param(tape, p, 0); /* a new leaf, for the new values */
    assert_int_not_equal(again.id, w.id);
    ok(tg_backward(tg_sum(tg_mul(again, again), TG_ALL, false)));
    grad_is(p, 6, -4);
    tg_tape_reset(tape);
    tg_params_destroy(p);
}

static void rewinding_forgets_leaves(void **state)
{
    (void)state;
    tg_params *p = two_params();
    for (int bound_before = 0; bound_before < 2; bound_before++) {
        if (bound_before)
            tg_param(tape, p, 1);
        tg_mark m = tg_tape_mark(tape);
        for (int i = 0; i < 3; i++) {
            tg_tensor w = tg_param(tape, p, 0);
            equals(w, 2, (double[]){ 3, -2 });
            tg_params_zero_grad(p);
            ok(tg_backward(tg_sum(tg_mul(w, w), TG_ALL, false)));
            grad_is(p, 6, -4);
            ok(tg_tape_rewind(tape, m));
            assert_false(tg_is_valid(w));
        }
        tg_tape_reset(tape);
    }
    tg_params_destroy(p);
}

static void a_set_of_the_other_dtype_is_refused(void **state)
{
    (void)state;
    tg_params *p = tg_params_create(TG_F32, &(tg_param_spec){ .name = "w", .shape = TG_SHAPE(2) }, 1, NULL);
    assert_false(tg_is_valid(tg_param(tape, p, 0)));
    says(tg_tape_status(tape), TG_ERR_DTYPE,
         "param w: a parameter of float32 on a tape of float64; clone the set to the tape's dtype");
    tg_params_destroy(p);
}

/* What is refused ------------------------------------------------------------------------------------------------- */

static void what_cannot_start_is_refused(void **state)
{
    (void)state;
    tg_tensor g;
    says(tg_backward(vector(1, 2)), TG_ERR_SHAPE,
         "backward: [2]: this is not a scalar; reduce it with tg_sum or tg_mean, or give a cotangent");
    says(tg_backward(tg_full(tape, TG_SCALAR, 1)), TG_ERR_NOT_DIFFERENTIABLE,
         "backward: []: this tensor needs no gradient; it depends on no variable and no trainable parameter");
    says(tg_backward_from(vector(1, 2), scalar(1)), TG_ERR_SHAPE,
         "backward: [2]: a cotangent of []; the shapes must be the same");
    says(tg_backward_from(null, scalar(1)), TG_ERR_ARGUMENT, "backward: of the null tensor");
    tg_grad_of(scalar(1));
    says(tg_tape_status(tape), TG_ERR_STATE,
         "grad_of: []: there is no gradient: there was no backward, or the last one failed or was rewound");
    tg_tensor x = scalar(1), y = tg_exp(x);
    ok(tg_backward(y));
    tg_grad_of(y);
    says(tg_tape_status(tape), TG_ERR_STATE,
         "grad_of: []: no gradient was kept; mark the tensor with tg_retain_grad before the backward");
    tg_retain_grad(tg_full(tape, TG_SCALAR, 1));
    says(tg_tape_status(tape), TG_ERR_NOT_DIFFERENTIABLE,
         "retain_grad: []: this tensor needs no gradient; it depends on no variable and no trainable parameter");
    x = scalar(1);
    says(tg_grad(x, null, (tg_tensor[]){ x, null }, 2, (tg_tensor[2]){ { 0 } }, 0), TG_ERR_ARGUMENT,
         "grad: input 1 is the null tensor");
    const tg_tensor old = x;
    x = scalar(1);
    says(tg_grad(x, null, (tg_tensor[]){ x, old }, 2, (tg_tensor[2]){ { 0 } }, 0), TG_ERR_STALE,
         "grad: input 1 is from before a reset or rewind of its tape: make it again, or take the mark after it");
    x = scalar(1);
    says(tg_grad(x, null, &x, 1, NULL, 0), TG_ERR_ARGUMENT, "grad: inputs and out must be arrays of n = 1 tensors");
    x = scalar(1);
    says(tg_grad(x, null, &x, 1, &g, 6), TG_ERR_ARGUMENT, "grad: flags 0x6; only TG_CREATE_GRAPH is known");
    assert_false(tg_is_valid(g));
    says(tg_backward(x), TG_ERR_STALE,
         "backward: the tensor is from before a reset or rewind of its tape: make it again, or take the mark after "
         "it");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_input_used_many_times_gathers),
        TEST(a_gradient_that_was_handed_on_is_not_written),
        TEST(branches_join),
        TEST(broadcasting_is_undone),
        TEST(several_outputs_are_several_cotangents),
        TEST(a_second_backward_is_right),
        TEST(a_chain_of_a_million),
        TEST(gradients_of_what_is_empty_or_single),
        TEST(nothing_has_a_gradient_of_nothing),
        TEST(backward_of_a_leaf_is_one),
        TEST(gradient_buffers_are_used_again),
        TEST(grad_asks_for_any_tensor),
        TEST(gradients_stay_when_the_next_comes),
        TEST(derivatives_of_every_order),
        TEST(a_hessian_vector_product),
        TEST(the_cotangent_may_be_differentiable),
        TEST(sinks_overwrite_then_accumulate),
        TEST(changed_values_are_an_error),
        TEST(rewinding_forgets_leaves),
        TEST(a_set_of_the_other_dtype_is_refused),
        TEST(what_cannot_start_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
