/* elementwise.h - what the file of an elementwise operation includes. Such a file is compiled once without TG_VECTOR_PASS, for
   the operation, and once with it for each instruction set and dtype, for the vector loop. */
#ifndef TG_ELEMENTWISE_H
#define TG_ELEMENTWISE_H

/* For x beyond TG_FAR, e^-x and e^(-x^2) are 0 in both dtypes. An x that is multiplied by one of them is clamped to it first,
   so that infinity is never multiplied by 0. */
enum { TG_FAR = 1000 };

#ifdef TG_VECTOR_PASS
#include "kernels/map.h"
#else

#include "core/apply.h"
#include "kernels/kernels.h"
#include "ops/index.h"
#include "ops/registry.h"
#include "tapegrad/op.h"
#include "tapegrad/tape.h"
#include "tapegrad/ops.h"

/* The data of an elementwise operation: its loop, and how many doubles its attributes are (0, 1 or 2). The loop has them as
   p0 and p1. */
typedef struct tg_map {
    enum tg_op_index loop;
    int numbers;
} tg_map;
#define TG_MAP(name, n_numbers) (&(const tg_map){ .loop = TG_INDEX_##name, .numbers = (n_numbers) })

/* The forward of an elementwise operation: broadcasts, cuts the work over the threads, runs the loop. */
tg_status tg_forward_map(tg_call *call);

/* What elementwise operations share: inputs, flags, shape rule, forward. */
#define TG_ELEMENTWISE(op_name, n_inputs, n_numbers)                                                                 \
    .name = #op_name, .arity = (n_inputs), .flags = TG_OP_ELEMENTWISE, .order = TG_ORDER_ANY,                        \
    .shape = tg_shape_broadcast, .forward = tg_forward_map, .data = TG_MAP(op_name, n_numbers)

#define TG_COUNT(array)   ((int)(sizeof(array) / sizeof((array)[0])))
#define TG_SAMPLES(array) .samples = (array), .n_samples = TG_COUNT(array)

/* clang-format off */
/* Samples: an input drawn from low .. high; numbers as attributes; inputs a and b that broadcast in every way. */
#define TG_DRAWN(low, high, ...) { .shape = { __VA_ARGS__ }, .lo = (low), .hi = (high) }
#define TG_MATRIX(low, high)     TG_DRAWN(low, high, 2, { 3, 4 })
#define TG_NUMBERS(...)                                                                                              \
    .attributes = (const double[]){ __VA_ARGS__ }, .attribute_bytes = sizeof((const double[]){ __VA_ARGS__ })
#define TG_BROADCAST_SAMPLES(a_low, a_high, b_low, b_high)                                                           \
    { .n = 2, .inputs = { TG_MATRIX(a_low, a_high), TG_MATRIX(b_low, b_high) } },                                    \
    { .n = 2, .inputs = { TG_DRAWN(a_low, a_high, 1, { 4 }), TG_DRAWN(b_low, b_high, 3, { 2, 3, 1 }) } },            \
    { .n = 2, .inputs = { TG_DRAWN(a_low, a_high, 0), TG_DRAWN(b_low, b_high, 2, { 2, 2 }) } }
/* clang-format on */

/* In a scalar_vjp: an intermediate result, rounded to the dtype. */
static inline double tg_round_to(tg_dtype dtype, double x)
{
    return dtype == TG_F32 ? (double)(float)x : x;
}

/* In a vjp: the operation's first number. */
static inline double tg_number(const tg_vjp *v)
{
    return *(const double *)tg_vjp_attributes(v);
}

#endif
#endif
