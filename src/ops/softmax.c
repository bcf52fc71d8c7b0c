/* softmax.c - y = e^(x - m) / s and ln y = x - m - ln s along an axis, m = max x, s = sum e^(x - m);
   the vjp of softmax is y (g - sum g y), of log_softmax g - e^y sum g */
#include "ops/lines.h"

#ifdef TG_VECTOR_PASS

#include "ops/short_lines.h"

VLINE_INLINE void softmax_vline(const vline *s)
{
    real *y = vline_out(s);
    const exponentials e = vline_exp(s, vline_in(s, 0), y);
    const vec scale = 1 / e.sum;
    for (int64_t i = 0; i < s->steps; i++)
        vline_store(s, y, i, vline_exp_at(s, &e, y, i) * scale);
}

/* Contiguous lines, each longer than a vector. One sweep over a line computes its exponentials, scales the line before it and
   finds the peak of the next line: the exponentials are bound by arithmetic, the other two by memory, and they overlap. The
   first line is its own predecessor, the last its own successor. */
typedef struct sweep {
    const real *x, *next;
    real *y, *before;
    vec peak, next_peak, scale;
    total sum;
} sweep;

/* In the first line's sweep `before` is y itself: the second store overwrites the first. */
VLINE_INLINE void sweep_step(sweep *w, int64_t at, int64_t n)
{
    const vec e = v_exp(lanes_load(w->x + at, n, -(real)INFINITY) - w->peak);
    lanes_store(w->before + at, n, lanes_load(w->before + at, n, 0) * w->scale);
    lanes_store(w->y + at, n, e);
    total_add(&w->sum, e);
    w->next_peak = v_max(lanes_load(w->next + at, n, -(real)INFINITY), w->next_peak);
}

VLINE_INLINE void softmax_lines(const tg_loop *l)
{
    const vline s = vline_along(l, 0, l->rows);
    const int64_t line = l->col[0], last = (s.steps - 1) * VL;
    sweep w = { .x = l->in[0], .y = l->out, .before = l->out, .scale = v_set(0) };
    w.peak = vline_peak(&s, w.x);
    for (int64_t j = 0; j < l->cols; j++) {
        w.next = j + 1 < l->cols ? w.x + line : w.x;
        w.next_peak = v_set(-(real)INFINITY);
        w.sum = (total){ .n = 0 };
        for (int64_t at = 0; at < last; at += VL)
            sweep_step(&w, at, VL);
        sweep_step(&w, last, s.last);
        FOLD(w.next_peak, v_max);
        exponentials e = { w.peak, vline_total(&s, &w.sum), lanes_load(w.y + last, s.last, 0) };
        if (w.peak[0] == (real)INFINITY) {
            vline_exp_of_infinity(&s, w.x, w.y, &e);
            lanes_store(w.y + last, s.last, e.last);
        }
        w.scale = 1 / e.sum;
        w.peak = w.next_peak;
        w.before = w.y;
        w.x = w.next;
        w.y += line;
    }
    for (int64_t i = 0; i < s.steps; i++)
        vline_store(&s, w.before, i, vline_load(&s, w.before, i, 0) * w.scale);
}

VLINE_INLINE void log_softmax_vline(const vline *s)
{
    const real *x = vline_in(s, 0);
    const exponentials e = vline_exp(s, x, NULL);
    const vec log_sum = vline_log(s, x, &e);
    if (v_any(e.peak == (real)INFINITY))
        for (int64_t i = 0; i < s->steps; i++) {
            const vec v = vline_load(s, x, i, 0);
            vline_store(s, vline_out(s), i, v_select(v == e.peak, v_set(0), v - e.peak) - log_sum);
        }
    else
        for (int64_t i = 0; i < s->steps; i++)
            vline_store(s, vline_out(s), i, vline_load(s, x, i, 0) - e.peak - log_sum);
}

/* a b, and 0 where a is 0, whatever b is. */
VLINE_INLINE vec weighed(vec a, vec b)
{
    return v_select(a == 0, v_set(0), a * b);
}

/* For lines with NaN: an element whose cotangent is 0 is left out of the sum, and its gradient is 0. */
static __attribute__((noinline)) void softmax_grad_of_nan(const vline *s)
{
    const real *y = vline_in(s, 0), *g = vline_in(s, 1);
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++)
        total_add(&t, weighed(vline_load(s, g, i, 0), vline_load(s, y, i, 0)));
    const vec sum = vline_total(s, &t);
    for (int64_t i = 0; i < s->steps; i++)
        vline_store(s, vline_out(s), i, weighed(vline_load(s, g, i, 0) - sum, vline_load(s, y, i, 0)));
}

VLINE_INLINE void softmax_grad_vline(const vline *s)
{
    const real *y = vline_in(s, 0), *g = vline_in(s, 1);
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++)
        total_add(&t, vline_load(s, y, i, 0) * vline_load(s, g, i, 0));
    const vec sum = vline_total(s, &t);
    if (v_any(sum != sum)) {
        softmax_grad_of_nan(s);
        return;
    }
    for (int64_t i = 0; i < s->steps; i++)
        vline_store(s, vline_out(s), i, vline_load(s, y, i, 0) * (vline_load(s, g, i, 0) - sum));
}

VLINE_INLINE void log_softmax_grad_vline(const vline *s)
{
    const real *y = vline_in(s, 0), *g = vline_in(s, 1);
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++)
        total_add(&t, vline_load(s, g, i, 0));
    const vec sum = vline_total(s, &t);
    for (int64_t i = 0; i < s->steps; i++)
        vline_store(s, vline_out(s), i, vline_load(s, g, i, 0) - weighed(sum, v_exp(vline_load(s, y, i, 0))));
}

ROWS(softmax)
{
    if (l->row[0] == 1 && l->rows > VL)
        softmax_lines(l);
    else
        each_vline_or_short(l, softmax_vline);
}

ROWS(log_softmax)
{
    each_vline_or_short(l, log_softmax_vline);
}

ROWS(softmax_grad)
{
    each_vline(l, softmax_grad_vline);
}

ROWS(log_softmax_grad)
{
    each_vline(l, log_softmax_grad_vline);
}

#else

#include "ops/derivatives.h"

static tg_tensor sum_of(tg_tensor a, tg_tensor b, int axis)
{
    return tg_sum(tg_weigh(a, b), axis, true);
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, TG_AXIS(-1) },
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, TG_AXIS(1) },
    { .n = 1, .inputs = { { .shape = { 2, { 2, 3 } } } }, TG_AXIS(TG_ALL) },
};

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { { .shape = { 2, { 3, 4 } } }, { .shape = { 2, { 3, 4 } } } }, TG_AXIS(-1) },
    { .n = 2, .inputs = { { .shape = { 3, { 2, 3, 4 } } }, { .shape = { 3, { 2, 3, 4 } } } }, TG_AXIS(1) },
};

/* Softmax --------------------------------------------------------------------------------------------------------- */

tg_tensor tg_softmax_grad(tg_tensor y, tg_tensor g, int axis)
{
    return tg_apply2_with(&tg_op_softmax_grad, y, g, &axis, sizeof axis);
}

/* <c, y (g - sum g y)>, by y and by g. */
static void softmax_grad_vjp(tg_vjp *v)
{
    const int axis = tg_line_axis(v);
    const tg_tensor y = tg_input(v, 0), g = tg_input(v, 1), c = tg_cotangent(v);
    tg_give(v, 0, tg_sub(tg_weigh(c, tg_sub(g, sum_of(g, y, axis))), tg_weigh(g, sum_of(c, y, axis))));
    tg_give(v, 1, tg_softmax_grad(y, c, axis));
}

const tg_op tg_op_softmax_grad = { TG_ALONG_AXIS(softmax_grad, 2), .order = TG_ORDER_ANY, .vjp = softmax_grad_vjp,
                                   TG_SAMPLES(grad_samples) };

static void softmax_vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_softmax_grad(tg_output(v), tg_cotangent(v), tg_line_axis(v)));
}

const tg_op tg_op_softmax = { TG_ALONG_AXIS(softmax, 1), .order = TG_ORDER_ANY, .vjp = softmax_vjp,
                              TG_SAMPLES(samples) };

tg_tensor tg_softmax(tg_tensor x, int axis)
{
    return tg_apply1_with(&tg_op_softmax, x, &axis, sizeof axis);
}

/* Its logarithm --------------------------------------------------------------------------------------------------- */

static tg_tensor log_softmax_grad(tg_tensor y, tg_tensor g, int axis)
{
    return tg_apply2_with(&tg_op_log_softmax_grad, y, g, &axis, sizeof axis);
}

/* <c, g - e^y sum g>, by y and by g. */
static void log_softmax_grad_vjp(tg_vjp *v)
{
    const int axis = tg_line_axis(v);
    const tg_tensor y = tg_input(v, 0), g = tg_input(v, 1), c = tg_cotangent(v), ce = tg_weigh(c, tg_exp(y));
    tg_give(v, 0, tg_neg(tg_mul(ce, tg_sum(g, axis, true))));
    tg_give(v, 1, tg_sub(c, tg_sum(ce, axis, true)));
}

const tg_op tg_op_log_softmax_grad = { TG_ALONG_AXIS(log_softmax_grad, 2), .order = TG_ORDER_ANY,
                                       .vjp = log_softmax_grad_vjp, TG_SAMPLES(grad_samples) };

static void log_softmax_vjp(tg_vjp *v)
{
    tg_give(v, 0, log_softmax_grad(tg_output(v), tg_cotangent(v), tg_line_axis(v)));
}

const tg_op tg_op_log_softmax = { TG_ALONG_AXIS(log_softmax, 1), .order = TG_ORDER_ANY, .vjp = log_softmax_vjp,
                                  TG_SAMPLES(samples) };

tg_tensor tg_log_softmax(tg_tensor x, int axis)
{
    return tg_apply1_with(&tg_op_log_softmax, x, &axis, sizeof axis);
}

#endif
