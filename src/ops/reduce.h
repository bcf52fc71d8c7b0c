/* reduce.h - what operations that reduce over axes share: which axes, what is left, and how the loop is run. */
#ifndef TG_REDUCE_H
#define TG_REDUCE_H

#include "ops/lines.h"

/* Sums of parts that leave the range of the dtype are made smaller by a power of two, and their sum larger again. */
enum { TG_SMALLER = 1, TG_LARGER = 2 };

#ifndef TG_VECTOR_PASS

/* The attributes of a reduction: bit d of axes is set where axis d is reduced; the result has what is left of the sizes,
   the reduced ones as 1 or left out. */
typedef struct tg_reduction_of {
    unsigned axes;
    tg_shape result;
    double number; /* the operation's own */
} tg_reduction_of;

/* The data of a reduction: the loop that reduces each line to one element, and again what it made of parts of a line.
   The last time, a reduction that averages passes the number of elements in all as p[0]; else that is 1. */
typedef struct tg_reducer {
    enum tg_op_index loop;
    bool averages;
} tg_reducer;

/* What reductions share, the rule of which gives derivatives of any order. */
#define TG_REDUCTION(op_name, by_loop, is_mean)                                                                      \
    .name = #op_name, .arity = 1, .flags = TG_OP_ACCUMULATES, .order = TG_ORDER_ANY, .shape = tg_shape_reduced,      \
    .forward = tg_forward_reduce, .data = &(const tg_reducer)                                                        \
    {                                                                                                                \
        TG_INDEX_##by_loop, is_mean                                                                                  \
    }

/* For samples: the attributes of reducing the axes of `mask` to the result. */
#define TG_OVER(mask, ...)                                                                                           \
    .attributes = &(const tg_reduction_of){ .axes = (mask), .result = __VA_ARGS__ },                                 \
    .attribute_bytes = sizeof(tg_reduction_of)

/* Whether x, a good tensor, has this axis; TG_ALL always. Else the error is raised, of the operation `name`. */
bool tg_check_axis(tg_tensor x, const char *name, int axis);

/* Applies `op`, whose rule takes a tg_reduction_of, over one axis or TG_ALL. An empty reduction is an error where
   `needs_elements`. */
tg_tensor tg_reduce(const tg_op *op, tg_tensor x, int axis, bool keepdim, double number, bool needs_elements);

/* The shape rule: the result that the attributes say. */
tg_status tg_shape_reduced(tg_call *call, tg_shape *out);

/* The forward: runs the operation's loop over each group of neighbouring reduced axes, innermost first. */
tg_status tg_forward_reduce(tg_call *call);

/* Input 0 as lines along the innermost group of the axes in *axes, whose bits are taken out; the sizes of these axes in
   *shape become 1. No axes: lines of one element. */
tg_lines tg_lines_of_group(tg_shape *shape, unsigned *axes);

/* In a vjp: a tensor of the result's shape, brought back to the input's rank so that it broadcasts against the input;
   and how many elements of the input make one of the result, 0 where the input is empty. */
tg_tensor tg_unreduced(const tg_vjp *v, tg_tensor y);
double tg_reduced_count(const tg_vjp *v);

#endif
#endif
