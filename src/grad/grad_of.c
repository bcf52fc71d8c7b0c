/* grad_of.c - the gradients that a backward kept: requesting and reading them. */
#include <string.h>

#include "core/error.h"
#include "core/lookup.h"
#include "core/param.h"
#include "grad/gradient.h"
#include "grad/reason.h"
#include "tapegrad/grad.h"

tg_tensor tg_retain_grad(tg_tensor x)
{
    tg_tape *t = x.tape;
    tg_node *n = tg_node_of(x, "retain_grad");
    if (!n)
        return tg_invalid(t);
    if (!(n->flags & TG_NODE_NEEDS_GRAD)) {
        tg_raise_needs_no_grad(x, "retain_grad");
        return tg_invalid(t);
    }
    if (!(n->flags & TG_NODE_RETAIN) && t->has_gradients) {
        n->flags |= TG_NODE_RETAINED_LATE;
        t->some_retained_late = true;
    }
    n->flags |= TG_NODE_RETAIN;
    return x;
}

/* The kept gradient of node id, or NULL. tape->kept is sorted by descending id. */
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

/* A copy of a parameter's gradient, which is in its set, where later calls change it. */
static tg_tensor copy_of_sink(tg_tape *t, const tg_node *leaf)
{
    const tg_sink *sink = ((const tg_binding *)leaf->attributes)->sink;
    tg_tensor g = tg_gradient_mark(tg_full(t, leaf->extent->shape, 0), t->differentiated);
    if (g.id && *sink->is_set && leaf->extent->size > 0)
        memcpy(tg_node_at(t, g.id)->value, sink->grad, (size_t)leaf->extent->size * t->element);
    return g;
}

tg_tensor tg_grad_of(tg_tensor x)
{
    tg_tape *t = x.tape;
    const tg_node *n = tg_node_of(x, "grad_of");
    if (!n)
        return tg_invalid(t);
    if (!tg_tape_is_free(t, "grad_of"))
        return tg_invalid(t);
    tg_slot *s = find_kept(t, x.id);
    if (!(n->flags & TG_NODE_NEEDS_GRAD))
        tg_raise_needs_no_grad(x, "grad_of");
    else if (!(n->flags & TG_NODE_RETAIN))
        tg_tensor_fail(x, TG_ERR_STATE, "grad_of",
                       "no gradient was kept; mark the tensor with tg_retain_grad before the backward");
    else if (!t->has_gradients)
        tg_tensor_fail(x, TG_ERR_STATE, "grad_of",
                       "there is no gradient: there was no backward, or the last one failed or was rewound");
    else if (n->flags & TG_NODE_PARAM)
        return copy_of_sink(t, n);
    else if (!s && n->flags & TG_NODE_RETAINED_LATE)
        tg_tensor_fail(x, TG_ERR_STATE, "grad_of",
                       "no gradient was kept; the tensor was marked with tg_retain_grad after the last backward");
    else
        return s ? tg_gradient_tensor(t, s, n->extent, t->differentiated) : tg_full(t, n->extent->shape, 0);
    return tg_invalid(t);
}
