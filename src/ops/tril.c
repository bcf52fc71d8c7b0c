/* tril.c - y = x on and below the k-th diagonal of its last two axes (tril), or on and above it (triu), else 0 */
#include <string.h>

#include "core/call.h"
#include "ops/elementwise.h"

static tg_status shape(tg_call *c, tg_shape *out)
{
    tg_copy_shape(tg_call_dims(c, 0), out);
    if (out->rank < 2)
        return tg_call_fail(c, TG_ERR_SHAPE, "rank %d has no last two axes; rank 2 or more has", out->rank);
    return TG_OK;
}

/* How many elements of row i are at j <= i + k, of `cols`. */
static int64_t up_to_diagonal(int64_t i, int64_t k, int64_t cols)
{
    if (k >= cols)
        return cols;
    if (k < -i)
        return 0;
    return i + k + 1 < cols ? i + k + 1 : cols;
}

static tg_status run(tg_call *c, bool upper)
{
    const int64_t given = *(const int64_t *)tg_call_attributes(c);
    const int64_t k = upper && given > INT64_MIN ? given - 1 : given; /* the last diagonal of the lower part */
    const tg_shape *s = &c->node->extent->shape;
    const int64_t rows = s->dims[s->rank - 2], cols = s->dims[s->rank - 1], n = c->node->extent->size / cols;
    const size_t element = c->tape->element, line = (size_t)cols * element;
    const char *x = tg_call_value(c, 0);
    char *y = c->out;
    for (int64_t i = 0; i < n; i++, x += line, y += line) {
        const size_t left = (size_t)up_to_diagonal(i % rows, k, cols) * element;
        const size_t start = upper ? left : 0, stop = upper ? line : left;
        memset(y, 0, start);
        memcpy(y + start, x + start, stop - start);
        memset(y + stop, 0, line - stop);
    }
    return TG_OK;
}

static tg_status forward_tril(tg_call *c)
{
    return run(c, false);
}

static tg_status forward_triu(tg_call *c)
{
    return run(c, true);
}

static void vjp_tril(tg_vjp *v)
{
    tg_give(v, 0, tg_tril(tg_cotangent(v), *(const int64_t *)tg_vjp_attributes(v)));
}

static void vjp_triu(tg_vjp *v)
{
    tg_give(v, 0, tg_triu(tg_cotangent(v), *(const int64_t *)tg_vjp_attributes(v)));
}

#define DIAGONAL(k) .attributes = &(const int64_t){ k }, .attribute_bytes = sizeof(int64_t)

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, DIAGONAL(0) },
    { .n = 1, .inputs = { { .shape = { 2, { 4, 3 } } } }, DIAGONAL(-1) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, DIAGONAL(1) },
};

#define TRIANGLE(op_name)                                                                                            \
    const tg_op tg_op_##op_name = {                                                                                  \
        .name = #op_name,                                                                                            \
        .arity = 1,                                                                                                  \
        .order = TG_ORDER_ANY,                                                                                       \
        .shape = shape,                                                                                              \
        .forward = forward_##op_name,                                                                                \
        .vjp = vjp_##op_name,                                                                                        \
        TG_SAMPLES(samples),                                                                                         \
    };                                                                                                               \
    tg_tensor tg_##op_name(tg_tensor x, int64_t k)                                                                   \
    {                                                                                                                \
        return tg_apply1_with(&tg_op_##op_name, x, &k, sizeof k);                                                    \
    }
TRIANGLE(tril)
TRIANGLE(triu)
