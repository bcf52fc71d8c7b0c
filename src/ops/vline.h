/* vline.h - the vector code of operations along an axis. A vector line (vline) is read one vector a step. It is either one
   line, of which a step takes VL elements, or VL adjacent lines, of each of which a step takes one element. A loop written
   for a vline serves both.

   The loop gets l->cols lines of l->rows elements, at the strides col[0] and row[0]. Every input with the lines' layout
   has these strides. The output has the same layout, or one element a line, contiguous. */
#ifndef TG_VLINE_H
#define TG_VLINE_H

#include "kernels/map.h"

#define VLINE_INLINE static inline __attribute__((always_inline))

typedef struct vline {
    int64_t steps, step; /* the number of steps; elements from one step to the next */
    int64_t lanes, last; /* lanes in use; lanes in use in the last step */
    bool along;          /* one line: a reduction joins its lanes in the end */
    int64_t line;        /* the number of its first line */
    const tg_loop *l;
} vline;

typedef void vline_fn(const vline *s);

/* One line of n contiguous elements. */
VLINE_INLINE vline vline_along(const tg_loop *l, int64_t line, int64_t n)
{
    const int64_t steps = (n + VL - 1) / VL;
    return (vline){ steps, VL, VL, n - (steps - 1) * VL, true, line, l };
}

/* Calls f for each vline, or for each from line `first` on. */
VLINE_INLINE void each_vline_from(const tg_loop *l, int64_t first, vline_fn *f)
{
    if (l->row[0] == 1) {
        for (int64_t j = first; j < l->cols; j++) {
            const vline s = vline_along(l, j, l->rows);
            f(&s);
        }
    } else {
        for (int64_t j = first; j < l->cols; j += VL) {
            const int64_t n = l->cols - j < VL ? l->cols - j : VL;
            const vline s = { l->rows, l->row[0], n, n, false, j, l };
            f(&s);
        }
    }
}
VLINE_INLINE void each_vline(const tg_loop *l, vline_fn *f)
{
    each_vline_from(l, 0, f);
}

/* The vline's start in input i, and in an output of the lines' layout. */
VLINE_INLINE const real *vline_in(const vline *s, int i)
{
    return (const real *)s->l->in[i] + s->line * s->l->col[0];
}
VLINE_INLINE real *vline_out(const vline *s)
{
    return (real *)s->l->out + s->line * s->l->col[0];
}

#define LANE(l, s) (l)

/* True in the first n lanes. */
VLINE_INLINE mask first_lanes(int64_t n)
{
    return (mask){ LANES(LANE, 0) } < v_whole((whole)n);
}

/* True in the lanes whose element at step i is number `index` of its line; one index for each lane. */
VLINE_INLINE mask vline_is(const vline *s, int64_t i, mask index)
{
    const mask at = v_whole((whole)(s->along ? i * VL : i));
    return (s->along ? (mask){ LANES(LANE, 0) } + at : at) == index;
}

/* Loads n lanes from p and `fill` into the others; stores n lanes to p. */
VLINE_INLINE vec lanes_load(const real *p, int64_t n, real fill)
{
    return n == VL ? v_load(p) : v_select(first_lanes(n), v_load_n(p, n), v_set(fill));
}
VLINE_INLINE void lanes_store(real *p, int64_t n, vec x)
{
    if (n == VL)
        v_store(p, x);
    else
        v_store_n(p, x, n);
}

/* Loads and stores step i of the vline that starts at p. */
VLINE_INLINE int64_t lanes_of(const vline *s, int64_t i)
{
    return i + 1 < s->steps ? s->lanes : s->last;
}
VLINE_INLINE vec vline_load(const vline *s, const real *p, int64_t i, real fill)
{
    return lanes_load(p + i * s->step, lanes_of(s, i), fill);
}
VLINE_INLINE void vline_store(const vline *s, real *p, int64_t i, vec x)
{
    lanes_store(p + i * s->step, lanes_of(s, i), x);
}

/* Writes one element a line. */
VLINE_INLINE void vline_put(const vline *s, vec x)
{
    real *y = (real *)s->l->out + s->line;
    if (s->along) {
        *y = s->l->accumulate ? *y + x[0] : x[0];
    } else {
        if (s->l->accumulate)
            x += v_load_n(y, s->lanes);
        v_store_n(y, x, s->lanes);
    }
}

/* A sum for each lane: BLOCK terms are summed in `real`, and the blocks in double, so that the error in float32 does not
   grow with the number of terms. */
enum { BLOCK = 64 };
typedef struct total {
    vec block;
    double blocks[VL];
    int64_t n;
} total;

VLINE_INLINE void total_add(total *t, vec x)
{
    t->block += x;
    if (++t->n % BLOCK)
        return;
    for (int i = 0; i < VL; i++)
        t->blocks[i] += (double)t->block[i];
    t->block = v_set(0);
}

/* The sum over all lanes. */
VLINE_INLINE double total_of(const total *t)
{
    double sum = (double)v_sum(t->block);
    if (t->n >= BLOCK)
        for (int i = 0; i < VL; i++)
            sum += t->blocks[i];
    return sum;
}

/* Each line's sum in its lane; the sum of a single line in every lane. */
VLINE_INLINE vec vline_total(const vline *s, const total *t)
{
    if (s->along)
        return v_set((real)total_of(t));
    vec sum = t->block;
    if (t->n >= BLOCK)
        for (int i = 0; i < VL; i++)
            sum[i] = (real)(t->blocks[i] + (double)sum[i]);
    return sum;
}

/* Each line's mean and sum of squared deviations, in the lanes of vline_total, of the elements times `scale`, a power of two.
   `rest` is the rounding error of `mean`, computed from the deviations: the mean is mean + rest. It matters where the mean is
   large against the deviations. */
typedef struct moments {
    vec mean, rest, squares;
} moments;

VLINE_INLINE moments vline_moments(const vline *s, const real *x, real scale)
{
    const real n = (real)s->l->rows;
    total sum = { .n = 0 }, deviations = { .n = 0 }, squares = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++)
        total_add(&sum, vline_load(s, x, i, 0) * scale);
    moments m = { .mean = vline_total(s, &sum) / n };
    for (int64_t i = 0; i < s->steps; i++) {
        const vec d = vline_load(s, x, i, m.mean[0] / scale) * scale - m.mean;
        total_add(&deviations, d);
        total_add(&squares, d * d);
    }
    m.rest = vline_total(s, &deviations) / n;
    m.squares = vline_total(s, &squares) - n * m.rest * m.rest;
    m.squares = v_select(m.squares < 0, v_set(0), m.squares);
    return m;
}

/* Multiplied by SCALE or 1 / SCALE, elements of any size have squares in range. A square below LEAST_SQUARE may have lost
   digits. */
#define SCALE_float         0x1p80f
#define SCALE_double        0x1p600
#define LEAST_SQUARE_float  0x1p-100
#define LEAST_SQUARE_double 0x1p-960
#define SCALE               TG_PASTE(SCALE_, TG_REAL)
#define LEAST_SQUARE        TG_PASTE(LEAST_SQUARE_, TG_REAL)

/* Folds the elements of each line by `join`, beginning with `start`. The result is in the line's lane; for a single line, in
   every lane. */
typedef vec vline_join(vec a, vec b);
VLINE_INLINE vec vline_fold(const vline *s, const real *x, real start, vline_join *join)
{
    vec y = v_set(start);
    int64_t i = 0;
    for (; i + 4 <= s->steps; i += 4)
        y = join(join(join(vline_load(s, x, i, start), vline_load(s, x, i + 1, start)),
                      join(vline_load(s, x, i + 2, start), vline_load(s, x, i + 3, start))),
                 y);
    for (; i < s->steps; i++)
        y = join(vline_load(s, x, i, start), y);
    if (s->along)
        FOLD(y, join);
    return y;
}

/* Each line's largest element; -infinity of no elements. A NaN may be lost; the exponentials scaled by this peak have it
   again. */
VLINE_INLINE vec vline_peak(const vline *s, const real *x)
{
    return vline_fold(s, x, -(real)INFINITY, v_max);
}

/* e^(x - peak) and its sum. The elements are stored in y unless it is NULL, except for the last step's, which stay in `last`,
   so that a line of one vector is never stored and loaded. */
typedef struct exponentials {
    vec peak, sum, last;
} exponentials;

/* For a line with +infinity: the limit, which is 1 at the infinite element and 0 elsewhere; NaN where several elements are
   infinite, since there is no limit. Other lines do not change. */
static __attribute__((noinline, unused)) void vline_exp_of_infinity(const vline *s, const real *x, real *y,
                                                                    exponentials *e)
{
    const mask infinite = e->peak == (real)INFINITY;
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++)
        total_add(&t, v_select(vline_load(s, x, i, 0) == (real)INFINITY, v_set(1), v_set(0)));
    const vec count = vline_total(s, &t), one = v_select(count == 1, v_set(1), v_set((real)NAN));
    for (int64_t i = 0; i < s->steps; i++) {
        const bool is_last = i + 1 == s->steps;
        const vec is = v_select(vline_load(s, x, i, 0) == (real)INFINITY, one, v_set(0));
        if (is_last)
            e->last = v_select(infinite, is, e->last);
        else if (y)
            vline_store(s, y, i, v_select(infinite, is, vline_load(s, y, i, 0)));
    }
    e->sum = v_select(infinite, one, e->sum);
}

VLINE_INLINE exponentials vline_exp(const vline *s, const real *x, real *y)
{
    exponentials e = { .peak = vline_peak(s, x) };
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++) {
        e.last = v_exp(vline_load(s, x, i, -(real)INFINITY) - e.peak);
        if (y && i + 1 < s->steps)
            vline_store(s, y, i, e.last);
        total_add(&t, e.last);
    }
    e.sum = vline_total(s, &t);
    if (v_any(e.peak == (real)INFINITY))
        vline_exp_of_infinity(s, x, y, &e);
    return e;
}

/* True where the sum is so close to 1, its largest term, that the sum of the other terms has lost digits. */
VLINE_INLINE mask vline_lost(const exponentials *e)
{
    return (e->sum >= 1) & (e->sum < (real)1.5) & (e->peak != (real)INFINITY);
}

/* The sum without its largest term; summed again where digits were lost. */
VLINE_INLINE vec vline_rest(const vline *s, const real *x, const exponentials *e)
{
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++) {
        const vec v = vline_load(s, x, i, -(real)INFINITY);
        total_add(&t, v_select(v == e->peak, v_set(0), v_exp(v - e->peak)));
    }
    return v_select(vline_lost(e), vline_total(s, &t), e->sum - 1);
}

/* ln of the sum, accurate also where the sum is close to 1. */
VLINE_INLINE vec vline_log(const vline *s, const real *x, const exponentials *e)
{
    const mask lost = vline_lost(e);
    vec y = v_log(e->sum);
    if (v_any(lost))
        y = v_select(lost, v_log1p(vline_rest(s, x, e)), y);
    return y;
}

/* Step i of the exponentials that vline_exp computed. */
VLINE_INLINE vec vline_exp_at(const vline *s, const exponentials *e, const real *y, int64_t i)
{
    return i + 1 < s->steps ? vline_load(s, y, i, 0) : e->last;
}

#endif
