/* tape.c - the tape's life: its nodes, its error, its memory, its modes. */
#include "core/tape.h"

#include <string.h>

#include "core/format.h"

/* What tg_tape_create returns when there can be no tape. They are never written. */
static const tg_tape no_memory = {
    .status = TG_ERR_MEMORY,
    .shut = TG_SHUT_BY_ERROR,
    .is_nil = true,
    .message = "tape_create: no memory for a tape",
};
static const tg_tape no_dtype = {
    .status = TG_ERR_DTYPE,
    .shut = TG_SHUT_BY_ERROR,
    .is_nil = true,
    .message = "tape_create: the dtype is neither TG_F32 nor TG_F64",
};
static const tg_tape no_allocator = {
    .status = TG_ERR_ARGUMENT,
    .shut = TG_SHUT_BY_ERROR,
    .is_nil = true,
    .message = "tape_create: the allocator's alloc or free is NULL",
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

TG_COLD bool tg_tape_refuse(tg_tape *t, const char *what)
{
    if (t->status != TG_OK)
        return false;
    if (t->shut & TG_SHUT_IN_CALL)
        tg_tape_raise(t, TG_ERR_STATE,
                      "%s: not inside the shape rule or the forward of %s; these work on memory, not on tensors",
                      what, t->in_call->name);
    else if (t->in_vjp)
        tg_tape_raise(t, TG_ERR_STATE,
                      "%s: not inside a vjp, which makes tensors from tg_cotangent and hands them on with tg_give",
                      what);
    else
        tg_tape_raise(t, TG_ERR_STATE, "%s: not inside a visit of tg_tape_each", what);
    return false;
}

/* Whether tensors may be forgotten: nobody is working on them. */
static bool may_forget(tg_tape *t, const char *what)
{
    return tg_tape_is_free(t, what) && (!t->in_visit || tg_tape_refuse(t, what));
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
    if (!tg_allocator_is_whole(allocator))
        return nil(&no_allocator);
    tg_heap heap = { .allocator = tg_allocator_or_default(allocator) };
    tg_tape *t = tg_heap_alloc(&heap, sizeof *t);
    if (!t)
        return nil(&no_memory);
    *t = (tg_tape){ .dtype = dtype, .heap = heap, .epoch = 1, .notes_epoch = TG_NOTES_EPOCH };
    t->element = tg_dtype_size(t->dtype);
    t->kernels = tg_kernels_for(t->dtype);
    return t;
}

void tg_tape_destroy(tg_tape *t)
{
    if (!is_real(t) || !may_forget(t, "destroy"))
        return;
    for (uint32_t i = 0; i < t->n_chunks; i++)
        tg_heap_free(&t->heap, t->nodes[i], TG_NODES * sizeof(tg_node));
    for (uint32_t i = 0; i < t->n_slot_chunks; i++)
        tg_heap_free(&t->heap, t->slots[i], TG_NODES * sizeof(tg_slot));
    tg_heap_free(&t->heap, t->nodes, t->chunk_capacity * sizeof(tg_node *));
    tg_heap_free(&t->heap, t->slots, t->slot_chunk_capacity * sizeof(tg_slot *));
    tg_heap_free(&t->heap, t->held, t->held_capacity * sizeof *t->held);
    tg_heap_free(&t->heap, t->kept, t->kept_capacity * sizeof *t->kept);
    tg_labels_finish(t);
    tg_heap_free(&t->heap, t->made, t->made_capacity * sizeof *t->made);
    tg_tape_destroy(t->inner);
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
    size_t n = t->in_vjp ? tg_place_text(t, t->message, sizeof t->message) : 0;
    n += tg_format_v(t->message + n, sizeof t->message - n, format, args);
    const bool is_error = (unsigned)(status - 1) < TG_ERR_FORMAT;
    if (!is_error)
        tg_format(t->message + n, sizeof t->message - n, " (raised with %d, which is no error's status)",
                  (int)status);
    t->shut |= TG_SHUT_BY_ERROR;
    return t->status = is_error ? status : TG_ERR_ARGUMENT;
}

tg_status tg_tape_raise(tg_tape *t, tg_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    status = tg_tape_raise_v(t, status, format, args);
    va_end(args);
    return status;
}

void tg_tape_locate(tg_tape *t, const char *format, ...)
{
    char message[sizeof t->message];
    memcpy(message, t->message, sizeof message);
    va_list args;
    va_start(args, format);
    const size_t n = tg_format_v(t->message, sizeof t->message, format, args);
    va_end(args);
    tg_format(t->message + n, sizeof t->message - n, "%s", message);
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

void tg_tape_unbind(tg_tape *t, uint32_t count)
{
    while (t->bound && t->bound->first > count)
        t->bound = t->bound->next;
    for (tg_bound_set *b = t->bound; b; b = b->next)
        for (uint32_t i = 0; i < b->n; i++)
            if (b->ids[i] > count)
                b->ids[i] = 0;
}

void tg_tape_truncate(tg_tape *t, uint32_t count)
{
    while (t->n_held && t->held[t->n_held - 1] > count)
        tg_store_drop(&t->store, tg_node_at(t, t->held[--t->n_held])->value);
    tg_tape_drop_kept(t, count);
    tg_labels_drop(t, count);
    tg_tape_unbind(t, count);
    while (t->n_made && t->made[t->n_made - 1].first > count)
        t->n_made--;
    t->count = count;
}

static void clear_error(tg_tape *t)
{
    t->status = TG_OK;
    t->shut = 0;
    t->message[0] = '\0';
}

void tg_tape_reset(tg_tape *t)
{
    if (!is_real(t) || !may_forget(t, "reset"))
        return;
    tg_tape_truncate(t, 0);
    tg_arena_rewind(&t->arena, NULL, 0);
    t->has_gradients = false;
    t->epoch++;
    t->resets++;
    clear_error(t);
}

/* The id of a mark that was taken in the middle of an operation, where values may be missing: none can be rewound to. */
static const uint32_t NO_MARK = UINT32_MAX;

tg_mark tg_tape_mark(const tg_tape *t)
{
    if (!is_real(t))
        return (tg_mark){ .tape = t };
    if (t->shut & TG_SHUT_IN_CALL || t->in_vjp)
        return (tg_mark){ .tape = t, .id = NO_MARK };
    return (tg_mark){
        .tape = t,
        .position = t->arena.current,
        .offset = t->arena.used,
        .id = t->count,
        .epoch = t->count ? tg_node_at(t, t->count)->epoch : 0,
        .resets = t->resets,
        .backwards = t->backwards,
        .status = t->status,
    };
}

/* Whether what the mark stands for is still on the tape: its last tensor, its memory. */
static bool is_on_tape(const tg_tape *t, const tg_mark *m)
{
    return m->resets == t->resets && m->id <= t->count && (!m->id || tg_node_at(t, m->id)->epoch == m->epoch) &&
           tg_arena_reaches(&t->arena, m->position, m->offset);
}

tg_status tg_tape_rewind(tg_tape *t, tg_mark m)
{
    if (!is_real(t))
        return tg_tape_status(t);
    if (!may_forget(t, "rewind"))
        return t->status;
    if (m.tape != t)
        return tg_tape_raise(t, TG_ERR_TAPE, "rewind: the mark is of another tape");
    if (m.id == NO_MARK)
        return tg_tape_raise(t, TG_ERR_STATE,
                             "rewind: the mark was taken inside a function of an operation's; take it outside");
    if (!is_on_tape(t, &m))
        return tg_tape_raise(t, TG_ERR_STALE,
                             "rewind: a reset or an earlier rewind has passed this mark; take a new one");
    if (m.status == TG_OK)
        clear_error(t);
    tg_tape_truncate(t, m.id);
    if (m.backwards != t->backwards) { /* the gradients are of a backward since the mark */
        tg_tape_drop_kept(t, 0);
        t->has_gradients = false;
    }
    tg_arena_rewind(&t->arena, m.position, m.offset);
    t->epoch++;
    return t->status;
}

tg_tape_usage tg_tape_memory(const tg_tape *t)
{
    if (!is_real(t))
        return (tg_tape_usage){ 0 };
    const tg_tape_usage inner = tg_tape_memory(t->inner);
    return (tg_tape_usage){
        .nodes = t->count,
        .bytes = t->heap.bytes + inner.bytes,
        .gradient_bytes = t->store.bytes + inner.gradient_bytes,
        .allocations = t->heap.allocations + inner.allocations,
    };
}

/* Modes ----------------------------------------------------------------------------------------------------------- */

bool tg_tape_set_recording(tg_tape *t, bool on)
{
    const bool before = t && t->mode != TG_PAUSED;
    if (is_real(t) && tg_tape_is_free(t, "set_recording"))
        t->mode = on ? TG_RECORDING : TG_PAUSED;
    return before;
}

bool tg_tape_set_training(tg_tape *t, bool on)
{
    bool before = tg_tape_training(t);
    if (is_real(t) && tg_tape_is_free(t, "set_training"))
        t->in_evaluation = !on;
    return before;
}

bool tg_tape_training(const tg_tape *t)
{
    return is_real(t) && !t->in_evaluation;
}

void tg_tape_set_trap(tg_tape *t, unsigned traps)
{
    if (!is_real(t) || !tg_tape_is_free(t, "set_trap"))
        return;
    if (traps & ~(unsigned)TG_TRAP_NONFINITE)
        tg_tape_raise(t, TG_ERR_ARGUMENT, "set_trap: traps %#x; only TG_TRAP_NONFINITE is known", traps);
    else
        t->traps = traps;
}
