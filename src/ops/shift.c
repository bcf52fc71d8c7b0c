/* shift.c - y = x + c;  dy/dx = 1 */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(shift, x, x + p0)

#else

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_cotangent(v));
}

static bool scalar_vjp(tg_scalar_vjp *v)
{
    v->dx[0] = v->g;
    return true;
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) }, TG_NUMBERS(0.625) },
};

const tg_op tg_op_shift = { TG_ELEMENTWISE(shift, 1, 1), .vjp = vjp, .scalar_vjp = scalar_vjp, TG_SAMPLES(samples) };

tg_tensor tg_shift(tg_tensor x, double c)
{
    return tg_apply1_by(&tg_op_shift, x, c);
}

#endif
