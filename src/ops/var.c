/* var.c - y = sum (x - mean)^2 / (n - correction);  dy/dx = 2 (x - mean) / (n - correction) */
#include "ops/reduce.h"

#ifdef TG_VECTOR_PASS

/* p[0] is the divisor. */
STRIP_INLINE vec scaled_var(const strip *s, real scale)
{
    return strip_moments(s, strip_in(s, 0), scale).squares / (real)s->l->p[0];
}

/* Where the sums or squares left the range of `real`. */
static __attribute__((noinline)) vec var_again(const strip *s)
{
    return scaled_var(s, 1 / SCALE) * SCALE * SCALE;
}

STRIP_INLINE void var_into(const strip *s)
{
    const vec y = scaled_var(s, 1);
    const mask bad = (y - y) != 0;
    strip_put(s, v_any(bad) ? v_select(bad, var_again(s), y) : y);
}

ROWS(var)
{
    each_strip(l, var_into);
}

#else

#include <math.h>

#include "core/tape.h"
#include "ops/shared.h"

/* What the squares are divided by: not less than 0, and NaN where there is nothing to divide. */
static double divisor(double n, const tg_reduction_of *r)
{
    const double left = n - r->number;
    return n == 0 ? (double)NAN : left < 0 ? 0 : left;
}

static tg_status forward(tg_call *c)
{
    const tg_reduction_of *r = tg_call_attributes(c);
    tg_shape s = tg_call_shape(c, 0);
    unsigned axes = r->axes;
    tg_lines l = tg_lines_of_group(&s, &axes);
    l.run = c->tape->kernels->loop[TG_INDEX_var];
    l.element = c->tape->element;
    l.inputs = 1;
    l.reduces = true;
    l.loop.in[0] = tg_call_input(c, 0);
    l.loop.out = c->out;
    l.loop.p[0] = divisor((double)l.k, r);
    tg_lines_run(&l);
    return TG_OK;
}

/* The mean of each line of x, which has the input's shape, in a shape that broadcasts against it. */
static tg_tensor mean_of(const tg_vjp *v, tg_tensor x)
{
    const tg_reduction_of *r = tg_vjp_attributes(v);
    return tg_unreduced(v, tg_apply1_with(&tg_op_mean, x, r, sizeof *r));
}

/* A mean is rounded, and far from zero by more than the elements deviate: what it left over is the deviations' own mean. */
static void vjp(tg_vjp *v)
{
    const tg_reduction_of *r = tg_vjp_attributes(v);
    const tg_tensor x = tg_input(v, 0), g = tg_unreduced(v, tg_cotangent(v));
    const tg_tensor d = tg_sub(x, mean_of(v, x));
    tg_give(v, 0, tg_scaled_difference(d, mean_of(v, d), g, 2 / divisor(tg_reduced_count(v), r)));
}

#define OVER(mask, by, ...)                                                                                          \
    .attributes = &(const tg_reduction_of){ .axes = (mask), .result = __VA_ARGS__, .number = (by) },                 \
    .attribute_bytes = sizeof(tg_reduction_of)

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, OVER(2, 0, { 2, { 2, 4 } }) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, OVER(3, 1, { 0 }) },
};

const tg_op tg_op_var = {
    .name = "var",
    .arity = 1,
    .order = TG_ORDER_ANY,
    .shape = tg_shape_reduced,
    .forward = forward,
    .vjp = vjp,
    TG_SAMPLES(samples),
};

tg_tensor tg_var(tg_tensor x, int axis, double correction, bool keepdim)
{
    return tg_reduce(&tg_op_var, x, axis, keepdim, correction, false);
}

#endif
