/* slice.c - y = the part start <= i < stop of x along an axis;  the vjp pads g with zeros to the shape of x */
#include "ops/blocks.h"
#include "ops/lines.h"

/* Counted from the start of the axis; none is negative once the shape rule has run. */
typedef struct part {
    int axis;
    int64_t start, stop;
    int64_t size; /* slice_grad: of the axis in the result */
} part;

static tg_tensor slice_grad(tg_tensor g, part p)
{
    return tg_apply1_with(&tg_op_slice_grad, g, &p, sizeof p);
}

static tg_tensor slice(tg_tensor x, part p)
{
    return tg_apply1_with(&tg_op_slice, x, &p, sizeof p);
}

/* The lines along the axis as bytes: their number and length, and where the part starts and how long it is. */
typedef struct span {
    int64_t outer;
    size_t line, skip, bytes;
} span;

static span span_of(const tg_call *c, const tg_shape *whole)
{
    const part *p = tg_call_attributes(c);
    const tg_lines l = tg_lines_along(whole, p->axis);
    const size_t one = (size_t)l.inner * c->tape->element;
    return (span){ l.outer, (size_t)l.k * one, (size_t)p->start * one, (size_t)(p->stop - p->start) * one };
}

/* Slice ----------------------------------------------------------------------------------------------------------- */

static tg_status slice_shape(tg_call *c, tg_shape *out)
{
    const part *p = tg_call_attributes(c);
    *out = tg_call_shape(c, 0);
    if (out->rank == 0)
        return tg_call_fail(c, TG_ERR_SHAPE, "a scalar has no axis; rank 1 or more has");
    int axis;
    tg_status status = tg_call_axis(c, out->rank, p->axis, &axis);
    if (status != TG_OK)
        return status;
    const int64_t size = out->dims[axis];
    const int64_t start = p->start < 0 ? p->start + size : p->start, stop = p->stop < 0 ? p->stop + size : p->stop;
    if (start < 0 || stop > size || start > stop)
        return tg_call_fail(c, TG_ERR_SHAPE,
                            "%lld .. %lld is no part of axis %d; 0 <= start <= stop <= %lld, or counted from the end",
                            (long long)p->start, (long long)p->stop, axis, (long long)size);
    part *resolved = c->node->attributes;
    *resolved = (part){ axis, start, stop, size };
    out->dims[axis] = stop - start;
    return TG_OK;
}

static tg_status slice_forward(tg_call *c)
{
    const tg_shape whole = tg_call_shape(c, 0);
    const span s = span_of(c, &whole);
    tg_copy_blocks(s.outer, s.bytes, (const char *)tg_call_input(c, 0) + s.skip, s.line, c->out, s.bytes);
    return TG_OK;
}

static void slice_vjp(tg_vjp *v)
{
    tg_give(v, 0, slice_grad(tg_cotangent(v), *(const part *)tg_vjp_attributes(v)));
}

#define PART(...) .attributes = &(const part){ __VA_ARGS__ }, .attribute_bytes = sizeof(part)

static const tg_sample slice_samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 5, 3 } } } }, PART(.axis = 1, .start = 1, .stop = 4) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, PART(.axis = -1, .start = -3, .stop = -1) },
};

const tg_op tg_op_slice = {
    .name = "slice",
    .arity = 1,
    .order = TG_ORDER_ANY,
    .shape = slice_shape,
    .forward = slice_forward,
    .vjp = slice_vjp,
    TG_SAMPLES(slice_samples),
};

/* Its vjp: g among zeros ------------------------------------------------------------------------------------------ */

static tg_status grad_shape(tg_call *c, tg_shape *out)
{
    const part *p = tg_call_attributes(c);
    *out = tg_call_shape(c, 0);
    out->dims[p->axis] = p->size;
    return TG_OK;
}

static tg_status grad_forward(tg_call *c)
{
    const tg_shape whole = tg_call_output_shape(c);
    const span s = span_of(c, &whole);
    const char *g = tg_call_input(c, 0);
    char *out = c->out;
    for (int64_t i = 0; i < s.outer; i++, out += s.line, g += s.bytes) {
        if (c->accumulate) {
            c->tape->kernels->add((int64_t)(s.bytes / c->tape->element), g, out + s.skip);
            continue;
        }
        memset(out, 0, s.skip);
        memcpy(out + s.skip, g, s.bytes);
        memset(out + s.skip + s.bytes, 0, s.line - s.skip - s.bytes);
    }
    return TG_OK;
}

static void grad_vjp(tg_vjp *v)
{
    tg_give(v, 0, slice(tg_cotangent(v), *(const part *)tg_vjp_attributes(v)));
}

static const tg_sample grad_samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 3 } } } }, PART(.axis = 1, .start = 1, .stop = 4, .size = 5) },
};

const tg_op tg_op_slice_grad = {
    .name = "slice_grad",
    .arity = 1,
    .flags = TG_OP_ACCUMULATES,
    .order = TG_ORDER_ANY,
    .shape = grad_shape,
    .forward = grad_forward,
    .vjp = grad_vjp,
    TG_SAMPLES(grad_samples),
};

tg_tensor tg_slice(tg_tensor x, int axis, int64_t start, int64_t stop)
{
    return slice(x, (part){ .axis = axis, .start = start, .stop = stop });
}
