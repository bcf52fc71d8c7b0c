/* sin.c - y = sin x;  dy/dx = cos x */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(sin, x, v_sin(x))

#else

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_mul(tg_cotangent(v), tg_cos(tg_input(v, 0))));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_sin = { TG_ELEMENTWISE(sin, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_sin(tg_tensor x)
{
    return tg_apply1(&tg_op_sin, x);
}

#endif
