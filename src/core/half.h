/* half.h - numbers of 16 bits, which are only read: IEEE 754 binary16 and bfloat16. */
#ifndef TG_HALF_H
#define TG_HALF_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* 1 sign, 5 bits of exponent biased by 15, 10 of fraction. Exact. */
static inline double tg_half_value(uint16_t bits)
{
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double x;
    if (exponent == 31)
        x = fraction ? (double)NAN : (double)INFINITY;
    else
        x = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    return bits & 0x8000 ? -x : x;
}

/* The upper half of a float32. Exact. */
static inline double tg_bfloat_value(uint16_t bits)
{
    const uint32_t wide = (uint32_t)bits << 16;
    float x;
    memcpy(&x, &wide, sizeof x);
    return (double)x;
}

#endif
