/* eigen.h - steps of the symmetric eigen-solver, and the matrix product that it and the principal axes use. */
#ifndef TG_EIGEN_H
#define TG_EIGEN_H

#include "kernels/kernels.h"

/* A matrix of double at any strides. */
typedef struct tg_matrix {
    double *p;
    int64_t row, col;
} tg_matrix;

/* C = A B, or with `add` C + A B, on the thread pool. A is m x k; C's columns are contiguous. */
static inline void tg_multiply(int64_t m, int64_t n, int64_t k, tg_matrix a, tg_matrix b, tg_matrix c, bool add)
{
    const tg_gemm g = { .m = m,
                        .n = n,
                        .k = k,
                        .a = a.p,
                        .a_row = a.row,
                        .a_col = a.col,
                        .b = b.p,
                        .b_row = b.row,
                        .b_col = b.col,
                        .c = c.p,
                        .c_row = c.row,
                        .init = add ? c.p : NULL,
                        .init_row = c.row };
    tg_gemm_run(tg_kernels_for(TG_F64), TG_F64, &g, NULL);
}

/* A = Q T Q^T with T tridiagonal: d [n] is its diagonal, e [n] its off-diagonal, with e[n - 1] = 0. Q is the product of n
   reflections I - tau[j] v v^T. The first j + 1 components of the j-th v are 0; its other components replace row j of
   a [n, n] right of the diagonal. */
typedef struct tg_tridiagonal {
    int64_t n;
    double *a, *d, *e, *tau;
} tg_tridiagonal;

/* The doubles of scratch that suffice for both functions below, for k rows in the second. */
int64_t tg_tridiagonal_scratch(int64_t n, int64_t k);

/* Computes t from t->a. */
void tg_tridiagonal_reduce(const tg_tridiagonal *t, double *scratch);

/* The eigenvectors of A from those of T: each of the k rows x of [k, n] becomes Q x. */
void tg_tridiagonal_expand(const tg_tridiagonal *t, double *rows, int64_t k, double *scratch);

#endif
