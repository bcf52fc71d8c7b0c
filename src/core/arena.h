/* arena.h - the memory of a tape: a bump arena for what stays until reset or rewind, and a pool of reference-counted
   buffers for the reverse pass. Both allocate from one heap and free only when the tape is destroyed. */
#ifndef TG_ARENA_H
#define TG_ARENA_H

#include "core/memory.h"
#include "core/platform.h"

/* An allocator, and what is allocated from it. */
typedef struct tg_heap {
    tg_allocator allocator;
    size_t bytes;         /* now */
    uint64_t allocations; /* so far, failed ones included */
} tg_heap;

void *tg_heap_alloc(tg_heap *heap, size_t size);
void tg_heap_free(tg_heap *heap, void *p, size_t size); /* takes NULL */

/* Doubles the capacity of array *p, whose elements are `element` bytes, until it is at least `need`; the contents stay.
   False, with the array unchanged, out of memory. */
bool tg_heap_grow(tg_heap *heap, void **p, uint32_t *capacity, uint32_t need, size_t element);

/* A chunk of the arena. The payload is in front of this header. */
typedef struct tg_chunk {
    struct tg_chunk *next;
    size_t size; /* of the payload */
} tg_chunk;

static inline char *tg_chunk_payload(tg_chunk *c)
{
    return (char *)c - c->size;
}

typedef struct tg_arena {
    tg_chunk *first, *current;
    size_t used; /* of the current chunk */
} tg_arena;

/* Makes the next chunk current, allocating it where there is none of this size, and returns memory at its start; NULL
   out of memory. */
void *tg_arena_grow(tg_arena *arena, tg_heap *heap, size_t size);

/* The first offset from `used` on with the alignment of this size. */
static inline size_t tg_arena_start(size_t used, size_t size)
{
    const size_t align = size < TG_ALIGN ? 16 : size < TG_LONG_BYTES ? TG_ALIGN : TG_PAGE;
    const size_t start = (used + align - 1) & ~(align - 1);
    return size < TG_LONG_BYTES ? start : start + tg_page_offset(start / TG_PAGE);
}

/* Memory aligned to 16 bytes; from TG_ALIGN bytes on to TG_ALIGN; from TG_LONG_BYTES on to a place in its page
   (memory.h). NULL out of memory. */
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

/* Whether the position (chunk, used) is not behind the current one. */
bool tg_arena_reaches(const tg_arena *arena, const tg_chunk *chunk, size_t used);

/* Releases what was allocated since the position was (chunk, used); (NULL, 0) is the start. The chunks are kept. */
void tg_arena_rewind(tg_arena *arena, tg_chunk *chunk, size_t used);

/* Frees the chunks. */
void tg_arena_finish(tg_arena *arena, tg_heap *heap);

/* The header of a buffer. Callers have only the payload behind it, which is aligned to TG_ALIGN bytes. */
typedef struct tg_buffer {
    struct tg_buffer *next; /* in its free list */
    struct tg_buffer *all;  /* the list of all buffers of the pool */
    size_t size;            /* of the payload */
    size_t front;           /* from the start of the allocation to the payload */
    uint32_t list;          /* number of its free list */
    uint32_t references;
} tg_buffer;

enum { TG_BUFFER_LISTS = 256 };

typedef struct tg_pool {
    tg_buffer *free[TG_BUFFER_LISTS];
    tg_buffer *all;
    size_t bytes;  /* of all buffers */
    size_t n_long; /* buffers of TG_LONG_BYTES and more: the next one has another place in its page */
} tg_pool;

/* A buffer of at least `size` bytes with one reference, or NULL. */
void *tg_buffer_take(tg_pool *pool, tg_heap *heap, size_t size);

/* Adds a reference; removes one, and puts a buffer without any into its free list. */
void tg_buffer_retain(void *payload);
void tg_buffer_release(tg_pool *pool, void *payload);

/* Whether the buffer has more than one reference. */
bool tg_buffer_is_shared(const void *payload);

/* Frees all buffers. */
void tg_pool_finish(tg_pool *pool, tg_heap *heap);

#endif
