/* reduce.h - what operations that reduce over axes share: which axes, what is left, and how the loop is run. */
#ifndef TG_REDUCE_H
#define TG_REDUCE_H

#include "ops/elementwise.h"

#ifndef TG_VECTOR_PASS

/* The attributes of a reduction: bit d of axes is set where axis d is reduced; the result is kept's sizes, with the
   reduced axes as 1 or left out. */
typedef struct tg_reduction_of {
    unsigned axes;
    tg_shape result;
} tg_reduction_of;

/* Applies `op`, whose rule takes a tg_reduction_of, over one axis or TG_ALL. An empty reduction is an error where
   `needs_elements`. */
tg_tensor tg_reduce(const tg_op *op, tg_tensor x, int axis, bool keepdim, bool needs_elements);

/* The shape rule: the result that the attributes say. */
tg_status tg_shape_reduced(tg_call *call, tg_shape *out);

/* The forward: runs the operation's loop for each group of neighbouring reduced axes, innermost first. The loop reduces
   `rows` elements at stride row[0] to one, for each of `cols` outputs at stride col[0]; either may be 1. */
tg_status tg_forward_reduce(tg_call *call);

/* In a vjp: a tensor of the result's shape, brought back to the input's rank so that it broadcasts against the input. */
tg_tensor tg_unreduced(const tg_vjp *v, tg_tensor y);

#endif
#endif
