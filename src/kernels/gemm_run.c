/* gemm_run.c - a matrix product cut over the threads. */
#include <math.h>

#include "kernels/kernels.h"

enum { TASK_FLOPS = 4000000, MOST_TASKS = 128, NEAR = 1 << 20 /* bytes */ };

typedef struct cut {
    const tg_kernels *kernels;
    const tg_gemm *g;
    int64_t size;                        /* of an element */
    int64_t rows, columns, down, across; /* tiles of C, and parts into which they are cut */
    bool by_rows;                        /* whether the tasks follow each other across, or else down */
} cut;

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static const void *offset(const void *p, int64_t bytes)
{
    return (const char *)p + bytes;
}

tg_gemm tg_gemm_part(const tg_gemm *g, int64_t size, int64_t i, int64_t m, int64_t j, int64_t n)
{
    tg_gemm p = *g;
    p.m = m;
    p.n = n;
    p.a = offset(g->a, i * g->a_row * size);
    p.b = offset(g->b, j * g->b_col * size);
    p.c = (char *)g->c + (i * g->c_row + j) * size;
    p.init = g->init ? offset(g->init, (i * g->init_row + j) * size) : NULL;
    return p;
}

static void product(void *context, int64_t task)
{
    const cut *c = context;
    const int64_t down = c->by_rows ? task / c->across : task % c->down;
    const int64_t across = c->by_rows ? task % c->across : task / c->down;
    const int64_t tall = c->kernels->gemm_rows, wide = c->kernels->gemm_columns;
    const int64_t i = c->rows * down / c->down * tall, j = c->columns * across / c->across * wide;
    const int64_t m = min(c->rows * (down + 1) / c->down * tall, c->g->m) - i;
    const int64_t n = min(c->columns * (across + 1) / c->across * wide, c->g->n) - j;
    const tg_gemm g = tg_gemm_part(c->g, c->size, i, m, j, n);
    c->kernels->gemm(&g);
}

/* Where A stays near, across first: a panel of columns is what a single thread works through at a time, too. */
static void cut_across(cut *c, int64_t most)
{
    c->across = min(c->columns, most);
    c->down = min(c->rows, most / c->across);
}

/* Else into at most `most` parts, but at least half as many as there can be: such that all of them together read little
   of A and B, and that they are alike, so that no thread waits long for the last. */
static void cut_squarely(cut *c, int64_t most)
{
    const int64_t can = min(c->rows * c->columns, most);
    double least = (double)INFINITY;
    for (int64_t across = 1; across <= min(c->columns, most); across++)
        for (int64_t down = min(c->rows, most / across); 2 * across * down >= can; down--) {
            const int64_t tall = (c->rows + down - 1) / down, wide = (c->columns + across - 1) / across;
            const double cost = (double)(across * c->g->m + down * c->g->n) * (double)(tall * down * wide * across);
            if (cost < least) {
                least = cost;
                c->across = across;
                c->down = down;
            }
        }
}

/* Tasks that follow each other share what they read of the larger operand: it may not fit any cache. */
static void run_cut(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g)
{
    if (g->k == 0 || (g->m * g->n < TASK_FLOPS && g->m * g->n * g->k < TASK_FLOPS)) {
        k->gemm(g);
        return;
    }
    const double flops = 2.0 * (double)g->m * (double)g->n * (double)g->k;
    cut c = { .kernels = k, .g = g, .size = (int64_t)tg_dtype_size(dtype) };
    c.rows = (g->m + k->gemm_rows - 1) / k->gemm_rows;
    c.columns = (g->n + k->gemm_columns - 1) / k->gemm_columns;
    const int64_t most = flops < (double)MOST_TASKS * TASK_FLOPS ? (int64_t)(flops / TASK_FLOPS) : MOST_TASKS;
    const bool near = g->m * g->k * c.size <= NEAR;
    if (near)
        cut_across(&c, most);
    else
        cut_squarely(&c, most);
    c.by_rows = !near && g->m > g->n;
    tg_parallel(c.across * c.down, product, &c);
}

static void run(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g, void *scratch)
{
    if (scratch && tg_gemm_is_large(dtype, g))
        tg_gemm_run_large(k, dtype, g, scratch);
    else
        run_cut(k, dtype, g);
}

/* Long products: C takes the sums of stretches of k, each from zero as the passes within it, so that no sum has very many
   terms. All stretches but the first are computed to `sums` and added from there. */

static tg_gemm stretch(const tg_gemm *g, int64_t size, int64_t p)
{
    tg_gemm s = *g;
    s.k = min(g->k - p, TG_GEMM_LONG);
    s.a = offset(g->a, p * g->a_col * size);
    s.b = offset(g->b, p * g->b_row * size);
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
    for (int64_t i = task * a->rows; i < min((task + 1) * a->rows, g->m); i++)
        a->kernels->add(g->n, offset(a->sums, i * g->n * a->size), (char *)g->c + i * g->c_row * a->size);
}

static void run_long(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g, void *scratch, void *sums)
{
    enum { TASK = 1 << 14 };
    addition a = { .kernels = k, .g = g, .size = (int64_t)tg_dtype_size(dtype), .sums = sums };
    a.rows = TASK / (g->n + 1) + 1;
    for (int64_t p = 0; p < g->k; p += TG_GEMM_LONG) {
        tg_gemm part = stretch(g, a.size, p);
        if (p > 0)
            part.c = sums, part.c_row = g->n, part.init = NULL;
        run(k, dtype, &part, scratch);
        if (p > 0)
            tg_parallel_brief((g->m + a.rows - 1) / a.rows, add_rows, &a);
    }
}

/* For the copies of the first stretch's operands, or the last one's: a shorter one's passes may be deeper. */
static size_t room_of_copies(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g)
{
    size_t room = 0;
    for (int last = 0; last < 2; last++) {
        const tg_gemm s = stretch(g, 0, last && g->k > 0 ? (g->k - 1) / TG_GEMM_LONG * TG_GEMM_LONG : 0);
        const size_t needed = tg_gemm_is_large(dtype, &s) ? tg_gemm_room_large(k, dtype, &s) : 0;
        room = needed > room ? needed : room;
    }
    return room;
}

size_t tg_gemm_room(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g)
{
    if (g->k <= TG_GEMM_LONG)
        return tg_gemm_is_large(dtype, g) ? tg_gemm_room_large(k, dtype, g) : 0;
    return room_of_copies(k, dtype, g) + (size_t)(g->m * g->n) * tg_dtype_size(dtype);
}

void tg_gemm_run(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g, void *scratch)
{
    if (!scratch || g->k <= TG_GEMM_LONG)
        run(k, dtype, g, scratch);
    else
        run_long(k, dtype, g, scratch, (char *)scratch + room_of_copies(k, dtype, g));
}
