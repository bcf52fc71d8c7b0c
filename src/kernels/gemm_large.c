/* gemm_large.c - a large matrix product: strips of it, in passes over each, from copies of the operands' parts. */
#include "kernels/kernels.h"

/* Rows, and columns, of a strip, and the depth of a pass, by which the copies are bounded: whole tiles of every kernel set.
   And the tiles of A, which stay in the second cache, and the panels of B that a task multiplies. */
enum { STRIP = 2304, DEPTH = 400, TILES = 12, PANELS = 8 };

enum {
    FAR = 1 << 24,            /* bytes of both operands that do not stay near */
    FAR_BY_COLUMNS = 5 << 19, /* of all three matrices where each step of k reads a piece of A on a page of its own */
    LEAST_DEPTH = 64,         /* of k that repays the copies */
};

bool tg_gemm_is_far(tg_dtype dtype, const tg_gemm *g)
{
    const int64_t size = (int64_t)tg_dtype_size(dtype), operands = (g->m + g->n) * g->k * size;
    return g->k >= LEAST_DEPTH &&
           (operands >= FAR || (g->a_row == 1 && operands + g->m * g->n * size >= FAR_BY_COLUMNS));
}

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t parts(int64_t n, int64_t part)
{
    return (n + part - 1) / part;
}

static int64_t round_up(int64_t n, int64_t unit)
{
    return parts(n, unit) * unit;
}

/* The strips are alike, and the passes, but that the last may be smaller. */
static int64_t strip_of(int64_t n, int64_t unit)
{
    return round_up(parts(n, parts(n, STRIP)), unit);
}

static int64_t depth_of(int64_t k)
{
    return parts(k, parts(k, DEPTH));
}

/* Elements of B's copy, which comes first, and of A's. */
static int64_t room_of_b(const tg_kernels *k, const tg_gemm *g)
{
    return strip_of(g->n, k->gemm_columns) * depth_of(g->k);
}

static int64_t room_of_a(const tg_kernels *k, const tg_gemm *g)
{
    return strip_of(g->m, k->gemm_rows) * depth_of(g->k);
}

size_t tg_gemm_room_large(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g)
{
    return (size_t)(room_of_b(k, g) + room_of_a(k, g)) * tg_dtype_size(dtype);
}

/* Blocks of C, and what they are made of. */
typedef struct work {
    const tg_kernels *kernels;
    tg_pass pass;
    int64_t tall, wide, down, across; /* the size of a block, and how many there are */
} work;

static void copy(void *context, int64_t i)
{
    const work *w = context;
    const tg_gemm *g = w->pass.g;
    const int64_t row = i * w->tall, column = (i - w->down) * w->wide;
    if (i < w->down)
        w->kernels->copy_a(&w->pass, row, min(w->tall, g->m - row));
    else
        w->kernels->copy_b(&w->pass, column, min(w->wide, g->n - column));
}

static void multiply(void *context, int64_t i)
{
    const work *w = context;
    const tg_gemm *g = w->pass.g;
    const int64_t row = i / w->across * w->tall, column = i % w->across * w->wide;
    w->kernels->multiply(&w->pass, row, min(w->tall, g->m - row), column, min(w->wide, g->n - column));
}

static void run_passes(const tg_kernels *k, const tg_gemm *g, void *a, void *b)
{
    work w = { .kernels = k,
               .pass = { .g = g, .a = a, .b = b },
               .tall = (int64_t)k->gemm_rows * TILES,
               .wide = (int64_t)k->gemm_columns * PANELS };
    w.down = parts(g->m, w.tall);
    w.across = parts(g->n, w.wide);
    for (const int64_t depth = depth_of(g->k); w.pass.p < g->k; w.pass.p += depth) {
        w.pass.k = min(depth, g->k - w.pass.p);
        tg_parallel(w.down + w.across, copy, &w);
        tg_parallel(w.down * w.across, multiply, &w);
    }
}

void tg_gemm_run_large(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g, void *scratch)
{
    const int64_t size = (int64_t)tg_dtype_size(dtype);
    const int64_t tall = strip_of(g->m, k->gemm_rows), wide = strip_of(g->n, k->gemm_columns);
    char *b = scratch, *a = b + room_of_b(k, g) * size;
    for (int64_t i = 0; i < g->m; i += tall)
        for (int64_t j = 0; j < g->n; j += wide) {
            const tg_gemm strip = tg_gemm_part(g, size, i, min(tall, g->m - i), j, min(wide, g->n - j));
            run_passes(k, &strip, a, b);
        }
}
