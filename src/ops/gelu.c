/* gelu.c - y = x P(x), P(x) = (1 + erf(x / sqrt 2)) / 2;  dy/dx = P(x) + x p(x), p(x) = e^(-x^2 / 2) / sqrt(2 pi) */
#include "ops/elementwise.h"

#define ROOT_HALF         0.70710678118654752440
#define ONE_OVER_ROOT_2PI 0.39894228040143267794

#ifdef TG_VECTOR_PASS

static inline vec normal(vec x)
{
    return (1 + v_erf(x * (real)ROOT_HALF)) / 2;
}

static inline vec slope(vec x)
{
    return normal(x) + v_exp(-x * x / 2) * (real)ONE_OVER_ROOT_2PI * x;
}

MAP1(gelu, x, normal(x) * v_max(v_set(-TG_FAR), x))
MAP2(gelu_grad, x, g, slope(v_min(v_set(TG_FAR), v_max(v_set(-TG_FAR), x))) * g)

#else

static tg_tensor gelu_grad(tg_tensor x, tg_tensor g)
{
    return tg_apply2(&tg_op_gelu_grad, x, g);
}

/* d2y/dx2 = p(x) (2 - x^2) */
static void grad_vjp(tg_vjp *v)
{
    tg_tensor x = tg_clamp(tg_input(v, 0), -TG_FAR, TG_FAR), c = tg_cotangent(v);
    tg_tensor p = tg_scale(tg_exp(tg_scale(tg_square(x), -0.5)), ONE_OVER_ROOT_2PI);
    tg_tensor curvature = tg_mul(p, tg_shift(tg_neg(tg_square(x)), 2));
    tg_give(v, 0, tg_mul(curvature, tg_mul(tg_input(v, 1), c)));
    tg_give(v, 1, gelu_grad(tg_input(v, 0), c));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_gelu_grad = { TG_ELEMENTWISE(gelu_grad, 2, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, gelu_grad(tg_input(v, 0), tg_cotangent(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_gelu = { TG_ELEMENTWISE(gelu, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_gelu(tg_tensor x)
{
    return tg_apply1(&tg_op_gelu, x);
}

#endif
