/* grad.h - gradients: the reverse pass over the tape. */
#ifndef TAPEGRAD_GRAD_H
#define TAPEGRAD_GRAD_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Traverses the tape once, from y (one element) back to the start, and computes dy/dx for every variable, every tensor
   marked with tg_retain_grad, and every parameter. The gradient of a parameter is written to its set. Returns the
   tape's status, which may be the error of an earlier call. It is an error if y has more than one element or
   needs no gradient. A failed backward marks the gradients of the sets on this tape invalid: an optimizer's step is an
   error until tg_params_zero_grad. It may be called again on the same tape. Then a parameter's gradient is the sum over
   all calls since tg_params_zero_grad; that of any other tensor is of the last call alone. */
TG_API tg_status tg_backward(tg_tensor y);

/* The same for y of any shape: `cotangent`, of y's shape, is dE/dy, and the gradients are dE/dx. The null tensor stands
   for 1 if y has one element. */
TG_API tg_status tg_backward_from(tg_tensor y, tg_tensor cotangent);

/* The gradient of x from the last backward of this tape. x is a variable or a tensor that was marked with
   tg_retain_grad before that backward; for a parameter's leaf the result is a copy of the gradient in its set, a sum
   over backwards. Zeros of x's shape if y did not depend on x. The result is a constant on the tape, valid until the
   reset or rewind that removes it. Errors: any other tensor, one marked after the backward, no backward yet or one that
   was rewound, and a call inside a vjp. */
TG_API tg_tensor tg_grad_of(tg_tensor x);

/* Makes later backwards keep x's gradient for tg_grad_of. Returns x. An error if x needs no gradient. */
TG_API tg_tensor tg_retain_grad(tg_tensor x);

enum {
    TG_CREATE_GRAPH = 1 /* record the gradients, so that they can be differentiated */
};

/* out[i] = (cotangent)ᵀ dy/d(inputs[i]) for n tensors of the tape, leaves or not, detached ones and constants included.
   It changes neither the gradients of parameters nor what tg_grad_of returns. An input on which y does not depend, or
   only through tg_detach, gets zeros. It is an error, which names the tensor, if y depends on an input only through a
   tensor that was computed while recording was off, or a gradient that was made without TG_CREATE_GRAPH. `cotangent` as
   in tg_backward_from. `out` must not overlap `inputs` (TG_ERR_ARGUMENT). Returns the tape's status; on an error all of
   `out` are invalid tensors. */
TG_API tg_status tg_grad(tg_tensor y, tg_tensor cotangent, const tg_tensor *inputs, int n, tg_tensor *out,
                         unsigned flags);

#ifdef __cplusplus
}
#endif
#endif
