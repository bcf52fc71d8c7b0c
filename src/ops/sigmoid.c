/* sigmoid.c - y = 1 / (1 + e^-x);  dy/dx = y (1 - y) */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(sigmoid, x, v_sigmoid(x))
MAP2(sigmoid_grad, y, g, (1 - y) * y * g)

#else

static tg_tensor sigmoid_grad(tg_tensor y, tg_tensor g)
{
    return tg_apply2(&tg_op_sigmoid_grad, y, g);
}

static void grad_vjp(tg_vjp *v)
{
    tg_tensor y = tg_input(v, 0), g = tg_input(v, 1), c = tg_cotangent(v);
    tg_give(v, 0, tg_mul(tg_mul(c, g), tg_shift(tg_scale(y, -2), 1)));
    tg_give(v, 1, sigmoid_grad(y, c));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(0, 1), TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_sigmoid_grad = { TG_ELEMENTWISE(sigmoid_grad, 2, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, sigmoid_grad(tg_output(v), tg_cotangent(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_sigmoid = { TG_ELEMENTWISE(sigmoid, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_sigmoid(tg_tensor x)
{
    return tg_apply1(&tg_op_sigmoid, x);
}

#endif
