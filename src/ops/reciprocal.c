/* reciprocal.c - y = 1 / x;  dy/dx = -y / x */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(reciprocal, x, 1 / x)

#else

#include "ops/derivatives.h"

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_scaled_ratio(tg_cotangent(v), tg_output(v), tg_input(v, 0), -1));
}

static bool scalar_vjp(tg_scalar_vjp *v)
{
    v->dx[0] = -(v->g * tg_round_to(v->dtype, v->y / v->x[0]));
    return true;
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(0.5, 2) } },
};

const tg_op tg_op_reciprocal = { TG_ELEMENTWISE(reciprocal, 1, 0), .vjp = vjp, .scalar_vjp = scalar_vjp,
                                 TG_SAMPLES(samples) };

tg_tensor tg_reciprocal(tg_tensor x)
{
    return tg_apply1(&tg_op_reciprocal, x);
}

#endif
