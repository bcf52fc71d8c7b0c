/* tape.c - creating and destroying a tape, reset, marks and rewind, modes. */
#include "core/tape.h"

#include <string.h>

#include "core/error.h"
#include "core/label.h"
#include "core/param.h"
#include "core/slot.h"
#include "kernels/kernels.h"

/* What tg_tape_create returns instead of NULL when it fails. They are never written. */
static const tg_tape no_memory = {
    .status = TG_ERR_MEMORY,
    .closed = TG_CLOSED_BY_ERROR,
    .is_failed = true,
    .message = "tape_create: no memory for a tape",
};
static const tg_tape no_dtype = {
    .status = TG_ERR_DTYPE,
    .closed = TG_CLOSED_BY_ERROR,
    .is_failed = true,
    .message = "tape_create: the dtype is neither TG_F32 nor TG_F64",
};
static const tg_tape no_allocator = {
    .status = TG_ERR_ARGUMENT,
    .closed = TG_CLOSED_BY_ERROR,
    .is_failed = true,
    .message = "tape_create: the allocator's alloc or free is NULL",
};

static tg_tape *failed(const tg_tape *t)
{
    return (tg_tape *)(uintptr_t)t;
}

/* Whether t is a tape that tg_tape_create made, not NULL or one of the constants above. */
static bool is_real(const tg_tape *t)
{
    return t && !t->is_failed;
}

/* Whether tensors may be dropped: no function of an operation and no visit is running, which could use them. */
static bool may_drop(tg_tape *t, const char *what)
{
    return tg_tape_is_free(t, what) && (!t->in_visit || tg_tape_refuse(t, what));
}

/* Create and destroy ---------------------------------------------------------------------------------------------- */

tg_tape *tg_tape_create(tg_dtype dtype)
{
    return tg_tape_create_with(dtype, NULL);
}

tg_tape *tg_tape_create_with(tg_dtype dtype, const tg_allocator *allocator)
{
    if (dtype != TG_F32 && dtype != TG_F64)
        return failed(&no_dtype);
    if (!tg_allocator_is_complete(allocator))
        return failed(&no_allocator);
    tg_heap heap = { .allocator = tg_allocator_or_default(allocator) };
    tg_tape *t = tg_heap_alloc(&heap, sizeof *t);
    if (!t)
        return failed(&no_memory);
    *t = (tg_tape){ .dtype = dtype, .heap = heap, .epoch = 1, .deferred_epoch = TG_DEFERRED_EPOCH };
    t->element = tg_dtype_size(t->dtype);
    t->kernels = tg_kernels_for(t->dtype);
    return t;
}

void tg_tape_destroy(tg_tape *t)
{
    if (!is_real(t) || !may_drop(t, "destroy"))
        return;
    for (uint32_t c = 0; c < t->n_chunks; c += tg_block_chunks(c))
        tg_heap_free(&t->heap, t->nodes[c], tg_block_chunks(c) * TG_NODES_PER_CHUNK * sizeof(tg_node));
    for (uint32_t c = 0; c < t->n_slot_chunks; c += tg_block_chunks(c))
        tg_heap_free(&t->heap, t->slots[c], tg_block_chunks(c) * TG_NODES_PER_CHUNK * sizeof(tg_slot));
    tg_heap_free(&t->heap, t->nodes, t->chunk_capacity * sizeof(tg_node *));
    tg_heap_free(&t->heap, t->slots, t->slot_chunk_capacity * sizeof(tg_slot *));
    tg_heap_free(&t->heap, t->owners, t->owner_capacity * sizeof *t->owners);
    tg_heap_free(&t->heap, t->kept, t->kept_capacity * sizeof *t->kept);
    tg_labels_finish(t);
    tg_heap_free(&t->heap, t->vjp_ranges, t->vjp_range_capacity * sizeof *t->vjp_ranges);
    tg_tape_destroy(t->inner);
    tg_arena_finish(&t->arena, &t->heap);
    tg_pool_finish(&t->pool, &t->heap);
    tg_allocator a = t->heap.allocator;
    tg_release(&a, t, sizeof *t);
}

tg_dtype tg_tape_dtype(const tg_tape *t)
{
    return t ? t->dtype : TG_F32;
}

/* Reset and rewind ------------------------------------------------------------------------------------------------ */

void tg_tape_drop_kept(tg_tape *t, uint32_t count)
{
    uint32_t n = 0;
    while (n < t->n_kept && t->kept[n].id > count) {
        if (t->kept[n].kind == TG_SLOT_BUFFER)
            tg_buffer_release(&t->pool, t->kept[n].at.value);
        n++;
    }
    t->n_kept -= n;
    if (n && t->n_kept)
        memmove(t->kept, t->kept + n, t->n_kept * sizeof *t->kept);
}

/* Drops the nodes above `count`, and what belongs to them outside the arena. */
static void truncate_to(tg_tape *t, uint32_t count)
{
    while (t->n_owners && t->owners[t->n_owners - 1] > count)
        tg_buffer_release(&t->pool, tg_node_at(t, t->owners[--t->n_owners])->value);
    tg_tape_drop_kept(t, count);
    tg_labels_drop(t, count);
    tg_tape_unbind(t, count);
    while (t->n_vjp_ranges && t->vjp_ranges[t->n_vjp_ranges - 1].first > count)
        t->n_vjp_ranges--;
    t->count = count;
}

bool tg_tape_record_vjp_range(tg_tape *t, uint32_t first, uint32_t of)
{
    void *ranges = t->vjp_ranges;
    const bool has_space =
        tg_heap_grow(&t->heap, &ranges, &t->vjp_range_capacity, t->n_vjp_ranges + 1, sizeof *t->vjp_ranges);
    t->vjp_ranges = ranges;
    if (has_space)
        t->vjp_ranges[t->n_vjp_ranges++] = (tg_vjp_range){ .first = first, .last = t->count, .of = of };
    else
        tg_tape_raise(t, TG_ERR_MEMORY, "grad: no memory to record the nodes of %u vjps", t->n_vjp_ranges + 1);
    return has_space;
}

static void clear_error(tg_tape *t)
{
    t->status = TG_OK;
    t->closed = 0;
    t->message[0] = '\0';
}

void tg_tape_reset(tg_tape *t)
{
    if (!is_real(t) || !may_drop(t, "reset"))
        return;
    truncate_to(t, 0);
    tg_arena_rewind(&t->arena, NULL, 0);
    t->has_gradients = false;
    t->epoch++;
    t->resets++;
    clear_error(t);
}

/* The id of a mark that was taken inside a function of an operation, where values may be missing: a rewind refuses it. */
static const uint32_t NO_MARK = UINT32_MAX;

tg_mark tg_tape_mark(const tg_tape *t)
{
    if (!is_real(t))
        return (tg_mark){ .tape = t };
    if (t->closed & TG_CLOSED_IN_CALL || t->in_vjp)
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

/* Whether the last tensor before the mark, and its memory, are still on the tape. */
static bool is_on_tape(const tg_tape *t, const tg_mark *m)
{
    return m->resets == t->resets && m->id <= t->count && (!m->id || tg_node_at(t, m->id)->epoch == m->epoch) &&
           tg_arena_reaches(&t->arena, m->position, m->offset);
}

tg_status tg_tape_rewind(tg_tape *t, tg_mark m)
{
    if (!is_real(t))
        return tg_tape_status(t);
    if (!may_drop(t, "rewind"))
        return t->status;
    if (m.tape != t)
        return tg_tape_raise(t, TG_ERR_TAPE, "rewind: the mark is of another tape");
    if (m.id == NO_MARK)
        return tg_tape_raise(t, TG_ERR_STATE,
                             "rewind: the mark was taken inside a function of an operation; take it outside");
    if (!is_on_tape(t, &m))
        return tg_tape_raise(t, TG_ERR_STALE,
                             "rewind: a reset or an earlier rewind has passed this mark; take a new one");
    if (m.status == TG_OK)
        clear_error(t);
    truncate_to(t, m.id);
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
        .gradient_bytes = t->pool.bytes + inner.gradient_bytes,
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
        tg_tape_raise(t, TG_ERR_ARGUMENT, "set_trap: traps %#x; only TG_TRAP_NONFINITE exists", traps);
    else
        t->traps = traps;
}
