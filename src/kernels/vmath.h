/* vmath.h - elementary functions on vectors. */
#ifndef TG_VMATH_H
#define TG_VMATH_H

#define LANES_OF(name, expr)                                                                                         \
    static inline vec name(vec x)                                                                                    \
    {                                                                                                                \
        vec y;                                                                                                       \
        for (int i = 0; i < VL; i++)                                                                                 \
            y[i] = (real)expr((double)x[i]);                                                                         \
        return y;                                                                                                    \
    }
LANES_OF(v_exp, exp)
LANES_OF(v_expm1, expm1)
LANES_OF(v_log, log)
LANES_OF(v_log1p, log1p)
LANES_OF(v_tanh, tanh)
LANES_OF(v_erf, erf)
LANES_OF(v_sin, sin)
LANES_OF(v_cos, cos)

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

#endif
