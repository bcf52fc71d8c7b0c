/* tridiagonal.c - A = Q T Q^T by Householder reflections, in panels of columns, so that most of the work is products.

   Golub and Van Loan, Matrix Computations, 8.3.1 (tridiagonalization), 5.1.3 (Householder vectors), 5.1.7 (the block
   representation of their product); delayed updates: Dongarra, Hammarling, Sorensen, Block reduction of matrices to
   condensed forms, 1989. */
#include <math.h>
#include <string.h>

#include "data/eigen.h"
#include "kernels/lesser.h"

enum { PANEL = 32 };

static double dot(int64_t n, double *x, double *y)
{
    double sum;
    tg_multiply(1, 1, n, (tg_matrix){ x, n, 1 }, (tg_matrix){ y, 1, 1 }, (tg_matrix){ &sum, 1, 1 }, false);
    return sum;
}

/* Replaces x by the v, with v[0] = 1, of the reflection that maps x to (beta, 0, 0, ...); returns beta. Numbers whose
   squares would lose digits count as zero: they are negligible in a matrix that is scaled to about 1. */
static double reflect(int64_t n, double *x, double *tau)
{
    const double first = x[0], rest = n > 1 ? dot(n - 1, x + 1, x + 1) : 0;
    x[0] = 1;
    *tau = 0;
    if (rest < 0x1p-960)
        return first;
    const double beta = -copysign(sqrt(first * first + rest), first);
    *tau = (beta - first) / beta;
    for (int64_t i = 1; i < n; i++)
        x[i] /= first - beta;
    return beta;
}

/* Reduction -------------------------------------------------------------------------------------------------------- */

/* The updates of A are deferred to the end of the panel: A + left^T right is the updated A. Each reflection adds the rows
   v, w to left and -w, -v to right, all [2 PANEL, n]. */
typedef struct panel {
    const tg_tridiagonal *t;
    double *left, *right, *products; /* products [2 PANEL] */
    int64_t pending;                 /* rows of left and right in use */
} panel;

/* p = A x; a task computes `some` of its rows. */
typedef struct product {
    const tg_kernels *kernels;
    double *a, *x, *p;
    int64_t n, stride, some;
} product;

static void multiply_some(void *context, int64_t task)
{
    const product *w = context;
    const int64_t i = task * w->some;
    const tg_gemm g = { .m = tg_lesser(w->some, w->n - i),
                        .n = 1,
                        .k = w->n,
                        .a = w->a + i * w->stride,
                        .a_row = w->stride,
                        .a_col = 1,
                        .b = w->x,
                        .b_row = 1,
                        .b_col = 1,
                        .c = w->p + i,
                        .c_row = 1 };
    w->kernels->gemm(&g);
}

/* This reads A from memory once, and takes most of the time of the reduction. */
static void multiply_vector(double *a, int64_t n, int64_t stride, double *x, double *p)
{
    enum { TASK = 1 << 17 };
    product w = { tg_kernels_for(TG_F64), a, x, p, n, stride, TASK / n + 1 };
    tg_parallel_brief((n - 1) / w.some + 1, multiply_some, &w);
}

/* w = p - (tau / 2) (p . v) v with p = tau A v: then H A H = A - v w^T - w v^T. */
static void find_w(const panel *b, int64_t j, double *v, double *w)
{
    const tg_tridiagonal *t = b->t;
    const int64_t n = t->n, m = n - j - 1, k = b->pending;
    const tg_matrix left = { b->left + j + 1, n, 1 }, right = { b->right + j + 1, n, 1 };
    const tg_matrix down = { b->products, 1, 1 }, across = { b->products, k, 1 };
    multiply_vector(t->a + (j + 1) * n + j + 1, m, n, v, w);
    tg_multiply(k, 1, m, right, (tg_matrix){ v, 1, 1 }, down, false);
    tg_multiply(1, m, k, across, left, (tg_matrix){ w, m, 1 }, true);
    const double tau = t->tau[j], half = tau * tau * dot(m, w, v) / 2;
    for (int64_t i = 0; i < m; i++)
        w[i] = tau * w[i] - half * v[i];
}

/* Updates row j of A; takes d, e and the reflection of column j from it, and adds that to the pending ones. */
static void take_column(panel *b, int64_t j)
{
    const tg_tridiagonal *t = b->t;
    const int64_t n = t->n, m = n - j - 1, k = b->pending;
    double *row = t->a + j * n + j;
    const tg_matrix left = { b->left + j, 1, n }, right = { b->right + j, n, 1 };
    tg_multiply(1, m + 1, k, left, right, (tg_matrix){ row, m + 1, 1 }, true);
    t->d[j] = row[0];
    t->e[j] = t->tau[j] = 0;
    if (m == 0)
        return;
    double *v = b->left + k * n + j + 1, *w = v + n, *minus_w = b->right + k * n + j + 1, *minus_v = minus_w + n;
    t->e[j] = reflect(m, row + 1, &t->tau[j]);
    memcpy(v, row + 1, (size_t)m * sizeof *v);
    find_w(b, j, v, w);
    for (int64_t i = 0; i < m; i++) {
        minus_w[i] = -w[i];
        minus_v[i] = -v[i];
    }
    b->pending += 2;
}

void tg_tridiagonal_reduce(const tg_tridiagonal *t, double *scratch)
{
    const int64_t n = t->n;
    for (int64_t j = 0; j < n;) {
        panel b = { .t = t, .left = scratch, .right = scratch + 2 * PANEL * n, .products = scratch + 4 * PANEL * n };
        for (const int64_t stop = tg_lesser(j + PANEL, n); j < stop; j++)
            take_column(&b, j);
        const tg_matrix left = { b.left + j, 1, n }, right = { b.right + j, n, 1 };
        if (j < n)
            tg_multiply(n - j, n - j, b.pending, left, right, (tg_matrix){ t->a + j * n + j, n, 1 }, true);
    }
}

/* Expansion -------------------------------------------------------------------------------------------------------- */

/* The product of the reflections first .. first + count - 1 is I + V^T S V with S upper triangular: V [PANEL, n] and
   S [PANEL, PANEL]. */
typedef struct block {
    int64_t first, count;
    double *v, *s, *x, *y; /* x, y: [k, PANEL] */
} block;

/* A column of S: s[j, j] = -tau, s[0 .. j - 1, j] = -tau S (V v). */
static void take_reflection(const tg_tridiagonal *t, block *b, int64_t j)
{
    const int64_t n = t->n, row = b->first + j;
    double *v = b->v + j * n, with[PANEL];
    memset(v, 0, (size_t)(row + 1) * sizeof *v);
    memcpy(v + row + 1, t->a + row * n + row + 1, (size_t)(n - row - 1) * sizeof *v);
    tg_multiply(j, 1, n - row - 1, (tg_matrix){ b->v + row + 1, n, 1 }, (tg_matrix){ v + row + 1, 1, 1 },
                (tg_matrix){ with, 1, 1 }, false);
    for (int64_t i = 0; i < PANEL; i++) {
        double sum = 0;
        for (int64_t l = i; l < j; l++)
            sum += b->s[i * PANEL + l] * with[l];
        b->s[i * PANEL + j] = -t->tau[row] * (i == j ? 1 : sum);
    }
}

/* The rows times (I + V^T S V)^T. */
static void apply(const tg_tridiagonal *t, block *b, double *rows, int64_t k)
{
    const int64_t n = t->n, from = b->first + 1, m = n - from;
    for (int64_t j = 0; j < b->count; j++)
        take_reflection(t, b, j);
    const tg_matrix x = { b->x, PANEL, 1 }, y = { b->y, PANEL, 1 }, z = { rows + from, n, 1 };
    tg_multiply(k, b->count, m, z, (tg_matrix){ b->v + from, 1, n }, x, false);
    tg_multiply(k, b->count, b->count, x, (tg_matrix){ b->s, 1, PANEL }, y, false);
    tg_multiply(k, m, b->count, y, (tg_matrix){ b->v + from, n, 1 }, z, true);
}

/* The first reflections are the outermost factors of Q, and are applied last. */
void tg_tridiagonal_expand(const tg_tridiagonal *t, double *rows, int64_t k, double *scratch)
{
    block b = { .v = scratch };
    b.s = b.v + PANEL * t->n;
    b.x = b.s + PANEL * PANEL;
    b.y = b.x + PANEL * k;
    for (int64_t p = (t->n - 1) / PANEL; p >= 0; p--) {
        b.first = p * PANEL;
        b.count = tg_lesser(PANEL, t->n - 1 - b.first);
        if (b.count > 0)
            apply(t, &b, rows, k);
    }
}

int64_t tg_tridiagonal_scratch(int64_t n, int64_t k)
{
    const int64_t reduce = 4 * PANEL * n + 2 * PANEL, expand = PANEL * (n + PANEL + 2 * k);
    return reduce > expand ? reduce : expand;
}
