/* pool.h - windows over the last two axes of a tensor: what max_pool and avg_pool share. */
#ifndef TG_POOL_H
#define TG_POOL_H

#include "ops/elementwise.h"

/* The attributes: of the rows, and of the columns. */
typedef struct pool {
    int64_t size[2], stride[2], padding[2];
    int64_t in[2], out[2]; /* elements, and windows */
} pool;

/* The elements start .. stop - 1 of a window, without the padding. */
typedef struct span {
    int64_t start, stop;
} span;

static inline span span_of(const pool *p, int axis, int64_t window)
{
    const int64_t start = window * p->stride[axis] - p->padding[axis], stop = start + p->size[axis];
    return (span){ start < 0 ? 0 : start, stop > p->in[axis] ? p->in[axis] : stop };
}

#ifndef TG_VECTOR_PASS

/* The shape rules: the last two axes become windows or, in what spreads them, elements. The forward: planes are divided among
   the threads; the loop gets l->rows planes, and the pool as its attributes. */
tg_status tg_shape_windows(tg_call *call, tg_shape *out);
tg_status tg_shape_elements(tg_call *call, tg_shape *out);
tg_status tg_forward_pool(tg_call *call);

#define TG_POOLING(op_name, n_inputs, spreads)                                                                       \
    .name = #op_name, .arity = (n_inputs), .order = TG_ORDER_ANY,                                                    \
    .shape = (spreads) ? tg_shape_elements : tg_shape_windows, .forward = tg_forward_pool,                           \
    .data = TG_MAP(op_name, 0)

/* For samples: windows of 3 x 2 every 2 x 2 elements of 4 x 5, padded by 1 x 1. */
#define TG_POOL_SAMPLE                                                                                               \
    .attributes = &(const pool){ { 3, 2 }, { 2, 2 }, { 1, 1 }, { 4, 5 }, { 2, 3 } }, .attribute_bytes = sizeof(pool)

/* Applies op to x [n, c, h, w], or with `axes` 1 to x [n, c, l], after checking the arguments; `name` is in errors. */
tg_tensor tg_pooled(const tg_op *op, tg_tensor x, const char *name, int axes, int64_t size, int64_t stride,
                    int64_t padding);

#endif
#endif
