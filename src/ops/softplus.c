/* softplus.c - y = ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), for every x;  dy/dx = sigmoid x */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(softplus, x, v_softplus(x))
MAP2(softplus_grad, x, g, v_sigmoid(x) * g)

#else

#include "ops/derivatives.h"

tg_tensor tg_softplus_grad(tg_tensor x, tg_tensor g)
{
    return tg_apply2(&tg_op_softplus_grad, x, g);
}

static void grad_vjp(tg_vjp *v)
{
    tg_tensor x = tg_input(v, 0), c = tg_cotangent(v);
    tg_give(v, 0, tg_sigmoid_grad(x, tg_mul(tg_input(v, 1), c)));
    tg_give(v, 1, tg_softplus_grad(x, c));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_softplus_grad = { TG_ELEMENTWISE(softplus_grad, 2, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_softplus_grad(tg_input(v, 0), tg_cotangent(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_softplus = { TG_ELEMENTWISE(softplus, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_softplus(tg_tensor x)
{
    return tg_apply1(&tg_op_softplus, x);
}

#endif
