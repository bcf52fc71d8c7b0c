/* gemm_run.c - a matrix product divided among the threads. */
#include <math.h>

#include "kernels/gemm_part.h"

enum { TASK_FLOPS = 4000000, MOST_TASKS = 128, CACHED = 1 << 20 /* bytes of A that stay in a cache */ };

/* How C is divided. */
typedef struct division {
    const tg_kernels *kernels;
    const tg_gemm *g;
    int64_t size;                        /* of an element */
    int64_t rows, columns, down, across; /* tiles of C, and the number of parts */
    bool by_rows;                        /* whether consecutive tasks are side by side, or else below each other */
} division;

static void product(void *context, int64_t task)
{
    const division *c = context;
    const int64_t down = c->by_rows ? task / c->across : task % c->down;
    const int64_t across = c->by_rows ? task % c->across : task / c->down;
    const int64_t tile_rows = c->kernels->gemm_rows, tile_columns = c->kernels->gemm_columns;
    const int64_t i = c->rows * down / c->down * tile_rows, j = c->columns * across / c->across * tile_columns;
    const int64_t m = tg_min(c->rows * (down + 1) / c->down * tile_rows, c->g->m) - i;
    const int64_t n = tg_min(c->columns * (across + 1) / c->across * tile_columns, c->g->n) - j;
    const tg_gemm g = tg_gemm_part(c->g, c->size, i, m, j, n);
    c->kernels->gemm(&g);
}

/* Where A stays in a cache, by columns first: a single thread, too, computes one panel of columns after the other. */
static void divide_across(division *c, int64_t most)
{
    c->across = tg_min(c->columns, most);
    c->down = tg_min(c->rows, most / c->across);
}

/* Else into at most `most` parts, and at least half as many as possible, such that all parts together read little of A
   and B, and that they have the same size, so that no thread waits long for the last. */
static void divide_squarely(division *c, int64_t most)
{
    const int64_t can = tg_min(c->rows * c->columns, most);
    double least = (double)INFINITY;
    for (int64_t across = 1; across <= tg_min(c->columns, most); across++)
        for (int64_t down = tg_min(c->rows, most / across); 2 * across * down >= can; down--) {
            const int64_t rows = tg_parts(c->rows, down), columns = tg_parts(c->columns, across);
            const double cost =
                (double)(across * c->g->m + down * c->g->n) * (double)(rows * down * columns * across);
            if (cost < least) {
                least = cost;
                c->across = across;
                c->down = down;
            }
        }
}

/* Consecutive tasks read the same part of the larger operand, which may not fit any cache. */
static void run_divided(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g)
{
    if (g->k == 0 || (g->m * g->n < TASK_FLOPS && g->m * g->n * g->k < TASK_FLOPS)) {
        k->gemm(g);
        return;
    }
    const double flops = 2.0 * (double)g->m * (double)g->n * (double)g->k;
    division c = { .kernels = k, .g = g, .size = (int64_t)tg_dtype_size(dtype) };
    c.rows = tg_parts(g->m, k->gemm_rows);
    c.columns = tg_parts(g->n, k->gemm_columns);
    const int64_t most = flops < (double)MOST_TASKS * TASK_FLOPS ? (int64_t)(flops / TASK_FLOPS) : MOST_TASKS;
    const bool cached = g->m * g->k * c.size <= CACHED;
    if (cached)
        divide_across(&c, most);
    else
        divide_squarely(&c, most);
    c.by_rows = !cached && g->m > g->n;
    tg_parallel(c.across * c.down, product, &c);
}

static void run(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g, void *scratch)
{
    if (scratch && tg_gemm_is_large(dtype, g))
        tg_gemm_run_large(k, dtype, g, scratch);
    else if (scratch && tg_gemm_is_copied(k, dtype, g))
        tg_gemm_run_copied(k, dtype, g, scratch);
    else
        run_divided(k, dtype, g);
}

/* Long products: k is divided into blocks, and each block is summed from zero and added to C, so that no sum has very many
   terms. All blocks but the first are computed into `sums` and added from there. */

static tg_gemm block_of_k(const tg_gemm *g, int64_t size, int64_t p)
{
    tg_gemm s = *g;
    s.k = tg_min(g->k - p, TG_GEMM_LONG);
    s.a = tg_offset(g->a, p * g->a_col * size);
    s.b = tg_offset(g->b, p * g->b_row * size);
    return s;
}

typedef struct addition {
    const tg_kernels *kernels;
    const tg_gemm *g;
    int64_t size, rows; /* rows of a task */
    const void *sums;
} addition;

static void add_rows(void *context, int64_t task)
{
    const addition *a = context;
    const tg_gemm *g = a->g;
    for (int64_t i = task * a->rows; i < tg_min((task + 1) * a->rows, g->m); i++)
        a->kernels->add(g->n, tg_offset(a->sums, i * g->n * a->size), (char *)g->c + i * g->c_row * a->size);
}

static void run_long(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g, void *scratch, void *sums)
{
    enum { TASK = 1 << 14 };
    addition a = { .kernels = k, .g = g, .size = (int64_t)tg_dtype_size(dtype), .sums = sums };
    a.rows = TASK / (g->n + 1) + 1;
    for (int64_t p = 0; p < g->k; p += TG_GEMM_LONG) {
        tg_gemm part = block_of_k(g, a.size, p);
        if (p > 0)
            part.c = sums, part.c_row = g->n, part.init = NULL;
        run(k, dtype, &part, scratch);
        if (p > 0)
            tg_parallel_brief(tg_parts(g->m, a.rows), add_rows, &a);
    }
}

/* For the copies of the operands, where they are copied. */
static size_t copy_size(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g)
{
    return tg_gemm_is_large(dtype, g)       ? tg_gemm_room_large(k, dtype, g)
           : tg_gemm_is_copied(k, dtype, g) ? tg_gemm_room_copied(k, dtype, g)
                                            : 0;
}

/* For the copies of the operands of the first block of k or of the last, which is shorter and may have deeper passes. */
static size_t copy_size_of_blocks(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g)
{
    size_t size = 0;
    for (int last = 0; last < 2; last++) {
        const tg_gemm s = block_of_k(g, 0, last && g->k > 0 ? (g->k - 1) / TG_GEMM_LONG * TG_GEMM_LONG : 0);
        const size_t needed = copy_size(k, dtype, &s);
        size = needed > size ? needed : size;
    }
    return size;
}

size_t tg_gemm_room(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g)
{
    if (g->k <= TG_GEMM_LONG)
        return copy_size(k, dtype, g);
    return copy_size_of_blocks(k, dtype, g) + (size_t)(g->m * g->n) * tg_dtype_size(dtype);
}

void tg_gemm_run(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g, void *scratch)
{
    if (!scratch || g->k <= TG_GEMM_LONG)
        run(k, dtype, g, scratch);
    else
        run_long(k, dtype, g, scratch, (char *)scratch + copy_size_of_blocks(k, dtype, g));
}
