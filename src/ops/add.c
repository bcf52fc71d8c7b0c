/* add.c - y = a + b;  dy/da = dy/db = 1 */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP2(add, a, b, a + b)

#else

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_cotangent(v));
    tg_give(v, 1, tg_cotangent(v));
}

static bool scalar_vjp(tg_scalar_vjp *v)
{
    v->dx[0] = v->dx[1] = v->g;
    return true;
}

static const tg_sample samples[] = { TG_BROADCAST_SAMPLES(-2, 2, -2, 2) };

const tg_op tg_op_add = { TG_ELEMENTWISE(add, 2, 0), .vjp = vjp, .scalar_vjp = scalar_vjp, TG_SAMPLES(samples) };

tg_tensor tg_add(tg_tensor a, tg_tensor b)
{
    return tg_apply2(&tg_op_add, a, b);
}

#endif
