/* vmath_plain.h - exp, log and sigmoid where no instruction takes numbers apart. */
#ifndef TG_VMATH_PLAIN_H
#define TG_VMATH_PLAIN_H

static inline vec v_exp(vec x)
{
    const exponent e = exponent_of(at_least(EXP_LOW, at_most(EXP_HIGH, x)));
    vec y = v_fma(POLYNOMIAL(e.r, EXP), e.r, v_set((real)0.5));
    y = v_fma(y, e.r, v_set(1));
    return v_scale(v_fma(y, e.r, v_set(1)), e.n);
}

static inline vec v_log(vec x)
{
    const mask subnormal = x < power_of_two(v_whole(1 - BIAS));
    const vec normal = v_select(subnormal, x * power_of_two(v_whole(MANTISSA)), x);
    const mask n = log_exponent(normal);
    const vec f = (vec)((mask)normal - (n << MANTISSA)) - 1;
    return log_special(x, log_of(from_whole(n - (subnormal & MANTISSA)), f));
}

/* e^-|x| never overflows: 1 / (1 + e^-x), or e^x / (1 + e^x) for negative x. */
static inline vec v_sigmoid(vec x)
{
    const vec e = v_exp(-v_abs(x));
    return v_select(x < 0, e, v_set(1)) / (1 + e);
}

#endif
