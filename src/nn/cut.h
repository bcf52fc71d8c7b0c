/* cut.h - how one pass over a long array is cut into blocks for the threads. */
#ifndef TG_CUT_H
#define TG_CUT_H

#include <stdint.h>

/* By length only, so that a sum over blocks has the same bits at every number of threads: at most TG_BLOCKS blocks, of
   at least 16384 elements where there are so many, each but the last a whole number of cache lines. */
enum { TG_BLOCKS = 64 };

typedef struct tg_cut {
    int64_t length, block, count;
} tg_cut;

static inline tg_cut tg_cut_flat(int64_t length)
{
    enum { LEAST = 16384, LINE = 16 };
    int64_t block = (length + TG_BLOCKS - 1) / TG_BLOCKS;
    block = block < LEAST ? LEAST : (block + LINE - 1) / LINE * LINE;
    return (tg_cut){ .length = length, .block = block, .count = (length + block - 1) / block };
}

/* The elements of block i. */
static inline int64_t tg_cut_size(tg_cut c, int64_t i)
{
    return i + 1 < c.count ? c.block : c.length - i * c.block;
}

#endif
