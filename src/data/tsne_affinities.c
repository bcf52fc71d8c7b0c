/* tsne_affinities.c - the probabilities p_ij = (p(j | i) + p(i | j)) / 2n, with a precision for each row. */
#include <inttypes.h>

#include "core/portable.h"
#include "core/status.h"
#include "data/tsne.h"
#include "kernels/lesser.h"

/* Rows of a task: each number of x that is read is used for this many distances. */
enum { ROWS = 8 };

typedef struct affinities {
    int64_t n, d;
    double *x; /* [d, n], within -1 .. 1 */
    double *p; /* [n, n]: squared distances, then p(j | i) */
    double perplexity, entropy;
} affinities;

static double get(const tg_points *p, int64_t k)
{
    return p->dtype == TG_F32 ? (double)((const float *)p->x)[k] : ((const double *)p->x)[k];
}

/* Squared distances of rows first .. last - 1 to all points, as differences, so that no digits are lost where points
   are far from the origin. */
static void find_distances(const affinities *s, int64_t first, int64_t last)
{
    memset(s->p + first * s->n, 0, (size_t)((last - first) * s->n) * sizeof *s->p);
    for (int64_t k = 0; k < s->d; k++)
        for (int64_t i = first; i < last; i++) {
            const double *x = s->x + k * s->n, xi = x[i];
            double *restrict row = s->p + i * s->n;
            for (int64_t j = 0; j < s->n; j++)
                row[j] += (x[j] - xi) * (x[j] - xi);
        }
}

/* Subtracts the least distance from all, which changes no probability: the nearest point then has weight e^0, and the sum of
   a row is not 0. Returns how many points are nearest. Distances that differ by less than `least` count as equal, so that
   a precision is never infinite. */
static int64_t shift_to_nearest(double *row, int64_t i, int64_t n)
{
    static const double least = 0x1p-960;
    double nearest = (double)INFINITY;
    for (int64_t j = 0; j < n; j++)
        if (j != i && row[j] < nearest)
            nearest = row[j];
    int64_t count = 0;
    for (int64_t j = 0; j < n; j++) {
        row[j] = row[j] - nearest < least ? 0 : row[j] - nearest;
        count += j != i && row[j] == 0;
    }
    return count;
}

INLINE vec weights(const double *row, int64_t i, int64_t j, int64_t n, double precision)
{
    return of_others(v_exp(-precision * take(row, j, n)), i, j, n);
}

typedef struct sums {
    double weight, distance; /* sum of e^(-b d), and of d e^(-b d) */
} sums;

static sums add_up(const double *row, int64_t i, int64_t n, double precision)
{
    vec weight = { 0 }, distance = { 0 };
    for (int64_t j = 0; j < n; j += VL) {
        const vec w = weights(row, i, j, n, precision);
        weight += w;
        distance += w * take(row, j, n);
    }
    return (sums){ v_sum(weight), v_sum(distance) };
}

/* The precision b at which the entropy ln(sum of weights) + b (mean distance) is s->entropy, within 1e-5 bits. The entropy
   falls as b grows. b starts at the inverse of the mean distance, and is doubled until it is an upper bound. */
static double find_precision(const affinities *s, const double *row, int64_t i)
{
    enum { STEPS = 1200 }; /* enough to double through all exponents, and then to bisect through all digits */
    static const double tolerance = 5e-6;
    double low = 0, high = (double)INFINITY, b = (double)(s->n - 1) / add_up(row, i, s->n, 0).distance;
    for (int step = 0; step < STEPS; step++) {
        const sums t = add_up(row, i, s->n, b);
        const double excess = tg_portable_log(t.weight) + b * (t.distance / t.weight) - s->entropy;
        if (fabs(excess) < tolerance)
            break;
        *(excess > 0 ? &low : &high) = b;
        b = high == (double)INFINITY ? 2 * b : low + (high - low) / 2;
    }
    return b;
}

/* Replaces row i's distances by p(j | i). */
static void find_row(const affinities *s, int64_t i)
{
    double *row = s->p + i * s->n;
    const int64_t nearest = shift_to_nearest(row, i, s->n);
    if ((double)nearest >= s->perplexity) {
        for (int64_t j = 0; j < s->n; j++)
            row[j] = j != i && row[j] == 0 ? 1 / (double)nearest : 0;
        return;
    }
    const double b = find_precision(s, row, i), sum = add_up(row, i, s->n, b).weight;
    for (int64_t j = 0; j < s->n; j += VL)
        put(row, j, s->n, weights(row, i, j, s->n, b) / sum);
}

static void find_rows(void *context, int64_t task)
{
    const affinities *s = context;
    const int64_t first = task * ROWS, last = tg_lesser(first + ROWS, s->n);
    find_distances(s, first, last);
    for (int64_t i = first; i < last; i++)
        find_row(s, i);
}

static void make_joint(double *p, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            p[i * n + j] = p[j * n + i] = (p[i * n + j] + p[j * n + i]) / (2 * (double)n);
}

/* Copies the points, transposed, times a power of two that brings them within -1 .. 1, so that their squares neither
   overflow nor underflow. */
static tg_status copy_points(const tg_points *points, double *x, const char *who, tg_error *err)
{
    double largest = 0;
    for (int64_t k = 0; k < points->n * points->d; k++) {
        const double size = fabs(get(points, k));
        if (!isfinite(size))
            return tg_error_raise(err, TG_ERR_ARGUMENT,
                                  "%s: x[%" PRId64 "][%" PRId64 "] is %g, expected a finite number", who,
                                  k / points->d, k % points->d, get(points, k));
        largest = size > largest ? size : largest;
    }
    int power;
    frexp(largest, &power);
    for (int64_t i = 0; i < points->n; i++)
        for (int64_t k = 0; k < points->d; k++)
            x[k * points->n + i] = ldexp(get(points, i * points->d + k), -power);
    return TG_OK;
}

static tg_status check(const tg_points *points, double perplexity, const double *p, const char *who, tg_error *err)
{
    const int64_t n = points->n, d = points->d;
    if (!points->x || !p)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: %s is NULL", who, points->x ? "p" : "x");
    if (n < 2 || d < 1)
        return tg_error_raise(err, TG_ERR_ARGUMENT,
                              "%s: x is [%" PRId64 ", %" PRId64 "], expected at least 2 points of at least 1 number",
                              who, n, d);
    if (tg_shape_size(&TG_SHAPE(n, n)) < 0 || tg_shape_size(&TG_SHAPE(n, d)) < 0)
        return tg_error_raise(err, TG_ERR_SHAPE, "%s: %" PRId64 " points of %" PRId64 " numbers overflow the memory",
                              who, n, d);
    if (!(perplexity >= 1 && perplexity <= (double)(n - 1)))
        return tg_error_raise(err, TG_ERR_ARGUMENT,
                              "%s: perplexity is %g, expected 1 .. %" PRId64 ", since each of %" PRId64
                              " points has so many neighbours",
                              who, perplexity, n - 1, n);
    return TG_OK;
}

tg_status tg_tsne_find_affinities(const tg_points *points, double perplexity, double *p, const tg_allocator *a,
                                  const char *who, tg_error *err)
{
    tg_status status = check(points, perplexity, p, who, err);
    if (status != TG_OK)
        return status;
    const size_t bytes = (size_t)(points->n * points->d) * sizeof(double);
    affinities s = {
        .n = points->n, .d = points->d, .p = p, .perplexity = perplexity, .entropy = tg_portable_log(perplexity)
    };
    s.x = tg_allocate(a, bytes);
    if (!s.x)
        return tg_error_raise(err, TG_ERR_MEMORY, "%s: no memory for a copy of %" PRId64 " points", who, s.n);
    status = copy_points(points, s.x, who, err);
    if (status == TG_OK) {
        tg_parallel((s.n + ROWS - 1) / ROWS, find_rows, &s);
        make_joint(p, s.n);
        tg_error_clear(err);
    }
    tg_release(a, s.x, bytes);
    return status;
}

tg_status tg_tsne_affinities_f32(const float *x, int64_t n, int64_t d, double perplexity, double *p,
                                 const tg_allocator *allocator, tg_error *err)
{
    const tg_allocator a = tg_allocator_or_default(allocator);
    return tg_tsne_find_affinities(&(tg_points){ x, TG_F32, n, d }, perplexity, p, &a, "tsne_affinities", err);
}

tg_status tg_tsne_affinities_f64(const double *x, int64_t n, int64_t d, double perplexity, double *p,
                                 const tg_allocator *allocator, tg_error *err)
{
    const tg_allocator a = tg_allocator_or_default(allocator);
    return tg_tsne_find_affinities(&(tg_points){ x, TG_F64, n, d }, perplexity, p, &a, "tsne_affinities", err);
}
