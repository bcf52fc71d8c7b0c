/* strict_allocator.h - an allocator for programs: it can fail, and it checks that what is freed was allocated with just
   that size. Owners that share a supply are counted together for the call that fails, and apart for their bytes. */
#ifndef TESTS_STRICT_ALLOCATOR_H
#define TESTS_STRICT_ALLOCATOR_H

#include "fuzz.h"

enum { SUPPLY_BLOCKS = 4096, SUPPLY_BYTES = 3 << 19 };

typedef struct supply {
    long calls, fail_at; /* the call that fails, counted from 1; 0: none */
    bool fails_on;       /* and all calls after it */
    long failed;         /* calls that failed for that reason */
    long refused;        /* calls that would have exceeded SUPPLY_BYTES */
    size_t bytes;
    int n;
    struct block {
        void *p;
        size_t size;
    } blocks[SUPPLY_BLOCKS];
} supply;

typedef struct owner {
    supply *from;
    size_t bytes;
    long calls, blocks;
} owner;

static inline void *strict_alloc(void *ctx, size_t size, size_t align)
{
    owner *o = ctx;
    supply *s = o->from;
    o->calls++;
    s->calls++;
    FUZZ_CHECK(size > 0 && align > 0 && (align & (align - 1)) == 0);
    if (s->fail_at && (s->calls == s->fail_at || (s->fails_on && s->calls > s->fail_at))) {
        s->failed++;
        return NULL;
    }
    if (size > SUPPLY_BYTES || s->bytes > SUPPLY_BYTES - size || s->n == SUPPLY_BLOCKS) {
        s->refused++;
        return NULL;
    }
    void *p = aligned_alloc(align, (size + align - 1) / align * align);
    FUZZ_CHECK(p);
    s->blocks[s->n++] = (struct block){ p, size };
    s->bytes += size;
    o->bytes += size;
    o->blocks++;
    return p;
}

static inline void strict_free(void *ctx, void *p, size_t size)
{
    owner *o = ctx;
    supply *s = o->from;
    int i = s->n - 1;
    while (i >= 0 && s->blocks[i].p != p)
        i--;
    FUZZ_CHECK(i >= 0 && s->blocks[i].size == size);
    s->blocks[i] = s->blocks[--s->n];
    s->bytes -= size;
    o->bytes -= size;
    o->blocks--;
    free(p);
}

static inline tg_allocator strict_allocator(owner *o)
{
    return (tg_allocator){ .alloc = strict_alloc, .free = strict_free, .ctx = o };
}

#endif
