/* tanh.c - y = tanh x;  dy/dx = 1 - y^2, from x where y is next to 1 and 1 - y^2 has few digits left */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(tanh, x, v_tanh(x))
MAP3_SELDOM(tanh_grad, y, g, x, y *y >= (real)0.9375, v_tanh_slope(x, g), (1 - y * y) * g)

#else

/* g (1 - y^2) is an operation of its own: one pass over memory, and differentiable.
   y is tanh x, or a number larger than 1 where only x is given. */
static tg_tensor tanh_grad(tg_tensor y, tg_tensor g, tg_tensor x)
{
    return tg_apply3(&tg_op_tanh_grad, y, g, x);
}

/* d2y/dx2 = -2 y dy/dx; the whole gradient goes to x, none to y */
static void grad_vjp(tg_vjp *v)
{
    tg_tensor x = tg_input(v, 2), c = tg_cotangent(v), w = tg_mul(tg_input(v, 1), c);
    tg_give(v, 1, tanh_grad(tg_input(v, 0), c, x));
    tg_give(v, 2, tanh_grad(tg_full(x.tape, TG_SCALAR, 2), tg_scale(tg_mul(w, tg_tanh(x)), -2), x));
}

static const tg_sample grad_samples[] = {
    { .n = 3, .inputs = { TG_MATRIX(2, 3), TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_tanh_grad = { TG_ELEMENTWISE(tanh_grad, 3, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tanh_grad(tg_output(v), tg_cotangent(v), tg_input(v, 0)));
}

static bool scalar_vjp(tg_scalar_vjp *v)
{
    const double square = tg_round_to(v->dtype, v->y * v->y);
    v->dx[0] = tg_round_to(v->dtype, 1 - square) * v->g;
    return !(square >= 0.9375);
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_tanh = { TG_ELEMENTWISE(tanh, 1, 0), .vjp = vjp, .scalar_vjp = scalar_vjp, TG_SAMPLES(samples) };

tg_tensor tg_tanh(tg_tensor x)
{
    return tg_apply1(&tg_op_tanh, x);
}

#endif
