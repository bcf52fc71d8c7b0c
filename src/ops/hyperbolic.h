/* hyperbolic.h - sinh and cosh of vectors. */
#ifndef TG_HYPERBOLIC_H
#define TG_HYPERBOLIC_H

#include "kernels/map.h"

/* e^a / 2, which is finite for some a whose e^a is not. */
static inline vec half_exp(vec a)
{
    unscaled e = exp_within(at_most(EXP_HIGH + 1, a));
    e.n -= 1;
    return v_scaled(e);
}

/* Near 0, with t = e^|x| - 1: (t + t / (t + 1)) / 2. */
static inline vec hyperbolic_sine(vec x)
{
    const vec a = v_abs(x), t = v_expm1(at_most(1, a)), half = half_exp(a);
    return v_copysign(v_select(a < 1, (t + t / (t + 1)) / 2, half - (real)0.25 / half), x);
}

static inline vec hyperbolic_cosine(vec x)
{
    const vec half = half_exp(v_abs(x));
    return half + (real)0.25 / half;
}

#endif
