/* gradient.h - gradients as tensors of the tape. */
#ifndef TG_GRADIENT_H
#define TG_GRADIENT_H

#include "core/slot.h"
#include "core/tape.h"

/* Marks constant g as a gradient of y that was not recorded: messages say so where a gradient does not flow through it.
   Returns g. */
tg_tensor tg_gradient_mark(tg_tensor g, uint32_t y);

/* The gradient of y in a slot as a tensor that stays until reset or a rewind. It shares the slot's buffer. */
tg_tensor tg_gradient_tensor(tg_tape *tape, tg_slot *slot, const tg_extent *extent, uint32_t y);

#endif
