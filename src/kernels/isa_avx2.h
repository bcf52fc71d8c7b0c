/* isa_avx2.h - AVX2 with FMA: vectors of 32 bytes. */
#ifndef TG_ISA_AVX2_H
#define TG_ISA_AVX2_H

#include <immintrin.h>

typedef real vec __attribute__((vector_size(32)));
#define LANES_float  8
#define LANES_double 4
#define TILE_ROWS    4 /* of a tile of the matrix product, which fills the registers */
#define TILE_VECS    3

/* Bytes of the first operand of a product from which it is copied: stored by columns, and by rows. And elements of k in a
   pass over the copies: a tile's rows of A and its columns of B then have 4 and 24 KB. */
#define COPY_BY_COLUMNS (128 << 10)
#define COPY_BY_ROWS    (1 << 20)
#define COPY_DEPTH      256

#define VMATH_CORE "kernels/vmath_portable.h"
#define v_scale    v_scale_in_two

#define v_square_rest(x, square) v_fma(x, x, -(square))
#define v_any(m)                 (!_mm256_testz_si256((__m256i)(m), (__m256i)(m)))

/* I(add) is _mm256_add_ps or _mm256_add_pd. */
#define I_float(name)  _mm256_##name##_ps
#define I_double(name) _mm256_##name##_pd
#define I(name)        TG_PASTE(I_, TG_REAL)(name)

#define FIRST_float(n)  _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(n)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
#define FIRST_double(n) _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3))
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

static inline vec v_load_n(const real *p, int64_t n)
{
    return I(maskload)(p, FIRST(n));
}

static inline void v_store_n(real *p, vec x, int64_t n)
{
    I(maskstore)(p, FIRST(n), x);
}

#endif
