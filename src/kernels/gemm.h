/* gemm.h - the matrix product of this table. */
#ifndef TG_GEMM_H
#define TG_GEMM_H

#include "kernels/vec.h"

void TG_PASTE(tg_gemm_, TG_TABLE)(const tg_gemm *g);

#endif
