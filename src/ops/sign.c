/* sign.c - y = -1, 0 or 1, the sign of x;  dy/dx = 0 */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(sign, x, v_select(x > 0, v_set(1), v_select(x < 0, v_set(-1), x)))

#else

static void vjp(tg_vjp *v)
{
    (void)v; /* an input that is given nothing has the gradient 0 */
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(0.5, 2) } },
};

const tg_op tg_op_sign = { TG_ELEMENTWISE(sign, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_sign(tg_tensor x)
{
    return tg_apply1(&tg_op_sign, x);
}

#endif
