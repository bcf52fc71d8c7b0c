/* neg.c - y = -x;  dy/dx = -1 */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(neg, x, -x)

#else

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_neg(tg_cotangent(v)));
}

static bool scalar_vjp(tg_scalar_vjp *v)
{
    v->dx[0] = -v->g;
    return true;
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_neg = { TG_ELEMENTWISE(neg, 1, 0), .vjp = vjp, .scalar_vjp = scalar_vjp, TG_SAMPLES(samples) };

tg_tensor tg_neg(tg_tensor x)
{
    return tg_apply1(&tg_op_neg, x);
}

#endif
