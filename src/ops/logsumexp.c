/* logsumexp.c - y = ln sum e^x = m + ln sum e^(x - m), m = max x;  dy/dx = e^(x - y) */
#include "ops/reduce.h"

#ifdef TG_VECTOR_PASS

STRIP_INLINE void logsumexp_into(const strip *s)
{
    const real *x = strip_in(s, 0);
    vec m = strip_most(s, x);
    m = v_select(v_abs(m) == (real)INFINITY, v_set(0), m); /* infinity - infinity is NaN */
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++)
        total_add(&t, v_exp(strip_load(s, x, i, -(real)INFINITY) - m));
    strip_put(s, m + v_log(strip_total(s, &t)));
}

ROWS(logsumexp)
{
    each_strip(l, logsumexp_into);
}

MAP3(logsumexp_grad, x, y, g, g *v_exp(x - y))

#else

static const tg_sample grad_samples[] = {
    { .n = 3,
      .inputs = { { .shape = { 2, { 3, 4 } } }, { .shape = { 2, { 3, 1 } } }, { .shape = { 2, { 3, 1 } } } } },
};

/* g e^(x - y) */
static tg_tensor logsumexp_grad(tg_tensor x, tg_tensor y, tg_tensor g)
{
    return tg_apply3(&tg_op_logsumexp_grad, x, y, g);
}

static void grad_vjp(tg_vjp *v)
{
    const tg_tensor dx = tg_mul(tg_cotangent(v), tg_output(v));
    tg_give(v, 0, dx);
    tg_give(v, 1, tg_neg(dx));
    tg_give(v, 2, logsumexp_grad(tg_input(v, 0), tg_input(v, 1), tg_cotangent(v)));
}

const tg_op tg_op_logsumexp_grad = { TG_ELEMENTWISE(logsumexp_grad, 3, 0), .vjp = grad_vjp,
                                     TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, logsumexp_grad(tg_input(v, 0), tg_unreduced(v, tg_output(v)), tg_unreduced(v, tg_cotangent(v))));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, TG_OVER(2, { 2, { 2, 4 } }) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, TG_OVER(3, { 0 }) },
};

const tg_op tg_op_logsumexp = {
    .name = "logsumexp",
    .arity = 1,
    .order = TG_ORDER_ANY,
    .shape = tg_shape_reduced,
    .forward = tg_forward_reduce,
    .vjp = vjp,
    TG_SAMPLES(samples),
    .data = &(const tg_reducer){ TG_INDEX_logsumexp, TG_INDEX_logsumexp },
};

tg_tensor tg_logsumexp(tg_tensor x, int axis, bool keepdim)
{
    return tg_reduce(&tg_op_logsumexp, x, axis, keepdim, 0, false);
}

#endif
