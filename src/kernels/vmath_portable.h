/* vmath_portable.h - exp, log, log1p and sigmoid by integer arithmetic on exponents. */
#ifndef TG_VMATH_PORTABLE_H
#define TG_VMATH_PORTABLE_H

static inline unscaled exp_within(vec x)
{
    const exponent e = exponent_of(x);
    vec y = v_fma(POLYNOMIAL(e.r, EXP), e.r, v_set((real)0.5));
    y = v_fma(y, e.r, v_set(1));
    return (unscaled){ v_fma(y, e.r, v_set(1)), e.n };
}

static inline unscaled exp_of(vec x)
{
    return exp_within(at_least(EXP_LOW, at_most(EXP_HIGH, x)));
}

/* e^x where it is normal and finite, |x| <= -EXP_NORMAL: n is added to the exponent, which has the bits of v_scale. */
static inline vec exp_normal(vec x)
{
    const unscaled e = exp_within(x);
    return (vec)((mask)e.m + ((mask)(e.n + ROUNDER) << MANTISSA));
}

static __attribute__((noinline, cold, unused)) vec exp_any(vec x)
{
    return v_scaled(exp_of(x));
}

/* A vector seldom has an element for which exp_normal does not suffice. */
static inline vec v_exp(vec x)
{
    const mask normal = v_abs(x) <= -EXP_NORMAL;
    const vec y = exp_normal(x);
    return v_any(~normal) ? v_select(normal, y, exp_any(x)) : y;
}

/* The exponent n of x = 2^n m, m in sqrt(1/2) .. sqrt 2, for a positive, normal x. The result for others is not used, but
   must not overflow: hence |x|. */
INLINE mask log_exponent(vec x)
{
    return ((mask)v_abs(x) - (mask)v_set((real)0.70710678118654752)) >> MANTISSA;
}

INLINE vec to_real(mask n)
{
    return (vec)(n + (mask)v_set(ROUNDER)) - ROUNDER;
}

/* The logarithm of x: y where x > 0 is finite. */
INLINE vec log_special(vec x, vec y)
{
    y = v_select(x <= 0, v_select(x == 0, v_set(-(real)INFINITY), v_set((real)NAN)), y);
    return v_select(x < v_set((real)INFINITY), y, x);
}

static inline vec log_normal(vec x)
{
    const mask n = log_exponent(x);
    return log_of(to_real(n), (vec)((mask)x - (n << MANTISSA)) - 1);
}

static __attribute__((noinline, cold, unused)) vec log_any(vec x)
{
    const mask subnormal = x < power_of_two(v_whole(1 - BIAS));
    const vec normal = v_select(subnormal, x * power_of_two(v_whole(MANTISSA)), x);
    const mask n = log_exponent(normal);
    const vec f = (vec)((mask)normal - (n << MANTISSA)) - 1;
    return log_special(x, log_of(to_real(n - (subnormal & MANTISSA)), f));
}

/* A vector seldom has an element that is not positive, normal and finite. */
static inline vec v_log(vec x)
{
    const mask normal = (x >= power_of_two(v_whole(1 - BIAS))) & (x < v_set((real)INFINITY));
    const vec y = log_normal(x);
    return v_any(~normal) ? v_select(normal, y, log_any(x)) : y;
}

/* u = 1 + x rounded; its rounding error is added to f. */
static inline vec v_log1p(vec x)
{
    const vec u = 1 + x;
    const mask n = log_exponent(u);
    const vec f = (vec)((mask)u - (n << MANTISSA)) - 1, rest = lost_by_one_plus(x, u, power_of_two(-n));
    return v_copysign(log_special(u, log_of(to_real(n), f + rest)), x);
}

/* e^-|x| never overflows: 1 / (1 + e^-x), or e^x / (1 + e^x) for negative x. */
static inline vec v_sigmoid(vec x)
{
    const vec e = v_exp(-v_abs(x));
    return v_select(x < 0, e, v_set(1)) / (1 + e);
}

#endif
