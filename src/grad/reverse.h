/* reverse.h - the reverse pass. */
#ifndef TG_REVERSE_H
#define TG_REVERSE_H

#include "grad/vjp.h"

/* Runs the pass that *pass describes from y, whose gradient is `cotangent` (the null tensor: 1), back to the start of the
   tape. After it the gradients of the nodes with pass->keep_flag are in tape->kept (is_backward) or in their slots; all
   other slots are empty. False, with the error of `what` raised, on failure: all slots are empty, and tape->kept may be
   incomplete. */
bool tg_reverse(struct tg_vjp *pass, tg_tensor y, tg_tensor cotangent, const char *what);

#endif
