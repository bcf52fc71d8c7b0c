/* transform.h - what is built on gradients: Jacobians, Hessians and their products, checkpoints, the graph as text. */
#ifndef TAPEGRAD_TRANSFORM_H
#define TAPEGRAD_TRANSFORM_H

#include <stdio.h>

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Derivatives as tensors ------------------------------------------------------------------------------------------
   Each result is a constant of the tape. Intermediate tensors are removed from the tape, so that a call needs the memory
   of its result and of one reverse pass. x is any tensor of y's tape, a leaf or not. Where y does not depend on x the
   result is zero. These functions call tg_grad (grad.h) and have its errors: the result is then an invalid tensor, and
   the error is on the tape. Differentiating a result is an error, as for a gradient that was made without
   TG_CREATE_GRAPH. Neither the gradients of parameters nor what tg_grad_of returns are changed. */

/* J[i..., j...] = dy[i...] / dx[j...]. Its shape is y's followed by x's, at most TG_MAX_RANK axes together (else
   TG_ERR_SHAPE). One reverse pass for each element of y. */
TG_API tg_tensor tg_jacobian(tg_tensor y, tg_tensor x);

/* H[i..., j...] = d2y / dx[i...] dx[j...] for y of one element. Its shape is x's twice, at most TG_MAX_RANK axes together.
   One reverse pass for the gradient, and one for each element of x. */
TG_API tg_tensor tg_hessian(tg_tensor y, tg_tensor x);

/* H v, the Hessian times v, for y of one element and v of x's shape; the result has x's shape. Two reverse passes, the
   second through the first (Pearlmutter 1994). */
TG_API tg_tensor tg_hvp(tg_tensor y, tg_tensor x, tg_tensor v);

/* J v, the derivative of y along v, for v of x's shape; the result has y's shape. Two reverse passes: g(u) = uᵀ J is
   linear in u, and the gradient of g(u) v by u is J v. */
TG_API tg_tensor tg_jvp(tg_tensor y, tg_tensor x, tg_tensor v);

/* Recomputation ---------------------------------------------------------------------------------------------------- */

/* A function of tensors: computes its result, of any shape, from n inputs on `tape`. */
typedef tg_tensor tg_checkpoint_function(tg_tape *tape, const tg_tensor *inputs, void *context);

/* y = f(inputs) without keeping the intermediate values of f: f runs now, for the value, and again in the reverse pass,
   for the gradients (Chen et al. 2016). So m checkpoints in a row need the memory of one run of f and of m results, and
   each f runs once more. The inputs are tensors of one tape, with the parameters that f uses 1 .. 65000.

   f runs on a tape of its own, which belongs to the inputs' tape and is reset after each run. f must use the tape and the
   inputs that it is given, and it may use parameters (tg_param). In f, tensors of the outer tape are TG_ERR_TAPE, calls
   on the outer tape are TG_ERR_STATE, and so is tg_backward; tg_grad is allowed. `context` is borrowed until the reset or
   rewind that removes y.

   f must compute the same bits in each run: if it draws random numbers, it must start with a copy of the generator. A run
   that has another result than the first, or uses other parameters, is TG_ERR_CHANGED.

   Gradients have the same bits as without the checkpoint, except those of a tensor that f uses several times and that is
   also used outside f: its contributions are added in another order. Derivatives are of any order that f's operations
   have; each order runs f again. */
TG_API tg_tensor tg_checkpoint(tg_checkpoint_function *f, const tg_tensor *inputs, int n, void *context);

/* The graph --------------------------------------------------------------------------------------------------------- */

/* Writes the tensors of the tape as a graph in the language of Graphviz (`dot -Tsvg`): one node for each tensor with its
   operation, name and shape, leaves as boxes, and tensors that need a gradient with a solid outline, others with a
   dashed one; arrows from input to result. The status of the tape, TG_ERR_ARGUMENT for NULL, or TG_ERR_IO. */
TG_API tg_status tg_tape_dot(tg_tape *tape, FILE *out);

#ifdef __cplusplus
}
#endif
#endif
