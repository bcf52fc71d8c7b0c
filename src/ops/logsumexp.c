/* logsumexp.c - y = ln sum e^x = m + ln sum e^(x - m), m = max x;  dy/dx = softmax(x) */
#include "ops/reduce.h"

#ifdef TG_VECTOR_PASS

STRIP_INLINE void logsumexp_into(const strip *s)
{
    const real *x = strip_in(s, 0);
    vec m = strip_peak(s, x);
    m = v_select(v_abs(m) == (real)INFINITY, v_set(0), m); /* infinity - infinity is NaN */
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++)
        total_add(&t, v_exp(strip_load(s, x, i, -(real)INFINITY) - m));
    const exponentials e = { .peak = m, .sum = strip_total(s, &t) };
    strip_put(s, m + strip_log(s, x, &e));
}

ROWS(logsumexp)
{
    each_strip(l, logsumexp_into);
}

#else

#include "ops/shared.h"

/* The axis that was asked for: one, or all of them. */
static int axis_of(unsigned axes)
{
    int axis = 0;
    while (axes > 1u << axis)
        axis++;
    return axes == 1u << axis ? axis : TG_ALL;
}

/* Not e^(x - y): the rounding of a large y would be the relative error of all. */
static void vjp(tg_vjp *v)
{
    const tg_reduction_of *r = tg_vjp_attributes(v);
    tg_give(v, 0, tg_weigh(tg_unreduced(v, tg_cotangent(v)), tg_softmax(tg_input(v, 0), axis_of(r->axes))));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, TG_OVER(2, { 2, { 2, 4 } }) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, TG_OVER(3, { 0 }) },
};

const tg_op tg_op_logsumexp = { TG_REDUCTION(logsumexp, logsumexp, false), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_logsumexp(tg_tensor x, int axis, bool keepdim)
{
    return tg_reduce(&tg_op_logsumexp, x, axis, keepdim, 0, false);
}

#endif
