/* eigen.c - the largest eigenvalues of a symmetric matrix, by QL steps, and the vectors that belong to them. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "data/eigen.h"
#include "kernels/lesser.h"
#include "tapegrad/pca.h"

/* One QL step is a product of rotations of the coordinates i and i + 1, for i from `first` up. The steps are kept until all
   are known, because a vector needs the last step first: `steps` is the last one. */
typedef struct rotation {
    double c, s;
} rotation;

typedef struct step {
    struct step *before;
    int64_t first, n;
    size_t size; /* bytes */
    rotation rotations[];
} step;

/* Vectors that are rotated together: more than 16, up to which gcc unrolls the loop instead of vectorising it; and few
   enough that their rows stay in the second-level cache. */
enum { LANES = 24 };

typedef struct solver {
    tg_tridiagonal t;
    tg_allocator allocator;
    int64_t k;
    bool keeps;     /* whether steps are kept, for vectors */
    double scale;   /* of the matrix: a power of two */
    double norm;    /* of T */
    int64_t *order; /* [n]: the eigenvalues in t.d, descending */
    double *block, *scratch, *lanes, *vectors;
    size_t size; /* of block, bytes */
    step *steps;
} solver;

/* QL --------------------------------------------------------------------------------------------------------------- */

/* In relation to the norm of T, not to the adjacent numbers: where these are rounding errors, each step adds as much. */
static bool is_negligible(const solver *s, int64_t i)
{
    return fabs(s->t.e[i]) <= 0x1p-52 * s->norm;
}

/* The last index of the block that begins at l: the first negligible number ends it. */
static int64_t end_of_block(const solver *s, int64_t l)
{
    while (l < s->t.n - 1 && !is_negligible(s, l))
        l++;
    return l;
}

/* Allocates a step on l .. m and makes it the last one. */
static bool keep_step(solver *s, int64_t l, int64_t m)
{
    const size_t size = sizeof(step) + (size_t)(m - l) * sizeof(rotation);
    step *kept = tg_allocate(&s->allocator, size);
    if (!kept)
        return false;
    *kept = (step){ .before = s->steps, .first = l, .n = m - l, .size = size };
    s->steps = kept;
    return true;
}

/* Wilkinson's shift: of the eigenvalues of the block's leading 2 x 2 matrix, the one nearer to its first number. */
static double shift_of(const double *d, const double *e)
{
    const double g = (d[1] - d[0]) / (2 * e[0]);
    return d[0] - e[0] / (g + copysign(sqrt(g * g + 1), g));
}

/* An implicit QL step on the block l .. m. The first rotation is that of T minus the shift; it makes a number outside the
   three diagonals, which the other rotations move up and out of the matrix. Where that number becomes zero, or so small
   that its square loses digits, the block splits, and the step ends. */
static void rotate(solver *s, int64_t l, int64_t m, rotation *kept)
{
    double *d = s->t.d, *e = s->t.e;
    double g = d[m] - shift_of(d + l, e + l), sine = 1, cosine = 1, p = 0;
    for (int64_t i = m - 1; i >= l; i--) {
        const double f = sine * e[i], b = cosine * e[i], r = sqrt(f * f + g * g);
        e[i + 1] = r;
        if (r < 0x1p-480) {
            d[i + 1] -= p;
            e[i + 1] = e[m] = 0;
            for (; kept && i >= l; i--)
                kept[i - l] = (rotation){ 1, 0 };
            return;
        }
        sine = f / r;
        cosine = g / r;
        const double q = d[i + 1] - p, t = (d[i] - q) * sine + 2 * cosine * b;
        p = sine * t;
        d[i + 1] = q + p;
        g = cosine * t - b;
        if (kept)
            kept[i - l] = (rotation){ cosine, sine };
    }
    d[l] -= p;
    e[l] = g;
    e[m] = 0;
}

/* Makes T diagonal. Two steps for an eigenvalue are usual. There is no proof that the limit always suffices; no exception
   is known. */
static tg_status diagonalize(solver *s, tg_error *err)
{
    enum { LIMIT = 100 };
    const tg_tridiagonal *t = &s->t;
    for (int64_t i = 0; i < t->n; i++)
        s->norm = fmax(s->norm, fabs(t->d[i]) + fabs(t->e[i]));
    for (int64_t l = 0; l < t->n; l++) {
        int steps = 0;
        for (int64_t m; (m = end_of_block(s, l)) > l; steps++) {
            if (steps == LIMIT)
                return tg_error_raise(err, TG_ERR_STATE,
                                      "symmetric_eigen: eigenvalue %" PRId64 " of %" PRId64
                                      " is not found after %d QL steps",
                                      l, t->n, LIMIT);
            if (s->keeps && !keep_step(s, l, m))
                return tg_error_raise(err, TG_ERR_MEMORY, "symmetric_eigen: no memory for the rotations");
            rotate(s, l, m, s->keeps ? s->steps->rotations : NULL);
        }
    }
    return TG_OK;
}

/* Vectors ---------------------------------------------------------------------------------------------------------- */

/* Applies the inverse of a step: rotates the rows of x, one after the other. `carry` is the row that is not finished. */
static void apply_step(const step *s, double (*x)[LANES])
{
    double carry[LANES];
    memcpy(carry, x[s->first], sizeof carry);
    for (int64_t i = 0; i < s->n; i++) {
        const double cosine = s->rotations[i].c, sine = s->rotations[i].s;
        double *done = x[s->first + i], *next = x[s->first + i + 1];
        for (int j = 0; j < LANES; j++) {
            const double a = carry[j], b = next[j];
            done[j] = cosine * a + sine * b;
            carry[j] = cosine * b - sine * a;
        }
    }
    memcpy(x[s->first + s->n], carry, sizeof carry);
}

/* LANES of the vectors of T: the unit vectors of the eigenvalues' positions, multiplied by the steps from last to first. */
static void find_vectors(void *context, int64_t task)
{
    const solver *s = context;
    const int64_t n = s->t.n, first = task * LANES, count = tg_lesser(s->k - first, LANES);
    double(*x)[LANES] = (double(*)[LANES])(s->lanes + first * n);
    memset(x, 0, (size_t)n * sizeof *x);
    for (int64_t j = 0; j < count; j++)
        x[s->order[first + j]][j] = 1;
    for (const step *t = s->steps; t; t = t->before)
        apply_step(t, x);
    for (int64_t j = 0; j < count; j++)
        for (int64_t i = 0; i < n; i++)
            s->vectors[(first + j) * n + i] = x[i][j];
}

static void make_largest_positive(double *v, int64_t n)
{
    int64_t largest = 0;
    for (int64_t i = 1; i < n; i++)
        if (fabs(v[i]) > fabs(v[largest]))
            largest = i;
    const double sign = v[largest] < 0 ? -1 : 1;
    for (int64_t i = 0; i < n; i++)
        v[i] *= sign;
}

/* Values ----------------------------------------------------------------------------------------------------------- */

/* Merge sort of order[0 .. n - 1]; `other` is a buffer of the same length. Equal values keep their order. */
static void sort_descending(const double *d, int64_t *order, int64_t *other, int64_t n)
{
    if (n < 2)
        return;
    const int64_t half = n / 2;
    sort_descending(d, order, other, half);
    sort_descending(d, order + half, other, n - half);
    memcpy(other, order, (size_t)n * sizeof *order);
    for (int64_t i = 0, a = 0, b = half; i < n; i++)
        order[i] = b == n || (a < half && d[other[a]] >= d[other[b]]) ? other[a++] : other[b++];
}

static tg_status solve(solver *s, double *values, tg_error *err)
{
    const int64_t n = s->t.n;
    tg_tridiagonal_reduce(&s->t, s->scratch);
    const tg_status status = diagonalize(s, err);
    if (status != TG_OK)
        return status;
    for (int64_t i = 0; i < n; i++)
        s->order[i] = i;
    sort_descending(s->t.d, s->order, s->order + n, n);
    for (int64_t j = 0; j < s->k; j++)
        if (!isfinite(values[j] = s->t.d[s->order[j]] / s->scale))
            return tg_error_raise(err, TG_ERR_RANGE,
                                  "symmetric_eigen: an eigenvalue is beyond what a double can hold");
    if (!s->vectors)
        return tg_error_clear(err);
    tg_parallel((s->k + LANES - 1) / LANES, find_vectors, s);
    tg_tridiagonal_expand(&s->t, s->vectors, s->k, s->scratch);
    for (int64_t j = 0; j < s->k; j++)
        make_largest_positive(s->vectors + j * n, n);
    return tg_error_clear(err);
}

/* The call --------------------------------------------------------------------------------------------------------- */

static tg_status check_arguments(const double *a, int64_t n, int64_t k, const double *values, tg_error *err)
{
    if (!a || !values)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "symmetric_eigen: %s is NULL", a ? "values" : "a");
    if (n < 1 || k < 1 || k > n)
        return tg_error_raise(
            err, TG_ERR_RANGE,
            "symmetric_eigen: %" PRId64 " eigenvalues of a matrix of size %" PRId64 ", expected 1 <= k <= n", k, n);
    if (tg_shape_size(&TG_SHAPE(n, n, 256)) < 0)
        return tg_error_raise(err, TG_ERR_SHAPE,
                              "symmetric_eigen: a matrix of size %" PRId64 " is more than memory can address", n);
    return TG_OK;
}

/* Finds the largest magnitude; checks that a is finite and symmetric. */
static tg_status check_numbers(const double *a, int64_t n, double *largest, tg_error *err)
{
    *largest = 0;
    for (int64_t i = 0; i < n * n; i++) {
        if (!isfinite(a[i]))
            return tg_error_raise(err, TG_ERR_RANGE,
                                  "symmetric_eigen: a[%" PRId64 ", %" PRId64 "] is %g, expected finite numbers",
                                  i / n, i % n, a[i]);
        *largest = fmax(*largest, fabs(a[i]));
    }
    enum { TILE = 16 };
    for (int64_t p = 0; p < n; p += TILE)
        for (int64_t j = p; j < n; j++)
            for (int64_t i = p; i < j && i < p + TILE; i++)
                if (fabs(a[i * n + j] / 2 - a[j * n + i] / 2) > 0.5e-10 * *largest)
                    return tg_error_raise(err, TG_ERR_ARGUMENT,
                                          "symmetric_eigen: a[%" PRId64 ", %" PRId64 "] is %.17g and a[%" PRId64
                                          ", %" PRId64 "] %.17g, expected a symmetric matrix",
                                          i, j, a[i * n + j], j, i, a[j * n + i]);
    return TG_OK;
}

/* Copies the upper triangle of a to both triangles of t.a, scaled so that squares neither overflow nor underflow. */
static void copy_scaled(solver *s, const double *a, double largest)
{
    const int64_t n = s->t.n;
    int exponent = 0;
    frexp(largest, &exponent);
    /* The limit: not every power of two that is needed can be represented. */
    s->scale = ldexp(1, exponent < -1000 ? 1000 : -exponent);
    enum { TILE = 16 };
    for (int64_t p = 0; p < n; p += TILE)
        for (int64_t j = p; j < n; j++)
            for (int64_t i = p; i <= j && i < p + TILE; i++)
                s->t.a[i * n + j] = s->t.a[j * n + i] = a[i * n + j] * s->scale;
}

static bool allocate(solver *s)
{
    const int64_t n = s->t.n, padded = s->vectors ? (s->k + LANES - 1) / LANES * LANES : 0;
    const int64_t scratch = tg_tridiagonal_scratch(n, s->k);
    s->size = (size_t)(n * n + 3 * n + scratch + padded * n + 2 * n) * sizeof *s->block;
    s->block = tg_allocate(&s->allocator, s->size);
    if (!s->block)
        return false;
    s->lanes = s->block;
    s->t.a = s->lanes + padded * n;
    s->t.d = s->t.a + n * n;
    s->t.e = s->t.d + n;
    s->t.tau = s->t.e + n;
    s->scratch = s->t.tau + n;
    s->order = (int64_t *)(s->scratch + scratch);
    return true;
}

static void release(solver *s)
{
    while (s->steps) {
        step *last = s->steps;
        s->steps = last->before;
        tg_release(&s->allocator, last, last->size);
    }
    tg_release(&s->allocator, s->block, s->size);
}

tg_status tg_symmetric_eigen(const double *a, int64_t n, int64_t k, double *values, double *vectors,
                             const tg_allocator *allocator, tg_error *err)
{
    double largest;
    tg_status status = check_arguments(a, n, k, values, err);
    if (status == TG_OK)
        status = check_numbers(a, n, &largest, err);
    if (status != TG_OK)
        return status;
    solver s = {
        .t.n = n, .k = k, .vectors = vectors, .keeps = vectors, .allocator = tg_allocator_or_default(allocator)
    };
    if (!allocate(&s))
        return tg_error_raise(err, TG_ERR_MEMORY, "symmetric_eigen: no memory for a matrix of size %" PRId64, n);
    copy_scaled(&s, a, largest);
    status = solve(&s, values, err);
    release(&s);
    return status;
}
