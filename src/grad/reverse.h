/* reverse.h - the reverse pass from inside: one pass, its slots, and where gradients land. */
#ifndef TG_REVERSE_H
#define TG_REVERSE_H

#include "core/leaf.h"
#include "core/param.h"
#include "core/push.h"
#include "core/slot.h"
#include "core/error.h"
#include "core/evaluate.h"
#include "core/message.h"
#include "core/lookup.h"
#include "core/label.h"
#include "kernels/kernels.h"

/* One reverse pass, and the rule that it is running. This is what a rule sees as its tg_vjp. */
struct tg_vjp {
    tg_tape *tape;
    bool records;           /* its gradients are to be differentiable */
    bool is_backward;       /* gradients go into parameters' sets, and to where tg_grad_of finds them */
    unsigned gradient_flag; /* the flag of the nodes that take a gradient in this pass */
    unsigned keep_flag;     /* the flags of the nodes whose gradient outlives its use */
    uint32_t id;            /* the node whose rule is running */
    const tg_node *node;
    uint32_t cotangent; /* its number */
};

static inline tg_slot *tg_slot_at(const tg_tape *t, uint32_t id)
{
    return &t->slots[id >> TG_NODE_CHUNK_BITS][id & (TG_NODES_PER_CHUNK - 1)];
}

/* The number of input i, or 0 where it is absent or (raised) there is none. */
uint32_t tg_vjp_raise_no_input(const struct tg_vjp *v, int i);
static inline uint32_t tg_vjp_input_id(const struct tg_vjp *v, int i)
{
    return i >= 0 && i < v->node->n_inputs ? tg_node_inputs(v->node)[i] : tg_vjp_raise_no_input(v, i);
}

/* Empties a slot, letting go of its buffer. */
static inline void tg_slot_clear(tg_tape *t, tg_slot *s)
{
    if (s->kind == TG_SLOT_BUFFER || s->kind == TG_SLOT_WIDE)
        tg_buffer_release(&t->pool, s->at.value);
    *s = (tg_slot){ .kind = TG_SLOT_EMPTY };
}

/* Rounds the wide sum in node n's slot. True if it went into a parameter's set: the slot is empty. */
bool tg_slot_round(const struct tg_vjp *pass, const tg_node *n, tg_slot *slot);

/* A tensor of this extent whose value is the slot's gradient: one element stays in the slot, and of a buffer the tensor
   becomes a holder. */
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

/* Whether y was computed from x (0: from anything that takes a gradient), but no gradient flows, since something on the
   way was not recorded: writes what, and why. */
bool tg_no_gradient_reason(const tg_tape *tape, uint32_t y, uint32_t x, char *text, size_t size);

/* Whether something up to y was not recorded at all. */
bool tg_has_unrecorded(const tg_tape *tape, uint32_t y);

/* The error of `what`, which a tensor that needs no gradient cannot do; with the reason. */
void tg_raise_needs_no_grad(tg_tensor y, const char *what);

/* The error of a reverse pass through values that are no longer those that were recorded. */
void tg_raise_param_changed(tg_tape *tape, const tg_sink *sink);

/* The cotangent of y itself, which has its shape, lands as the gifts of rules do: in a slot, or in a parameter's set. */
bool tg_accumulate_seed(struct tg_vjp *pass, uint32_t y, uint32_t cotangent);

/* Walks from y, whose gradient is `cotangent` (null: one), back to the start. Nodes with a flag of `keeps` have their
   gradients then: a backward's among what the tape keeps, others in their slots. All other slots are empty; on failure
   all are, and what the tape keeps is of no use. */
bool tg_reverse(struct tg_vjp *pass, tg_tensor y, tg_tensor cotangent, const char *what);

/* Empties the slots of nodes 1 .. last. */
void tg_slots_clear(tg_tape *tape, uint32_t last);

#endif
