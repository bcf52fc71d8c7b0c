/* backward.c - the reverse pass: one loop down the tape, one rule a node. */
#include <string.h>

#include "core/platform.h"
#include "grad/reverse.h"
#include "tapegrad/grad.h"
#include "tapegrad/ops.h"

/* What a rule sees ------------------------------------------------------------------------------------------------ */

tg_tensor tg_cotangent(const tg_vjp *v)
{
    if (!v)
        return (tg_tensor){ 0 };
    return v->cotangent ? tg_handle(v->tape, v->cotangent) : tg_bad(v->tape);
}

int tg_vjp_count(const tg_vjp *v)
{
    return v ? v->node->n_inputs : 0;
}

const void *tg_vjp_attributes(const tg_vjp *v)
{
    return v ? v->node->attributes : NULL;
}

tg_tensor tg_output(const tg_vjp *v)
{
    return v ? (tg_tensor){ .tape = v->tape, .id = v->id, .epoch = v->node->epoch } : (tg_tensor){ 0 };
}

TG_COLD uint32_t tg_vjp_raise_no_input(const tg_vjp *v, int i)
{
    tg_tape_raise(v->tape, TG_ERR_ARGUMENT, "the vjp asks for input %d; there are %d, counted from 0", i,
                  v->node->n_inputs);
    return 0;
}

tg_tensor tg_input(const tg_vjp *v, int i)
{
    const uint32_t id = v ? tg_vjp_input_id(v, i) : 0;
    if (!id)
        return (tg_tensor){ 0 };
    const tg_node *x = tg_node_at(v->tape, id);
    const tg_binding *b = x->flags & TG_NODE_PARAM ? x->attributes : NULL;
    if (b && b->version != *b->sink->version)
        tg_raise_changed(v->tape, b->sink);
    return (tg_tensor){ .tape = v->tape, .id = id, .epoch = x->epoch };
}

bool tg_wants(const tg_vjp *v, int i)
{
    const uint32_t id = v ? tg_vjp_input_id(v, i) : 0;
    return id && tg_node_at(v->tape, id)->flags & v->reaches;
}

/* One rule -------------------------------------------------------------------------------------------------------- */

/* Names and bindings of notes are as rare in a rule as buffers are usual. */
static TG_COLD void forget_marks(tg_tape *t, uint32_t count)
{
    tg_labels_drop(t, count);
    tg_tape_unbind(t, count);
}

/* Lets go of what a rule noted: the nodes and the arena are used again by the next. */
static inline void recycle_notes(tg_tape *t, uint32_t count, tg_arena arena)
{
    if (t->notes_hold) {
        bool is_bound = t->last_label > count;
        for (uint32_t id = t->count; id > count; id--) {
            const tg_node *n = tg_node_at(t, id);
            if (n->flags & TG_NODE_BUFFER)
                tg_store_drop(&t->store, n->value);
            is_bound = is_bound || n->flags & TG_NODE_PARAM;
        }
        if (is_bound)
            forget_marks(t, count);
        t->notes_hold = false;
    }
    t->count = count;
    if (t->arena.used != arena.used || t->arena.current != arena.current)
        tg_arena_rewind(&t->arena, arena.current, arena.used);
}

/* Makes handles stale that a rule kept to what it noted in a recorded pass and gave to nobody: it has no value. */
static void forget_unused(tg_tape *t, uint32_t count)
{
    for (uint32_t id = count + 1; id <= t->count; id++)
        if (!tg_node_at(t, id)->value)
            tg_node_at(t, id)->epoch |= TG_FORGOTTEN_EPOCH;
}

static bool is_differentiable(const tg_vjp *v, const tg_node *n)
{
    int needed = v->records ? TG_ORDER_ANY : TG_ORDER_ONCE;
    if (n->op->vjp && n->op->order >= needed)
        return true;
    char text[TG_TEXT];
    tg_application_text(v->tape, n, v->id, text, sizeof text);
    tg_tape_raise(v->tape, TG_ERR_NOT_DIFFERENTIABLE,
                  needed == TG_ORDER_ANY && n->op->vjp
                      ? "%sthere is no second derivative; ask without TG_CREATE_GRAPH"
                      : "%sthere is no derivative; detach its inputs (tg_detach)",
                  text);
    return false;
}

static bool run_rule(tg_vjp *v, uint32_t id, const tg_node *n, tg_slot *s)
{
    tg_tape *t = v->tape;
    v->id = id;
    v->node = n;
    if (!is_differentiable(v, n))
        return false;
    const uint32_t count = t->count;
    const tg_arena arena = t->arena;
    t->notes_from = count + 1;
    t->in_vjp = n;
    v->cotangent = tg_slot_tensor(t, s, n->extent).id;
    if (v->cotangent)
        n->op->vjp(v);
    t->in_vjp = NULL;
    if (v->records) {
        forget_unused(t, count);
        return !t->shut && (t->count == count || tg_tape_note_made(t, count + 1, id));
    }
    recycle_notes(t, count, arena);
    if (n->flags & TG_NODE_GUARDED)
        t->epoch = (t->epoch + 1) | TG_NOTES_EPOCH; /* handles that a user's rule kept to its notes are stale */
    return !t->shut;
}

/* The pass -------------------------------------------------------------------------------------------------------- */

/* Empty slots for nodes 1 .. last. */
static bool make_slots(tg_tape *t, uint32_t last, const char *what)
{
    uint32_t chunks = (last >> TG_NODES_BITS) + 1;
    void *directory = t->slots;
    bool good = tg_heap_grow(&t->heap, &directory, &t->slot_chunk_capacity, chunks, sizeof(tg_slot *));
    t->slots = directory;
    while (good && t->n_slot_chunks < chunks) {
        tg_slot *slots = tg_heap_alloc(&t->heap, TG_NODES * sizeof *slots);
        good = slots;
        if (good)
            t->slots[t->n_slot_chunks++] = slots;
    }
    if (!good) {
        tg_tape_raise(t, TG_ERR_MEMORY, "%s: no memory for the gradients of %u tensors", what, last);
        return false;
    }
    for (uint32_t c = 0; c < chunks; c++) {
        uint32_t used = c + 1 < chunks ? TG_NODES : (last & (TG_NODES - 1)) + 1;
        memset(t->slots[c], 0, used * sizeof(tg_slot));
    }
    return true;
}

void tg_slots_clear(tg_tape *t, uint32_t last)
{
    for (uint32_t id = 1; id <= last; id++)
        if (tg_slot_at(t, id)->kind != TG_SLOT_EMPTY)
            tg_slot_clear(t, tg_slot_at(t, id));
}

/* The gradient of y itself: the caller's, or one. */
static bool seed(tg_vjp *v, uint32_t y, tg_tensor cotangent)
{
    tg_tape *t = v->tape;
    const uint32_t count = t->count;
    const tg_arena arena = t->arena;
    t->notes_from = count + 1;
    if (!cotangent.tape)
        cotangent = tg_full(t, tg_node_at(t, y)->extent->shape, 1);
    bool good = cotangent.id && tg_land_seed(v, y, cotangent.id);
    if (!v->records)
        recycle_notes(t, count, arena);
    return good;
}

/* Moves a gradient to where tg_grad_of finds it. */
static bool keep(tg_tape *t, uint32_t id, tg_slot *s)
{
    void *kept = t->kept;
    bool good = tg_heap_grow(&t->heap, &kept, &t->kept_capacity, t->n_kept + 1, sizeof *t->kept);
    t->kept = kept;
    if (!good) {
        tg_tape_raise(t, TG_ERR_MEMORY, "backward: no memory to keep the gradients");
        return false;
    }
    s->id = id;
    t->kept[t->n_kept++] = *s;
    *s = (tg_slot){ .kind = TG_SLOT_EMPTY };
    return true;
}

static bool walk(tg_vjp *v, uint32_t y)
{
    tg_tape *t = v->tape;
    for (uint32_t id = y; id > 0; id--) {
        tg_slot *s = tg_slot_at(t, id);
        if (s->kind == TG_SLOT_EMPTY)
            continue;
        const tg_node *n = tg_node_at(t, id);
        const bool is_kept = n->flags & v->keeps;
        const bool is_cut = is_kept && n->flags & TG_NODE_CUT; /* it was asked for, as the constant that it is */
        if (s->kind >= TG_SLOT_WIDE && tg_settle(v, n, s))
            continue;
        if (!tg_is_leaf(n) && !is_cut && !run_rule(v, id, n, s))
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
    char text[TG_TEXT / 2];
    if (c) {
        tg_tensor_text(v->tape, cotangent.id, text, sizeof text);
        tg_tensor_fail(y, TG_ERR_SHAPE, what, "a cotangent of %s; the shapes must be the same", text);
    }
    return false;
}

bool tg_reverse(tg_vjp *v, tg_tensor y, tg_tensor cotangent, const char *what)
{
    tg_tape *t = v->tape;
    if (!check(v, y, cotangent, what))
        return false;
    if (!(tg_node_of(y, what)->flags & v->reaches)) {
        if (v->reaches != TG_NODE_NEEDS_GRAD)
            return make_slots(t, y.id, what); /* tg_grad of what does not depend on its inputs: zeros */
        tg_raise_needs_none(y, what);
        return false;
    }
    if (!make_slots(t, y.id, what))
        return false;
    const enum tg_mode mode = t->mode;
    const uint32_t epoch = t->epoch;
    t->mode = v->records ? TG_NOTING_RECORDING : TG_NOTING;
    t->epoch = v->records ? epoch : t->notes_epoch;
    const bool good = seed(v, y.id, cotangent) && walk(v, y.id);
    t->mode = mode;
    if (!v->records)
        t->notes_epoch = (t->epoch + 1) | TG_NOTES_EPOCH;
    t->epoch = epoch;
    if (!good)
        tg_slots_clear(t, y.id);
    return good;
}
