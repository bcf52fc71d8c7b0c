/* blas.c - the matrix product of another library, found at run time. */
#include "blas.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

enum { ROW_MAJOR = 101, AS_STORED = 111, TRANSPOSED = 112 };

/* Sets *function, a pointer to a function, to the address of `name`, or NULL. ISO C has no cast from the void * that dlsym
   returns to a function pointer. */
static void find(void *handle, const char *name, void *function)
{
    void *address = dlsym(handle, name);
    memcpy(function, &address, sizeof address);
}

bool blas_open(blas *b, const char *library)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        snprintf(b->text, sizeof b->text, "%s is not installed", library);
        return false;
    }
    char *(*describe)(void);
    find(handle, "cblas_sgemm", &b->sgemm);
    find(handle, "cblas_dgemm", &b->dgemm);
    find(handle, "openblas_get_config", &describe);
    snprintf(b->text, sizeof b->text, "%s", describe ? describe() : library);
    if (b->sgemm && b->dgemm)
        return true;
    snprintf(b->text, sizeof b->text, "%s has no cblas_sgemm and cblas_dgemm", library);
    return false;
}

void blas_gemm(const blas *b, tg_dtype dtype, const tg_gemm *g)
{
    const int m = (int)g->m, n = (int)g->n, k = (int)g->k, ldc = (int)g->c_row;
    const int ta = g->a_col == 1 ? AS_STORED : TRANSPOSED, lda = (int)(g->a_col == 1 ? g->a_row : g->a_col);
    const int tb = g->b_col == 1 ? AS_STORED : TRANSPOSED, ldb = (int)(g->b_col == 1 ? g->b_row : g->b_col);
    if (dtype == TG_F32)
        b->sgemm(ROW_MAJOR, ta, tb, m, n, k, 1, g->a, lda, g->b, ldb, 0, g->c, ldc);
    else
        b->dgemm(ROW_MAJOR, ta, tb, m, n, k, 1, g->a, lda, g->b, ldb, 0, g->c, ldc);
}
