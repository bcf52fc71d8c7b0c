/* max_pool.c - y = the largest x of each window of the last two axes; the vjp adds g to the element that was the largest, the
   first of several */
#include "ops/pool.h"

#ifdef TG_VECTOR_PASS

/* The index in its plane of the largest element of the window of output (i, j); the first of several, a NaN before all. */
static inline int64_t peak(const pool *p, const real *x, int64_t i, int64_t j)
{
    const span rows = span_of(p, 0, i), cols = span_of(p, 1, j);
    int64_t best = rows.start * p->in[1] + cols.start;
    for (int64_t r = rows.start; r < rows.stop; r++)
        for (int64_t c = cols.start; c < cols.stop; c++) {
            const real v = x[r * p->in[1] + c];
            if (v > x[best] || (v != v && x[best] == x[best]))
                best = r * p->in[1] + c;
        }
    return best;
}

/* y = values[peak] for each window of each plane; the values are x's own, or another tensor's. */
static inline void take_peaks(const tg_loop *l, const real *values)
{
    const pool *p = l->attributes;
    const int64_t n = p->in[0] * p->in[1];
    const real *x = l->in[0];
    real *y = l->out;
    for (int64_t plane = 0; plane < l->rows; plane++, x += n, values += n)
        for (int64_t i = 0; i < p->out[0]; i++)
            for (int64_t j = 0; j < p->out[1]; j++)
                *y++ = values[peak(p, x, i, j)];
}

ROWS(max_pool)
{
    take_peaks(l, l->in[0]);
}

ROWS(max_pool_take)
{
    take_peaks(l, l->in[1]);
}

ROWS(max_pool_grad)
{
    const pool *p = l->attributes;
    const int64_t n = p->in[0] * p->in[1];
    const real *x = l->in[0], *g = l->in[1];
    real *y = l->out;
    memset(y, 0, (size_t)(l->rows * n) * sizeof *y);
    for (int64_t plane = 0; plane < l->rows; plane++, x += n, y += n)
        for (int64_t i = 0; i < p->out[0]; i++)
            for (int64_t j = 0; j < p->out[1]; j++)
                y[peak(p, x, i, j)] += *g++;
}

#else

/* max_pool_take: c at the elements where x is largest; max_pool_grad: g added at those. Each is the vjp of the other. */
static tg_tensor take(tg_tensor x, tg_tensor c, const pool *p)
{
    return tg_apply2_with(&tg_op_max_pool_take, x, c, p, sizeof *p);
}

static tg_tensor scatter(tg_tensor x, tg_tensor g, const pool *p)
{
    return tg_apply2_with(&tg_op_max_pool_grad, x, g, p, sizeof *p);
}

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, scatter(tg_input(v, 0), tg_cotangent(v), tg_vjp_attributes(v)));
}

static void take_vjp(tg_vjp *v)
{
    tg_give(v, 1, scatter(tg_input(v, 0), tg_cotangent(v), tg_vjp_attributes(v)));
}

static void scatter_vjp(tg_vjp *v)
{
    tg_give(v, 1, take(tg_input(v, 0), tg_cotangent(v), tg_vjp_attributes(v)));
}

#define X TG_DRAWN(-2, 2, 3, { 2, 4, 5 })
static const tg_sample samples[] = { { .n = 1, .inputs = { X }, TG_POOL_SAMPLE } };
static const tg_sample take_samples[] = { { .n = 2, .inputs = { X, X }, TG_POOL_SAMPLE } };
static const tg_sample scatter_samples[] = {
    { .n = 2, .inputs = { X, TG_DRAWN(-2, 2, 3, { 2, 2, 3 }) }, TG_POOL_SAMPLE }
};

const tg_op tg_op_max_pool = { TG_POOLING(max_pool, 1, false), .vjp = vjp, TG_SAMPLES(samples) };
const tg_op tg_op_max_pool_take = { TG_POOLING(max_pool_take, 2, false), .vjp = take_vjp, TG_SAMPLES(take_samples) };
const tg_op tg_op_max_pool_grad = { TG_POOLING(max_pool_grad, 2, true), .vjp = scatter_vjp,
                                    TG_SAMPLES(scatter_samples) };

tg_tensor tg_max_pool1d(tg_tensor x, int64_t size, int64_t stride, int64_t padding)
{
    return tg_pooled(&tg_op_max_pool, x, "max_pool1d", 1, size, stride, padding);
}

tg_tensor tg_max_pool2d(tg_tensor x, int64_t size, int64_t stride, int64_t padding)
{
    return tg_pooled(&tg_op_max_pool, x, "max_pool2d", 2, size, stride, padding);
}

#endif
