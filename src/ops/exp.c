/* exp.c - y = e^x;  dy/dx = y */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(exp, x, v_exp(x))

#else

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_mul(tg_cotangent(v), tg_output(v)));
}

static bool scalar_vjp(tg_scalar_vjp *v)
{
    v->dx[0] = v->g * v->y;
    return true;
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_exp = { TG_ELEMENTWISE(exp, 1, 0), .vjp = vjp, .scalar_vjp = scalar_vjp, TG_SAMPLES(samples) };

tg_tensor tg_exp(tg_tensor x)
{
    return tg_apply1(&tg_op_exp, x);
}

#endif
