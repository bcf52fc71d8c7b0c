/* tape.c - the tape's life: its nodes, its error, its memory, its modes. */
#include "core/tape.h"

#include <string.h>

#include "core/format.h"

/* What tg_tape_create returns when there can be no tape. They are never written. */
static const tg_tape no_memory = {
    .status = TG_ERR_MEMORY,
    .is_nil = true,
    .message = "tape_create: no memory for a tape",
};
static const tg_tape no_dtype = {
    .status = TG_ERR_DTYPE,
    .is_nil = true,
    .message = "tape_create: the dtype is neither TG_F32 nor TG_F64",
};

static tg_tape *nil(const tg_tape *t)
{
    return (tg_tape *)(uintptr_t)t;
}

/* Whether the tape can be changed at all. */
static bool is_real(const tg_tape *t)
{
    return t && !t->is_nil;
}

/* Life ------------------------------------------------------------------------------------------------------------ */

tg_tape *tg_tape_create(tg_dtype dtype)
{
    return tg_tape_create_with(dtype, NULL);
}

tg_tape *tg_tape_create_with(tg_dtype dtype, const tg_allocator *allocator)
{
    if (dtype != TG_F32 && dtype != TG_F64)
        return nil(&no_dtype);
    tg_heap heap = { .allocator = tg_allocator_or_default(allocator) };
    tg_tape *t = tg_heap_alloc(&heap, sizeof *t);
    if (!t)
        return nil(&no_memory);
    *t = (tg_tape){ .dtype = dtype, .heap = heap, .epoch = 1 };
    t->element = tg_dtype_size(t->dtype);
    t->kernels = tg_kernels_for(t->dtype);
    return t;
}

void tg_tape_destroy(tg_tape *t)
{
    if (!is_real(t))
        return;
    for (uint32_t i = 0; i < t->n_chunks; i++)
        tg_heap_free(&t->heap, t->nodes[i], TG_NODES * sizeof(tg_node));
    for (uint32_t i = 0; i < t->n_slot_chunks; i++)
        tg_heap_free(&t->heap, t->slots[i], TG_NODES * sizeof(tg_slot));
    tg_heap_free(&t->heap, t->nodes, t->chunk_capacity * sizeof(tg_node *));
    tg_heap_free(&t->heap, t->slots, t->slot_chunk_capacity * sizeof(tg_slot *));
    tg_heap_free(&t->heap, t->held, t->held_capacity * sizeof *t->held);
    tg_heap_free(&t->heap, t->kept, t->kept_capacity * sizeof *t->kept);
    tg_arena_finish(&t->arena, &t->heap);
    tg_store_finish(&t->store, &t->heap);
    tg_allocator a = t->heap.allocator;
    tg_release(&a, t, sizeof *t);
}

tg_dtype tg_tape_dtype(const tg_tape *t)
{
    return t ? t->dtype : TG_F32;
}

/* Errors ---------------------------------------------------------------------------------------------------------- */

tg_status tg_tape_raise_v(tg_tape *t, tg_status status, const char *format, va_list args)
{
    if (!t)
        return status;
    if (t->status != TG_OK)
        return t->status;
    size_t n = 0;
    if (t->in_vjp)
        n = tg_format(t->message, sizeof t->message, "in the reverse pass of %s: ", t->in_vjp->op->name);
    tg_format_v(t->message + n, sizeof t->message - n, format, args);
    return t->status = status;
}

tg_status tg_tape_raise(tg_tape *t, tg_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    status = tg_tape_raise_v(t, status, format, args);
    va_end(args);
    return status;
}

tg_status tg_tape_status(const tg_tape *t)
{
    return t ? t->status : TG_ERR_ARGUMENT;
}

const char *tg_tape_message(const tg_tape *t)
{
    return t ? t->message : "no tape";
}

/* Memory ---------------------------------------------------------------------------------------------------------- */

void *tg_tape_alloc(tg_tape *t, size_t size, const char *what)
{
    void *p = tg_arena_alloc(&t->arena, &t->heap, size);
    if (!p)
        tg_tape_raise(t, TG_ERR_MEMORY, "%s: no memory for %zu bytes", what, size);
    return p;
}

const tg_extent tg_scalar_extent = { .size = 1, .shape = { .rank = 0 } };

const tg_extent *tg_tape_extent(tg_tape *t, const tg_shape *shape, const char *what)
{
    if (shape->rank == 0)
        return &tg_scalar_extent;
    int64_t size = tg_shape_size(shape);
    if (size < 0) {
        char text[192];
        if (shape->rank < 0 || shape->rank > TG_MAX_RANK)
            tg_tape_raise(t, TG_ERR_SHAPE, "%s: rank %d is not in 0 .. %d", what, shape->rank, TG_MAX_RANK);
        else
            tg_tape_raise(t, TG_ERR_SHAPE, "%s: %s has a negative size or more elements than memory can hold", what,
                          tg_shape_text(shape, text, sizeof text));
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
    const uint32_t id = t->count + 1;
    void *directory = t->nodes;
    bool good = id < UINT32_MAX &&
                tg_heap_grow(&t->heap, &directory, &t->chunk_capacity, (id >> TG_NODES_BITS) + 1, sizeof(tg_node *));
    t->nodes = directory;
    tg_node *nodes = good ? tg_heap_alloc(&t->heap, TG_NODES * sizeof(tg_node)) : NULL;
    if (!nodes) {
        tg_tape_raise(t, TG_ERR_MEMORY, "%s: no memory for tensor number %u", what, id);
        return false;
    }
    t->nodes[t->n_chunks++] = nodes;
    return true;
}

bool tg_tape_place_many(tg_tape *t, tg_node *n)
{
    int64_t size = n->extent->size;
    if (t->mode != TG_NOTING)
        n->value = tg_arena_alloc(&t->arena, &t->heap, (size_t)size * t->element);
    else if ((n->value = tg_store_take(&t->store, &t->heap, (size_t)size * t->element)))
        tg_tape_set_holder(t, n);
    if (!n->value)
        tg_tape_raise(t, TG_ERR_MEMORY, "%s: no memory for %zu bytes of result", n->op->name,
                      (size_t)size * t->element);
    return n->value;
}

bool tg_tape_hold(tg_tape *t, uint32_t id)
{
    void *held = t->held;
    bool good = tg_heap_grow(&t->heap, &held, &t->held_capacity, t->n_held + 1, sizeof *t->held);
    t->held = held;
    if (!good)
        tg_tape_raise(t, TG_ERR_MEMORY, "grad: no memory to keep a gradient");
    else
        t->held[t->n_held++] = id;
    return good;
}

void tg_tape_drop_kept(tg_tape *t, uint32_t count)
{
    uint32_t gone = 0;
    while (gone < t->n_kept && t->kept[gone].id > count) {
        if (t->kept[gone].kind == TG_SLOT_BUFFER)
            tg_store_drop(&t->store, t->kept[gone].at.value);
        gone++;
    }
    t->n_kept -= gone;
    if (gone && t->n_kept)
        memmove(t->kept, t->kept + gone, t->n_kept * sizeof *t->kept);
}

void tg_tape_truncate(tg_tape *t, uint32_t count)
{
    while (t->n_held && t->held[t->n_held - 1] > count)
        tg_store_drop(&t->store, tg_node_at(t, t->held[--t->n_held])->value);
    tg_tape_drop_kept(t, count);
    while (t->labels && t->labels->id > count)
        t->labels = t->labels->next;
    t->count = count;
}

static void clear_error(tg_tape *t)
{
    t->status = TG_OK;
    t->message[0] = '\0';
}

void tg_tape_reset(tg_tape *t)
{
    if (!is_real(t))
        return;
    if (t->in_vjp) {
        tg_tape_raise(t, TG_ERR_STATE, "reset: the tape is running this rule");
        return;
    }
    tg_tape_truncate(t, 0);
    tg_arena_rewind(&t->arena, NULL, 0);
    t->bound = NULL;
    t->has_gradients = false;
    t->epoch++;
    t->resets++;
    clear_error(t);
}

tg_mark tg_tape_mark(const tg_tape *t)
{
    if (!is_real(t))
        return (tg_mark){ .tape = t };
    return (tg_mark){
        .tape = t,
        .position = { t->arena.current, t->bound },
        .offset = t->arena.used,
        .id = t->count,
        .epoch = t->count ? tg_node_at(t, t->count)->epoch : 0,
        .resets = t->resets,
        .status = t->status,
    };
}

/* The leaves of parameters that were made after the mark, on sets that were bound before it. */
static void forget_bindings(tg_bound_set *sets, uint32_t count)
{
    for (tg_bound_set *b = sets; b; b = b->next)
        for (uint32_t i = 0; i < b->n; i++)
            if (b->ids[i] > count)
                b->ids[i] = 0;
}

tg_status tg_tape_rewind(tg_tape *t, tg_mark m)
{
    if (!is_real(t))
        return tg_tape_status(t);
    if (t->in_vjp)
        return tg_tape_raise(t, TG_ERR_STATE, "rewind: the tape is running this rule");
    if (m.tape != t)
        return tg_tape_raise(t, TG_ERR_TAPE, "rewind: the mark is of another tape");
    bool passed = m.resets != t->resets || m.id > t->count || (m.id && tg_node_at(t, m.id)->epoch != m.epoch);
    if (passed)
        return tg_tape_raise(t, TG_ERR_STALE, "rewind: a reset or an earlier rewind has passed this mark");
    if (m.status == TG_OK)
        clear_error(t);
    tg_tape_truncate(t, m.id);
    tg_tape_drop_kept(t, 0);
    t->has_gradients = false;
    tg_arena_rewind(&t->arena, m.position[0], m.offset);
    t->bound = m.position[1];
    forget_bindings(t->bound, m.id);
    t->epoch++;
    return t->status;
}

tg_tape_usage tg_tape_memory(const tg_tape *t)
{
    if (!is_real(t))
        return (tg_tape_usage){ 0 };
    return (tg_tape_usage){
        .nodes = t->count,
        .bytes = t->heap.bytes,
        .gradient_bytes = t->store.bytes,
        .allocations = t->heap.allocations,
    };
}

/* Modes ----------------------------------------------------------------------------------------------------------- */

bool tg_tape_set_recording(tg_tape *t, bool on)
{
    if (!is_real(t) || t->in_vjp)
        return t && t->mode != TG_PAUSED;
    bool before = t->mode == TG_RECORDING;
    t->mode = on ? TG_RECORDING : TG_PAUSED;
    return before;
}

bool tg_tape_set_training(tg_tape *t, bool on)
{
    bool before = tg_tape_training(t);
    if (is_real(t))
        t->in_evaluation = !on;
    return before;
}

bool tg_tape_training(const tg_tape *t)
{
    return is_real(t) && !t->in_evaluation;
}

void tg_tape_set_trap(tg_tape *t, unsigned traps)
{
    if (is_real(t))
        t->traps = traps;
}
