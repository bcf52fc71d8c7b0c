/* slots.h - the slots of a reverse pass, one for each node: where its gradient is summed. */
#ifndef TG_SLOTS_H
#define TG_SLOTS_H

#include "core/leaf.h"
#include "core/push.h"
#include "core/slot.h"

static inline tg_slot *tg_slot_at(const tg_tape *t, uint32_t id)
{
    return &t->slots[id >> TG_NODE_CHUNK_BITS][id & (TG_NODES_PER_CHUNK - 1)];
}

/* Makes the slots of nodes 1 .. last, all empty; false, with the error of `what` raised, out of memory. */
bool tg_slots_make(tg_tape *tape, uint32_t last, const char *what);

/* Empties the slots of nodes 1 .. last. */
void tg_slots_clear(tg_tape *tape, uint32_t last);

/* Empties a slot, releasing its buffer. */
static inline void tg_slot_clear(tg_tape *t, tg_slot *s)
{
    if (s->kind == TG_SLOT_BUFFER || s->kind == TG_SLOT_WIDE)
        tg_buffer_release(&t->pool, s->at.value);
    *s = (tg_slot){ .kind = TG_SLOT_EMPTY };
}

/* A tensor of this extent whose value is the slot's gradient, without a copy: one element stays in the slot; of a buffer
   the tensor gets a reference. */
static inline tg_tensor tg_slot_tensor(tg_tape *t, tg_slot *s, const tg_extent *extent)
{
    if (s->kind == TG_SLOT_NODE)
        return tg_handle(t, s->id);
    void *value = s->kind == TG_SLOT_ONE ? &s->at.one : s->at.value;
    const tg_tensor x = tg_tape_leaf(t, &tg_leaf_constant, extent, value, 0);
    if (x.id && s->kind == TG_SLOT_BUFFER) {
        tg_buffer_retain(value);
        tg_node_own_buffer(t, tg_node_at(t, x.id));
    }
    return x;
}

#endif
