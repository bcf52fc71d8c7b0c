/* arrays.h - loops over arrays that are not operations: sums, checks, optimizer steps; each is one pass over memory. */
#ifndef TG_KERNEL_ARRAYS_H
#define TG_KERNEL_ARRAYS_H

#include "kernels/vec.h"

static void add(int64_t n, const void *x, void *y)
{
    for (int64_t i = 0; i < n; i += VL)
        put(y, i, n, take(y, i, n) + take(x, i, n));
}

static void add_wide(int64_t n, const void *x, double *y)
{
    const real *p = x;
    for (int64_t i = 0; i < n; i++)
        y[i] += (double)p[i];
}

static void scale(int64_t n, double c, void *y)
{
    const vec factor = v_set((real)c);
    for (int64_t i = 0; i < n; i += VL)
        put(y, i, n, factor * take(y, i, n));
}

/* Four sums in double, so that there are independent additions to hide their latency. */
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

/* The optimizers copy their arguments, so that the compiler need not assume that a store into an array changes them. One
   vector at i, of an array that ends at n. */
INLINE void sgd_at(const tg_sgd_step *s, int64_t i, int64_t n)
{
    const vec w = take(s->w, i, n);
    vec g = take(s->g, i, n);
    if (s->weight_decay != 0)
        g = v_fma(v_set((real)s->weight_decay), w, g);
    if (s->velocity) {
        const vec momentum = v_set((real)s->momentum), new = v_set((real)(1 - s->dampening));
        const vec v = s->first ? g : v_fma(momentum, take(s->velocity, i, n), new *g);
        put(s->velocity, i, n, v);
        g = s->nesterov ? v_fma(momentum, v, g) : v;
    }
    put(s->w, i, n, v_fma(-v_set((real)s->lr), g, w));
}

static void sgd(int64_t n, const tg_sgd_step *given)
{
    const tg_sgd_step s = *given;
    int64_t i = 0;
    for (; i + VL <= n; i += VL)
        sgd_at(&s, i, i + VL);
    if (i < n)
        sgd_at(&s, i, n);
}

typedef struct adam_numbers {
    vec beta1, beta2, new1, new2, decay, keep, step, root, eps;
} adam_numbers;

INLINE void adam_at(const tg_adam_step *s, const adam_numbers *a, int64_t i, int64_t n)
{
    const vec w = take(s->w, i, n), g = v_fma(a->decay, w, take(s->g, i, n));
    const vec m = v_fma(a->beta1, take(s->m, i, n), a->new1 * g);
    const vec v = v_fma(a->beta2, take(s->v, i, n), a->new2 * g * g);
    put(s->m, i, n, m);
    put(s->v, i, n, v);
    put(s->w, i, n, a->keep * w - a->step * m / v_fma(v_sqrt(v), a->root, a->eps));
}

static void adam(int64_t n, const tg_adam_step *given)
{
    const tg_adam_step s = *given;
    const adam_numbers a = { .beta1 = v_set((real)s.beta1),
                             .beta2 = v_set((real)s.beta2),
                             .new1 = v_set((real)(1 - s.beta1)),
                             .new2 = v_set((real)(1 - s.beta2)),
                             .decay = v_set((real)s.weight_decay),
                             .keep = v_set((real)(1 - s.lr * s.decoupled_decay)),
                             .step = v_set((real)(s.lr / s.correction1)),
                             .root = v_set((real)(1 / sqrt(s.correction2))),
                             .eps = v_set((real)s.eps) };
    int64_t i = 0;
    for (; i + VL <= n; i += VL)
        adam_at(&s, &a, i, i + VL);
    if (i < n)
        adam_at(&s, &a, i, n);
}

#endif
