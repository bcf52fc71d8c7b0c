/* vmath_float.h - the constants of vmath.h in single precision. */
#ifndef TG_VMATH_FLOAT_H
#define TG_VMATH_FLOAT_H

#define MANTISSA 23
#define BIAS     127

#define EXP_LOW       -170.0f      /* e^x is 0 below, also times a large number, */
#define EXP_HIGH      89.0f        /* and infinite above; */
#define EXP_NORMAL    -87.0f       /* it is subnormal below */
#define LN2_HIGH      0x1.62e4p-1f /* 15 bits: a multiple by up to 2^9 is exact */
#define LN2_LOW       0x1.7f7d1cp-20f
#define EXPM1_LOW     -18.0f /* e^x - 1 rounds to -1 below */
#define SIGMOID_ONE   -1.0f  /* no sigmoid: in float32 the slope is not 0 where the sigmoid rounds to 1 */
#define TANH_HIGH     10.0f  /* tanh and erf round to 1 above */
#define ERF_HIGH      4.0f
#define GAUSSIAN_HIGH 18.0f /* e^(-x^2/2) is 0 above, also times a large number */

/* pi/2 in four parts of which three have 11 bits: their multiples by up to TRIG_MOST 2/pi < 2^13 are exact. */
#define TRIG_MOST 12800.0f
static const real HALF_PI[] = { 0x1.92p+0f, 0x1.fb4p-12f, 0x1.444p-24f, 0x1.68c234p-39f };

/* (e^r - 1 - r - r^2/2) / r^3 for |r| <= ln 2 / 2: relative error of e^r - 1 below 1.8e-8. */
static const real EXP[] = { 0x1.555494p-3f, 0x1.555388p-5f, 0x1.123e68p-7f, 0x1.6f53f4p-10f };

/* (e^r - 1) / r for |r| <= ln 2 / 32: relative error of e^r below 1.6e-9; and 2^(i/16). */
static const real EXP_NEAR[] = { 1, 0x1.00022p-1f, 0x1.555714p-3f };
static const real ROOTS[] = { 0x1.000000p+0f, 0x1.0b5586p+0f, 0x1.172b84p+0f, 0x1.2387a6p+0f,
                              0x1.306fe0p+0f, 0x1.3dea64p+0f, 0x1.4bfdaep+0f, 0x1.5ab07ep+0f,
                              0x1.6a09e6p+0f, 0x1.7a1148p+0f, 0x1.8ace54p+0f, 0x1.9c4918p+0f,
                              0x1.ae89fap+0f, 0x1.c199bep+0f, 0x1.d5818ep+0f, 0x1.ea4afap+0f };

/* (2 artanh s - 2 s) / s^3 in s^2, |s| <= 0.2: 2.8e-9. */
static const real ARTANH[] = { 0x1.5555b4p-1f, 0x1.992a9ap-2f, 0x1.36eeb6p-2f };

/* (2 artanh (t/2) - t) / t^3 in t^2, 0 <= t <= 2/3: 4.5e-9. */
static const real ARTANH_HALF[] = { 0x1.555502p-4f, 0x1.99d1ccp-7f, 0x1.1ec040p-9f, 0x1.1eca1ap-11f };

/* (tanh x - x) / x^3 in x^2, |x| <= 0.5625: 1.5e-9. */
static const real TANH[] = { -0x1.55554ap-2f, 0x1.110cc6p-3f, -0x1.b913f8p-5f, 0x1.5877dep-6f, -0x1.965906p-8f };

/* (sin r - r) / r^3 and (cos r - 1 + r^2/2) / r^4 in r^2, |r| <= pi/4: 4.0e-9 and 1.9e-10. */
static const real SIN[] = { -0x1.555546p-3f, 0x1.110778p-7f, -0x1.9953fep-13f };
static const real COS[] = { 0x1.55554ep-5f, -0x1.6c0e30p-10f, 0x1.9a685cp-16f };

/* erf x / x - 1 in x^2, x <= 1: 1.5e-9. */
static const real ERF[] = { 0x1.06eba8p-3f, -0x1.81273ep-2f,  0x1.ce2ce6p-4f, -0x1.b7f71ap-6f,
                            0x1.53f224p-8f, -0x1.a3515ep-11f, 0x1.4771fcp-14f };
/* ln (1 - erf x), 1 <= x <= 4: relative error of erf x below 1.1e-9. */
static const real LN_ERFC[] = { -0x1.661cf2p-12f, -0x1.2088eap+0f, -0x1.46baf0p-1f, -0x1.a6531ep-4f,
                                0x1.65cb38p-6f,   -0x1.825ac6p-9f, 0x1.86de3ep-13f };

/* (1 - P(a)) e^(a^2/2) (a + MILLS_MIDDLE), P the normal distribution's, in (a - MILLS_MIDDLE) / (a + MILLS_MIDDLE),
   0 <= a <= 18: 3.7e-8. */
#define MILLS_MIDDLE 3.0f
static const real MILLS[] = { 0x1.754a76p-1f,   -0x1.04c72ap-1f, 0x1.d71380p-3f,  -0x1.832d06p-5f,
                              -0x1.56d5cap-7f,  0x1.c8bca6p-8f,  0x1.0c9cdcp-10f, -0x1.0ea55cp-10f,
                              -0x1.00720ap-12f, 0x1.133352p-13f, 0x1.c81ec0p-15f };

#endif
