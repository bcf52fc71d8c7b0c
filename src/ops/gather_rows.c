/* gather_rows.c - y_i = x_rows[i] along axis 0;  the vjp adds row i of g to row rows[i] of the gradient */
#include "core/convert.h"
#include "ops/blocks.h"
#include "ops/elementwise.h"

typedef struct picked {
    const int32_t *rows;
    int64_t n;
    int64_t height; /* gather_rows_grad: rows of the tensor that was gathered from */
} picked;

static tg_tensor gather_rows(tg_tensor x, picked p)
{
    return tg_apply1_with(&tg_op_gather_rows, x, &p, sizeof p);
}

static tg_tensor gather_rows_grad(tg_tensor g, picked p)
{
    return tg_apply1_with(&tg_op_gather_rows_grad, g, &p, sizeof p);
}

/* Elements of a row. */
static int64_t width(const tg_shape *s)
{
    int64_t n = 1;
    for (int d = 1; d < s->rank; d++)
        n *= s->dims[d];
    return n;
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
    const int64_t height = out->dims[0];
    for (int64_t i = 0; i < p->n; i++)
        if (p->rows[i] < 0 || p->rows[i] >= height)
            return tg_call_fail(c, TG_ERR_RANGE, "rows[%lld] is %d, not in 0 .. %lld", (long long)i, (int)p->rows[i],
                                (long long)height - 1);
    out->dims[0] = p->n;
    return TG_OK;
}

static tg_status gather_forward(tg_call *c)
{
    const picked *p = tg_call_attributes(c);
    const tg_shape s = tg_call_shape(c, 0);
    const size_t bytes = (size_t)width(&s) * c->tape->element;
    const char *x = tg_call_input(c, 0);
    char *y = c->out;
    for (int64_t i = 0; i < p->n; i++, y += bytes)
        memcpy(y, x + (size_t)p->rows[i] * bytes, bytes);
    return TG_OK;
}

static void gather_vjp(tg_vjp *v)
{
    picked p = *(const picked *)tg_vjp_attributes(v);
    p.height = tg_dim(tg_input(v, 0), 0);
    tg_give(v, 0, gather_rows_grad(tg_cotangent(v), p));
}

static const int32_t sample_rows[] = { 2, 0, 2, 3 };
#define ROWS_OF(high)                                                                                                \
    .attributes = &(const picked){ .rows = sample_rows, .n = 4, .height = (high) }, .attribute_bytes = sizeof(picked)

static const tg_sample gather_samples[] = {
    { .n = 1, .inputs = { { .shape = { 2, { 5, 3 } } } }, ROWS_OF(0) },
    { .n = 1, .inputs = { { .shape = { 1, { 4 } } } }, ROWS_OF(0) },
};

const tg_op tg_op_gather_rows = {
    .name = "gather_rows",
    .arity = 1,
    .order = TG_ORDER_ANY,
    .shape = gather_shape,
    .forward = gather_forward,
    .vjp = gather_vjp,
    TG_SAMPLES(gather_samples),
};

/* Adding back ----------------------------------------------------------------------------------------------------- */

static tg_status grad_shape(tg_call *c, tg_shape *out)
{
    *out = tg_call_shape(c, 0);
    out->dims[0] = ((const picked *)tg_call_attributes(c))->height;
    return TG_OK;
}

/* Rows that were gathered more often than this are summed in double. */
enum { OFTEN = 32 };

typedef struct often {
    int32_t n;
    int32_t *place; /* for each row, its number among the n, from 1; 0 where it is not one of them */
    double *sums;
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
    if (o->sums)
        memset(o->sums, 0, sums);
    return !sums || o->sums;
}

/* Adds the sums of these rows, rounded, to the output. */
static bool add_often(tg_call *c, const picked *p, int64_t n, const often *o)
{
    const size_t bytes = (size_t)n * c->tape->element;
    void *rounded = o->sums ? tg_call_scratch(c, bytes) : NULL;
    for (int64_t r = 0; rounded && r < p->height; r++)
        if (o->place[r]) {
            tg_convert(rounded, c->tape->dtype, o->sums + (o->place[r] - 1) * n, TG_F64, n);
            c->tape->kernels->add(n, rounded, (char *)c->out + (size_t)r * bytes);
        }
    return !o->sums || rounded;
}

static tg_status grad_forward(tg_call *c)
{
    const picked *p = tg_call_attributes(c);
    const tg_shape s = tg_call_output_shape(c);
    const int64_t n = width(&s);
    const size_t bytes = (size_t)n * c->tape->element;
    const char *g = tg_call_input(c, 0);
    often o;
    if (!find_often(c, p, n, &o))
        return TG_ERR_MEMORY;
    if (!c->accumulate)
        memset(c->out, 0, (size_t)tg_call_output_size(c) * c->tape->element);
    for (int64_t i = 0; i < p->n; i++, g += bytes) {
        const int32_t place = o.sums ? o.place[p->rows[i]] : 0;
        if (place)
            c->tape->kernels->add_wide(n, g, o.sums + (place - 1) * n);
        else
            c->tape->kernels->add(n, g, (char *)c->out + (size_t)p->rows[i] * bytes);
    }
    return add_often(c, p, n, &o) ? TG_OK : TG_ERR_MEMORY;
}

static void grad_vjp(tg_vjp *v)
{
    tg_give(v, 0, gather_rows(tg_cotangent(v), *(const picked *)tg_vjp_attributes(v)));
}

static const tg_sample grad_samples[] = {
    { .n = 1, .inputs = { { .shape = { 2, { 4, 3 } } } }, ROWS_OF(5) },
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

tg_tensor tg_gather_rows(tg_tensor x, const int32_t *rows, int64_t n)
{
    if (!tg_node_of(x, "gather_rows"))
        return tg_bad(x.tape);
    if (n > PTRDIFF_MAX / (int64_t)sizeof(double)) {
        tg_tensor_fail(x, TG_ERR_SHAPE, "gather_rows", "%lld rows are more than memory can hold", (long long)n);
        return tg_bad(x.tape);
    }
    const int32_t *copy = tg_keep_numbers(x.tape, rows, n, "gather_rows");
    return gather_rows(x, (picked){ .rows = copy, .n = n });
}
