/* accumulate.h - adding contributions to the gradient of a node. tg_give, which a vjp calls, is the other entry. */
#ifndef TG_ACCUMULATE_H
#define TG_ACCUMULATE_H

#include "core/slot.h"
#include "grad/vjp.h"

/* Accumulates tensor `cotangent`, which has y's shape, as the first contribution to the gradient of y. */
bool tg_accumulate_seed(struct tg_vjp *pass, uint32_t y, uint32_t cotangent);

/* Rounds the slot of node n, a sum in double (TG_SLOT_WIDE or TG_SLOT_ONE_WIDE), to float32. True if it was written to a
   parameter's set: the slot is empty then. */
bool tg_slot_round(const struct tg_vjp *pass, const tg_node *n, tg_slot *slot);

/* Accumulates x in the slot of a node of one element. Further contributions in float32 are added up in double. */
static inline void tg_slot_add_number(const tg_tape *t, tg_slot *s, double x)
{
    const enum tg_slot_kind kind = s->kind;
    s->kind = TG_SLOT_ONE;
    if (t->dtype == TG_F64) {
        s->at.one.f64 = kind == TG_SLOT_ONE ? s->at.one.f64 + x : x;
    } else if (kind == TG_SLOT_EMPTY) {
        s->at.one.f32 = (float)x;
    } else {
        s->at.one.f64 = (kind == TG_SLOT_ONE ? (double)s->at.one.f32 : s->at.one.f64) + (double)(float)x;
        s->kind = TG_SLOT_ONE_WIDE;
    }
}

#endif
