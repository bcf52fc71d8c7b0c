/* reverse.c - the reverse pass: one loop from the last node of the tape to the first, one vjp for each node. */
#include "grad/reverse.h"

#include "core/error.h"
#include "core/label.h"
#include "core/lookup.h"
#include "core/message.h"
#include "grad/accumulate.h"
#include "grad/reason.h"
#include "grad/slots.h"

/* The pass in pseudo-code. slot[n] is where the gradient of node n is summed.

       all slots are empty; slot[y] = cotangent, or 1
       for n from y down to the first node:             users have greater ids than inputs: slot[n] is complete here
           skip n if slot[n] is empty                   y does not depend on n by recorded operations
           unless n is a leaf, run the vjp of n, which
               applies operations to cotangent (= slot[n]), inputs and output:
                   they are deferred, so nothing is evaluated yet
               calls tg_give(i, g) for an input:        accumulate.c
                   ignored if input i takes no gradient: what only g depends on is never evaluated
                   i is a parameter:     g is evaluated into its gradient, overwriting or adding
                   slot[i] is empty:     g is evaluated, and the slot shares its value
                   otherwise:            g is evaluated and added to a buffer that only slot[i] owns
               (of one element, and if the operation has a scalar_vjp, that computes the same contributions as numbers)
           release the nodes and buffers of the vjp     unless gradients are recorded
           keep slot[n] if it was asked for, else empty it

   The pass uses operations (tg_full here, tg_add and tg_sum_to in accumulate.c), and vjps call tg_give: grad and ops
   call each other, because a vjp is written with operations. It is the only circle in the library's call graph. */

/* One vjp --------------------------------------------------------------------------------------------------------- */

/* Not inlined: most vjps make buffers, few make names or leaves of parameters. */
static TG_COLD void drop_names_and_leaves(tg_tape *t, uint32_t count)
{
    tg_labels_drop(t, count);
    tg_tape_unbind(t, count);
}

/* Removes the nodes that a vjp made, which are those above `count`. The next vjp uses their memory again. */
static inline void release_deferred(tg_tape *t, uint32_t count, tg_arena arena)
{
    if (t->deferred_own_resources) {
        bool has_marks = t->last_label > count;
        for (uint32_t id = t->count; id > count; id--) {
            const tg_node *n = tg_node_at(t, id);
            if (n->flags & TG_NODE_BUFFER)
                tg_buffer_release(&t->pool, n->value);
            has_marks = has_marks || n->flags & TG_NODE_PARAM;
        }
        if (has_marks)
            drop_names_and_leaves(t, count);
        t->deferred_own_resources = false;
    }
    t->count = count;
    if (t->arena.used != arena.used || t->arena.current != arena.current)
        tg_arena_rewind(&t->arena, arena.current, arena.used);
}

/* Makes the nodes stale that a vjp made in a recorded pass and that no contribution needed: they have no value. */
static void drop_unused(tg_tape *t, uint32_t count)
{
    for (uint32_t id = count + 1; id <= t->count; id++)
        if (!tg_node_at(t, id)->value)
            tg_node_at(t, id)->epoch |= TG_DROPPED_EPOCH;
}

static bool is_differentiable(const tg_vjp *v, const tg_node *n)
{
    const int needed = v->records ? TG_ORDER_ANY : TG_ORDER_ONCE;
    if (n->op->vjp && n->op->order >= needed)
        return true;
    char text[TG_TEXT_BYTES];
    tg_application_text(v->tape, n, v->id, text, sizeof text);
    tg_tape_raise(v->tape, TG_ERR_NOT_DIFFERENTIABLE,
                  needed == TG_ORDER_ANY && n->op->vjp
                      ? "%sthere is no second derivative; ask without TG_CREATE_GRAPH"
                      : "%sthere is no derivative; detach its inputs (tg_detach)",
                  text);
    return false;
}

/* Runs the vjp of a node of one element on numbers, without deferred nodes. False where the vjp itself has to run. */
static bool run_scalar_vjp(const tg_vjp *v, const tg_node *n, const tg_slot *s)
{
    tg_tape *t = v->tape;
    if (n->extent->size != 1 || v->records || (n->flags & TG_NODE_USER_OP) | t->traps)
        return false;
    tg_scalar_vjp q; /* not zeroed, to save time */
    uint32_t flags[TG_SCALAR_INPUTS];
    const uint32_t *ids = n->inputs.few;
    for (int i = 0; i < n->n_inputs; i++) {
        const tg_node *x = tg_node_at(t, ids[i]);
        if (x->flags & TG_NODE_PARAM)
            return false;
        q.x[i] = tg_element(t, x->value, 0);
        flags[i] = x->flags;
    }
    q.dtype = t->dtype;
    q.y = tg_element(t, n->value, 0);
    q.g = tg_element(t, &s->at.one, 0);
    q.attributes = n->attributes;
    if (!n->op->scalar_vjp(&q))
        return false;
    for (int i = 0; i < n->n_inputs; i++)
        if (flags[i] & v->gradient_flag)
            tg_slot_add_number(t, tg_slot_at(t, ids[i]), q.dx[i]);
    return true;
}

static bool run_vjp(tg_vjp *v, uint32_t id, const tg_node *n, tg_slot *s)
{
    tg_tape *t = v->tape;
    v->id = id;
    v->node = n;
    if (!is_differentiable(v, n))
        return false;
    if (n->op->scalar_vjp && run_scalar_vjp(v, n, s))
        return true;
    const uint32_t count = t->count;
    const tg_arena arena = t->arena;
    t->deferred_from = count + 1;
    t->in_vjp = n;
    v->cotangent = tg_slot_tensor(t, s, n->extent).id;
    if (v->cotangent)
        n->op->vjp(v);
    t->in_vjp = NULL;
    if (v->records) {
        drop_unused(t, count);
        return !t->closed && (t->count == count || tg_tape_record_vjp_range(t, count + 1, id));
    }
    release_deferred(t, count, arena);
    if (n->flags & TG_NODE_USER_OP)
        t->epoch = (t->epoch + 1) | TG_DEFERRED_EPOCH; /* a handle that a user's vjp kept is stale in the next */
    return !t->closed;
}

/* The pass -------------------------------------------------------------------------------------------------------- */

/* Puts the gradient of y itself, which is the caller's or 1, into its slot. */
static bool seed(tg_vjp *v, uint32_t y, tg_tensor cotangent)
{
    tg_tape *t = v->tape;
    const uint32_t count = t->count;
    const tg_arena arena = t->arena;
    t->deferred_from = count + 1;
    if (!cotangent.tape)
        cotangent = tg_full(t, tg_node_at(t, y)->extent->shape, 1);
    const bool ok = cotangent.id && tg_accumulate_seed(v, y, cotangent.id);
    if (!v->records)
        release_deferred(t, count, arena);
    return ok;
}

/* Moves a slot's gradient to tape->kept, where tg_grad_of finds it. */
static bool keep(tg_tape *t, uint32_t id, tg_slot *s)
{
    void *kept = t->kept;
    const bool has_space = tg_heap_grow(&t->heap, &kept, &t->kept_capacity, t->n_kept + 1, sizeof *t->kept);
    t->kept = kept;
    if (!has_space) {
        tg_tape_raise(t, TG_ERR_MEMORY, "backward: no memory to keep the gradients");
        return false;
    }
    s->id = id;
    t->kept[t->n_kept++] = *s;
    *s = (tg_slot){ .kind = TG_SLOT_EMPTY };
    return true;
}

static bool run_vjps(tg_vjp *v, uint32_t y)
{
    tg_tape *t = v->tape;
    for (uint32_t id = y; id > 0; id--) {
        tg_slot *s = tg_slot_at(t, id);
        if (s->kind == TG_SLOT_EMPTY)
            continue;
        const tg_node *n = tg_node_at(t, id);
        const bool is_kept = n->flags & v->keep_flag;
        const bool is_constant = is_kept && n->flags & TG_NODE_UNRECORDED; /* an input of tg_grad */
        if (s->kind >= TG_SLOT_WIDE && tg_slot_round(v, n, s))
            continue;
        if (!tg_node_is_leaf(n) && !is_constant && !run_vjp(v, id, n, s))
            return false;
        if (!is_kept)
            tg_slot_clear(t, s);
        else if (v->is_backward && !keep(t, id, s))
            return false;
    }
    return true;
}

/* Whether a pass can start at y with this cotangent. */
static bool check(tg_vjp *v, tg_tensor y, tg_tensor cotangent, const char *what)
{
    const tg_node *n = tg_node_of(y, what);
    if (!n)
        return false;
    if (!cotangent.tape && n->extent->size == 1)
        return true;
    if (!cotangent.tape) {
        tg_tensor_fail(y, TG_ERR_SHAPE, what,
                       "this is not a scalar; reduce it with tg_sum or tg_mean, or give a cotangent");
        return false;
    }
    if (cotangent.tape != v->tape) {
        tg_tensor_fail(y, TG_ERR_TAPE, what, "the cotangent is a tensor of another tape");
        return false;
    }
    const tg_node *c = tg_node_of(cotangent, what);
    if (c && tg_shape_equal(&c->extent->shape, &n->extent->shape))
        return true;
    char text[TG_TEXT_BYTES / 2];
    if (c) {
        tg_tensor_text(v->tape, cotangent.id, text, sizeof text);
        tg_tensor_fail(y, TG_ERR_SHAPE, what, "a cotangent of %s; the shapes must be the same", text);
    }
    return false;
}

bool tg_reverse(struct tg_vjp *v, tg_tensor y, tg_tensor cotangent, const char *what)
{
    tg_tape *t = v->tape;
    if (!check(v, y, cotangent, what))
        return false;
    if (!(tg_node_of(y, what)->flags & v->gradient_flag)) {
        if (v->gradient_flag != TG_NODE_NEEDS_GRAD)
            return tg_slots_make(t, y.id, what); /* tg_grad of inputs that y does not depend on: zeros */
        tg_raise_needs_no_grad(y, what);
        return false;
    }
    if (!tg_slots_make(t, y.id, what))
        return false;
    const enum tg_mode mode = t->mode;
    const uint32_t epoch = t->epoch;
    t->mode = v->records ? TG_DEFERRING_RECORDING : TG_DEFERRING;
    t->epoch = v->records ? epoch : t->deferred_epoch;
    const bool ok = seed(v, y.id, cotangent) && run_vjps(v, y.id);
    t->mode = mode;
    if (!v->records)
        t->deferred_epoch = (t->epoch + 1) | TG_DEFERRED_EPOCH;
    t->epoch = epoch;
    if (!ok)
        tg_slots_clear(t, y.id);
    return ok;
}
