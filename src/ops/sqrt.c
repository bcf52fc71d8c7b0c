/* sqrt.c - y = x^(1/2);  dy/dx = 1 / (2 y) */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(sqrt, x, v_sqrt(x))

#else

#include "ops/derivatives.h"

static void vjp(tg_vjp *v)
{
    const tg_tensor y = tg_output(v), one = tg_full(y.tape, TG_SCALAR, 1);
    tg_give(v, 0, tg_scaled_ratio(tg_cotangent(v), one, y, 0.5));
}

static bool scalar_vjp(tg_scalar_vjp *v)
{
    v->dx[0] = 0.5 * tg_round_to(v->dtype, v->g * tg_round_to(v->dtype, 1 / v->y));
    return true;
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(0.25, 4) } },
};

const tg_op tg_op_sqrt = { TG_ELEMENTWISE(sqrt, 1, 0), .vjp = vjp, .scalar_vjp = scalar_vjp, TG_SAMPLES(samples) };

tg_tensor tg_sqrt(tg_tensor x)
{
    return tg_apply1(&tg_op_sqrt, x);
}

#endif
