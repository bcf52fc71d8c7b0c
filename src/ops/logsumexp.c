/* logsumexp.c - y = ln sum e^x = m + ln sum e^(x - m), m = max x;  dy/dx = softmax(x) */
#include "ops/reduce.h"

#ifdef TG_VECTOR_PASS

VLINE_INLINE void logsumexp_into(const vline *s)
{
    const real *x = vline_in(s, 0);
    vec m = vline_peak(s, x);
    m = v_select(v_abs(m) == (real)INFINITY, v_set(0), m); /* infinity - infinity is NaN */
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++)
        total_add(&t, v_exp(vline_load(s, x, i, -(real)INFINITY) - m));
    const exponentials e = { .peak = m, .sum = vline_total(s, &t) };
    vline_put(s, m + vline_log(s, x, &e));
}

ROWS(logsumexp)
{
    each_vline(l, logsumexp_into);
}

#else

#include "ops/derivatives.h"

/* Not e^(x - y): the rounding error of a large y would be a relative error of the gradient. */
static void vjp(tg_vjp *v)
{
    const tg_tensor x = tg_input(v, 0), softmax = tg_softmax(tg_grouped(v, x), 1);
    tg_give(v, 0, tg_reshape(tg_weigh(tg_grouped_result(v, tg_cotangent(v)), softmax), tg_shape_of(x)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, TG_OVER(2, 0, { 2, { 2, 4 } }) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, TG_OVER(3, 0, { 0 }) },
};

const tg_op tg_op_logsumexp = { TG_REDUCTION(logsumexp, .loop = TG_INDEX_logsumexp, .one_group = true),
                                .order = TG_ORDER_ANY, .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_logsumexp(tg_tensor x, int axis, bool keepdim)
{
    return tg_reduce(&tg_op_logsumexp, x, axis, keepdim, 0, false);
}

#endif
