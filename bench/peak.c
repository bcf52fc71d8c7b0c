/* peak.c - the highest rates of multiply-adds and copies of a kernel set; compiled once for each set and dtype. */
#include "peak.h"
#include "kernels/vec.h"

enum { CHAINS = 12 }; /* enough to hide the latency of a multiply-add, few enough for 16 registers */

static double multiply_add(int64_t steps, double *result)
{
    vec x[CHAINS];
    const vec a = v_set((real)0.999), b = v_set((real)0.001);
    for (int c = 0; c < CHAINS; c++)
        x[c] = v_set((real)c);
    for (int64_t i = 0; i < steps; i++)
        for (int c = 0; c < CHAINS; c++)
            x[c] = v_fma(x[c], a, b);
    for (int c = 1; c < CHAINS; c++)
        x[0] += x[c];
    *result = (double)v_sum(x[0]);
    return (double)steps * CHAINS * VL * 2;
}

static void copy(int64_t n, const void *from, void *to)
{
    const real *x = from;
    real *y = to;
    int64_t i = 0;
    for (; i + VL <= n; i += VL)
        v_store(y + i, v_load(x + i));
    for (; i < n; i++)
        y[i] = x[i];
}

extern const bench_loops TG_PASTE(bench_loops_, TG_TABLE);
const bench_loops TG_PASTE(bench_loops_, TG_TABLE) = { .multiply_add = multiply_add, .copy = copy };
