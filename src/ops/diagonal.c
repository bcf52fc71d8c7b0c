/* diagonal.c - y_i = x_ii in the last two axes;  the vjp puts g on the diagonal of zeros */
#include <string.h>

#include "core/call.h"
#include "ops/elementwise.h"

/* Sizes of the last two axes. */
typedef struct matrix {
    int64_t rows, cols;
} matrix;

static int64_t length(const matrix *m)
{
    return m->rows < m->cols ? m->rows : m->cols;
}

static matrix last_two(const tg_shape *s)
{
    return (matrix){ s->dims[s->rank - 2], s->dims[s->rank - 1] };
}

/* Copies one element each from and to elements that are `from_step` and `to_step` elements apart. */
static void copy(size_t element, int64_t n, const char *from, int64_t from_step, char *to, int64_t to_step)
{
    for (int64_t i = 0; i < n; i++)
        memcpy(to + (size_t)(i * to_step) * element, from + (size_t)(i * from_step) * element, element);
}

/* The diagonal ---------------------------------------------------------------------------------------------------- */

static tg_status shape(tg_call *c, tg_shape *out)
{
    const tg_shape *x = tg_call_dims(c, 0);
    if (x->rank < 2)
        return tg_call_fail(c, TG_ERR_SHAPE, "rank %d has no last two axes; rank 2 or more has", x->rank);
    const matrix m = last_two(x);
    tg_copy_shape(x, out);
    out->dims[--out->rank - 1] = length(&m);
    return TG_OK;
}

static tg_status forward(tg_call *c)
{
    const matrix m = last_two(tg_call_dims(c, 0));
    const int64_t k = length(&m), n = c->node->extent->size / k;
    const size_t element = c->tape->element;
    for (int64_t i = 0; i < n; i++)
        copy(element, k, (const char *)tg_call_value(c, 0) + (size_t)(i * m.rows * m.cols) * element, m.cols + 1,
             (char *)c->out + (size_t)(i * k) * element, 1);
    return TG_OK;
}

static void vjp(tg_vjp *v)
{
    const tg_shape s = tg_shape_of(tg_input(v, 0));
    const matrix m = last_two(&s);
    tg_give(v, 0, tg_apply1_with(&tg_op_diagonal_grad, tg_cotangent(v), &m, sizeof m));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } } },
    { .n = 1, .inputs = { { .shape = { 3, { 2, 4, 3 } } } } },
};

const tg_op tg_op_diagonal = {
    .name = "diagonal",
    .arity = 1,
    .order = TG_ORDER_ANY,
    .shape = shape,
    .forward = forward,
    .vjp = vjp,
    TG_SAMPLES(samples),
};

/* Its vjp --------------------------------------------------------------------------------------------------------- */

static tg_status grad_shape(tg_call *c, tg_shape *out)
{
    const matrix *m = tg_call_attributes(c);
    tg_copy_shape(tg_call_dims(c, 0), out);
    out->dims[out->rank - 1] = m->rows;
    out->dims[out->rank++] = m->cols;
    return TG_OK;
}

static tg_status grad_forward(tg_call *c)
{
    const matrix *m = tg_call_attributes(c);
    const int64_t k = length(m), n = c->node->extent->size / (m->rows * m->cols);
    const size_t element = c->tape->element;
    memset(c->out, 0, (size_t)c->node->extent->size * element);
    for (int64_t i = 0; i < n; i++)
        copy(element, k, (const char *)tg_call_value(c, 0) + (size_t)(i * k) * element, 1,
             (char *)c->out + (size_t)(i * m->rows * m->cols) * element, m->cols + 1);
    return TG_OK;
}

static void grad_vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_diagonal(tg_cotangent(v)));
}

static const tg_sample grad_samples[] = {
    { .n = 1,
      .inputs = { { .shape = { 2, { 2, 3 } } } },
      .attributes = &(const matrix){ 3, 4 },
      .attribute_bytes = sizeof(matrix) },
};

const tg_op tg_op_diagonal_grad = {
    .name = "diagonal_grad",
    .arity = 1,
    .order = TG_ORDER_ANY,
    .shape = grad_shape,
    .forward = grad_forward,
    .vjp = grad_vjp,
    TG_SAMPLES(grad_samples),
};

tg_tensor tg_diagonal(tg_tensor x)
{
    return tg_apply1(&tg_op_diagonal, x);
}
