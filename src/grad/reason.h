/* reason.h - why no gradient flows to a tensor. */
#ifndef TG_REASON_H
#define TG_REASON_H

#include "core/tape.h"

/* Whether y was computed from x (0: from any node that takes a gradient), but no gradient flows because something between
   them was not recorded. If so, writes what it is and why. */
bool tg_no_gradient_reason(const tg_tape *tape, uint32_t y, uint32_t x, char *text, size_t size);

/* Whether any of the nodes 1 .. y was not recorded: if none, tg_no_gradient_reason is false. */
bool tg_has_unrecorded(const tg_tape *tape, uint32_t y);

/* Raises the error of `what` for y, which needs no gradient, with the reason. */
void tg_raise_needs_no_grad(tg_tensor y, const char *what);

#endif
