/* failing_allocator.h - an allocator for tests: it counts, fails the n-th call, and knows what is outstanding. */
#ifndef TG_FAILING_ALLOCATOR_H
#define TG_FAILING_ALLOCATOR_H

#include <stdlib.h>

#include "tapegrad/types.h"

typedef struct failing {
    long calls;       /* of alloc, so far */
    long fail_at;     /* the call that fails, counted from 1; 0: none */
    long outstanding; /* blocks given and not taken back */
    size_t bytes;     /* in them */
} failing;

static inline void *failing_alloc(void *ctx, size_t size, size_t align)
{
    failing *f = ctx;
    if (++f->calls == f->fail_at)
        return NULL;
    void *p = aligned_alloc(align, (size + align - 1) / align * align);
    if (p) {
        f->outstanding++;
        f->bytes += size;
    }
    return p;
}

static inline void failing_free(void *ctx, void *p, size_t size)
{
    failing *f = ctx;
    f->outstanding--;
    f->bytes -= size;
    free(p);
}

static inline tg_allocator failing_allocator(failing *f)
{
    return (tg_allocator){ .alloc = failing_alloc, .free = failing_free, .ctx = f };
}

#endif
