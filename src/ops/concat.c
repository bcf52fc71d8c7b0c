/* concat.c - y = the tensors x_0, x_1, ... one after the other along an axis */
#include "core/call.h"
#include "ops/blocks.h"
#include "ops/lines.h"

static tg_status shape(tg_call *c, tg_shape *out)
{
    *out = tg_call_shape(c, 0);
    if (out->rank == 0)
        return tg_call_fail(c, TG_ERR_SHAPE, "scalars have no axis; reshape them to [1]");
    int axis;
    const tg_status status = tg_call_axis(c, out->rank, *(const int *)tg_call_attributes(c), &axis);
    if (status != TG_OK)
        return status;
    int64_t size = 0;
    for (int i = 0; i < tg_call_count(c); i++) {
        tg_shape s = tg_call_shape(c, i);
        if (s.rank == out->rank) {
            if (s.dims[axis] > INT64_MAX - size)
                return tg_call_fail(c, TG_ERR_SHAPE, "the sizes along axis %d add up to more than 2^63", axis);
            size += s.dims[axis];
            s.dims[axis] = out->dims[axis];
        }
        if (!tg_shape_equal(&s, out))
            return tg_call_fail(c, TG_ERR_SHAPE, "input %d differs from input 0 in more than axis %d", i, axis);
    }
    out->dims[axis] = size;
    return TG_OK;
}

static tg_status forward(tg_call *c)
{
    const int axis = *(const int *)tg_call_attributes(c);
    const tg_shape whole = tg_call_output_shape(c);
    const tg_lines l = tg_lines_along(&whole, axis);
    const size_t one = (size_t)l.inner * c->tape->element, line = (size_t)l.k * one;
    char *out = c->out;
    for (int i = 0; i < tg_call_count(c); i++) {
        const tg_shape s = tg_call_shape(c, i);
        const size_t bytes = (size_t)tg_lines_along(&s, axis).k * one;
        tg_copy_blocks(l.outer, bytes, tg_call_input(c, i), bytes, out, line);
        out += bytes;
    }
    return TG_OK;
}

static void vjp(tg_vjp *v)
{
    const int axis = *(const int *)tg_vjp_attributes(v);
    int64_t start = 0;
    for (int i = 0; i < tg_vjp_count(v); i++) {
        const int64_t stop = start + tg_dim(tg_input(v, i), axis);
        if (tg_wants(v, i))
            tg_give(v, i, tg_slice(tg_cotangent(v), axis, start, stop));
        start = stop;
    }
}

static const tg_sample samples[] = {
    { .n = 3,
      .inputs = { { .shape = { 2, { 2, 3 } } }, { .shape = { 2, { 2, 1 } } }, { .shape = { 2, { 2, 2 } } } },
      .attributes = &(const int){ -1 },
      .attribute_bytes = sizeof(int) },
    { .n = 2,
      .inputs = { { .shape = { 2, { 1, 3 } } }, { .shape = { 2, { 2, 3 } } } },
      .attributes = &(const int){ 0 },
      .attribute_bytes = sizeof(int) },
};

const tg_op tg_op_concat = {
    .name = "concat",
    .arity = TG_VARIADIC,
    .order = TG_ORDER_ANY,
    .shape = shape,
    .forward = forward,
    .vjp = vjp,
    TG_SAMPLES(samples),
};

tg_tensor tg_concat(const tg_tensor *xs, int n, int axis)
{
    return tg_apply(&tg_op_concat, xs, n, &axis, sizeof axis);
}
