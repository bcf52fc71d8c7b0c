/* isa_avx512.h - AVX-512 (F, DQ, BW, VL): vectors of 64 bytes. */
#ifndef TG_ISA_AVX512_H
#define TG_ISA_AVX512_H

#include <immintrin.h>

typedef real vec __attribute__((vector_size(64)));
#define LANES_float  16
#define LANES_double 8
#define TILE_ROWS    8 /* of the matrix product's tiles, which fill the registers */
#define TILE_VECS    3

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

static inline vec v_scale(vec x, vec n)
{
    return I(scalef)(x, n);
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
