/* silu.c - y = x s, s = sigmoid x;  dy/dx = s (1 + x (1 - s)) */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

static inline vec slope(vec x)
{
    const vec s = v_sigmoid(x);
    return (1 + (1 - s) * x) * s;
}

MAP1(silu, x, v_sigmoid(x) * v_max(v_set(-TG_FAR), x))
MAP2(silu_grad, x, g, slope(v_min(v_set(TG_FAR), v_max(v_set(-TG_FAR), x))) * g)

#else

static tg_tensor silu_grad(tg_tensor x, tg_tensor g)
{
    return tg_apply2(&tg_op_silu_grad, x, g);
}

/* d2y/dx2 = s (1 - s) (2 + x (1 - 2 s)) */
static void grad_vjp(tg_vjp *v)
{
    tg_tensor x = tg_clamp(tg_input(v, 0), -TG_FAR, TG_FAR), c = tg_cotangent(v);
    tg_tensor s = tg_sigmoid(x), w = tg_mul(tg_input(v, 1), c);
    tg_tensor factor = tg_shift(tg_mul(x, tg_shift(tg_scale(s, -2), 1)), 2);
    tg_give(v, 0, tg_mul(tg_apply2(&tg_op_sigmoid_grad, s, w), factor));
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
