/* log1p.c - y = ln(1 + x);  dy/dx = 1 / (1 + x) */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(log1p, x, v_log1p(x))

#else

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_div(tg_cotangent(v), tg_shift(tg_input(v, 0), 1)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-0.75, 3) } },
};

const tg_op tg_op_log1p = { TG_ELEMENTWISE(log1p, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_log1p(tg_tensor x)
{
    return tg_apply1(&tg_op_log1p, x);
}

#endif
