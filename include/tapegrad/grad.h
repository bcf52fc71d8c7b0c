/* grad.h - gradients: the reverse pass over the tape. */
#ifndef TAPEGRAD_GRAD_H
#define TAPEGRAD_GRAD_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Walks the tape once from y (one element) back to the start and computes dy/dx for every variable, every tensor
   marked with tg_retain_grad, and every parameter's leaf; a parameter's gradient goes straight into its set. Returns
   the tape's status: whatever failed since the last reset is reported here. y of more than one element, or one that
   needs no gradient, is an error. A failed backward leaves the gradients of the sets on this tape marked invalid, and
   an optimizer's step refuses them until tg_params_zero_grad.
   May be called again on the same tape. Then a parameter's gradient, which stands in its set, is the sum over all calls
   since tg_params_zero_grad; that of any other tensor, which stands on the tape, is of the last call alone. */
TG_API tg_status tg_backward(tg_tensor y);

/* The same for y of any shape: `cotangent`, of y's shape, is dE/dy. The null tensor stands for ones if y has one
   element. */
TG_API tg_status tg_backward_from(tg_tensor y, tg_tensor cotangent);

/* The gradient that the last backward of this tape left for x, a variable or a tensor that was marked with tg_retain_grad
   before it; of a parameter's leaf, the gradient in its set, which is a sum over backwards. Zeros of x's shape if y did
   not depend on x. The result is a constant on the tape, good until the reset or rewind that forgets it. Other tensors, no
   backward yet or one that was rewound, a mark that came after the backward, and asking inside a vjp are errors. */
TG_API tg_tensor tg_grad_of(tg_tensor x);

/* Asks the next backwards to keep x's gradient for tg_grad_of. Returns x. */
TG_API tg_tensor tg_retain_grad(tg_tensor x);

enum {
    TG_CREATE_GRAPH = 1 /* the gradients are recorded, and so differentiable themselves */
};

/* out[i] = (cotangent)ᵀ dy/d(inputs[i]) for n tensors of the tape, leaves or not, detached ones and constants included,
   without touching any parameter or what tg_grad_of returns. Zeros for an input that y does not depend on, or only
   through tg_detach. An input that y depends on only through what was not recorded is an error that names it: a tensor
   that was computed while recording was off, or a gradient that was made without TG_CREATE_GRAPH. `cotangent` as in
   tg_backward_from. On an error all of `out` are bad tensors. */
TG_API tg_status tg_grad(tg_tensor y, tg_tensor cotangent, const tg_tensor *inputs, int n, tg_tensor *out,
                         unsigned flags);

#ifdef __cplusplus
}
#endif
#endif
