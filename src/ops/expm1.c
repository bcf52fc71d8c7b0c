/* expm1.c - y = e^x - 1, accurate near 0;  dy/dx = e^x */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(expm1, x, v_expm1(x))

#else

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_mul(tg_cotangent(v), tg_exp(tg_input(v, 0))));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_expm1 = { TG_ELEMENTWISE(expm1, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_expm1(tg_tensor x)
{
    return tg_apply1(&tg_op_expm1, x);
}

#endif
