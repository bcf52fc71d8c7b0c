/* isa_avx512.h - AVX-512 (F, DQ, BW, VL): vectors of 64 bytes. */
#ifndef TG_ISA_AVX512_H
#define TG_ISA_AVX512_H

#include <immintrin.h>

typedef real vec __attribute__((vector_size(64)));
#define LANES_float  16
#define LANES_double 8
#define TILE_ROWS    8 /* of a tile of the matrix product, which fills the registers */
#define TILE_VECS    3

/* The first operand of a product is copied only if the product is large. */
#define COPY_BY_COLUMNS INT64_MAX
#define COPY_BY_ROWS    INT64_MAX
#define COPY_DEPTH      400

#define VMATH_CORE "kernels/vmath_avx512.h"

#define v_square_rest(x, square) v_fma(x, x, -(square))
#define v_any(m)                 (_mm512_test_epi32_mask((__m512i)(m), (__m512i)(m)) != 0)

/* I(add) is _mm512_add_ps or _mm512_add_pd. */
#define I_float(name)  _mm512_##name##_ps
#define I_double(name) _mm512_##name##_pd
#define I(name)        TG_PASTE(I_, TG_REAL)(name)

#define FIRST_float(n)  (__mmask16)((1u << (n)) - 1)
#define FIRST_double(n) (__mmask8)((1u << (n)) - 1)
#define FIRST(n)        TG_PASTE(FIRST_, TG_REAL)(n)

static inline vec v_fma(vec a, vec b, vec c)
{
    return I(fmadd)(a, b, c);
}

static inline vec v_sqrt(vec x)
{
    return I(sqrt)(x);
}

static inline vec v_max(vec a, vec b)
{
    return I(max)(a, b);
}

static inline vec v_min(vec a, vec b)
{
    return I(min)(a, b);
}

/* Here n may be any number: its floor is used. */
static inline vec v_scale(vec x, vec n)
{
    return I(scalef)(x, n);
}

/* For vmath_avx512.h. v_limit: x with its magnitude bounded, and the bound for a NaN. v_lookup: the element of a table of VL
   numbers at the index in the lowest bits of i. v_exponent: the exponent n of x = 2^n m with m in 1 .. 2. v_mantissa: the
   mantissa of x in 3/4 .. 3/2, a NaN for negative x. */
static inline vec v_limit(vec x, real bound)
{
    enum { LEAST_MAGNITUDE = 2 }; /* with the sign of x */
    return I(range)(x, I(set1)(bound), LEAST_MAGNITUDE);
}

#define WHOLE_OF_float  _mm512_castps_si512
#define WHOLE_OF_double _mm512_castpd_si512
static inline vec v_lookup(const real *table, vec i)
{
    return I(permutexvar)(TG_PASTE(WHOLE_OF_, TG_REAL)(i), I(loadu)(table));
}

static inline vec v_exponent(vec x)
{
    return I(getexp)(x);
}

static inline vec v_mantissa(vec x)
{
    return I(getmant)(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_nan);
}

static inline vec v_load_n(const real *p, int64_t n)
{
    return I(maskz_loadu)(FIRST(n), p);
}

static inline void v_store_n(real *p, vec x, int64_t n)
{
    I(mask_storeu)(p, FIRST(n), x);
}

#endif
