/* tsne_map.c - the forces between the points of a map, its divergence from p, and the gradient of that. */
#include <inttypes.h>

#include "core/portable.h"
#include "core/status.h"
#include "data/tsne.h"

enum { ROWS = 16 }; /* of a task */

/* The bytes of a map's arrays: y, near and far, weight and loss. */
static size_t map_bytes(int64_t n, int dims)
{
    return (size_t)n * (size_t)(3 * dims + 2) * sizeof(double);
}

tg_status tg_tsne_init_map(tg_tsne_map *m, const double *p, int64_t n, int dims, const tg_allocator *a,
                           const char *who, tg_error *err)
{
    const int64_t size = n * dims;
    double *y = tg_allocate(a, map_bytes(n, dims));
    if (!y)
        return tg_error_raise(err, TG_ERR_MEMORY, "%s: no memory for a map of %" PRId64 " points", who, n);
    *m = (tg_tsne_map){ .n = n,
                        .dims = dims,
                        .p = p,
                        .y = y,
                        .near = y + size,
                        .far = y + 2 * size,
                        .weight = y + 3 * size,
                        .loss = y + 3 * size + n };
    return TG_OK;
}

void tg_tsne_finish_map(tg_tsne_map *m, const tg_allocator *a)
{
    tg_release(a, m->y, map_bytes(m->n, m->dims));
}

/* The forces on point i. The caller passes the usual `dims` as a constant, so that the arrays become registers. Without the
   prefetch of p's next row, which is in memory, this takes twice as long. */
INLINE void forces_on(const tg_tsne_map *m, int64_t i, int dims)
{
    const int64_t n = m->n;
    const double *p = m->p + i * n, *next = i + 1 < n ? p + n : p;
    vec weight = { 0 }, near[TG_TSNE_MOST_DIMS] = { { 0 } }, far[TG_TSNE_MOST_DIMS] = { { 0 } };
    for (int64_t j = 0; j < n; j += VL) {
        __builtin_prefetch(next + j);
        vec offset[TG_TSNE_MOST_DIMS], s = v_set(1);
        for (int d = 0; d < dims; d++) {
            offset[d] = v_set(m->y[d * n + i]) - take(m->y + d * n, j, n);
            s += offset[d] * offset[d];
        }
        const vec w = of_others(1 / s, i, j, n), pull = take(p, j, n) * w, push = w * w;
        weight += w;
        for (int d = 0; d < dims; d++) {
            near[d] += pull * offset[d];
            far[d] += push * offset[d];
        }
    }
    m->weight[i] = v_sum(weight);
    for (int d = 0; d < dims; d++) {
        m->near[d * n + i] = v_sum(near[d]);
        m->far[d * n + i] = v_sum(far[d]);
    }
}

static void forces_task(void *context, int64_t task)
{
    const tg_tsne_map *m = context;
    for (int64_t i = task * ROWS; i < m->n && i < (task + 1) * ROWS; i++)
        if (m->dims == 2)
            forces_on(m, i, 2);
        else
            forces_on(m, i, m->dims);
}

static double sum_of(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum;
}

void tg_tsne_find_forces(tg_tsne_map *m)
{
    tg_parallel((m->n + ROWS - 1) / ROWS, forces_task, m);
    m->total = sum_of(m->weight, m->n);
}

/* Pairs with p = 0 add nothing; nor does a point with itself. */
static double loss_of(const tg_tsne_map *m, int64_t i)
{
    const int64_t n = m->n;
    vec sum = { 0 };
    for (int64_t j = 0; j < n; j += VL) {
        vec s = v_set(1);
        for (int d = 0; d < m->dims; d++) {
            const vec offset = v_set(m->y[d * n + i]) - take(m->y + d * n, j, n);
            s += offset * offset;
        }
        const vec p = take(m->p + i * n, j, n);
        sum += v_select(p > 0, p * v_log(p * s), v_set(0));
    }
    return v_sum(sum);
}

static void loss_task(void *context, int64_t task)
{
    const tg_tsne_map *m = context;
    for (int64_t i = task * ROWS; i < m->n && i < (task + 1) * ROWS; i++)
        m->loss[i] = loss_of(m, i);
}

/* ln(p / q) = ln(p / w) + ln(total), and p has sum 1. */
double tg_tsne_divergence(tg_tsne_map *m)
{
    tg_parallel((m->n + ROWS - 1) / ROWS, loss_task, m);
    return sum_of(m->loss, m->n) + tg_portable_log(m->total);
}

/* Whether p is symmetric, not negative, zero on the diagonal, and of sum 1, as tg_tsne_affinities makes it. */
static tg_status check_affinities(const double *p, int64_t n, tg_error *err)
{
    static const double tolerance = 1e-9;
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) {
            const double a = p[i * n + j], b = p[j * n + i];
            if (!(a >= 0 && fabs(a - b) <= tolerance * a && (i != j || a == 0)))
                return tg_error_raise(err, TG_ERR_ARGUMENT,
                                      "tsne_gradient: p[%" PRId64 "][%" PRId64 "] is %g and p[%" PRId64 "][%" PRId64
                                      "] is %g; p must be symmetric, not negative, and 0 on the diagonal",
                                      i, j, a, j, i, b);
            sum += a + b;
        }
    if (!(fabs(sum - 1) <= tolerance))
        return tg_error_raise(err, TG_ERR_ARGUMENT, "tsne_gradient: p has sum %.10g, expected 1", sum);
    return TG_OK;
}

static tg_status check(const double *p, const double *y, int64_t n, int dims, const double *gradient, tg_error *err)
{
    if (!p || !y || !gradient)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "tsne_gradient: %s is NULL", !p ? "p" : !y ? "y" : "gradient");
    if (n < 2 || dims < 1 || dims > TG_TSNE_MOST_DIMS)
        return tg_error_raise(err, TG_ERR_ARGUMENT,
                              "tsne_gradient: y is [%" PRId64 ", %d], expected at least 2 points of 1 .. %d numbers",
                              n, dims, TG_TSNE_MOST_DIMS);
    if (tg_shape_size(&TG_SHAPE(n, n)) < 0 || tg_shape_size(&TG_SHAPE(n, 3 * TG_TSNE_MOST_DIMS + 2)) < 0)
        return tg_error_raise(err, TG_ERR_SHAPE, "tsne_gradient: %" PRId64 " points overflow the memory", n);
    for (int64_t k = 0; k < n * dims; k++)
        if (!isfinite(y[k]))
            return tg_error_raise(err, TG_ERR_ARGUMENT,
                                  "tsne_gradient: y[%" PRId64 "][%" PRId64 "] is %g, expected a finite number",
                                  k / dims, k % dims, y[k]);
    return check_affinities(p, n, err);
}

tg_status tg_tsne_gradient(const double *p, const double *y, int64_t n, int dims, double *gradient, double *kl,
                           const tg_allocator *allocator, tg_error *err)
{
    tg_status status = check(p, y, n, dims, gradient, err);
    if (status != TG_OK)
        return status;
    const tg_allocator a = tg_allocator_or_default(allocator);
    tg_tsne_map map;
    status = tg_tsne_init_map(&map, p, n, dims, &a, "tsne_gradient", err);
    if (status != TG_OK)
        return status;
    for (int64_t k = 0; k < n * dims; k++)
        map.y[k % dims * n + k / dims] = y[k];
    tg_tsne_find_forces(&map);
    const double divergence = tg_tsne_divergence(&map);
    if (isfinite(divergence)) {
        for (int64_t k = 0; k < n * dims; k++)
            gradient[k] = tg_tsne_slope(&map, k % dims * n + k / dims, 1);
        if (kl)
            *kl = divergence;
        tg_error_clear(err);
    } else
        status = tg_error_raise(err, TG_ERR_NONFINITE,
                                "tsne_gradient: the divergence is %g: the points of y are too far apart", divergence);
    tg_tsne_finish_map(&map, &a);
    return status;
}
