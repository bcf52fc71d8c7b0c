/* evaluate.c - computing the values of nodes, at once or deferred. */
#include "core/evaluate.h"

#include <math.h>
#include <string.h>

#include "core/error.h"
#include "core/format.h"
#include "kernels/kernels.h"

/* Writes "finite", or the first value that is not finite and its index: "-inf at [0, 3]". */
static const char *finiteness(const tg_tape *t, const tg_extent *e, const void *values, char *text, size_t size)
{
    int64_t i = 0;
    double x = 0;
    for (; i < e->size; i++) {
        x = tg_element(t, values, i);
        if (!isfinite(x))
            break;
    }
    if (i == e->size)
        return "finite";
    tg_shape at = e->shape;
    for (int d = at.rank - 1; d >= 0; i /= e->shape.dims[d--])
        at.dims[d] = i % e->shape.dims[d];
    char place[192];
    tg_format(text, size, at.rank ? "%g at %s" : "%g", x, tg_shape_text(&at, place, sizeof place));
    return text;
}

static TG_COLD void raise_nonfinite(tg_call *c)
{
    char text[256], result[256], input[256];
    size_t n = 0;
    for (int i = 0; i < c->node->n_inputs; i++) {
        const tg_node *in = tg_call_has(c, i) ? tg_call_node(c, i) : NULL;
        if (in && in->value)
            n += tg_format(text + n, sizeof text - n, "%sinput %d is %s", n ? ", " : "", i,
                           finiteness(c->tape, in->extent, in->value, input, sizeof input));
    }
    tg_call_fail(c, TG_ERR_NONFINITE, "the result is %s; %.*s",
                 finiteness(c->tape, c->node->extent, c->out, result, sizeof result), (int)n, text);
}

TG_COLD bool tg_node_finish_run(tg_call *c, tg_status status)
{
    for (int i = 0; i < c->n_scratch; i++)
        tg_buffer_release(&c->tape->pool, c->scratch[i]);
    if (status != TG_OK)
        tg_call_fail(c, status, "the forward failed with %s", tg_status_name(status));
    return c->tape->status == TG_OK;
}

TG_NOINLINE bool tg_node_run_watched(tg_call *c)
{
    const tg_tape *t = c->tape;
    if (!tg_node_finish_run(c, tg_call_run_closed(c, NULL)))
        return false;
    if (t->traps & TG_TRAP_NONFINITE && !t->kernels->all_finite(c->node->extent->size, c->out))
        raise_nonfinite(c);
    return t->status == TG_OK;
}

/* One element is copied into the node, which costs less than sharing it. */
bool tg_node_view(tg_tape *t, tg_node *n)
{
    const tg_node *x = tg_node_at(t, tg_node_inputs(n)[0]);
    if (n->extent->size == 1) {
        n->value = &n->one;
        memcpy(n->value, x->value, t->element);
        return true;
    }
    n->value = x->value;
    if (t->mode == TG_DEFERRING && x->flags & TG_NODE_BUFFER) {
        tg_buffer_retain(n->value);
        tg_node_own_buffer(t, n);
    }
    return true;
}

/* Computes the nodes up to `last` that have TG_NODE_PENDING, and the deferred nodes that these depend on. The nodes of a
   vjp are the end of the tape, inputs before users: one loop down marks, one loop up computes. */
static bool evaluate_pending(tg_tape *t, uint32_t last)
{
    uint32_t lowest = last + 1;
    for (uint32_t id = last; id >= t->deferred_from && id; id--) {
        const tg_node *n = tg_node_at(t, id);
        if (!(n->flags & TG_NODE_PENDING) || n->value)
            continue;
        lowest = id;
        for (int i = 0; i < n->n_inputs; i++) {
            uint32_t in = tg_node_inputs(n)[i];
            if (in >= t->deferred_from)
                tg_node_at(t, in)->flags |= TG_NODE_PENDING;
        }
    }
    bool ok = true;
    for (uint32_t id = t->deferred_from; id <= last; id++) {
        tg_node *n = tg_node_at(t, id);
        if (n->flags & TG_NODE_PENDING && !n->value && id >= lowest)
            ok = ok && tg_node_compute(t, n);
        n->flags &= (uint16_t)~TG_NODE_PENDING;
    }
    return ok;
}

bool tg_node_evaluate_deferred_inputs(tg_tape *t, uint32_t id)
{
    const tg_node *n = tg_node_at(t, id);
    bool have_values = true;
    for (int i = 0; i < n->n_inputs; i++) {
        uint32_t in = tg_node_inputs(n)[i];
        tg_node *x = in ? tg_node_at(t, in) : NULL;
        if (x && !x->value) {
            x->flags |= TG_NODE_PENDING;
            have_values = false;
        }
    }
    return have_values || evaluate_pending(t, id - 1);
}

bool tg_node_evaluate(tg_tape *t, uint32_t id)
{
    tg_node *n = tg_node_at(t, id);
    return n->value || (tg_node_evaluate_inputs(t, id) && tg_node_compute(t, n));
}
