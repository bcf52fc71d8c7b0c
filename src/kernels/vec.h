/* vec.h - the vector vocabulary: what a loop is written in, once for every instruction set and both dtypes.
   Compiled with TG_SET (generic, avx2, avx512, neon), TG_REAL (float, double) and TG_TABLE (avx512_f32, ...). */
#ifndef TG_VEC_H
#define TG_VEC_H

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

typedef TG_REAL real;

#define VEC_BYTES 16
#define VL        ((int64_t)(VEC_BYTES / sizeof(real)))

typedef real vec __attribute__((vector_size(VEC_BYTES)));

static inline vec v_set(real x)
{
    return x - (vec){ 0 };
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
static inline vec v_load_n(const real *p, int64_t n)
{
    vec x = { 0 };
    memcpy(&x, p, (size_t)n * sizeof(real));
    return x;
}
static inline void v_store_n(real *p, vec x, int64_t n)
{
    memcpy(p, &x, (size_t)n * sizeof(real));
}
typedef __typeof__((vec){ 0 } < (vec){ 0 }) mask;
static inline vec v_select(mask m, vec a, vec b)
{
    return (vec)((m & (mask)a) | (~m & (mask)b));
}
#define LANES(name, expr)                                                                                            \
    static inline vec name(vec x)                                                                                    \
    {                                                                                                                \
        vec y;                                                                                                       \
        for (int i = 0; i < VL; i++)                                                                                 \
            y[i] = (real)expr((double)x[i]);                                                                         \
        return y;                                                                                                    \
    }
LANES(v_exp, exp)
LANES(v_expm1, expm1)
LANES(v_log, log)
LANES(v_log1p, log1p)
LANES(v_tanh, tanh)
LANES(v_erf, erf)
LANES(v_sin, sin)
LANES(v_cos, cos)
LANES(v_sqrt, sqrt)
LANES(v_abs, fabs)
static inline vec v_sigmoid(vec x)
{
    return v_select(x >= 0, 1 / (1 + v_exp(-x)), v_exp(x) / (1 + v_exp(x)));
}
static inline vec v_pow(vec x, vec y)
{
    vec z;
    for (int i = 0; i < VL; i++)
        z[i] = (real)pow((double)x[i], (double)y[i]);
    return z;
}
static inline vec v_fma(vec a, vec b, vec c)
{
    return a * b + c;
}

#endif
