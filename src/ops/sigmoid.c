/* sigmoid.c - y = 1 / (1 + e^-x);  dy/dx = y (1 - y), from x where y is next to 1 and 1 - y has few digits left */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(sigmoid, x, v_sigmoid(x))
MAP3_SELDOM(sigmoid_grad, y, g, x, (y >= (real)0.90625) & (y != SIGMOID_ONE), v_sigmoid_slope(x, g), (1 - y) * y * g)

#else

#include "ops/derivatives.h"

/* g y (1 - y); y is sigmoid x, or a number larger than 1 where only x is given. */
static tg_tensor sigmoid_grad(tg_tensor y, tg_tensor g, tg_tensor x)
{
    return tg_apply3(&tg_op_sigmoid_grad, y, g, x);
}

tg_tensor tg_sigmoid_grad(tg_tensor x, tg_tensor g)
{
    return sigmoid_grad(tg_full(x.tape, TG_SCALAR, 2), g, x);
}

/* d2y/dx2 = dy/dx (1 - 2 y) = -dy/dx tanh(x / 2); the whole gradient goes to x, none to y */
static void grad_vjp(tg_vjp *v)
{
    tg_tensor x = tg_input(v, 2), c = tg_cotangent(v), w = tg_mul(tg_input(v, 1), c);
    tg_give(v, 1, sigmoid_grad(tg_input(v, 0), c, x));
    tg_give(v, 2, tg_neg(tg_sigmoid_grad(x, tg_mul(w, tg_tanh(tg_scale(x, 0.5))))));
}

static const tg_sample grad_samples[] = {
    { .n = 3, .inputs = { TG_MATRIX(2, 3), TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_sigmoid_grad = { TG_ELEMENTWISE(sigmoid_grad, 3, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, sigmoid_grad(tg_output(v), tg_cotangent(v), tg_input(v, 0)));
}

static bool scalar_vjp(tg_scalar_vjp *v)
{
    v->dx[0] = tg_round_to(v->dtype, tg_round_to(v->dtype, 1 - v->y) * v->y) * v->g;
    return !(v->y >= 0.90625);
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_sigmoid = { TG_ELEMENTWISE(sigmoid, 1, 0), .vjp = vjp, .scalar_vjp = scalar_vjp,
                              TG_SAMPLES(samples) };

tg_tensor tg_sigmoid(tg_tensor x)
{
    return tg_apply1(&tg_op_sigmoid, x);
}

#endif
