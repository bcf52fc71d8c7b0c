/* detach.c - detaching a tensor: the same values, through which no gradient flows. */
#include "core/leaf.h"
#include "core/tape.h"

static tg_status same_shape(tg_call *c, tg_shape *out)
{
    *out = tg_call_shape(c, 0);
    return TG_OK;
}

const tg_op tg_detach_op = {
    .name = "detach",
    .arity = 1,
    .flags = TG_OP_VIEW | TG_OP_ELEMENTWISE,
    .shape = same_shape,
};

tg_tensor tg_detach(tg_tensor x)
{
    tg_tensor y = tg_apply(&tg_detach_op, &x, 1, NULL, 0);
    if (y.id) {
        tg_node *n = tg_node_at(y.tape, y.id);
        n->flags = (uint16_t)((n->flags & ~TG_NODE_NEEDS_GRAD) | TG_NODE_UNRECORDED);
    }
    return y;
}
