/* test_unrecorded.c - what was not recorded: an error where a gradient would be wrong, zeros only where they are right. */
#include "own_tape.h"

#include <string.h>

/* tg_grad of y by x is refused with this message. */
static void refuses(tg_tensor y, tg_tensor x, const char *message)
{
    tg_tensor g;
    const tg_status status = tg_grad(y, null, &x, 1, &g, 0);
    assert_false(tg_is_valid(g));
    says(status, TG_ERR_NOT_DIFFERENTIABLE, message);
}

static void gives(tg_tensor y, tg_tensor x, double expected)
{
    tg_tensor g;
    ok(tg_grad(y, null, &x, 1, &g, 0));
    equals(g, 1, &expected);
}

static tg_tensor paused_exp(tg_tensor x)
{
    tg_tape_set_recording(tape, false);
    x = tg_exp(x);
    tg_tape_set_recording(tape, true);
    return x;
}

static void what_was_computed_while_recording_was_off(void **state)
{
    (void)state;
    tg_tensor x = tg_name(scalar(0), "x");
    refuses(paused_exp(x), x,
            "grad: []: this depends on input 0, \"x\" [], only through exp [], which was computed while recording "
            "was off "
            "(tg_tape_set_recording)");
    x = scalar(0);
    tg_tensor h = tg_name(paused_exp(x), "h"), y = tg_name(tg_scale(h, 2), "y");
    refuses(y, x,
            "grad: \"y\" []: this depends on input 0, [], only through exp \"h\" [], which was computed while "
            "recording was "
            "off (tg_tape_set_recording)");
    x = scalar(0);
    h = tg_name(paused_exp(x), "h");
    says(tg_backward(tg_name(tg_scale(h, 2), "y")), TG_ERR_NOT_DIFFERENTIABLE,
         "backward: \"y\" []: this tensor needs no gradient: it depends on tensors that take one only through exp "
         "\"h\" [], "
         "which was computed while recording was off (tg_tape_set_recording)");
}

/* Zeros where there is a recorded way, too, or none at all, or where it was cut on purpose. */
static void what_is_right_stays(void **state)
{
    (void)state;
    tg_tensor x = scalar(2), z = scalar(5), frozen = paused_exp(z);
    gives(tg_mul(frozen, x), x, exp(5));
    gives(tg_mul(tg_mul(frozen, x), z), z, 2 * exp(5));
    gives(tg_exp(x), z, 0);
    gives(tg_mul(x, tg_detach(z)), z, 0);
    gives(tg_mul(x, tg_exp(tg_detach(z))), z, 0);
    gives(tg_where(tg_full(tape, TG_SCALAR, 1), x, z), z, 0);
    gives(tg_full(tape, TG_SCALAR, 1), x, 0);
    gives(x, tg_exp(x), 0); /* younger than what is differentiated */
    tg_tape_set_recording(tape, false);
    gives(tg_exp(tg_detach(x)), x, 0);
    tg_tape_set_recording(tape, true);
}

static void a_gradient_that_was_made_without_create_graph(void **state)
{
    (void)state;
    tg_tensor x = tg_name(scalar(2), "x"), z = scalar(1), y = tg_mul(tg_mul(x, x), x), g;
    ok(tg_grad(y, null, &x, 1, &g, 0));
    gives(tg_mul(g, z), z, 12);
    gives(tg_mul(g, x), x, 12); /* a recorded way; g is a constant factor */
    gives(tg_square(tg_detach(g)), x, 0);
    gives(tg_square(g), g, 24);
    refuses(
        tg_name(tg_square(g), "penalty"), x,
        "grad: \"penalty\" []: this depends on input 0, \"x\" [], only through [], a gradient that was made without "
        "TG_CREATE_GRAPH");
    x = scalar(2);
    ok(tg_grad(tg_mul(x, x), null, &x, 1, &g, 0));
    says(tg_backward(tg_square(g)), TG_ERR_NOT_DIFFERENTIABLE,
         "backward: []: this tensor needs no gradient: it depends on tensors that take one only through [], a "
         "gradient that "
         "was "
         "made without TG_CREATE_GRAPH");
    x = scalar(2);
    ok(tg_backward(tg_mul(x, x)));
    refuses(
        tg_square(tg_grad_of(x)), x,
        "grad: []: this depends on input 0, [], only through [], a gradient that was made without TG_CREATE_GRAPH");
    x = scalar(2);
    ok(tg_grad(tg_mul(x, x), null, &x, 1, &g, TG_CREATE_GRAPH));
    gives(tg_square(g), x, 16);
    z = scalar(3); /* y never depended on z: nor does its gradient */
    ok(tg_grad(tg_mul(x, x), null, &x, 1, &g, 0));
    gives(tg_square(g), z, 0);
}

/* Of several inputs, the one that is meant; and nothing of a refused call is given. */
static void the_input_is_named(void **state)
{
    (void)state;
    tg_tensor in[] = { scalar(1), tg_name(scalar(2), "second") }, out[2];
    const tg_tensor y = tg_mul(in[0], paused_exp(in[1]));
    assert_int_equal(tg_grad(y, null, in, 2, out, 0), TG_ERR_NOT_DIFFERENTIABLE);
    assert_non_null(strstr(tg_tape_message(tape), "input 1, \"second\" []"));
    assert_false(tg_is_valid(out[0]) || tg_is_valid(out[1]));
}

/* A detached tensor is a leaf like any other, and so is what was computed while recording was off. */
static void gradients_by_a_constant_of_the_tape(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags <= TG_CREATE_GRAPH; flags++) {
        tg_tensor x = scalar(3), d = tg_detach(x), p = paused_exp(x), g[3];
        const tg_tensor in[] = { d, p, x };
        ok(tg_grad(tg_mul(tg_mul(d, d), tg_mul(p, x)), null, in, 3, g, flags));
        equals(g[0], 1, (double[]){ 2 * 3 * exp(3) * 3 });
        equals(g[1], 1, (double[]){ 9 * 3 });
        equals(g[2], 1, (double[]){ 9 * exp(3) }); /* and nothing through d and p */
        ok(tg_grad(d, null, &d, 1, g, flags));
        equals(g[0], 1, (double[]){ 1 });
    }
}

static void why_a_tensor_keeps_no_gradient(void **state)
{
    (void)state;
    tg_tensor x = scalar(2), y = tg_exp(x);
    ok(tg_backward(y));
    tg_grad_of(tg_name(y, "y"));
    says(tg_tape_status(tape), TG_ERR_STATE,
         "grad_of: \"y\" []: no gradient was kept; mark the tensor with tg_retain_grad before the backward");
    x = scalar(2);
    tg_grad_of(tg_full(tape, TG_SCALAR, 1));
    says(tg_tape_status(tape), TG_ERR_NOT_DIFFERENTIABLE,
         "grad_of: []: this tensor needs no gradient; it depends on no variable and no trainable parameter");
    x = scalar(2);
    tg_retain_grad(tg_detach(x));
    says(tg_tape_status(tape), TG_ERR_NOT_DIFFERENTIABLE,
         "retain_grad: []: this tensor needs no gradient: it depends on tensors that take one only through [], which "
         "was "
         "detached");
    tg_params *frozen =
        tg_params_create(TG_F64, &(tg_param_spec){ .name = "w", .shape = { 0 }, .flags = TG_PARAM_FROZEN }, 1, NULL);
    tg_grad_of(tg_param(tape, frozen, 0));
    says(tg_tape_status(tape), TG_ERR_NOT_DIFFERENTIABLE,
         "grad_of: \"w\" []: this tensor needs no gradient; the parameter is frozen");
    tg_params_destroy(frozen);
}

/* Leaves of no elements need no data. */
static void leaves_without_elements(void **state)
{
    (void)state;
    const tg_tensor x = tg_variable(tape, TG_SHAPE(0, 3), NULL), c = tg_constant(tape, TG_SHAPE(2, 0), NULL);
    assert_true(tg_is_valid(x) && tg_size(x) == 0 && tg_dim(x, 1) == 3 && tg_needs_grad(x));
    assert_true(tg_is_valid(c) && tg_rank(c) == 2 && !tg_needs_grad(c));
    ok(tg_read(x, NULL, 0));
    ok(tg_backward(tg_sum(x, TG_ALL, false)));
    assert_int_equal(tg_dim(tg_grad_of(x), 1), 3);
    tg_read(x, NULL, 1);
    says(tg_tape_status(tape), TG_ERR_ARGUMENT, "read: [0, 3]: a buffer of 1 elements for 0");
    tg_variable(tape, TG_SHAPE(1, 3), NULL);
    says(tg_tape_status(tape), TG_ERR_ARGUMENT, "variable: the data is NULL");
    tg_constant(tape, TG_SHAPE(-1, 3), NULL);
    says(tg_tape_status(tape), TG_ERR_SHAPE,
         "constant: [-1, 3] has a negative size or more elements than memory can hold");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_computed_while_recording_was_off),
        TEST(what_is_right_stays),
        TEST(a_gradient_that_was_made_without_create_graph),
        TEST(the_input_is_named),
        TEST(gradients_by_a_constant_of_the_tape),
        TEST(why_a_tensor_keeps_no_gradient),
        TEST(leaves_without_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
