/* log_sigmoid.c - y = ln sigmoid x = -ln(1 + e^-x);  dy/dx = sigmoid(-x) */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(log_sigmoid, x, -v_softplus(-x))

#else

#include "ops/derivatives.h"

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_softplus_grad(tg_neg(tg_input(v, 0)), tg_cotangent(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_log_sigmoid = { TG_ELEMENTWISE(log_sigmoid, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_log_sigmoid(tg_tensor x)
{
    return tg_apply1(&tg_op_log_sigmoid, x);
}

#endif
