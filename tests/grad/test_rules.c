/* test_rules.c - operations of a user's own in the reverse pass: what their rules may do, and what is refused. */
#include "own_tape.h"

#include <string.h>

/* Rules of a user's own: right once, wrong in kind, absent. */
static tg_status same(tg_call *c, tg_shape *out)
{
    *out = tg_call_shape(c, 0);
    return TG_OK;
}

static tg_status copy(tg_call *c)
{
    memcpy(tg_call_output(c), tg_call_input(c, 0), (size_t)tg_call_size(c, 0) * tg_dtype_size(tg_call_dtype(c)));
    return TG_OK;
}

static tg_tensor stolen; /* a note that a rule keeps for itself */

static void vjp_copy(tg_vjp *v)
{
    assert_true(tg_wants(v, 0));
    stolen = tg_scale(tg_cotangent(v), 2);
    tg_give(v, 0, tg_cotangent(v));
}

static void vjp_of_input_seven(tg_vjp *v)
{
    tg_give(v, 7, tg_cotangent(v));
}

static void vjp_of_wrong_shape(tg_vjp *v)
{
    tg_give(v, 0, tg_full(tape, TG_SHAPE(3), 1));
}

static void vjp_of_null(tg_vjp *v)
{
    tg_give(v, 0, null);
}

static void vjp_that_reads(tg_vjp *v)
{
    const double twice = 2 * tg_item(tg_sum(tg_cotangent(v), TG_ALL, false)); /* forces a note */
    tg_give(v, 0, tg_scale(tg_cotangent(v), twice));
}

static void vjp_that_misbehaves(tg_vjp *v)
{
    tg_backward(tg_input(v, 0));
    tg_give(v, 0, tg_cotangent(v));
}

/* It looks at what is kept while gradients are being kept. */
static tg_tensor above;
static void vjp_that_peeks(tg_vjp *v)
{
    tg_grad_of(above);
    tg_give(v, 0, tg_cotangent(v));
}

static tg_tensor apply_rule(void (*vjp)(tg_vjp *), int order, tg_tensor x)
{
    static tg_op op;
    op = (tg_op){ .name = "mine", .arity = 1, .order = order, .shape = same, .forward = copy, .vjp = vjp };
    return tg_apply(&op, &x, 1, NULL, 0);
}

static void a_rule_is_held_to_its_word(void **state)
{
    (void)state;
    tg_tensor x = scalar(3), g;
    ok(tg_backward(apply_rule(vjp_copy, TG_ORDER_ONCE, x)));
    equals(tg_grad_of(x), 1, (double[]){ 1 });
    assert_false(tg_is_valid(stolen));
    says(tg_grad(apply_rule(vjp_copy, TG_ORDER_ONCE, x), null, &x, 1, &g, TG_CREATE_GRAPH), TG_ERR_NOT_DIFFERENTIABLE,
         "mine: []: there is no second derivative; ask without TG_CREATE_GRAPH");
    says(tg_backward(apply_rule(NULL, TG_ORDER_NONE, scalar(1))), TG_ERR_NOT_DIFFERENTIABLE,
         "mine: []: there is no derivative; detach its inputs (tg_detach)");
    says(tg_backward(tg_sum(apply_rule(vjp_of_wrong_shape, TG_ORDER_ANY, vector(1, 2)), 0, false)), TG_ERR_SHAPE,
         "in the reverse pass of mine: [2]: the vjp gives input 0 a gradient of [3]; its shape must be the input's, "
         "or one "
         "that this broadcasts to");
    says(tg_backward(apply_rule(vjp_of_input_seven, TG_ORDER_ANY, scalar(1))), TG_ERR_ARGUMENT,
         "in the reverse pass of mine: []: the vjp uses input 7 of an operation with 1 input; they are counted from "
         "0");
    says(tg_backward(apply_rule(vjp_of_null, TG_ORDER_ANY, scalar(1))), TG_ERR_ARGUMENT,
         "in the reverse pass of mine: []: the vjp gives input 0 the null tensor");
    says(tg_backward(apply_rule(vjp_that_misbehaves, TG_ORDER_ANY, scalar(1))), TG_ERR_STATE,
         "in the reverse pass of mine: []: backward: not allowed inside a vjp, which makes tensors from tg_cotangent "
         "and passes them to tg_give");
    x = vector(1, 2);
    above = tg_retain_grad(tg_scale(apply_rule(vjp_that_peeks, TG_ORDER_ANY, x), 3));
    says(tg_backward(tg_sum(above, 0, false)), TG_ERR_STATE,
         "in the reverse pass of mine: [2]: grad_of: not allowed inside a vjp, which makes tensors from tg_cotangent "
         "and passes them to tg_give");
    x = vector(1, 2);
    ok(tg_backward(tg_sum(apply_rule(vjp_that_reads, TG_ORDER_ANY, x), 0, false)));
    equals(tg_grad_of(x), 2, (double[]){ 4, 4 });
}

/* A forward works on memory. */
static tg_status forward_that_applies(tg_call *c)
{
    tg_exp(tg_full(tape, TG_SCALAR, 3));
    return copy(c);
}

static void a_forward_that_applies_operations_is_refused(void **state)
{
    (void)state;
    static const tg_op op = { .name = "mine",
                              .arity = 1,
                              .order = TG_ORDER_ONCE,
                              .shape = same,
                              .forward = forward_that_applies,
                              .vjp = vjp_copy };
    tg_tensor x = vector(1, 2), y = tg_apply(&op, &x, 1, NULL, 0);
    assert_false(tg_is_valid(y));
    says(tg_tape_status(tape), TG_ERR_STATE,
         "full: not allowed inside the shape rule or the forward of mine, which work on memory, not on tensors");
}

static void an_operation_is_given_what_it_takes(void **state)
{
    (void)state;
    tg_tensor x = scalar(1);
    tg_apply(tg_op_find("mul"), &x, 1, NULL, 0);
    says(tg_tape_status(tape), TG_ERR_ARGUMENT, "mul: takes 2 inputs, was given 1");
    x = scalar(1);
    tg_apply(NULL, &x, 1, NULL, 0);
    says(tg_tape_status(tape), TG_ERR_ARGUMENT, "apply: the operation is NULL");
    x = scalar(1);
    tg_apply(&(const tg_op){ .name = "half", .arity = 1, .forward = copy }, &x, 1, NULL, 0);
    says(tg_tape_status(tape), TG_ERR_ARGUMENT, "apply: operation half needs a name, a shape rule and a forward");
    x = scalar(1);
    tg_apply(&(const tg_op){ .name = "half", .arity = 1, .shape = same }, &x, 1, NULL, 0);
    says(tg_tape_status(tape), TG_ERR_ARGUMENT, "apply: operation half needs a name, a shape rule and a forward");
    x = scalar(1);
    tg_apply(tg_op_find("scale"), &x, 1, NULL, 8);
    says(tg_tape_status(tape), TG_ERR_ARGUMENT, "scale: the attributes are NULL; 8 bytes were announced");
    x = scalar(1);
    assert_null(tg_apply(tg_op_find("mul"), NULL, 2, NULL, 0).tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_rule_is_held_to_its_word),
        TEST(a_forward_that_applies_operations_is_refused),
        TEST(an_operation_is_given_what_it_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
