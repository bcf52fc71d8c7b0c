/* gemm_run.c - a matrix product cut over the threads. */
#include "kernels/kernels.h"

void tg_gemm_run(const tg_kernels *k, tg_dtype dtype, const tg_gemm *g)
{
    (void)dtype;
    k->gemm(g);
}
