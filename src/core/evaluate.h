/* evaluate.h - computing the values of nodes. While a vjp runs, its nodes are deferred: they have inputs and a shape, and
   no value until it is needed. */
#ifndef TG_EVALUATE_H
#define TG_EVALUATE_H

#include "core/call.h"
#include "core/platform.h"
#include "core/push.h"

/* Runs the forward of an operation that may be a user's, or under a trap. */
bool tg_node_run_watched(tg_call *call);

/* After a forward that took scratch or failed: releases the scratch, raises the failure. */
bool tg_node_finish_run(tg_call *call, tg_status status);

/* Runs node n's forward into `out`, which has the node's size. Its inputs must have values. */
static inline bool tg_node_run(tg_tape *t, const tg_node *n, void *out, bool accumulate)
{
    if (n->extent->size == 0)
        return true;
    tg_call c; /* not zeroed: clearing scratch[] would take longer than a small operation */
    c.tape = t;
    c.node = n;
    c.out = out;
    c.accumulate = accumulate;
    c.n_scratch = 0;
    if ((n->flags & TG_NODE_USER_OP) | t->traps)
        return tg_node_run_watched(&c);
    const tg_status status = n->op->forward(&c);
    return (status == TG_OK && !c.n_scratch) || tg_node_finish_run(&c, status);
}

/* Gives a view its value: the memory of input 0. */
bool tg_node_view(tg_tape *tape, tg_node *node);

/* Computes node n, whose inputs have values, into memory of its own. */
static TG_INLINE bool tg_node_compute(tg_tape *t, tg_node *n)
{
    if (n->op->flags & TG_OP_VIEW)
        return tg_node_view(t, n);
    return tg_tape_place(t, n) && tg_node_run(t, n, n->value, false);
}

/* Computes the deferred nodes that node `id` depends on. */
bool tg_node_evaluate_deferred_inputs(tg_tape *tape, uint32_t id);
static inline bool tg_node_evaluate_inputs(tg_tape *t, uint32_t id)
{
    return !(tg_node_at(t, id)->flags & TG_NODE_USES_DEFERRED) || tg_node_evaluate_deferred_inputs(t, id);
}

/* Computes node `id`, and what it depends on, if it has no value yet. */
bool tg_node_evaluate(tg_tape *tape, uint32_t id);

#endif
