/* test_pow.c - powers: values as C's pow has them at every pair of special numbers; derivatives to order 4 and beyond, mixed
   ones too; quotients and roots at 0 and infinity. */
#include "points.h"

#define LN2 0.69314718055994530942

/* The derivative by x, which can be differentiated again. */
static tg_tensor derivative(tg_tensor y, tg_tensor x)
{
    tg_tensor g;
    ok(tg_grad(tg_sum(y, TG_ALL, false), (tg_tensor){ 0 }, &x, 1, &g, TG_CREATE_GRAPH), y.tape);
    return g;
}

static const double specials[] = { 0,     -0.0,  1,      -1,       INF,       -INF,     NONE,   2,      -2,
                                   3,     -3,    4,      -4,       0.5,       -0.5,     1.5,    -1.5,   2.5,
                                   -2.5,  3.5,   -3.5,   7,        -8,        0.1,      1e10,   -1e10,  1e30,
                                   -1e30, 1e-20, -1e-20, 0x1p-140, -0x1p-140, 16777217, 0x1p60, -0x1p60 };
enum { SPECIALS = sizeof specials / sizeof specials[0] };

/* Equal within eight units in the last place, also where subnormal; zeros have the same sign. */
static bool equals(double a, double b, tg_dtype dtype)
{
    const double least = dtype == TG_F32 ? 0x1p-149 : 0x1p-1074;
    if (isnan(b) || isinf(b) || b == 0)
        return isnan(b) ? isnan(a) : a == b && !signbit(a) == !signbit(b);
    return is(a, b, dtype) || fabs(a - b) <= 8 * least;
}

static void check_values(tg_dtype dtype)
{
    for (int i = 0; i < SPECIALS; i++)
        for (int j = 0; j < SPECIALS; j++) {
            const double a = specials[i], b = specials[j];
            tg_tape *tape = tg_tape_create(dtype);
            const double want = dtype == TG_F32 ? (double)powf((float)a, (float)b) : pow(a, b);
            const double by_tensor = every(tg_pow(all(tape, a), all(tape, b)));
            const double by_number = every(tg_pow_scalar(all(tape, a), b));
            if (!equals(by_tensor, want, dtype) || !equals(by_number, want, dtype))
                fail_msg("%g^%g: pow %a, pow_scalar %a, not %a (%s)", a, b, by_tensor, by_number, want,
                         where_am_i(dtype));
            tg_tape_destroy(tape);
        }
}

static void values_are_those_of_the_c_library(void **state)
{
    (void)state;
    for_every_table(check_values);
}

static void check_agreement(tg_dtype dtype)
{
    for (int i = 0; i < SPECIALS; i++)
        for (int j = 0; j < SPECIALS; j++) {
            tg_tape *tape = tg_tape_create(dtype);
            tg_tensor a = all(tape, specials[i]), x = all(tape, specials[i]);
            tg_tensor p = tg_pow(a, all(tape, specials[j])), q = tg_pow_scalar(x, specials[j]);
            for (int order = 0; order < 5; order++, p = derivative(p, a), q = derivative(q, x)) {
                const double by_tensor = every(p), by_number = every(q);
                const double scale = isfinite(by_tensor) ? fabs(by_tensor) : 0;
                if (!is(by_number, by_tensor, dtype) && !(fabs(by_number - by_tensor) <= scale * 1e-5) &&
                    !(fabs(by_number) < 1e-36 && fabs(by_tensor) < 1e-36))
                    fail_msg("%g^%g, derivative %d: pow_scalar %g, pow %g (%s)", specials[i], specials[j], order,
                             by_number, by_tensor, where_am_i(dtype));
            }
            tg_tape_destroy(tape);
        }
}

static void both_powers_have_the_same_derivatives(void **state)
{
    (void)state;
    for_every_table(check_agreement);
}

/* b (b - 1) ... (b - order + 1) a^(b - order), and 0 where a factor is. */
static double of_polynomial(double a, int b, int order)
{
    double y = 1;
    for (int k = 0; k < order; k++)
        y *= b - k;
    return y == 0 ? 0 : y * pow(a, b - order);
}

static void check_polynomials(tg_dtype dtype)
{
    static const double at[] = { 0, -0.0, 2, -3, INF, -INF };
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++)
        for (int b = 0; b < 5; b++) {
            tg_tape *tape = tg_tape_create(dtype);
            tg_tensor a = all(tape, at[i]), x = all(tape, at[i]), y = tg_pow(a, all(tape, b)),
                      z = tg_pow_scalar(x, b);
            for (int order = 0; order <= b + 4; order++, y = derivative(y, a), z = derivative(z, x))
                if (!is(every(y), of_polynomial(at[i], b, order), dtype) ||
                    !is(every(z), of_polynomial(at[i], b, order), dtype))
                    fail_msg("x^%d at %g: derivative %d is %g by pow, %g by pow_scalar (%s)", b, at[i], order,
                             every(y), every(z), where_am_i(dtype));
            tg_tape_destroy(tape);
        }
}

static void whole_powers_are_polynomials(void **state)
{
    (void)state;
    for_every_table(check_polynomials);
}

/* The derivative, `by_a` times by a and `by_b` times by b, derived on paper: the limit where there is one. */
static const struct mixed {
    double a, b;
    int by_a, by_b;
    double value;
} mixed[] = {
    { 0, 2, 0, 1, 0 },
    { 0, 2, 0, 2, 0 },
    { 0, 2, 1, 1, 0 },
    { 0, 2, 1, 2, 0 },
    { 0, 2, 2, 1, 3 }, /* 2 ln a + 3, where the logarithm counts as 0 */
    { 0, 2, 3, 1, INF },
    { 0, 3, 1, 3, 0 },
    { 0, 3, 2, 2, 0 },
    { 0, 1, 1, 1, 1 },
    { 0, 1, 2, 1, INF },
    { 0, 0, 0, 1, 0 },
    { 0, 0, 1, 1, INF },
    { 0, 0, 1, 2, -INF },
    { 0, 0, 2, 1, -INF },
    { 0, 0.5, 1, 0, INF },
    { 0, 0.5, 2, 0, -INF },
    { 0, 0.5, 3, 0, INF },
    { 0, 0.5, 4, 0, -INF },
    { 0, 0.5, 0, 1, 0 },
    { 0, 0.5, 1, 1, -INF },
    { 0, 0.5, 1, 2, INF },
    { 0, 2.5, 2, 2, 0 },
    { 0, 2.5, 3, 1, -INF },
    { 0, -1, 0, 1, -INF },
    { 0, -1, 0, 2, INF },
    { 0, -1, 0, 3, -INF },
    { 0, -1, 1, 1, INF },
    { 0, -1, 2, 1, -INF },
    { -2, 3, 3, 0, 6 },
    { -2, 3, 4, 0, 0 },
    { -2, 3, 1, 1, NONE },
    { -2, 3, 4, 1, -3 }, /* no logarithm is left */
    { -2, 2.5, 1, 0, NONE },
    { -2, -1, 2, 0, -0.25 },
    { INF, 2, 2, 0, 2 },
    { INF, 2, 3, 0, 0 },
    { INF, 2, 0, 1, INF },
    { INF, 2, 1, 2, INF },
    { INF, 0, 0, 1, INF },
    { INF, 0, 1, 0, 0 },
    { INF, 0, 1, 1, 0 },
    { INF, -1, 1, 0, 0 },
    { INF, -1, 0, 1, 0 },
    { INF, -1, 1, 2, 0 },
    { INF, 0.5, 1, 1, 0 },
    { 0.5, INF, 1, 0, 0 },
    { 0.5, INF, 0, 1, 0 },
    { 0.5, INF, 1, 1, 0 },
    { 0.5, INF, 2, 2, 0 },
    { 2, INF, 1, 0, INF },
    { 2, INF, 0, 1, INF },
    { 2, INF, 1, 1, INF },
    { 2, -INF, 1, 1, 0 },
    { 1, 3, 1, 1, 1 },
    { 1, 3, 0, 4, 0 },
    { 2, 3, 4, 0, 0 },
    { 2, 3, 3, 1, 11 + 6 * LN2 },
    { 2, 3, 2, 2, 2 * (2 + 2 * 5 * LN2 + 6 * LN2 * LN2) },
    { 2, 3, 1, 3, 4 * (3 * LN2 * LN2 + 3 * LN2 * LN2 * LN2) },
    { 2, 3, 0, 4, 8 * LN2 *LN2 *LN2 *LN2 },
};

/* By a and then b, and by b and then a. */
static void check_mixed(tg_dtype dtype)
{
    for (size_t i = 0; i < sizeof mixed / sizeof mixed[0]; i++)
        for (int b_first = 0; b_first < 2; b_first++) {
            const struct mixed *p = &mixed[i];
            tg_tape *tape = tg_tape_create(dtype);
            tg_tensor a = all(tape, p->a), b = all(tape, p->b), y = tg_pow(a, b);
            for (int k = 0; k < p->by_a + p->by_b; k++)
                y = derivative(y, (b_first ? k < p->by_b : k >= p->by_a) ? b : a);
            if (!is(every(y), p->value, dtype))
                fail_msg("%g^%g: %d times by the base, %d times by the exponent: %.17g, not %.17g (%s)", p->a, p->b,
                         p->by_a, p->by_b, every(y), p->value, where_am_i(dtype));
            tg_tape_destroy(tape);
        }
}

static void mixed_derivatives_are_limits(void **state)
{
    (void)state;
    for_every_table(check_mixed);
}

static void too_many_derivatives_by_the_exponent_are_refused(void **state)
{
    (void)state;
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_tensor a = all(tape, 2), b = all(tape, 1), y = tg_pow(a, b);
    for (int k = 0; k < 16; k++)
        y = derivative(y, b);
    assert_true(fabs(every(y) - 2 * pow(LN2, 16)) < 1e-12);
    every(derivative(y, a)); /* derivatives by the base have no bound on their order */
    tg_tensor g;
    assert_int_equal(tg_grad(tg_sum(y, TG_ALL, false), (tg_tensor){ 0 }, &b, 1, &g, 0), TG_ERR_NOT_DIFFERENTIABLE);
    tg_tape_destroy(tape);
}

/* Quotients and roots --------------------------------------------------------------------------------------------- */

static tg_tensor over_x(tg_tensor x)
{
    return tg_div(tg_full(x.tape, TG_SCALAR, 2), x);
}

static const struct unary {
    const char *name;
    tg_tensor (*f)(tg_tensor);
    double x, derivatives[5];
} unaries[] = {
    { "sqrt", tg_sqrt, 0, { 0, INF, -INF, INF, -INF } },
    { "sqrt", tg_sqrt, INF, { INF, 0, 0, 0, 0 } },
    { "sqrt", tg_sqrt, 4, { 2, 1.0 / 4, -1.0 / 32, 3.0 / 256, -15.0 / 2048 } },
    { "reciprocal", tg_reciprocal, 0, { INF, -INF, INF, -INF, INF } },
    { "reciprocal", tg_reciprocal, -0.0, { -INF, -INF, -INF, -INF, -INF } },
    { "reciprocal", tg_reciprocal, INF, { 0, 0, 0, 0, 0 } },
    { "reciprocal", tg_reciprocal, -INF, { 0, 0, 0, 0, 0 } },
    { "div", over_x, 0, { INF, -INF, INF, -INF, INF } },
    { "div", over_x, -0.0, { -INF, -INF, -INF, -INF, -INF } },
    { "div", over_x, INF, { 0, 0, 0, 0, 0 } },
    { "div", over_x, 2, { 1, -0.5, 0.5, -0.75, 1.5 } },
    { "square", tg_square, 0, { 0, 0, 2, 0, 0 } },
    { "square", tg_square, INF, { INF, INF, 2, 0, 0 } },
    { "square", tg_square, -INF, { INF, -INF, 2, 0, 0 } },
};

static void check_unaries(tg_dtype dtype)
{
    for (size_t i = 0; i < sizeof unaries / sizeof unaries[0]; i++) {
        const struct unary *u = &unaries[i];
        tg_tape *tape = tg_tape_create(dtype);
        tg_tensor x = all(tape, u->x), y = u->f(x);
        for (int order = 0; order < 5; order++, y = derivative(y, x))
            if (!is(every(y), u->derivatives[order], dtype))
                fail_msg("%s at %g: derivative %d is %g, not %g (%s)", u->name, u->x, order, every(y),
                         u->derivatives[order], where_am_i(dtype));
        tg_tape_destroy(tape);
    }
}

static void quotients_and_roots_at_0_and_infinity(void **state)
{
    (void)state;
    for_every_table(check_unaries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_the_c_library),
        cmocka_unit_test(both_powers_have_the_same_derivatives),
        cmocka_unit_test(whole_powers_are_polynomials),
        cmocka_unit_test(mixed_derivatives_are_limits),
        cmocka_unit_test(too_many_derivatives_by_the_exponent_are_refused),
        cmocka_unit_test(quotients_and_roots_at_0_and_infinity),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
