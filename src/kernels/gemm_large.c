/* gemm_large.c - a large matrix product: regions of C, in passes over each, from copies of parts of the operands. */
#include "kernels/gemm_part.h"

/* The most rows, and columns, of a region; they bound the size of the copies, and are multiples of the tiles of every kernel
   set. And the size of a task: tiles of A, which stay in the second-level cache, and panels of
   B. */
enum { REGION = 2304, TILES = 12, PANELS = 8 };

enum {
    TOO_LARGE = 1 << 24, /* bytes of both operands that the caches do not hold */
    /* Bytes of all three matrices where the columns of A are contiguous: each step of k reads a part of A on another
       page. */
    TOO_LARGE_BY_COLUMNS = 5 << 19,
    LEAST_DEPTH = 64, /* of k for which the copies pay off */
};

bool tg_gemm_exceeds_caches(tg_dtype dtype, const tg_gemm *g)
{
    const int64_t size = (int64_t)tg_dtype_size(dtype), operands = (g->m + g->n) * g->k * size;
    return g->k >= LEAST_DEPTH &&
           (operands >= TOO_LARGE || (g->a_row == 1 && operands + g->m * g->n * size >= TOO_LARGE_BY_COLUMNS));
}

/* The regions have the same size, and the passes the same depth; only the last may be smaller. */
static int64_t region_of(int64_t n, int64_t unit)
{
    return tg_parts(tg_parts(n, tg_parts(n, REGION)), unit) * unit;
}

static int64_t depth_of(const tg_kernels *k, const tg_gemm *g)
{
    return tg_parts(g->k, tg_parts(g->k, k->copy_depth));
}

/* Elements of B's copy, which comes first in the scratch, and of A's. */
static int64_t copy_size_b(const tg_kernels *k, const tg_gemm *g)
{
    return region_of(g->n, k->gemm_columns) * depth_of(k, g);
}

static int64_t copy_size_a(const tg_kernels *k, const tg_gemm *g)
{
    return region_of(g->m, k->gemm_rows) * depth_of(k, g);
}

size_t tg_gemm_room_large(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g)
{
    return (size_t)(copy_size_b(k, g) + copy_size_a(k, g)) * tg_dtype_size(dtype);
}

/* A pass over a region, divided into blocks of C. */
typedef struct work {
    const tg_kernels *kernels;
    tg_pass pass;
    int64_t rows, columns, down, across; /* the size of a block, and the number of blocks */
} work;

static void copy(void *context, int64_t i)
{
    const work *w = context;
    const tg_gemm *g = w->pass.g;
    const int64_t row = i * w->rows, column = (i - w->down) * w->columns;
    if (i < w->down)
        w->kernels->copy_a(&w->pass, row, tg_min(w->rows, g->m - row));
    else
        w->kernels->copy_b(&w->pass, column, tg_min(w->columns, g->n - column));
}

static void multiply(void *context, int64_t i)
{
    const work *w = context;
    const tg_gemm *g = w->pass.g;
    const int64_t row = i / w->across * w->rows, column = i % w->across * w->columns;
    w->kernels->multiply(&w->pass, row, tg_min(w->rows, g->m - row), column, tg_min(w->columns, g->n - column));
}

static void run_passes(const tg_kernels *k, const tg_gemm *g, void *a, void *b)
{
    work w = { .kernels = k,
               .pass = { .g = g, .a = a, .b = b },
               .rows = (int64_t)k->gemm_rows * TILES,
               .columns = (int64_t)k->gemm_columns * PANELS };
    w.down = tg_parts(g->m, w.rows);
    w.across = tg_parts(g->n, w.columns);
    for (const int64_t depth = depth_of(k, g); w.pass.p < g->k; w.pass.p += depth) {
        w.pass.k = tg_min(depth, g->k - w.pass.p);
        tg_parallel(w.down + w.across, copy, &w);
        tg_parallel(w.down * w.across, multiply, &w);
    }
}

void tg_gemm_run_large(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g, void *scratch)
{
    const int64_t size = (int64_t)tg_dtype_size(dtype);
    const int64_t rows = region_of(g->m, k->gemm_rows), columns = region_of(g->n, k->gemm_columns);
    char *b = scratch, *a = b + copy_size_b(k, g) * size;
    for (int64_t i = 0; i < g->m; i += rows)
        for (int64_t j = 0; j < g->n; j += columns) {
            const tg_gemm region = tg_gemm_part(g, size, i, tg_min(rows, g->m - i), j, tg_min(columns, g->n - j));
            run_passes(k, &region, a, b);
        }
}
