/* short_lines.h - contiguous lines of a few elements, like ten classes a row: VL of them are transposed, so that each vector
   holds one element of every line. */
#ifndef TG_SHORT_LINES_H
#define TG_SHORT_LINES_H

#include "ops/vline.h"

enum { SHORT = 16 }; /* elements a line */

typedef real transposed[SHORT * VL];

VLINE_INLINE bool is_short(int64_t elements)
{
    return elements > 1 && elements <= SHORT;
}

/* Transposes n lines of k elements, `line` elements apart, into k vectors; and back. */
VLINE_INLINE void transpose_in(int64_t n, int64_t k, const real *x, int64_t line, real *t)
{
    if (n == VL)
        for (int64_t i = 0; i < k; i++)
            EACH (j, VL)
                t[i * VL + j] = x[j * line + i];
    else
        for (int64_t i = 0; i < k; i++)
            for (int64_t j = 0; j < n; j++)
                t[i * VL + j] = x[j * line + i];
}
VLINE_INLINE void transpose_out(int64_t n, int64_t k, const real *t, real *y, int64_t line)
{
    if (n == VL)
        for (int64_t i = 0; i < k; i++)
            EACH (j, VL)
                y[j * line + i] = t[i * VL + j];
    else
        for (int64_t i = 0; i < k; i++)
            for (int64_t j = 0; j < n; j++)
                y[j * line + i] = t[i * VL + j];
}

/* The vline of k transposed vectors. Lanes without a line keep older values, which nothing reads. */
VLINE_INLINE vline vline_transposed(const tg_loop *l, int64_t k)
{
    return (vline){ k, VL, VL, VL, false, 0, l };
}

/* Calls f as each_vline does, transposing short lines: for one input, and an output of the lines' layout. */
VLINE_INLINE void each_vline_or_short(const tg_loop *l, vline_fn *f)
{
    if (l->row[0] != 1 || !is_short(l->rows)) {
        each_vline(l, f);
        return;
    }
    transposed x = { 0 }, y;
    const tg_loop side_by_side = { .rows = l->rows, .in = { x }, .row = { VL }, .col = { 1 }, .out = y };
    const vline s = vline_transposed(&side_by_side, l->rows);
    for (int64_t j = 0; j < l->cols; j += VL) {
        const int64_t n = l->cols - j < VL ? l->cols - j : VL, start = j * l->col[0];
        transpose_in(n, l->rows, (const real *)l->in[0] + start, l->col[0], x);
        f(&s);
        transpose_out(n, l->rows, y, (real *)l->out + start, l->col[0]);
    }
}

#endif
