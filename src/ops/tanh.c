/* tanh.c - y = tanh x;  dy/dx = 1 - y^2 */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(tanh, x, v_tanh(x))
MAP2(tanh_grad, y, g, (1 - y * y) * g)

#else

/* The derivative is an operation of its own, d = g (1 - y^2), so that it is one pass over memory and has derivatives. */
static tg_tensor tanh_grad(tg_tensor y, tg_tensor g)
{
    return tg_apply2(&tg_op_tanh_grad, y, g);
}

static void grad_vjp(tg_vjp *v)
{
    tg_tensor y = tg_input(v, 0), g = tg_input(v, 1), c = tg_cotangent(v);
    tg_give(v, 0, tg_scale(tg_mul(tg_mul(c, g), y), -2));
    tg_give(v, 1, tanh_grad(y, c));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-1, 1), TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_tanh_grad = { TG_ELEMENTWISE(tanh_grad, 2, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tanh_grad(tg_output(v), tg_cotangent(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_tanh = { TG_ELEMENTWISE(tanh, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_tanh(tg_tensor x)
{
    return tg_apply1(&tg_op_tanh, x);
}

#endif
