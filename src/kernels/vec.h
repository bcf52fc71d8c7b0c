/* vec.h - the vector vocabulary: what a loop is written in, once for every instruction set and both dtypes.

   Compiled with TG_SET (generic, avx2, avx512, neon), TG_REAL (float, double) and TG_TABLE (avx512_f32, ...). `real` is
   an element, `vec` a vector of VL of them, `whole` the integer of a real's width, `mask` a vector of those: the result
   of a comparison, all ones where it holds. + - * / < <= == != on vectors and & | ^ ~ << >> on masks are the
   compiler's; the few words that need an instruction are in isa_SET.h:

       v_fma(a, b, c)       a b + c, rounded once where the set has the instruction
       v_sqrt(x)            correctly rounded
       v_max(a, b)          a > b ? a : b, so b where either is NaN; v_min likewise
       v_load_n(p, n)       the first n lanes, 1 <= n <= VL, others 0; p[n] is not touched
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

typedef TG_REAL real;
#include TG_TEXT(TG_PASTE(isa_, TG_SET).h)

#define VL ((int64_t)(sizeof(vec) / sizeof(real)))

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

/* m ? a : b */
static inline vec v_select(mask m, vec a, vec b)
{
    return (vec)((m & (mask)a) | (~m & (mask)b));
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

/* Over the lanes, in a tree: the order is fixed for a given VL. */
static inline real v_sum(vec x)
{
    real lane[VL_MAX];
    v_store(lane, x);
    for (int64_t w = VL / 2; w >= 1; w /= 2)
        for (int64_t i = 0; i < w; i++)
            lane[i] += lane[i + w];
    return lane[0];
}

/* The largest lane; a NaN lane may be lost. */
static inline real v_largest(vec x)
{
    real lane[VL_MAX];
    v_store(lane, x);
    for (int64_t w = VL / 2; w >= 1; w /= 2)
        for (int64_t i = 0; i < w; i++)
            lane[i] = lane[i] > lane[i + w] ? lane[i] : lane[i + w];
    return lane[0];
}

/* Whether any lane of m is set. */
static inline bool v_any(mask m)
{
    whole lane[VL_MAX], any = 0;
    memcpy(lane, &m, sizeof m);
    for (int64_t i = 0; i < VL; i++)
        any |= lane[i];
    return any != 0;
}

#include "kernels/vmath.h"

#endif
