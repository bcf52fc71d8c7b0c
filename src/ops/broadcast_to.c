/* broadcast_to.c - y = x, repeated along the axes where it has size 1;  the reverse is sum_to */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(broadcast_to, x, x)

#else

#include "core/call.h"
#include "core/push.h"

static tg_status shape(tg_call *c, tg_shape *out)
{
    const tg_shape *wanted = tg_call_attributes(c);
    const tg_shape have = tg_call_shape(c, 0);
    if (!tg_tape_check_shape(c->tape, wanted, "broadcast_to"))
        return TG_ERR_SHAPE;
    const int more = wanted->rank - have.rank;
    bool fits = more >= 0;
    for (int d = 0; fits && d < have.rank; d++)
        fits = have.dims[d] == 1 || have.dims[d] == wanted->dims[d + more];
    *out = *wanted;
    char text[192];
    return fits ? TG_OK
                : tg_call_fail(c, TG_ERR_SHAPE, "it does not broadcast to %s",
                               tg_shape_text(wanted, text, sizeof text));
}

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_cotangent(v)); /* tg_give undoes the broadcasting */
}

static const tg_sample samples[] = {
    { .n = 1,
      .inputs = { { .shape = { 2, { 3, 1 } } } },
      .attributes = &(const tg_shape){ 3, { 2, 3, 4 } },
      .attribute_bytes = sizeof(tg_shape) },
};

const tg_op tg_op_broadcast_to = {
    .name = "broadcast_to",
    .arity = 1,
    .order = TG_ORDER_ANY,
    .shape = shape,
    .forward = tg_forward_map,
    .vjp = vjp,
    .samples = samples,
    .n_samples = TG_COUNT(samples),
    .data = TG_MAP(broadcast_to, 0),
};

tg_tensor tg_broadcast_to(tg_tensor x, tg_shape shape)
{
    return tg_apply1_with(&tg_op_broadcast_to, x, &shape, sizeof shape);
}

#endif
