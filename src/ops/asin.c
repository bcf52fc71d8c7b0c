/* asin.c - y = arcsin x;  dy/dx = 1 / sqrt(1 - x^2) */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

#include "ops/arctangent.h"

MAP1(asin, x, arctangent(x, v_sqrt((1 - x) * (1 + x))))
MAP2(asin_grad, x, g, g / v_sqrt((1 - x) * (1 + x)))

#else

#include "ops/derivatives.h"

tg_tensor tg_asin_grad(tg_tensor x, tg_tensor g)
{
    return tg_apply2(&tg_op_asin_grad, x, g);
}

/* d2y/dx2 = x / (1 - x^2)^(3/2) */
static void grad_vjp(tg_vjp *v)
{
    const tg_tensor x = tg_input(v, 0), c = tg_cotangent(v), w = tg_mul(tg_input(v, 1), c);
    const tg_tensor square = tg_mul(tg_shift(tg_neg(x), 1), tg_shift(x, 1)); /* 1 - x^2, accurate near 1 */
    tg_give(v, 0, tg_div(tg_asin_grad(x, tg_mul(w, x)), square));
    tg_give(v, 1, tg_asin_grad(x, c));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-0.75, 0.75), TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_asin_grad = { TG_ELEMENTWISE(asin_grad, 2, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_asin_grad(tg_input(v, 0), tg_cotangent(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-0.75, 0.75) } },
};

const tg_op tg_op_asin = { TG_ELEMENTWISE(asin, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_asin(tg_tensor x)
{
    return tg_apply1(&tg_op_asin, x);
}

#endif
