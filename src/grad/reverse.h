/* reverse.h - the reverse pass from inside: one pass, its slots, and where gradients land. */
#ifndef TG_REVERSE_H
#define TG_REVERSE_H

#include "core/tape.h"

/* One reverse pass, and the rule that it is running. This is what a rule sees as its tg_vjp. */
struct tg_vjp {
    tg_tape *tape;
    bool records;     /* its gradients are to be differentiable */
    bool fills_sinks; /* parameters' gradients go into their sets */
    unsigned reaches; /* the flag of the nodes that take a gradient in this pass */
    unsigned keeps;   /* the flags of the nodes whose gradient outlives its use */
    uint32_t id;      /* the node whose rule is running */
    const tg_node *node;
    tg_tensor cotangent;
};

static inline tg_slot *tg_slot_at(const tg_tape *t, uint32_t id)
{
    return &t->slots[id >> TG_NODES_BITS][id & (TG_NODES - 1)];
}

/* Empties a slot, letting go of its buffer. */
void tg_slot_clear(tg_tape *tape, tg_slot *slot);

/* A tensor of this extent with the slot's gradient as its value. With TG_NODE_BUFFER among `flags` the tensor becomes a
   holder of the slot's buffer. */
tg_tensor tg_slot_tensor(tg_tape *tape, const tg_slot *slot, const tg_extent *extent);

/* The error of a reverse pass through values that are no longer those that were recorded. */
void tg_raise_changed(tg_tape *tape, const tg_sink *sink);

/* Adds tensor `gradient` to what node `id`, which is n and of its shape, has received: in its slot, or in a parameter's
   set. */
bool tg_land(struct tg_vjp *pass, uint32_t id, const tg_node *n, uint32_t gradient);

/* Walks from y, whose gradient is `cotangent` (null: one), back to the start. On success the slots of the nodes with
   a flag of `keeps` are full, all others empty; on failure all are. */
bool tg_reverse(struct tg_vjp *pass, tg_tensor y, tg_tensor cotangent, const char *what);

/* Empties the slots of nodes 1 .. last. */
void tg_slots_clear(tg_tape *tape, uint32_t last);

#endif
