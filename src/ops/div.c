/* div.c - y = a / b;  dy/da = 1 / b, dy/db = -y / b */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP2(div, a, b, a / b)
MAP2(ratio_or_zero, a, b, v_select((a == 0) | (b == 0), v_set(0), a / b))

#else

#include "ops/derivatives.h"

static void vjp(tg_vjp *v)
{
    tg_tensor g = tg_cotangent(v), b = tg_input(v, 1);
    tg_give(v, 0, tg_div(g, b));
    tg_give(v, 1, tg_scaled_ratio(g, tg_output(v), b, -1));
}

static bool scalar_vjp(tg_scalar_vjp *v)
{
    v->dx[0] = v->g / v->x[1];
    v->dx[1] = -(v->g * tg_round_to(v->dtype, v->y / v->x[1]));
    return true;
}

static const tg_sample samples[] = { TG_BROADCAST_SAMPLES(-2, 2, 0.5, 2) };

const tg_op tg_op_div = { TG_ELEMENTWISE(div, 2, 0), .vjp = vjp, .scalar_vjp = scalar_vjp, TG_SAMPLES(samples) };

static void ratio_or_zero_vjp(tg_vjp *v)
{
    const tg_tensor g = tg_cotangent(v), b = tg_input(v, 1);
    tg_give(v, 0, tg_ratio_or_zero(g, b));
    tg_give(v, 1, tg_neg(tg_ratio_or_zero(tg_weigh(g, tg_output(v)), b)));
}

const tg_op tg_op_ratio_or_zero = { TG_ELEMENTWISE(ratio_or_zero, 2, 0), .vjp = ratio_or_zero_vjp,
                                    TG_SAMPLES(samples) };

tg_tensor tg_ratio_or_zero(tg_tensor a, tg_tensor b)
{
    return tg_apply2(&tg_op_ratio_or_zero, a, b);
}

tg_tensor tg_div(tg_tensor a, tg_tensor b)
{
    return tg_apply2(&tg_op_div, a, b);
}

#endif
