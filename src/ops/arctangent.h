/* arctangent.h - the angle of a point, from which atan, asin, acos and atan2 are made, on vectors. */
#ifndef TG_ARCTANGENT_H
#define TG_ARCTANGENT_H

#include "kernels/map.h"

/* (arctan r - r) / r^3 in r^2 for |r| <= tan(pi/8), interpolated at Chebyshev nodes: relative error of arctan r below 5e-18,
   in float below 3e-9. */
#define ARCTAN_double                                                                                                \
    -0x1.5555555555555p-2, 0x1.999999999934ap-3, -0x1.24924924360cbp-3, 0x1.c71c7185314cbp-4, -0x1.745d0b26b83e7p-4, \
        0x1.3b1262d95579ep-4, -0x1.10fa75382537fp-4, 0x1.dfe61e80903d2p-5, -0x1.a098bb6ba4941p-5,                    \
        0x1.41603647c7a7cp-5, -0x1.3a2b7a07caea8p-6
#define ARCTAN_float -0x1.555554p-2f, 0x1.999730p-3f, -0x1.24202ep-3f, 0x1.b80f88p-4f, -0x1.08432cp-4f
static const real ARCTAN[] = { TG_PASTE(ARCTAN_, TG_REAL) };

#define PI_HIGH_double 0x1.921fb54442d18p+1
#define PI_LOW_double  0x1.1a62633145c07p-53
#define PI_HIGH_float  0x1.921fb6p+1f
#define PI_LOW_float   -0x1.777a5cp-24f
#define PI_HIGH        TG_PASTE(PI_HIGH_, TG_REAL)
#define PI_LOW         TG_PASTE(PI_LOW_, TG_REAL)

/* The angle of the point (x, y), -pi .. pi; signs of zeros, infinities and NaNs as C's atan2(y, x). With t the smaller
   coordinate and m the larger, arctan(t / m) is taken of r = t / m, or beyond tan(pi/8) as pi/4 + arctan((t - m) / (t + m)); the
   other octants are reflections of it. */
static inline vec arctangent(vec y, vec x)
{
    const vec a = v_abs(y), b = v_abs(x), infinity = v_set((real)INFINITY);
    const mask steep = a > b, both_infinite = (a == infinity) & (b == infinity);
    const vec m = v_select(steep, a, b), t = v_select(steep, b, a);
    const vec ratio = v_select(m == 0, t, v_select(both_infinite, v_set(1), t / m)); /* NaN where either is */
    const mask far = ratio > (real)0.41421356237309505;
    const vec r = v_select(far, (ratio - 1) / (ratio + 1), ratio), z = r * r;
    const vec small = v_fma(r * z, POLYNOMIAL(z, ARCTAN), r);
    const vec quarter = v_select(far, v_set(PI_HIGH / 4), v_set(0)),
              rest = v_select(far, v_set(PI_LOW / 4), v_set(0));
    vec angle = quarter + (small + rest);
    angle = v_select(steep, PI_HIGH / 2 - (angle - PI_LOW / 2), angle);
    angle = v_select((mask)x < 0, PI_HIGH - (angle - PI_LOW), angle); /* -0, too */
    return v_copysign(angle, y);
}

#endif
