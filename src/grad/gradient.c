/* gradient.c - gradients as tensors of the tape. */
#include "grad/gradient.h"

#include "grad/slots.h"

tg_tensor tg_gradient_mark(tg_tensor g, uint32_t y)
{
    if (g.id) {
        tg_node *n = tg_node_at(g.tape, g.id);
        n->op = &tg_leaf_gradient;
        n->inputs.few[0] = y;
    }
    return g;
}

tg_tensor tg_gradient_tensor(tg_tape *t, tg_slot *s, const tg_extent *extent, uint32_t y)
{
    if (s->kind == TG_SLOT_NODE)
        return tg_handle(t, s->id);
    const tg_tensor g = tg_gradient_mark(tg_slot_tensor(t, s, extent), y);
    if (!g.id)
        return tg_invalid(t);
    if (s->kind == TG_SLOT_BUFFER && !tg_tape_own_buffer(t, g.id)) {
        tg_buffer_release(&t->pool, s->at.value);
        t->count--;
        return tg_invalid(t);
    }
    if (s->kind == TG_SLOT_ONE) { /* the slot will be used again */
        tg_node *n = tg_node_at(t, g.id);
        n->one = s->at.one;
        n->value = &n->one;
    }
    return g;
}
