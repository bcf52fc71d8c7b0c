/* var.c - y = sum (x - mean)^2 / (n - correction);  dy/dx = 2 (x - mean) / (n - correction);  std is its square root */
#include "ops/reduce.h"

#ifdef TG_VECTOR_PASS

/* For lines whose sums or squares left the range of `real`. */
static __attribute__((noinline)) moments moments_again(const vline *s)
{
    return vline_moments(s, vline_in(s, 0), 1 / SCALE);
}

/* The variance, and its square root, which is in range where the variance is not; p[0] is the divisor. */
VLINE_INLINE void var_into(const vline *s, bool root)
{
    const real n = (real)s->l->p[0];
    const vec squares = vline_moments(s, vline_in(s, 0), 1).squares;
    const mask bad = (squares - squares) != 0;
    vec y = root ? v_sqrt(squares / n) : squares / n;
    if (v_any(bad)) {
        const vec again = moments_again(s).squares / n;
        y = v_select(bad, root ? v_sqrt(again) * SCALE : again * SCALE * SCALE, y);
    }
    vline_put(s, y);
}

VLINE_INLINE void variance(const vline *s)
{
    var_into(s, false);
}
VLINE_INLINE void deviation(const vline *s)
{
    var_into(s, true);
}

ROWS(var)
{
    each_vline(l, variance);
}

ROWS(std)
{
    each_vline(l, deviation);
}

VLINE_INLINE vec factor_of(const vline *s)
{
    const real *g = (const real *)s->l->in[1] + s->line;
    return (s->along ? v_set(*g) : lanes_load(g, s->lanes, 0)) * (real)s->l->p[0];
}

/* p[0] (x - mean) g, and 0 where g is 0; g is one number a line. `rest` is the rounding error of the mean, which may be larger
   than the deviations. */
VLINE_INLINE void var_grad_vline(const vline *s)
{
    vec factor = factor_of(s), scale = v_set(1);
    moments m = vline_moments(s, vline_in(s, 0), 1);
    const mask bad = (m.mean - m.mean) != 0;
    if (v_any(bad)) {
        const moments other = moments_again(s);
        m.mean = v_select(bad, other.mean, m.mean);
        m.rest = v_select(bad, other.rest, m.rest);
        scale = v_select(bad, v_set(1 / SCALE), scale);
        factor = v_select(bad, factor * SCALE, factor);
    }
    for (int64_t i = 0; i < s->steps; i++)
        vline_store(s, vline_out(s), i,
                    v_select(factor == 0, factor,
                             (v_fma(vline_load(s, vline_in(s, 0), i, 0), scale, -m.mean) - m.rest) * factor));
}

/* Adjacent lines: `width` vlines, at most SIDE_BY_SIDE, are processed together, so that memory is read row by row. */
enum { SIDE_BY_SIDE = 32, FEW = 4 };

/* Each vline's mean distance from `from`. */
VLINE_INLINE void mean_distances(const vline *first, int64_t width, const vec *from, vec *mean)
{
    const real *x = vline_in(first, 0);
    total t[SIDE_BY_SIDE];
    memset(t, 0, (size_t)width * sizeof *t);
    for (int64_t i = 0; i < first->steps; i += FEW)
        for (int64_t w = 0; w < width; w++) {
            vec sum = v_set(0);
            for (int64_t r = i; r < i + FEW && r < first->steps; r++)
                sum += v_load(x + r * first->step + w * VL) - from[w];
            total_add(&t[w], sum);
        }
    for (int64_t w = 0; w < width; w++)
        mean[w] = vline_total(first, &t[w]) / (real)first->steps;
}

VLINE_INLINE void var_grad_side_by_side(const tg_loop *l, int64_t line, int64_t width)
{
    const vline first = { l->rows, l->row[0], VL, VL, false, line, l };
    const real *x = vline_in(&first, 0);
    real *y = vline_out(&first);
    vec zero[SIDE_BY_SIDE] = { { 0 } }, mean[SIDE_BY_SIDE], rest[SIDE_BY_SIDE], factor[SIDE_BY_SIDE];
    mean_distances(&first, width, zero, mean);
    mean_distances(&first, width, mean, rest);
    for (int64_t w = 0; w < width; w++)
        factor[w] = factor_of(&(vline){ .lanes = VL, .line = line + w * VL, .l = l });
    for (int64_t i = 0; i < l->rows; i++)
        for (int64_t w = 0; w < width; w++) {
            const int64_t at = i * first.step + w * VL;
            v_store(y + at, (v_load(x + at) - mean[w] - rest[w]) * factor[w]);
        }
    for (int64_t w = 0; w < width; w++)
        if (v_any((mean[w] - mean[w]) != 0)) {
            vline s = first;
            s.line += w * VL;
            var_grad_vline(&s);
        }
}

ROWS(var_grad)
{
    int64_t line = 0;
    for (int64_t width; l->row[0] > 1 && (width = (l->cols - line) / VL) > 0; line += width * VL) {
        width = width < SIDE_BY_SIDE ? width : SIDE_BY_SIDE;
        var_grad_side_by_side(l, line, width);
    }
    each_vline_from(l, line, var_grad_vline);
}

#else

#include <math.h>

#include "core/call.h"
#include "kernels/kernels.h"
#include "ops/derivatives.h"

/* n - correction, at least 0; NaN for no elements. */
static double divisor(double n, double correction)
{
    const double left = n - correction;
    return n == 0 ? (double)NAN : left < 0 ? 0 : left;
}

/* The derivative: 2 (x - mean) g / (n - correction), g having size 1 along the axes ---------------------------------- */

static tg_tensor var_grad(tg_tensor x, tg_tensor g, const tg_reduced *r)
{
    return tg_apply2_with(&tg_op_var_grad, x, g, r, sizeof *r);
}

static tg_status grad_shape(tg_call *c, tg_shape *out)
{
    tg_copy_shape(tg_call_dims(c, 0), out);
    return TG_OK;
}

static tg_status grad_forward(tg_call *c)
{
    const tg_reduced *r = tg_call_attributes(c);
    tg_shape s = *tg_call_dims(c, 0);
    unsigned axes = r->axes;
    tg_lines l = tg_lines_of_group(&s, &axes);
    l.run = c->tape->kernels->loop[TG_INDEX_var_grad];
    l.element = c->tape->element;
    l.inputs = 1;
    l.per_line = 1;
    l.loop.in[0] = tg_call_input(c, 0);
    l.loop.in[1] = tg_call_input(c, 1);
    l.loop.p[0] = 2 / divisor((double)l.k, r->number);
    l.loop.out = c->out;
    tg_lines_run(&l);
    return TG_OK;
}

/* D(x, g) is linear in g, and linear and symmetric in x: the gradient of <c, D(x, g)> by x is D(c, g), by g the sum of
   c D(x, 1). */
static void grad_vjp(tg_vjp *v)
{
    const tg_reduced *r = tg_vjp_attributes(v);
    const tg_tensor x = tg_input(v, 0), g = tg_input(v, 1), c = tg_cotangent(v);
    tg_give(v, 0, var_grad(c, g, r));
    tg_give(v, 1, tg_mul(c, var_grad(x, tg_full(x.tape, tg_shape_of(g), 1), r)));
}

static const tg_sample grad_samples[] = {
    { .n = 2,
      .inputs = { { .shape = { 3, { 2, 3, 4 } } }, { .shape = { 3, { 2, 1, 4 } } } },
      TG_OVER(2, 0, { 2, { 2, 4 } }) },
    { .n = 2, .inputs = { { .shape = { 2, { 3, 4 } } }, { .shape = { 2, { 1, 1 } } } }, TG_OVER(3, 1, { 0 }) },
};

const tg_op tg_op_var_grad = {
    .name = "var_grad",
    .arity = 2,
    .order = TG_ORDER_ANY,
    .shape = grad_shape,
    .forward = grad_forward,
    .vjp = grad_vjp,
    TG_SAMPLES(grad_samples),
};

/* The variance ---------------------------------------------------------------------------------------------------- */

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, var_grad(tg_input(v, 0), tg_unreduced(v, tg_cotangent(v)), tg_vjp_attributes(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, TG_OVER(2, 0, { 2, { 2, 4 } }) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, TG_OVER(3, 1, { 0 }) },
};

const tg_op tg_op_var = { TG_REDUCTION(var, .loop = TG_INDEX_var, .divisor = divisor, .whole_lines = true,
                                       .one_group = true),
                          .order = TG_ORDER_ANY, .vjp = vjp, TG_SAMPLES(samples) };

/* dy/dx is that of the variance divided by 2 y, and 0 where y is 0, as in PyTorch. */
static void std_vjp(tg_vjp *v)
{
    const tg_tensor g = tg_ratio_or_zero(tg_scale(tg_cotangent(v), 0.5), tg_output(v));
    tg_give(v, 0, var_grad(tg_input(v, 0), tg_unreduced(v, g), tg_vjp_attributes(v)));
}

const tg_op tg_op_std = { TG_REDUCTION(std, .loop = TG_INDEX_std, .divisor = divisor, .whole_lines = true,
                                       .one_group = true),
                          .order = TG_ORDER_ANY, .vjp = std_vjp, TG_SAMPLES(samples) };

tg_tensor tg_std(tg_tensor x, int axis, double correction, bool keepdim)
{
    return tg_reduce(&tg_op_std, x, axis, keepdim, correction, false);
}

tg_tensor tg_var(tg_tensor x, int axis, double correction, bool keepdim)
{
    return tg_reduce(&tg_op_var, x, axis, keepdim, correction, false);
}

#endif
