/* stack.c - y = tensors of one shape along a new axis */
#include "core/call.h"
#include "ops/blocks.h"
#include "ops/lines.h"

static tg_status shape(tg_call *c, tg_shape *out)
{
    const tg_shape *first = tg_call_dims(c, 0);
    int axis;
    if (first->rank == TG_MAX_RANK)
        return tg_call_fail(c, TG_ERR_SHAPE, "a new axis would make rank %d; the most is %d", TG_MAX_RANK + 1,
                            TG_MAX_RANK);
    const tg_status status = tg_call_axis(c, first->rank + 1, *(const int *)tg_call_attributes(c), &axis);
    if (status != TG_OK)
        return status;
    for (int i = 1; i < tg_call_count(c); i++)
        if (!tg_shape_equal(tg_call_dims(c, i), first))
            return tg_call_fail(c, TG_ERR_SHAPE, "input %d does not have the shape of input 0", i);
    *out = (tg_shape){ .rank = first->rank + 1 };
    for (int d = 0; d < out->rank; d++)
        out->dims[d] = d == axis ? tg_call_count(c) : first->dims[d < axis ? d : d - 1];
    return TG_OK;
}

static tg_status forward(tg_call *c)
{
    const tg_lines l = tg_lines_along(&c->node->extent->shape, *(const int *)tg_call_attributes(c));
    const size_t bytes = (size_t)l.inner * c->tape->element, line = (size_t)l.k * bytes;
    char *out = c->out;
    for (int i = 0; i < tg_call_count(c); i++, out += bytes)
        tg_copy_blocks(l.outer, bytes, tg_call_value(c, i), bytes, out, line);
    return TG_OK;
}

static void vjp(tg_vjp *v)
{
    const int axis = *(const int *)tg_vjp_attributes(v);
    for (int i = 0; i < tg_vjp_count(v); i++)
        if (tg_wants(v, i))
            tg_give(v, i, tg_reshape(tg_slice(tg_cotangent(v), axis, i, i + 1), tg_shape_of(tg_input(v, i))));
}

static const tg_sample samples[] = {
    { .n = 2, .inputs = { { .shape = { 2, { 2, 3 } } }, { .shape = { 2, { 2, 3 } } } }, TG_AXIS(1) },
    { .n = 3,
      .inputs = { { .shape = { 1, { 2 } } }, { .shape = { 1, { 2 } } }, { .shape = { 1, { 2 } } } },
      TG_AXIS(-1) },
    { .n = 2, .inputs = { { .shape = { 0 } }, { .shape = { 0 } } }, TG_AXIS(0) },
};

const tg_op tg_op_stack = {
    .name = "stack",
    .arity = TG_VARIADIC,
    .order = TG_ORDER_ANY,
    .shape = shape,
    .forward = forward,
    .vjp = vjp,
    TG_SAMPLES(samples),
};

tg_tensor tg_stack(const tg_tensor *xs, int n, int axis)
{
    return tg_apply(&tg_op_stack, xs, n, &axis, sizeof axis);
}
