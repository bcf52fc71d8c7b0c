/* acos.c - y = arccos x;  dy/dx = -1 / sqrt(1 - x^2) */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

#include "ops/arctangent.h"

MAP1(acos, x, arctangent(v_sqrt((1 - x) * (1 + x)), x))

#else

#include "ops/derivatives.h"

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_neg(tg_asin_grad(tg_input(v, 0), tg_cotangent(v))));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-0.75, 0.75) } },
};

const tg_op tg_op_acos = { TG_ELEMENTWISE(acos, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_acos(tg_tensor x)
{
    return tg_apply1(&tg_op_acos, x);
}

#endif
