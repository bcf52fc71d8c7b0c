/* portable.c - log, sin and cos from correctly rounded operations. */
#include "core/portable.h"

#include <float.h>
#include <math.h>

_Static_assert(FLT_EVAL_METHOD == 0,
               "doubles must be computed in double precision, or the same seed gives other numbers");

/* c[0] + c[1] x + ... + c[n - 1] x^(n - 1) */
static double polynomial(const double *c, int n, double x)
{
    double y = c[n - 1];
    for (int i = n - 2; i >= 0; i--)
        y = y * x + c[i];
    return y;
}
#define POLYNOMIAL(c, x) polynomial(c, (int)(sizeof c / sizeof c[0]), x)

/* x = 2^e m with m within a factor sqrt 2 of 1; ln m = 2 artanh s with s = (m - 1) / (m + 1), |s| < 0.172. */
double tg_portable_log(double x)
{
    static const double artanh[] = { 1. / 3,  1. / 5,  1. / 7,  1. / 9,  1. / 11,
                                     1. / 13, 1. / 15, 1. / 17, 1. / 19, 1. / 21 };
    /* ln 2 in two parts: the first has 33 bits, so that e times it is exact. */
    static const double ln2_high = 0x1.62e42fefp-1, ln2_low = 0x1.473de6af278edp-34;
    int e;
    double m = frexp(x, &e);
    if (m < 0x1.6a09e667f3bcdp-1) {
        m *= 2;
        e--;
    }
    const double f = m - 1, s = f / (m + 1), ss = s * s;
    /* 2 s = f - s f, where f is exact: only the small s f is rounded. */
    const double rest = s * (2 * ss * POLYNOMIAL(artanh, ss) - f);
    return e * ln2_high + (f + (rest + e * ln2_low));
}

/* t = quarters / 4 + r with |r| <= 1/8, exactly; gives r in radians. */
static double reduce(double t, int *quarters)
{
    const double q = floor(4 * t + 0.5);
    *quarters = (int)(q - 4 * floor(q / 4));
    return 0x1.921fb54442d18p+2 * (t - q / 4);
}

static double sine(double a)
{
    static const double c[] = { -1. / 6,        1. / 120,         -1. / 5040,           1. / 362880,
                                -1. / 39916800, 1. / 6227020800., -1. / 1307674368000., 1. / 355687428096000. };
    const double aa = a * a;
    return a + a * aa * POLYNOMIAL(c, aa);
}

static double cosine(double a)
{
    static const double c[] = { 1. / 24,         -1. / 720,          1. / 40320,           -1. / 3628800,
                                1. / 479001600., -1. / 87178291200., 1. / 20922789888000., -1. / 6402373705728000. };
    const double aa = a * a;
    return 1 - (aa / 2 - aa * aa * POLYNOMIAL(c, aa));
}

double tg_portable_sin_turns(double t)
{
    int quarters;
    const double a = reduce(t, &quarters);
    const double y = quarters & 1 ? cosine(a) : sine(a);
    return quarters & 2 ? -y : y;
}

double tg_portable_cos_turns(double t)
{
    int quarters;
    const double a = reduce(t, &quarters);
    const double y = quarters & 1 ? sine(a) : cosine(a);
    return quarters == 1 || quarters == 2 ? -y : y;
}
