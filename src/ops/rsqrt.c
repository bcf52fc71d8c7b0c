/* rsqrt.c - y = x^(-1/2);  dy/dx = -1 / (2 x sqrt x), from x in an order in which nothing overflows before the result */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(rsqrt, x, 1 / v_sqrt(x))
MAP2(rsqrt_grad, x, g, (real)-0.5 * g / x / v_sqrt(x))

#else

static tg_tensor rsqrt_grad(tg_tensor x, tg_tensor g)
{
    return tg_apply2(&tg_op_rsqrt_grad, x, g);
}

/* d2y/dx2 = -3 / (2 x) dy/dx */
static void grad_vjp(tg_vjp *v)
{
    const tg_tensor x = tg_input(v, 0), c = tg_cotangent(v);
    tg_give(v, 0, tg_div(rsqrt_grad(x, tg_scale(tg_mul(tg_input(v, 1), c), -1.5)), x));
    tg_give(v, 1, rsqrt_grad(x, c));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(0.25, 4), TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_rsqrt_grad = { TG_ELEMENTWISE(rsqrt_grad, 2, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, rsqrt_grad(tg_input(v, 0), tg_cotangent(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(0.25, 4) } },
};

const tg_op tg_op_rsqrt = { TG_ELEMENTWISE(rsqrt, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_rsqrt(tg_tensor x)
{
    return tg_apply1(&tg_op_rsqrt, x);
}

#endif
