/* test_broadcast.c - operations of two and three inputs and their gradients against loops over every index. */
#include <stdlib.h>

#include "points.h"

enum { MOST = 3 };

/* An operation, and its value and slopes for one element of each input. */
typedef struct subject {
    const char *name;
    int n;
    tg_tensor (*call)(const tg_tensor *x);
    double (*value)(const double *x);
    double (*slope)(const double *x, int i); /* the derivative by input i */
} subject;

static tg_tensor call_add(const tg_tensor *x)
{
    return tg_add(x[0], x[1]);
}

static double add(const double *x)
{
    return x[0] + x[1];
}

static double add_slope(const double *x, int i)
{
    (void)x, (void)i;
    return 1;
}

static tg_tensor call_sub(const tg_tensor *x)
{
    return tg_sub(x[0], x[1]);
}

static double sub(const double *x)
{
    return x[0] - x[1];
}

static double sub_slope(const double *x, int i)
{
    (void)x;
    return i ? -1 : 1;
}

static tg_tensor call_mul(const tg_tensor *x)
{
    return tg_mul(x[0], x[1]);
}

static double mul(const double *x)
{
    return x[0] * x[1];
}

static double mul_slope(const double *x, int i)
{
    return x[1 - i];
}

static tg_tensor call_div(const tg_tensor *x)
{
    return tg_div(x[0], x[1]);
}

static double quotient(const double *x)
{
    return x[0] / x[1];
}

static double quotient_slope(const double *x, int i)
{
    return i ? -x[0] / (x[1] * x[1]) : 1 / x[1];
}

static tg_tensor call_pow(const tg_tensor *x)
{
    return tg_pow(x[0], x[1]);
}

static double power(const double *x)
{
    return pow(x[0], x[1]);
}

static double power_slope(const double *x, int i)
{
    return i ? pow(x[0], x[1]) * log(x[0]) : x[1] * pow(x[0], x[1] - 1);
}

static tg_tensor call_maximum(const tg_tensor *x)
{
    return tg_maximum(x[0], x[1]);
}

static double maximum(const double *x)
{
    return fmax(x[0], x[1]);
}

static double maximum_slope(const double *x, int i)
{
    return x[i] == x[1 - i] ? 0.5 : x[i] > x[1 - i];
}

static tg_tensor call_minimum(const tg_tensor *x)
{
    return tg_minimum(x[0], x[1]);
}

static double minimum(const double *x)
{
    return fmin(x[0], x[1]);
}

static double minimum_slope(const double *x, int i)
{
    return x[i] == x[1 - i] ? 0.5 : x[i] < x[1 - i];
}

/* The condition is 0 where x[0] < 1. */
static tg_tensor call_where(const tg_tensor *x)
{
    return tg_where(tg_relu(tg_shift(x[0], -1)), x[1], x[2]);
}

static double where(const double *x)
{
    return x[0] > 1 ? x[1] : x[2];
}

static double where_slope(const double *x, int i)
{
    return i == 0 ? 0 : (i == 1) == (x[0] > 1);
}

static const subject subjects[] = {
    { "add", 2, call_add, add, add_slope },
    { "sub", 2, call_sub, sub, sub_slope },
    { "mul", 2, call_mul, mul, mul_slope },
    { "div", 2, call_div, quotient, quotient_slope },
    { "pow", 2, call_pow, power, power_slope },
    { "maximum", 2, call_maximum, maximum, maximum_slope },
    { "minimum", 2, call_minimum, minimum, minimum_slope },
    { "where", 3, call_where, where, where_slope },
};

/* The reference ------------------------------------------------------------------------------------------------- */

/* The size along the axis that is `from_end` axes before the last. */
static int64_t size_at(const tg_shape *s, int from_end)
{
    return from_end < s->rank ? s->dims[s->rank - 1 - from_end] : 1;
}

static tg_shape joined(const tg_shape *s, int n)
{
    tg_shape out = { .rank = 0 };
    for (int i = 0; i < n; i++)
        out.rank = s[i].rank > out.rank ? s[i].rank : out.rank;
    for (int d = 0; d < out.rank; d++) {
        int64_t *size = &out.dims[out.rank - 1 - d];
        *size = 1;
        for (int i = 0; i < n; i++)
            *size = size_at(&s[i], d) != 1 ? size_at(&s[i], d) : *size;
    }
    return out;
}

/* The element of a tensor of shape s that broadcasts to element k of one of shape out. */
static int64_t under(const tg_shape *s, const tg_shape *out, int64_t k)
{
    int64_t element = 0, step = 1;
    for (int d = 0; d < out->rank; d++) {
        const int64_t index = k % size_at(out, d);
        k /= size_at(out, d);
        element += size_at(s, d) == 1 ? 0 : index * step;
        step *= size_at(s, d);
    }
    return element;
}

/* An input: its tensor, and its elements. */
typedef struct numbers {
    int64_t n;
    double *values, *sum, *magnitude; /* the sum of a gradient's terms, and of their absolute values */
    double *lost;                     /* the rounding error of sum (Kahan) */
} numbers;

static numbers draw(const tg_shape *s, tg_rng *rng)
{
    numbers x = { .n = tg_shape_size(s) };
    x.values = malloc((size_t)(4 * x.n + 1) * sizeof(double));
    assert_non_null(x.values);
    x.sum = x.values + x.n;
    x.magnitude = x.sum + x.n;
    x.lost = x.magnitude + x.n;
    for (int64_t i = 0; i < x.n; i++) {
        x.values[i] = (double)(float)tg_rng_between(rng, 0.5, 2);
        x.sum[i] = x.magnitude[i] = x.lost[i] = 0;
    }
    return x;
}

static void add_term(numbers *x, int64_t i, double term)
{
    const double whole = term - x->lost[i], sum = x->sum[i] + whole;
    x->lost[i] = (sum - x->sum[i]) - whole;
    x->sum[i] = sum;
    x->magnitude[i] += fabs(term);
}

static void near(tg_tensor got, const numbers *x, const subject *s, const char *what, tg_dtype dtype)
{
    const double eps = dtype == TG_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
    double *values = malloc((size_t)(x->n + 1) * sizeof(double));
    assert_non_null(values);
    ok(tg_read(got, values, x->n), got.tape);
    for (int64_t i = 0; i < x->n; i++)
        if (!(fabs(values[i] - x->sum[i]) <= 16 * eps * x->magnitude[i]))
            fail_msg("%s, %s, element %lld of %lld: %.17g, not %.17g (%s)", s->name, what, (long long)i,
                     (long long)x->n, values[i], x->sum[i], where_am_i(dtype));
    free(values);
}

static void check(const subject *s, const tg_shape *shapes, tg_dtype dtype, tg_rng *rng)
{
    static const char *const names[] = { "gradient of input 0", "gradient of input 1", "gradient of input 2" };
    const tg_shape shape = joined(shapes, s->n);
    tg_tape *tape = tg_tape_create(dtype);
    numbers in[MOST], cotangent = draw(&shape, rng), out = draw(&shape, rng);
    tg_tensor x[MOST];
    for (int i = 0; i < s->n; i++) {
        in[i] = draw(&shapes[i], rng);
        x[i] = tg_variable(tape, shapes[i], in[i].values);
    }
    for (int64_t k = 0; k < out.n; k++) {
        double at[MOST];
        for (int i = 0; i < s->n; i++)
            at[i] = in[i].values[under(&shapes[i], &shape, k)];
        add_term(&out, k, s->value(at));
        for (int i = 0; i < s->n; i++)
            add_term(&in[i], under(&shapes[i], &shape, k), cotangent.values[k] * s->slope(at, i));
    }
    tg_tensor y = s->call(x);
    const tg_shape got = tg_shape_of(y);
    assert_true(tg_shape_equal(&got, &shape));
    near(y, &out, s, "value", dtype);
    ok(tg_backward_from(y, tg_constant(tape, shape, cotangent.values)), tape);
    for (int i = 0; i < s->n; i++) {
        near(tg_grad_of(x[i]), &in[i], s, names[i], dtype);
        free(in[i].values);
    }
    free(out.values);
    free(cotangent.values);
    tg_tape_destroy(tape);
}

/* Tests ----------------------------------------------------------------------------------------------------------- */

/* The last `rank` sizes of `whole`, some of them 1 instead. */
static tg_shape part_of(const tg_shape *whole, int rank, tg_rng *rng)
{
    tg_shape s = { .rank = rank };
    for (int d = 0; d < rank; d++)
        s.dims[d] = tg_rng_below(rng, 3) ? whole->dims[whole->rank - rank + d] : 1;
    return s;
}

/* Eight sizes, seldom 0, whose product stays small. */
static tg_shape draw_whole(tg_rng *rng)
{
    static const int64_t sizes[] = { 1, 2, 3, 2, 5, 1, 17, 0 };
    tg_shape s = { .rank = TG_MAX_RANK };
    int64_t product = 1;
    for (int d = TG_MAX_RANK - 1; d >= 0; d--) {
        s.dims[d] = sizes[tg_rng_below(rng, d == 3 ? 8 : 7)];
        if (product * s.dims[d] > 500)
            s.dims[d] = 1;
        product *= s.dims[d] ? s.dims[d] : 1;
    }
    return s;
}

static void check_ranks(tg_dtype dtype)
{
    tg_rng rng = tg_rng_seed(23);
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
        for (int a = 0; a <= TG_MAX_RANK; a++)
            for (int b = 0; b <= TG_MAX_RANK; b++) {
                const tg_shape whole = draw_whole(&rng);
                const int c = (int)tg_rng_below(&rng, TG_MAX_RANK + 1);
                check(&subjects[i],
                      (tg_shape[]){ part_of(&whole, a, &rng), part_of(&whole, b, &rng), part_of(&whole, c, &rng) },
                      dtype, &rng);
            }
}

static void every_pair_of_ranks_broadcasts(void **state)
{
    (void)state;
    for_every_table(check_ranks);
}

/* Enough elements for several tasks. */
static void check_large(tg_dtype dtype)
{
    static const tg_shape shapes[][MOST] = {
        { { 1, { 50001 } }, { 1, { 50001 } }, { 1, { 50001 } } },
        { { 1, { 50001 } }, { 0 }, { 1, { 1 } } },
        { { 2, { 301, 203 } }, { 1, { 203 } }, { 2, { 301, 1 } } },
        { { 2, { 301, 1 } }, { 2, { 1, 203 } }, { 0 } },
        { { 3, { 40, 1, 31 } }, { 3, { 40, 33, 1 } }, { 2, { 33, 31 } } },
    };
    tg_rng rng = tg_rng_seed(29);
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++)
        for (size_t k = 0; k < sizeof shapes / sizeof shapes[0]; k++)
            check(&subjects[i], shapes[k], dtype, &rng);
}

static void large_tensors_broadcast(void **state)
{
    (void)state;
    for_every_table(check_large);
}

/* x [2, 3, 4] with x_i = i^2, summed to [3, 1]: over the axes that [3, 1] lacks or has 1 in; its gradient is the cotangent,
   broadcast. All numbers are exact. */
static void sum_to_undoes_broadcasting(void **state)
{
    (void)state;
    for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++) {
        tg_tape *t = tg_tape_create(dtype);
        const double c[] = { 5, -7, 0.5 };
        double x[24], y[3], g[24], expected[3] = { 0 };
        for (int i = 0; i < 24; i++) {
            x[i] = i * i;
            expected[i / 4 % 3] += x[i];
        }
        const tg_tensor v = tg_variable(t, TG_SHAPE(2, 3, 4), x), sum = tg_sum_to(v, TG_SHAPE(3, 1));
        ok(tg_backward_from(sum, tg_constant(t, TG_SHAPE(3, 1), c)), t);
        ok(tg_read(sum, y, 3), t);
        ok(tg_read(tg_grad_of(v), g, 24), t);
        for (int i = 0; i < 3; i++)
            assert_true(y[i] == expected[i]);
        for (int i = 0; i < 24; i++)
            assert_true(g[i] == c[i / 4 % 3]);
        tg_tape_destroy(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sum_to_undoes_broadcasting),
        cmocka_unit_test(every_pair_of_ranks_broadcasts),
        cmocka_unit_test(large_tensors_broadcast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
