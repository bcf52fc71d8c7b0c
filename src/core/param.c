/* param.c - the leaves of parameters. */
#include "core/param.h"

#include <string.h>

#include "core/error.h"
#include "core/leaf.h"
#include "core/push.h"

static bool is_of(const tg_bound_set *b, const void *set, uint64_t version)
{
    return b->set == set && b->version == version;
}

static TG_NOINLINE tg_bound_set *new_set(tg_tape *t, const void *set, uint64_t version, uint32_t n)
{
    const size_t bindings = n * sizeof(tg_binding), ids = n * sizeof(uint32_t);
    tg_bound_set *b = tg_tape_alloc(t, sizeof *b + bindings + ids, "param");
    if (!b)
        return NULL;
    *b = (tg_bound_set){ .next = t->bound, .first = t->count + 1, .set = set, .version = version, .n = n };
    b->ids = memset(&b->bindings[n], 0, ids);
    return t->bound = b;
}

static TG_COLD void raise_dtype(tg_tape *t, tg_dtype dtype, const char *name)
{
    tg_tape_raise(t, TG_ERR_DTYPE,
                  "param %s: a parameter of float%d on a tape of float%d; clone the set to the tape's dtype", name,
                  dtype == TG_F64 ? 64 : 32, t->dtype == TG_F64 ? 64 : 32);
}

tg_tensor tg_tape_bind(tg_tape *t, const void *set, int count, tg_dtype dtype, int i, const tg_sink *sink,
                       bool takes_grad)
{
    if (!t || !tg_tape_is_open(t, "param"))
        return tg_invalid(t);
    if (dtype != t->dtype) {
        raise_dtype(t, dtype, sink->name);
        return tg_invalid(t);
    }
    const uint64_t version = *sink->version;
    tg_bound_set *b = t->bound;
    while (b && !is_of(b, set, version))
        b = b->next;
    if (!b && !(b = new_set(t, set, version, (uint32_t)count)))
        return tg_invalid(t);
    if (b->ids[i])
        return tg_handle(t, b->ids[i]);
    const unsigned flags = TG_NODE_PARAM | (takes_grad ? TG_NODE_NEEDS_GRAD | TG_NODE_RETAIN : 0);
    const tg_tensor x = tg_tape_leaf(t, &tg_leaf_param, sink->extent, sink->value, flags);
    if (x.id) {
        b->bindings[i] = (tg_binding){ .sink = sink, .version = version };
        b->ids[i] = x.id;
        tg_node_at(t, x.id)->attributes = &b->bindings[i];
        t->deferred_own_resources |= t->mode == TG_DEFERRING;
    }
    return x;
}

void tg_tape_unbind(tg_tape *t, uint32_t count)
{
    while (t->bound && t->bound->first > count)
        t->bound = t->bound->next;
    for (tg_bound_set *b = t->bound; b; b = b->next)
        for (uint32_t i = 0; i < b->n; i++)
            if (b->ids[i] > count)
                b->ids[i] = 0;
}
