/* slot.h - a gradient between its first contribution and its use. The reverse pass has one slot for each node. */
#ifndef TG_SLOT_H
#define TG_SLOT_H

#include "core/node.h"

typedef struct tg_slot {
    enum tg_slot_kind {
        TG_SLOT_EMPTY = 0, /* no contribution yet */
        TG_SLOT_ONE,       /* one element, in at.one */
        TG_SLOT_BORROWED,  /* at.value is memory of a node of the tape: shared, read-only */
        TG_SLOT_BUFFER,    /* at.value is a buffer of the pool, of which the slot owns a reference */
        TG_SLOT_NODE,      /* tensor `id` of the tape: gradients that are recorded */
        /* Sums of many contributions in float32, accumulated in double until tg_slot_round: */
        TG_SLOT_WIDE,    /* at.value is a buffer of the pool: the latest contributions in float32, then the sums */
        TG_SLOT_ONE_WIDE /* one element, in at.one.f64 */
    } kind;
    uint32_t id; /* TG_SLOT_NODE: the tensor. In tape->kept: the tensor whose gradient this is. Else: contributions
                    summed in float32 so far */
    union {
        tg_one one;
        void *value;
    } at;
} tg_slot;

#endif
