/* visit.c - visiting the nodes of a tape. */
#include "core/error.h"
#include "core/label.h"

tg_status tg_tape_each(tg_tape *t, bool (*visit)(void *context, const tg_visit *v), void *context)
{
    if (!t || !visit)
        return t ? tg_tape_raise(t, TG_ERR_ARGUMENT, "each: the function is NULL") : TG_ERR_ARGUMENT;
    if (!tg_tape_is_open(t, "each"))
        return t->status;
    tg_tensor *inputs = NULL;
    uint32_t capacity = 0;
    const uint32_t last = t->count; /* nodes that the visits add are not visited */
    t->in_visit++;
    for (uint32_t id = 1; id <= last; id++) {
        const tg_node *n = tg_node_at(t, id);
        if (!n->value)
            continue; /* deferred in a recorded reverse pass, and never needed */
        void *list = inputs;
        const bool has_space = tg_heap_grow(&t->heap, &list, &capacity, n->n_inputs, sizeof *inputs);
        inputs = list;
        if (!has_space) {
            tg_tape_raise(t, TG_ERR_MEMORY, "each: no memory for %d inputs", n->n_inputs);
            break;
        }
        for (int i = 0; i < n->n_inputs; i++) {
            uint32_t in = tg_node_inputs(n)[i];
            inputs[i] = in ? tg_handle(t, in) : (tg_tensor){ 0 };
        }
        const tg_visit v = {
            .tensor = tg_handle(t, id),
            .op = n->op->name,
            .name = tg_label_of(t, id),
            .shape = n->extent->shape,
            .n_inputs = n->n_inputs,
            .inputs = inputs,
            .needs_grad = n->flags & TG_NODE_NEEDS_GRAD,
        };
        if (!visit(context, &v))
            break;
    }
    t->in_visit--;
    tg_heap_free(&t->heap, inputs, capacity * sizeof *inputs);
    return t->status;
}
