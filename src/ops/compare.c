/* compare.c - y = 1 where a and b compare as the name says, else 0; constants, for tg_where */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

#define COMPARISON(name, a, b, holds) MAP2(name, a, b, v_select(holds, v_set(1), v_set(0)))

COMPARISON(less, a, b, a < b)
COMPARISON(less_equal, a, b, a <= b)
COMPARISON(greater, a, b, a > b)
COMPARISON(greater_equal, a, b, a >= b)
COMPARISON(equal, a, b, a == b)
COMPARISON(not_equal, a, b, a != b)

#else

#include "core/tape.h"
#include "core/lookup.h"

static void vjp(tg_vjp *v)
{
    (void)v; /* an input that is given nothing has the gradient 0 */
}

/* Operands that are never next to each other, where the functions jump. */
static const tg_sample samples[] = { TG_BROADCAST_SAMPLES(-2, -1, 1, 2) };

/* y takes no gradient: what uses it does not depend on the operands through it. */
static tg_tensor constant(tg_tensor y)
{
    if (y.id) {
        tg_node *n = tg_node_at(y.tape, y.id);
        n->flags = (uint16_t)(n->flags & ~TG_NODE_NEEDS_GRAD);
    }
    return y;
}

#define COMPARISON(op_name)                                                                                          \
    const tg_op tg_op_##op_name = { TG_ELEMENTWISE(op_name, 2, 0), .vjp = vjp, TG_SAMPLES(samples) };                \
    tg_tensor tg_##op_name(tg_tensor a, tg_tensor b)                                                                 \
    {                                                                                                                \
        return constant(tg_apply2(&tg_op_##op_name, a, b));                                                          \
    }
COMPARISON(less)
COMPARISON(less_equal)
COMPARISON(greater)
COMPARISON(greater_equal)
COMPARISON(equal)
COMPARISON(not_equal)

#endif
