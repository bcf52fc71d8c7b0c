/* kernels.h - the tables of loops, one for each instruction set and dtype, which of them is in use, and the threads that
   run them. A kernel has pointers, sizes and strides as its arguments; it has no access to a tape. */
#ifndef TG_KERNELS_H
#define TG_KERNELS_H

#include "tapegrad/cpu.h"
#include "tapegrad/types.h"

/* The arguments of an operation's loop: a block of rows x cols of the output, and the inputs that belong to it. An
   elementwise loop of 1 x 1 must read only in, out and p: the strides are not set. */
typedef struct tg_loop {
    int64_t rows, cols;
    const void *in[4];
    int64_t row[4]; /* input i: elements from one row to the next */
    int64_t col[4]; /* input i: elements from one column to the next; 0 or 1 in an elementwise map */
    void *out;
    int64_t out_row; /* the output's columns are contiguous */
    union {
        double p[2]; /* the numbers of an elementwise operation, p0 and p1 of its formula */
        struct {
            double divisor; /* of a sum: a count, or what var divides by */
            double rescaling;
        };
        double factor; /* of every element of the result */
        double eps;    /* added to a variance */
        double weight; /* of each row's term in the result of a loss */
    };
    const void *attributes;
    bool accumulate; /* out += instead of out =, where the loop supports it */
} tg_loop;
typedef void tg_loop_fn(const tg_loop *loop);

/* C = init + A B. A is m x k, B is k x n, both at any strides; C's columns are contiguous. init: NULL for zeros, a row
   with init_row = 0 (a bias), or a matrix with columns contiguous (C itself, to accumulate). C overlaps neither A nor
   B. With k = 0, C = init. */
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

/* A pass over C of a large product: adds the product of k elements of A's rows and B's columns, from element p on, reading
   copies of them. */
typedef struct tg_pass {
    const tg_gemm *g;
    int64_t p, k;
    void *a, *b; /* the copies */
} tg_pass;

/* One step of an optimizer over n elements; its loop is in the optimizer's file (nn/optimizer.h). */
enum { TG_UPDATE_STATES = 3 };
typedef struct tg_update {
    void *w; /* values, changed in place */
    const void *g;
    void *state[TG_UPDATE_STATES]; /* NULL where the optimizer does not use it */
    double lr, weight_decay;       /* weight_decay: 0 for parameters without it */
    int64_t step;                  /* which of these elements' steps this is, from 1 */
    const void *config;            /* the optimizer's tg_NAME_config, defaults filled in */
} tg_update;
typedef void tg_update_fn(int64_t n, const tg_update *u);

typedef struct tg_kernels {
    const char *name;
    tg_loop_fn *const *loop; /* by enum tg_op_index of ops/index.h; NULL for an operation without one */
    void (*gemm)(const tg_gemm *g);
    int gemm_rows, gemm_columns; /* of one tile: a product is best divided at multiples of them */
    /* Of a pass: rows i .. i + m - 1 of A, columns j .. j + n - 1 of B, and those of C. The ranges begin at whole tiles,
       and end at whole tiles or with the matrix. */
    void (*copy_a)(const tg_pass *pass, int64_t i, int64_t m);
    void (*copy_b)(const tg_pass *pass, int64_t j, int64_t n);
    void (*multiply)(const tg_pass *pass, int64_t i, int64_t m, int64_t j, int64_t n);
    int64_t copy_by_columns, copy_by_rows; /* bytes of an A stored by columns or by rows from which it is copied, */
    int64_t copy_depth;                    /* and the most elements of k in a pass over such copies */
    void (*add)(int64_t n, const void *x, void *y);        /* y += x */
    void (*add_wide)(int64_t n, const void *x, double *y); /* y += x, for sums of very many terms */
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

/* Runs task(context, 0) ... task(context, n - 1), on the thread pool where n > 1, and returns when all have finished. How
   the work is divided into tasks must depend on shapes only, so that results do not depend on the number of threads. */
void tg_parallel(int64_t n, void (*task)(void *context, int64_t i), void *context);

/* The same for tasks that may be shorter than it takes to wake a thread and to fetch its results from another core's
   cache: the calling thread runs the first task, measures it, and shares the others only if they would take it long. */
void tg_parallel_brief(int64_t n, void (*task)(void *context, int64_t i), void *context);

/* For tests: whether brief tasks are always shared. */
void tg_parallel_eagerly(bool on);

/* What the environment requests: the name of a kernel set, NULL if it is unset; a number of threads, which may exceed
   TG_THREADS_MOST, 0 if it is unset or not a number. */
enum { TG_THREADS_MOST = 64 };
const char *tg_environment_text(const char *name); /* a variable; NULL if it is unset or empty */
const char *tg_requested_kernels(void);
int tg_requested_threads(void);

/* Divides gemm into tasks for the thread pool; a small product is computed by the calling thread. scratch has tg_gemm_scratch_size
   bytes, 0 for most products: a large product copies parts of the operands to it, and where k exceeds TG_GEMM_LONG it holds
   the sum of each block of k until that is added to C. */
enum { TG_GEMM_LONG = 1 << 14 };
void tg_gemm_run(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g, void *scratch);
size_t tg_gemm_scratch_size(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g);

/* Large: each element is used many times, and the operands do not fit the caches. */
enum { TG_LARGE_SIDE = 512 };
bool tg_gemm_exceeds_caches(tg_dtype dtype, const tg_gemm *g);
static inline bool tg_gemm_is_large(tg_dtype dtype, const tg_gemm *g)
{
    return g->m >= TG_LARGE_SIDE && g->n >= TG_LARGE_SIDE && tg_gemm_exceeds_caches(dtype, g);
}

/* The same for a product that is not large but whose A is copied (gemm_copied.c). */
bool tg_gemm_is_copied(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g);
void tg_gemm_run_copied(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g, void *scratch);
size_t tg_gemm_scratch_size_copied(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g);

/* How tg_gemm_run computes a large product: none of m, n, k may be 0, and scratch has tg_gemm_scratch_size_large bytes. */
void tg_gemm_run_large(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g, void *scratch);
size_t tg_gemm_scratch_size_large(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g);

#endif
