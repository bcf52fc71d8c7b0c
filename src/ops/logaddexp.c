/* logaddexp.c - y = ln(e^a + e^b) = max(a, b) + ln(1 + e^-|a - b|);  dy/da = sigmoid(a - b), dy/db = sigmoid(b - a) */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

/* Equal operands may be infinite, where a - b is NaN. */
static inline vec logaddexp(vec a, vec b)
{
    return v_select(a == b, a + (real)0.69314718055994531, v_max(a, b) + v_softplus_rest(a - b));
}

MAP2(logaddexp, a, b, logaddexp(a, b))

#else

#include "ops/derivatives.h"

static void vjp(tg_vjp *v)
{
    const tg_tensor a = tg_input(v, 0), b = tg_input(v, 1), g = tg_cotangent(v);
    tg_give(v, 0, tg_softplus_grad(tg_sub(a, b), g));
    tg_give(v, 1, tg_softplus_grad(tg_sub(b, a), g));
}

static const tg_sample samples[] = { TG_BROADCAST_SAMPLES(-2, 2, -2, 2) };

const tg_op tg_op_logaddexp = { TG_ELEMENTWISE(logaddexp, 2, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_logaddexp(tg_tensor a, tg_tensor b)
{
    return tg_apply2(&tg_op_logaddexp, a, b);
}

#endif
