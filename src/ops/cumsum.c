/* cumsum.c - y_i = x_0 + ... + x_i along an axis;  dx_i = g_i + ... + g_n, the same from the end */
#include "ops/lines.h"

#ifdef TG_VECTOR_PASS

/* p[0] is 1 from the start, -1 from the end. Sums are accumulated in double. */
VLINE_INLINE void cumsum_line(const tg_loop *l, int64_t line)
{
    const int64_t first = l->p[0] > 0 ? 0 : l->rows - 1, step = (int64_t)l->p[0];
    const real *x = (const real *)l->in[0] + line * l->col[0];
    real *y = (real *)l->out + line * l->col[0];
    double sum = 0;
    for (int64_t n = 0, i = first; n < l->rows; n++, i += step) {
        sum += (double)x[i];
        y[i] = (real)sum;
    }
}

VLINE_INLINE void cumsum_lines(const tg_loop *l, int64_t line, int64_t n)
{
    const int64_t first = l->p[0] > 0 ? 0 : l->rows - 1, step = (int64_t)l->p[0];
    const real *x = (const real *)l->in[0] + line;
    real *y = (real *)l->out + line;
    double sums[VL] = { 0 };
    for (int64_t r = 0, i = first; r < l->rows; r++, i += step)
        for (int64_t j = 0; j < n; j++) {
            sums[j] += (double)x[i * l->row[0] + j];
            y[i * l->row[0] + j] = (real)sums[j];
        }
}

ROWS(cumsum)
{
    if (l->row[0] == 1)
        for (int64_t j = 0; j < l->cols; j++)
            cumsum_line(l, j);
    else
        for (int64_t j = 0; j < l->cols; j += VL)
            cumsum_lines(l, j, l->cols - j < VL ? l->cols - j : VL);
}

#else

#include "core/call.h"
#include "kernels/kernels.h"

typedef struct direction {
    int axis, from_end; /* the axis comes first: tg_shape_lines reads it */
} direction;

static tg_tensor cumsum(tg_tensor x, direction d)
{
    return tg_apply1_with(&tg_op_cumsum, x, &d, sizeof d);
}

static tg_status forward(tg_call *c)
{
    const direction *d = tg_call_attributes(c);
    tg_lines l = tg_lines_along(tg_call_dims(c, 0), d->axis);
    l.run = c->tape->kernels->loop[TG_INDEX_cumsum];
    l.element = c->tape->element;
    l.inputs = 1;
    l.loop.in[0] = tg_call_value(c, 0);
    l.loop.out = c->out;
    l.loop.p[0] = d->from_end ? -1 : 1;
    tg_lines_run(&l);
    return TG_OK;
}

static void vjp(tg_vjp *v)
{
    const direction *d = tg_vjp_attributes(v);
    tg_give(v, 0, cumsum(tg_cotangent(v), (direction){ d->axis, !d->from_end }));
}

#define DIRECTION(...) .attributes = &(const direction){ __VA_ARGS__ }, .attribute_bytes = sizeof(direction)

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, DIRECTION(1, 0) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, DIRECTION(-1, 1) },
};

const tg_op tg_op_cumsum = {
    .name = "cumsum",
    .arity = 1,
    .order = TG_ORDER_ANY,
    .shape = tg_shape_lines,
    .forward = forward,
    .vjp = vjp,
    TG_SAMPLES(samples),
};

tg_tensor tg_cumsum(tg_tensor x, int axis)
{
    return cumsum(x, (direction){ axis, 0 });
}

#endif
