/* gemm_copied.c - a matrix product whose first operand the caches supply badly when it is read in place: a task copies the
   rows of A that it multiplies with all columns of B, as many as stay in the second-level cache. */
#include <stdatomic.h>

#include "kernels/gemm_part.h"

enum {
    LEAST_SIDE = 48, /* of m and n, and of k, for which the copies pay off */
    LEAST_DEPTH = 64,
    LEAST_STRIDE = 1024, /* bytes between columns of A: from here on they share few sets of the cache */
    BLOCK = 128 << 10,   /* bytes of A that a task copies: a part of the second-level cache, beside B */
    REGION = 2304,       /* columns of B that are copied together, a multiple of the tiles of every kernel set, */
    PANELS = 8,          /* so many tiles in a task */
    TASK_FLOPS = 4000000
};

bool tg_gemm_is_copied(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g)
{
    const int64_t size = (int64_t)tg_dtype_size(dtype), bytes = g->m * g->k * size;
    return g->m >= LEAST_SIDE && g->n >= LEAST_SIDE && g->k >= LEAST_DEPTH &&
           (g->a_row == 1 ? bytes >= k->copy_by_columns && g->a_col * size >= LEAST_STRIDE
                          : g->a_col == 1 && bytes >= k->copy_by_rows);
}

/* How a product is divided: the depth of a pass, the rows of a task, the columns of a region. */
typedef struct division {
    int64_t depth, rows, columns;
} division;

static division divide(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g)
{
    const int64_t size = (int64_t)tg_dtype_size(dtype), unit = k->gemm_rows;
    division d = { .depth = tg_parts(g->k, tg_parts(g->k, k->copy_depth)), .columns = tg_min(g->n, REGION) };
    const int64_t cached = BLOCK / (d.depth * size), worth = TASK_FLOPS / (d.depth * d.columns) + LEAST_SIDE;
    const int64_t blocks = tg_parts(g->m, tg_min(cached, worth));
    d.rows = tg_parts(tg_parts(g->m, blocks), unit) * unit;
    return d;
}

/* Tasks that run at the same time have a block of A each. */
static int64_t blocks_of_a(const division *d, const tg_gemm *g)
{
    return tg_min(tg_parts(g->m, d->rows), tg_num_threads());
}

/* Elements of B's copy, which comes first in the scratch, and of all blocks of A. */
static int64_t copy_size_b(const tg_kernels *k, const division *d)
{
    return tg_parts(d->columns, k->gemm_columns) * k->gemm_columns * d->depth;
}

size_t tg_gemm_room_copied(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g)
{
    const division d = divide(k, dtype, g);
    return (size_t)(copy_size_b(k, &d) + blocks_of_a(&d, g) * d.rows * d.depth) * tg_dtype_size(dtype);
}

/* A pass over a region. */
typedef struct work {
    const tg_kernels *kernels;
    tg_dtype dtype;
    const division *d;
    tg_pass pass; /* without the copy of A */
    char *blocks;
    atomic_uint_fast64_t used; /* bit i is set while block i is in use: there are as many as threads, 64 at most */
} work;

static int take_block(work *w)
{
    uint_fast64_t used = atomic_load(&w->used);
    while (!atomic_compare_exchange_weak(&w->used, &used, used | (used + 1)))
        ;
    return __builtin_ctzll(~(unsigned long long)used);
}

static void return_block(work *w, int block)
{
    atomic_fetch_and(&w->used, ~((uint_fast64_t)1 << block));
}

static int64_t columns_of_task(const tg_kernels *k)
{
    return (int64_t)k->gemm_columns * PANELS;
}

static void copy_columns(void *context, int64_t task)
{
    const work *w = context;
    const int64_t columns = columns_of_task(w->kernels), j = task * columns;
    w->kernels->copy_b(&w->pass, j, tg_min(columns, w->pass.g->n - j));
}

static void multiply_rows(void *context, int64_t task)
{
    work *w = context;
    const tg_gemm *g = w->pass.g;
    const int64_t size = (int64_t)tg_dtype_size(w->dtype), i = task * w->d->rows;
    const tg_gemm rows = tg_gemm_part(g, size, i, tg_min(w->d->rows, g->m - i), 0, g->n);
    const int block = take_block(w);
    tg_pass pass = w->pass;
    pass.g = &rows;
    pass.a = w->blocks + block * w->d->rows * w->d->depth * size;
    w->kernels->copy_a(&pass, 0, rows.m);
    for (int64_t j = 0, columns = columns_of_task(w->kernels); j < g->n; j += columns)
        w->kernels->multiply(&pass, 0, rows.m, j, tg_min(columns, g->n - j));
    return_block(w, block);
}

static void run_region(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g, const division *d, void *scratch)
{
    work w = { .kernels = k, .dtype = dtype, .d = d, .pass = { .g = g, .b = scratch } };
    w.blocks = (char *)scratch + copy_size_b(k, d) * (int64_t)tg_dtype_size(dtype);
    for (; w.pass.p < g->k; w.pass.p += d->depth) {
        w.pass.k = tg_min(d->depth, g->k - w.pass.p);
        tg_parallel_brief(tg_parts(g->n, columns_of_task(k)), copy_columns, &w);
        tg_parallel(tg_parts(g->m, d->rows), multiply_rows, &w);
    }
}

void tg_gemm_run_copied(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g, void *scratch)
{
    const int64_t size = (int64_t)tg_dtype_size(dtype);
    const division d = divide(k, dtype, g);
    for (int64_t j = 0; j < g->n; j += d.columns) {
        const tg_gemm region = tg_gemm_part(g, size, 0, g->m, j, tg_min(d.columns, g->n - j));
        run_region(k, dtype, &region, &d, scratch);
    }
}
