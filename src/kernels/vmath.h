/* vmath.h - elementary functions on vectors.

   Every argument is valid: zeros keep their signs, infinities and NaNs are treated as in C's Annex F, subnormal numbers are
   not flushed to zero. The errors in units in the last place, over all float arguments and over seeded samples of double
   ones, are below these, on AVX-512 and on the other sets; tests/kernels/test_vmath.c enforces it:

                 exp  expm1  log  log1p  tanh  sigmoid  softplus  erf  sin  cos
      AVX-512    1.3   1.4   1.1   1.6   1.6     3.2      2.4     1.4  1.3  1.3
      others     1.3   1.4   1.0   1.6   1.6     2.4      2.4     1.4  1.3  1.3

   The errors of the operations that use the other functions (gaussian_of, mills_ratio, v_sigmoid_slope, v_tanh_slope) are
   bounded by the table in tapegrad/ops.h, which tests/ops/test_tails.c enforces.

   Polynomials are minimax fits (Remez exchange in 140 bits, weighted to minimise the relative error of the function;
   each float coefficient was rounded before the next was fitted). Argument reductions subtract a multiple of a constant in
   parts that are short enough for exact products with and without a fused multiply-add. */
#ifndef TG_VMATH_H
#define TG_VMATH_H

#include TG_TEXT(TG_PASTE(vmath_, TG_REAL).h)

#define COUNT(a) (int)(sizeof(a) / sizeof((a)[0]))

/* Adding and subtracting this rounds to an integer, which the lowest bits of the sum contain. */
#define ROUNDER ((real)3 * (real)((int64_t)1 << (MANTISSA - 1)))

#define POLYNOMIAL(x, c) polynomial(x, c, COUNT(c))

/* c[0] + c[1] x + ... + c[n - 1] x^(n - 1) */
INLINE vec polynomial(vec x, const real *c, int n)
{
    vec y = v_set(c[n - 1]);
    EACH (i, n - 1)
        y = v_fma(y, x, v_set(c[n - 2 - i]));
    return y;
}

/* 2^n for an integer n, -BIAS < n <= BIAS. */
static inline vec power_of_two(mask n)
{
    return (vec)((n + BIAS) << MANTISSA);
}

/* x 2^n for an integer n of up to twice the exponent's range, rounded once: for sets without such an instruction. */
static inline vec v_scale_in_two(vec x, vec n)
{
    const mask whole_n = (mask)(n + ROUNDER) - (mask)v_set(ROUNDER), half = whole_n >> 1;
    return x * power_of_two(half) * power_of_two(whole_n - half);
}

/* For sets without a fused multiply-add: the upper half of x has an exact square. */
static inline vec v_square_rest_by_halves(vec x, vec square)
{
    const vec upper = (vec)((mask)x & v_whole(-((whole)1 << (MANTISSA + 3) / 2)));
    return (upper * upper - square) + (x - upper) * (x + upper);
}

/* m 2^n, not multiplied yet: where 2^n underflows, multiplying m by another factor first keeps digits. */
typedef struct unscaled {
    vec m, n;
} unscaled;

INLINE vec v_scaled(unscaled p)
{
    return v_scale(p.m, p.n);
}
INLINE vec v_scaled_by(vec factor, unscaled p)
{
    return v_scale(p.m * factor, p.n);
}

/* x = n ln 2 + r + rest, n an integer, |r| <= ln 2 / 2, and rest the rounding error of r. */
typedef struct exponent {
    vec n, r, rest;
} exponent;

INLINE exponent exponent_of(vec x)
{
    exponent e;
    e.n = v_fma(x, v_set((real)1.4426950408889634), v_set(ROUNDER)) - ROUNDER;
    const vec most = v_fma(e.n, v_set(-LN2_HIGH), x);
    e.r = v_fma(e.n, v_set(-LN2_LOW), most);
    e.rest = v_fma(e.n, v_set(-LN2_LOW), most - e.r);
    return e;
}

/* Both return x if it is a NaN. */
INLINE vec at_least(real bound, vec x)
{
    return v_max(v_set(bound), x);
}
INLINE vec at_most(real bound, vec x)
{
    return v_min(v_set(bound), x);
}

/* 2^n ((1 - 2^-n) + r + (e^r - 1 - r)): beyond n = 2 MANTISSA, 2^-n is negligible. */
static inline vec v_expm1(vec x)
{
    const exponent e = exponent_of(at_least(EXPM1_LOW, at_most(EXP_HIGH, x)));
    const vec small = e.r * e.r * v_fma(POLYNOMIAL(e.r, EXP), e.r, v_set((real)0.5)) + e.rest;
    const vec most = 1 - v_scale(v_set(1), -at_most(2 * MANTISSA, e.n));
    return v_copysign(v_scale((most + e.r) + small, e.n), x);
}

/* ln of 2^n (1 + f), f in -0.293 .. 0.5: with s = f / (2 + f), ln (1 + f) = 2 artanh s, and 2 s is
   f - s f, of which the first is exact. */
INLINE vec log_of(vec n, vec f)
{
    const vec s = f / (2 + f), z = s * s;
    const vec rest = s * v_fma(z, POLYNOMIAL(z, ARTANH), -f);
    return v_fma(n, v_set(LN2_HIGH), f + v_fma(n, v_set(LN2_LOW), rest));
}

/* The rounding error of u = 1 + x, times `factor`; 0 from x = 2^MANTISSA on. */
INLINE vec lost_by_one_plus(vec x, vec u, vec factor)
{
    const vec back = u - 1, lost = (1 - (u - back)) + (x - back);
    return (vec)((x < power_of_two(v_whole(MANTISSA))) & (mask)(lost * factor));
}

/* exp_of(x), e^x unscaled; exp_within(x), the same for EXP_LOW <= x <= EXP_HIGH; exp_normal(x), e^x where it is normal; v_exp, v_log, v_log1p and
   v_sigmoid: vmath_portable.h, or vmath_avx512.h for that set. */
#include VMATH_CORE

/* Near 0 a polynomial; else 1 - 2 / (e^2x + 1). */
static inline vec v_tanh(vec x)
{
    const vec a = v_abs(x), z = a * a;
    const vec near = v_fma(a * z, POLYNOMIAL(z, TANH), a);
    const vec far = 1 - 2 / (exp_normal(2 * at_most(TANH_HIGH, a)) + 1);
    return v_copysign(v_select(a >= (real)0.5625, far, near), x); /* a NaN is near */
}

/* ln (1 + e^-|x|): with e = e^-|x| it is 2 artanh (t / 2), t = e / (1 + e / 2), which is e - t e / 2. */
static inline vec v_softplus_rest(vec x)
{
    const vec e = v_exp(-v_abs(x)), half = e / 2, t = e / (1 + half), z = t * t;
    return v_fma(t, v_fma(z, POLYNOMIAL(z, ARTANH_HALF), -half), e);
}

/* ln (1 + e^x) */
static inline vec v_softplus(vec x)
{
    return at_least(0, x) + v_softplus_rest(x);
}

/* Near 0 a polynomial; else 1 - e^g with a polynomial g = ln (1 - erf). */
static inline vec v_erf(vec x)
{
    const vec a = v_abs(x);
    const vec near = v_fma(a, POLYNOMIAL(a * a, ERF), a);
    const vec far = 1 - exp_normal(POLYNOMIAL(at_most(ERF_HIGH, a), LN_ERFC));
    return v_copysign(v_select(a >= 1, far, near), x); /* a NaN is near */
}

/* e^(-c x^2) for |x| <= GAUSSIAN_HIGH and c = 1/2 or 1; x^2 is not rounded. */
INLINE unscaled gaussian_of(vec x, vec c)
{
    const vec square = x * x;
    unscaled e = exp_within(at_least(EXP_LOW, -c * square));
    e.m = v_fma(e.m, -c * v_square_rest(x, square), e.m);
    return e;
}

/* (1 - P(a)) e^(a^2/2) for 0 <= a <= GAUSSIAN_HIGH, P(a) = (1 + erf(a / sqrt 2)) / 2: the tail of the normal
   distribution divided by its density, to full precision. */
INLINE vec mills_ratio(vec a)
{
    const vec r = 1 / (a + MILLS_MIDDLE);
    return POLYNOMIAL((a - MILLS_MIDDLE) * r, MILLS) * r;
}

/* f e^-|x| / (1 + e^-|x|)^2 k^2 */
INLINE vec scaled_slope(vec x, vec f, real k)
{
    const unscaled e = exp_within(-at_most(-EXP_LOW, v_abs(x)));
    const vec r = k / (1 + v_scaled(e));
    return v_scaled_by(r * (r * f), e);
}

/* f s (1 - s), s = sigmoid x; and f (1 - t^2), t = tanh x. Computed from x, since the rounding error of an s or t close to 1
   would be as large as the result. */
static inline vec v_sigmoid_slope(vec x, vec f)
{
    return scaled_slope(x, f, 1);
}
static inline vec v_tanh_slope(vec x, vec f)
{
    return scaled_slope(2 * x, f, 2);
}

/* The C library, lane by lane, where m is set. */
#define LIBM_float(name)  name##f
#define LIBM_double(name) name
#define LIBM(name)        TG_PASTE(LIBM_, TG_REAL)(name)

INLINE vec by_lanes(mask m, real (*f)(real), vec x, vec y)
{
    if (v_any(m))
        for (int i = 0; i < VL; i++)
            if (m[i])
                y[i] = f(x[i]);
    return y;
}

/* x = n pi/2 + r + rest: the sine, or from a quarter turn on the cosine, of n mod 4 quarters and r + rest. */
INLINE vec sine(vec x, whole quarter)
{
    const vec turns = v_fma(x, v_set((real)0.63661977236758134), v_set(ROUNDER)), n = turns - ROUNDER;
    vec r = x, rest = { 0 };
    EACH (i, 4) {
        const vec before = r;
        r = v_fma(n, v_set(-HALF_PI[i]), before);
        rest += v_fma(n, v_set(-HALF_PI[i]), before - r);
    }
    const vec z = r * r;
    const vec sin = v_copysign(v_fma(r * z, POLYNOMIAL(z, SIN), rest) + r, r);
    const vec cos = v_fma(z * z, POLYNOMIAL(z, COS), v_fma(z, v_set((real)-0.5), -r * rest)) + 1;
    const mask q = (mask)turns + quarter;
    const vec y = v_select((q & 1) != 0, cos, sin);
    return (vec)((mask)y ^ ((q & 2) << (8 * (int)sizeof(real) - 2)));
}

static inline vec v_sin(vec x)
{
    return by_lanes(v_abs(x) > TRIG_MOST, LIBM(sin), x, sine(x, 0));
}

static inline vec v_cos(vec x)
{
    return by_lanes(v_abs(x) > TRIG_MOST, LIBM(cos), x, sine(x, 1));
}

/* x^y by the C library. */
static inline vec v_pow(vec x, vec y)
{
    vec z = x;
    for (int i = 0; i < VL; i++)
        z[i] = LIBM(pow)(x[i], y[i]);
    return z;
}

#endif
