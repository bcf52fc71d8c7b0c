/* reduce.h - reductions over axes: which axes, the result's shape, and how the loop is run.

   To add a reduction: a file with its loop (ROWS, under TG_VECTOR_PASS) and its `const tg_op tg_op_NAME`, filled in by
   TG_REDUCTION, with .order, .vjp and samples by TG_OVER; a line LOOP(file, NAME) in ops.list; a prototype in
   tapegrad/ops.h. norm.c and logsumexp.c are examples. The function calls tg_reduce, which checks the axis; the vjp brings the
   cotangent back to the input's rank with tg_unreduced. */
#ifndef TG_REDUCE_H
#define TG_REDUCE_H

#include "ops/lines.h"

/* How a sum that leaves the range of the dtype is computed: its parts scaled down by a power of two, and their sum scaled
   up again. */
enum { TG_SMALLER = 1, TG_LARGER = 2 };

#ifndef TG_VECTOR_PASS

/* The attributes of a reduction: bit d of axes is set where axis d is reduced. The result has the other axes, and the
   reduced ones with size 1 or not at all. */
typedef struct tg_reduced {
    unsigned axes;
    tg_shape result;
    double number; /* the operation's own, like the correction of var */
} tg_reduced;

/* The data of a reduction: the loop that reduces each line to one element. Unless whole_lines is set, the loop also joins
   the results of parts of a line, and of one group of adjacent axes after the other. In the last call p[0] is the divisor for n
   elements a result, 1 where `divisor` is NULL. */
typedef struct tg_reducer {
    enum tg_op_index loop;
    double (*divisor)(double n, double number);
    bool whole_lines;
    bool one_group; /* the reduced axes must be adjacent: tg_reduce permutes the input where they are not */
} tg_reducer;

/* What all reductions share. The other arguments are fields of the tg_reducer. */
#define TG_REDUCTION(op_name, ...)                                                                                   \
    .name = #op_name, .arity = 1, .flags = TG_OP_ACCUMULATES, .shape = tg_shape_reduced,                             \
    .forward = tg_forward_reduce, .data = &(const tg_reducer)                                                        \
    {                                                                                                                \
        __VA_ARGS__                                                                                                  \
    }

/* For samples: the attributes of reducing the axes of `mask` to the result, with the operation's number. */
#define TG_OVER(mask, its_number, ...)                                                                               \
    .attributes = &(const tg_reduced){ .axes = (mask), .result = __VA_ARGS__, .number = (its_number) },              \
    .attribute_bytes = sizeof(tg_reduced)

/* Applies `op`, whose attributes are a tg_reduced, over one axis, TG_AXES or TG_ALL. With needs_elements, an empty reduction is
   an error. */
tg_tensor tg_reduce(const tg_op *op, tg_tensor x, int axis, bool keepdim, double number, bool needs_elements);

/* The shape rule: the attributes have the result's shape. */
tg_status tg_shape_reduced(tg_call *call, tg_shape *out);

/* The forward: runs the operation's loop over each group of adjacent reduced axes, innermost first. */
tg_status tg_forward_reduce(tg_call *call);

/* Input 0 as lines along the innermost group of adjacent axes in *axes. Removes these axes from *axes and sets their sizes in
   *shape to 1. Without axes: lines of one element. */
tg_lines tg_lines_of_group(tg_shape *shape, unsigned *axes);

/* In a vjp: y, which has the result's shape, with the input's rank, so that it broadcasts against the input; the number of
   elements of the input for each of the result, 0 where the input is empty; and, for one group of axes, x of the input's shape
   as [outer, k, inner], where the group is the k elements, or of the result's shape as [outer, 1, inner]. */
tg_tensor tg_unreduced(const tg_vjp *v, tg_tensor y);
double tg_reduced_count(const tg_vjp *v);
tg_tensor tg_grouped(const tg_vjp *v, tg_tensor x);
tg_tensor tg_grouped_result(const tg_vjp *v, tg_tensor y);

#endif
#endif
