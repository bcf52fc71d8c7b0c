/* memory.c - the default allocator. */
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

#include "core/status.h"

static void *default_alloc(void *ctx, size_t size, size_t align)
{
    (void)ctx;
    if (size > PTRDIFF_MAX - align)
        return NULL;
    return aligned_alloc(align, (size + align - 1) / align * align);
}

static void default_free(void *ctx, void *p, size_t size)
{
    (void)ctx, (void)size;
    free(p);
}

bool tg_allocator_is_complete(const tg_allocator *a)
{
    return !a || (a->alloc && a->free);
}

tg_status tg_allocator_check(const tg_allocator *a, const char *what, tg_error *err)
{
    return tg_allocator_is_complete(a)
               ? TG_OK
               : tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the allocator's alloc or free is NULL", what);
}

tg_allocator tg_allocator_or_default(const tg_allocator *a)
{
    return a ? *a : (tg_allocator){ .alloc = default_alloc, .free = default_free };
}

void *tg_allocate(const tg_allocator *a, size_t size)
{
    return tg_allocator_is_complete(a) ? a->alloc(a->ctx, size ? size : 1, size < TG_LONG_BYTES ? TG_ALIGN : TG_PAGE)
                                       : NULL;
}

void *tg_allocate_zeroed(const tg_allocator *a, size_t size)
{
    void *p = tg_allocate(a, size);
    if (p)
        memset(p, 0, size);
    return p;
}

void tg_release(const tg_allocator *a, void *p, size_t size)
{
    if (p)
        a->free(a->ctx, p, size ? size : 1);
}
