/* product.h - matrix products inside operations: as a tensor operation in vjps, and as a call in forwards. */
#ifndef TG_PRODUCT_H
#define TG_PRODUCT_H

#include "kernels/kernels.h"
#include "tapegrad/op.h"

/* A B, where a is A or, with `a_transposed`, its transpose, and b likewise. Transposes are read through strides, not made. */
tg_tensor tg_product(tg_tensor a, bool a_transposed, tg_tensor b, bool b_transposed);

/* x [..., n] as [rows, n]: against a 2-D right operand, leading axes are more rows. */
tg_tensor tg_folded(tg_tensor x);

/* Computes g in a forward, with scratch where it is large: TG_ERR_MEMORY, raised, if there is none. */
tg_status tg_call_gemm(tg_call *c, const tg_gemm *g);

/* The scratch that g needs, NULL if it needs none; false, with the error raised, out of memory. */
bool tg_call_gemm_scratch(tg_call *c, const tg_gemm *g, void **scratch);

#endif
