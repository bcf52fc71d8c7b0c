/* index_select.c - y_i = x_rows[i] along an axis, gather_rows along axis 0, embedding of a table's rows;  the vjp adds row i
   of g to row rows[i] of the gradient */
#include "core/error.h"
#include "core/lookup.h"
#include "core/call.h"
#include "core/convert.h"
#include "ops/blocks.h"
#include "ops/lines.h"

typedef struct picked {
    const int32_t *rows;
    int64_t n;
    int64_t height; /* gather_rows_grad: rows of the tensor that was gathered from */
    int axis;       /* not negative once the shape rule has run */
} picked;

static tg_tensor index_select(tg_tensor x, picked p)
{
    return tg_apply1_with(&tg_op_index_select, x, &p, sizeof p);
}

static tg_tensor gather_rows_grad(tg_tensor g, picked p)
{
    return tg_apply1_with(&tg_op_gather_rows_grad, g, &p, sizeof p);
}

/* Gather ---------------------------------------------------------------------------------------------------------- */

static tg_status gather_shape(tg_call *c, tg_shape *out)
{
    const picked *p = tg_call_attributes(c);
    *out = tg_call_shape(c, 0);
    if (out->rank == 0)
        return tg_call_fail(c, TG_ERR_SHAPE, "a scalar has no rows; rank 1 or more has");
    if (p->n < 0)
        return tg_call_fail(c, TG_ERR_ARGUMENT, "%lld rows; 0 or more can be gathered", (long long)p->n);
    if (!p->rows && p->n > 0)
        return tg_call_fail(c, TG_ERR_ARGUMENT, "rows is NULL, not %lld row numbers", (long long)p->n);
    int axis;
    const tg_status status = tg_call_axis(c, out->rank, p->axis, &axis);
    if (status != TG_OK)
        return status;
    ((picked *)c->node->attributes)->axis = axis;
    const int64_t height = out->dims[axis];
    for (int64_t i = 0; i < p->n; i++)
        if (p->rows[i] < 0 || p->rows[i] >= height)
            return tg_call_fail(c, TG_ERR_RANGE, "rows[%lld] is %d, not in 0 .. %lld", (long long)i, (int)p->rows[i],
                                (long long)height - 1);
    out->dims[axis] = p->n;
    return TG_OK;
}

static tg_status gather_forward(tg_call *c)
{
    const picked *p = tg_call_attributes(c);
    const tg_lines l = tg_lines_along(tg_call_dims(c, 0), p->axis);
    const size_t bytes = (size_t)l.inner * c->tape->element;
    const char *x = tg_call_value(c, 0);
    char *y = c->out;
    for (int64_t o = 0; o < l.outer; o++, x += (size_t)l.k * bytes)
        for (int64_t i = 0; i < p->n; i++, y += bytes)
            memcpy(y, x + (size_t)p->rows[i] * bytes, bytes);
    return TG_OK;
}

static void gather_vjp(tg_vjp *v)
{
    picked p = *(const picked *)tg_vjp_attributes(v);
    p.height = tg_dim(tg_input(v, 0), p.axis);
    tg_give(v, 0, gather_rows_grad(tg_cotangent(v), p));
}

static const int32_t sample_rows[] = { 2, 0, 2, 3 };
#define SELECTED(high, which)                                                                                        \
    .attributes = &(const picked){ .rows = sample_rows, .n = 4, .height = (high), .axis = (which) },                 \
    .attribute_bytes = sizeof(picked)

static const tg_sample gather_samples[] = {
    { .n = 1, .inputs = { { .shape = { 2, { 5, 3 } } } }, SELECTED(0, 0) },
    { .n = 1, .inputs = { { .shape = { 1, { 4 } } } }, SELECTED(0, 0) },
};

static const tg_sample select_samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 4, 3 } } } }, SELECTED(0, 1) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, SELECTED(0, -1) },
};

#define GATHER(op_name, its_samples)                                                                                 \
    const tg_op tg_op_##op_name = {                                                                                  \
        .name = #op_name,                                                                                            \
        .arity = 1,                                                                                                  \
        .order = TG_ORDER_ANY,                                                                                       \
        .shape = gather_shape,                                                                                       \
        .forward = gather_forward,                                                                                   \
        .vjp = gather_vjp,                                                                                           \
        TG_SAMPLES(its_samples),                                                                                     \
    }
GATHER(gather_rows, gather_samples);
GATHER(index_select, select_samples);

/* Adding back ----------------------------------------------------------------------------------------------------- */

static tg_status grad_shape(tg_call *c, tg_shape *out)
{
    const picked *p = tg_call_attributes(c);
    tg_copy_shape(tg_call_dims(c, 0), out);
    out->dims[p->axis] = p->height;
    return TG_OK;
}

/* Rows that were gathered more often than this are summed in double. */
enum { OFTEN = 32 };

typedef struct often {
    int32_t n;
    int32_t *place; /* for each row, its number among the n, from 1; 0 where it is not one of them */
    double *sums;
    void *rounded; /* one of them */
} often;

static bool find_often(tg_call *c, const picked *p, int64_t width, often *o)
{
    *o = (often){ 0 };
    if (p->n <= OFTEN)
        return true;
    const size_t bytes = (size_t)p->height * sizeof *o->place;
    o->place = tg_call_scratch(c, bytes);
    if (!o->place)
        return false;
    memset(o->place, 0, bytes);
    for (int64_t i = 0; i < p->n; i++)
        o->place[p->rows[i]] += o->place[p->rows[i]] <= OFTEN;
    for (int64_t r = 0; r < p->height; r++)
        o->place[r] = o->place[r] > OFTEN ? ++o->n : 0;
    const size_t sums = (size_t)(o->n * width) * sizeof *o->sums;
    o->sums = sums ? tg_call_scratch(c, sums) : NULL;
    o->rounded = o->sums ? tg_call_scratch(c, (size_t)width * c->tape->element) : NULL;
    return !sums || (o->sums && o->rounded);
}

/* Adds the sums of these rows, rounded, to the output. */
static void add_often(const tg_call *c, const picked *p, int64_t n, const often *o, char *out)
{
    const size_t bytes = (size_t)n * c->tape->element;
    for (int64_t r = 0; o->sums && r < p->height; r++)
        if (o->place[r]) {
            tg_convert(o->rounded, c->tape->dtype, o->sums + (o->place[r] - 1) * n, TG_F64, n);
            c->tape->kernels->add(n, o->rounded, out + (size_t)r * bytes);
        }
}

/* Adds the rows of g, of n elements each, to those of `out` that they were gathered from. */
static void add_rows(const tg_call *c, const picked *p, int64_t n, const often *o, const char *g, char *out)
{
    const size_t bytes = (size_t)n * c->tape->element;
    if (o->sums)
        memset(o->sums, 0, (size_t)(o->n * n) * sizeof *o->sums);
    for (int64_t i = 0; i < p->n; i++, g += bytes) {
        const int32_t place = o->sums ? o->place[p->rows[i]] : 0;
        if (place)
            c->tape->kernels->add_wide(n, g, o->sums + (place - 1) * n);
        else
            c->tape->kernels->add(n, g, out + (size_t)p->rows[i] * bytes);
    }
    add_often(c, p, n, o, out);
}

static tg_status grad_forward(tg_call *c)
{
    const picked *p = tg_call_attributes(c);
    const tg_lines l = tg_lines_along(&c->node->extent->shape, p->axis);
    const size_t bytes = (size_t)l.inner * c->tape->element;
    const char *g = tg_call_value(c, 0);
    char *out = c->out;
    often o;
    if (!find_often(c, p, l.inner, &o))
        return TG_ERR_MEMORY;
    if (!c->accumulate)
        memset(c->out, 0, (size_t)c->node->extent->size * c->tape->element);
    for (int64_t i = 0; i < l.outer; i++, g += (size_t)p->n * bytes, out += (size_t)l.k * bytes)
        add_rows(c, p, l.inner, &o, g, out);
    return TG_OK;
}

static void grad_vjp(tg_vjp *v)
{
    tg_give(v, 0, index_select(tg_cotangent(v), *(const picked *)tg_vjp_attributes(v)));
}

static const tg_sample grad_samples[] = {
    { .n = 1, .inputs = { { .shape = { 2, { 4, 3 } } } }, SELECTED(5, 0) },
    { .n = 1, .inputs = { { .shape = { 2, { 2, 4 } } } }, SELECTED(4, 1) },
};

const tg_op tg_op_gather_rows_grad = {
    .name = "gather_rows_grad",
    .arity = 1,
    .flags = TG_OP_ACCUMULATES,
    .order = TG_ORDER_ANY,
    .shape = grad_shape,
    .forward = grad_forward,
    .vjp = grad_vjp,
    TG_SAMPLES(grad_samples),
};

/* `op`, named in errors, of rows that are copied. */
static tg_tensor gather(const tg_op *op, tg_tensor x, int axis, const int32_t *rows, int64_t n)
{
    if (!tg_node_of(x, op->name))
        return tg_invalid(x.tape);
    if (n > PTRDIFF_MAX / (int64_t)sizeof(double)) {
        tg_tensor_fail(x, TG_ERR_SHAPE, op->name, "%lld rows are more than memory can hold", (long long)n);
        return tg_invalid(x.tape);
    }
    const picked p = { .rows = tg_keep_numbers(x.tape, rows, n, op->name), .n = n, .axis = axis };
    return tg_apply1_with(op, x, &p, sizeof p);
}

tg_tensor tg_gather_rows(tg_tensor x, const int32_t *rows, int64_t n)
{
    return gather(&tg_op_gather_rows, x, 0, rows, n);
}

tg_tensor tg_index_select(tg_tensor x, int axis, const int32_t *indices, int64_t n)
{
    return gather(&tg_op_index_select, x, axis, indices, n);
}

tg_tensor tg_embedding(tg_tensor w, const int32_t *indices, tg_shape shape)
{
    const tg_node *n = tg_node_of(w, "embedding");
    if (!n || !tg_tape_check_shape(w.tape, &shape, "embedding"))
        return tg_invalid(w.tape);
    if (n->extent->shape.rank != 2 || shape.rank == TG_MAX_RANK) {
        tg_tensor_fail(w, TG_ERR_SHAPE, "embedding",
                       "the table has rank %d and the indices %d; 2 and less than %d would do", n->extent->shape.rank,
                       shape.rank, TG_MAX_RANK);
        return tg_invalid(w.tape);
    }
    const tg_tensor rows = tg_gather_rows(w, indices, tg_shape_size(&shape));
    shape.dims[shape.rank++] = n->extent->shape.dims[1];
    return tg_reshape(rows, shape);
}
