/* xlogy.c - y = a ln b, 0 where a = 0 and b is not NaN;  dy/da = ln b, 0 where a = 0 and b <= 0; dy/db = a / b */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP2(xlogy, a, b, v_select((a == 0) & (b == b), v_set(0), a *v_log(b)))

#else

static void vjp(tg_vjp *v)
{
    const tg_tensor a = tg_input(v, 0), b = tg_input(v, 1), g = tg_cotangent(v);
    const tg_tensor zero = tg_full(a.tape, TG_SCALAR, 0);
    const tg_tensor no_log = tg_mul(tg_equal(a, zero), tg_less_equal(b, zero));
    tg_give(v, 0, tg_where(no_log, zero, tg_xlogy(g, b)));
    tg_give(v, 1, tg_mul(g, tg_div(a, b)));
}

static const tg_sample samples[] = { TG_BROADCAST_SAMPLES(-2, 2, 0.5, 2) };

const tg_op tg_op_xlogy = { TG_ELEMENTWISE(xlogy, 2, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_xlogy(tg_tensor a, tg_tensor b)
{
    return tg_apply2(&tg_op_xlogy, a, b);
}

#endif
