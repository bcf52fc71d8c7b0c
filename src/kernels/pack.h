/* pack.h - copies of a matrix product's operands in the order in which the tiles read them. */
#ifndef TG_PACK_H
#define TG_PACK_H

#include "kernels/vec.h"

/* The size of the first of the fewest equal parts of n that are at most `most`, in multiples of `unit`. */
static int64_t part(int64_t n, int64_t most, int64_t unit)
{
    const int64_t units = (n + unit - 1) / unit, parts = (units * unit + most - 1) / most;
    return parts > 1 ? (units + parts - 1) / parts * unit : n;
}

/* If vector q is the first of a 2 s by 2 s square of lanes, swaps the square's two s by s blocks off the diagonal. */
#define LOWER(l, s) ((l) & (s) ? VL + (l) - (s) : (l))
#define UPPER(l, s) ((l) & (s) ? VL + (l) : ((l) + (s)) % VL)
#define EXCHANGE(s)                                                                                                  \
    if (VL > (s) && q % (2 * (s)) == 0)                                                                              \
        for (int i = q; i < q + (s); i++) {                                                                          \
            const vec a = x[i], b = x[(i + (s)) % VL];                                                               \
            x[i] = SHUFFLE(a, b, LANES(LOWER, s));                                                                   \
            x[(i + (s)) % VL] = SHUFFLE(a, b, LANES(UPPER, s));                                                      \
        }

/* Step q of the transposition of VL by VL elements: after steps 0 .. q, x[q] is final. A caller can put other instructions
   between the steps. */
/* clang-format off */
INLINE void transpose_to(vec *x, int q)
{
    EXCHANGE(8) EXCHANGE(4) EXCHANGE(2) EXCHANGE(1)
} /* clang-format on */

INLINE void transpose(vec *x)
{
    EACH (q, VL)
        transpose_to(x, q);
}

/* to[p * width + j] = column j of from, whose columns are contiguous and `column` apart: rows x columns elements, and
   zeros up to width, a multiple of VL. */
static inline void pack_columns(int64_t rows, int64_t columns, const real *from, int64_t column, real *to,
                                int64_t width)
{
    for (int64_t j = 0; j < width; j += VL)
        for (int64_t p = 0; p < rows; p += VL) {
            const int64_t depth = rows - p < VL ? rows - p : VL;
            vec x[VL];
            if (depth == VL && j + VL <= columns)
                for (int i = 0; i < VL; i++)
                    x[i] = v_load(from + (j + i) * column + p);
            else
                for (int i = 0; i < VL; i++)
                    x[i] = j + i < columns ? v_load_n(from + (j + i) * column + p, depth) : (vec){ 0 };
            transpose(x);
            if (depth == VL)
                for (int i = 0; i < VL; i++)
                    v_store(to + (p + i) * width + j, x[i]);
            else
                for (int i = 0; i < depth; i++)
                    v_store(to + (p + i) * width + j, x[i]);
        }
}

/* Likewise from rows that are contiguous and `row` apart. */
static inline void pack_rows(int64_t rows, int64_t columns, const real *from, int64_t row, real *to, int64_t width)
{
    for (int64_t p = 0; p < rows; p++)
        for (int64_t j = 0; j < width; j += VL)
            v_store(to + p * width + j, take(from + p * row, j, columns));
}

/* Likewise from any strides; no zeros. */
static inline void pack_any(int64_t rows, int64_t columns, const real *from, int64_t row, int64_t column, real *to,
                            int64_t width)
{
    for (int64_t p = 0; p < rows; p++)
        for (int64_t j = 0; j < columns; j++)
            to[p * width + j] = from[p * row + j * column];
}

/* Likewise from columns of B, the second operand of a product. */
static inline void pack_panel(const tg_gemm *g, int64_t rows, int64_t columns, const real *from, real *to,
                              int64_t width)
{
    if (g->b_col == 1)
        pack_rows(rows, columns, from, g->b_row, to, width);
    else if (g->b_row == 1)
        pack_columns(rows, columns, from, g->b_col, to, width);
    else
        pack_any(rows, columns, from, g->b_row, g->b_col, to, width);
}

#endif
