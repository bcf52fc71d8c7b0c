/* silu.c - y = x s, s = sigmoid x;  dy/dx = s (1 + x (1 - s)) */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

/* Where the sigmoid is subnormal it has lost digits, and x e^x is used. */
static inline vec silu(vec x)
{
    const mask lost = x < EXP_NORMAL;
    vec y = v_sigmoid(x) * at_least(EXP_LOW, x);
    if (v_any(lost))
        y = v_select(lost, v_scaled_by(at_least(EXP_LOW, x), exp_of(x)), y);
    return y;
}

/* Computed from a = |x|, without cancellation: y'(x) + y'(-x) = 1. */
static inline vec silu_grad(vec x, vec g)
{
    const mask lost = x < EXP_NORMAL;
    const vec a = at_most(-EXP_LOW, v_abs(x)), e = v_scaled(exp_within(-a)), r = 1 / (1 + e);
    const vec left = (1 - r * a) * (r * e) * g, y = v_select(x < 0, left, g - left);
    return v_any(lost) ? v_select(lost, v_scaled_by((1 - a) * g, exp_within(-a)), y) : y;
}

MAP1(silu, x, silu(x))
MAP2(silu_grad, x, g, silu_grad(x, g))

#else

#include "ops/derivatives.h"

static tg_tensor silu_grad(tg_tensor x, tg_tensor g)
{
    return tg_apply2(&tg_op_silu_grad, x, g);
}

/* d2y/dx2 = s (1 - s) (2 - x tanh(x / 2)) */
static void grad_vjp(tg_vjp *v)
{
    tg_tensor x = tg_clamp(tg_input(v, 0), -TG_FAR, TG_FAR), c = tg_cotangent(v);
    tg_tensor factor = tg_shift(tg_neg(tg_mul(x, tg_tanh(tg_scale(x, 0.5)))), 2);
    tg_give(v, 0, tg_sigmoid_grad(x, tg_mul(tg_mul(tg_input(v, 1), c), factor)));
    tg_give(v, 1, silu_grad(tg_input(v, 0), c));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_silu_grad = { TG_ELEMENTWISE(silu_grad, 2, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, silu_grad(tg_input(v, 0), tg_cotangent(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_silu = { TG_ELEMENTWISE(silu, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_silu(tg_tensor x)
{
    return tg_apply1(&tg_op_silu, x);
}

#endif
