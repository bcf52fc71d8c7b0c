/* leaky_relu.c - y = x where x > 0, else slope x;  dy/dx = 1 where x > 0, else slope */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(leaky_relu, x, v_select((x > 0) | (x != x), x, v_select(p0 == 0, p0, (p0 * x))))
MAP2(leaky_relu_grad, x, g, v_select(x > 0, g, v_select(p0 == 0, p0, (p0 * g))))

#else

static tg_tensor leaky_relu_grad(tg_tensor x, tg_tensor g, double slope)
{
    return tg_apply2_with(&tg_op_leaky_relu_grad, x, g, &slope, sizeof slope);
}

static void grad_vjp(tg_vjp *v)
{
    tg_give(v, 1, leaky_relu_grad(tg_input(v, 0), tg_cotangent(v), tg_number(v)));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) }, TG_NUMBERS(0.125) },
};

const tg_op tg_op_leaky_relu_grad = { TG_ELEMENTWISE(leaky_relu_grad, 2, 1), .vjp = grad_vjp,
                                      TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, leaky_relu_grad(tg_input(v, 0), tg_cotangent(v), tg_number(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) }, TG_NUMBERS(0.125) },
};

const tg_op tg_op_leaky_relu = { TG_ELEMENTWISE(leaky_relu, 1, 1), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_leaky_relu(tg_tensor x, double slope)
{
    return tg_apply1_by(&tg_op_leaky_relu, x, slope);
}

#endif
