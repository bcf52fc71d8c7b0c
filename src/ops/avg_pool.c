/* avg_pool.c - y = the mean of x over each window of the last two axes, where padding counts as zeros; the vjp spreads g over
   the window */
#include "ops/pool.h"

#ifdef TG_VECTOR_PASS

ROWS(avg_pool)
{
    const pool *p = l->attributes;
    const real n = (real)(p->size[0] * p->size[1]);
    const real *x = l->in[0];
    real *y = l->out;
    for (int64_t plane = 0; plane < l->rows; plane++, x += p->in[0] * p->in[1])
        for (int64_t i = 0; i < p->out[0]; i++)
            for (int64_t j = 0; j < p->out[1]; j++) {
                const span rows = span_of(p, 0, i), cols = span_of(p, 1, j);
                real sum = 0;
                for (int64_t r = rows.start; r < rows.stop; r++)
                    for (int64_t c = cols.start; c < cols.stop; c++)
                        sum += x[r * p->in[1] + c];
                *y++ = sum / n;
            }
}

ROWS(avg_pool_grad)
{
    const pool *p = l->attributes;
    const real n = (real)(p->size[0] * p->size[1]);
    const real *g = l->in[0];
    real *y = l->out;
    memset(y, 0, (size_t)(l->rows * p->in[0] * p->in[1]) * sizeof *y);
    for (int64_t plane = 0; plane < l->rows; plane++, y += p->in[0] * p->in[1])
        for (int64_t i = 0; i < p->out[0]; i++)
            for (int64_t j = 0; j < p->out[1]; j++) {
                const span rows = span_of(p, 0, i), cols = span_of(p, 1, j);
                const real share = *g++ / n;
                for (int64_t r = rows.start; r < rows.stop; r++)
                    for (int64_t c = cols.start; c < cols.stop; c++)
                        y[r * p->in[1] + c] += share;
            }
}

#else

/* Both are linear, and each is the vjp of the other. */
static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_apply1_with(&tg_op_avg_pool_grad, tg_cotangent(v), tg_vjp_attributes(v), sizeof(pool)));
}

static void grad_vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_apply1_with(&tg_op_avg_pool, tg_cotangent(v), tg_vjp_attributes(v), sizeof(pool)));
}

static const tg_sample samples[] = { { .n = 1, .inputs = { TG_DRAWN(-2, 2, 3, { 2, 4, 5 }) }, TG_POOL_SAMPLE } };
static const tg_sample grad_samples[] = { { .n = 1, .inputs = { TG_DRAWN(-2, 2, 3, { 2, 2, 3 }) }, TG_POOL_SAMPLE } };

const tg_op tg_op_avg_pool = { TG_POOLING(avg_pool, 1, false), .vjp = vjp, TG_SAMPLES(samples) };
const tg_op tg_op_avg_pool_grad = { TG_POOLING(avg_pool_grad, 1, true), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

tg_tensor tg_avg_pool1d(tg_tensor x, int64_t size, int64_t stride, int64_t padding)
{
    return tg_pooled(&tg_op_avg_pool, x, "avg_pool1d", 1, size, stride, padding);
}

tg_tensor tg_avg_pool2d(tg_tensor x, int64_t size, int64_t stride, int64_t padding)
{
    return tg_pooled(&tg_op_avg_pool, x, "avg_pool2d", 2, size, stride, padding);
}

#endif
