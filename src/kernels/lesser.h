/* lesser.h - the lesser of two counts. */
#ifndef TG_LESSER_H
#define TG_LESSER_H

#include <stdint.h>

static inline int64_t tg_lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

#endif
