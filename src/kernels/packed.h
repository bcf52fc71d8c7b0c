/* packed.h - large matrix products, from copies of both operands in the order in which the tiles read them.

   A is copied as tiles of TILE_ROWS rows, row by row where A's rows are contiguous and otherwise column by column; B as
   panels of PANEL columns, row by row, the last one rounded up to whole vectors. This is a part of gemm.c, whose tiles it
   runs. */
#ifndef TG_PACKED_H
#define TG_PACKED_H

#include "kernels/gemm.h"
#include "kernels/pack.h"
#include "kernels/tile.h"

/* Tiles of A, whose columns are contiguous and `column` apart. A few steps of k at a time: what is read and what is written
   is contiguous for some lines of the cache, and the lines of the next steps are prefetched, which for the hardware are too
   far apart. */
static inline void copy_columns(int64_t m, int64_t k, const real *from, int64_t column, real *to)
{
    enum { STEPS = 8, LINE = 64 / sizeof(real) };
    for (int64_t p = 0, steps; p < k; p += steps) {
        steps = k - p < STEPS ? k - p : STEPS;
        for (int64_t r = 0; r < m; r += TILE_ROWS) {
            const real *x = from + p * column + r;
            real *y = to + r * k + p * TILE_ROWS;
            if (r % LINE == 0 && k - p >= 2 * STEPS)
                for (int s = STEPS; s < 2 * STEPS; s++)
                    __builtin_prefetch(x + s * column);
            if (steps == STEPS && m - r >= TILE_ROWS)
                EACH (s, STEPS)
                    memcpy(y + s * TILE_ROWS, x + s * column, TILE_ROWS * sizeof *y);
            else
                for (int64_t s = 0; s < steps; s++)
                    memcpy(y + s * TILE_ROWS, x + s * column,
                           (size_t)(m - r < TILE_ROWS ? m - r : TILE_ROWS) * sizeof *y);
        }
    }
}

/* Rows i .. i + m - 1 of A; i is a multiple of TILE_ROWS, and so is m, except for the last rows of A. */
void TG_PASTE(tg_copy_a_, TG_TABLE)(const tg_pass *pass, int64_t i, int64_t m)
{
    const tg_gemm *g = pass->g;
    const int64_t k = pass->k;
    const real *from = (const real *)g->a + i * g->a_row + pass->p * g->a_col;
    real *to = (real *)pass->a + i * k;
    if (g->a_col == 1)
        for (int64_t r = 0; r < m; r++)
            memcpy(to + r * k, from + r * g->a_row, (size_t)k * sizeof *to);
    else if (g->a_row == 1)
        copy_columns(m, k, from, g->a_col, to);
    else
        for (int64_t r = 0; r < m; r += TILE_ROWS)
            pack_any(k, m - r < TILE_ROWS ? m - r : TILE_ROWS, from + r * g->a_row, g->a_col, g->a_row, to + r * k,
                     TILE_ROWS);
}

/* The columns of the first of so many panels that cover `columns`, and these rounded up to whole vectors. */
static inline int64_t panel_of(int64_t columns)
{
    return part(columns, PANEL, VL);
}
static inline int64_t width_of(int64_t columns)
{
    return (columns + VL - 1) / VL * VL;
}

/* Columns j .. j + n - 1 of B, likewise. */
void TG_PASTE(tg_copy_b_, TG_TABLE)(const tg_pass *pass, int64_t j, int64_t n)
{
    const tg_gemm *g = pass->g;
    const real *from = (const real *)g->b + pass->p * g->b_row;
    for (const int64_t end = j + n; j < end;) {
        const int64_t columns = panel_of(end - j);
        pack_panel(g, pass->k, columns, from + j * g->b_col, (real *)pass->b + j * pass->k, width_of(columns));
        j += columns;
    }
}

/* Prefetches the tile of C below this one; C has `rows` rows from this one on. */
static inline void prefetch_below(const tile *t, int64_t rows, int64_t width)
{
    for (int64_t r = TILE_ROWS; r < rows && r < 2 * TILE_ROWS; r++)
        for (int64_t j = 0; j < width; j += VL)
            __builtin_prefetch(t->c + r * t->c_row + j, 1);
}

/* Those rows and columns of C. With each tile a part of the next panel, if that is a full one, is prefetched. */
void TG_PASTE(tg_multiply_, TG_TABLE)(const tg_pass *pass, int64_t i, int64_t m, int64_t j, int64_t n)
{
    const tg_gemm *g = pass->g;
    const int64_t k = pass->k, end = j + n, tiles_down = (m + TILE_ROWS - 1) / TILE_ROWS;
    const bool by_rows = g->a_col == 1;
    const real *start = pass->p > 0 ? g->c : g->init;
    const int64_t start_row = pass->p > 0 ? g->c_row : g->init_row;
    for (int64_t columns; j < end; j += columns) {
        columns = panel_of(end - j);
        const int64_t width = width_of(columns);
        tile t = { .k = k,
                   .a = (const real *)pass->a + i * k,
                   .a_row = by_rows ? k : 1,
                   .a_col = by_rows ? 1 : TILE_ROWS,
                   .b = (const real *)pass->b + j * k,
                   .b_row = width,
                   .c = (real *)g->c + i * g->c_row + j,
                   .c_row = g->c_row,
                   .init = start ? start + i * start_row + j : NULL,
                   .init_row = start_row,
                   .tail = VL - (width - columns),
                   .ahead_step = width * (int64_t)sizeof(real) / tiles_down };
        t.ahead = (const char *)(t.b + (g->n - j < 2 * PANEL ? 0 : PANEL * k));
        for (int64_t r = 0, rows; r < m; r += rows) {
            rows = m - r < TILE_ROWS ? m - r : TILE_ROWS;
            prefetch_below(&t, m - r, width);
            tile_do((int)rows, (int)(width / VL), by_rows, &t);
            t.a += rows * k;
            t.c += rows * t.c_row;
            t.ahead += t.ahead_step * k;
            if (t.init)
                t.init += rows * t.init_row;
        }
    }
}

#endif
