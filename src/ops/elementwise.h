/* elementwise.h - what the file of an elementwise operation includes. Such a file is compiled twice over: once as it
   stands, and, with TG_VECTOR_PASS, once for each instruction set and dtype for its loops. */
#ifndef TG_ELEMENTWISE_H
#define TG_ELEMENTWISE_H

#ifdef TG_VECTOR_PASS
#include "kernels/map.h"
#else

#include "kernels/kernels.h"
#include "ops/registry.h"
#include "tapegrad/op.h"
#include "tapegrad/tape.h"
#include "tapegrad/ops.h"

/* The data of an elementwise operation: which loop runs it. Its attributes are the `numbers` doubles that the loop calls
   p0, p1, ... */
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

#define TG_COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static inline tg_tensor tg_apply1(const tg_op *op, tg_tensor x)
{
    return tg_apply(op, &x, 1, NULL, 0);
}
static inline tg_tensor tg_apply2(const tg_op *op, tg_tensor a, tg_tensor b)
{
    return tg_apply(op, (tg_tensor[]){ a, b }, 2, NULL, 0);
}

#endif
#endif
