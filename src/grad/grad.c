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

/* What was marked since the last backward is marked for this one. */
static void forget_late(tg_tape *t)
{
    for (uint32_t id = t->count; id > 0 && t->some_late; id--)
        tg_node_at(t, id)->flags &= (uint16_t)~TG_NODE_LATE;
    t->some_late = false;
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
    if (t->is_nil || !tg_tape_is_free(t, "backward"))
        return t->status;
    if (!y.tape)
        tg_tape_raise(t, TG_ERR_ARGUMENT, "backward: of the null tensor");
    tg_tape_drop_kept(t, 0);
    forget_late(t);
    t->backwards++;
    t->differentiated = y.id;
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
    tg_tape *t = x.tape;
    tg_node *n = tg_node_of(x, "retain_grad");
    if (!n)
        return tg_bad(t);
    if (!(n->flags & TG_NODE_NEEDS_GRAD)) {
        tg_raise_needs_none(x, "retain_grad");
        return tg_bad(t);
    }
    if (!(n->flags & TG_NODE_RETAIN) && t->has_gradients) {
        n->flags |= TG_NODE_LATE;
        t->some_late = true;
    }
    n->flags |= TG_NODE_RETAIN;
    return x;
}

/* Makes a constant known as a gradient of y that was not recorded. */
static tg_tensor mark_gradient(tg_tensor g, uint32_t y)
{
    if (g.id)
        tg_set_gradient_source(tg_node_at(g.tape, g.id), y);
    return g;
}

/* A recorded tensor that keeps the slot's gradient alive. */
static tg_tensor recorded(tg_tape *t, tg_slot *s, const tg_extent *extent, uint32_t y)
{
    if (s->kind == TG_SLOT_NODE)
        return tg_handle(t, s->id);
    tg_tensor g = mark_gradient(tg_slot_tensor(t, s, extent), y);
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
    tg_tensor g = mark_gradient(tg_full(t, leaf->extent->shape, 0), t->differentiated);
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
    if (!tg_tape_is_free(t, "grad_of"))
        return tg_bad(t);
    tg_slot *s = find_kept(t, x.id);
    if (!(n->flags & TG_NODE_NEEDS_GRAD))
        tg_raise_needs_none(x, "grad_of");
    else if (!(n->flags & TG_NODE_RETAIN))
        tg_tensor_fail(x, TG_ERR_STATE, "grad_of",
                       "no gradient was kept; mark the tensor with tg_retain_grad before the backward");
    else if (!t->has_gradients)
        tg_tensor_fail(x, TG_ERR_STATE, "grad_of",
                       "there is no gradient: the last backward failed, was rewound, or is still to come");
    else if (n->flags & TG_NODE_PARAM)
        return copy_of_sink(t, n);
    else if (!s && n->flags & TG_NODE_LATE)
        tg_tensor_fail(x, TG_ERR_STATE, "grad_of",
                       "no gradient was kept; the tensor was marked with tg_retain_grad after the last backward");
    else
        return s ? recorded(t, s, n->extent, t->differentiated) : tg_full(t, n->extent->shape, 0);
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
        tg_tape_raise(t, TG_ERR_ARGUMENT,
                      n < 0 ? "grad: n is %d, not a number of inputs"
                            : "grad: inputs and out must be arrays of n = %d tensors",
                      n);
    for (int i = 0; i < n && t->status == TG_OK; i++) {
        if (inputs[i].tape != t)
            tg_tape_raise(t, inputs[i].tape ? TG_ERR_TAPE : TG_ERR_ARGUMENT, "grad: input %d is %s", i,
                          inputs[i].tape ? "a tensor of another tape" : "the null tensor");
        else if (!tg_node_if(t, inputs[i]))
            tg_tape_raise(t, TG_ERR_STALE, "grad: input %d " TG_STALE_TEXT, i);
    }
    return t->status == TG_OK;
}

/* Zeros are right for an input that y does not depend on, and wrong where it does in a way that was not recorded. */
static tg_tensor zeros(tg_tape *t, const tg_tensor *inputs, int i, tg_tensor y, bool all_recorded)
{
    const uint32_t x = inputs[i].id;
    char text[TG_TEXT], input[TG_TEXT / 2];
    if (x > y.id || all_recorded || !tg_reason(t, y.id, x, text, sizeof text))
        return tg_full(t, tg_node_at(t, x)->extent->shape, 0);
    tg_tensor_text(t, x, input, sizeof input);
    tg_tensor_fail(y, TG_ERR_NOT_DIFFERENTIABLE, "grad", "this depends on input %d, %s, only through %s", i, input,
                   text);
    return tg_bad(t);
}

static tg_tensor result(tg_tape *t, const tg_tensor *inputs, int i, tg_tensor y, bool all_recorded)
{
    const uint32_t x = inputs[i].id;
    tg_slot *s = x <= y.id ? tg_slot_at(t, x) : NULL;
    return s && s->kind != TG_SLOT_EMPTY ? recorded(t, s, tg_node_at(t, x)->extent, y.id)
                                         : zeros(t, inputs, i, y, all_recorded);
}

tg_status tg_grad(tg_tensor y, tg_tensor cotangent, const tg_tensor *inputs, int n, tg_tensor *out, unsigned flags)
{
    tg_tape *t = y.tape ? y.tape : cotangent.tape;
    for (int i = 0; out && i < n; i++)
        out[i] = tg_bad(t);
    if (!t)
        return TG_ERR_ARGUMENT;
    if (t->status != TG_OK || !tg_tape_is_free(t, "grad"))
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
        const bool all_recorded = !tg_has_unrecorded(t, y.id);
        for (int i = 0; i < n; i++)
            out[i] = result(t, inputs, i, y, all_recorded);
        tg_slots_clear(t, y.id);
    }
    for (int i = 0; t->status != TG_OK && i < n; i++)
        out[i] = tg_bad(t);
    return t->status;
}
