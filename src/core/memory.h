/* memory.h - an allocator with a default, and sizes that cannot overflow. */
#ifndef TG_MEMORY_H
#define TG_MEMORY_H

#include "tapegrad/types.h"

/* Vectors are loaded fastest from lines of TG_ALIGN bytes. Arrays that are long lie at one of four places in their page:
   where one that is written lies a little further into its page than one that is read, the reads are taken for reads of
   what was just written, and wait; a sum of a million floats took a fifth longer. */
enum { TG_ALIGN = 64, TG_PAGE = 4096, TG_LONG_BYTES = 8 * TG_PAGE };

/* The place of the n-th in a row. */
static inline size_t tg_page_offset(size_t n)
{
    return (4 - n % 4) % 4 * (TG_PAGE / 4);
}

/* Whether `a` has both functions; NULL, the C library, has. */
bool tg_allocator_is_complete(const tg_allocator *a);

/* The error of `what` if it has not. */
tg_status tg_allocator_check(const tg_allocator *a, const char *what, tg_error *err);

/* `a` or, for NULL, the C library. */
tg_allocator tg_allocator_or_default(const tg_allocator *a);

/* Uninitialised memory aligned to TG_ALIGN, from TG_LONG_BYTES bytes on to TG_PAGE, or NULL; size 0 gives a pointer that must
   be freed. */
void *tg_allocate(const tg_allocator *a, size_t size);
void *tg_allocate_zeroed(const tg_allocator *a, size_t size);
void tg_release(const tg_allocator *a, void *p, size_t size); /* takes NULL */

#endif
