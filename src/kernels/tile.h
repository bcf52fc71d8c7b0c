/* tile.h - the micro-kernel of the matrix product: a tile of C that stays in registers during the loop over k.

   A tile is up to TILE_ROWS rows by TILE_VECS vectors. Each step of k loads its vectors of B, and for each row
   multiplies them by one broadcast element of A. Small tiles have several partial sums, one for each residue of k modulo
   `phases`, so that there are always enough independent chains to hide the latency of a multiply-add. */
#ifndef TG_TILE_H
#define TG_TILE_H

#include "kernels/vec.h"

#define TILE_SUMS (TILE_ROWS * TILE_VECS)
enum { PANEL = TILE_VECS * VL }; /* columns of a tile */

typedef struct tile {
    int64_t k;
    const real *a; /* element (i, p) at i a_row + p a_col */
    int64_t a_row, a_col;
    const real *b; /* columns contiguous */
    int64_t b_row;
    real *c;
    int64_t c_row;
    const real *init; /* NULL for zeros */
    int64_t init_row;
    int64_t tail;       /* columns in the last vector: VL, or fewer */
    const char *ahead;  /* what is read soon, or any address: a full tile prefetches it, */
    int64_t ahead_step; /* advancing by so many bytes at each step of k */
} tile;

/* The shape of a tile's code: constants after inlining. */
typedef struct form {
    int rows, vecs, phases;
    bool by_rows; /* A's rows are contiguous (a_col = 1), else its columns (a_row = 1) */
    bool partial; /* the last vector has fewer than VL columns */
} form;

INLINE vec tile_load(form f, const real *p, int v, int64_t tail)
{
    return f.partial && v == f.vecs - 1 ? v_load_n(p + v * VL, tail) : v_load(p + v * VL);
}

INLINE void tile_store(form f, real *p, int v, int64_t tail, vec x)
{
    if (f.partial && v == f.vecs - 1)
        v_store_n(p + v * VL, x, tail);
    else
        v_store(p + v * VL, x);
}

/* Where the next step of k reads: a pointer into A for every four rows, since x86 can address 1, 2 or 4 strides from it. */
typedef struct cursor {
    const real *a[(TILE_ROWS + 3) / 4], *b;
    int64_t a_row, a_col, b_row, tail, ahead_step;
    const char *ahead;
} cursor;

enum { SECOND_CACHE = 2 }; /* __builtin_prefetch's locality */

/* sums += one column of A times one row of B. */
INLINE void tile_step(form f, vec *sums, cursor *at)
{
    vec row[TILE_VECS];
    EACH (v, f.vecs)
        row[v] = tile_load(f, at->b, v, at->tail);
    EACH (r, f.rows) {
        const vec x = v_set(at->a[r / 4][r % 4 * at->a_row]);
        EACH (v, f.vecs)
            sums[r * f.vecs + v] = v_fma(x, row[v], sums[r * f.vecs + v]);
    }
    EACH (q, (f.rows + 3) / 4)
        at->a[q] += at->a_col;
    at->b += at->b_row;
    if (f.rows * f.vecs == TILE_SUMS) {
        __builtin_prefetch(at->ahead, 0, SECOND_CACHE);
        at->ahead += at->ahead_step;
    }
}

INLINE void tile_run(form f, const tile *t)
{
    const int n = f.rows * f.vecs;
    vec sums[TILE_SUMS] = { { 0 } };

    cursor at = { .b = t->b, .b_row = t->b_row, .tail = t->tail, .ahead = t->ahead, .ahead_step = t->ahead_step };
    at.a_row = f.by_rows ? t->a_row : 1;
    at.a_col = f.by_rows ? 1 : t->a_col;
    EACH (q, (f.rows + 3) / 4)
        at.a[q] = t->a + 4 * q * at.a_row;
    int64_t k = t->k;
    for (; k >= f.phases; k -= f.phases)
        EACH (phase, f.phases)
            tile_step(f, sums + phase * n, &at);
    if (f.phases > 1)
        for (; k > 0; k--)
            tile_step(f, sums, &at);

    for (int half = f.phases / 2; half >= 1; half /= 2)
        EACH (i, half * n)
            sums[i] += sums[half * n + i];
    if (t->init)
        EACH (i, n)
            sums[i] += tile_load(f, t->init + i / f.vecs * t->init_row, i % f.vecs, t->tail);
    EACH (i, n)
        tile_store(f, t->c + i / f.vecs * t->c_row, i % f.vecs, t->tail, sums[i]);
}

/* The most phases whose sums fit the registers. */
#define FIT(rows, vecs, phases) ((rows) * (vecs) * (phases) <= TILE_SUMS)
#define PHASES(rows, vecs)      (FIT(rows, vecs, 8) ? 8 : FIT(rows, vecs, 4) ? 4 : FIT(rows, vecs, 2) ? 2 : 1)

#define TILE(rows, vecs, by_rows, partial)                                                                           \
    static void tile_##rows##_##vecs##_##by_rows##_##partial(const tile *t)                                          \
    {                                                                                                                \
        tile_run((form){ rows, vecs, PHASES(rows, vecs), by_rows, partial }, t);                                     \
    }
#define NAME(rows, vecs, by_rows, partial) tile_##rows##_##vecs##_##by_rows##_##partial,

#define FORMS(DO, rows, vecs) DO(rows, vecs, 0, 0) DO(rows, vecs, 0, 1) DO(rows, vecs, 1, 0) DO(rows, vecs, 1, 1)
#define VECS(DO, rows)        FORMS(DO, rows, 1) FORMS(DO, rows, 2) FORMS(DO, rows, 3)
#define ROWS_4(DO)            VECS(DO, 1) VECS(DO, 2) VECS(DO, 3) VECS(DO, 4)
#define ROWS_8(DO)            ROWS_4(DO) VECS(DO, 5) VECS(DO, 6) VECS(DO, 7) VECS(DO, 8)

#define EVERY(DO) TG_PASTE(ROWS_, TILE_ROWS)(DO)

EVERY(TILE)

/* By rows - 1, vecs - 1, by_rows and partial. */
static void (*const tiles[])(const tile *t) = { EVERY(NAME) };

static inline void tile_do(int rows, int vecs, bool by_rows, const tile *t)
{
    tiles[((rows - 1) * TILE_VECS + vecs - 1) * 4 + by_rows * 2 + (t->tail < VL)](t);
}

#endif
