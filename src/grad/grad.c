/* grad.c - what users call: backward, grad_of, grad. */
#include "tapegrad/grad.h"

#include <string.h>

#include "grad/reverse.h"
#include "tapegrad/ops.h"

/* Backward -------------------------------------------------------------------------------------------------------- */

static void invalidate_sets(tg_tape *t)
{
    for (const tg_bound_set *b = t->bound; b; b = b->next)
        for (uint32_t i = 0; i < b->n; i++)
            if (b->ids[i])
                *b->bindings[i].sink->invalid = true;
}

tg_status tg_backward_from(tg_tensor y, tg_tensor cotangent)
{
    tg_tape *t = y.tape ? y.tape : cotangent.tape;
    if (!t)
        return TG_ERR_ARGUMENT;
    struct tg_vjp pass = {
        .tape = t,
        .is_backward = true,
        .reaches = TG_NODE_NEEDS_GRAD,
        .keeps = TG_NODE_RETAIN,
    };
    if (t->is_nil)
        return t->status;
    if (!y.tape)
        tg_tape_raise(t, TG_ERR_ARGUMENT, "backward: of the null tensor");
    if (!t->in_vjp)
        tg_tape_drop_kept(t, 0);
    t->has_gradients = t->status == TG_OK && tg_reverse(&pass, y, cotangent, "backward");
    if (!t->has_gradients)
        invalidate_sets(t);
    return t->status;
}

tg_status tg_backward(tg_tensor y)
{
    return tg_backward_from(y, (tg_tensor){ 0 });
}

/* Reading them ---------------------------------------------------------------------------------------------------- */

tg_tensor tg_retain_grad(tg_tensor x)
{
    tg_node *n = tg_node_of(x, "retain_grad");
    if (!n)
        return tg_bad(x.tape);
    if (!(n->flags & TG_NODE_NEEDS_GRAD)) {
        tg_tape_raise(x.tape, TG_ERR_NOT_DIFFERENTIABLE, "retain_grad: this tensor needs no gradient");
        return tg_bad(x.tape);
    }
    n->flags |= TG_NODE_RETAIN;
    return x;
}

/* A recorded tensor that keeps the slot's gradient alive. */
static tg_tensor recorded(tg_tape *t, tg_slot *s, const tg_extent *extent)
{
    tg_tensor g = tg_slot_tensor(t, s, extent);
    bool good = g.id && (s->kind != TG_SLOT_BUFFER || tg_tape_hold(t, g.id));
    if (good && s->kind == TG_SLOT_ONE) {
        tg_node *n = tg_node_at(t, g.id);
        n->one = s->at.one;
        n->value = &n->one;
    }
    if (good)
        return g;
    if (g.id && s->kind == TG_SLOT_BUFFER) {
        tg_store_drop(&t->store, s->at.value);
        t->count--;
    }
    return tg_bad(t);
}

/* The ids of what is kept descend. */
static tg_slot *find_kept(const tg_tape *t, uint32_t id)
{
    uint32_t lo = 0, hi = t->n_kept;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (t->kept[mid].id > id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < t->n_kept && t->kept[lo].id == id ? &t->kept[lo] : NULL;
}

/* A parameter's gradient stands in its set, where it will change: a copy. */
static tg_tensor copy_of_sink(tg_tape *t, const tg_node *leaf)
{
    const tg_sink *sink = ((const tg_binding *)leaf->attributes)->sink;
    tg_tensor g = tg_full(t, leaf->extent->shape, 0);
    if (g.id && *sink->is_set && leaf->extent->size > 0)
        memcpy(tg_node_at(t, g.id)->value, sink->grad, (size_t)leaf->extent->size * t->element);
    return g;
}

tg_tensor tg_grad_of(tg_tensor x)
{
    tg_tape *t = x.tape;
    const tg_node *n = tg_node_of(x, "grad_of");
    if (!n)
        return tg_bad(t);
    if (t->in_vjp)
        tg_tape_raise(t, TG_ERR_STATE, "grad_of: not inside a rule; the gradient there is tg_cotangent");
    else if (!(n->flags & TG_NODE_RETAIN))
        tg_tape_raise(t, TG_ERR_STATE, "grad_of: this tensor keeps no gradient; mark it with tg_retain_grad");
    else if (!t->has_gradients)
        tg_tape_raise(t, TG_ERR_STATE, "grad_of: there was no backward since the last reset or rewind");
    else if (n->flags & TG_NODE_PARAM)
        return copy_of_sink(t, n);
    else {
        tg_slot *s = find_kept(t, x.id);
        return s ? recorded(t, s, n->extent) : tg_full(t, n->extent->shape, 0);
    }
    return tg_bad(t);
}

/* Gradients as tensors -------------------------------------------------------------------------------------------- */

static void unmark(tg_tape *t, uint32_t last)
{
    for (uint32_t id = 1; id <= last; id++)
        tg_node_at(t, id)->flags &= (uint16_t) ~(TG_NODE_ON_PATH | TG_NODE_ASKED);
}

/* Marks the inputs, and what depends on them, up to y. */
static void mark_paths(tg_tape *t, const tg_tensor *inputs, int n, uint32_t y)
{
    for (int i = 0; i < n; i++)
        tg_node_at(t, inputs[i].id)->flags |= TG_NODE_ASKED | TG_NODE_ON_PATH;
    for (uint32_t id = 1; id <= y; id++) {
        tg_node *node = tg_node_at(t, id);
        if (node->flags & (TG_NODE_CUT | TG_NODE_ON_PATH))
            continue;
        for (int i = 0; i < node->n_inputs; i++) {
            uint32_t in = tg_node_inputs(node)[i];
            if (in && tg_node_at(t, in)->flags & TG_NODE_ON_PATH)
                node->flags |= TG_NODE_ON_PATH;
        }
    }
}

static bool check_inputs(tg_tape *t, const tg_tensor *inputs, int n, const tg_tensor *out)
{
    if (n < 0 || (n > 0 && (!inputs || !out)))
        tg_tape_raise(t, TG_ERR_ARGUMENT, "grad: inputs and out must be arrays of n = %d tensors", n);
    for (int i = 0; i < n && t->status == TG_OK; i++) {
        if (inputs[i].tape != t)
            tg_tape_raise(t, inputs[i].tape ? TG_ERR_TAPE : TG_ERR_ARGUMENT, "grad: input %d is %s", i,
                          inputs[i].tape ? "a tensor of another tape" : "the null tensor");
        else
            tg_node_of(inputs[i], "grad");
    }
    return t->status == TG_OK;
}

static tg_tensor result(tg_tape *t, tg_tensor input, uint32_t y)
{
    const tg_extent *extent = tg_node_at(t, input.id)->extent;
    tg_slot *s = input.id <= y ? tg_slot_at(t, input.id) : NULL;
    return s && s->kind != TG_SLOT_EMPTY ? recorded(t, s, extent) : tg_full(t, extent->shape, 0);
}

tg_status tg_grad(tg_tensor y, tg_tensor cotangent, const tg_tensor *inputs, int n, tg_tensor *out, unsigned flags)
{
    tg_tape *t = y.tape ? y.tape : cotangent.tape;
    for (int i = 0; out && i < n; i++)
        out[i] = tg_bad(t);
    if (!t)
        return TG_ERR_ARGUMENT;
    if (t->status != TG_OK)
        return t->status;
    if (!y.tape)
        return tg_tape_raise(t, TG_ERR_ARGUMENT, "grad: of the null tensor");
    if (flags & ~(unsigned)TG_CREATE_GRAPH)
        return tg_tape_raise(t, TG_ERR_ARGUMENT, "grad: flags %#x; only TG_CREATE_GRAPH is known", flags);
    if (!check_inputs(t, inputs, n, out) || !tg_node_of(y, "grad"))
        return t->status;
    struct tg_vjp pass = {
        .tape = t,
        .records = flags & TG_CREATE_GRAPH,
        .reaches = TG_NODE_ON_PATH,
        .keeps = TG_NODE_ASKED,
    };
    const uint32_t last = t->count;
    mark_paths(t, inputs, n, y.id);
    bool good = tg_reverse(&pass, y, cotangent, "grad");
    unmark(t, last);
    if (good) {
        for (int i = 0; i < n; i++)
            out[i] = result(t, inputs[i], y.id);
        tg_slots_clear(t, y.id);
    }
    for (int i = 0; t->status != TG_OK && i < n; i++)
        out[i] = tg_bad(t);
    return t->status;
}
