/* leaf.c - tensors that no operation computes: variables, constants, borrowed memory. */
#include <string.h>

#include "core/convert.h"
#include "core/error.h"
#include "core/leaf.h"
#include "core/push.h"

const tg_op tg_leaf_variable = { .name = "variable" };
const tg_op tg_leaf_constant = { .name = "constant" };
const tg_op tg_leaf_param = { .name = "param" };
const tg_op tg_leaf_gradient = { .name = "gradient" };

/* Whether a leaf can be made. */
static bool is_open(tg_tape *t, const char *what)
{
    return t && tg_tape_is_open(t, what);
}

/* A leaf with memory for its values, which the caller fills. */
static tg_node *place_leaf(tg_tape *t, const tg_op *op, const tg_shape *shape, unsigned flags, const char *what)
{
    if (!is_open(t, what))
        return NULL;
    const tg_extent *extent = tg_tape_extent(t, shape, what);
    if (!extent || !tg_tape_leaf(t, op, extent, NULL, flags).id)
        return NULL;
    tg_node *n = tg_node_at(t, t->count);
    if (tg_tape_place(t, n))
        return n;
    t->count--;
    return NULL;
}

static tg_tensor copy_leaf(tg_tape *t, const tg_op *op, const tg_shape *shape, tg_dtype dtype, const void *data,
                           unsigned flags)
{
    if (is_open(t, op->name) && !data && tg_shape_size(shape) > 0)
        tg_tape_raise(t, TG_ERR_ARGUMENT, "%s: the data is NULL", op->name);
    tg_node *n = place_leaf(t, op, shape, flags, op->name);
    if (!n)
        return tg_invalid(t);
    tg_convert(n->value, t->dtype, data, dtype, n->extent->size);
    return tg_handle(t, t->count);
}

/* Data that is a pointer to void: an error, unless it is NULL and the shape has no elements. */
static tg_tensor untyped(tg_tape *t, const tg_op *op, const tg_shape *shape, const void *data, unsigned flags)
{
    if (is_open(t, op->name) && data)
        tg_tape_raise(t, TG_ERR_ARGUMENT, "%s: the data is a pointer to void; give one to float or double", op->name);
    return copy_leaf(t, op, shape, TG_F64, NULL, flags);
}

enum { VARIABLE = TG_NODE_NEEDS_GRAD | TG_NODE_RETAIN };

tg_tensor tg_variable_f32(tg_tape *t, tg_shape shape, const float *data)
{
    return copy_leaf(t, &tg_leaf_variable, &shape, TG_F32, data, VARIABLE);
}

tg_tensor tg_variable_f64(tg_tape *t, tg_shape shape, const double *data)
{
    return copy_leaf(t, &tg_leaf_variable, &shape, TG_F64, data, VARIABLE);
}

tg_tensor tg_variable_untyped(tg_tape *t, tg_shape shape, const void *data)
{
    return untyped(t, &tg_leaf_variable, &shape, data, VARIABLE);
}

tg_tensor tg_constant_f32(tg_tape *t, tg_shape shape, const float *data)
{
    return copy_leaf(t, &tg_leaf_constant, &shape, TG_F32, data, 0);
}

tg_tensor tg_constant_f64(tg_tape *t, tg_shape shape, const double *data)
{
    return copy_leaf(t, &tg_leaf_constant, &shape, TG_F64, data, 0);
}

tg_tensor tg_constant_untyped(tg_tape *t, tg_shape shape, const void *data)
{
    return untyped(t, &tg_leaf_constant, &shape, data, 0);
}

tg_tensor tg_full(tg_tape *t, tg_shape shape, double value)
{
    tg_node *n = place_leaf(t, &tg_leaf_constant, &shape, 0, "full");
    if (!n)
        return tg_invalid(t);
    if (t->dtype == TG_F32)
        for (int64_t i = 0; i < n->extent->size; i++)
            ((float *)n->value)[i] = (float)value;
    else
        for (int64_t i = 0; i < n->extent->size; i++)
            ((double *)n->value)[i] = value;
    return tg_handle(t, t->count);
}

static TG_COLD tg_tensor raise_wrapped(tg_tape *t, tg_dtype dtype)
{
    tg_tape_raise(
        t, TG_ERR_DTYPE,
        "wrap: float%d data on a float%d tape; tg_constant copies and converts, tg_wrap borrows data of the "
        "tape's own dtype",
        dtype == TG_F32 ? 32 : 64, t->dtype == TG_F32 ? 32 : 64);
    return tg_invalid(t);
}

static tg_tensor wrap(tg_tape *t, const tg_shape *shape, tg_dtype dtype, const void *data)
{
    if (!is_open(t, "wrap"))
        return tg_invalid(t);
    if (dtype != t->dtype)
        return raise_wrapped(t, dtype);
    const tg_extent *extent = tg_tape_extent(t, shape, "wrap");
    if (!extent)
        return tg_invalid(t);
    if (!data && extent->size > 0) {
        tg_tape_raise(t, TG_ERR_ARGUMENT, "wrap: the data is NULL");
        return tg_invalid(t);
    }
    if ((uintptr_t)data % t->element) {
        tg_tape_raise(t, TG_ERR_ARGUMENT, "wrap: the data is not aligned to elements of %zu bytes", t->element);
        return tg_invalid(t);
    }
    /* A node's value is not const because that of some nodes is written; this one is only read. */
    return tg_tape_leaf(t, &tg_leaf_constant, extent, (void *)(uintptr_t)data, 0);
}

tg_tensor tg_wrap_f32(tg_tape *t, tg_shape shape, const float *data)
{
    return wrap(t, &shape, TG_F32, data);
}

tg_tensor tg_wrap_f64(tg_tape *t, tg_shape shape, const double *data)
{
    return wrap(t, &shape, TG_F64, data);
}

tg_tensor tg_wrap_untyped(tg_tape *t, tg_shape shape, const void *data)
{
    if (!data)
        return wrap(t, &shape, t ? t->dtype : TG_F32, NULL);
    tg_tape_raise(t, TG_ERR_ARGUMENT,
                  "wrap: the data is a pointer to void; give one to float or double, a batch to tg_wrap_batch, or a "
                  "data set to tg_wrap_dataset");
    return tg_invalid(t);
}
