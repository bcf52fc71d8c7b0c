/* softmax.c - y = e^(x - m) / s and ln y = x - m - ln s along an axis, m = max x, s = sum e^(x - m);
   softmax hands back y (g - sum g y), log_softmax g - e^y sum g */
#include "ops/lines.h"

#ifdef TG_VECTOR_PASS

#include "ops/narrow.h"

STRIP_INLINE void softmax_strip(const strip *s)
{
    real *y = strip_out(s);
    const exponentials e = strip_exp(s, strip_in(s, 0), y);
    const vec scale = 1 / e.sum;
    for (int64_t i = 0; i < s->steps; i++)
        strip_store(s, y, i, strip_exp_at(s, &e, y, i) * scale);
}

/* Lines one after another. While arithmetic gives the exponentials of one, memory has time for those around it: the one
   before is scaled, and the peak of the next found. At the ends, a line stands in for its neighbour. */
typedef struct sweep {
    const real *x, *next;
    real *y, *before;
    vec peak, next_peak, scale;
    total sum;
} sweep;

/* In the first line's sweep `before` is y itself: what stood there is written over by the store that follows. */
STRIP_INLINE void sweep_step(sweep *w, int64_t at, int64_t n)
{
    const vec e = v_exp(lanes_load(w->x + at, n, -(real)INFINITY) - w->peak);
    lanes_store(w->before + at, n, lanes_load(w->before + at, n, 0) * w->scale);
    lanes_store(w->y + at, n, e);
    total_add(&w->sum, e);
    w->next_peak = v_max(lanes_load(w->next + at, n, -(real)INFINITY), w->next_peak);
}

STRIP_INLINE void softmax_lines(const tg_loop *l)
{
    const strip s = strip_along(l, 0, l->rows);
    const int64_t line = l->col[0], last = (s.steps - 1) * VL;
    sweep w = { .x = l->in[0], .y = l->out, .before = l->out, .scale = v_set(0) };
    w.peak = strip_peak(&s, w.x);
    for (int64_t j = 0; j < l->cols; j++) {
        w.next = j + 1 < l->cols ? w.x + line : w.x;
        w.next_peak = v_set(-(real)INFINITY);
        w.sum = (total){ .n = 0 };
        for (int64_t at = 0; at < last; at += VL)
            sweep_step(&w, at, VL);
        sweep_step(&w, last, s.last);
        FOLD(w.next_peak, v_max);
        exponentials e = { w.peak, strip_total(&s, &w.sum), lanes_load(w.y + last, s.last, 0) };
        if (w.peak[0] == (real)INFINITY) {
            strip_exp_of_infinity(&s, w.x, w.y, &e);
            lanes_store(w.y + last, s.last, e.last);
        }
        w.scale = 1 / e.sum;
        w.peak = w.next_peak;
        w.before = w.y;
        w.x = w.next;
        w.y += line;
    }
    for (int64_t i = 0; i < s.steps; i++)
        strip_store(&s, w.before, i, strip_load(&s, w.before, i, 0) * w.scale);
}

STRIP_INLINE void log_softmax_strip(const strip *s)
{
    const real *x = strip_in(s, 0);
    const exponentials e = strip_exp(s, x, NULL);
    const vec log_sum = strip_log(s, x, &e);
    if (v_any(e.peak == (real)INFINITY))
        for (int64_t i = 0; i < s->steps; i++) {
            const vec v = strip_load(s, x, i, 0);
            strip_store(s, strip_out(s), i, v_select(v == e.peak, v_set(0), v - e.peak) - log_sum);
        }
    else
        for (int64_t i = 0; i < s->steps; i++)
            strip_store(s, strip_out(s), i, strip_load(s, x, i, 0) - e.peak - log_sum);
}

/* Where a is 0, 0, whatever b is. */
STRIP_INLINE vec weighed(vec a, vec b)
{
    return v_select(a == 0, v_set(0), a * b);
}

/* Where lines hold NaN: what a cotangent of 0 leaves out is no term. */
static __attribute__((noinline)) void softmax_grad_of_nan(const strip *s)
{
    const real *y = strip_in(s, 0), *g = strip_in(s, 1);
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++)
        total_add(&t, weighed(strip_load(s, g, i, 0), strip_load(s, y, i, 0)));
    const vec sum = strip_total(s, &t);
    for (int64_t i = 0; i < s->steps; i++)
        strip_store(s, strip_out(s), i, weighed(strip_load(s, g, i, 0) - sum, strip_load(s, y, i, 0)));
}

STRIP_INLINE void softmax_grad_strip(const strip *s)
{
    const real *y = strip_in(s, 0), *g = strip_in(s, 1);
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++)
        total_add(&t, strip_load(s, y, i, 0) * strip_load(s, g, i, 0));
    const vec sum = strip_total(s, &t);
    if (v_any(sum != sum)) {
        softmax_grad_of_nan(s);
        return;
    }
    for (int64_t i = 0; i < s->steps; i++)
        strip_store(s, strip_out(s), i, strip_load(s, y, i, 0) * (strip_load(s, g, i, 0) - sum));
}

STRIP_INLINE void log_softmax_grad_strip(const strip *s)
{
    const real *y = strip_in(s, 0), *g = strip_in(s, 1);
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++)
        total_add(&t, strip_load(s, g, i, 0));
    const vec sum = strip_total(s, &t);
    for (int64_t i = 0; i < s->steps; i++)
        strip_store(s, strip_out(s), i, strip_load(s, g, i, 0) - weighed(sum, v_exp(strip_load(s, y, i, 0))));
}

ROWS(softmax)
{
    if (l->row[0] == 1 && l->rows > VL)
        softmax_lines(l);
    else
        each_line(l, softmax_strip);
}

ROWS(log_softmax)
{
    each_line(l, log_softmax_strip);
}

ROWS(softmax_grad)
{
    each_strip(l, softmax_grad_strip);
}

ROWS(log_softmax_grad)
{
    each_strip(l, log_softmax_grad_strip);
}

#else

#include "ops/shared.h"

#define ALONG_AXIS(op_name, n_inputs)                                                                                \
    .name = #op_name, .arity = (n_inputs), .order = TG_ORDER_ANY, .shape = tg_shape_lines,                           \
    .forward = tg_forward_lines, .data = TG_MAP(op_name, 0)

#define AXIS(which) .attributes = &(const int){ which }, .attribute_bytes = sizeof(int)

static int axis_of(const tg_vjp *v)
{
    return *(const int *)tg_vjp_attributes(v);
}

static tg_tensor sum_of(tg_tensor a, tg_tensor b, int axis)
{
    return tg_sum(tg_weigh(a, b), axis, true);
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, AXIS(-1) },
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, AXIS(1) },
    { .n = 1, .inputs = { { .shape = { 2, { 2, 3 } } } }, AXIS(TG_ALL) },
};

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { { .shape = { 2, { 3, 4 } } }, { .shape = { 2, { 3, 4 } } } }, AXIS(-1) },
    { .n = 2, .inputs = { { .shape = { 3, { 2, 3, 4 } } }, { .shape = { 3, { 2, 3, 4 } } } }, AXIS(1) },
};

/* Softmax --------------------------------------------------------------------------------------------------------- */

tg_tensor tg_softmax_grad(tg_tensor y, tg_tensor g, int axis)
{
    return tg_apply2_with(&tg_op_softmax_grad, y, g, &axis, sizeof axis);
}

/* <c, y (g - sum g y)>, by y and by g. */
static void softmax_grad_vjp(tg_vjp *v)
{
    const int axis = axis_of(v);
    const tg_tensor y = tg_input(v, 0), g = tg_input(v, 1), c = tg_cotangent(v);
    tg_give(v, 0, tg_sub(tg_weigh(c, tg_sub(g, sum_of(g, y, axis))), tg_weigh(g, sum_of(c, y, axis))));
    tg_give(v, 1, tg_softmax_grad(y, c, axis));
}

const tg_op tg_op_softmax_grad = { ALONG_AXIS(softmax_grad, 2), .vjp = softmax_grad_vjp, TG_SAMPLES(grad_samples) };

static void softmax_vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_softmax_grad(tg_output(v), tg_cotangent(v), axis_of(v)));
}

const tg_op tg_op_softmax = { ALONG_AXIS(softmax, 1), .vjp = softmax_vjp, TG_SAMPLES(samples) };

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
    const int axis = axis_of(v);
    const tg_tensor y = tg_input(v, 0), g = tg_input(v, 1), c = tg_cotangent(v), ce = tg_weigh(c, tg_exp(y));
    tg_give(v, 0, tg_neg(tg_mul(ce, tg_sum(g, axis, true))));
    tg_give(v, 1, tg_sub(c, tg_sum(ce, axis, true)));
}

const tg_op tg_op_log_softmax_grad = { ALONG_AXIS(log_softmax_grad, 2), .vjp = log_softmax_grad_vjp,
                                       TG_SAMPLES(grad_samples) };

static void log_softmax_vjp(tg_vjp *v)
{
    tg_give(v, 0, log_softmax_grad(tg_output(v), tg_cotangent(v), axis_of(v)));
}

const tg_op tg_op_log_softmax = { ALONG_AXIS(log_softmax, 1), .vjp = log_softmax_vjp, TG_SAMPLES(samples) };

tg_tensor tg_log_softmax(tg_tensor x, int axis)
{
    return tg_apply1_with(&tg_op_log_softmax, x, &axis, sizeof axis);
}

#endif
