/* test_second_sheet.c - operations at special points: zeros in a product, norms out of range, comparisons, angles, leaves. */
#include "naive.h"
#include "points.h"

/* The gradient of sum c_i y_i, which can be differentiated again. */
static tg_tensor gradient(tg_tensor y, tg_tensor x)
{
    tg_tensor g;
    ok(tg_grad(tg_sum(y, TG_ALL, false), (tg_tensor){ 0 }, &x, 1, &g, TG_CREATE_GRAPH), x.tape);
    return g;
}

static void expect(tg_tensor y, const double *want, int64_t n)
{
    double got[64];
    assert_int_equal(tg_size(y), n);
    ok(tg_read(y, got, n), y.tape);
    for (int64_t i = 0; i < n; i++)
        if (!is(got[i], want[i], tg_tape_dtype(y.tape)))
            fail_msg("element %d: %.17g, not %.17g (%s)", (int)i, got[i], want[i], where_am_i(tg_tape_dtype(y.tape)));
}

/* x = (a, b, c, 0, ..): each derivative of the product is the product of the elements that are left. */
static void check_products(tg_dtype dtype)
{
    tg_tape *tape = tg_tape_create(dtype);
    const double one_zero[] = { 2, 0, 3, 5, 7 }, two_zeros[] = { 2, 0, 0, 5, 7 }, three[] = { 0, 0, 0, 5, 7 };
    tg_tensor x = tg_variable(tape, TG_SHAPE(5), one_zero), g = gradient(tg_prod(x, 0, false), x);
    expect(g, (double[]){ 0, 210, 0, 0, 0 }, 5);
    expect(gradient(tg_slice(g, 0, 1, 2), x), (double[]){ 105, 0, 70, 42, 30 }, 5);
    x = tg_variable(tape, TG_SHAPE(5), two_zeros);
    g = gradient(tg_prod(x, 0, false), x);
    expect(g, (double[]){ 0, 0, 0, 0, 0 }, 5);
    expect(gradient(tg_slice(g, 0, 1, 2), x), (double[]){ 0, 0, 70, 0, 0 }, 5);
    x = tg_variable(tape, TG_SHAPE(5), three);
    g = gradient(tg_prod(x, 0, false), x); /* the third derivative by the three zeros */
    g = gradient(tg_slice(g, 0, 0, 1), x);
    expect(gradient(tg_slice(g, 0, 1, 2), x), (double[]){ 0, 0, 35, 0, 0 }, 5);
    assert_true(tg_item(tg_prod(tg_zeros(tape, TG_SHAPE(0)), 0, false)) == 1);
    x = tg_variable(tape, TG_SHAPE(2, 0), one_zero);
    ok(tg_backward(tg_sum(tg_prod(x, 1, false), TG_ALL, false)), tape);
    tg_tape_destroy(tape);
}

static void derivatives_of_products_with_zeros(void **state)
{
    (void)state;
    for_every_table(check_products);
}

/* Squares out of range, whose roots are not; the subgradient at 0. */
static void check_norms(tg_dtype dtype)
{
    tg_tape *tape = tg_tape_create(dtype);
    const double big = dtype == TG_F32 ? 0x1p100 : 0x1p800, sizes[] = { big, 1 / big };
    for (int i = 0; i < 2; i++)
        for (int64_t n = 4; n <= 64; n *= 4) {
            double v[64];
            for (int64_t k = 0; k < n; k++)
                v[k] = sizes[i] * (k % 2 ? -1 : 1);
            const tg_tensor x = tg_variable(tape, TG_SHAPE(n), v), y = tg_norm(x, 0, false);
            assert_true(is(tg_item(y), sizes[i] * sqrt((double)n), dtype));
            assert_true(is(tg_item(tg_slice(gradient(y, x), 0, 0, 1)), 1 / sqrt((double)n), dtype));
            if (i == 0)
                assert_true(is(tg_item(tg_std(x, 0, 0, false)), big, dtype));
            ok(tg_tape_status(tape), tape);
        }
    tg_tensor x = tg_variable(tape, TG_SHAPE(2, 3), ((double[]){ 0, 0, 0, 5, 5, 5 }));
    expect(gradient(tg_norm(tg_slice(x, 0, 0, 1), -1, true), x), (double[]){ 0, 0, 0, 0, 0, 0 }, 6);
    expect(gradient(tg_std(x, 1, 1, false), x), (double[]){ 0, 0, 0, 0, 0, 0 }, 6);
    tg_tape_destroy(tape);
}

static void norms_out_of_range_and_at_zero(void **state)
{
    (void)state;
    for_every_table(check_norms);
}

/* 0.1 many times: float32 would lose it. */
static void check_cumsum(tg_dtype dtype)
{
    enum { LONG = 100000 };
    static double y[2 * LONG];
    tg_tape *tape = tg_tape_create(dtype);
    for (int along = 0; along < 2; along++) {
        const tg_tensor x = tg_full(tape, along ? TG_SHAPE(2, LONG) : TG_SHAPE(LONG, 2), 0.1);
        const double step = tg_item(tg_full(tape, TG_SCALAR, 0.1));
        ok(tg_read(tg_cumsum(x, along), y, 2 * LONG), tape);
        for (int i = 0; i < LONG; i += 997)
            assert_true(is(y[along ? i : 2 * i], step * (i + 1), TG_F32));
    }
    tg_tape_destroy(tape);
}

static void cumulated_sums_keep_their_digits(void **state)
{
    (void)state;
    for_every_table(check_cumsum);
}

static void check_comparisons(tg_dtype dtype)
{
    tg_tape *tape = tg_tape_create(dtype);
    const tg_tensor a = tg_variable(tape, TG_SHAPE(4), ((double[]){ 1, 2, 2, NONE }));
    const tg_tensor b = tg_variable(tape, TG_SHAPE(4), ((double[]){ 2, 2, 1, 0 }));
    expect(tg_less(a, b), (double[]){ 1, 0, 0, 0 }, 4);
    expect(tg_less_equal(a, b), (double[]){ 1, 1, 0, 0 }, 4);
    expect(tg_greater(a, b), (double[]){ 0, 0, 1, 0 }, 4);
    expect(tg_greater_equal(a, b), (double[]){ 0, 1, 1, 0 }, 4);
    expect(tg_equal(a, b), (double[]){ 0, 1, 0, 0 }, 4);
    expect(tg_not_equal(a, b), (double[]){ 1, 0, 1, 1 }, 4);
    assert_false(tg_needs_grad(tg_less(a, b)));
    expect(gradient(tg_mul(tg_less(a, b), b), b), (double[]){ 1, 0, 0, 0 }, 4);
    expect(gradient(tg_where(tg_less(a, b), a, b), b), (double[]){ 0, 1, 1, 1 }, 4);
    tg_tape_destroy(tape);
}

static void comparisons_are_constants(void **state)
{
    (void)state;
    for_every_table(check_comparisons);
}

/* C's atan2 at every pair of special numbers; the others near their limits. */
static void check_pairs(tg_dtype dtype)
{
    const double tiny = dtype == TG_F32 ? 0x1p-140 : 0x1p-1060, huge = dtype == TG_F32 ? 0x1p126 : 0x1p1020;
    const double v[] = { 0, -0.0, 1, -1, 0.5, -3, tiny, -tiny, huge, -huge, INF, -INF, NONE };
    enum { MANY = sizeof v / sizeof v[0] };
    tg_tape *tape = tg_tape_create(dtype);
    for (int i = 0; i < MANY; i++)
        for (int j = 0; j < MANY; j++) {
            const double y = every(tg_atan2(all(tape, v[i]), all(tape, v[j]))), want = atan2(v[i], v[j]);
            const bool in_range = fabs(want) > 0x1p-100 || want == 0;
            if (in_range && (!is(y, want, dtype) || (!isnan(want) && signbit(y) != signbit(want))))
                fail_msg("atan2(%g, %g) is %g, not %g (%s)", v[i], v[j], y, want, where_am_i(dtype));
            const double sum = every(tg_logaddexp(all(tape, v[i]), all(tape, v[j])));
            const double m = fmax(v[i], v[j]), d = fabs(v[i] - v[j]);
            const double log_sum = isnan(v[i]) || isnan(v[j]) ? NONE : isinf(m) ? m : m + log1p(exp(-d));
            if (!is(sum, log_sum, dtype))
                fail_msg("logaddexp(%g, %g) is %g, not %g (%s)", v[i], v[j], sum, log_sum, where_am_i(dtype));
            const double product = every(tg_xlogy(all(tape, v[i]), all(tape, v[j])));
            const double x_log = v[i] == 0 && !isnan(v[j]) ? 0 : v[i] * log(v[j]);
            if (fabs(v[i]) < 1000 && fabs(v[i]) != tiny && !is(product, x_log, dtype))
                fail_msg("xlogy(%g, %g) is %g, not %g (%s)", v[i], v[j], product, x_log, where_am_i(dtype));
        }
    tg_tape_destroy(tape);
}

static void pairs_of_special_numbers(void **state)
{
    (void)state;
    for_every_table(check_pairs);
}

static void halves_are_rounded_to_even(void **state)
{
    (void)state;
    tg_tape *tape = tg_tape_create(TG_F64);
    const double x[] = { -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0x1.fffffffffffffp-2, 0x1p52 + 1, -0x1p53 };
    const tg_tensor v = tg_variable(tape, TG_SHAPE(9), x);
    double want[9];
    for (int i = 0; i < 9; i++)
        want[i] = nearbyint(x[i]);
    expect(tg_round(v), want, 9);
    for (int i = 0; i < 9; i++)
        want[i] = floor(x[i]);
    expect(tg_floor(v), want, 9);
    for (int i = 0; i < 9; i++)
        want[i] = ceil(x[i]);
    expect(tg_ceil(v), want, 9);
    expect(gradient(tg_floor(v), v), (double[9]){ 0 }, 9);
    tg_tape_destroy(tape);
}

/* Every index more than once, in float32, where many small terms would be lost one by one. */
static void scattered_sums_keep_their_digits(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    static int32_t indices[MANY];
    for (int i = 0; i < MANY; i++)
        indices[i] = i % 2;
    tg_tape *tape = tg_tape_create(TG_F32);
    const tg_tensor source = tg_full(tape, TG_SHAPE(MANY), 0x1p-20 + 1);
    expect(tg_scatter_add(tg_zeros(tape, TG_SHAPE(3)), 0, indices, source),
           (double[]){ MANY / 2 * (0x1p-20 + 1), MANY / 2 * (0x1p-20 + 1), 0 }, 3);
    tg_tape_destroy(tape);
}

static void parts_and_their_wholes(void **state)
{
    (void)state;
    tg_tape *tape = tg_tape_create(TG_F64);
    const double x[] = { 1, 2, 3, 4, 5, 6 };
    const tg_tensor m = tg_variable(tape, TG_SHAPE(2, 3), x);
    tg_tensor part[3];
    ok(tg_split(m, -1, (int64_t[]){ 1, 0, 2 }, 3, part), tape);
    expect(part[0], (double[]){ 1, 4 }, 2);
    assert_int_equal(tg_size(part[1]), 0);
    expect(part[2], (double[]){ 2, 3, 5, 6 }, 4);
    expect(tg_concat(part, 3, 1), x, 6);
    expect(tg_stack((tg_tensor[]){ m, m }, 2, -1), (double[]){ 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6 }, 12);
    expect(tg_pad(m, 1, 1, 0, 9), (double[]){ 9, 1, 2, 3, 9, 4, 5, 6 }, 8);
    expect(tg_flip(m, TG_ALL), (double[]){ 6, 5, 4, 3, 2, 1 }, 6);
    expect(tg_tril(m, INT64_MIN), (double[6]){ 0 }, 6);
    expect(tg_tril(m, INT64_MAX), x, 6);
    expect(tg_triu(m, INT64_MIN + 1), x, 6);
    expect(tg_triu(m, 1), (double[]){ 0, 2, 3, 0, 0, 6 }, 6);
    expect(tg_squeeze(tg_unsqueeze(m, -1), TG_ALL), x, 6);
    same_shape(tg_shape_of(tg_unsqueeze(m, -1)), TG_SHAPE(2, 3, 1));
    same_shape(tg_shape_of(tg_squeeze(tg_unsqueeze(m, 0), 0)), TG_SHAPE(2, 3));
    /* pad(x) twice in a sum: the second is accumulated, its value, too */
    const tg_tensor p = tg_pad(tg_slice(m, 0, 0, 1), 0, 0, 1, 2);
    expect(tg_add(p, tg_pad(tg_slice(m, 0, 1, 2), 0, 0, 1, 0.5)), (double[]){ 5, 7, 9, 2.5, 2.5, 2.5 }, 6);
    tg_tape_destroy(tape);
}

static void the_smallest_element(void **state)
{
    (void)state;
    tg_tape *tape = tg_tape_create(TG_F32);
    const double x[] = { 3, 1, 1, NONE, -INF, 2 };
    const tg_tensor m = tg_constant(tape, TG_SHAPE(2, 3), x);
    int32_t at[3];
    ok(tg_argmin(m, 1, at, 2), tape);
    assert_true(at[0] == 1 && at[1] == 0);
    ok(tg_argmin(m, 0, at, 3), tape);
    assert_true(at[0] == 1 && at[1] == 1 && at[2] == 0);
    ok(tg_argmax(m, 0, at, 3), tape);
    assert_true(at[0] == 1 && at[1] == 0 && at[2] == 1);
    tg_tape_destroy(tape);
}

static void constants_that_are_computed(void **state)
{
    (void)state;
    tg_tape *tape = tg_tape_create(TG_F64);
    expect(tg_eye(tape, 2), (double[]){ 1, 0, 0, 1 }, 4);
    expect(tg_ones(tape, TG_SHAPE(2)), (double[]){ 1, 1 }, 2);
    expect(tg_arange(tape, 1, 2, 0.25), (double[]){ 1, 1.25, 1.5, 1.75 }, 4);
    expect(tg_arange(tape, 3, 0, -2), (double[]){ 3, 1 }, 2);
    expect(tg_linspace(tape, 0, 1, 5), (double[]){ 0, 0.25, 0.5, 0.75, 1 }, 5);
    expect(tg_linspace(tape, 2, 3, 1), (double[]){ 2 }, 1);
    assert_int_equal(tg_size(tg_eye(tape, 0)), 0);
    assert_false(tg_needs_grad(tg_scalar(tape, 1)));
    tg_tape_destroy(tape);
}

/* Element i is draw i, whatever the number of threads; the generator moves on. */
static void random_tensors_are_the_generators_draws(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    static double y[MANY];
    for (int threads = 1; threads <= 3; threads += 2)
        for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++) {
            tg_set_num_threads(threads);
            tg_tape *tape = tg_tape_create(dtype);
            tg_rng rng = tg_rng_seed(5), other = tg_rng_seed(5);
            tg_rng_u64(&rng);
            tg_rng_u64(&other);
            ok(tg_read(tg_rand(tape, TG_SHAPE(MANY), &rng), y, MANY), tape);
            for (int i = 0; i < MANY; i++) {
                const uint64_t u = tg_rng_u64(&other);
                assert_true(y[i] == (dtype == TG_F32 ? (double)(u >> 40) * 0x1p-24 : (double)(u >> 11) * 0x1p-53));
            }
            ok(tg_read(tg_randn(tape, TG_SHAPE(2, MANY / 2), &rng), y, MANY), tape);
            for (int i = 0; i < MANY; i++) {
                const double normal = tg_rng_normal(&other);
                assert_true(y[i] == (dtype == TG_F32 ? (double)(float)normal : normal));
            }
            assert_true(rng.position == other.position);
            tg_tape_destroy(tape);
        }
    tg_set_num_threads(0);
}

/* Against matmul and loops; operands contracted in between, letters that one operand alone has, diagonals. */
static void einstein_sums(void **state)
{
    (void)state;
    tg_rng rng = tg_rng_seed(7);
    tg_tape *tape = tg_tape_create(TG_F64);
    const tg_tensor a = tg_randn(tape, TG_SHAPE(2, 3), &rng), b = tg_randn(tape, TG_SHAPE(3, 4), &rng);
    const tg_tensor c = tg_randn(tape, TG_SHAPE(4, 2), &rng);
    double want[64];
    ok(tg_read(tg_matmul(a, b), want, 8), tape);
    expect(tg_einsum("ij,jk", (tg_tensor[]){ a, b }, 2), want, 8);
    ok(tg_read(tg_transpose(tg_matmul(a, b)), want, 8), tape);
    expect(tg_einsum("ij, jk -> ki", (tg_tensor[]){ a, b }, 2), want, 8);
    ok(tg_read(tg_sum(tg_diagonal(tg_matmul(tg_matmul(a, b), c)), TG_ALL, false), want, 1), tape);
    expect(tg_einsum("ij,jk,ki->", (tg_tensor[]){ a, b, c }, 3), want, 1);
    ok(tg_read(tg_mul(tg_sum(a, 1, false), tg_scalar(tape, tg_item(tg_sum(b, TG_ALL, false)))), want, 2), tape);
    expect(tg_einsum("ij,kl->i", (tg_tensor[]){ a, b }, 2), want, 2);
    const tg_tensor d = tg_randn(tape, TG_SHAPE(2, 3, 2), &rng);
    double all_d[12];
    ok(tg_read(d, all_d, 12), tape);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 3; j++)
            want[3 * i + j] = all_d[6 * i + 2 * j + i];
    expect(tg_einsum("iji->ij", &d, 1), want, 6);
    expect(tg_einsum("A,A->", (tg_tensor[]){ tg_zeros(tape, TG_SHAPE(0)), tg_zeros(tape, TG_SHAPE(0)) }, 2),
           (double[]){ 0 }, 1);
    tg_tape_destroy(tape);
}

/* Running statistics over two batches, by hand; evaluation uses them; the mean far from zero keeps its digits. */
static void running_statistics(void **state)
{
    (void)state;
    tg_tape *tape = tg_tape_create(TG_F32);
    double mean[2] = { 0, 0 }, var[2] = { 1, 1 };
    const tg_batch_norm_config k = { .mean = mean, .var = var, .momentum = 0.5, .eps = TG_ZERO };
    const tg_tensor none = { 0 }, x = tg_variable(tape, TG_SHAPE(2, 2), ((double[]){ 1, 4096, 3, 4098 }));
    tg_tape_set_training(tape, true);
    expect(tg_batch_norm(x, none, none, &k), (double[]){ -1, -1, 1, 1 }, 4);
    assert_true(mean[0] == 1 && mean[1] == 2048.5 && var[0] == 1.5 && var[1] == 1.5);
    tg_batch_norm(x, none, none, &k);
    assert_true(mean[0] == 1.5 && var[0] == 1.75);
    tg_tape_set_training(tape, false);
    mean[0] = 2, mean[1] = 4097, var[0] = var[1] = 0.25;
    expect(tg_batch_norm(x, none, none, &k), (double[]){ -2, -2, 2, 2 }, 4);
    assert_true(mean[0] == 2 && var[0] == 0.25);
    tg_tape_destroy(tape);
}

/* Squares of the elements are out of range, the norms are not. */
static void check_rms(tg_dtype dtype)
{
    tg_tape *tape = tg_tape_create(dtype);
    const double big = dtype == TG_F32 ? 0x1p100 : 0x1p800, sizes[] = { big, 1 / big };
    for (int i = 0; i < 2; i++) {
        const double s = sizes[i];
        const tg_tensor x = tg_variable(tape, TG_SHAPE(4), ((double[]){ s, -s, s, s }));
        expect(tg_rms_norm(x, (tg_tensor){ 0 }, 0), (double[]){ 1, -1, 1, 1 }, 4);
    }
    tg_tape_destroy(tape);
}

static void norms_of_very_large_and_small_elements(void **state)
{
    (void)state;
    for_every_table(check_rms);
}

/* As the plain loss without options; an infinite logit of another class; all ignored. */
static void labels_with_options(void **state)
{
    (void)state;
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_rng rng = tg_rng_seed(3);
    const tg_tensor x = tg_randn(tape, TG_SHAPE(4, 3), &rng);
    const int32_t labels[] = { 2, 0, 1, 1 }, ignored[] = { -100, -100, -100, -100 };
    for (int r = TG_MEAN; r <= TG_NONE; r++) {
        double want[4];
        const tg_tensor plain = tg_cross_entropy(x, labels, (tg_reduction)r);
        ok(tg_read(plain, want, tg_size(plain)), tape);
        expect(tg_cross_entropy_with(x, labels, 4, &(tg_cross_entropy_config){ .reduction = (tg_reduction)r }), want,
               tg_size(plain));
    }
    expect(tg_cross_entropy_with(x, ignored, 4, NULL), (double[]){ NONE }, 1);
    expect(tg_cross_entropy_with(x, ignored, 4, &(tg_cross_entropy_config){ .reduction = TG_SUM }), (double[]){ 0 },
           1);
    const tg_tensor far = tg_constant(tape, TG_SHAPE(1, 3), ((double[]){ 0, -INF, 0 }));
    expect(tg_cross_entropy_with(far, labels, 1, NULL), (double[]){ log(2) }, 1);
    tg_tape_destroy(tape);
}

static tg_tensor attended(const tg_tensor *x, int n, const void *causal)
{
    const int rank = tg_rank(x[0]);
    const double scale = 1 / sqrt((double)tg_dim(x[0], rank - 1));
    tg_tensor s = tg_scale(tg_matmul(x[0], tg_transpose(x[1])), scale);
    if (n > 3)
        s = tg_add(s, x[3]);
    if (causal) {
        const tg_shape last = TG_SHAPE(tg_dim(s, rank - 2), tg_dim(s, rank - 1));
        s = tg_add(s, tg_triu(tg_full(s.tape, last, -INF), 1));
    }
    return tg_matmul(tg_softmax(s, -1), x[2]);
}

/* Against its composition, values and gradients: more than a block of rows, masks of both kinds, more keys than queries. */
static void attention_is_its_composition(void **state)
{
    (void)state;
    enum { HEADS = 3, ROWS = 70, KEYS = 90, DEPTH = 5, WIDTH = 4 };
    static double x[HEADS * ROWS * KEYS], got[HEADS * KEYS * DEPTH], want[HEADS * KEYS * DEPTH];
    tg_rng rng = tg_rng_seed(9);
    for (int i = 0; i < HEADS * ROWS * KEYS; i++)
        x[i] = tg_rng_between(&rng, -1, 1);
    for (int masks = 0; masks < 3; masks++)
        for (int causal = 0; causal < 2; causal++) {
            tg_tape *t = tg_tape_create(TG_F64);
            const tg_tensor in[] = { tg_variable(t, TG_SHAPE(HEADS, ROWS, DEPTH), x),
                                     tg_variable(t, TG_SHAPE(HEADS, KEYS, DEPTH), x + 100),
                                     tg_variable(t, TG_SHAPE(HEADS, KEYS, WIDTH), x + 200),
                                     masks == 1 ? tg_variable(t, TG_SHAPE(ROWS, KEYS), x)
                                                : tg_variable(t, TG_SHAPE(HEADS, ROWS, KEYS), x) };
            const int n = masks ? 4 : 3;
            const tg_tensor y = tg_attention(in[0], in[1], in[2], masks ? in[3] : (tg_tensor){ 0 }, causal);
            const tg_tensor z = attended(in, n, causal ? t : NULL);
            tg_tensor gy[4], gz[4];
            ok(tg_grad(tg_sum(tg_square(y), TG_ALL, false), (tg_tensor){ 0 }, in, n, gy, 0), t);
            ok(tg_grad(tg_sum(tg_square(z), TG_ALL, false), (tg_tensor){ 0 }, in, n, gz, 0), t);
            ok(tg_read(y, got, tg_size(y)), t);
            ok(tg_read(z, want, tg_size(z)), t);
            for (int i = 0; i < tg_size(y); i++)
                near(got[i], want[i], 1e-13, "attention", i);
            for (int k = 0; k < 3; k++) {
                ok(tg_read(gy[k], got, tg_size(gy[k])), t);
                ok(tg_read(gz[k], want, tg_size(gz[k])), t);
                for (int i = 0; i < tg_size(gy[k]); i++)
                    near(got[i], want[i], 1e-12, "attention's gradient", i);
            }
            tg_tape_destroy(t);
        }
}

/* Row `row` of causal attention over keys of size `depth`, values of size `width`, in scalar loops. */
static void attend_row(const double *q, const double *k, const double *v, int row, int depth, int width, double *out)
{
    double sum = 0;
    memset(out, 0, (size_t)width * sizeof *out);
    for (int j = 0; j <= row; j++) {
        double score = 0;
        for (int d = 0; d < depth; d++)
            score += q[row * depth + d] * k[j * depth + d];
        const double weight = exp(score / sqrt(depth)); /* scores are small here */
        sum += weight;
        for (int d = 0; d < width; d++)
            out[d] += weight * v[j * width + d];
    }
    for (int d = 0; d < width; d++)
        out[d] /= sum;
}

/* So many rows that products of a block copy their operands, whose scratch does not grow evenly with the columns. */
static void long_causal_attention(void **state)
{
    (void)state;
    enum { ROWS = 4100, DEPTH = 4, WIDTH = 128 };
    tg_tape *t = tg_tape_create(TG_F64);
    tg_rng rng = tg_rng_seed(11);
    const tg_tensor q = tg_randn(t, TG_SHAPE(ROWS, DEPTH), &rng), k = tg_randn(t, TG_SHAPE(ROWS, DEPTH), &rng);
    const tg_tensor v = tg_randn(t, TG_SHAPE(ROWS, WIDTH), &rng);
    const int threads = tg_num_threads();
    assert_int_equal(tg_set_num_threads(1), TG_OK);
    const tg_tensor one = tg_attention(q, k, v, (tg_tensor){ 0 }, true);
    assert_int_equal(tg_set_num_threads(3), TG_OK);
    const tg_tensor three = tg_attention(q, k, v, (tg_tensor){ 0 }, true);
    assert_int_equal(tg_set_num_threads(threads), TG_OK);
    ok(tg_tape_status(t), t);
    assert_memory_equal(tg_data(one), tg_data(three), (size_t)(ROWS * WIDTH) * sizeof(double));
    static const int checked[] = { 0, 63, 64, 2047, 2048, 3199, 3200, 4095, 4096, 4099 };
    for (size_t i = 0; i < sizeof checked / sizeof *checked; i++) {
        double want[WIDTH];
        attend_row(tg_data(q), tg_data(k), tg_data(v), checked[i], DEPTH, WIDTH, want);
        for (int d = 0; d < WIDTH; d++)
            near(((const double *)tg_data(three))[checked[i] * WIDTH + d], want[d], 1e-13, "a long row", d);
    }
    tg_tape_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derivatives_of_products_with_zeros),
        cmocka_unit_test(norms_out_of_range_and_at_zero),
        cmocka_unit_test(cumulated_sums_keep_their_digits),
        cmocka_unit_test(comparisons_are_constants),
        cmocka_unit_test(pairs_of_special_numbers),
        cmocka_unit_test(halves_are_rounded_to_even),
        cmocka_unit_test(scattered_sums_keep_their_digits),
        cmocka_unit_test(parts_and_their_wholes),
        cmocka_unit_test(the_smallest_element),
        cmocka_unit_test(constants_that_are_computed),
        cmocka_unit_test(einstein_sums),
        cmocka_unit_test(running_statistics),
        cmocka_unit_test(norms_of_very_large_and_small_elements),
        cmocka_unit_test(labels_with_options),
        cmocka_unit_test(attention_is_its_composition),
        cmocka_unit_test(long_causal_attention),
        cmocka_unit_test(random_tensors_are_the_generators_draws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
