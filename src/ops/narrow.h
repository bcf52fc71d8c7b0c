/* narrow.h - lines of a few elements that follow each other, like ten classes a row: VL of them are turned, so that they
   stand side by side and fill the vectors. */
#ifndef TG_OPS_NARROW_H
#define TG_OPS_NARROW_H

#include "ops/strip.h"

enum { NARROW = 16 }; /* elements a line */

typedef real turned[NARROW * VL];

STRIP_INLINE bool is_narrow(int64_t elements)
{
    return elements > 1 && elements <= NARROW;
}

/* n lines of k elements, `line` apart, become k vectors, and the other way round. */
STRIP_INLINE void turn(int64_t n, int64_t k, const real *x, int64_t line, real *t)
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
STRIP_INLINE void turn_back(int64_t n, int64_t k, const real *t, real *y, int64_t line)
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

/* A strip of k turned vectors. Lanes without a line hold what they held. */
STRIP_INLINE strip strip_turned(const tg_loop *l, int64_t k)
{
    return (strip){ k, VL, VL, VL, false, 0, l };
}

/* As each_strip, for a loop of one input whose output has the lines' layout. */
STRIP_INLINE void each_line(const tg_loop *l, strip_fn *f)
{
    if (l->row[0] != 1 || !is_narrow(l->rows)) {
        each_strip(l, f);
        return;
    }
    turned x = { 0 }, y;
    const tg_loop side_by_side = { .rows = l->rows, .in = { x }, .row = { VL }, .col = { 1 }, .out = y };
    const strip s = strip_turned(&side_by_side, l->rows);
    for (int64_t j = 0; j < l->cols; j += VL) {
        const int64_t n = l->cols - j < VL ? l->cols - j : VL, start = j * l->col[0];
        turn(n, l->rows, (const real *)l->in[0] + start, l->col[0], x);
        f(&s);
        turn_back(n, l->rows, y, (real *)l->out + start, l->col[0]);
    }
}

#endif
