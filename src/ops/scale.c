/* scale.c - y = c x;  dy/dx = c */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(scale, x, p0 *x)

#else

static double factor(const tg_vjp *v)
{
    return *(const double *)tg_vjp_attributes(v);
}

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_scale(tg_cotangent(v), factor(v)));
}

static const tg_sample samples[] = {
    { .n = 1,
      .inputs = { { .shape = { 2, { 3, 4 } } } },
      .attributes = (double[]){ -1.75 },
      .attribute_bytes = sizeof(double) },
};

const tg_op tg_op_scale = {
    TG_ELEMENTWISE(scale, 1, 1),
    .vjp = vjp,
    .samples = samples,
    .n_samples = TG_COUNT(samples),
};

tg_tensor tg_scale(tg_tensor x, double c)
{
    return tg_apply(&tg_op_scale, &x, 1, &c, sizeof c);
}

#endif
