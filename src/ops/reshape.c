/* reshape.c - y = x under another shape with as many elements, sharing its memory; squeeze and unsqueeze */
#include "core/call.h"
#include "core/error.h"
#include "core/lookup.h"
#include "ops/lines.h"

/* One size may be -1: what is left. */
static tg_status shape(tg_call *c, tg_shape *out)
{
    const int64_t size = tg_call_node(c, 0)->extent->size;
    const tg_shape *wanted = tg_call_attributes(c);
    char text[192];
    *out = *wanted;
    if (out->rank < 0 || out->rank > TG_MAX_RANK)
        return tg_call_fail(c, TG_ERR_SHAPE, "rank %d is not in 0 .. %d", out->rank, TG_MAX_RANK);
    int left = 0;
    while (left < out->rank && out->dims[left] != -1)
        left++;
    if (left < out->rank)
        out->dims[left] = 1;
    const int64_t n = tg_shape_size(out);
    if (left < out->rank && n > 0 && size % n == 0)
        out->dims[left] = size / n;
    else if (left < out->rank || n != size)
        return tg_call_fail(c, TG_ERR_SHAPE, "its %lld elements do not make %s", (long long)size,
                            tg_shape_text(wanted, text, sizeof text));
    return TG_OK;
}

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_reshape(tg_cotangent(v), tg_shape_of(tg_input(v, 0))));
}

static const tg_sample samples[] = {
    { .n = 1,
      .inputs = { { .shape = { 3, { 2, 3, 4 } } } },
      .attributes = &(const tg_shape){ 2, { 4, 6 } },
      .attribute_bytes = sizeof(tg_shape) },
};

const tg_op tg_op_reshape = {
    .name = "reshape",
    .arity = 1,
    .flags = TG_OP_VIEW,
    .order = TG_ORDER_ANY,
    .shape = shape,
    .vjp = vjp,
    .samples = samples,
    .n_samples = TG_COUNT(samples),
};

tg_tensor tg_reshape(tg_tensor x, tg_shape shape)
{
    return tg_apply1_with(&tg_op_reshape, x, &shape, sizeof shape);
}

tg_tensor tg_squeeze(tg_tensor x, int axis)
{
    const tg_node *n = tg_node_of(x, "squeeze");
    if (!n || !tg_check_axis(x, "squeeze", axis))
        return tg_invalid(x.tape);
    const tg_shape *s = &n->extent->shape;
    const int chosen = axis < 0 ? axis + s->rank : axis;
    tg_shape left = { .rank = 0 };
    for (int d = 0; d < s->rank; d++) {
        const bool removed = axis == TG_ALL ? s->dims[d] == 1 : d == chosen;
        if (removed && s->dims[d] != 1) {
            tg_tensor_fail(x, TG_ERR_SHAPE, "squeeze", "axis %d has size %lld; only an axis of size 1 can be removed",
                           axis, (long long)s->dims[d]);
            return tg_invalid(x.tape);
        }
        if (!removed)
            left.dims[left.rank++] = s->dims[d];
    }
    return tg_reshape(x, left);
}

tg_tensor tg_unsqueeze(tg_tensor x, int axis)
{
    const tg_node *n = tg_node_of(x, "unsqueeze");
    if (!n)
        return tg_invalid(x.tape);
    const tg_shape *s = &n->extent->shape;
    if (s->rank == TG_MAX_RANK || axis < -s->rank - 1 || axis > s->rank) {
        tg_tensor_fail(x, TG_ERR_SHAPE, "unsqueeze", "axis %d is not in %d .. %d, or the rank would be more than %d",
                       axis, -s->rank - 1, s->rank, TG_MAX_RANK);
        return tg_invalid(x.tape);
    }
    const int chosen = axis < 0 ? axis + s->rank + 1 : axis;
    tg_shape more = { .rank = s->rank + 1 };
    for (int d = 0; d < more.rank; d++)
        more.dims[d] = d == chosen ? 1 : s->dims[d < chosen ? d : d - 1];
    return tg_reshape(x, more);
}
