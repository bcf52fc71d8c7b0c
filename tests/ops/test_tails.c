/* test_tails.c - the errors of functions and of their first and second derivatives over their whole range, in units in
   the last place, against the C library in a wider type: the table in ops.h.

   float: every 9973rd argument, or every n-th where the environment's TAPEGRAD_ULP_STRIDE is n; double: seeded samples.
   Where a result is a sum whose terms cancel, as next to its zeros, the unit is that of the largest term. */
#include <stdlib.h>

#include "points.h"

enum { BLOCK = 4096, SEED = 1, SAMPLES = 16 * BLOCK };

typedef long double wide;

/* A number, and the largest of the terms that it is the sum of. */
typedef struct want {
    wide y, term;
} want;

static want exactly(wide y)
{
    return (want){ y, fabsl(y) };
}

static want sum(wide a, wide b)
{
    return (want){ a + b, fmaxl(fabsl(a), fabsl(b)) };
}

/* k e^(-c x^2), x^2 in two parts. */
static wide bell(wide x, wide c, wide k)
{
    const wide square = x * x, rest = fmal(x, x, -square);
    return isinf(square) ? 0 : k * expl(-c * square) * (1 - c * rest);
}

static wide density(wide x)
{
    return bell(x, 0.5L, 0.39894228040143267793994605993438187L);
}

/* P(x), the distribution of the normal density; beyond 2, for which erfc's argument is not exact enough, by the continued
   fraction of Mills' ratio (Laplace). */
static wide normal(wide x)
{
    if (x > -2)
        return erfcl(-x * 0.70710678118654752440084436210484904L) / 2;
    wide ratio = -x;
    for (int k = 400; k > 0; k--)
        ratio = -x + k / ratio;
    return isinf(x) ? 0 : density(x) / ratio;
}

static wide sigmoid(wide x)
{
    return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x));
}

static wide sigmoid_slope(wide x)
{
    const wide e = expl(-fabsl(x));
    return e / ((1 + e) * (1 + e));
}

static wide far(wide x) /* so that infinity is not multiplied by 0 */
{
    return fmaxl(-20000, fminl(20000, x));
}

typedef want reference(wide x);

#define WANT(name, expression)                                                                                       \
    static want name(wide x)                                                                                         \
    {                                                                                                                \
        return expression;                                                                                           \
    }

WANT(exp_0, exactly(expl(x)))
WANT(log_0, exactly(logl(x)))
WANT(log_1, exactly(1 / x))
WANT(log_2, exactly(-1 / x / x))
WANT(log1p_0, exactly(log1pl(x)))
WANT(log1p_1, exactly(1 / (1 + x)))
WANT(log1p_2, exactly(-1 / (1 + x) / (1 + x)))
WANT(tanh_0, exactly(tanhl(x)))
WANT(tanh_1, exactly(4 * sigmoid_slope(2 * x)))
WANT(tanh_2, exactly(-8 * sigmoid_slope(2 * x) * tanhl(x)))
WANT(sigmoid_0, exactly(sigmoid(x)))
WANT(sigmoid_1, exactly(sigmoid_slope(x)))
WANT(sigmoid_2, exactly(-sigmoid_slope(x) * tanhl(x / 2)))
WANT(softplus_0, exactly(x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x))))
WANT(silu_0, exactly(x > 0 ? x * sigmoid(x) : far(x) * sigmoid(x)))
WANT(silu_1, sum(sigmoid(x), far(x) * sigmoid_slope(x)))
WANT(silu_2, sum(2 * sigmoid_slope(x), -far(x) * tanhl(x / 2) * sigmoid_slope(x)))
WANT(erf_0, exactly(erfl(x)))
WANT(erf_1, exactly(bell(x, 1, 1.1283791670955125738961589031215452L)))
WANT(erf_2, exactly(-2 * far(x) * erf_1(x).y))
WANT(gelu_0, exactly(x > 0 ? x * normal(x) : far(x) * normal(x)))
WANT(gelu_1, sum(normal(x), far(x) * density(x)))
WANT(gelu_2, sum(2 * density(x), -far(x) * far(x) * density(x)))
WANT(elu_0, exactly(x > 0 ? x : expm1l(x) / 2))
WANT(elu_1, exactly(x > 0 ? 1 : expl(x) / 2))
WANT(elu_2, exactly(!(x <= 0) ? 0 : expl(x) / 2))

WANT(expm1_0, exactly(expm1l(x)))
WANT(rsqrt_0, exactly(1 / sqrtl(x)))
WANT(rsqrt_1, exactly(-0.5L / x / sqrtl(x)))
WANT(rsqrt_2, exactly(0.75L / x / x / sqrtl(x)))
WANT(tan_0, exactly(tanl(x)))
WANT(tan_1, exactly(1 + tanl(x) * tanl(x)))
WANT(tan_2, exactly(2 * tanl(x) * (1 + tanl(x) * tanl(x))))
WANT(asin_0, exactly(asinl(x)))
WANT(asin_1, exactly(1 / sqrtl((1 - x) * (1 + x))))
WANT(asin_2, exactly(x / ((1 - x) * (1 + x)) / sqrtl((1 - x) * (1 + x))))
WANT(acos_0, exactly(acosl(x)))
WANT(acos_1, exactly(-asin_1(x).y))
WANT(acos_2, exactly(-asin_2(x).y))
WANT(atan_0, exactly(atanl(x)))
WANT(atan_1, exactly(1 / (1 + x * x)))
WANT(atan_2, exactly(isinf(x) ? 0 : -2 * x / (1 + x * x) / (1 + x * x)))
WANT(sinh_0, exactly(sinhl(x)))
WANT(cosh_0, exactly(coshl(x)))
WANT(log_sigmoid_0, exactly(-softplus_0(-x).y))
WANT(log_sigmoid_1, exactly(sigmoid(-x)))
WANT(log_sigmoid_2, exactly(-sigmoid_slope(x)))
WANT(softsign_0, exactly(isinf(x) ? copysignl(1, x) : x / (1 + fabsl(x))))
WANT(softsign_1, exactly(1 / (1 + fabsl(x)) / (1 + fabsl(x))))
WANT(softsign_2, exactly((x > 0 ? -2 : x < 0 ? 2 : x) / (1 + fabsl(x)) / (1 + fabsl(x)) / (1 + fabsl(x))))

static tg_tensor elu(tg_tensor x)
{
    return tg_elu(x, 0.5);
}

static tg_tensor bce_of_0(tg_tensor x)
{
    return tg_bce_with_logits(x, tg_full(x.tape, tg_shape_of(x), 0), TG_NONE);
}

static tg_tensor bce_of_1(tg_tensor x)
{
    return tg_neg(tg_bce_with_logits(tg_neg(x), tg_full(x.tape, tg_shape_of(x), 1), TG_NONE));
}

WANT(minus_softplus, exactly(-softplus_0(x).y))
WANT(minus_sigmoid, exactly(-sigmoid(x)))
WANT(minus_slope, exactly(-sigmoid_slope(x)))

static const struct function {
    const char *name;
    tg_tensor (*f)(tg_tensor);
    reference *want[3];
    double bounds[3]; /* in ulp, as ops.h states */
} functions[] = {
    { "exp", tg_exp, { exp_0, exp_0, exp_0 }, { 2, 2, 2 } },
    { "log", tg_log, { log_0, log_1, log_2 }, { 2, 1, 2 } },
    { "log1p", tg_log1p, { log1p_0, log1p_1, log1p_2 }, { 2, 2, 4 } },
    { "tanh", tg_tanh, { tanh_0, tanh_1, tanh_2 }, { 2, 15, 8 } },
    { "sigmoid", tg_sigmoid, { sigmoid_0, sigmoid_1, sigmoid_2 }, { 4, 11, 7 } },
    { "softplus", tg_softplus, { softplus_0, sigmoid_0, sigmoid_1 }, { 3, 4, 6 } },
    { "silu", tg_silu, { silu_0, silu_1, silu_2 }, { 4, 6, 8 } },
    { "erf", tg_erf, { erf_0, erf_1, erf_2 }, { 2, 4, 5 } },
    { "gelu", tg_gelu, { gelu_0, gelu_1, gelu_2 }, { 8, 9, 6 } },
    { "elu", elu, { elu_0, elu_1, elu_2 }, { 2, 2, 2 } },
    { "expm1", tg_expm1, { expm1_0, exp_0, exp_0 }, { 2, 2, 2 } },
    { "rsqrt", tg_rsqrt, { rsqrt_0, rsqrt_1, rsqrt_2 }, { 2, 4, 8 } },
    { "tan", tg_tan, { tan_0, tan_1, tan_2 }, { 4, 8, 12 } },
    { "asin", tg_asin, { asin_0, asin_1, asin_2 }, { 4, 4, 8 } },
    { "acos", tg_acos, { acos_0, acos_1, acos_2 }, { 4, 4, 8 } },
    { "atan", tg_atan, { atan_0, atan_1, atan_2 }, { 3, 4, 8 } },
    { "sinh", tg_sinh, { sinh_0, cosh_0, sinh_0 }, { 4, 4, 4 } },
    { "cosh", tg_cosh, { cosh_0, sinh_0, cosh_0 }, { 4, 4, 4 } },
    { "log_sigmoid", tg_log_sigmoid, { log_sigmoid_0, log_sigmoid_1, log_sigmoid_2 }, { 3, 4, 6 } },
    { "softsign", tg_softsign, { softsign_0, softsign_1, softsign_2 }, { 2, 4, 6 } },
    { "bce, y = 0", bce_of_0, { softplus_0, sigmoid_0, sigmoid_1 }, { 4, 4, 6 } },
    { "bce, y = 1", bce_of_1, { minus_softplus, minus_sigmoid, minus_slope }, { 4, 4, 6 } },
};

/* |got - want| in units in the last place of the larger of `want` and its largest term. */
static double error(tg_dtype dtype, double got, const want *w)
{
    const int bits = dtype == TG_F32 ? FLT_MANT_DIG : DBL_MANT_DIG;
    const int least = (dtype == TG_F32 ? FLT_MIN_EXP : DBL_MIN_EXP) - 1;
    const double rounded = dtype == TG_F32 ? (double)(float)w->y : (double)w->y;
    if (isnan(w->y) || isnan(got))
        return isnan(w->y) && isnan(got) ? 0 : INF;
    if (got == rounded)
        return 0;
    /* so close to the largest number, it may round to it or to infinity */
    const double edge = dtype == TG_F32 ? 0.999999 * (double)FLT_MAX : 0.999999999999999 * DBL_MAX;
    if (isinf(rounded) && fabs(got) < edge)
        return INF;
    if (isinf(rounded) || isinf(got))
        return isinf(rounded) || fabsl(w->y) > (long double)edge ? 0 : INF;
    int exponent = w->term == 0 ? least : ilogbl(w->term);
    exponent = exponent < least ? least : exponent;
    return (double)scalbnl(fabsl((wide)got - w->y), bits - 1 - exponent);
}

typedef struct worst {
    double error, at, got, want;
} worst;

static void measure(const struct function *f, tg_dtype dtype, const double *x, worst *w)
{
    static want wants[3][BLOCK];
    for (int order = 0; order < 3; order++)
        for (int i = 0; i < BLOCK; i++)
            wants[order][i] = f->want[order]((wide)x[i]);
    for (int i = 0; f->f == tg_sigmoid && dtype == TG_F64 && i < BLOCK; i++)
        if (x[i] > 36) /* from some number on 0, as in PyTorch */
            wants[1][i].term = 1;
    for (int set = 0; tg_kernel_set_at(set); set++) {
        static double y[4][BLOCK];
        tg_use_kernel_set(tg_kernel_set_at(set));
        tg_tape *tape = tg_tape_create(dtype);
        tg_tensor v = tg_variable_f64(tape, TG_SHAPE(BLOCK), x), value = f->f(v), g;
        ok(tg_backward(tg_sum(value, TG_ALL, false)), tape);
        ok(tg_read(tg_grad_of(v), y[3], BLOCK), tape);
        ok(tg_grad(tg_sum(value, TG_ALL, false), (tg_tensor){ 0 }, &v, 1, &g, TG_CREATE_GRAPH), tape);
        ok(tg_read(value, y[0], BLOCK), tape);
        ok(tg_read(g, y[1], BLOCK), tape);
        ok(tg_backward(tg_sum(g, TG_ALL, false)), tape);
        ok(tg_read(tg_grad_of(v), y[2], BLOCK), tape);
        tg_tape_destroy(tape);
        assert_memory_equal(y[1], y[3], sizeof y[1]);
        for (int order = 0; order < 3; order++)
            for (int i = 0; i < BLOCK; i++) {
                const double e = error(dtype, y[order][i], &wants[order][i]);
                if (e > w[order].error)
                    w[order] = (worst){ e, x[i], y[order][i], (double)wants[order][i].y };
            }
    }
    tg_use_kernel_set(NULL);
}

static bool report(const struct function *f, tg_dtype dtype, const worst *w)
{
    bool good = true;
    printf("%-10s f%d", f->name, dtype == TG_F32 ? 32 : 64);
    for (int order = 0; order < 3; order++) {
        printf("   %.2f of %g at %a", w[order].error, f->bounds[order], w[order].at);
        if (w[order].error > f->bounds[order])
            printf(" (%a, not %a)", w[order].got, w[order].want);
        good &= w[order].error <= f->bounds[order];
    }
    printf("\n");
    fflush(stdout);
    return good;
}

static void floats(void **state)
{
    (void)state;
    const char *wish = getenv("TAPEGRAD_ULP_STRIDE");
    const uint64_t stride = wish && atoi(wish) > 0 ? (uint64_t)atoi(wish) : 9973;
    bool good = true;
    for (size_t k = 0; k < sizeof functions / sizeof functions[0]; k++) {
        worst w[3] = { { 0 } };
        static double x[BLOCK];
        for (uint64_t bits = 0; bits <= UINT32_MAX;) {
            for (int i = 0; i < BLOCK; i++, bits += stride) {
                const uint32_t b = bits <= UINT32_MAX ? (uint32_t)bits : 0;
                float value;
                memcpy(&value, &b, sizeof b);
                x[i] = (double)value;
            }
            measure(&functions[k], TG_F32, x, w);
        }
        good &= report(&functions[k], TG_F32, w);
    }
    assert_true(good);
}

/* Around 0, in the tails, next to where results underflow, tiny, and anything. */
static double sample(tg_rng *rng)
{
    const double reach[] = { 1, 5, 40, 800 };
    const uint64_t kind = tg_rng_below(rng, 6), bits = tg_rng_u64(rng);
    double x;
    if (kind < 4)
        return tg_rng_between(rng, -reach[kind], reach[kind]);
    if (kind == 4)
        return exp(tg_rng_between(rng, -45, 0)) * (bits & 1 ? 1 : -1);
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void doubles(void **state)
{
    (void)state;
    bool good = true;
    for (size_t k = 0; k < sizeof functions / sizeof functions[0]; k++) {
        worst w[3] = { { 0 } };
        static double x[BLOCK];
        tg_rng rng = tg_rng_seed(SEED);
        for (int n = 0; n < SAMPLES; n += BLOCK) {
            for (int i = 0; i < BLOCK; i++)
                x[i] = sample(&rng);
            measure(&functions[k], TG_F64, x, w);
        }
        good &= report(&functions[k], TG_F64, w);
    }
    assert_true(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats),
        cmocka_unit_test(doubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
