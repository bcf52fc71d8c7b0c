/* maximum.c - y = the larger or the smaller of a and b, NaN where one is NaN;  dy/da = 1 where y is a, 1/2 in a tie */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP2(maximum, a, b, v_select(a != a, a, v_max(a, b)))
MAP2(minimum, a, b, v_select(a != a, a, v_min(a, b)))

/* The gradient of a: p0 is 1 for the maximum, -1 for the minimum. */
MAP3(chosen_grad, a, b, g, v_select((p0 * a > p0 * b) | (a != a), g, v_select(a == b, g / 2, v_set(0))))

#else

static tg_tensor chosen_grad(tg_tensor a, tg_tensor b, tg_tensor g, double sign)
{
    return tg_apply(&tg_op_chosen_grad, (tg_tensor[]){ a, b, g }, 3, &sign, sizeof sign);
}

static void grad_vjp(tg_vjp *v)
{
    tg_give(v, 2, chosen_grad(tg_input(v, 0), tg_input(v, 1), tg_cotangent(v), tg_number(v)));
}

static const tg_sample grad_samples[] = {
    { .n = 3, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) }, TG_NUMBERS(1) },
    { .n = 3, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) }, TG_NUMBERS(-1) },
};

const tg_op tg_op_chosen_grad = { TG_ELEMENTWISE(chosen_grad, 3, 1), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void share(tg_vjp *v, double sign)
{
    tg_tensor a = tg_input(v, 0), b = tg_input(v, 1), g = tg_cotangent(v);
    tg_give(v, 0, chosen_grad(a, b, g, sign));
    tg_give(v, 1, chosen_grad(b, a, g, sign));
}

static void maximum_vjp(tg_vjp *v)
{
    share(v, 1);
}

static void minimum_vjp(tg_vjp *v)
{
    share(v, -1);
}

static const tg_sample samples[] = { TG_BROADCAST_SAMPLES(-2, 2, -2, 2) };

const tg_op tg_op_maximum = { TG_ELEMENTWISE(maximum, 2, 0), .vjp = maximum_vjp, TG_SAMPLES(samples) };

const tg_op tg_op_minimum = { TG_ELEMENTWISE(minimum, 2, 0), .vjp = minimum_vjp, TG_SAMPLES(samples) };

tg_tensor tg_maximum(tg_tensor a, tg_tensor b)
{
    return tg_apply2(&tg_op_maximum, a, b);
}

tg_tensor tg_minimum(tg_tensor a, tg_tensor b)
{
    return tg_apply2(&tg_op_minimum, a, b);
}

#endif
