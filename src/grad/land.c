/* land.c - where a gradient lands: handed on, summed, or written into a parameter's set. No gradient is added into a
   zeroed buffer, and none is copied that can be shared. */
#include <string.h>

#include "grad/reverse.h"
#include "tapegrad/ops.h"

void tg_slot_clear(tg_tape *t, tg_slot *s)
{
    if (s->kind == TG_SLOT_BUFFER)
        tg_store_drop(&t->store, s->at.value);
    *s = (tg_slot){ .kind = TG_SLOT_EMPTY };
}

tg_tensor tg_slot_tensor(tg_tape *t, const tg_slot *s, const tg_extent *extent)
{
    if (s->kind == TG_SLOT_NODE)
        return tg_handle(t, s->id);
    tg_tensor x = tg_tape_leaf(t, &tg_leaf_constant, extent, s->at.value, 0);
    if (!x.id)
        return x;
    tg_node *n = tg_node_at(t, x.id);
    if (s->kind == TG_SLOT_ONE) {
        n->one = s->at.one;
        n->value = &n->one;
    } else if (s->kind == TG_SLOT_BUFFER) {
        tg_store_hold(n->value);
        n->flags |= TG_NODE_BUFFER;
    }
    return x;
}

/* out = value of node g, or out += it; computing g straight into `out` where that can be. */
static bool deliver(tg_tape *t, uint32_t id, void *out, bool accumulate)
{
    tg_node *g = tg_node_at(t, id);
    bool direct = !g->value && !(g->op->flags & TG_OP_VIEW) && (!accumulate || g->op->flags & TG_OP_ACCUMULATES);
    if (direct)
        return tg_node_compute_inputs(t, id) && tg_node_run(t, g, out, accumulate);
    if (!tg_node_compute(t, id))
        return false;
    if (accumulate)
        t->kernels->add(g->extent->size, g->value, out);
    else if (g->extent->size > 0)
        memcpy(out, g->value, (size_t)g->extent->size * t->element);
    return true;
}

void tg_raise_changed(tg_tape *t, const tg_sink *sink)
{
    tg_tape_raise(
        t, TG_ERR_CHANGED,
        "the values of parameter %s changed after they were recorded; reset the tape and run the model again",
        sink->name);
}

static bool into_sink(tg_tape *t, const tg_node *leaf, uint32_t id)
{
    const tg_binding *b = leaf->attributes;
    const tg_sink *sink = b->sink;
    if (b->version != *sink->version) {
        tg_raise_changed(t, sink);
        return false;
    }
    bool good = deliver(t, id, sink->grad, *sink->is_set);
    *sink->is_set = 1;
    return good;
}

/* One element lives in the slot itself, and is added without asking a kernel. */
static bool land_one(tg_tape *t, tg_slot *s, uint32_t id)
{
    const bool accumulate = s->kind == TG_SLOT_ONE;
    s->kind = TG_SLOT_ONE;
    if (!accumulate)
        return deliver(t, id, &s->at.one, false);
    if (!tg_node_compute(t, id))
        return false;
    const void *g = tg_node_at(t, id)->value;
    if (t->dtype == TG_F32)
        s->at.one.f32 += *(const float *)g;
    else
        s->at.one.f64 += *(const double *)g;
    return true;
}

/* The first gradient is handed on as it is: shared, read-only. */
static bool hand_on(tg_tape *t, tg_slot *s, uint32_t id)
{
    if (!tg_node_compute(t, id))
        return false;
    tg_node *g = tg_node_at(t, id);
    s->at.value = g->value;
    s->kind = g->flags & TG_NODE_BUFFER ? TG_SLOT_BUFFER : TG_SLOT_BORROWED;
    if (s->kind == TG_SLOT_BUFFER)
        tg_store_hold(g->value);
    return true;
}

/* A further one makes a sum, in a buffer that nobody else holds. */
static bool sum_up(tg_tape *t, tg_slot *s, uint32_t id)
{
    if (s->kind == TG_SLOT_BUFFER && !tg_store_is_shared(s->at.value))
        return deliver(t, id, s->at.value, true);
    size_t bytes = (size_t)tg_node_at(t, id)->extent->size * t->element;
    void *sum = tg_store_take(&t->store, &t->heap, bytes);
    if (!sum) {
        tg_tape_raise(t, TG_ERR_MEMORY, "no memory for a gradient of %zu bytes", bytes);
        return false;
    }
    memcpy(sum, s->at.value, bytes);
    tg_slot_clear(t, s);
    *s = (tg_slot){ .kind = TG_SLOT_BUFFER, .at.value = sum };
    return deliver(t, id, sum, true);
}

static bool land_recorded(tg_tape *t, tg_slot *s, uint32_t id)
{
    tg_tensor g = tg_handle(t, id);
    if (s->kind == TG_SLOT_NODE)
        g = tg_add(tg_handle(t, s->id), g);
    if (!g.id || !tg_node_compute(t, g.id))
        return false;
    *s = (tg_slot){ .kind = TG_SLOT_NODE, .id = g.id };
    return true;
}

bool tg_land(struct tg_vjp *pass, uint32_t target, const tg_node *n, uint32_t id)
{
    tg_tape *t = pass->tape;
    tg_slot *s = tg_slot_at(t, target);
    if (pass->records)
        return land_recorded(t, s, id);
    if (pass->fills_sinks && n->flags & TG_NODE_PARAM)
        return into_sink(t, n, id);
    if (n->extent->size <= 1)
        return land_one(t, s, id);
    return s->kind == TG_SLOT_EMPTY ? hand_on(t, s, id) : sum_up(t, s, id);
}
