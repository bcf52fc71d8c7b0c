/* log.c - y = ln x;  dy/dx = 1 / x */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(log, x, v_log(x))

#else

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_div(tg_cotangent(v), tg_input(v, 0)));
}

static bool scalar_vjp(tg_scalar_vjp *v)
{
    v->dx[0] = v->g / v->x[0];
    return true;
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(0.25, 4) } },
};

const tg_op tg_op_log = { TG_ELEMENTWISE(log, 1, 0), .vjp = vjp, .scalar_vjp = scalar_vjp, TG_SAMPLES(samples) };

tg_tensor tg_log(tg_tensor x)
{
    return tg_apply1(&tg_op_log, x);
}

#endif
