/* sum.c - y = the sum of x over axes;  dy/dx = 1. Broadcasting backwards (sum_to) is the same operation. */
#include "ops/reduce.h"

#ifdef TG_VECTOR_PASS

/* Each output is the sum of sums over blocks, so that the error of float32 grows with the length of a block only. */
enum { BLOCK = 128 };

static real sum_of(const real *x, int64_t n, int64_t stride)
{
    double total = 0;
    for (int64_t i = 0; i < n; i++)
        total += (double)x[i * stride];
    return (real)total;
}

ROWS(sum)
{
    const real *x = l->in[0];
    real *y = l->out;
    for (int64_t j = 0; j < l->cols; j++) {
        real s = sum_of(x + j * l->col[0], l->rows, l->row[0]);
        y[j] = l->accumulate ? y[j] + s : s;
    }
}

#else

#include "core/tape.h"

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_broadcast_to(tg_unreduced(v, tg_cotangent(v)), tg_shape_of(tg_input(v, 0))));
}

#define OVER(mask, ...)                                                                                              \
    .attributes = &(const tg_reduction_of){ .axes = (mask), .result = __VA_ARGS__ },                                 \
    .attribute_bytes = sizeof(tg_reduction_of)

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, OVER(2, { 2, { 2, 4 } }) },
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, OVER(5, { 3, { 1, 3, 1 } }) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, OVER(3, { 0 }) },
};

const tg_op tg_op_sum = {
    .name = "sum",
    .arity = 1,
    .flags = TG_OP_ACCUMULATES,
    .order = TG_ORDER_ANY,
    .shape = tg_shape_reduced,
    .forward = tg_forward_reduce,
    .vjp = vjp,
    .samples = samples,
    .n_samples = TG_COUNT(samples),
    .data = TG_MAP(sum, 0),
};

tg_tensor tg_sum(tg_tensor x, int axis, bool keepdim)
{
    return tg_reduce(&tg_op_sum, x, axis, keepdim, false);
}

tg_tensor tg_sum_to(tg_tensor x, tg_shape shape)
{
    const tg_node *n = tg_node_of(x, "sum_to");
    if (!n)
        return tg_bad(x.tape);
    const tg_shape *s = &n->extent->shape;
    tg_reduction_of r = { .result = shape };
    const int more = s->rank - shape.rank;
    bool fits = more >= 0 && tg_shape_size(&shape) >= 0;
    for (int d = 0; fits && d < s->rank; d++) {
        int64_t wanted = d < more ? 1 : shape.dims[d - more];
        fits = wanted == s->dims[d] || wanted == 1;
        if (d < more || wanted != s->dims[d])
            r.axes |= 1u << d;
    }
    if (fits)
        return tg_apply(&tg_op_sum, &x, 1, &r, sizeof r);
    char from[192], to[192];
    tg_tape_raise(x.tape, TG_ERR_SHAPE, "sum_to: %s does not broadcast to %s", tg_shape_text(&shape, to, sizeof to),
                  tg_shape_text(s, from, sizeof from));
    return tg_bad(x.tape);
}

#endif
