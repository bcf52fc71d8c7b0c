/* grad.c - tg_grad: gradients as tensors. */
#include "core/error.h"
#include "core/lookup.h"
#include "core/message.h"
#include "grad/gradient.h"
#include "grad/reason.h"
#include "grad/reverse.h"
#include "grad/slots.h"
#include "tapegrad/grad.h"

static void unmark(tg_tape *t, uint32_t last)
{
    for (uint32_t id = 1; id <= last; id++)
        tg_node_at(t, id)->flags &= (uint16_t) ~(TG_NODE_ON_PATH | TG_NODE_GRAD_INPUT);
}

/* Marks the inputs, and the nodes up to y that depend on one of them by recorded operations. */
static void mark_paths(tg_tape *t, const tg_tensor *inputs, int n, uint32_t y)
{
    for (int i = 0; i < n; i++)
        tg_node_at(t, inputs[i].id)->flags |= TG_NODE_GRAD_INPUT | TG_NODE_ON_PATH;
    for (uint32_t id = 1; id <= y; id++) {
        tg_node *node = tg_node_at(t, id);
        if (node->flags & (TG_NODE_UNRECORDED | TG_NODE_ON_PATH))
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
        else if (!tg_node_find(t, inputs[i]))
            tg_tape_raise(t, TG_ERR_STALE, "grad: input %d " TG_STALE_TEXT, i);
    }
    return t->status == TG_OK;
}

/* The gradient of an input that no gradient reached: zeros if y does not depend on it; an error if it does, through
   something that was not recorded. */
static tg_tensor zeros(tg_tape *t, const tg_tensor *inputs, int i, tg_tensor y, bool all_recorded)
{
    const uint32_t x = inputs[i].id;
    char text[TG_TEXT_BYTES], input[TG_TEXT_BYTES / 2];
    if (x > y.id || all_recorded || !tg_no_gradient_reason(t, y.id, x, text, sizeof text))
        return tg_full(t, tg_node_at(t, x)->extent->shape, 0);
    tg_tensor_text(t, x, input, sizeof input);
    tg_tensor_fail(y, TG_ERR_NOT_DIFFERENTIABLE, "grad", "this depends on input %d, %s, only through %s", i, input,
                   text);
    return tg_invalid(t);
}

static tg_tensor result(tg_tape *t, const tg_tensor *inputs, int i, tg_tensor y, bool all_recorded)
{
    const uint32_t x = inputs[i].id;
    tg_slot *s = x <= y.id ? tg_slot_at(t, x) : NULL;
    return s && s->kind != TG_SLOT_EMPTY ? tg_gradient_tensor(t, s, tg_node_at(t, x)->extent, y.id)
                                         : zeros(t, inputs, i, y, all_recorded);
}

/* Whether `out` and `inputs` share memory: out is written before inputs is read. */
static bool overlaps(const tg_tensor *inputs, const tg_tensor *out, int n)
{
    const uintptr_t a = (uintptr_t)inputs, b = (uintptr_t)out, bytes = n > 0 ? (size_t)n * sizeof *out : 0;
    return out && inputs && a < b + bytes && b < a + bytes;
}

tg_status tg_grad(tg_tensor y, tg_tensor cotangent, const tg_tensor *inputs, int n, tg_tensor *out, unsigned flags)
{
    tg_tape *t = y.tape ? y.tape : cotangent.tape;
    const bool is_shared = overlaps(inputs, out, n);
    for (int i = 0; out && i < n; i++)
        out[i] = tg_invalid(t);
    if (!t)
        return TG_ERR_ARGUMENT;
    if (t->status != TG_OK || !tg_tape_is_free(t, "grad"))
        return t->status;
    if (!y.tape)
        return tg_tape_raise(t, TG_ERR_ARGUMENT, "grad: of the null tensor");
    if (flags & ~(unsigned)TG_CREATE_GRAPH)
        return tg_tape_raise(t, TG_ERR_ARGUMENT, "grad: flags %#x; only TG_CREATE_GRAPH is known", flags);
    if (is_shared)
        return tg_tape_raise(t, TG_ERR_ARGUMENT, "grad: inputs and out share memory; give two arrays");
    if (!check_inputs(t, inputs, n, out) || !tg_node_of(y, "grad"))
        return t->status;
    struct tg_vjp pass = {
        .tape = t,
        .records = flags & TG_CREATE_GRAPH,
        .gradient_flag = TG_NODE_ON_PATH,
        .keep_flag = TG_NODE_GRAD_INPUT,
    };
    const uint32_t last = t->count;
    mark_paths(t, inputs, n, y.id);
    const bool ok = tg_reverse(&pass, y, cotangent, "grad");
    unmark(t, last);
    if (ok) {
        const bool all_recorded = !tg_has_unrecorded(t, y.id);
        for (int i = 0; i < n; i++)
            out[i] = result(t, inputs, i, y, all_recorded);
        tg_slots_clear(t, y.id);
    }
    for (int i = 0; t->status != TG_OK && i < n; i++)
        out[i] = tg_invalid(t);
    return t->status;
}
