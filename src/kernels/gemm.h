/* gemm.h - the matrix product of this table. */
#ifndef TG_GEMM_H
#define TG_GEMM_H

#include "kernels/vec.h"

/* Elements of k in one pass over C. A pass sums its terms from zero and adds the sum to C, so that a term is rounded
   relative to the sum of its pass so far, not relative to all of C. */
enum { DEPTH = 400 };

void TG_PASTE(tg_gemm_, TG_TABLE)(const tg_gemm *g);

/* The steps of a pass. */
void TG_PASTE(tg_copy_a_, TG_TABLE)(const tg_pass *pass, int64_t i, int64_t m);
void TG_PASTE(tg_copy_b_, TG_TABLE)(const tg_pass *pass, int64_t j, int64_t n);
void TG_PASTE(tg_multiply_, TG_TABLE)(const tg_pass *pass, int64_t i, int64_t m, int64_t j, int64_t n);

#endif
