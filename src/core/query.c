/* query.c - a tensor's shape, whether it needs a gradient, and its values. */
#include <math.h>

#include "core/error.h"
#include "core/lookup.h"

bool tg_is_valid(tg_tensor x)
{
    return x.tape && x.tape->status == TG_OK && tg_node_find(x.tape, x);
}

tg_shape tg_shape_of(tg_tensor x)
{
    const tg_node *n = tg_node_of(x, "shape_of");
    return n ? n->extent->shape : tg_scalar_extent.shape;
}

int tg_rank(tg_tensor x)
{
    const tg_node *n = tg_node_of(x, "rank");
    return n ? n->extent->shape.rank : 0;
}

int64_t tg_dim(tg_tensor x, int axis)
{
    const tg_node *n = tg_node_of(x, "dim");
    if (!n)
        return -1;
    int rank = n->extent->shape.rank;
    if (axis >= -rank && axis < rank)
        return n->extent->shape.dims[axis < 0 ? axis + rank : axis];
    tg_tensor_fail(x, TG_ERR_SHAPE, "dim",
                   rank ? "axis %d is not in %d .. %d" : "axis %d of a scalar, which has none", axis, -rank,
                   rank - 1);
    return -1;
}

int64_t tg_size(tg_tensor x)
{
    const tg_node *n = tg_node_of(x, "size");
    return n ? n->extent->size : 0;
}

bool tg_needs_grad(tg_tensor x)
{
    const tg_node *n = tg_node_of(x, "needs_grad");
    return n && n->flags & TG_NODE_NEEDS_GRAD;
}

const void *tg_data(tg_tensor x)
{
    const tg_node *n = tg_node_with_value(x, "data");
    return n ? n->value : NULL;
}

static double element(const tg_tape *t, const tg_node *n, int64_t i)
{
    return tg_element(t, n->value, i);
}

double tg_item(tg_tensor x)
{
    const tg_node *n = tg_node_with_value(x, "item");
    if (n && n->extent->size == 1)
        return element(x.tape, n, 0);
    if (n)
        tg_tensor_fail(x, TG_ERR_SHAPE, "item", "there are %lld elements, not one; tg_read copies them all",
                       (long long)n->extent->size);
    return (double)NAN;
}

/* The node to read n elements from, or NULL with the error raised. */
static const tg_node *readable(tg_tensor x, const void *out, int64_t n)
{
    const tg_node *node = tg_node_with_value(x, "read");
    if (!node)
        return NULL;
    if (n != node->extent->size)
        tg_tensor_fail(x, TG_ERR_ARGUMENT, "read", "a buffer of %lld elements for %lld", (long long)n,
                       (long long)node->extent->size);
    else if (!out && n > 0)
        tg_tensor_fail(x, TG_ERR_ARGUMENT, "read", "the buffer is NULL");
    else
        return node;
    return NULL;
}

tg_status tg_read_f32(tg_tensor x, float *out, int64_t n)
{
    const tg_node *node = readable(x, out, n);
    for (int64_t i = 0; node && i < n; i++)
        out[i] = (float)element(x.tape, node, i);
    return tg_tape_status(x.tape);
}

tg_status tg_read_f64(tg_tensor x, double *out, int64_t n)
{
    const tg_node *node = readable(x, out, n);
    for (int64_t i = 0; node && i < n; i++)
        out[i] = element(x.tape, node, i);
    return tg_tape_status(x.tape);
}

tg_status tg_read_untyped(tg_tensor x, void *out, int64_t n)
{
    if (readable(x, out, n) && out)
        tg_tensor_fail(x, TG_ERR_ARGUMENT, "read", "the buffer is a pointer to void; give one to float or double");
    return tg_tape_status(x.tape);
}
