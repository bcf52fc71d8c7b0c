/* test_scalar.c - the derivatives that operations state on numbers: the same bits as their vjp's, and where they are used. */
#include "own_tape.h"

#include <string.h>

#include "core/apply.h"

static const double values[] = { 0,
                                 -0.0,
                                 1,
                                 -1,
                                 0.5,
                                 -0.25,
                                 0.96875,
                                 2,
                                 -3.3,
                                 1e-3,
                                 7,
                                 -20,
                                 88.7,
                                 -1e10,
                                 1e-40,
                                 1e-30,
                                 3e38,
                                 -1e300,
                                 1e-310,
                                 (double)INFINITY,
                                 -(double)INFINITY,
                                 (double)NAN,
                                 0.1234567 };
enum { N_VALUES = sizeof values / sizeof *values };

/* The same bits, but for the sign and payload of a NaN. */
static bool same(const double *a, const double *b)
{
    return memcmp(a, b, sizeof *a) == 0 || (isnan(*a) && isnan(*b));
}

static tg_tensor apply_fast(const tg_op *op, const tg_tensor *x, const void *attributes, size_t bytes)
{
    if (op->arity == 1)
        return bytes ? tg_apply1_with(op, x[0], attributes, bytes) : tg_apply1(op, x[0]);
    return op->arity == 2 ? tg_apply2(op, x[0], x[1]) : tg_apply3(op, x[0], x[1], x[2]);
}

/* The gradients of op's inputs, and of an input that is used twice by it, seeded with g. An operation applied by tg_apply
   is differentiated by its vjp. */
static void gradients(const tg_op *op, bool fast, const double *at, double g, double *out)
{
    const tg_sample *s = op->samples;
    tg_tensor x[TG_SCALAR_INPUTS];
    for (int use = 0; use < 2; use++) { /* distinct inputs; one input for all, and a second use of it */
        for (int i = 0; i < op->arity; i++)
            x[i] = use && i ? x[0] : tg_variable(tape, i == 1 ? TG_SHAPE(1, 1) : TG_SCALAR, &at[i]);
        tg_tensor y = fast ? apply_fast(op, x, s->attributes, s->attribute_bytes)
                           : tg_apply(op, x, op->arity, s->attributes, s->attribute_bytes);
        const tg_tensor weight = tg_full(tape, tg_shape_of(y), g);
        if (use)
            y = tg_add(tg_add(y, x[0]), x[0]);
        ok(tg_backward_from(y, weight));
        for (int i = 0; i < op->arity; i++)
            ok(tg_read(tg_grad_of(x[i]), &out[use * TG_SCALAR_INPUTS + i], 1));
        tg_tape_reset(tape);
    }
}

static void agrees(const tg_op *op, const double *at, double g)
{
    double fast[2 * TG_SCALAR_INPUTS] = { 0 }, usual[2 * TG_SCALAR_INPUTS] = { 0 };
    gradients(op, true, at, g, fast);
    gradients(op, false, at, g, usual);
    for (int i = 0; i < 2 * TG_SCALAR_INPUTS; i++)
        if (!same(&fast[i], &usual[i]))
            fail_msg("%s of (%g, %g), cotangent %g, gradient %d: %a on numbers, %a by the vjp", op->name, at[0],
                     at[1], g, i, fast[i], usual[i]);
}

static void numbers_agree_with_the_vjp(tg_dtype dtype)
{
    tape = tg_tape_create(dtype);
    int stated = 0;
    for (int i = 0; i < tg_op_count(); i++) {
        const tg_op *op = tg_op_at(i);
        if (!op->scalar_vjp)
            continue;
        stated++;
        assert_in_range(op->arity, 1, 2);
        for (int a = 0; a < N_VALUES; a++)
            for (int b = 0; b < (op->arity == 2 ? N_VALUES : 1); b++)
                for (int g = 0; g < N_VALUES; g++)
                    agrees(op, (double[]){ values[a], values[b] }, values[g]);
    }
    assert_true(stated >= 15);
    tg_tape_destroy(tape);
}

static void numbers_agree_in_float32(void **state)
{
    (void)state;
    numbers_agree_with_the_vjp(TG_F32);
}

static void numbers_agree_in_float64(void **state)
{
    (void)state;
    numbers_agree_with_the_vjp(TG_F64);
}

/* An operation whose two derivatives differ, to see which is used: 1 by the vjp, 2 on numbers. */
static bool two(tg_scalar_vjp *v)
{
    v->dx[0] = 2 * v->g;
    return true;
}

static tg_tensor marked(tg_tensor x, bool by_tg_apply)
{
    static tg_op op;
    op = *tg_op_find("shift");
    op.scalar_vjp = two;
    const double zero = 0;
    return by_tg_apply ? tg_apply(&op, &x, 1, &zero, sizeof zero) : tg_apply1_with(&op, x, &zero, sizeof zero);
}

static double slope(tg_tensor x, unsigned flags, bool by_tg_apply)
{
    tg_tensor g;
    ok(tg_grad(tg_sum(marked(x, by_tg_apply), TG_ALL, false), null, &x, 1, &g, flags));
    double slopes[2] = { 0 };
    ok(tg_read(g, slopes, tg_size(g)));
    return slopes[0];
}

static void numbers_are_used_where_nothing_else_depends_on_the_vjp(void **state)
{
    (void)state;
    assert_true(slope(scalar(3), 0, false) == 2);
    assert_true(slope(tg_variable(tape, TG_SHAPE(1, 1), &(double){ 3 }), 0, false) == 2);
    assert_true(slope(scalar(3), TG_CREATE_GRAPH, false) == 1);
    assert_true(slope(scalar(3), 0, true) == 1);
    assert_true(slope(vector(3, 4), 0, false) == 1);
    tg_tape_set_trap(tape, TG_TRAP_NONFINITE);
    assert_true(slope(scalar(3), 0, false) == 1);
}

/* A contribution to a parameter goes to its set, and its version is checked: by the vjp. */
static void parameters_take_the_vjp(void **state)
{
    (void)state;
    tg_params *params = tg_params_create(TG_F64, &(tg_param_spec){ .name = "w", .shape = TG_SCALAR }, 1, NULL);
    assert_non_null(params);
    const tg_tensor w = tg_param(tape, params, 0);
    ok(tg_backward(marked(w, false)));
    const tg_tensor g = tg_grad_of(w);
    assert_true(tg_item(g) == 1);
    tg_tape_reset(tape);
    tg_params_destroy(params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_agree_in_float32),
        cmocka_unit_test(numbers_agree_in_float64),
        TEST(parameters_take_the_vjp),
        TEST(numbers_are_used_where_nothing_else_depends_on_the_vjp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
