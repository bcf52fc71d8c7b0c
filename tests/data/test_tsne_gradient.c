/* test_tsne_gradient.c - the gradient of a map by the checker, which must refuse wrong ones; and by the definition. */
#include "tsne.h"

/* The divergence as a function on a tape: sum p ln(p / q), less the sum p ln p, which y does not change. */
typedef struct problem {
    int n, dims;
    double p[MOST_POINTS * MOST_POINTS];
    double negation, stretch; /* of the gradient: 1 leaves it as it is */
} problem;

static tg_tensor divergence(tg_tape *tape, const tg_tensor *inputs, void *context)
{
    const problem *c = context;
    const int64_t n = c->n, dims = c->dims;
    double others[MOST_POINTS * MOST_POINTS];
    for (int k = 0; k < n * n; k++)
        others[k] = k / n != k % n;
    const tg_tensor p = tg_constant(tape, TG_SHAPE(n, n), c->p), mask = tg_constant(tape, TG_SHAPE(n, n), others);
    const tg_tensor way =
        tg_sub(tg_reshape(inputs[0], TG_SHAPE(n, 1, dims)), tg_reshape(inputs[0], TG_SHAPE(1, n, dims)));
    const tg_tensor s = tg_shift(tg_sum(tg_square(way), 2, false), 1);
    const tg_tensor total = tg_sum(tg_mul(mask, tg_reciprocal(s)), TG_ALL, false);
    return tg_add(tg_sum(tg_mul(p, tg_log(s)), TG_ALL, false), tg_log(total));
}

static tg_status gradient(tg_tensor y, tg_tensor cotangent, const tg_tensor *inputs, int n, tg_tensor *out,
                          unsigned flags, void *context)
{
    (void)n, (void)flags;
    const problem *c = context;
    double map[MOST_POINTS * 3], g[MOST_POINTS * 3];
    tg_error err;
    tg_read(inputs[0], map, tg_size(inputs[0]));
    if (tg_tsne_gradient(c->p, map, c->n, c->dims, g, NULL, NULL, &err) != TG_OK)
        fail_msg("%s", err.text);
    for (int k = 0; k < c->n * c->dims; k++)
        g[k] *= c->negation * c->stretch * tg_item(cotangent);
    out[0] = tg_constant(y.tape, TG_SHAPE(c->n, c->dims), (const double *)g);
    return tg_tape_status(y.tape);
}

static problem problem_of(int n, int dims)
{
    problem c = { .n = n, .dims = dims, .negation = 1, .stretch = 1 };
    double x[MOST_POINTS * 4];
    draw_groups(x, n, 4, 2, 3);
    assert_int_equal(tg_tsne_affinities(x, n, 4, n / 3.0, c.p, NULL, NULL), TG_OK);
    return c;
}

static void draw_map(double *y, int size, double scale)
{
    tg_rng rng = tg_rng_seed(9);
    for (int k = 0; k < size; k++)
        y[k] = scale * tg_rng_normal(&rng);
}

static tg_gradcheck_report check(problem *c, double scale)
{
    double y[MOST_POINTS * 3];
    draw_map(y, c->n * c->dims, scale);
    const tg_gradcheck_input input = { .name = "y", .shape = { 2, { c->n, c->dims } }, .values = y };
    const tg_gradcheck_config config = { .gradient = gradient, .gradient_context = c };
    tg_gradcheck_report report;
    if (tg_gradcheck(divergence, c, &input, 1, &config, &report) != TG_OK)
        fail_msg("%s", report.text);
    return report;
}

static void the_checker_finds_it_right(void **state)
{
    (void)state;
    for (int dims = 1; dims <= 3; dims++)
        for (int n = 6; n < 8; n++) {
            problem c = problem_of(n, dims);
            for (double scale = 0.1; scale < 100; scale *= 10) {
                const tg_gradcheck_report report = check(&c, scale);
                if (!report.passed || report.all.n_checked != n * dims)
                    fail_msg("%s", report.text);
                assert_int_equal(report.all.n_below_noise, 0);
            }
        }
}

static void the_checker_finds_mutants(void **state)
{
    (void)state;
    static const struct {
        double negation, stretch;
    } mutants[] = { { -1, 1 }, { 1, 1 + 1e-4 }, { 1, 0.5 }, { 0, 1 } };
    for (size_t i = 0; i < sizeof mutants / sizeof mutants[0]; i++) {
        problem c = problem_of(7, 2);
        c.negation = mutants[i].negation;
        c.stretch = mutants[i].stretch;
        const tg_gradcheck_report report = check(&c, 1);
        assert_false(report.passed);
        assert_int_equal(report.fault, TG_FAULT_ELEMENT);
    }
}

static void it_is_the_definition(void **state)
{
    (void)state;
    static double x[MOST_POINTS * 4], p[MOST_POINTS * MOST_POINTS], y[MOST_POINTS * 8], g[MOST_POINTS * 8],
        expected[MOST_POINTS * 8];
    for (int dims = 1; dims <= TG_TSNE_MOST_DIMS; dims++)
        for (int n = 2; n <= MOST_POINTS; n += n < 5 ? 1 : 29) {
            draw_groups(x, n, 4, 2, 3);
            assert_int_equal(tg_tsne_affinities(x, n, 4, n / 2.0, p, NULL, NULL), TG_OK);
            draw_map(y, n * dims, 3);
            double kl = 0;
            assert_int_equal(tg_tsne_gradient(p, y, n, dims, g, &kl, NULL, NULL), TG_OK);
            naive_gradient(p, y, n, dims, 1, expected);
            for (int k = 0; k < n * dims; k++)
                assert_near(g[k], expected[k], 1e-14);
            assert_near(kl, naive_divergence(p, y, n, dims), 1e-13);
        }
}

/* The weight of a point with itself, 1, would drown those of the others. */
static void points_far_apart_keep_their_digits(void **state)
{
    (void)state;
    const double p[9] = { 0, 0.25, 0.125, 0.25, 0, 0.125, 0.125, 0.125, 0 };
    const double y[3] = { 0, 1e9, -1e9 };
    double g[3], expected[3], kl;
    assert_int_equal(tg_tsne_gradient(p, y, 3, 1, g, &kl, NULL, NULL), TG_OK);
    naive_gradient(p, y, 3, 1, 1, expected);
    for (int k = 0; k < 3; k++)
        assert_near(g[k], expected[k], 1e-13 * fabs(expected[1]));
    assert_near(kl, naive_divergence(p, y, 3, 1), 1e-13);
}

static void threads_and_kernels_change_no_bit(void **state)
{
    (void)state;
    static double x[MOST_POINTS * 4], p[MOST_POINTS * MOST_POINTS], q[MOST_POINTS * MOST_POINTS], y[MOST_POINTS * 2],
        g[MOST_POINTS * 2], again[MOST_POINTS * 2];
    const int n = MOST_POINTS - 1;
    draw_groups(x, n, 4, 3, 3);
    draw_map(y, 2 * n, 3);
    double kl, kl_again;
    use_threads(1);
    assert_int_equal(tg_tsne_affinities(x, n, 4, 10, p, NULL, NULL), TG_OK);
    assert_int_equal(tg_tsne_gradient(p, y, n, 2, g, &kl, NULL, NULL), TG_OK);
    for (int threads = 1; threads <= 5; threads += 2)
        for (int set = 0; tg_kernel_set_at(set); set++) {
            use_threads(threads);
            assert_int_equal(tg_use_kernel_set(tg_kernel_set_at(set)), TG_OK);
            assert_int_equal(tg_tsne_affinities(x, n, 4, 10, q, NULL, NULL), TG_OK);
            assert_int_equal(tg_tsne_gradient(q, y, n, 2, again, &kl_again, NULL, NULL), TG_OK);
            assert_memory_equal(p, q, (size_t)(n * n) * sizeof *p);
            assert_memory_equal(g, again, (size_t)(2 * n) * sizeof *g);
            assert_true(kl == kl_again);
        }
    use_threads(0);
    assert_int_equal(tg_use_kernel_set(NULL), TG_OK);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    const double p[4] = { 0, 0.5, 0.5, 0 }, y[2] = { 0, 1 };
    double g[2] = { 7, 7 }, kl = 7;
    tg_error e;
    assert_refused(tg_tsne_gradient(NULL, y, 2, 1, g, &kl, NULL, &e), &e, TG_ERR_ARGUMENT, "p is NULL");
    assert_refused(tg_tsne_gradient(p, NULL, 2, 1, g, &kl, NULL, &e), &e, TG_ERR_ARGUMENT, "y is NULL");
    assert_refused(tg_tsne_gradient(p, y, 2, 1, NULL, &kl, NULL, &e), &e, TG_ERR_ARGUMENT, "gradient is NULL");
    assert_refused(tg_tsne_gradient(p, y, 1, 1, g, &kl, NULL, &e), &e, TG_ERR_ARGUMENT, "y is [1, 1]");
    assert_refused(tg_tsne_gradient(p, y, 2, 0, g, &kl, NULL, &e), &e, TG_ERR_ARGUMENT, "y is [2, 0]");
    assert_refused(tg_tsne_gradient(p, y, 2, 9, g, &kl, NULL, &e), &e, TG_ERR_ARGUMENT, "y is [2, 9]");
    assert_refused(tg_tsne_gradient(p, y, INT64_MAX / 2, 1, g, &kl, NULL, &e), &e, TG_ERR_SHAPE, "overflow");
    assert_refused(tg_tsne_gradient(p, ((double[]){ 0, (double)NAN }), 2, 1, g, &kl, NULL, &e), &e, TG_ERR_ARGUMENT,
                   "y[1][0] is nan");
    static const double wrong[][4] = {
        { 0, 0.5, 0.25, 0 }, { 0.5, 0, 0, 0.5 }, { 0, -0.5, -0.5, 0 }, { 0, (double)NAN, (double)NAN, 0 }
    };
    for (int i = 0; i < 4; i++)
        assert_refused(tg_tsne_gradient(wrong[i], y, 2, 1, g, &kl, NULL, &e), &e, TG_ERR_ARGUMENT,
                       "p must be symmetric, not negative, and 0 on the diagonal");
    assert_refused(tg_tsne_gradient(((double[]){ 0, 6, 6, 0 }), y, 2, 1, g, &kl, NULL, &e), &e, TG_ERR_ARGUMENT,
                   "p has sum 12, expected 1");
    assert_refused(tg_tsne_gradient(p, ((double[]){ 0, 1e200 }), 2, 1, g, &kl, NULL, &e), &e, TG_ERR_NONFINITE,
                   "too far apart");
    failing f = { .fail_at = 1 };
    const tg_allocator a = failing_allocator(&f);
    assert_refused(tg_tsne_gradient(p, y, 2, 1, g, &kl, &a, &e), &e, TG_ERR_MEMORY,
                   "no memory for a map of 2 points");
    assert_true(g[0] == 7 && g[1] == 7 && kl == 7 && f.outstanding == 0);
    f = (failing){ 0 };
    assert_int_equal(tg_tsne_gradient(p, y, 2, 1, g, &kl, &a, &e), TG_OK);
    assert_true(f.calls == 1 && f.outstanding == 0 && f.bytes == 0 && e.status == TG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checker_finds_it_right),
        cmocka_unit_test(the_checker_finds_mutants),
        cmocka_unit_test(it_is_the_definition),
        cmocka_unit_test(points_far_apart_keep_their_digits),
        cmocka_unit_test(threads_and_kernels_change_no_bit),
        cmocka_unit_test(nonsense_is_refused),
    };
    return cmocka_run_group_tests_name("tsne_gradient", tests, NULL, NULL);
}
