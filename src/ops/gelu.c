/* gelu.c - y = x P(x), P(x) = (1 + erf(x / sqrt 2)) / 2;  dy/dx = P(x) + x p(x), p(x) = e^(-x^2 / 2) / sqrt(2 pi) */
#include "ops/elementwise.h"

#define ONE_OVER_ROOT_2PI 0.39894228040143267794

#ifdef TG_VECTOR_PASS

#define HALF v_set((real)0.5)

/* Computed from a = |x|, without cancellation: P(-a) = e^(-a^2 / 2) mills(a) and P(a) = 1 - P(-a). */
static inline vec gelu(vec x)
{
    const vec a = at_most(GAUSSIAN_HIGH, v_abs(x));
    return at_least(0, x) - v_scaled_by(mills_ratio(a) * a, gaussian_of(a, HALF));
}

/* y'(x) + y'(-x) = 1 */
static inline vec gelu_grad(vec x, vec g)
{
    const vec a = at_most(GAUSSIAN_HIGH, v_abs(x));
    const vec slope = v_fma(a, v_set(-(real)ONE_OVER_ROOT_2PI), mills_ratio(a));
    const vec left = v_scaled_by(slope * g, gaussian_of(a, HALF));
    return v_select(x < 0, left, g - left);
}

MAP1(gelu, x, gelu(x))
MAP2(gelu_grad, x, g, gelu_grad(x, g))

#else

#include "ops/derivatives.h"

static tg_tensor gelu_grad(tg_tensor x, tg_tensor g)
{
    return tg_apply2(&tg_op_gelu_grad, x, g);
}

/* d2y/dx2 = p(x) (2 - x^2); tg_gaussian is 2 p(x) */
static void grad_vjp(tg_vjp *v)
{
    tg_tensor x = tg_clamp(tg_input(v, 0), -TG_FAR, TG_FAR), c = tg_cotangent(v);
    tg_tensor factor = tg_shift(tg_scale(tg_square(x), -0.5), 1);
    tg_give(v, 0, tg_gaussian(x, tg_mul(tg_mul(tg_input(v, 1), c), factor), 0.5));
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
