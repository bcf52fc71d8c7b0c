/* row_lanes.h - matrix products with so few columns that they would leave a large part of each vector unused: the lanes are
   rows.

   VL rows of A and all of k at a time: vectors that are columns of A, loaded from memory or transposed from its rows in
   registers, are multiplied by broadcast elements of B; the sums, columns of C, are transposed at the end. */
#ifndef TG_ROW_LANES_H
#define TG_ROW_LANES_H

#include "kernels/gemm.h"
#include "kernels/pack.h"

enum {
    MOST_COLUMNS = 12, /* at a time */
    /* Whether there are registers for a square of A besides the sums. */
    ROW_LANES_BY_ROWS = VL + MOST_COLUMNS <= TILE_ROWS * (TILE_VECS + 1),
};

/* sums += a column of A times a row of B. */
INLINE void lanes_step(int n, vec *sums, vec x, const real *b)
{
    EACH (j, n)
        sums[j] = v_fma(x, v_set(b[j]), sums[j]);
}

/* sums += squares of A, whose rows are contiguous, times B. Returns how much of k they cover. */
INLINE int64_t lanes_squares(int n, vec *sums, const real *a, int64_t a_row, const real *b, int64_t k)
{
    int64_t p = 0;
    for (; p + VL <= k; p += VL) {
        vec x[VL];
        EACH (r, VL)
            x[r] = v_load(a + r * a_row + p);
        EACH (q, VL) {
            transpose_to(x, q);
            lanes_step(n, sums, x[q], b + (p + q) * n);
        }
    }
    return p;
}

/* sums = VL rows of A, k elements of each, times B. Where the columns are too few to hide the latency
   of a multiply-add, each has several sums, one for each residue of k modulo `phases`. */
INLINE void lanes_pass(int n, bool by_rows, vec *sums, const real *a, const tg_gemm *g, const real *b, int64_t k)
{
    const int phases = n < 2 ? 8 : n < 4 ? 4 : n < 7 ? 2 : 1;
    int64_t p = 0, a_col = g->a_col;
    real last[VL * VL];
    EACH (j, n * phases)
        sums[j] = (vec){ 0 };
    if (by_rows) {
        p = lanes_squares(n, sums, a, g->a_row, b, k);
        pack_columns(k - p, VL, a + p, g->a_row, last, VL);
        a = last, a_col = VL;
        b += p * n;
    }
    for (; p + phases <= k; p += phases)
        EACH (f, phases) {
            lanes_step(n, sums + f * n, v_load(a), b);
            a += a_col, b += n;
        }
    for (; p < k; p++, a += a_col, b += n)
        lanes_step(n, sums, v_load(a), b);
    for (int half = phases / 2; half >= 1; half /= 2)
        EACH (j, half * n)
            sums[j] += sums[half * n + j];
}

/* C = init + sums, for rows i + r .. i + VL - 1. */
INLINE void lanes_of_c(int n, const tg_gemm *g, const vec *sums, int64_t i, int64_t r)
{
    const real *init = g->init;
    EACH (half, (n + VL - 1) / VL) {
        const int64_t j = half * VL, wide = n - j < VL ? n - j : VL;
        vec x[VL];
        EACH (v, VL)
            x[v] = j + v < n ? sums[j + v] : (vec){ 0 };
        transpose(x);
        EACH (v, VL)
            if (v >= r) {
                const vec start = init ? v_load_n(init + (i + v) * g->init_row + j, wide) : (vec){ 0 };
                v_store_n((real *)g->c + (i + v) * g->c_row + j, start + x[v], wide);
            }
    }
}

/* The last VL rows may include some that are already computed; those are not stored again. */
INLINE void lanes_run(int n, bool by_rows, const tg_gemm *g)
{
    for (int64_t done = 0; done < g->m; done += VL) {
        const int64_t i = done + VL <= g->m ? done : g->m - VL;
        const real *a = (const real *)g->a + i * g->a_row, *b = g->b;
        vec sums[MOST_COLUMNS];
        EACH (j, n)
            sums[j] = (vec){ 0 };
        for (int64_t p = 0; p < g->k; p += DEPTH) {
            vec pass[MOST_COLUMNS];
            lanes_pass(n, by_rows, pass, a + p * g->a_col, g, b + p * n, g->k - p < DEPTH ? g->k - p : DEPTH);
            EACH (j, n)
                sums[j] += pass[j];
        }
        lanes_of_c(n, g, sums, i, done - i);
    }
}

#define COLUMNS_OF(n)                                                                                                \
    static void row_lanes_##n##_0(const tg_gemm *g)                                                                  \
    {                                                                                                                \
        lanes_run(n, false, g);                                                                                      \
    }                                                                                                                \
    static void row_lanes_##n##_1(const tg_gemm *g)                                                                  \
    {                                                                                                                \
        lanes_run(n, true, g);                                                                                       \
    }
#define COLUMNS_NAMES(n) { row_lanes_##n##_0, row_lanes_##n##_1 },
#define COLUMNS(DO)      DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12)
COLUMNS(COLUMNS_OF)

/* By columns - 1 and by_rows. */
static void (*const row_lanes_runs[][2])(const tg_gemm *g) = { COLUMNS(COLUMNS_NAMES) };

static inline bool suits_row_lanes(const tg_gemm *g)
{
    const int64_t vecs = (g->n + VL - 1) / VL;
    return vecs <= 2 && g->n + g->n / 3 <= vecs * VL && (g->a_row == 1 || (ROW_LANES_BY_ROWS && g->a_col == 1)) &&
           g->m >= VL;
}

/* B, which the tiles read without gaps, is copied, DEPTH rows at a time, unless it is contiguous. */
static inline void row_lanes(const tg_gemm *g, real *copy)
{
    const bool by_rows = g->a_row != 1;
    const int64_t parts = (g->n + MOST_COLUMNS - 1) / MOST_COLUMNS;
    const bool in_place = parts == 1 && g->b_row == g->n && g->b_col == 1;
    for (int64_t i = 0, j = 0, n; i < parts; i++, j += n) {
        n = (g->n - j) / (parts - i);
        real *c = (real *)g->c + j;
        for (int64_t p = 0, k; p == 0 || p < g->k; p += k) {
            k = in_place || g->k - p < DEPTH ? g->k - p : DEPTH;
            if (!in_place)
                pack_any(k, n, (const real *)g->b + p * g->b_row + j * g->b_col, g->b_row, g->b_col, copy, n);
            const real *start = p > 0 ? c : g->init ? (const real *)g->init + j : NULL;
            row_lanes_runs[n - 1][by_rows](&(tg_gemm){ .m = g->m,
                                                       .n = n,
                                                       .k = k,
                                                       .a = (const real *)g->a + p * g->a_col,
                                                       .a_row = g->a_row,
                                                       .a_col = g->a_col,
                                                       .b = in_place ? g->b : copy,
                                                       .c = c,
                                                       .c_row = g->c_row,
                                                       .init = start,
                                                       .init_row = p > 0 ? g->c_row : g->init_row });
            if (g->k == 0)
                break;
        }
    }
}

#endif
