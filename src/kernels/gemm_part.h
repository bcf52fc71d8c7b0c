/* gemm_part.h - parts of a matrix product. */
#ifndef TG_GEMM_PART_H
#define TG_GEMM_PART_H

#include "kernels/kernels.h"

static inline int64_t tg_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The number of parts of size `part` that cover n. */
static inline int64_t tg_parts(int64_t n, int64_t part)
{
    return (n + part - 1) / part;
}

static inline const void *tg_offset(const void *p, int64_t bytes)
{
    return (const char *)p + bytes;
}

/* Rows i .. i + m - 1 and columns j .. j + n - 1 of a product, whose elements have `size` bytes. */
static inline tg_gemm tg_gemm_part(const tg_gemm *g, int64_t size, int64_t i, int64_t m, int64_t j, int64_t n)
{
    tg_gemm p = *g;
    p.m = m;
    p.n = n;
    p.a = tg_offset(g->a, i * g->a_row * size);
    p.b = tg_offset(g->b, j * g->b_col * size);
    p.c = (char *)g->c + (i * g->c_row + j) * size;
    p.init = g->init ? tg_offset(g->init, (i * g->init_row + j) * size) : NULL;
    return p;
}

#endif
