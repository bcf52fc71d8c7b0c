/* scaled_difference.c - z = c (x - y) g, and 0 where g is 0: the derivative of a square, which square and mse_loss share */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP3(scaled_difference, x, y, g, v_select(g == 0, g, p0 *(x - y) * g))

#else

#include "ops/derivatives.h"

static void vjp(tg_vjp *v)
{
    const double c = tg_number(v);
    const tg_tensor dx = tg_scale(tg_mul(tg_cotangent(v), tg_input(v, 2)), c);
    tg_give(v, 0, dx);
    tg_give(v, 1, tg_neg(dx));
    tg_give(v, 2, tg_scaled_difference(tg_input(v, 0), tg_input(v, 1), tg_cotangent(v), c));
}

static const tg_sample samples[] = {
    { .n = 3, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) }, TG_NUMBERS(0.75) },
    { .n = 3, .inputs = { TG_MATRIX(-2, 2), { .shape = { 2, { 3, 1 } } }, { .shape = { 0 } } }, TG_NUMBERS(-2) },
};

const tg_op tg_op_scaled_difference = { TG_ELEMENTWISE(scaled_difference, 3, 1), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_scaled_difference(tg_tensor x, tg_tensor y, tg_tensor g, double c)
{
    return tg_apply(&tg_op_scaled_difference, (tg_tensor[]){ x, y, g }, 3, &c, sizeof c);
}

#endif
