/* sin.c - sin and cos, each the other's derivative: y = sin x, dy/dx = cos x;  y = cos x, dy/dx = -sin x */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(sin, x, v_sin(x))
MAP1(cos, x, v_cos(x))

#else

static void sin_vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_mul(tg_cotangent(v), tg_cos(tg_input(v, 0))));
}

static void cos_vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_neg(tg_mul(tg_cotangent(v), tg_sin(tg_input(v, 0)))));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_sin = { TG_ELEMENTWISE(sin, 1, 0), .vjp = sin_vjp, TG_SAMPLES(samples) };
const tg_op tg_op_cos = { TG_ELEMENTWISE(cos, 1, 0), .vjp = cos_vjp, TG_SAMPLES(samples) };

tg_tensor tg_sin(tg_tensor x)
{
    return tg_apply1(&tg_op_sin, x);
}

tg_tensor tg_cos(tg_tensor x)
{
    return tg_apply1(&tg_op_cos, x);
}

#endif
