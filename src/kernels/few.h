/* few.h - matrix products with one to three rows or columns, or k = 1: bound by memory, so each operand is read once, in
   order. */
#ifndef TG_FEW_H
#define TG_FEW_H

#include "kernels/gemm.h"
#include "kernels/pack.h"

enum { FEW = 3, DOTS = 8, B_VECS = 4 };

/* k = 1: C = init + a b', row by row; the first `vecs` vectors of b stay in registers. */
INLINE void outer_rows(int vecs, const tg_gemm *g, const real *init)
{
    const real *a = g->a, *b = g->b;
    real *c = g->c;
    const int64_t n = g->n;
    vec kept[B_VECS];
    EACH (v, vecs)
        kept[v] = take(b, v * VL, n);
    for (int64_t i = 0; i < g->m; i++, c += g->c_row) {
        const vec x = v_set(a[i * g->a_row]);
        const real *start = init ? init + i * g->init_row : NULL;
        EACH (v, vecs)
            put(c, v * VL, n, v_fma(x, kept[v], start ? take(start, v * VL, n) : (vec){ 0 }));
        for (int64_t j = vecs * VL; j < n; j += VL)
            put(c, j, n, v_fma(x, take(b, j, n), start ? take(start, j, n) : (vec){ 0 }));
    }
}

INLINE void outer_from(const tg_gemm *g, const real *init)
{
    if (g->n <= VL)
        outer_rows(1, g, init);
    else if (g->n <= 2 * VL)
        outer_rows(2, g, init);
    else if (g->n <= 3 * VL)
        outer_rows(3, g, init);
    else
        outer_rows(B_VECS, g, init);
}

static inline void outer(const tg_gemm *g)
{
    if (g->init)
        outer_from(g, g->init);
    else
        outer_from(g, NULL);
}

/* One row of A, or two where there are registers for them, and many columns of B, whose rows are contiguous: B is read
   once, DEEP rows at a time, nearly in memory order, and the sums of WIDTH columns stay in the first-level cache. */
enum { TWO = 2, DEEP = 8, WIDTH = 1024 };

static inline bool is_stream(const tg_gemm *g)
{
    return g->m <= TILE_ROWS / 4 && g->b_col == 1 && g->n > TILE_VECS * VL && g->k >= DEEP;
}

/* One vector of columns: C = init + the product of `deep` columns of A, in x, and `deep` rows of B. */
INLINE void stream_columns(int rows, int deep, const vec *x, const tg_gemm *g, const real *b, int64_t j, int64_t n)
{
    const real *init = g->init;
    vec sums[TWO][2] = { { { 0 } } };
    if (init)
        EACH (r, rows)
            sums[r][0] = take(init + r * g->init_row, j, n);
    EACH (i, deep) {
        const vec row = take(b + i * g->b_row, j, n);
        EACH (r, rows)
            sums[r][i % 2] = v_fma(x[r * DEEP + i], row, sums[r][i % 2]);
    }
    EACH (r, rows)
        put((real *)g->c + r * g->c_row, j, n, sums[r][0] + sums[r][1]);
}

INLINE void stream_rows(int rows, int deep, const tg_gemm *g, int64_t p)
{
    const real *a = (const real *)g->a + p * g->a_col, *b = (const real *)g->b + p * g->b_row;
    vec x[TWO * DEEP];
    EACH (r, rows)
        EACH (i, deep)
            x[r * DEEP + i] = v_set(a[r * g->a_row + i * g->a_col]);
    int64_t j = 0;
    for (; j + VL <= g->n; j += VL)
        stream_columns(rows, deep, x, g, b, j, j + VL);
    if (j < g->n)
        stream_columns(rows, deep, x, g, b, j, g->n);
}

INLINE void stream_pass(int rows, tg_gemm g)
{
    for (int64_t p = 0; p < g.k;) {
        const int deep = p + DEEP <= g.k ? DEEP : 1;
        if (deep == DEEP)
            stream_rows(rows, DEEP, &g, p);
        else
            stream_rows(rows, 1, &g, p);
        g.init = g.c;
        g.init_row = g.c_row;
        p += deep;
    }
}

/* A pass over at most WIDTH columns, the first of which is j. */
INLINE void stream_block(int rows, const tg_gemm *g, int64_t j, int64_t p)
{
    const int64_t n = g->n - j < WIDTH ? g->n - j : WIDTH;
    real sums[TWO * WIDTH], *c = (real *)g->c + j;
    const real *start = p > 0 ? c : g->init ? (const real *)g->init + j : NULL;
    const int64_t start_row = p > 0 ? g->c_row : g->init_row;
    stream_pass(rows, (tg_gemm){ .m = rows,
                                 .n = n,
                                 .k = g->k - p < DEPTH ? g->k - p : DEPTH,
                                 .a = (const real *)g->a + p * g->a_col,
                                 .a_row = g->a_row,
                                 .a_col = g->a_col,
                                 .b = (const real *)g->b + p * g->b_row + j,
                                 .b_row = g->b_row,
                                 .b_col = 1,
                                 .c = start ? sums : c,
                                 .c_row = start ? WIDTH : g->c_row });
    for (int r = 0; start && r < rows; r++)
        for (int64_t i = 0; i < n; i += VL)
            put(c + r * g->c_row, i, n, take(start + r * start_row, i, n) + take(sums + r * WIDTH, i, n));
}

INLINE void stream_of(int rows, const tg_gemm *g)
{
    for (int64_t j = 0; j < g->n; j += WIDTH)
        for (int64_t p = 0; p < g->k; p += DEPTH)
            stream_block(rows, g, j, p);
}

static inline void stream(const tg_gemm *g)
{
    if (g->m == 1)
        stream_of(1, g);
    else
        stream_of(2, g);
}

/* The dot products of x with `n` rows, k elements each; results and initial values are c_step and init_step elements
   apart. */
typedef struct dots {
    int64_t k, n;
    const real *x, *rows;
    int64_t row;
    real *c;
    int64_t c_step;
    const real *init;
    int64_t init_step;
} dots;

/* DOTS rows at a time, which share the loads of x; the last group repeats its last row if it is smaller. */
static inline void dots_run(const dots *d)
{
    for (int64_t j = 0; j < d->n; j += DOTS) {
        const int64_t last = d->n - 1 - j, k = d->k;
        const real *row[DOTS];
        vec sums[DOTS];
        EACH (i, DOTS) {
            row[i] = d->rows + (j + (i < last ? i : last)) * d->row;
            sums[i] = (vec){ 0 };
        }
        int64_t p = 0;
        for (; p + VL <= k; p += VL)
            EACH (i, DOTS)
                sums[i] = v_fma(v_load(d->x + p), v_load(row[i] + p), sums[i]);
        if (p < k)
            EACH (i, DOTS)
                sums[i] = v_fma(v_load_n(d->x + p, k - p), v_load_n(row[i] + p, k - p), sums[i]);
        for (int64_t i = 0; i < DOTS && i <= last; i++)
            d->c[(j + i) * d->c_step] = v_sum(sums[i]) + (d->init ? d->init[(j + i) * d->init_step] : 0);
    }
}

/* Whether C has few rows and the columns of B are contiguous; or few columns, and the rows of A are. */
static inline bool has_few_rows(const tg_gemm *g)
{
    return g->m <= FEW && g->b_row == 1;
}
static inline bool has_few_columns(const tg_gemm *g)
{
    return g->n <= FEW && g->a_col == 1;
}

/* Each of the few rows of A or columns of B is copied to be contiguous, DEPTH elements at a time. */
static inline void dot_products(const tg_gemm *g, real *copy)
{
    const bool rows = has_few_rows(g);
    const real *a = g->a, *b = g->b, *init = g->init;
    real *c = g->c;
    for (int64_t p = 0; p < g->k; p += DEPTH)
        for (int64_t f = 0; f < (rows ? g->m : g->n); f++) {
            dots d = { .k = g->k - p < DEPTH ? g->k - p : DEPTH, .x = copy };
            if (rows) {
                pack_any(d.k, 1, a + f * g->a_row + p * g->a_col, g->a_col, 1, copy, 1);
                d.n = g->n, d.rows = b + p, d.row = g->b_col;
                d.c = c + f * g->c_row, d.c_step = 1;
                d.init = init ? init + f * g->init_row : NULL, d.init_step = 1;
            } else {
                pack_any(d.k, 1, b + f * g->b_col + p * g->b_row, g->b_row, 1, copy, 1);
                d.n = g->m, d.rows = a + p, d.row = g->a_row;
                d.c = c + f, d.c_step = g->c_row;
                d.init = init ? init + f : NULL, d.init_step = g->init_row;
            }
            if (p > 0)
                d.init = d.c, d.init_step = d.c_step;
            dots_run(&d);
        }
}

#endif
