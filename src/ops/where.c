/* where.c - y = a where the condition is not 0, else b; the condition takes no gradient */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP3(where, condition, a, b, v_select(condition != 0, a, b))

#else

static void vjp(tg_vjp *v)
{
    tg_tensor condition = tg_input(v, 0), g = tg_cotangent(v), zero = tg_full(g.tape, TG_SCALAR, 0);
    tg_give(v, 1, tg_where(condition, g, zero));
    tg_give(v, 2, tg_where(condition, zero, g));
}

#define MASK(...)                                                                                                    \
    {                                                                                                                \
        .shape = { __VA_ARGS__ }, .kind = TG_SAMPLE_MASK                                                             \
    }

static const tg_sample samples[] = {
    { .n = 3, .inputs = { MASK(2, { 3, 4 }), TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) } },
    { .n = 3, .inputs = { MASK(2, { 3, 1 }), TG_DRAWN(-2, 2, 1, { 4 }), TG_DRAWN(-2, 2, 3, { 2, 1, 1 }) } },
};

const tg_op tg_op_where = { TG_ELEMENTWISE(where, 3, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_where(tg_tensor condition, tg_tensor a, tg_tensor b)
{
    return tg_apply3(&tg_op_where, condition, a, b);
}

#endif
