/* gemm.c - C = init + A B, in blocks that fit the caches; compiled once for each instruction set and dtype. */
#include "kernels/gemm.h"
#include "kernels/pack.h"
#include "kernels/tile.h"

enum {
    DEPTH = 256, /* of k in one pass over C */
    HEIGHT = 64,
    PACK_HEIGHT = 1 << 30,
    DEPTH_MAX = DEPTH,
};
#define PANEL (TILE_VECS * VL)

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The size of the first of the fewest equal parts of n that are at most `most`, in multiples of `unit`. */
static int64_t part(int64_t n, int64_t most, int64_t unit)
{
    const int64_t units = (n + unit - 1) / unit, parts = (units * unit + most - 1) / most;
    return parts > 1 ? (units + parts - 1) / parts * unit : n;
}

/* The rows of one panel of columns. */
static void panel(const tg_gemm *g, tile t, int64_t columns)
{
    const int vecs = (int)((columns + VL - 1) / VL);
    real packed[TILE_ROWS * DEPTH_MAX];
    const real *a = t.a;
    t.tail = columns - (vecs - 1) * VL;
    for (int64_t i = 0, rows; i < g->m; i += rows) {
        rows = part(g->m - i, TILE_ROWS, 1);
        t.a = a + i * g->a_row;
        if (t.a_row != 1 && t.a_col != 1) {
            pack_any(t.k, rows, t.a, g->a_col, g->a_row, packed, TILE_ROWS);
            t.a = packed;
            t.a_row = 1;
            t.a_col = TILE_ROWS;
        }
        tile_do((int)rows, vecs, t.a_row != 1, &t);
        t.a_row = g->a_row;
        t.a_col = g->a_col;
        t.c += rows * t.c_row;
        if (t.init)
            t.init += rows * t.init_row;
    }
}

static void block(const tg_gemm *g)
{
    _Alignas(64) real packed[PANEL * DEPTH_MAX];
    for (int64_t j = 0, columns; j < g->n; j += columns) {
        columns = part(g->n - j, PANEL, VL);
        const real *b = (const real *)g->b + j * g->b_col, *init = g->init;
        tile t = { .k = g->k,
                   .a = g->a,
                   .a_row = g->a_row,
                   .a_col = g->a_col,
                   .b = b,
                   .b_row = g->b_row,
                   .c = (real *)g->c + j,
                   .c_row = g->c_row,
                   .init = init ? init + j : NULL,
                   .init_row = g->init_row };
        const int64_t width = (columns + VL - 1) / VL * VL;
        if (g->b_col != 1 || g->m >= PACK_HEIGHT) {
            if (g->b_col == 1)
                pack_rows(g->k, columns, b, g->b_row, packed, width);
            else if (g->b_row == 1)
                pack_columns(g->k, columns, b, g->b_col, packed, width);
            else
                pack_any(g->k, columns, b, g->b_row, g->b_col, packed, width);
            t.b = packed;
            t.b_row = width;
        }
        panel(g, t, columns);
    }
}

void TG_PASTE(tg_gemm_, TG_TABLE)(const tg_gemm *given)
{
    tg_gemm g = *given;
    const real *a = g.a, *b = g.b, *init = g.init;
    real *c = g.c;
    const int64_t m = g.m, k = g.k, height = g.b_col == 1 && m < PACK_HEIGHT ? HEIGHT : PACK_HEIGHT;
    for (int64_t p = 0, depth; p == 0 || p < k; p += depth) {
        depth = part(k - p, DEPTH, 1);
        g.k = depth;
        g.b = b + p * g.b_row;
        for (int64_t i = 0; i < m; i += height) {
            g.m = min(m - i, height);
            g.a = a + i * g.a_row + p * g.a_col;
            g.c = c + i * g.c_row;
            g.init = p > 0 ? g.c : init ? init + i * given->init_row : NULL;
            g.init_row = p > 0 ? g.c_row : given->init_row;
            block(&g);
        }
        if (depth == 0)
            break;
    }
}
