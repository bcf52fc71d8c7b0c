/* lines.h - operations along an axis: a tensor is a set of lines of elements, which are divided among the threads. */
#ifndef TG_LINES_H
#define TG_LINES_H

#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS
#include "ops/vline.h"
#else

/* A tensor as [outer, k, inner], which is outer x inner lines of k elements, and the loop that runs over them, written with
   vline.h. */
typedef struct tg_lines {
    int64_t outer, k, inner;
    tg_loop_fn *run;
    tg_loop loop; /* pointers to the first line, numbers, attributes */
    size_t element;
    int inputs;   /* how many of loop.in have the lines' layout; */
    int per_line; /* how many of those after them have one element a line; the loop gets the rest unchanged */
    bool reduces; /* the output is [outer, inner], not lines */
} tg_lines;

/* Whether x, a valid tensor, has this axis; TG_ALL always. Else the error of operation `name` is raised. */
bool tg_check_axis(tg_tensor x, const char *name, int axis);

/* The lines of `shape` along `axis`, which may count from the end; TG_ALL: one line. */
tg_lines tg_lines_along(const tg_shape *shape, int axis);

/* Runs the loop over all lines; modifies *lines. */
void tg_lines_run(tg_lines *lines);

/* The shape rule where all inputs and the output have one shape; the attributes begin with an axis, an int. */
tg_status tg_shape_lines(tg_call *call, tg_shape *out);

/* The forward of such an operation: runs its loop (its data is a tg_map) over the lines along that axis. */
tg_status tg_forward_lines(tg_call *call);

/* An operation along an axis that uses both; for samples, its axis; and in its vjp. */
#define TG_ALONG_AXIS(op_name, n_inputs)                                                                             \
    .name = #op_name, .arity = (n_inputs), .shape = tg_shape_lines, .forward = tg_forward_lines,                     \
    .data = TG_MAP(op_name, 0)
#define TG_AXIS(which) .attributes = &(const int){ which }, .attribute_bytes = sizeof(int)
static inline int tg_line_axis(const tg_vjp *v)
{
    return *(const int *)tg_vjp_attributes(v);
}

#endif
#endif
