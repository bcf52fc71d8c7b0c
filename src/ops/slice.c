/* slice.c - y = the part start <= i < stop of x along an axis, and pad, which puts x between constants: each is the vjp of the
   other */
#include "core/lookup.h"
#include "core/error.h"
#include "core/call.h"
#include "ops/blocks.h"
#include "ops/lines.h"

/* Counted from the start of the axis; none is negative once the shape rule has run. */
typedef struct part {
    int axis;
    int64_t start, stop;
    int64_t size; /* of the whole axis */
    double value; /* pad: outside of the part */
} part;

static tg_tensor pad(tg_tensor x, part p)
{
    return tg_apply1_with(&tg_op_pad, x, &p, sizeof p);
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
    *resolved = (part){ axis, start, stop, size, 0 };
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
    tg_give(v, 0, pad(tg_cotangent(v), *(const part *)tg_vjp_attributes(v)));
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

/* Pad ------------------------------------------------------------------------------------------------------------- */

static tg_status pad_shape(tg_call *c, tg_shape *out)
{
    const part *p = tg_call_attributes(c);
    tg_copy_shape(tg_call_dims(c, 0), out);
    out->dims[p->axis] = p->size;
    return TG_OK;
}

/* Sets n elements to the value, or adds it to them. */
static void fill(const tg_call *c, char *out, size_t bytes, double value)
{
    const int64_t n = (int64_t)(bytes / c->tape->element);
    if (value == 0) { /* the padding of a gradient */
        if (!c->accumulate)
            memset(out, 0, bytes);
    } else if (c->tape->dtype == TG_F32) {
        for (int64_t i = 0; i < n; i++)
            ((float *)(void *)out)[i] = (float)value + (c->accumulate ? ((float *)(void *)out)[i] : 0);
    } else {
        for (int64_t i = 0; i < n; i++)
            ((double *)(void *)out)[i] = value + (c->accumulate ? ((double *)(void *)out)[i] : 0);
    }
}

static tg_status pad_forward(tg_call *c)
{
    const double value = ((const part *)tg_call_attributes(c))->value;
    const span s = span_of(c, &c->node->extent->shape);
    const char *x = tg_call_value(c, 0);
    char *out = c->out;
    for (int64_t i = 0; i < s.outer; i++, out += s.line, x += s.bytes) {
        fill(c, out, s.skip, value);
        if (c->accumulate)
            c->tape->kernels->add((int64_t)(s.bytes / c->tape->element), x, out + s.skip);
        else if (s.bytes)
            memcpy(out + s.skip, x, s.bytes);
        fill(c, out + s.skip + s.bytes, s.line - s.skip - s.bytes, value);
    }
    return TG_OK;
}

static void pad_vjp(tg_vjp *v)
{
    tg_give(v, 0, slice(tg_cotangent(v), *(const part *)tg_vjp_attributes(v)));
}

static const tg_sample pad_samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 3 } } } }, PART(.axis = 1, .start = 1, .stop = 4, .size = 5) },
    { .n = 1,
      .inputs = { { .shape = { 2, { 2, 3 } } } },
      PART(.axis = 1, .start = 0, .stop = 3, .size = 5, .value = -0.5) },
};

const tg_op tg_op_pad = {
    .name = "pad",
    .arity = 1,
    .flags = TG_OP_ACCUMULATES,
    .order = TG_ORDER_ANY,
    .shape = pad_shape,
    .forward = pad_forward,
    .vjp = pad_vjp,
    TG_SAMPLES(pad_samples),
};

/* Checks the arguments of tg_pad, and makes the part of them; the error is raised where it is false. */
static bool padding(tg_tensor x, int axis, int64_t before, int64_t after, part *p)
{
    const tg_node *n = tg_node_of(x, "pad");
    if (!n)
        return false;
    const int rank = n->extent->shape.rank;
    const int64_t most = PTRDIFF_MAX / (int64_t)sizeof(double);
    if (rank == 0)
        tg_tensor_fail(x, TG_ERR_SHAPE, "pad", "a scalar has no axis; rank 1 or more has");
    else if (axis < -rank || axis >= rank)
        tg_tensor_fail(x, TG_ERR_SHAPE, "pad", "axis %d is not in %d .. %d", axis, -rank, rank - 1);
    else if (before < 0 || after < 0)
        tg_tensor_fail(x, TG_ERR_ARGUMENT, "pad", "before is %lld and after %lld; both must be 0 or more",
                       (long long)before, (long long)after);
    else if (before > most || after > most)
        tg_tensor_fail(x, TG_ERR_SHAPE, "pad", "before is %lld and after %lld, which is more than memory",
                       (long long)before, (long long)after);
    else {
        const int d = axis < 0 ? axis + rank : axis;
        const int64_t size = n->extent->shape.dims[d];
        *p = (part){ .axis = d, .start = before, .stop = before + size, .size = before + size + after };
        return true;
    }
    return false;
}

tg_tensor tg_pad(tg_tensor x, int axis, int64_t before, int64_t after, double value)
{
    part p;
    if (!padding(x, axis, before, after, &p))
        return tg_invalid(x.tape);
    p.value = value;
    return pad(x, p);
}

/* Split ----------------------------------------------------------------------------------------------------------- */

/* The sum of the sizes, -1 where one is negative or it overflows. */
static int64_t total_of(const int64_t *sizes, int n)
{
    int64_t total = 0;
    for (int i = 0; i < n && total >= 0; i++)
        total = sizes[i] < 0 || sizes[i] > INT64_MAX - total ? -1 : total + sizes[i];
    return total;
}

static bool splits(tg_tensor x, int axis, const int64_t *sizes, int n, const tg_tensor *out)
{
    const tg_node *node = tg_node_of(x, "split");
    if (!node)
        return false;
    const tg_shape *s = &node->extent->shape;
    if (n < 1 || !sizes || !out)
        tg_tensor_fail(x, TG_ERR_ARGUMENT, "split", "%d parts%s%s; 1 or more sizes and results are needed", n,
                       sizes ? "" : ", sizes is NULL", out ? "" : ", out is NULL");
    else if (s->rank == 0)
        tg_tensor_fail(x, TG_ERR_SHAPE, "split", "a scalar has no axis; rank 1 or more has");
    else if (axis < -s->rank || axis >= s->rank)
        tg_tensor_fail(x, TG_ERR_SHAPE, "split", "axis %d is not in %d .. %d", axis, -s->rank, s->rank - 1);
    else if (total_of(sizes, n) != s->dims[axis < 0 ? axis + s->rank : axis])
        tg_tensor_fail(x, TG_ERR_SHAPE, "split", "the sizes must be 0 or more and add up to %lld",
                       (long long)s->dims[axis < 0 ? axis + s->rank : axis]);
    else
        return true;
    return false;
}

tg_status tg_split(tg_tensor x, int axis, const int64_t *sizes, int n, tg_tensor *out)
{
    const bool valid = splits(x, axis, sizes, n, out);
    int64_t start = 0;
    for (int i = 0; out && i < n; i++) {
        out[i] = valid ? tg_slice(x, axis, start, start + sizes[i]) : tg_invalid(x.tape);
        start += valid ? sizes[i] : 0;
    }
    return tg_tape_status(x.tape);
}

tg_tensor tg_slice(tg_tensor x, int axis, int64_t start, int64_t stop)
{
    return slice(x, (part){ .axis = axis, .start = start, .stop = stop });
}
