/* linear.c - y = x w + b;  dx = g wᵀ, dw = xᵀ g, db = sum of g over the rows */
#include "core/call.h"
#include "kernels/kernels.h"
#include "ops/elementwise.h"
#include "ops/product.h"

static tg_status shape(tg_call *c, tg_shape *out)
{
    const tg_shape *x = tg_call_dims(c, 0), *w = tg_call_dims(c, 1);
    const tg_shape *b = tg_node_inputs(c->node)[2] ? tg_call_dims(c, 2) : NULL;
    if (x->rank < 1)
        return tg_call_fail(c, TG_ERR_SHAPE, "x is a scalar; it must have rank 1 or more");
    if (w->rank != 2)
        return tg_call_fail(c, TG_ERR_SHAPE, "w has rank %d; it must be [in, out]", w->rank);
    if (x->dims[x->rank - 1] != w->dims[0])
        return tg_call_fail(c, TG_ERR_SHAPE, "inner sizes %lld and %lld differ", (long long)x->dims[x->rank - 1],
                            (long long)w->dims[0]);
    if (b && (b->rank != 1 || b->dims[0] != w->dims[1]))
        return tg_call_fail(c, TG_ERR_SHAPE, "the bias must be [%lld] or absent", (long long)w->dims[1]);
    tg_copy_shape(x, out);
    out->dims[x->rank - 1] = w->dims[1];
    return TG_OK;
}

static tg_status forward(tg_call *c)
{
    const tg_shape *x = tg_call_dims(c, 0);
    const int64_t in = tg_call_dims(c, 1)->dims[0], out = tg_call_dims(c, 1)->dims[1];
    return tg_call_gemm(c, &(tg_gemm){ .m = x->rank == 2 ? x->dims[0] : c->node->extent->size / out,
                                       .n = out,
                                       .k = in,
                                       .a = tg_call_value(c, 0),
                                       .a_row = in,
                                       .a_col = 1,
                                       .b = tg_call_value(c, 1),
                                       .b_row = out,
                                       .b_col = 1,
                                       .c = c->out,
                                       .c_row = out,
                                       .init = tg_call_value(c, 2) });
}

static void vjp(tg_vjp *v)
{
    const tg_tensor x = tg_input(v, 0), w = tg_input(v, 1), g = tg_folded(tg_cotangent(v));
    if (tg_wants(v, 0)) {
        const tg_tensor dx = tg_product(g, false, w, true);
        tg_give(v, 0, tg_rank(x) == 2 ? dx : tg_reshape(dx, tg_shape_of(x)));
    }
    tg_give(v, 1, tg_product(tg_folded(x), true, g, false));
    tg_give(v, 2, g); /* tg_give sums it over the rows */
}

static const tg_sample samples[] = {
    { .n = 3, .inputs = { { .shape = { 2, { 2, 3 } } }, { .shape = { 2, { 3, 4 } } }, { .shape = { 1, { 4 } } } } },
    { .n = 3,
      .inputs = { { .shape = { 3, { 2, 2, 3 } } }, { .shape = { 2, { 3, 2 } } }, { .kind = TG_SAMPLE_ABSENT } } },
    { .n = 3, .inputs = { { .shape = { 1, { 3 } } }, { .shape = { 2, { 3, 2 } } }, { .shape = { 1, { 2 } } } } },
};

const tg_op tg_op_linear = {
    .name = "linear",
    .arity = 3,
    .optional = 1u << 2,
    .order = TG_ORDER_ANY,
    .shape = shape,
    .forward = forward,
    .vjp = vjp,
    TG_SAMPLES(samples),
};

tg_tensor tg_linear(tg_tensor x, tg_tensor w, tg_tensor b)
{
    return tg_apply3(&tg_op_linear, x, w, b);
}
