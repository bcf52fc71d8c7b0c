/* push.c - new nodes: a node at the end of the tape, its extent, memory for its value. */
#include "core/push.h"

#include "core/error.h"

void *tg_tape_alloc(tg_tape *t, size_t size, const char *what)
{
    void *p = tg_arena_alloc(&t->arena, &t->heap, size);
    if (!p)
        tg_tape_raise(t, TG_ERR_MEMORY, "%s: no memory for %zu bytes", what, size);
    return p;
}

static bool has_zero(const tg_shape *s)
{
    for (int d = 0; d < s->rank; d++)
        if (s->dims[d] == 0)
            return true;
    return false;
}

TG_COLD bool tg_tape_check_shape(tg_tape *t, const tg_shape *shape, const char *what)
{
    char text[192];
    if (shape->rank < 0 || shape->rank > TG_MAX_RANK)
        tg_tape_raise(t, TG_ERR_SHAPE, "%s: rank %d is not in 0 .. %d", what, shape->rank, TG_MAX_RANK);
    else if (tg_shape_size(shape) < 0)
        tg_tape_raise(t, TG_ERR_SHAPE,
                      has_zero(shape) ? "%s: %s has a negative size, or sizes beside 0 whose product overflows"
                                      : "%s: %s has a negative size or more elements than memory can hold",
                      what, tg_shape_text(shape, text, sizeof text));
    else
        return true;
    return false;
}

const tg_extent *tg_tape_extent(tg_tape *t, const tg_shape *shape, const char *what)
{
    if (shape->rank == 0)
        return &tg_scalar_extent;
    const int64_t size = tg_shape_size(shape);
    if (size < 0) {
        tg_tape_check_shape(t, shape, what);
        return NULL;
    }
    tg_extent *e = tg_tape_alloc(t, sizeof *e, what);
    if (!e)
        return NULL;
    *e = (tg_extent){ .size = size };
    tg_copy_shape(shape, &e->shape);
    return e;
}

bool tg_tape_grow(tg_tape *t, const char *what)
{
    const uint32_t id = t->count + 1, chunks = tg_block_chunks(t->n_chunks);
    void *directory = t->nodes;
    const bool has_space = id < UINT32_MAX && tg_heap_grow(&t->heap, &directory, &t->chunk_capacity,
                                                           t->n_chunks + chunks, sizeof(tg_node *));
    t->nodes = directory;
    tg_node *nodes = has_space ? tg_heap_alloc(&t->heap, chunks * TG_NODES_PER_CHUNK * sizeof(tg_node)) : NULL;
    if (!nodes) {
        tg_tape_raise(t, TG_ERR_MEMORY, "%s: no memory for tensor number %u", what, id);
        return false;
    }
    for (uint32_t i = 0; i < chunks; i++)
        t->nodes[t->n_chunks++] = nodes + i * TG_NODES_PER_CHUNK;
    return true;
}

bool tg_tape_place_many(tg_tape *t, tg_node *n)
{
    int64_t size = n->extent->size;
    if (t->mode != TG_DEFERRING)
        n->value = tg_arena_alloc(&t->arena, &t->heap, (size_t)size * t->element);
    else if ((n->value = tg_buffer_take(&t->pool, &t->heap, (size_t)size * t->element)))
        tg_node_own_buffer(t, n);
    if (!n->value)
        tg_tape_raise(t, TG_ERR_MEMORY, "%s: no memory for %zu bytes of result", n->op->name,
                      (size_t)size * t->element);
    return n->value;
}

bool tg_tape_own_buffer(tg_tape *t, uint32_t id)
{
    void *owners = t->owners;
    const bool has_space = tg_heap_grow(&t->heap, &owners, &t->owner_capacity, t->n_owners + 1, sizeof *t->owners);
    t->owners = owners;
    if (!has_space)
        tg_tape_raise(t, TG_ERR_MEMORY, "grad: no memory to keep a gradient");
    else
        t->owners[t->n_owners++] = id;
    return has_space;
}
