/* test_elementwise.c - values and first and second derivatives at special points: zeros, infinities, NaN,
   kinks, ties, tails. */
#include "points.h"

#define LN2 0.69314718055994530942

/* d(sum y)/dx, which can be differentiated again. */
static tg_tensor derivative(tg_tensor y, tg_tensor x)
{
    tg_tensor g;
    ok(tg_grad(tg_sum(y, TG_ALL, false), (tg_tensor){ 0 }, &x, 1, &g, TG_CREATE_GRAPH), y.tape);
    return g;
}

/* The same without recording. */
static tg_tensor plain_derivative(tg_tensor y, tg_tensor x)
{
    ok(tg_backward(tg_sum(y, TG_ALL, false)), y.tape);
    return tg_grad_of(x);
}

/* Unary ----------------------------------------------------------------------------------------------------------- */

static tg_tensor leaky_relu(tg_tensor x)
{
    return tg_leaky_relu(x, 0.125);
}

static tg_tensor elu(tg_tensor x)
{
    return tg_elu(x, 0.5);
}

static tg_tensor clamp(tg_tensor x)
{
    return tg_clamp(x, -1, 2);
}

static tg_tensor power_0(tg_tensor x)
{
    return tg_pow_scalar(x, 0);
}

static tg_tensor power_1(tg_tensor x)
{
    return tg_pow_scalar(x, 1);
}

static tg_tensor power_2(tg_tensor x)
{
    return tg_pow_scalar(x, 2);
}

static tg_tensor power_3(tg_tensor x)
{
    return tg_pow_scalar(x, 3);
}

static tg_tensor power_half(tg_tensor x)
{
    return tg_pow_scalar(x, 0.5);
}

static tg_tensor power_minus_1(tg_tensor x)
{
    return tg_pow_scalar(x, -1);
}

static tg_tensor power_5_halves(tg_tensor x)
{
    return tg_pow_scalar(x, 2.5);
}

static tg_tensor power_7(tg_tensor x)
{
    return tg_pow_scalar(x, 7);
}

static tg_tensor scale(tg_tensor x)
{
    return tg_scale(x, -2);
}

static tg_tensor shift(tg_tensor x)
{
    return tg_shift(x, 3);
}

/* e^-80 is a normal number in float32; its square is lost when it is added to 1. */
#define E80 1.8048513878454153e-35

static const struct unary {
    const char *name;
    tg_tensor (*f)(tg_tensor);
    double x, y, first, second;
} unaries[] = {
    { "neg", tg_neg, INF, -INF, -1, 0 },
    { "exp", tg_exp, 0, 1, 1, 1 },
    { "exp", tg_exp, -INF, 0, 0, 0 },
    { "exp", tg_exp, INF, INF, INF, INF },
    { "exp", tg_exp, 1000, INF, INF, INF },
    { "exp", tg_exp, -1000, 0, 0, 0 },
    { "exp", tg_exp, -80, E80, E80, E80 },
    { "log", tg_log, 1, 0, 1, -1 },
    { "log", tg_log, 0, -INF, INF, -INF },
    { "log", tg_log, INF, INF, 0, 0 },
    { "log", tg_log, -2, NONE, -0.5, -0.25 },
    { "log1p", tg_log1p, 0, 0, 1, -1 },
    { "log1p", tg_log1p, 0x1p-70, 0x1p-70, 1, -1 },
    { "log1p", tg_log1p, -1, -INF, INF, -INF },
    { "log1p", tg_log1p, INF, INF, 0, 0 },
    { "sqrt", tg_sqrt, 4, 2, 0.25, -0.03125 },
    { "sqrt", tg_sqrt, 0, 0, INF, -INF },
    { "sqrt", tg_sqrt, INF, INF, 0, 0 },
    { "sqrt", tg_sqrt, -1, NONE, NONE, NONE },
    { "reciprocal", tg_reciprocal, -2, -0.5, -0.25, -0.25 },
    { "reciprocal", tg_reciprocal, 0, INF, -INF, INF },
    { "reciprocal", tg_reciprocal, INF, 0, 0, 0 },
    { "square", tg_square, -3, 9, -6, 2 },
    { "square", tg_square, 0, 0, 0, 2 },
    { "square", tg_square, -INF, INF, -INF, 2 },
    { "abs", tg_abs, 0, 0, 0, 0 },
    { "abs", tg_abs, -0.0, 0, 0, 0 },
    { "abs", tg_abs, -INF, INF, -1, 0 },
    { "abs", tg_abs, 3, 3, 1, 0 },
    { "sin", tg_sin, 0, 0, 1, 0 },
    { "sin", tg_sin, INF, NONE, NONE, NONE },
    { "cos", tg_cos, 0, 1, 0, -1 },
    { "cos", tg_cos, -INF, NONE, NONE, NONE },
    { "tanh", tg_tanh, 0, 0, 1, 0 },
    { "tanh", tg_tanh, 0x1p-60, 0x1p-60, 1, -0x1p-59 },
    { "tanh", tg_tanh, 1000, 1, 0, 0 },
    { "tanh", tg_tanh, -INF, -1, 0, 0 },
    { "sigmoid", tg_sigmoid, 0, 0.5, 0.25, 0 },
    { "sigmoid", tg_sigmoid, -80, E80, E80, E80 },
    { "sigmoid", tg_sigmoid, 1000, 1, 0, 0 },
    { "sigmoid", tg_sigmoid, -1000, 0, 0, 0 },
    { "sigmoid", tg_sigmoid, INF, 1, 0, 0 },
    { "sigmoid", tg_sigmoid, -INF, 0, 0, 0 },
    { "relu", tg_relu, 0, 0, 0, 0 },
    { "relu", tg_relu, -0.0, 0, 0, 0 },
    { "relu", tg_relu, INF, INF, 1, 0 },
    { "relu", tg_relu, -INF, 0, 0, 0 },
    { "relu", tg_relu, NONE, NONE, 1, 0 },
    { "silu", tg_silu, 0, 0, 0.5, 0.5 },
    { "silu", tg_silu, INF, INF, 1, 0 },
    { "silu", tg_silu, -INF, 0, 0, 0 },
    { "silu", tg_silu, 0x1p100, 0x1p100, 1, 0 },
    { "silu", tg_silu, -0x1p100, 0, 0, 0 },
    { "silu", tg_silu, -80, -80 * E80, -79 * E80, -78 * E80 },
    { "softplus", tg_softplus, 0, LN2, 0.5, 0.25 },
    { "softplus", tg_softplus, -80, E80, E80, E80 },
    { "softplus", tg_softplus, 0x1p100, 0x1p100, 1, 0 },
    { "softplus", tg_softplus, INF, INF, 1, 0 },
    { "softplus", tg_softplus, -INF, 0, 0, 0 },
    { "erf", tg_erf, 0, 0, 1.1283791670955126, 0 },
    { "erf", tg_erf, INF, 1, 0, 0 },
    { "erf", tg_erf, -0x1p100, -1, 0, 0 },
    { "gelu", tg_gelu, 0, 0, 0.5, 0.79788456080286536 },
    { "gelu", tg_gelu, INF, INF, 1, 0 },
    { "gelu", tg_gelu, -INF, 0, 0, 0 },
    { "gelu", tg_gelu, 0x1p100, 0x1p100, 1, 0 },
    { "gelu", tg_gelu, -0x1p100, 0, 0, 0 },
    { "leaky_relu", leaky_relu, 0, 0, 0.125, 0 },
    { "leaky_relu", leaky_relu, -8, -1, 0.125, 0 },
    { "leaky_relu", leaky_relu, INF, INF, 1, 0 },
    { "leaky_relu", leaky_relu, -INF, -INF, 0.125, 0 },
    { "elu", elu, 0, 0, 0.5, 0.5 },
    { "elu", elu, 1000, 1000, 1, 0 },
    { "elu", elu, -0x1p-70, -0x1p-71, 0.5, 0.5 },
    { "elu", elu, INF, INF, 1, 0 },
    { "elu", elu, -INF, -0.5, 0, 0 },
    { "clamp", clamp, -1, -1, 1, 0 },
    { "clamp", clamp, 2, 2, 1, 0 },
    { "clamp", clamp, 2.5, 2, 0, 0 },
    { "clamp", clamp, -INF, -1, 0, 0 },
    { "clamp", clamp, NONE, NONE, 1, 0 },
    { "pow_scalar 0", power_0, 0, 1, 0, 0 },
    { "pow_scalar 0", power_0, INF, 1, 0, 0 },
    { "pow_scalar 0", power_0, NONE, 1, 0, 0 },
    { "pow_scalar 1", power_1, 0, 0, 1, 0 },
    { "pow_scalar 1", power_1, -INF, -INF, 1, 0 },
    { "pow_scalar 2", power_2, 0, 0, 0, 2 },
    { "pow_scalar 2", power_2, -3, 9, -6, 2 },
    { "pow_scalar 2", power_2, -INF, INF, -INF, 2 },
    { "pow_scalar 3", power_3, 0, 0, 0, 0 },
    { "pow_scalar 3", power_3, -2, -8, 12, -12 },
    { "pow_scalar 1/2", power_half, 4, 2, 0.25, -0.03125 },
    { "pow_scalar 1/2", power_half, 0, 0, INF, -INF },
    { "pow_scalar 1/2", power_half, INF, INF, 0, 0 },
    { "pow_scalar -1", power_minus_1, -2, -0.5, -0.25, -0.25 },
    { "pow_scalar -1", power_minus_1, 0, INF, -INF, INF },
    { "pow_scalar -1", power_minus_1, INF, 0, 0, 0 },
    { "pow_scalar 5/2", power_5_halves, 4, 32, 20, 7.5 },
    { "pow_scalar 5/2", power_5_halves, 0, 0, 0, 0 },
    { "pow_scalar 5/2", power_5_halves, -1, NONE, NONE, NONE },
    { "pow_scalar 7", power_7, -2, -128, 448, -1344 },
    { "scale", scale, INF, -INF, -2, 0 },
    { "shift", shift, -INF, -INF, 1, 0 },
};

static void check_unary(const struct unary *u, tg_dtype dtype)
{
    tg_tape *tape = tg_tape_create(dtype);
    tg_tensor x = all(tape, u->x), y = u->f(x), first = derivative(y, x), second = derivative(first, x);
    const double got[] = { every(y), every(first), every(plain_derivative(y, x)), every(second) };
    const double want[] = { u->y, u->first, u->first, u->second };
    static const char *const what[] = { "value", "derivative", "derivative by backward", "second derivative" };
    for (int i = 0; i < 4; i++)
        if (!is(got[i], want[i], dtype))
            fail_msg("%s at %g: the %s is %.17g, not %.17g (%s)", u->name, u->x, what[i], got[i], want[i],
                     where_am_i(dtype));
    tg_tape_destroy(tape);
}

static void check_unaries(tg_dtype dtype)
{
    for (size_t i = 0; i < sizeof unaries / sizeof unaries[0]; i++)
        check_unary(&unaries[i], dtype);
}

static void unary_operations_at_special_points(void **state)
{
    (void)state;
    for_every_table(check_unaries);
}

static void softplus_has_no_threshold(void **state)
{
    (void)state;
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_tensor x = all(tape, 25), y = tg_softplus(x);
    assert_true(is(every(y), 25.000000000013887944, TG_F64));
    assert_true(is(every(derivative(y, x)), 0.99999999998611205614, TG_F64));
    tg_tape_destroy(tape);
}

/* x^e for e = 0 .. 3 at 0: the derivatives of every order are those of a polynomial, never 0 times infinity. */
static void check_powers(tg_dtype dtype)
{
    static const double derivatives[4][5] = { { 1 }, { 0, 1 }, { 0, 0, 2 }, { 0, 0, 0, 6 } };
    for (int e = 0; e < 4; e++) {
        tg_tape *tape = tg_tape_create(dtype);
        tg_tensor x = all(tape, 0), y = tg_pow_scalar(x, e);
        for (int order = 0; order < 5; order++, y = derivative(y, x))
            if (every(y) != derivatives[e][order])
                fail_msg("x^%d at 0: derivative %d is %g (%s)", e, order, every(y), where_am_i(dtype));
        tg_tape_destroy(tape);
    }
}

static void powers_at_0_have_the_derivatives_of_polynomials(void **state)
{
    (void)state;
    for_every_table(check_powers);
}

/* Binary ---------------------------------------------------------------------------------------------------------- */

static tg_tensor where_a(tg_tensor a, tg_tensor b)
{
    return tg_where(tg_full(a.tape, TG_SCALAR, -3), a, b);
}

static tg_tensor where_b(tg_tensor a, tg_tensor b)
{
    return tg_where(tg_full(a.tape, TG_SCALAR, -0.0), a, b);
}

static const struct binary {
    const char *name;
    tg_tensor (*f)(tg_tensor, tg_tensor);
    double a, b, y, da, db, daa, dab, dbb;
} binaries[] = {
    { "add", tg_add, INF, 1, INF, 1, 1, 0, 0, 0 },
    { "sub", tg_sub, INF, INF, NONE, 1, -1, 0, 0, 0 },
    { "mul", tg_mul, 0, INF, NONE, INF, 0, 0, 1, 0 },
    { "div", tg_div, 3, 2, 1.5, 0.5, -0.75, 0, -0.25, 0.75 },
    { "div", tg_div, 1, INF, 0, 0, 0, 0, 0, 0 },
    { "div", tg_div, 1, 0, INF, INF, -INF, 0, -INF, INF },
    { "pow", tg_pow, 2, 3, 8, 12, 8 * LN2, 12, 4 + 12 * LN2, 8 * LN2 *LN2 },
    { "pow", tg_pow, 2, 0, 1, 0, LN2, 0, 0.5, LN2 *LN2 },
    { "pow", tg_pow, 2, -1, 0.5, -0.25, 0.5 * LN2, 0.25, 0.25 - 0.25 * LN2, 0.5 * LN2 *LN2 },
    { "pow", tg_pow, 0, 1, 0, 1, 0, 0, 1, 0 },
    { "pow", tg_pow, 0, 2, 0, 0, 0, 2, 0, 0 },
    { "pow", tg_pow, 0, 3, 0, 0, 0, 0, 0, 0 },
    { "pow", tg_pow, 0, 0, 1, 0, 0, 0, INF, 0 },
    { "pow", tg_pow, 0, -1, INF, -INF, -INF, INF, INF, INF },
    { "pow", tg_pow, -2, 3, -8, 12, NONE, -12, NONE, NONE },
    { "pow", tg_pow, NONE, 0, 1, 0, NONE, 0, NONE, NONE },
    { "maximum", tg_maximum, 2, 1, 2, 1, 0, 0, 0, 0 },
    { "maximum", tg_maximum, 1, 2, 2, 0, 1, 0, 0, 0 },
    { "maximum", tg_maximum, 1, 1, 1, 0.5, 0.5, 0, 0, 0 },
    { "maximum", tg_maximum, 0, -0.0, 0, 0.5, 0.5, 0, 0, 0 },
    { "maximum", tg_maximum, -INF, 1, 1, 0, 1, 0, 0, 0 },
    { "maximum", tg_maximum, INF, INF, INF, 0.5, 0.5, 0, 0, 0 },
    { "maximum", tg_maximum, NONE, 1, NONE, 1, 0, 0, 0, 0 },
    { "maximum", tg_maximum, 1, NONE, NONE, 0, 1, 0, 0, 0 },
    { "minimum", tg_minimum, 2, 1, 1, 0, 1, 0, 0, 0 },
    { "minimum", tg_minimum, 1, 2, 1, 1, 0, 0, 0, 0 },
    { "minimum", tg_minimum, 1, 1, 1, 0.5, 0.5, 0, 0, 0 },
    { "minimum", tg_minimum, INF, 1, 1, 0, 1, 0, 0, 0 },
    { "minimum", tg_minimum, NONE, 1, NONE, 1, 0, 0, 0, 0 },
    { "minimum", tg_minimum, 1, NONE, NONE, 0, 1, 0, 0, 0 },
    { "where", where_a, 1, NONE, 1, 1, 0, 0, 0, 0 },
    { "where", where_a, INF, 2, INF, 1, 0, 0, 0, 0 },
    { "where", where_b, INF, 2, 2, 0, 1, 0, 0, 0 },
    { "where", where_b, NONE, -INF, -INF, 0, 1, 0, 0, 0 },
};

static void check_binary(const struct binary *p, tg_dtype dtype)
{
    tg_tape *tape = tg_tape_create(dtype);
    tg_tensor a = all(tape, p->a), b = all(tape, p->b), y = p->f(a, b);
    tg_tensor da = derivative(y, a), db = derivative(y, b);
    const double got[] = { every(y),
                           every(da),
                           every(db),
                           every(plain_derivative(y, a)),
                           every(tg_grad_of(b)),
                           every(derivative(da, a)),
                           every(derivative(da, b)),
                           every(derivative(db, a)),
                           every(derivative(db, b)) };
    const double want[] = { p->y, p->da, p->db, p->da, p->db, p->daa, p->dab, p->dab, p->dbb };
    static const char *const what[] = {
        "value",        "d/da",         "d/db",         "d/da by backward", "d/db by backward",
        "d/da of d/da", "d/db of d/da", "d/da of d/db", "d/db of d/db"
    };
    for (int i = 0; i < 9; i++)
        if (!is(got[i], want[i], dtype))
            fail_msg("%s(%g, %g): the %s is %.17g, not %.17g (%s)", p->name, p->a, p->b, what[i], got[i], want[i],
                     where_am_i(dtype));
    tg_tape_destroy(tape);
}

static void check_binaries(tg_dtype dtype)
{
    for (size_t i = 0; i < sizeof binaries / sizeof binaries[0]; i++)
        check_binary(&binaries[i], dtype);
}

static void binary_operations_at_special_points(void **state)
{
    (void)state;
    for_every_table(check_binaries);
}

/* Third derivatives of a^b at (2, 3), in every order of the two. */
static void check_third(tg_dtype dtype)
{
    static const double by_count_of_b[] = { 6, 10 + 12 * LN2, 8 * LN2 + 12 * LN2 * LN2, 8 * LN2 * LN2 * LN2 };
    for (int sequence = 0; sequence < 8; sequence++) {
        tg_tape *tape = tg_tape_create(dtype);
        tg_tensor x[] = { all(tape, 2), all(tape, 3) }, y = tg_pow(x[0], x[1]);
        int n_b = 0;
        for (int i = 0; i < 3; i++) {
            const int which = sequence >> i & 1;
            n_b += which;
            y = derivative(y, x[which]);
        }
        if (!is(every(y), by_count_of_b[n_b], dtype))
            fail_msg("order %d: %.17g, not %.17g (%s)", sequence, every(y), by_count_of_b[n_b], where_am_i(dtype));
        tg_tape_destroy(tape);
    }
}

static void third_derivatives_of_powers(void **state)
{
    (void)state;
    for_every_table(check_third);
}

/* The gradient of the side that is not chosen is 0, not 0 times an infinite slope; the condition has none. */
static void where_selects_its_gradients(void **state)
{
    (void)state;
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_tensor c = tg_variable(tape, TG_SHAPE(2), ((double[]){ 0, -1 }));
    tg_tensor a = tg_variable(tape, TG_SHAPE(2), ((double[]){ 5, 6 }));
    tg_tensor b = tg_variable(tape, TG_SHAPE(2), ((double[]){ 7, 8 }));
    tg_tensor slope = tg_constant(tape, TG_SHAPE(2), ((double[]){ INF, NONE }));
    double da[2], db[2], dc[2];
    ok(tg_backward_from(tg_where(c, a, b), slope), tape);
    ok(tg_read(tg_grad_of(a), da, 2), tape);
    ok(tg_read(tg_grad_of(b), db, 2), tape);
    ok(tg_read(tg_grad_of(c), dc, 2), tape);
    assert_true(da[0] == 0 && isnan(da[1]) && db[0] == INF && db[1] == 0 && dc[0] == 0 && dc[1] == 0);
    tg_tape_destroy(tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unary_operations_at_special_points),
        cmocka_unit_test(softplus_has_no_threshold),
        cmocka_unit_test(powers_at_0_have_the_derivatives_of_polynomials),
        cmocka_unit_test(binary_operations_at_special_points),
        cmocka_unit_test(third_derivatives_of_powers),
        cmocka_unit_test(where_selects_its_gradients),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
