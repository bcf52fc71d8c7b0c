/* lines.h - what works along an axis: a tensor is lines of elements, and lines are cut over the threads. */
#ifndef TG_LINES_H
#define TG_LINES_H

#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS
#include "ops/strip.h"
#else

/* A tensor as [outer, k, inner]: outer x inner lines of k elements; and a loop that is run over them, written as strip.h
   says. */
typedef struct tg_lines {
    int64_t outer, k, inner;
    tg_loop_fn *run;
    tg_loop loop; /* pointers to the first line, numbers, attributes */
    size_t element;
    int inputs;   /* how many of loop.in have the lines' layout; */
    int per_line; /* then, how many have one element a line; the rest are handed on */
    bool reduces; /* the output is [outer, inner], not lines */
} tg_lines;

/* The lines of `shape` along `axis`, which may count from the end; TG_ALL: one line. */
tg_lines tg_lines_along(const tg_shape *shape, int axis);

/* Runs the loop over all of them; the loop is used up. */
void tg_lines_run(tg_lines *lines);

/* The shape rule of what has input 0's shape, and so have all its inputs; the attributes begin with an axis, an int. */
tg_status tg_shape_lines(tg_call *call, tg_shape *out);

/* The forward of the same: runs the operation's loop (its data is a tg_map) over the lines along that axis. */
tg_status tg_forward_lines(tg_call *call);

#endif
#endif
