/* arena.h - the two memories of a tape: a stack of chunks for what lives until reset, and counted buffers, kept in free
   lists by size, for the reverse pass. Both take from one heap and give back only when they are finished. */
#ifndef TG_ARENA_H
#define TG_ARENA_H

#include "core/memory.h"
#include "core/platform.h"

/* An allocator that counts. */
typedef struct tg_heap {
    tg_allocator allocator;
    size_t bytes;
    uint64_t allocations;
} tg_heap;

void *tg_heap_alloc(tg_heap *heap, size_t size);
void tg_heap_free(tg_heap *heap, void *p, size_t size); /* takes NULL */

/* Doubles *p (of `element` bytes each) until it holds `need` of them, keeping the contents. */
bool tg_heap_grow(tg_heap *heap, void **p, uint32_t *capacity, uint32_t need, size_t element);

typedef struct tg_chunk {
    struct tg_chunk *next;
    size_t size; /* of the payload, which lies in front of it */
} tg_chunk;

static inline char *tg_chunk_payload(tg_chunk *c)
{
    return (char *)c - c->size;
}

typedef struct tg_arena {
    tg_chunk *first, *current;
    size_t used; /* of the current chunk */
} tg_arena;

/* Memory at the start of a further chunk. */
void *tg_arena_grow(tg_arena *arena, tg_heap *heap, size_t size);

/* Where memory of this size can start, from `used` on. */
static inline size_t tg_arena_start(size_t used, size_t size)
{
    const size_t align = size < TG_ALIGN ? 16 : size < TG_LONG_BYTES ? TG_ALIGN : TG_PAGE;
    const size_t start = (used + align - 1) & ~(align - 1);
    return size < TG_LONG_BYTES ? start : start + tg_page_offset(start / TG_PAGE);
}

/* Memory aligned to 64 bytes where size is 64 or more, else to 16; NULL if there is none. */
static inline void *tg_arena_alloc(tg_arena *a, tg_heap *heap, size_t size)
{
    const size_t start = tg_arena_start(a->used, size);
    if (!a->current || start > a->current->size || size > a->current->size - start)
        return tg_arena_grow(a, heap, size);
    a->used = start + size;
    char *p = tg_chunk_payload(a->current) + start;
    TG_UNPOISON(p, size);
    return p;
}

/* Whether the arena stands at (chunk, used) or further on. */
bool tg_arena_reaches(const tg_arena *arena, const tg_chunk *chunk, size_t used);

/* Forgets what was allocated since the arena stood at (chunk, used); (NULL, 0) is the start. */
void tg_arena_rewind(tg_arena *arena, tg_chunk *chunk, size_t used);
void tg_arena_finish(tg_arena *arena, tg_heap *heap);

/* A buffer is known by its payload, which is aligned to 64 bytes and follows its header. */
typedef struct tg_buffer {
    struct tg_buffer *next; /* in its free list */
    struct tg_buffer *all;  /* of the store */
    size_t size;            /* of the payload */
    size_t front;           /* from the start of the allocation to the payload */
    uint32_t list;
    uint32_t references;
} tg_buffer;

enum { TG_BUFFER_LISTS = 256 };

typedef struct tg_pool {
    tg_buffer *free[TG_BUFFER_LISTS];
    tg_buffer *all;
    size_t bytes, made;
} tg_pool;

/* A buffer of at least `size` bytes with one holder, or NULL. */
void *tg_buffer_take(tg_pool *pool, tg_heap *heap, size_t size);
void tg_buffer_retain(void *payload);
void tg_buffer_release(tg_pool *pool, void *payload);
bool tg_buffer_is_shared(const void *payload);
void tg_pool_finish(tg_pool *pool, tg_heap *heap);

#endif
