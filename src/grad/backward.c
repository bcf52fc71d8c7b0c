/* backward.c - tg_backward: the gradients of variables, and of parameters into their sets. */
#include "core/error.h"
#include "grad/reverse.h"
#include "tapegrad/grad.h"

/* Marks the gradients of every set with a leaf on this tape as those of a failed backward. */
static void invalidate_sets(tg_tape *t)
{
    for (const tg_bound_set *b = t->bound; b; b = b->next)
        for (uint32_t i = 0; i < b->n; i++)
            if (b->ids[i])
                *b->bindings[i].sink->invalid = true;
}

/* A tensor that was retained after the last backward is retained before this one. */
static void clear_retained_late(tg_tape *t)
{
    for (uint32_t id = t->count; id > 0 && t->some_retained_late; id--)
        tg_node_at(t, id)->flags &= (uint16_t)~TG_NODE_RETAINED_LATE;
    t->some_retained_late = false;
}

tg_status tg_backward_from(tg_tensor y, tg_tensor cotangent)
{
    tg_tape *t = y.tape ? y.tape : cotangent.tape;
    if (!t)
        return TG_ERR_ARGUMENT;
    struct tg_vjp pass = {
        .tape = t,
        .is_backward = true,
        .gradient_flag = TG_NODE_NEEDS_GRAD,
        .keep_flag = TG_NODE_RETAIN,
    };
    if (t->is_failed || !tg_tape_is_free(t, "backward"))
        return t->status;
    if (!y.tape)
        tg_tape_raise(t, TG_ERR_ARGUMENT, "backward: of the null tensor");
    tg_tape_drop_kept(t, 0);
    clear_retained_late(t);
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
