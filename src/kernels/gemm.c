/* gemm.c - C = init + A B, in blocks that fit the caches; compiled once for each instruction set and dtype. */
#include "kernels/few.h"
#include "kernels/gemm.h"
#include "kernels/gemm_part.h"
#include "kernels/pack.h"
#include "kernels/packed.h"
#include "kernels/row_lanes.h"
#include "kernels/tile.h"

enum {
    HEIGHT = 128, /* rows of A that stay in the cache while B is read in place */
    /* Rows from which copying B pays off although it could be read in place: fewer if a panel uses little of each page. */
    PACK_HEIGHT = PANEL * sizeof(real) < 192 ? 64 : 512,
};

/* One panel of at most PANEL columns: its tiles, from the first of m rows to the last. Modifies *t. */
static void panel(tile *t, int64_t m, int64_t columns)
{
    const int vecs = (int)((columns + VL - 1) / VL);
    const bool gather = t->a_row != 1 && t->a_col != 1;
    const int64_t a_row = t->a_row, a_col = t->a_col;
    const real *a = t->a;
    real packed[TILE_ROWS * DEPTH];
    t->tail = columns - (vecs - 1) * VL;
    for (int64_t i = 0, rows; i < m; i += rows) {
        rows = part(m - i, TILE_ROWS, 1);
        t->a = a + i * a_row;
        if (gather) {
            pack_any(t->k, rows, t->a, a_col, a_row, packed, TILE_ROWS);
            t->a = packed, t->a_row = 1, t->a_col = TILE_ROWS;
        }
        tile_do((int)rows, vecs, t->a_row != 1, t);
        t->c += rows * t->c_row;
        if (t->init)
            t->init += rows * t->init_row;
    }
}

/* Rows i .. i + m - 1 and all columns of C: adds the product of elements p .. p + k - 1 of A's rows and B's columns. */
static void block(const tg_gemm *g, int64_t i, int64_t m, int64_t p, int64_t k, bool pack)
{
    _Alignas(64) real packed[PANEL * DEPTH];
    const real *start = p > 0 ? g->c : g->init;
    const int64_t start_row = p > 0 ? g->c_row : g->init_row;
    for (int64_t j = 0, columns; j < g->n; j += columns) {
        columns = part(g->n - j, PANEL, VL);
        const real *b = (const real *)g->b + p * g->b_row + j * g->b_col;
        tile t = { .k = k,
                   .a = (const real *)g->a + i * g->a_row + p * g->a_col,
                   .a_row = g->a_row,
                   .a_col = g->a_col,
                   .b = b,
                   .b_row = g->b_row,
                   .c = (real *)g->c + i * g->c_row + j,
                   .c_row = g->c_row,
                   .init = start ? start + i * start_row + j : NULL,
                   .init_row = start_row,
                   .ahead = (const char *)b }; /* what is read next is not known */
        if (pack) {
            t.b = packed;
            t.b_row = (columns + VL - 1) / VL * VL;
            pack_panel(g, k, columns, b, packed, t.b_row);
        }
        panel(&t, m, columns);
    }
}

static void blocks(const tg_gemm *g)
{
    const bool pack = g->b_col != 1 || g->m >= PACK_HEIGHT;
    for (int64_t p = 0, k; p == 0 || p < g->k; p += k) {
        k = part(g->k - p, DEPTH, 1);
        for (int64_t i = 0, m; i < g->m; i += m) {
            m = pack ? g->m : tg_min(g->m - i, HEIGHT);
            block(g, i, m, p, k, pack);
        }
        if (g->k == 0)
            break;
    }
}

/* C' = B' A' for one column, which is a row of C' if C and init are contiguous along it. */
static tg_gemm transposed(const tg_gemm *g)
{
    return (tg_gemm){ .m = 1,
                      .n = g->m,
                      .k = g->k,
                      .a = g->b,
                      .a_row = 1,
                      .a_col = g->b_row,
                      .b = g->a,
                      .b_row = g->a_col,
                      .b_col = 1,
                      .c = g->c,
                      .init = g->init };
}

/* Along an axis of size one the stride has no meaning: it is set to one. A row of A that is contiguous itself, which is the
   usual case, may keep its stride. */
static bool is_canonical(const tg_gemm *g)
{
    return (g->m != 1 || g->a_row == 1 || g->a_col == 1) && (g->n != 1 || g->b_col == 1);
}

static tg_gemm canonical(const tg_gemm *g)
{
    tg_gemm p = *g;
    p.a_row = g->m == 1 ? 1 : g->a_row;
    p.b_col = g->n == 1 ? 1 : g->b_col;
    return p;
}

void TG_PASTE(tg_gemm_, TG_TABLE)(const tg_gemm *g)
{
    tg_gemm own; /* only where it must differ: a copy of what was just written stalls on store forwarding */
    if (!is_canonical(g)) {
        own = canonical(g);
        g = &own;
    }
    if (g->n == 1 && (g->a_row == 1 || g->m == 1) && g->c_row == 1 && (!g->init || g->init_row == 1)) {
        own = transposed(g);
        g = &own;
    }
    real copy[MOST_COLUMNS * DEPTH];
    if (g->k == 1 && g->b_col == 1)
        outer(g);
    else if (g->k > 0 && (has_few_rows(g) || has_few_columns(g)))
        dot_products(g, copy);
    else if (is_stream(g))
        stream(g);
    else if (suits_row_lanes(g))
        row_lanes(g, copy);
    else
        blocks(g);
}
