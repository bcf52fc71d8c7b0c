/* tan.c - y = tan x;  dy/dx = 1 + y^2 */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

static inline vec tangent(vec x)
{
    return by_lanes(v_abs(x) > TRIG_MOST, LIBM(tan), x, sine(x, 0) / sine(x, 1));
}

MAP1(tan, x, tangent(x))
MAP2(tan_grad, y, g, v_fma(y, y, v_set(1)) * g)

#else

static tg_tensor tan_grad(tg_tensor y, tg_tensor g)
{
    return tg_apply2(&tg_op_tan_grad, y, g);
}

static void grad_vjp(tg_vjp *v)
{
    const tg_tensor y = tg_input(v, 0), c = tg_cotangent(v);
    tg_give(v, 0, tg_scale(tg_mul(tg_mul(tg_input(v, 1), c), y), 2));
    tg_give(v, 1, tan_grad(y, c));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_tan_grad = { TG_ELEMENTWISE(tan_grad, 2, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tan_grad(tg_output(v), tg_cotangent(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-1.25, 1.25) } },
};

const tg_op tg_op_tan = { TG_ELEMENTWISE(tan, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_tan(tg_tensor x)
{
    return tg_apply1(&tg_op_tan, x);
}

#endif
