/* scaled_ratio.c - z = c a b / d: the derivative of a quotient, which div, reciprocal and sqrt share;
   dz/da = c b / d, dz/db = c a / d, dz/dd = -z / d */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP3(scaled_ratio, a, b, d, p0 *(a *(b / d)))

#else

#include "ops/derivatives.h"

static void vjp(tg_vjp *v)
{
    const double c = tg_number(v);
    const tg_tensor a = tg_input(v, 0), b = tg_input(v, 1), d = tg_input(v, 2), g = tg_cotangent(v);
    tg_give(v, 0, tg_scaled_ratio(g, b, d, c));
    tg_give(v, 1, tg_scaled_ratio(a, g, d, c));
    tg_give(v, 2, tg_scaled_ratio(g, tg_output(v), d, -1));
}

static const tg_sample samples[] = {
    { .n = 3, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2), TG_MATRIX(0.5, 2) }, TG_NUMBERS(0.75) },
    { .n = 3, .inputs = { TG_MATRIX(-2, 2), { .shape = { 0 } }, TG_DRAWN(0.5, 2, 2, { 3, 1 }) }, TG_NUMBERS(-1) },
};

const tg_op tg_op_scaled_ratio = { TG_ELEMENTWISE(scaled_ratio, 3, 1), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_scaled_ratio(tg_tensor a, tg_tensor b, tg_tensor d, double c)
{
    return tg_apply(&tg_op_scaled_ratio, (tg_tensor[]){ a, b, d }, 3, &c, sizeof c);
}

#endif
