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

#endif
