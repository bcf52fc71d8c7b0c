/* kernels.h - the tables of loops: one for each instruction set and dtype, chosen once; and the threads that run them.
   A kernel sees pointers, sizes and strides; never a tape. */
#ifndef TG_KERNELS_H
#define TG_KERNELS_H

#include "tapegrad/cpu.h"
#include "tapegrad/types.h"

enum tg_op_index {
#define OP(file, name)   TG_INDEX_##name,
#define LOOP(file, name) TG_INDEX_##name,
#include "ops/ops.list"
#undef OP
#undef LOOP
    TG_INDEX_COUNT
};

/* The arguments of an operation's loop: a block of rows x cols of the output, and the inputs under it. An elementwise
   loop of 1 x 1 must read nothing but in, out and p: the strides are not set. */
typedef struct tg_loop {
    int64_t rows, cols;
    const void *in[4];
    int64_t row[4]; /* input i: elements from one row to the next */
    int64_t col[4]; /* input i: elements from one column to the next; 0 or 1 in an elementwise map */
    void *out;
    int64_t out_row; /* the output's columns are contiguous */
    double p[2];     /* numbers of the operation */
    const void *attributes;
    bool accumulate; /* out += instead of out =, where the loop knows how */
} tg_loop;
typedef void tg_loop_fn(const tg_loop *loop);

/* C = init + A B. A is m x k, B is k x n, both at any strides; C's columns are contiguous. init: NULL for zeros, a row
   with init_row = 0 (a bias), or a matrix with columns contiguous (C itself, to accumulate). C overlaps neither A nor
   B. k = 0 gives init. */
typedef struct tg_gemm {
    int64_t m, n, k;
    const void *a;
    int64_t a_row, a_col;
    const void *b;
    int64_t b_row, b_col;
    void *c;
    int64_t c_row;
    const void *init;
    int64_t init_row;
} tg_gemm;

/* A pass over C of a large product: what k elements of A's rows and B's columns from p on add, from copies of them. */
typedef struct tg_pass {
    const tg_gemm *g;
    int64_t p, k;
    void *a, *b; /* the copies */
} tg_pass;

/* One step of an optimizer over n elements; its loop is in the optimizer's file (nn/optimizer.h). */
enum { TG_UPDATE_STATES = 2 };
typedef struct tg_update {
    void *w; /* values, changed in place */
    const void *g;
    void *state[TG_UPDATE_STATES]; /* NULL where the optimizer has fewer */
    double lr, weight_decay;       /* weight_decay: 0 for parameters without it */
    int64_t step;                  /* which of these elements' steps this is, from 1 */
    const void *config;            /* the optimizer's tg_NAME_config, defaults filled in */
} tg_update;
typedef void tg_update_fn(int64_t n, const tg_update *u);

typedef struct tg_kernels {
    const char *name;
    tg_loop_fn *const *loop; /* by enum tg_op_index; NULL for an operation without one */
    void (*gemm)(const tg_gemm *g);
    int gemm_rows, gemm_columns; /* of one tile: where a product is best cut */
    /* Of a pass: rows i .. i + m - 1 of A, columns j .. j + n - 1 of B, those of C. They start at whole tiles, and end
       at such or with the matrix. */
    void (*copy_a)(const tg_pass *pass, int64_t i, int64_t m);
    void (*copy_b)(const tg_pass *pass, int64_t j, int64_t n);
    void (*multiply)(const tg_pass *pass, int64_t i, int64_t m, int64_t j, int64_t n);
    void (*add)(int64_t n, const void *x, void *y);        /* y += x */
    void (*add_wide)(int64_t n, const void *x, double *y); /* y += x, for sums of very many */
    void (*scale)(int64_t n, double c, void *y);           /* y *= c */
    double (*sum_squares)(int64_t n, const void *x);       /* accumulated in double */
    bool (*all_finite)(int64_t n, const void *x);
    tg_update_fn *const *update; /* by enum tg_update_index (nn/optimizer.h) */
} tg_kernels;

/* The table in use for a dtype. */
const tg_kernels *tg_kernels_for(tg_dtype dtype);

/* Whether this machine can run the kernel set of that name. */
bool tg_cpu_runs(const char *set);

/* The CPUs that this process may use; at least 1. */
int tg_cpu_count(void);

/* Runs task(context, 0) ... task(context, n - 1), on the pool where n > 1, and returns when all are done. How the work
   is cut into tasks depends on shapes only, so that results do not depend on the number of threads. */
void tg_parallel(int64_t n, void (*task)(void *context, int64_t i), void *context);

/* The same for tasks of which a few may take less time than to wake a thread, and than to bring what they compute back from
   its cache: the caller does the first, measures it, and shares the others only if it would be long about them. */
void tg_parallel_brief(int64_t n, void (*task)(void *context, int64_t i), void *context);

/* For tests: whether brief tasks are always shared. */
void tg_parallel_eagerly(bool on);

/* What the environment asks for: a kernel set's name, NULL for none; a number of threads, which may be beyond the most,
   0 for none or what is no number. */
enum { TG_THREADS_MOST = 64 };
const char *tg_wished_kernels(void);
int tg_wished_threads(void);

/* Rows i .. i + m - 1 and columns j .. j + n - 1 of a product, whose elements have `size` bytes. */
tg_gemm tg_gemm_part(const tg_gemm *g, int64_t size, int64_t i, int64_t m, int64_t j, int64_t n);

/* gemm cut over the pool; small products stay on the caller. scratch has tg_gemm_room bytes, 0 for most: parts of the
   operands are copied to it where the product is large, and where k is beyond TG_GEMM_LONG it takes the sums of stretches of
   k before they are added to C. */
enum { TG_GEMM_LONG = 1 << 14 };
void tg_gemm_run(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g, void *scratch);
size_t tg_gemm_room(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g);

/* Large: each element serves many others, and they do not stay near. */
enum { TG_LARGE_SIDE = 512 };
bool tg_gemm_is_far(tg_dtype dtype, const tg_gemm *g);
static inline bool tg_gemm_is_large(tg_dtype dtype, const tg_gemm *g)
{
    return g->m >= TG_LARGE_SIDE && g->n >= TG_LARGE_SIDE && tg_gemm_is_far(dtype, g);
}

/* What tg_gemm_run does with a large product: none of m, n, k may be 0, and scratch has tg_gemm_room_large bytes. */
void tg_gemm_run_large(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g, void *scratch);
size_t tg_gemm_room_large(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g);

#endif
