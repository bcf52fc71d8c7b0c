/* sinh.c - y = (e^x - e^-x) / 2;  dy/dx = cosh x */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

#include "ops/hyperbolic.h"

MAP1(sinh, x, hyperbolic_sine(x))

#else

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_mul(tg_cotangent(v), tg_cosh(tg_input(v, 0))));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_sinh = { TG_ELEMENTWISE(sinh, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_sinh(tg_tensor x)
{
    return tg_apply1(&tg_op_sinh, x);
}

#endif
