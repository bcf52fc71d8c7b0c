/* transform.h - what is built on gradients: Jacobians, Hessians and their products, recomputation, the graph as text. */
#ifndef TAPEGRAD_TRANSFORM_H
#define TAPEGRAD_TRANSFORM_H

#include <stdio.h>

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Derivatives as tensors ------------------------------------------------------------------------------------------
   Each result is a constant of the tape. What is built on the way is taken back, so that a call needs the memory of
   its result and of one reverse pass. x is any tensor of y's tape, a leaf or not; where y does not depend on x the
   result is zeros. The errors are those of tg_grad, of which these functions consist (grad.h), and behave as there: a
   bad tensor, the error on the tape. Differentiating a result is an error, as with a gradient that was made without
   TG_CREATE_GRAPH. No parameter's gradient and nothing that tg_grad_of returns is changed. */

/* J[i..., j...] = dy[i...] / dx[j...]: y's shape followed by x's, together of at most TG_MAX_RANK axes (else
   TG_ERR_SHAPE). One reverse pass for each element of y. */
TG_API tg_tensor tg_jacobian(tg_tensor y, tg_tensor x);

/* H[i..., j...] = d2y / dx[i...] dx[j...] of y of one element: x's shape twice, together of at most TG_MAX_RANK axes.
   One reverse pass for the gradient, and one for each element of x. */
TG_API tg_tensor tg_hessian(tg_tensor y, tg_tensor x);

/* H v, of x's shape, of y of one element and v of x's shape: two reverse passes, the second through the first
   (Pearlmutter 1994). */
TG_API tg_tensor tg_hvp(tg_tensor y, tg_tensor x, tg_tensor v);

/* J v, of y's shape, for v of x's shape: the derivative of y along v. Two reverse passes: g(u) = uᵀ J is linear in u,
   and its derivative by u along v is J v. */
TG_API tg_tensor tg_jvp(tg_tensor y, tg_tensor x, tg_tensor v);

/* Recomputation ---------------------------------------------------------------------------------------------------- */

/* A function of tensors: builds its result, of any shape, from n inputs on `tape`. */
typedef tg_tensor tg_checkpoint_function(tg_tape *tape, const tg_tensor *inputs, void *context);

/* y = f(inputs) without keeping on the tape what f computes on the way: f runs now, for the value, and again in the
   reverse pass, for the gradients (Chen et al. 2016). So a chain of m checkpoints needs the memory of one of them and
   of m results, and one more forward.
   f runs on a tape of its own, which belongs to the inputs' tape and is reset after each run: it must use the tape and
   the inputs that it is given, and it may use parameters (tg_param); tensors of the outer tape are the error
   TG_ERR_TAPE, the outer tape itself is closed (TG_ERR_STATE). Inputs are 1 .. 65535 tensors of one tape. f must not
   call tg_backward (TG_ERR_STATE); tg_grad is allowed. `context` is borrowed until the reset or rewind that forgets y.
   f must compute the same bits each time: copy a random generator that it uses at its start. A run with another result
   than the first, or with other parameters, is TG_ERR_CHANGED.
   Gradients are those of f's operations to the bit, but for what f uses several times and is used outside as well: its
   contributions are added in another order. Derivatives of any order, as f's operations have; each order runs f
   again. */
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
