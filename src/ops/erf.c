/* erf.c - y = 2/sqrt(pi) integral of e^(-t^2) from 0 to x;  dy/dx = 2/sqrt(pi) e^(-x^2) */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

#define TWO_OVER_ROOT_PI 1.12837916709551257390

MAP1(erf, x, v_erf(x))
MAP2(erf_grad, x, g, v_exp(-x *x) * (real)TWO_OVER_ROOT_PI * g)

#else

static tg_tensor erf_grad(tg_tensor x, tg_tensor g)
{
    return tg_apply2(&tg_op_erf_grad, x, g);
}

/* d2y/dx2 = -2 x dy/dx */
static void grad_vjp(tg_vjp *v)
{
    tg_tensor x = tg_input(v, 0), c = tg_cotangent(v);
    tg_tensor slope = erf_grad(x, tg_mul(tg_input(v, 1), c));
    tg_give(v, 0, tg_scale(tg_mul(tg_clamp(x, -TG_FAR, TG_FAR), slope), -2));
    tg_give(v, 1, erf_grad(x, c));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_erf_grad = { TG_ELEMENTWISE(erf_grad, 2, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, erf_grad(tg_input(v, 0), tg_cotangent(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_erf = { TG_ELEMENTWISE(erf, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_erf(tg_tensor x)
{
    return tg_apply1(&tg_op_erf, x);
}

#endif
