/* relu.c - y = max(x, 0);  dy/dx = 1 where x > 0, 0 where x <= 0; a NaN passes, and its gradient */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(relu, x, v_max(v_set(0), x))
MAP2(relu_grad, x, g, v_select(x <= 0, v_set(0), g))

#else

static tg_tensor relu_grad(tg_tensor x, tg_tensor g)
{
    return tg_apply2(&tg_op_relu_grad, x, g);
}

static void grad_vjp(tg_vjp *v)
{
    tg_give(v, 1, relu_grad(tg_input(v, 0), tg_cotangent(v)));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_relu_grad = { TG_ELEMENTWISE(relu_grad, 2, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, relu_grad(tg_input(v, 0), tg_cotangent(v)));
}

static bool scalar_vjp(tg_scalar_vjp *v)
{
    v->dx[0] = v->x[0] <= 0 ? 0 : v->g;
    return true;
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_relu = { TG_ELEMENTWISE(relu, 1, 0), .vjp = vjp, .scalar_vjp = scalar_vjp, TG_SAMPLES(samples) };

tg_tensor tg_relu(tg_tensor x)
{
    return tg_apply1(&tg_op_relu, x);
}

#endif
