/* shape.h - shapes inside the library: comparing, copying, and a shape with its element count. */
#ifndef TG_SHAPE_H
#define TG_SHAPE_H

#include "tapegrad/types.h"

/* A shape and its number of elements. Nodes of the same shape often share one extent, so that equal pointers mean equal
   shapes; unequal pointers mean nothing. */
typedef struct tg_extent {
    int64_t size; /* elements */
    tg_shape shape;
} tg_extent;

/* The extent of every scalar. */
extern const tg_extent tg_scalar_extent;

/* Whether two shapes are the same. Neither needs to be valid: a user's shape rule may have written them. */
static inline bool tg_same_shape(const tg_shape *a, const tg_shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int d = 0; d < a->rank && d < TG_MAX_RANK; d++)
        if (a->dims[d] != b->dims[d])
            return false;
    return true;
}

/* Copies a shape size by size. A struct copy would load 16 bytes at once from sizes that have just been stored one by
   one, which is a store-forwarding stall. */
static inline void tg_copy_shape(const tg_shape *from, tg_shape *to)
{
    to->rank = from->rank;
    for (int d = 0; d < from->rank; d++)
        to->dims[d] = from->dims[d];
}

#endif
