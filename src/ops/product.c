/* product.c - runs a matrix product in an operation's forward. */
#include "ops/product.h"

#include "core/call.h"
#include "core/lookup.h"
#include "kernels/kernels.h"
#include "tapegrad/ops.h"

bool tg_call_gemm_scratch(tg_call *c, const tg_gemm *g, void **scratch)
{
    const tg_tape *t = c->tape;
    const size_t size = tg_gemm_room(t->kernels, t->dtype, g);
    *scratch = size ? tg_call_scratch(c, size) : NULL;
    return !size || *scratch;
}

tg_status tg_call_gemm(tg_call *c, const tg_gemm *g)
{
    void *scratch;
    if (!tg_call_gemm_scratch(c, g, &scratch))
        return TG_ERR_MEMORY;
    tg_gemm_run(c->tape->kernels, c->tape->dtype, g, scratch);
    return TG_OK;
}

tg_tensor tg_folded(tg_tensor x)
{
    const tg_node *n = tg_node_of(x, "folded");
    const tg_shape *s = n ? &n->extent->shape : &tg_scalar_extent.shape; /* NULL: a failed tensor */
    if (s->rank == 2 || s->rank == 0)
        return x;
    int64_t rows = 1;
    for (int d = 0; d + 1 < s->rank; d++)
        rows *= s->dims[d];
    return tg_reshape(x, TG_SHAPE(rows, s->dims[s->rank - 1]));
}
