/* shape.h - shapes from inside. */
#ifndef TG_SHAPE_H
#define TG_SHAPE_H

#include "tapegrad/types.h"

/* Whether two shapes are the same, whatever a rule has written into them. */
static inline bool tg_same_shape(const tg_shape *a, const tg_shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int d = 0; d < a->rank && d < TG_MAX_RANK; d++)
        if (a->dims[d] != b->dims[d])
            return false;
    return true;
}

/* Copies a shape one size after the other: what has just been written so cannot be read at once in wider pieces. */
static inline void tg_copy_shape(const tg_shape *from, tg_shape *to)
{
    to->rank = from->rank;
    for (int d = 0; d < from->rank; d++)
        to->dims[d] = from->dims[d];
}

#endif
