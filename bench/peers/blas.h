/* blas.h - the matrix product of another library, found at run time. */
#ifndef BENCH_BLAS_H
#define BENCH_BLAS_H

#include "kernels/kernels.h"

/* C's interface to BLAS, with 32-bit sizes. */
typedef void cblas_sgemm_fn(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a, int lda,
                            const float *b, int ldb, float beta, float *c, int ldc);
typedef void cblas_dgemm_fn(int order, int ta, int tb, int m, int n, int k, double alpha, const double *a, int lda,
                            const double *b, int ldb, double beta, double *c, int ldc);

typedef struct blas {
    cblas_sgemm_fn *sgemm;
    cblas_dgemm_fn *dgemm;
    char text[128]; /* the library's description of itself, or why it cannot be used */
} blas;

/* Opens a shared library that has both products, such as libopenblas.so.0; false where there is none. It stays open
   until the program ends. */
bool blas_open(blas *b, const char *library);

/* C = A B by that library, for operands with contiguous rows or columns. */
void blas_gemm(const blas *b, tg_dtype dtype, const tg_gemm *g);

#endif
