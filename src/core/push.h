/* push.h - new nodes: a node at the end of the tape, its extent, memory for its value. */
#ifndef TG_PUSH_H
#define TG_PUSH_H

#include "core/tape.h"

/* Memory until reset or a rewind; NULL, with the error of `what` raised, if there is none. */
void *tg_tape_alloc(tg_tape *tape, size_t size, const char *what);

/* Whether a shape is valid: rank, sizes, element count. If not, the error of `what` is raised. */
bool tg_tape_check_shape(tg_tape *tape, const tg_shape *shape, const char *what);

/* The extent of a shape, on the arena; NULL, with the error of `what` raised, out of memory or if the shape is not
   valid. */
const tg_extent *tg_tape_extent(tg_tape *tape, const tg_shape *shape, const char *what);

/* Allocates a further block of nodes; false, with the error of `what` raised, out of memory. */
bool tg_tape_grow(tg_tape *tape, const char *what);

/* Appends a node, zeroed but for its operation and epoch; NULL, with the error raised, out of memory. */
static inline tg_node *tg_tape_push(tg_tape *t, const tg_op *op)
{
    const uint32_t id = t->count + 1;
    if (id >> TG_NODE_CHUNK_BITS >= t->n_chunks && !tg_tape_grow(t, op->name))
        return NULL;
    t->count = id;
    tg_node *n = tg_node_at(t, id);
    *n = (tg_node){ .op = op, .epoch = t->epoch };
    return n;
}

/* Gives the node memory for its value: in the node for one element, else on the arena, or in TG_DEFERRING a buffer of the
   pool. False, with the error raised, out of memory. */
bool tg_tape_place_many(tg_tape *tape, tg_node *node);
static inline bool tg_tape_place(tg_tape *t, tg_node *n)
{
    if (n->extent->size > 1)
        return tg_tape_place_many(t, n);
    n->value = &n->one;
    return true;
}

/* Appends a leaf whose value is memory that something else owns. */
static inline tg_tensor tg_tape_leaf(tg_tape *t, const tg_op *op, const tg_extent *extent, void *value,
                                     unsigned flags)
{
    tg_node *n = tg_tape_push(t, op);
    if (!n)
        return tg_invalid(t);
    n->extent = extent;
    n->value = value;
    n->flags = (uint16_t)flags;
    return (tg_tensor){ .tape = t, .id = t->count, .epoch = t->epoch };
}

/* Makes a deferred node the owner of one reference to the buffer that its value is. */
static inline void tg_node_own_buffer(tg_tape *t, tg_node *n)
{
    n->flags |= TG_NODE_BUFFER;
    t->deferred_own_resources = true;
}

/* Makes node `id`, which is not deferred, the owner of one reference to its buffer until reset or a rewind. False, with
   the error raised, out of memory. */
bool tg_tape_own_buffer(tg_tape *tape, uint32_t id);

#endif
