/* gemm_large.c - a large matrix product: passes over C, each from copies of parts of the operands. */
#include "kernels/kernels.h"

/* Depth of a pass; and the tiles of A, which stay in the near cache, and panels of B that a task multiplies. */
enum { DEPTH = 700, TILES = 12, PANELS = 8 };

/* Bytes that do not stay near; and where A's columns are contiguous, of which each step of k reads a piece on a page of its
   own, those of all three matrices. */
enum { FAR = 1 << 24, FAR_BY_COLUMNS = 5 << 19, LEAST_DEPTH = 64 };

bool tg_gemm_is_far(tg_dtype dtype, const tg_gemm *g)
{
    const int64_t size = (int64_t)tg_dtype_size(dtype), operands = (g->m + g->n) * g->k * size;
    return g->k >= LEAST_DEPTH &&
           (operands >= FAR || (g->a_row == 1 && operands + g->m * g->n * size >= FAR_BY_COLUMNS));
}

static int64_t parts(int64_t n, int64_t part)
{
    return (n + part - 1) / part;
}

/* The passes are alike. */
static int64_t depth_of(const tg_gemm *g)
{
    return parts(g->k, parts(g->k, DEPTH));
}

/* Of B's copy, which comes first: whole panels are whole cache lines. */
static int64_t room_of_b(const tg_kernels *k, const tg_gemm *g)
{
    return parts(g->n, k->gemm_columns) * k->gemm_columns * depth_of(g);
}

size_t tg_gemm_room(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g)
{
    const int64_t a = parts(g->m, k->gemm_rows) * k->gemm_rows * depth_of(g);
    return (size_t)(room_of_b(k, g) + a) * tg_dtype_size(dtype);
}

/* Blocks of C, and what they are made of. */
typedef struct work {
    const tg_kernels *kernels;
    tg_pass pass;
    int64_t tall, wide, down, across; /* the size of a block, and how many there are */
} work;

static int64_t size_of(int64_t i, int64_t block, int64_t all)
{
    return (i + 1) * block < all ? block : all - i * block;
}

static void copy(void *context, int64_t i)
{
    const work *w = context;
    const tg_gemm *g = w->pass.g;
    const int64_t j = i - w->down;
    if (j < 0)
        w->kernels->copy_a(&w->pass, i * w->tall, size_of(i, w->tall, g->m));
    else
        w->kernels->copy_b(&w->pass, j * w->wide, size_of(j, w->wide, g->n));
}

static void multiply(void *context, int64_t task)
{
    const work *w = context;
    const tg_gemm *g = w->pass.g;
    const int64_t i = task / w->across, j = task % w->across;
    w->kernels->multiply(&w->pass, i * w->tall, size_of(i, w->tall, g->m), j * w->wide, size_of(j, w->wide, g->n));
}

void tg_gemm_in_passes(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g, void *scratch)
{
    work w = { .kernels = k, .tall = (int64_t)k->gemm_rows * TILES, .wide = (int64_t)k->gemm_columns * PANELS };
    w.down = parts(g->m, w.tall);
    w.across = parts(g->n, w.wide);
    w.pass = (tg_pass){ .g = g, .b = scratch };
    w.pass.a = (char *)scratch + (size_t)room_of_b(k, g) * tg_dtype_size(dtype);
    for (const int64_t depth = depth_of(g); w.pass.p < g->k; w.pass.p += depth) {
        w.pass.k = g->k - w.pass.p < depth ? g->k - w.pass.p : depth;
        tg_parallel(w.down + w.across, copy, &w);
        tg_parallel(w.down * w.across, multiply, &w);
    }
}
