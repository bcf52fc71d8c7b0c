/* memory.h - an allocator with a default, and sizes that cannot overflow. */
#ifndef TG_MEMORY_H
#define TG_MEMORY_H

#include "tapegrad/types.h"

enum { TG_ALIGN = 64 };

/* `a` or, for NULL, the C library. */
tg_allocator tg_allocator_or_default(const tg_allocator *a);

/* Uninitialised memory aligned to TG_ALIGN, or NULL; size 0 gives a pointer that must be freed. */
void *tg_allocate(const tg_allocator *a, size_t size);
void *tg_allocate_zeroed(const tg_allocator *a, size_t size);
void tg_release(const tg_allocator *a, void *p, size_t size); /* takes NULL */

#endif
