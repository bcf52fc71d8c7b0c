/* thin.h - matrix products with a side of one to three: bound by memory, so that each operand is read once, in order. */
#ifndef TG_THIN_H
#define TG_THIN_H

#include "kernels/pack.h"

enum { FEW = 3, LOT = 8 };

/* k = 1: C = init + a b', row by row. */
INLINE void outer_row(int64_t n, vec x, const real *b, const real *init, real *c)
{
    int64_t j = 0;
    for (; j + VL <= n; j += VL)
        v_store(c + j, v_fma(x, v_load(b + j), init ? v_load(init + j) : (vec){ 0 }));
    if (j < n)
        v_store_n(c + j, v_fma(x, v_load_n(b + j, n - j), init ? v_load_n(init + j, n - j) : (vec){ 0 }), n - j);
}

static inline void outer(const tg_gemm *g)
{
    const real *a = g->a, *init = g->init;
    real *c = g->c;
    for (int64_t i = 0; i < g->m; i++) {
        const vec x = v_set(a[i * g->a_row]);
        if (init)
            outer_row(g->n, x, g->b, init + i * g->init_row, c + i * g->c_row);
        else
            outer_row(g->n, x, g->b, NULL, c + i * g->c_row);
    }
}

/* The dot products of x with `many` rows, k elements each; results and initial values are so many elements apart. */
typedef struct dots {
    int64_t k, many;
    const real *x, *rows;
    int64_t row;
    real *c;
    int64_t c_step;
    const real *init;
    int64_t init_step;
} dots;

/* LOT rows at a time, so that x is read once for all of them; a last group that is smaller repeats its last row. */
static inline void dots_run(const dots *d)
{
    for (int64_t j = 0; j < d->many; j += LOT) {
        const int64_t last = d->many - 1 - j, k = d->k;
        const real *row[LOT];
        vec sums[LOT];
        EACH (i, LOT) {
            row[i] = d->rows + (j + (i < last ? i : last)) * d->row;
            sums[i] = (vec){ 0 };
        }
        int64_t p = 0;
        for (; p + VL <= k; p += VL)
            EACH (i, LOT)
                sums[i] = v_fma(v_load(d->x + p), v_load(row[i] + p), sums[i]);
        if (p < k)
            EACH (i, LOT)
                sums[i] = v_fma(v_load_n(d->x + p, k - p), v_load_n(row[i] + p, k - p), sums[i]);
        for (int64_t i = 0; i < LOT && i <= last; i++)
            d->c[(j + i) * d->c_step] = v_sum(sums[i]) + (d->init ? d->init[(j + i) * d->init_step] : 0);
    }
}

/* Whether few rows of A meet columns of B that are contiguous, or few columns of B rows of A. */
static inline bool few_rows(const tg_gemm *g)
{
    return g->m <= FEW && g->b_row == 1;
}
static inline bool few_columns(const tg_gemm *g)
{
    return g->n <= FEW && g->a_col == 1;
}

/* Each of the few is copied to be contiguous, `depth` elements at a time. */
static inline void few(const tg_gemm *g, int64_t depth, real *copy)
{
    const bool rows = few_rows(g);
    const real *a = g->a, *b = g->b, *init = g->init;
    real *c = g->c;
    for (int64_t p = 0; p < g->k; p += depth)
        for (int64_t f = 0; f < (rows ? g->m : g->n); f++) {
            dots d = { .k = g->k - p < depth ? g->k - p : depth, .x = copy };
            if (rows) {
                pack_any(d.k, 1, a + f * g->a_row + p * g->a_col, g->a_col, 1, copy, 1);
                d.many = g->n, d.rows = b + p, d.row = g->b_col;
                d.c = c + f * g->c_row, d.c_step = 1;
                d.init = init ? init + f * g->init_row : NULL, d.init_step = 1;
            } else {
                pack_any(d.k, 1, b + f * g->b_col + p * g->b_row, g->b_row, 1, copy, 1);
                d.many = g->m, d.rows = a + p, d.row = g->a_row;
                d.c = c + f, d.c_step = g->c_row;
                d.init = init ? init + f : NULL, d.init_step = g->init_row;
            }
            if (p > 0)
                d.init = d.c, d.init_step = d.c_step;
            dots_run(&d);
        }
}

#endif
