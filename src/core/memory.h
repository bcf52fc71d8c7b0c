/* memory.h - allocating through a tg_allocator, whose default is the C library. */
#ifndef TG_MEMORY_H
#define TG_MEMORY_H

#include "tapegrad/types.h"

/* Vectors are loaded fastest from cache lines, which are TG_ALIGN bytes. Long arrays start at one of four offsets in
   their page, in turn, against 4 KiB aliasing: if an array that is written starts a few bytes further into its page
   than one that is read, the CPU takes the loads for loads of what it has just stored, and delays them. A sum of a
   million floats took a fifth longer. */
enum { TG_ALIGN = 64, TG_PAGE = 4096, TG_LONG_BYTES = 8 * TG_PAGE };

/* The offset in its page of the n-th long array. */
static inline size_t tg_page_offset(size_t n)
{
    return (4 - n % 4) % 4 * (TG_PAGE / 4);
}

/* Whether `a` has both functions; true for NULL, which stands for the C library. */
bool tg_allocator_is_complete(const tg_allocator *a);

/* TG_OK if it is complete, else the error of `what`. */
tg_status tg_allocator_check(const tg_allocator *a, const char *what, tg_error *err);

/* `a` or, for NULL, the C library. */
tg_allocator tg_allocator_or_default(const tg_allocator *a);

/* Memory aligned to TG_ALIGN, from TG_LONG_BYTES bytes on to TG_PAGE, or NULL. It is uninitialised, or zeroed. Size 0
   gives a pointer that must be released, too. */
void *tg_allocate(const tg_allocator *a, size_t size);
void *tg_allocate_zeroed(const tg_allocator *a, size_t size);
void tg_release(const tg_allocator *a, void *p, size_t size); /* NULL is a no-op */

#endif
