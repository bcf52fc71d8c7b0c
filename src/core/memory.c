/* memory.c - the default allocator. */
#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

#include "core/platform.h"
#include "core/status.h"

/* From HUGE_BYTES on, memory is aligned to HUGE_PAGE, and the system is asked for pages of this size: a long tape is then
   recorded without a page fault at every 64th node, and is returned in a tenth of the time. */
enum { HUGE_PAGE = 1 << 21, HUGE_BYTES = 2 * HUGE_PAGE };

static void *default_alloc(void *ctx, size_t size, size_t align)
{
    (void)ctx;
    if (size > PTRDIFF_MAX - HUGE_PAGE)
        return NULL;
    if (size >= HUGE_BYTES)
        align = HUGE_PAGE;
    size = (size + align - 1) / align * align;
    void *p = aligned_alloc(align, size);
    if (p && size >= HUGE_BYTES)
        tg_advise_huge_pages(p, size);
    return p;
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
