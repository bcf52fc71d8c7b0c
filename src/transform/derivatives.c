/* derivatives.c - Jacobians, Hessians, and their products with a vector, from tg_grad. */
#include <string.h>

#include "core/error.h"
#include "core/leaf.h"
#include "core/lookup.h"
#include "core/tape.h"
#include "grad/gradient.h"
#include "tapegrad/grad.h"
#include "tapegrad/transform.h"

/* The arguments of a call, and its result, which is made before the temporary nodes. */
typedef struct derivative {
    const char *what;
    tg_tape *tape;
    tg_tensor y, x, result;
    tg_mark start;
    bool was_recording;
} derivative;

static void raise_rank(const derivative *d, int rank)
{
    tg_tensor_fail(d->y, TG_ERR_SHAPE, d->what, "the result would have %d axes; at most %d are possible", rank,
                   TG_MAX_RANK);
}

static bool is_on_tape(const derivative *d, tg_tensor x, const char *role)
{
    if (x.tape == d->tape)
        return tg_node_of(x, d->what);
    tg_tape_raise(d->tape, x.tape ? TG_ERR_TAPE : TG_ERR_ARGUMENT, "%s: %s is %s", d->what, role,
                  x.tape ? "a tensor of another tape" : "the null tensor");
    return false;
}

/* A variable of zeros. */
static tg_tensor variable_zeros(tg_tape *t, const tg_shape *shape)
{
    const tg_tensor x = tg_full(t, *shape, 0);
    if (x.id) {
        tg_node_at(t, x.id)->op = &tg_leaf_variable;
        tg_node_at(t, x.id)->flags |= TG_NODE_NEEDS_GRAD;
    }
    return x;
}

static void set_element(const tg_tape *t, tg_tensor x, int64_t i, double value)
{
    void *values = tg_node_at(t, x.id)->value;
    if (t->dtype == TG_F32)
        ((float *)values)[i] = (float)value;
    else
        ((double *)values)[i] = value;
}

/* Checks y, x and the vector v, which has x's shape, or NULL for none. */
static bool begin(derivative *d, const char *what, tg_tensor y, tg_tensor x, const tg_tensor *v)
{
    tg_tape *t = y.tape ? y.tape : x.tape ? x.tape : v ? v->tape : NULL;
    *d = (derivative){ .what = what, .tape = t, .y = y, .x = x, .result = { .tape = t } };
    if (!t || !tg_tape_is_open(t, what) || !tg_tape_is_free(t, what))
        return false;
    if (!is_on_tape(d, y, "y") || !is_on_tape(d, x, "x") || (v && !is_on_tape(d, *v, "the vector")))
        return false;
    const tg_shape of_x = tg_shape_of(x);
    const tg_shape of_v = v ? tg_shape_of(*v) : of_x;
    if (tg_shape_equal(&of_v, &of_x))
        return true;
    char text[192];
    tg_tensor_fail(*v, TG_ERR_SHAPE, what, "the vector must have x's shape, %s",
                   tg_shape_text(&of_x, text, sizeof text));
    return false;
}

/* Makes the result, zeros of this shape. It counts as a gradient of y that was made without TG_CREATE_GRAPH. */
static bool place_result(derivative *d, const tg_shape *first, const tg_shape *second)
{
    tg_shape shape = *first;
    if (first->rank + second->rank > TG_MAX_RANK) {
        raise_rank(d, first->rank + second->rank);
        return false;
    }
    for (int i = 0; i < second->rank; i++)
        shape.dims[shape.rank++] = second->dims[i];
    d->result = tg_full(d->tape, shape, 0);
    if (!d->result.id)
        return false;
    tg_gradient_mark(d->result, d->y.id);
    d->start = tg_tape_mark(d->tape);
    d->was_recording = tg_tape_set_recording(d->tape, true);
    return true;
}

/* dy/dx, recorded or not, weighted by the cotangent; the null tensor for ones if y has one element. */
static tg_tensor grad(tg_tensor y, tg_tensor x, tg_tensor cotangent, unsigned flags)
{
    tg_tensor g;
    tg_grad(y, cotangent, &x, 1, &g, flags);
    return g;
}

/* Copies `g` into the result from element `offset` on. */
static bool put(const derivative *d, tg_tensor g, int64_t offset)
{
    const size_t element = d->tape->element;
    if (!g.id)
        return false;
    if (tg_size(g))
        memcpy((char *)tg_node_at(d->tape, d->result.id)->value + (size_t)offset * element, tg_data(g),
               (size_t)tg_size(g) * element);
    return true;
}

/* Row i of the result is the gradient of element i of y. */
static bool put_rows(const derivative *d, tg_tensor y)
{
    tg_tape *t = d->tape;
    const int64_t rows = tg_size(y), columns = tg_size(d->x);
    const tg_tensor chosen = tg_full(t, tg_shape_of(y), 0); /* 1 at the element of the row */
    bool good = chosen.id;
    for (int64_t i = 0; good && i < rows; i++) {
        const tg_mark row = tg_tape_mark(t);
        set_element(t, chosen, i, 1);
        good = put(d, grad(y, d->x, chosen, 0), i * columns);
        set_element(t, chosen, i, 0);
        if (good)
            tg_tape_rewind(t, row);
    }
    return good;
}

/* Removes the temporary nodes. An error is kept, with the operation before its message. */
static tg_tensor finish(const derivative *d, bool good)
{
    tg_tape_set_recording(d->tape, d->was_recording);
    if (good && tg_tape_rewind(d->tape, d->start) == TG_OK)
        return d->result;
    tg_tape_prefix_error(d->tape, "%s: ", d->what);
    return tg_invalid(d->tape);
}

tg_tensor tg_jacobian(tg_tensor y, tg_tensor x)
{
    derivative d;
    if (!begin(&d, "jacobian", y, x, NULL))
        return d.result;
    const tg_shape of_y = tg_shape_of(y), of_x = tg_shape_of(x);
    if (!place_result(&d, &of_y, &of_x))
        return tg_invalid(d.tape);
    return finish(&d, put_rows(&d, y));
}

tg_tensor tg_hessian(tg_tensor y, tg_tensor x)
{
    derivative d;
    if (!begin(&d, "hessian", y, x, NULL))
        return d.result;
    const tg_shape shape = tg_shape_of(x);
    if (!place_result(&d, &shape, &shape))
        return tg_invalid(d.tape);
    const tg_tensor g = grad(y, x, (tg_tensor){ 0 }, TG_CREATE_GRAPH);
    return finish(&d, g.id && put_rows(&d, g));
}

tg_tensor tg_hvp(tg_tensor y, tg_tensor x, tg_tensor v)
{
    derivative d;
    if (!begin(&d, "hvp", y, x, &v))
        return d.result;
    const tg_shape shape = tg_shape_of(x);
    if (!place_result(&d, &shape, &TG_SCALAR))
        return tg_invalid(d.tape);
    const tg_tensor g = grad(y, x, (tg_tensor){ 0 }, TG_CREATE_GRAPH);
    return finish(&d, g.id && put(&d, grad(g, x, v, 0), 0));
}

tg_tensor tg_jvp(tg_tensor y, tg_tensor x, tg_tensor v)
{
    derivative d;
    if (!begin(&d, "jvp", y, x, &v))
        return d.result;
    const tg_shape shape = tg_shape_of(y);
    if (!place_result(&d, &shape, &TG_SCALAR))
        return tg_invalid(d.tape);
    const tg_tensor u = variable_zeros(d.tape, &shape);
    const tg_tensor g = u.id ? grad(y, x, u, TG_CREATE_GRAPH) : u;
    return finish(&d, g.id && put(&d, grad(g, u, v, 0), 0));
}
