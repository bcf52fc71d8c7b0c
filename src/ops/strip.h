/* strip.h - the vector pass of what works along an axis. A strip is one line, VL of its elements a step; or VL lines side
   by side, one element of each a step. A loop is written once, for a strip, and serves both.

   Such a loop sees l->cols lines of l->rows elements, at the strides col[0] and row[0]; every input that has the lines'
   layout stands at the same strides. The output has that layout, too, or one element a line, contiguous. */
#ifndef TG_STRIP_H
#define TG_STRIP_H

#include "kernels/map.h"

#define STRIP_INLINE static inline __attribute__((always_inline))

typedef struct strip {
    int64_t steps, step; /* and the elements from one to the next */
    int64_t lanes, last; /* lanes in use, and in the last step */
    bool along;          /* one line: what its lanes hold is joined in the end */
    int64_t line;        /* the first */
    const tg_loop *l;
} strip;

typedef void strip_fn(const strip *s);

/* One line of n contiguous elements. */
STRIP_INLINE strip strip_along(const tg_loop *l, int64_t line, int64_t n)
{
    const int64_t steps = (n + VL - 1) / VL;
    return (strip){ steps, VL, VL, n - (steps - 1) * VL, true, line, l };
}

/* All strips, or those from line `first` on. */
STRIP_INLINE void each_strip_from(const tg_loop *l, int64_t first, strip_fn *f)
{
    if (l->row[0] == 1) {
        for (int64_t j = first; j < l->cols; j++) {
            const strip s = strip_along(l, j, l->rows);
            f(&s);
        }
    } else {
        for (int64_t j = first; j < l->cols; j += VL) {
            const int64_t n = l->cols - j < VL ? l->cols - j : VL;
            const strip s = { l->rows, l->row[0], n, n, false, j, l };
            f(&s);
        }
    }
}
STRIP_INLINE void each_strip(const tg_loop *l, strip_fn *f)
{
    each_strip_from(l, 0, f);
}

/* Where input i, or an output of the lines' layout, has this strip. */
STRIP_INLINE const real *strip_in(const strip *s, int i)
{
    return (const real *)s->l->in[i] + s->line * s->l->col[0];
}
STRIP_INLINE real *strip_out(const strip *s)
{
    return (real *)s->l->out + s->line * s->l->col[0];
}

#define LANE(l, s) (l)

/* Set in the first n lanes. */
STRIP_INLINE mask first_lanes(int64_t n)
{
    return (mask){ LANES(LANE, 0) } < v_whole((whole)n);
}

/* Set where step i is at element `index` of a line, one for each lane. */
STRIP_INLINE mask strip_is(const strip *s, int64_t i, mask index)
{
    const mask at = v_whole((whole)(s->along ? i * VL : i));
    return (s->along ? (mask){ LANES(LANE, 0) } + at : at) == index;
}

/* n lanes from p; those that are not in use get `fill`. And back. */
STRIP_INLINE vec lanes_load(const real *p, int64_t n, real fill)
{
    return n == VL ? v_load(p) : v_select(first_lanes(n), v_load_n(p, n), v_set(fill));
}
STRIP_INLINE void lanes_store(real *p, int64_t n, vec x)
{
    if (n == VL)
        v_store(p, x);
    else
        v_store_n(p, x, n);
}

/* Step i of what stands at p. */
STRIP_INLINE int64_t lanes_of(const strip *s, int64_t i)
{
    return i + 1 < s->steps ? s->lanes : s->last;
}
STRIP_INLINE vec strip_load(const strip *s, const real *p, int64_t i, real fill)
{
    return lanes_load(p + i * s->step, lanes_of(s, i), fill);
}
STRIP_INLINE void strip_store(const strip *s, real *p, int64_t i, vec x)
{
    lanes_store(p + i * s->step, lanes_of(s, i), x);
}

/* Writes one element a line. */
STRIP_INLINE void strip_put(const strip *s, vec x)
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

/* A sum for each lane: of BLOCK terms in `real`, of the blocks in double, so that the error of float32 does not grow
   with the number of terms. */
enum { BLOCK = 64 };
typedef struct total {
    vec block;
    double blocks[VL];
    int64_t n;
} total;

STRIP_INLINE void total_add(total *t, vec x)
{
    t->block += x;
    if (++t->n % BLOCK)
        return;
    for (int i = 0; i < VL; i++)
        t->blocks[i] += (double)t->block[i];
    t->block = v_set(0);
}

/* The sum over all lanes. */
STRIP_INLINE double total_of(const total *t)
{
    double sum = (double)v_sum(t->block);
    if (t->n >= BLOCK)
        for (int i = 0; i < VL; i++)
            sum += t->blocks[i];
    return sum;
}

/* Each line's sum, in its lane; that of a single line in every lane. */
STRIP_INLINE vec strip_total(const strip *s, const total *t)
{
    if (s->along)
        return v_set((real)total_of(t));
    vec sum = t->block;
    if (t->n >= BLOCK)
        for (int i = 0; i < VL; i++)
            sum[i] = (real)(t->blocks[i] + (double)sum[i]);
    return sum;
}

/* Each line's mean and sum of squared deviations, as strip_total gives sums, of elements times `scale`, a power of two.
   `rest` is what the rounding of the mean to `real` left over; it is known exactly enough from the deviations, and makes up
   for a mean far from zero. */
typedef struct moments {
    vec mean, rest, squares;
} moments;

STRIP_INLINE moments strip_moments(const strip *s, const real *x, real scale)
{
    const real n = (real)s->l->rows;
    total sum = { .n = 0 }, deviations = { .n = 0 }, squares = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++)
        total_add(&sum, strip_load(s, x, i, 0) * scale);
    moments m = { .mean = strip_total(s, &sum) / n };
    for (int64_t i = 0; i < s->steps; i++) {
        const vec d = strip_load(s, x, i, m.mean[0] / scale) * scale - m.mean;
        total_add(&deviations, d);
        total_add(&squares, d * d);
    }
    m.rest = strip_total(s, &deviations) / n;
    m.squares = strip_total(s, &squares) - n * m.rest * m.rest;
    m.squares = v_select(m.squares < 0, v_set(0), m.squares);
    return m;
}

/* SCALE and its inverse bring the squares of any elements into range; those below LEAST_SQUARE may have lost digits. */
#define SCALE_float         0x1p80f
#define SCALE_double        0x1p600
#define LEAST_SQUARE_float  0x1p-100
#define LEAST_SQUARE_double 0x1p-960
#define SCALE               TG_PASTE(SCALE_, TG_REAL)
#define LEAST_SQUARE        TG_PASTE(LEAST_SQUARE_, TG_REAL)

/* Joins all elements of each line by `join`, starting from `start`: in its lane, that of a single line in every lane. */
typedef vec strip_join(vec a, vec b);
STRIP_INLINE vec strip_fold(const strip *s, const real *x, real start, strip_join *join)
{
    vec y = v_set(start);
    int64_t i = 0;
    for (; i + 4 <= s->steps; i += 4)
        y = join(join(join(strip_load(s, x, i, start), strip_load(s, x, i + 1, start)),
                      join(strip_load(s, x, i + 2, start), strip_load(s, x, i + 3, start))),
                 y);
    for (; i < s->steps; i++)
        y = join(strip_load(s, x, i, start), y);
    if (s->along)
        FOLD(y, join);
    return y;
}

/* Each line's largest element; -infinity of nothing. A NaN may be lost, to come back from the exponentials of which this
   is the scale. */
STRIP_INLINE vec strip_peak(const strip *s, const real *x)
{
    return strip_fold(s, x, -(real)INFINITY, v_max);
}

/* e^(x - peak) and its sum. The elements go to y (NULL: nowhere), but for the last step's, which are kept: a line that fits
   a vector never goes through memory. */
typedef struct exponentials {
    vec peak, sum, last;
} exponentials;

/* Of a line with +infinity: 1 at the one infinite element, 0 elsewhere, which is the limit; NaN where there are more, of
   which there is none. Other lines keep what they have. */
static __attribute__((noinline, unused)) void strip_exp_of_infinity(const strip *s, const real *x, real *y,
                                                                    exponentials *e)
{
    const mask infinite = e->peak == (real)INFINITY;
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++)
        total_add(&t, v_select(strip_load(s, x, i, 0) == (real)INFINITY, v_set(1), v_set(0)));
    const vec count = strip_total(s, &t), one = v_select(count == 1, v_set(1), v_set((real)NAN));
    for (int64_t i = 0; i < s->steps; i++) {
        const bool is_last = i + 1 == s->steps;
        const vec is = v_select(strip_load(s, x, i, 0) == (real)INFINITY, one, v_set(0));
        if (is_last)
            e->last = v_select(infinite, is, e->last);
        else if (y)
            strip_store(s, y, i, v_select(infinite, is, strip_load(s, y, i, 0)));
    }
    e->sum = v_select(infinite, one, e->sum);
}

STRIP_INLINE exponentials strip_exp(const strip *s, const real *x, real *y)
{
    exponentials e = { .peak = strip_peak(s, x) };
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++) {
        e.last = v_exp(strip_load(s, x, i, -(real)INFINITY) - e.peak);
        if (y && i + 1 < s->steps)
            strip_store(s, y, i, e.last);
        total_add(&t, e.last);
    }
    e.sum = strip_total(s, &t);
    if (v_any(e.peak == (real)INFINITY))
        strip_exp_of_infinity(s, x, y, &e);
    return e;
}

/* Where a sum is next to 1, the largest term, and has lost digits of what it is beyond. */
STRIP_INLINE mask strip_lost(const exponentials *e)
{
    return (e->sum >= 1) & (e->sum < (real)1.5) & (e->peak != (real)INFINITY);
}

/* The sum without its largest term, added up again where its digits were lost. */
STRIP_INLINE vec strip_rest(const strip *s, const real *x, const exponentials *e)
{
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++) {
        const vec v = strip_load(s, x, i, -(real)INFINITY);
        total_add(&t, v_select(v == e->peak, v_set(0), v_exp(v - e->peak)));
    }
    return v_select(strip_lost(e), strip_total(s, &t), e->sum - 1);
}

/* ln of the sum, also where that is next to 0. */
STRIP_INLINE vec strip_log(const strip *s, const real *x, const exponentials *e)
{
    const mask lost = strip_lost(e);
    vec y = v_log(e->sum);
    if (v_any(lost))
        y = v_select(lost, v_log1p(strip_rest(s, x, e)), y);
    return y;
}

/* Step i of what strip_exp left. */
STRIP_INLINE vec strip_exp_at(const strip *s, const exponentials *e, const real *y, int64_t i)
{
    return i + 1 < s->steps ? strip_load(s, y, i, 0) : e->last;
}

#endif
