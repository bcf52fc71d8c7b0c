/* arena.c - a bump arena in chunks, and a pool of reference-counted buffers with free lists by size. */
#include "core/arena.h"

#include <string.h>

void *tg_heap_alloc(tg_heap *heap, size_t size)
{
    void *p = tg_allocate(&heap->allocator, size);
    heap->allocations++;
    if (p)
        heap->bytes += size;
    return p;
}

void tg_heap_free(tg_heap *heap, void *p, size_t size)
{
    if (p)
        heap->bytes -= size;
    tg_release(&heap->allocator, p, size);
}

bool tg_heap_grow(tg_heap *heap, void **p, uint32_t *capacity, uint32_t need, size_t element)
{
    if (need <= *capacity)
        return true;
    uint32_t more = *capacity ? *capacity : 16;
    while (more < need)
        more = more > UINT32_MAX / 2 ? UINT32_MAX : more * 2;
    void *q = tg_heap_alloc(heap, more * element);
    if (!q)
        return false;
    if (*p)
        memcpy(q, *p, *capacity * element);
    tg_heap_free(heap, *p, *capacity * element);
    *p = q;
    *capacity = more;
    return true;
}

/* Chunks ---------------------------------------------------------------------------------------------------------- */

enum { FIRST_CHUNK = 1 << 16, LARGEST_STEP = 1 << 26 };

/* The chunk after the current one if it has `size` bytes, else a new one between them, twice as large as the current one
   (at most LARGEST_STEP, unless `size` needs more). */
static tg_chunk *next_chunk(tg_arena *a, tg_heap *heap, size_t size)
{
    tg_chunk *next = a->current ? a->current->next : a->first;
    if (next && next->size >= size)
        return next;
    size_t bytes = FIRST_CHUNK;
    if (a->current)
        bytes = a->current->size < LARGEST_STEP ? a->current->size * 2 : LARGEST_STEP;
    if (bytes < size)
        bytes = (size + TG_ALIGN - 1) / TG_ALIGN * TG_ALIGN;
    char *payload = tg_heap_alloc(heap, bytes + sizeof(tg_chunk));
    if (!payload)
        return NULL;
    tg_chunk *c = (tg_chunk *)(void *)(payload + bytes);
    *c = (tg_chunk){ .next = next, .size = bytes };
    TG_POISON(payload, bytes);
    if (a->current)
        a->current->next = c;
    else
        a->first = c;
    return c;
}

void *tg_arena_grow(tg_arena *a, tg_heap *heap, size_t size)
{
    tg_chunk *c = size <= PTRDIFF_MAX - TG_ALIGN ? next_chunk(a, heap, size) : NULL;
    if (!c)
        return NULL;
    a->current = c;
    a->used = size;
    TG_UNPOISON(tg_chunk_payload(c), size);
    return tg_chunk_payload(c);
}

bool tg_arena_reaches(const tg_arena *a, const tg_chunk *chunk, size_t used)
{
    const tg_chunk *c = a->first;
    while (c != chunk && c != a->current && c)
        c = c->next;
    return !chunk || (a->current && c == chunk && (c != a->current || used <= a->used));
}

void tg_arena_rewind(tg_arena *a, tg_chunk *chunk, size_t used)
{
    tg_chunk *end = a->current ? a->current->next : NULL;
    for (tg_chunk *c = chunk ? chunk : a->first; c != end; c = c->next) {
        size_t keep = c == chunk ? used : 0;
        TG_POISON(tg_chunk_payload(c) + keep, c->size - keep);
    }
    a->current = chunk;
    a->used = used;
}

void tg_arena_finish(tg_arena *a, tg_heap *heap)
{
    for (tg_chunk *c = a->first, *next; c; c = next) {
        next = c->next;
        TG_UNPOISON(tg_chunk_payload(c), c->size);
        tg_heap_free(heap, tg_chunk_payload(c), c->size + sizeof *c);
    }
    *a = (tg_arena){ 0 };
}

/* Buffers --------------------------------------------------------------------------------------------------------- */

_Static_assert(sizeof(tg_buffer) <= TG_ALIGN, "a buffer's header fits in front of its payload");

static tg_buffer *header_of(const void *payload)
{
    return (tg_buffer *)(void *)((uintptr_t)payload - TG_ALIGN);
}

/* Rounds a size up to one of four steps per power of two, so that buffers of similar size share a free list and at most a
   fifth of a buffer is unused. Returns the number of the step, which is that of the list. */
static uint32_t list_of(size_t *size)
{
    size_t lines = (*size + TG_ALIGN - 1) / TG_ALIGN;
    uint32_t octave = 0;
    while (lines >> octave > 7)
        octave++;
    lines = ((lines + ((size_t)1 << octave) - 1) >> octave) << octave;
    if (lines >> octave > 7)
        octave++;
    *size = lines * TG_ALIGN;
    return octave * 8 + (uint32_t)(lines >> octave);
}

void *tg_buffer_take(tg_pool *pool, tg_heap *heap, size_t size)
{
    if (size > (size_t)1 << 39) /* there is no list for it */
        return NULL;
    uint32_t list = list_of(&size);
    tg_buffer *b = pool->free[list];
    if (b) {
        pool->free[list] = b->next;
    } else {
        const size_t front = size < TG_LONG_BYTES ? TG_ALIGN : TG_PAGE / 4 + tg_page_offset(pool->n_long++);
        char *start = tg_heap_alloc(heap, front + size);
        if (!start)
            return NULL;
        b = header_of(start + front);
        *b = (tg_buffer){ .all = pool->all, .size = size, .front = front, .list = list };
        pool->all = b;
        pool->bytes += front + size;
    }
    b->references = 1;
    char *payload = (char *)b + TG_ALIGN;
    TG_UNPOISON(payload, size);
    return payload;
}

void tg_buffer_retain(void *payload)
{
    header_of(payload)->references++;
}

void tg_buffer_release(tg_pool *pool, void *payload)
{
    tg_buffer *b = header_of(payload);
    if (--b->references)
        return;
    TG_POISON(payload, b->size);
    b->next = pool->free[b->list];
    pool->free[b->list] = b;
}

bool tg_buffer_is_shared(const void *payload)
{
    return header_of(payload)->references > 1;
}

void tg_pool_finish(tg_pool *pool, tg_heap *heap)
{
    for (tg_buffer *b = pool->all, *next; b; b = next) {
        next = b->all;
        char *payload = (char *)b + TG_ALIGN;
        TG_UNPOISON(payload, b->size);
        tg_heap_free(heap, payload - b->front, b->front + b->size);
    }
    *pool = (tg_pool){ 0 };
}
