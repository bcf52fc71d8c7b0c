/* vmath_double.h - the constants of vmath.h in double precision. */
#ifndef TG_VMATH_DOUBLE_H
#define TG_VMATH_DOUBLE_H

#define MANTISSA 52
#define BIAS     1023

#define EXP_LOW       -1400.0         /* e^x is 0 below, also times a large number, */
#define EXP_HIGH      710.0           /* and infinite above; */
#define EXP_NORMAL    -708.0          /* it is subnormal below */
#define LN2_HIGH      0x1.62e42fefp-1 /* 33 bits: a multiple by up to 2^20 is exact */
#define LN2_LOW       0x1.473de6af278edp-34
#define EXPM1_LOW     -38.0 /* e^x - 1 rounds to -1 below */
#define SIGMOID_ONE   1.0   /* where the sigmoid rounds to it the slope is 0, as in PyTorch */
#define TANH_HIGH     20.0  /* tanh and erf round to 1 above */
#define ERF_HIGH      6.0
#define GAUSSIAN_HIGH 52.0 /* e^(-x^2/2) is 0 above, also times a large number */

/* pi/2 in four parts of which three have 33 bits: their multiples by up to TRIG_MOST 2/pi < 2^19 are exact. */
#define TRIG_MOST 800000.0
static const real HALF_PI[] = { 0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2ep-69, 0x1.b839a252p-104 };

/* (e^r - 1 - r - r^2/2) / r^3 for |r| <= ln 2 / 2: relative error of e^r - 1 below 1e-18. */
static const real EXP[] = { 0x1.5555555555558p-3,  0x1.5555555555556p-5,  0x1.111111110f7d5p-7,
                            0x1.6c16c16c15dacp-10, 0x1.a01a01b02246cp-13, 0x1.a01a01a942d57p-16,
                            0x1.71ddf6757d7e1p-19, 0x1.27e4d4b0380bap-22, 0x1.af63a06ec766ep-26,
                            0x1.1f7f6b080fb0cp-29 };

/* (e^r - 1) / r for |r| <= ln 2 / 16: relative error of e^r below 1.1e-17; and 2^(i/8). */
static const real EXP_NEAR[] = { 1,
                                 0x1.000000000002ep-1,
                                 0x1.55555555555d0p-3,
                                 0x1.5555554e93aa9p-5,
                                 0x1.1111110aba2cbp-7,
                                 0x1.6c1b713229437p-10,
                                 0x1.a01f8f93e5970p-13 };
static const real ROOTS[] = {
    0x1.0000000000000p+0, 0x1.172b83c7d517bp+0, 0x1.306fe0a31b715p+0, 0x1.4bfdad5362a27p+0,
    0x1.6a09e667f3bcdp+0, 0x1.8ace5422aa0dbp+0, 0x1.ae89f995ad3adp+0, 0x1.d5818dcfba487p+0
};

/* (2 artanh s - 2 s) / s^3 in s^2, |s| <= 0.2: 1.5e-17. */
static const real ARTANH[] = { 0x1.5555555555773p-1, 0x1.99999998f168ep-2, 0x1.249249b1bafe7p-2, 0x1.c71c019fb9ec0p-3,
                               0x1.7474da1497d79p-3, 0x1.38537611726f2p-3, 0x1.3ab9aec2f6995p-3 };

/* (2 artanh (t/2) - t) / t^3 in t^2, 0 <= t <= 2/3: 1.4e-18. */
static const real ARTANH_HALF[] = { 0x1.5555555555535p-4,  0x1.99999999a074fp-7,  0x1.249249208c687p-9,
                                    0x1.c71c741c6a3c7p-12, 0x1.745cb4018463bp-14, 0x1.3b1ddb5135a6dp-16,
                                    0x1.1067c6cdf587ep-18, 0x1.efd832166789cp-21, 0x1.55b16ee990257p-23,
                                    0x1.5c78a23f07517p-24 };

/* (tanh x - x) / x^3 in x^2, |x| <= 0.5625: 3.7e-18. */
static const real TANH[] = { -0x1.5555555555551p-2,  0x1.11111111107f2p-3,  -0x1.ba1ba1b96c9d5p-5,
                             0x1.664f4852022e8p-6,   -0x1.226e2dc57e62bp-7, 0x1.d6d25b8f22bc7p-9,
                             -0x1.7d8c2b36c25c9p-10, 0x1.3462c530aa938p-11, -0x1.e80a6c2652d2cp-13,
                             0x1.5941d687322dfp-14,  -0x1.3c537b9b121c5p-16 };

/* (sin r - r) / r^3 and (cos r - 1 + r^2/2) / r^4 in r^2, |r| <= pi/4: 1.2e-17 and 5.5e-19. */
static const real SIN[] = { -0x1.555555555554dp-3, 0x1.111111110fb4cp-7,   -0x1.a01a019c2ff35p-13,
                            0x1.71de356eb0e08p-19, -0x1.ae5e4bb84bcaap-26, 0x1.5d87440c807b8p-33 };
static const real COS[] = { 0x1.5555555555553p-5,   -0x1.6c16c16c16132p-10, 0x1.a01a019e248ddp-16,
                            -0x1.27e4f903ab85bp-22, 0x1.1eea890e2e209p-29,  -0x1.8ff9ad8c4649ap-37 };

/* erf x / x - 1 in x^2, x <= 1: 1.6e-17. */
static const real ERF[] = { 0x1.06eba8214db68p-3,   -0x1.812746b0379bep-2,  0x1.ce2f21a040da6p-4,
                            -0x1.b82ce311fc3eep-6,  0x1.565bccf9571f5p-8,   -0x1.c02db0435f1a6p-11,
                            0x1.f9a2bb1b9b953p-14,  -0x1.f4ca538586983p-17, 0x1.b98009daebaa3p-20,
                            -0x1.5c0854050c720p-23, 0x1.d72289e9e4d13p-27,  -0x1.abc2fad4c812dp-31 };
/* ln (1 - erf x), 1 <= x <= 6: relative error of erf x below 1.3e-17. */
static const real LN_ERFC[] = { -0x1.81cd859ac9e82p-23, -0x1.20dd562d44389p+0,  -0x1.45f42b655a337p-1,
                                -0x1.a4da4c2871b6cp-4,  0x1.389389f51f7d9p-6,   0x1.26219b842d25fp-12,
                                -0x1.cfbcf15b78cacp-10, 0x1.502b224519d9fp-11,  -0x1.781ae5ec2f54ep-15,
                                -0x1.271bc650ffa37p-14, 0x1.79c5e1c518523p-15,  -0x1.1509a5d2301abp-16,
                                0x1.225c228cb7320p-18,  -0x1.c89bbc54d6bbep-21, 0x1.0dec37d4c31b1p-23,
                                -0x1.d42891a3c11dcp-27, 0x1.19e87399892b6p-30,  -0x1.a5ce86fa48093p-35,
                                0x1.2765dd5e6a164p-40 };

/* (1 - P(a)) e^(a^2/2) (a + MILLS_MIDDLE), P the normal distribution's, in (a - MILLS_MIDDLE) / (a + MILLS_MIDDLE),
   0 <= a <= 52: 3.5e-17. */
#define MILLS_MIDDLE 5.5
static const real MILLS[] = { 0x1.8c2b8893b5c8dp-1,   -0x1.5ed05c7e41a2dp-1,  0x1.1239b3f8c06cfp-1,
                              -0x1.77dbb5cdda9d3p-2,  0x1.be33e6ee99f32p-3,   -0x1.c15806fa45b7dp-4,
                              0x1.71707b572242ap-5,   -0x1.c83edf44e4915p-7,  0x1.4034e58081a73p-9,
                              0x1.1ab347c4960adp-12,  -0x1.54496851929edp-12, 0x1.2b88f27d1a929p-14,
                              0x1.11cef8384ddebp-16,  -0x1.969fe3bf42b0fp-17, 0x1.deac07de225ddp-22,
                              0x1.8dfec292cbe95p-20,  -0x1.1ee81c8d71212p-22, -0x1.79c61708e2ca5p-23,
                              0x1.ae8bdfd3a596fp-25,  0x1.73cbf7079fa06p-26,  -0x1.97033e5bfdb2dp-28,
                              -0x1.2794a64382f75p-29, 0x1.89bfd69c48b26p-33 };

#endif
