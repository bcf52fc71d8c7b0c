/* blocks.h - copies blocks of bytes from one stride to another; copies int32 labels and row numbers. */
#ifndef TG_BLOCKS_H
#define TG_BLOCKS_H

#include <string.h>

#include "core/push.h"

/* n blocks of `bytes` bytes; starts are `*_step` bytes apart. */
static inline void tg_copy_blocks(int64_t n, size_t bytes, const void *from, size_t from_step, void *to,
                                  size_t to_step)
{
    for (int64_t i = 0; bytes && i < n; i++)
        memcpy((char *)to + (size_t)i * to_step, (const char *)from + (size_t)i * from_step, bytes);
}

/* A copy on the tape of the n labels or row numbers of operation `what`; NULL where there are none, and, with the error raised,
   out of memory. */
static inline const int32_t *tg_keep_numbers(tg_tape *tape, const int32_t *numbers, int64_t n, const char *what)
{
    int32_t *copy = numbers && n > 0 ? tg_tape_alloc(tape, (size_t)n * sizeof *copy, what) : NULL;
    if (copy)
        memcpy(copy, numbers, (size_t)n * sizeof *copy);
    return copy;
}

#endif
