/* vmath_avx512.h - exp, log, log1p and sigmoid with instructions that extract and apply exponents.

   Those instructions handle subnormal numbers, zeros, infinities and NaNs, so that no case needs to be selected. */
#ifndef TG_VMATH_AVX512_H
#define TG_VMATH_AVX512_H

/* x = n ln 2 + r with n a multiple of 1 / VL: its fraction is the index of a power of two in a table, its floor the
   exponent of the result. Beyond the range the scale is 0 or infinity whatever r is, and if x is a NaN, n is one. */
static inline unscaled exp_of(vec x)
{
    const real rounder = ROUNDER / VL;
    const vec turns = v_fma(x, v_set((real)1.4426950408889634), v_set(rounder)), n = turns - rounder;
    const vec r = v_limit(v_fma(n, v_set(-LN2_LOW), v_fma(n, v_set(-LN2_HIGH), x)), (real)0.5);
    const vec root = v_lookup(ROOTS, turns);
    return (unscaled){ v_fma(root * r, POLYNOMIAL(r, EXP_NEAR), root), n };
}

static inline unscaled exp_within(vec x)
{
    return exp_of(x);
}

static inline vec v_exp(vec x)
{
    return v_scaled(exp_of(x));
}

static inline vec exp_normal(vec x)
{
    return v_exp(x);
}

/* e^x / (1 + e^x), which is 1 long before e^x overflows. */
static inline vec v_sigmoid(vec x)
{
    const vec e = v_exp(at_most(EXP_HIGH / 2, x));
    return e / (1 + e);
}

/* x = 2^n m, m in 3/4 .. 3/2; + 0 makes -0 a zero like the other. */
static inline vec v_log(vec x)
{
    const vec m = v_mantissa(x + 0);
    return log_of(v_exponent(x) - v_exponent(m), m - 1);
}

/* u = 1 + x rounded; its rounding error is added to f. */
static inline vec v_log1p(vec x)
{
    const vec u = 1 + x, m = v_mantissa(u), n = v_exponent(u) - v_exponent(m);
    const vec rest = lost_by_one_plus(x, u, v_scale(v_set(1), -at_least(-BIAS, n)));
    return v_copysign(log_of(n, m - 1 + rest), x);
}

#endif
