/* scale.c - y = c x;  dy/dx = c */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(scale, x, (p0 * x))

#else

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_scale(tg_cotangent(v), tg_number(v)));
}

static bool scalar_vjp(tg_scalar_vjp *v)
{
    v->dx[0] = tg_round_to(v->dtype, *(const double *)v->attributes) * v->g;
    return true;
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) }, TG_NUMBERS(-1.75) },
};

const tg_op tg_op_scale = { TG_ELEMENTWISE(scale, 1, 1), .vjp = vjp, .scalar_vjp = scalar_vjp, TG_SAMPLES(samples) };

tg_tensor tg_scale(tg_tensor x, double c)
{
    return tg_apply1_by(&tg_op_scale, x, c);
}

#endif
