/* abs.c - y = |x|;  dy/dx = the sign of x; 0 at 0 */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(abs, x, v_abs(x))
MAP2(abs_grad, x, g, v_select(x == 0, v_set(0), v_select(x < 0, -g, g)))

#else

static tg_tensor abs_grad(tg_tensor x, tg_tensor g)
{
    return tg_apply2(&tg_op_abs_grad, x, g);
}

static void grad_vjp(tg_vjp *v)
{
    tg_give(v, 1, abs_grad(tg_input(v, 0), tg_cotangent(v)));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_abs_grad = { TG_ELEMENTWISE(abs_grad, 2, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, abs_grad(tg_input(v, 0), tg_cotangent(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_abs = { TG_ELEMENTWISE(abs, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_abs(tg_tensor x)
{
    return tg_apply1(&tg_op_abs, x);
}

#endif
