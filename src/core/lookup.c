/* lookup.c - from a tensor to its node, or to an error. */
#include "core/lookup.h"

#include "core/error.h"
#include "core/evaluate.h"

tg_node *tg_node_of(tg_tensor x, const char *what)
{
    tg_tape *t = x.tape;
    if (!t || !tg_tape_is_open(t, what))
        return NULL;
    tg_node *n = tg_node_find(t, x);
    if (!n)
        tg_tape_raise(t, TG_ERR_STALE, "%s: the tensor " TG_STALE_TEXT, what);
    return n;
}

tg_node *tg_node_with_value(tg_tensor x, const char *what)
{
    tg_node *n = tg_node_of(x, what);
    return n && tg_node_evaluate(x.tape, x.id) ? n : NULL;
}
