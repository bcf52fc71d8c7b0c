/* flat.h - the loops over flat arrays that are no operation: sums, checks, optimizer steps. One pass over memory. */
#ifndef TG_FLAT_H
#define TG_FLAT_H

#include "kernels/vec.h"

static void add(int64_t n, const void *x, void *y)
{
    for (int64_t i = 0; i < n; i += VL)
        put(y, i, n, take(y, i, n) + take(x, i, n));
}

static void scale(int64_t n, double c, void *y)
{
    const vec factor = v_set((real)c);
    for (int64_t i = 0; i < n; i += VL)
        put(y, i, n, factor * take(y, i, n));
}

/* Four sums in double, so that their additions do not wait for each other. */
static double sum_squares(int64_t n, const void *x)
{
    enum { SUMS = 4 };
    vec_wide sums[SUMS] = { { 0 } };
    const real *p = x;
    int64_t i = 0;
    for (; i + SUMS * WIDE <= n; i += SUMS * WIDE)
        EACH (s, SUMS) {
            const vec_wide w = v_load_wide(p + i + s * WIDE);
            sums[s] += w * w;
        }
    double sum = v_sum_wide((sums[0] + sums[1]) + (sums[2] + sums[3]));
    for (; i < n; i++)
        sum += (double)p[i] * (double)p[i];
    return sum;
}

/* x - x is 0, or else NaN. */
static bool all_finite(int64_t n, const void *x)
{
    mask bad = { 0 };
    for (int64_t i = 0; i < n; i += VL) {
        const vec v = take(x, i, n);
        bad |= (v - v) != 0;
    }
    return !v_any(bad);
}

static void sgd(int64_t n, const tg_sgd_step *s)
{
    const vec lr = v_set((real)s->lr), decay = v_set((real)s->weight_decay), momentum = v_set((real)s->momentum),
              fresh = v_set((real)(1 - s->dampening));
    for (int64_t i = 0; i < n; i += VL) {
        const vec w = take(s->w, i, n);
        vec g = v_fma(decay, w, take(s->g, i, n));
        if (s->velocity) {
            const vec v = s->first ? g : v_fma(momentum, take(s->velocity, i, n), fresh * g);
            put(s->velocity, i, n, v);
            g = s->nesterov ? v_fma(momentum, v, g) : v;
        }
        put(s->w, i, n, v_fma(-lr, g, w));
    }
}

static void adam(int64_t n, const tg_adam_step *s)
{
    const vec beta1 = v_set((real)s->beta1), beta2 = v_set((real)s->beta2), fresh1 = v_set((real)(1 - s->beta1)),
              fresh2 = v_set((real)(1 - s->beta2)), decay = v_set((real)s->weight_decay),
              keep = v_set((real)(1 - s->lr * s->decoupled_decay)), step = v_set((real)(s->lr / s->correction1)),
              root = v_set((real)(1 / sqrt(s->correction2))), eps = v_set((real)s->eps);
    for (int64_t i = 0; i < n; i += VL) {
        const vec w = take(s->w, i, n), g = v_fma(decay, w, take(s->g, i, n));
        const vec m = v_fma(beta1, take(s->m, i, n), fresh1 * g);
        const vec v = v_fma(beta2, take(s->v, i, n), fresh2 * g * g);
        put(s->m, i, n, m);
        put(s->v, i, n, v);
        put(s->w, i, n, keep * w - step * m / v_fma(v_sqrt(v), root, eps));
    }
}

#endif
