/* vec.h - vectors: the types and functions in which a loop is written once for every instruction set and both dtypes.

   Compiled with TG_SET (generic, avx2, avx512, neon), TG_REAL (float, double) and TG_TABLE (avx512_f32, ...). `real` is
   an element, `vec` a vector of VL of them, `whole` the integer of its width, `mask` a vector of those: the result
   of a comparison, all ones where it holds. + - * / < <= == != on vectors and & | ^ ~ << >> on masks are the
   compiler's; the few functions that need a particular instruction are in isa_SET.h:

       v_fma(a, b, c)       a b + c, rounded once where the set has the instruction
       v_sqrt(x)            correctly rounded
       v_max(a, b)          a > b ? a : b, so b where either is NaN; v_min likewise
       v_scale(x, n)        x 2^n for an integer n, rounded once
       v_square_rest(x, s)  x x - s, the rounding error of the square s = x x
       v_any(m)             whether any lane of a mask is set
       v_load_n(p, n)       the first n lanes, 1 <= n <= VL, the others 0; p[n] is not read
       v_store_n(p, x, n)   likewise                                                                              */
#ifndef TG_VEC_H
#define TG_VEC_H

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

#define TG_PASTE_(a, b) a##b
#define TG_PASTE(a, b)  TG_PASTE_(a, b)
#define TG_TEXT_(...)   #__VA_ARGS__
#define TG_TEXT(...)    TG_TEXT_(__VA_ARGS__)

/* EACH is a loop that is unrolled, INLINE a function that is inlined, so that counts become constants and arrays
   registers. With TG_ROLLED, for sanitizers, neither is. */
#if defined(TG_ROLLED)
#define EACH(i, n) for (int i = 0; i < (n); i++)
#define INLINE     static inline
#else
#ifdef __clang__
#define EACH(i, n) _Pragma("clang loop unroll(full)") for (int i = 0; i < (n); i++)
#else
#define EACH(i, n) _Pragma("GCC unroll 32") for (int i = 0; i < (n); i++)
#endif
#define INLINE static inline __attribute__((always_inline))
#endif

typedef TG_REAL real;
#include TG_TEXT(TG_PASTE(isa_, TG_SET).h)

#define VL TG_PASTE(LANES_, TG_REAL)

#define WHOLE_float  int32_t
#define WHOLE_double int64_t
typedef TG_PASTE(WHOLE_, TG_REAL) whole;
typedef whole mask __attribute__((vector_size(sizeof(vec))));

static inline vec v_set(real x)
{
    return x - (vec){ 0 };
}

static inline mask v_whole(whole x)
{
    return x - (mask){ 0 };
}

static inline vec v_load(const real *p)
{
    vec x;
    memcpy(&x, p, sizeof x);
    return x;
}

static inline void v_store(real *p, vec x)
{
    memcpy(p, &x, sizeof x);
}

/* Loads a vector at p + i from an array of n elements; stores one. */
INLINE vec take(const real *p, int64_t i, int64_t n)
{
    return n - i >= VL ? v_load(p + i) : v_load_n(p + i, n - i);
}
INLINE void put(real *p, int64_t i, int64_t n, vec x)
{
    if (n - i >= VL)
        v_store(p + i, x);
    else
        v_store_n(p + i, x, n - i);
}

/* m ? a : b */
static inline vec v_select(mask m, vec a, vec b)
{
    return (vec)((m & (mask)a) | (~m & (mask)b));
}

/* For sets without such an instruction. */
static inline vec v_max_by_select(vec a, vec b)
{
    return v_select(a > b, a, b);
}
static inline vec v_min_by_select(vec a, vec b)
{
    return v_select(a < b, a, b);
}

#define SIGN_BIT ((mask)v_set(-(real)0))

static inline vec v_abs(vec x)
{
    return (vec)((mask)x & ~SIGN_BIT);
}

/* |x| with the sign of s. */
static inline vec v_copysign(vec x, vec s)
{
    return (vec)(((mask)x & ~SIGN_BIT) | ((mask)s & SIGN_BIT));
}

/* SHUFFLE(a, b, LANES(F, s)): lane l of the result is lane F(l, s) of a's lanes followed by b's. */
#ifdef __clang__
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (mask){ __VA_ARGS__ })
#endif
#define LIST_2(F, s)  F(0, s), F(1, s)
#define LIST_4(F, s)  LIST_2(F, s), F(2, s), F(3, s)
#define LIST_8(F, s)  LIST_4(F, s), F(4, s), F(5, s), F(6, s), F(7, s)
#define LIST_16(F, s) LIST_8(F, s), F(8, s), F(9, s), F(10, s), F(11, s), F(12, s), F(13, s), F(14, s), F(15, s)
#define LANES(F, s)   TG_PASTE(LIST_, VL)(F, s)
#define PARTNER(l, s) (((l) ^ (s)) % VL)

/* Reduces the lanes in a tree, whose order is fixed for a given VL; steps wider than the vector are skipped. */
#define FOLD(x, join)                                                                                                \
    do {                                                                                                             \
        if (VL > 8)                                                                                                  \
            x = join(x, SHUFFLE(x, x, LANES(PARTNER, 8)));                                                           \
        if (VL > 4)                                                                                                  \
            x = join(x, SHUFFLE(x, x, LANES(PARTNER, 4)));                                                           \
        if (VL > 2)                                                                                                  \
            x = join(x, SHUFFLE(x, x, LANES(PARTNER, 2)));                                                           \
        x = join(x, SHUFFLE(x, x, LANES(PARTNER, 1)));                                                               \
    } while (0)
#define PLUS(a, b) ((a) + (b))

static inline real v_sum(vec x)
{
    FOLD(x, PLUS);
    return x[0];
}

/* The largest and the smallest lane; a NaN may be lost. */
static inline real v_largest(vec x)
{
    FOLD(x, v_max);
    return x[0];
}

static inline real v_smallest(vec x)
{
    FOLD(x, v_min);
    return x[0];
}

/* For sets without such an instruction. */
static inline bool v_any_by_lanes(mask m)
{
    whole any = 0;
    EACH (i, VL)
        any |= m[i];
    return any != 0;
}

/* WIDE elements in double precision. */
typedef double vec_wide __attribute__((vector_size(sizeof(vec))));
typedef real vec_narrow __attribute__((vector_size(sizeof(vec) / sizeof(double) * sizeof(real))));
#define WIDE LANES_double

static inline vec_wide v_load_wide(const real *p)
{
    vec_narrow x;
    memcpy(&x, p, sizeof x);
    return __builtin_convertvector(x, vec_wide);
}

static inline double v_sum_wide(vec_wide x)
{
    double sum = x[0];
    for (int i = 1; i < WIDE; i++)
        sum += x[i];
    return sum;
}

#include "kernels/vmath.h"

#endif
