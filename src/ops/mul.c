/* mul.c - y = a b;  dy/da = b, dy/db = a */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP2(mul, a, b, (a * b))
MAP2(weigh, w, x, v_select(w == 0, v_set(0), (w * x)))

#else

#include "ops/derivatives.h"

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_mul(tg_cotangent(v), tg_input(v, 1)));
    tg_give(v, 1, tg_mul(tg_cotangent(v), tg_input(v, 0)));
}

static bool scalar_vjp(tg_scalar_vjp *v)
{
    v->dx[0] = v->g * v->x[1];
    v->dx[1] = v->g * v->x[0];
    return true;
}

static const tg_sample samples[] = { TG_BROADCAST_SAMPLES(-2, 2, -2, 2) };

const tg_op tg_op_mul = { TG_ELEMENTWISE(mul, 2, 0), .vjp = vjp, .scalar_vjp = scalar_vjp, TG_SAMPLES(samples) };

static void weigh_vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_weigh(tg_cotangent(v), tg_input(v, 1)));
    tg_give(v, 1, tg_weigh(tg_input(v, 0), tg_cotangent(v)));
}

const tg_op tg_op_weigh = { TG_ELEMENTWISE(weigh, 2, 0), .vjp = weigh_vjp, TG_SAMPLES(samples) };

tg_tensor tg_weigh(tg_tensor w, tg_tensor x)
{
    return tg_apply2(&tg_op_weigh, w, x);
}

tg_tensor tg_mul(tg_tensor a, tg_tensor b)
{
    return tg_apply2(&tg_op_mul, a, b);
}

#endif
