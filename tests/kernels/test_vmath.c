/* test_vmath.c - the errors of the vector functions, in units in the last place, against the C library in a wider type.

   float: every 997th argument, or every n-th if the environment's TAPEGRAD_ULP_STRIDE is n (1: all of them); double: seeded
   samples. Prints the largest error of each function and its argument. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernels/kernels.h"
#include "kernels/sets.h"
#include "vmath_loops.h"

enum { SEED = 1, BLOCK = 4096, SAMPLES = 150 * BLOCK };

static double sigmoid(double x)
{
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static long double sigmoidl(long double x)
{
    return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x));
}

static double softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static long double softplusl(long double x)
{
    return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x));
}

static const struct function {
    const char *name;
    double (*wide)(double); /* for float */
    long double (*widest)(long double);
    double on_avx512, elsewhere; /* bounds in ulp, those stated in vmath.h */
} functions[VMATH_COUNT] = {
    [VMATH_exp] = { "exp", exp, expl, 1.3, 1.3 },
    [VMATH_expm1] = { "expm1", expm1, expm1l, 1.4, 1.4 },
    [VMATH_log] = { "log", log, logl, 1.1, 1.0 },
    [VMATH_log1p] = { "log1p", log1p, log1pl, 1.6, 1.6 },
    [VMATH_tanh] = { "tanh", tanh, tanhl, 1.6, 1.6 },
    [VMATH_sigmoid] = { "sigmoid", sigmoid, sigmoidl, 3.2, 2.4 },
    [VMATH_softplus] = { "softplus", softplus, softplusl, 2.4, 2.4 },
    [VMATH_erf] = { "erf", erf, erfl, 1.4, 1.4 },
    [VMATH_sin] = { "sin", sin, sinl, 1.3, 1.3 },
    [VMATH_cos] = { "cos", cos, cosl, 1.3, 1.3 },
};

#define SET(name) extern vmath_loop *const vmath_loops_##name##_f32[], *const vmath_loops_##name##_f64[];
TG_KERNEL_SETS
#undef SET

static const struct set {
    const char *name;
    vmath_loop *const *loops[2];
} sets[] = {
#define SET(name) { #name, { vmath_loops_##name##_f32, vmath_loops_##name##_f64 } },
    TG_KERNEL_SETS
#undef SET
};
enum { SETS = sizeof sets / sizeof sets[0] };

static double bound_of(const struct function *f, const struct set *s)
{
    return strcmp(s->name, "avx512") == 0 ? f->on_avx512 : f->elsewhere;
}

/* A type's bits of precision, and exponents of its least normal number and of what it overflows to. */
typedef struct format {
    int bits, least, most;
} format;
static const format formats[] = { { FLT_MANT_DIG, FLT_MIN_EXP - 1, FLT_MAX_EXP },
                                  { DBL_MANT_DIG, DBL_MIN_EXP - 1, DBL_MAX_EXP } };

/* |got - want| in units in the last place. Infinite where one is a NaN and the other is not, where `want` is infinite
   and the other not, or where a zero has the wrong sign. */
static double error(const format *f, double got, long double want, double rounded)
{
    if (isnan(want) || isnan(got))
        return isnan(want) && isnan(got) ? 0 : (double)INFINITY;
    if (got == rounded)
        return got == 0 && !signbit(got) != !signbit(want) ? (double)INFINITY : 0;
    if (isinf(want))
        return (double)INFINITY;
    const long double value = isinf(got) ? copysignl(scalbnl(1, f->most), (long double)got) : (long double)got;
    const int exponent = want == 0 ? f->least : ilogbl(want);
    return (double)scalbnl(fabsl(value - want), f->bits - 1 - (exponent < f->least ? f->least : exponent));
}

typedef struct worst {
    double error, at;
} worst;

static void report(const struct function *f, tg_dtype dtype, const worst *w)
{
    bool in_bounds = true;
    printf("%-8s f%d", f->name, dtype == TG_F32 ? 32 : 64);
    for (int s = 0; s < SETS; s++)
        if (tg_cpu_runs(sets[s].name)) {
            printf("   %s %.3f at %a", sets[s].name, w[s].error, w[s].at);
            in_bounds &= w[s].error <= bound_of(f, &sets[s]);
        }
    printf("\n");
    fflush(stdout);
    assert_true(in_bounds);
}

static void float_function(int index)
{
    const struct function *f = &functions[index];
    const char *stride_text = getenv("TAPEGRAD_ULP_STRIDE");
    const uint64_t stride = stride_text && atoi(stride_text) > 0 ? (uint64_t)atoi(stride_text) : 997;
    worst w[SETS] = { { 0, 0 } };
    float x[BLOCK], y[BLOCK], rounded[BLOCK];
    double want[BLOCK];
    uint64_t bits = 0;
    while (bits <= UINT32_MAX) {
        for (int i = 0; i < BLOCK; i++, bits += stride) {
            const uint32_t b = bits <= UINT32_MAX ? (uint32_t)bits : 0;
            memcpy(&x[i], &b, sizeof b);
            want[i] = f->wide((double)x[i]);
            rounded[i] = (float)want[i];
        }
        for (int s = 0; s < SETS; s++) {
            if (!tg_cpu_runs(sets[s].name))
                continue;
            sets[s].loops[TG_F32][index](BLOCK, x, y);
            for (int i = 0; i < BLOCK; i++) {
                if (memcmp(&y[i], &rounded[i], sizeof y[i]) == 0)
                    continue; /* most are correctly rounded */
                const double e = error(&formats[TG_F32], (double)y[i], (long double)want[i], (double)rounded[i]);
                if (e > w[s].error)
                    w[s] = (worst){ e, (double)x[i] };
            }
        }
    }
    report(f, TG_F32, w);
}

static uint64_t state;

static uint64_t draw(void)
{
    state += 0x9e3779b97f4a7c15u;
    uint64_t z = state;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* Any bits; a number around 0; a number close to a point where a formula or the kind of result changes; a number close to a
   multiple of pi/2. */
static double sample(void)
{
    static const double points[] = { 0,
                                     0.5625,
                                     1,
                                     2,
                                     -1,
                                     20,
                                     6,
                                     -38,
                                     709.782712893384,
                                     -708.3964185322641,
                                     -745.1332191019412,
                                     800000,
                                     0.7071067811865476,
                                     1.4142135623730951,
                                     0x1p-1022,
                                     0x1p53,
                                     -0.5,
                                     0.34657359027997264 };
    const uint64_t kind = draw() % 8, bits = draw();
    const double u = (double)(bits >> 11) * 0x1p-53;
    double x;
    memcpy(&x, &bits, sizeof x);
    switch (kind) {
    case 0:
        return x;
    case 1:
    case 2:
        return 2 * u - 1;
    case 3:
        return 90 * u - 45;
    case 4:
        return 1500 * u - 750;
    case 5:
        return exp(60 * u - 45) * (bits & 1 ? 1 : -1);
    case 6:
        x = points[bits % (sizeof points / sizeof points[0])];
        return (bits >> 20 & 1 ? -x : x) * (1 + ((double)(bits >> 32 & 31) - 16) * 0x1p-52);
    default:
        return (double)(bits >> 44) * (bits >> 12 & 1 ? 1.5707963267948966 : -1.5707963267948966) *
               (1 + ((double)(bits >> 20 & 7) - 3) * 0x1p-52);
    }
}

static void double_function(int index)
{
    const struct function *f = &functions[index];
    worst w[SETS] = { { 0, 0 } };
    double x[BLOCK], y[BLOCK];
    long double want[BLOCK];
    state = SEED;
    for (int n = 0; n < SAMPLES; n += BLOCK) {
        for (int i = 0; i < BLOCK; i++) {
            x[i] = sample();
            want[i] = f->widest((long double)x[i]);
        }
        for (int s = 0; s < SETS; s++) {
            if (!tg_cpu_runs(sets[s].name))
                continue;
            sets[s].loops[TG_F64][index](BLOCK, x, y);
            for (int i = 0; i < BLOCK; i++) {
                const double e = error(&formats[TG_F64], y[i], want[i], (double)want[i]);
                if (e > w[s].error)
                    w[s] = (worst){ e, x[i] };
            }
        }
    }
    report(f, TG_F64, w);
}

/* A result does not depend on the other lanes of the vector, which may take another branch. */
static void results_do_not_depend_on_other_lanes(void **unused)
{
    (void)unused;
    enum { MOST_LANES = 16, BLOCKS = 8, VECTORS = BLOCK / MOST_LANES };
    static double x[BLOCK], y[BLOCK], equal[BLOCK], z[BLOCK];
    static float x32[BLOCK], y32[BLOCK], equal32[BLOCK], z32[BLOCK];
    state = SEED;
    for (int block = 0; block < BLOCKS; block++) {
        for (int i = 0; i < BLOCK; i++)
            x32[i] = (float)(x[i] = sample());
        for (int i = 0; i < BLOCK; i++)
            equal32[i] = (float)(equal[i] = x[i / MOST_LANES]);
        for (int s = 0; s < SETS; s++)
            for (int f = 0; f < VMATH_COUNT && tg_cpu_runs(sets[s].name); f++) {
                sets[s].loops[TG_F32][f](BLOCK, x32, y32);
                sets[s].loops[TG_F32][f](BLOCK, equal32, z32);
                sets[s].loops[TG_F64][f](BLOCK, x, y);
                sets[s].loops[TG_F64][f](BLOCK, equal, z);
                for (int i = 0; i < VECTORS; i++) {
                    const bool same = memcmp(&y[i], &z[i * MOST_LANES], sizeof *y) == 0;
                    const bool same32 = memcmp(&y32[i], &z32[i * MOST_LANES], sizeof *y32) == 0;
                    if (!(same || isnan(y[i])) || !(same32 || isnan(y32[i])))
                        fail_msg("%s, %s of %a: %a, and in equal lanes %a; of %a: %a, and in equal lanes %a",
                                 sets[s].name, functions[f].name, x[i], y[i], z[i * MOST_LANES], (double)x32[i],
                                 (double)y32[i], (double)z32[i * MOST_LANES]);
                }
            }
    }
}

#define X(name)                                                                                                      \
    static void float_##name(void **unused)                                                                          \
    {                                                                                                                \
        (void)unused;                                                                                                \
        float_function(VMATH_##name);                                                                                \
    }                                                                                                                \
    static void double_##name(void **unused)                                                                         \
    {                                                                                                                \
        (void)unused;                                                                                                \
        double_function(VMATH_##name);                                                                               \
    }
VMATH_FUNCTIONS
#undef X

int main(void)
{
    printf("seed %d\n", SEED);
    const struct CMUnitTest tests[] = {
#define X(name) cmocka_unit_test(float_##name), cmocka_unit_test(double_##name),
        VMATH_FUNCTIONS
#undef X
            cmocka_unit_test(results_do_not_depend_on_other_lanes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
