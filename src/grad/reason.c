/* reason.c - why no gradient flows to a tensor: which node between them was not recorded. */
#include "grad/reason.h"

#include "core/error.h"
#include "core/format.h"
#include "core/leaf.h"
#include "core/message.h"

/* Whether n was computed while recording was off. A detached tensor has the same flag, but is a constant on purpose. */
static bool is_paused(const tg_node *n)
{
    return n->flags & TG_NODE_UNRECORDED && n->op != &tg_detach_op;
}

/* Two marks, on nodes up to y: DEPENDS if the node depends on x at all, ON_PATH if by recorded operations only. The
   flags are free here: nothing is being evaluated, and no tg_grad has marked its paths. */
enum { DEPENDS = TG_NODE_PENDING, ON_PATH = TG_NODE_ON_PATH };

/* Whether an input of n has this mark. An unrecorded gradient has no inputs; it depends on what it is the gradient of. */
static bool comes_from(const tg_tape *t, const tg_node *n, unsigned flag)
{
    if (n->op == &tg_leaf_gradient)
        return flag == DEPENDS && tg_node_at(t, tg_gradient_source(n))->flags & flag;
    for (int i = 0; i < n->n_inputs; i++) {
        const uint32_t in = tg_node_inputs(n)[i];
        if (in && tg_node_at(t, in)->flags & flag)
            return true;
    }
    return false;
}

/* Marks the nodes up to y that depend on x; for x = 0, on any node that takes a gradient. */
static void mark(const tg_tape *t, uint32_t y, uint32_t x)
{
    for (uint32_t id = x ? x : 1; id <= y; id++) {
        tg_node *n = tg_node_at(t, id);
        const bool is_source = x ? id == x : n->flags & TG_NODE_NEEDS_GRAD;
        const bool is_detached = x && n->op == &tg_detach_op;
        if (is_source || (!is_detached && comes_from(t, n, DEPENDS)))
            n->flags |= DEPENDS;
        if (is_source || (!(n->flags & TG_NODE_UNRECORDED) && comes_from(t, n, ON_PATH)))
            n->flags |= ON_PATH;
    }
}

static void unmark(const tg_tape *t, uint32_t y)
{
    for (uint32_t id = 1; id <= y; id++)
        tg_node_at(t, id)->flags &= (uint16_t) ~(DEPENDS | ON_PATH);
}

/* Follows inputs that depend on x from y down to the first node that no gradient flows through. */
static uint32_t find_break(const tg_tape *t, uint32_t y)
{
    for (uint32_t id = y; id;) {
        const tg_node *n = tg_node_at(t, id);
        if (n->flags & TG_NODE_UNRECORDED || n->op == &tg_leaf_gradient)
            return id;
        uint32_t next = 0;
        for (int i = 0; i < n->n_inputs && !next; i++) {
            const uint32_t in = tg_node_inputs(n)[i];
            next = in && tg_node_at(t, in)->flags & DEPENDS ? in : 0;
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
    const unsigned marks = tg_node_at(t, y)->flags & (DEPENDS | ON_PATH);
    const uint32_t id = marks == DEPENDS ? find_break(t, y) : 0;
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
                       "this tensor needs no gradient: it depends on tensors that take one only through %s", text);
    else
        tg_tensor_fail(y, TG_ERR_NOT_DIFFERENTIABLE, what, "this tensor needs no gradient; %s",
                       tg_node_at(y.tape, y.id)->flags & TG_NODE_PARAM
                           ? "the parameter is frozen"
                           : "it depends on no variable and no trainable parameter");
}
