/* reason.c - why no gradient flows: what on the way was not recorded. */
#include "core/format.h"
#include "grad/reverse.h"

/* Computed by an operation, but not recorded; a detached tensor is a constant on purpose. */
static bool is_paused(const tg_node *n)
{
    return n->flags & TG_NODE_UNRECORDED && n->op != &tg_detach_op;
}

/* Whether n was computed from a node with this mark: TG_NODE_PENDING, in any way, or TG_NODE_ON_PATH, in a recorded way. A
   gradient was computed from what it is the gradient of. */
static bool comes_from(const tg_tape *t, const tg_node *n, unsigned mark)
{
    if (n->op == &tg_leaf_gradient)
        return mark == TG_NODE_PENDING && tg_node_at(t, tg_gradient_source(n))->flags & mark;
    for (int i = 0; i < n->n_inputs; i++) {
        const uint32_t in = tg_node_inputs(n)[i];
        if (in && tg_node_at(t, in)->flags & mark)
            return true;
    }
    return false;
}

/* Marks what was computed from x, up to y; x = 0: from what takes a gradient. */
static void mark(const tg_tape *t, uint32_t y, uint32_t x)
{
    for (uint32_t id = x ? x : 1; id <= y; id++) {
        tg_node *n = tg_node_at(t, id);
        const bool is_source = x ? id == x : n->flags & TG_NODE_NEEDS_GRAD;
        const bool is_end = x && n->op == &tg_detach_op;
        if (is_source || (!is_end && comes_from(t, n, TG_NODE_PENDING)))
            n->flags |= TG_NODE_PENDING;
        if (is_source || (!(n->flags & TG_NODE_UNRECORDED) && comes_from(t, n, TG_NODE_ON_PATH)))
            n->flags |= TG_NODE_ON_PATH;
    }
}

static void unmark(const tg_tape *t, uint32_t y)
{
    for (uint32_t id = 1; id <= y; id++)
        tg_node_at(t, id)->flags &= (uint16_t) ~(TG_NODE_PENDING | TG_NODE_ON_PATH);
}

/* Down marked nodes from y to the first that no gradient flows through. */
static uint32_t first_end(const tg_tape *t, uint32_t y)
{
    for (uint32_t id = y; id;) {
        const tg_node *n = tg_node_at(t, id);
        if (n->flags & TG_NODE_UNRECORDED || n->op == &tg_leaf_gradient)
            return id;
        uint32_t next = 0;
        for (int i = 0; i < n->n_inputs && !next; i++) {
            const uint32_t in = tg_node_inputs(n)[i];
            next = in && tg_node_at(t, in)->flags & TG_NODE_PENDING ? in : 0;
        }
        id = next;
    }
    return 0;
}

bool tg_has_unrecorded(const tg_tape *t, uint32_t y)
{
    for (uint32_t id = 1; id <= y; id++)
        if (is_paused(tg_node_at(t, id)) || tg_node_at(t, id)->op == &tg_leaf_gradient)
            return true;
    return false;
}

bool tg_no_gradient_reason(const tg_tape *t, uint32_t y, uint32_t x, char *text, size_t size)
{
    mark(t, y, x);
    const unsigned marks = tg_node_at(t, y)->flags & (TG_NODE_PENDING | TG_NODE_ON_PATH);
    const uint32_t id = marks == TG_NODE_PENDING ? first_end(t, y) : 0;
    unmark(t, y);
    if (!id)
        return false;
    const tg_node *n = tg_node_at(t, id);
    char tensor[TG_TEXT_BYTES / 2];
    tg_tensor_text(t, id, tensor, sizeof tensor);
    if (is_paused(n))
        tg_format(text, size, "%s %s, which was computed while recording was off (tg_tape_set_recording)",
                  n->op->name, tensor);
    else if (n->op == &tg_detach_op)
        tg_format(text, size, "%s, which was detached", tensor);
    else
        tg_format(text, size, "%s, a gradient that was made without TG_CREATE_GRAPH", tensor);
    return true;
}

void tg_raise_needs_no_grad(tg_tensor y, const char *what)
{
    char text[TG_TEXT_BYTES];
    if (tg_no_gradient_reason(y.tape, y.id, 0, text, sizeof text))
        tg_tensor_fail(y, TG_ERR_NOT_DIFFERENTIABLE, what,
                       "this tensor needs no gradient: it depends on what takes one only through %s", text);
    else
        tg_tensor_fail(y, TG_ERR_NOT_DIFFERENTIABLE, what, "this tensor needs no gradient; %s",
                       tg_node_at(y.tape, y.id)->flags & TG_NODE_PARAM
                           ? "the parameter is frozen"
                           : "it depends on no variable and no trainable parameter");
}
