/* arrays.h - loops over arrays that are not operations: sums and checks; each is one pass over memory. */
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

#endif
