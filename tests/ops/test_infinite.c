/* test_infinite.c - losses, reductions and softmax with infinite inputs and cotangents of 0: what is finite in the limit is
   finite, what a cotangent of 0 leaves out poisons nothing, and rows of which one class is all but certain keep their
   digits. Widths: a line that fits a vector, one that does not, and lines side by side. */
#include "points.h"

enum { WIDTHS = 3, MOST = 40 };
static const int widths[WIDTHS] = { 3, 11, MOST };

static const int32_t *labels_of(int label)
{
    static int32_t labels[2];
    labels[0] = label;
    labels[1] = 0;
    return labels;
}

/* A function of logits [2, n], whose second row is finite: [2] or [2, n]. `label` is a class of the first row. */
typedef tg_tensor function(tg_tensor x, int label);

static tg_tensor softmax(tg_tensor x, int label)
{
    (void)label;
    return tg_softmax(x, 1);
}

static tg_tensor softmax_side_by_side(tg_tensor x, int label)
{
    (void)label;
    return tg_transpose(tg_softmax(tg_transpose(x), 0));
}

static tg_tensor log_softmax(tg_tensor x, int label)
{
    (void)label;
    return tg_log_softmax(x, 1);
}

static tg_tensor log_softmax_side_by_side(tg_tensor x, int label)
{
    (void)label;
    return tg_transpose(tg_log_softmax(tg_transpose(x), 0));
}

static tg_tensor logsumexp(tg_tensor x, int label)
{
    (void)label;
    return tg_logsumexp(x, 1, false);
}

static tg_tensor logsumexp_side_by_side(tg_tensor x, int label)
{
    (void)label;
    return tg_logsumexp(tg_transpose(x), 0, false);
}

static tg_tensor cross_entropy(tg_tensor x, int label)
{
    return tg_cross_entropy(x, labels_of(label), TG_NONE);
}

/* Two thirds for the label, a third for the next class. */
static tg_tensor cross_entropy_probs(tg_tensor x, int label)
{
    double p[2 * MOST] = { 0 };
    const int64_t n = tg_dim(x, 1);
    p[label] = 2.0 / 3;
    p[label + 1] = 1.0 / 3;
    p[n] = 1;
    return tg_cross_entropy_probs(x, tg_constant(x.tape, TG_SHAPE(2, n), p), TG_NONE);
}

static const struct named {
    const char *name;
    function *f;
} functions[] = {
    { "softmax", softmax },
    { "softmax, side by side", softmax_side_by_side },
    { "log_softmax", log_softmax },
    { "log_softmax, side by side", log_softmax_side_by_side },
    { "logsumexp", logsumexp },
    { "logsumexp, side by side", logsumexp_side_by_side },
    { "cross_entropy", cross_entropy },
    { "cross_entropy_probs", cross_entropy_probs },
};
enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

/* What f makes of x, all of it for the first row, and of weights for the result of that row: value, gradient, and the
   gradient of the gradient's inner product with weights. */
typedef struct results {
    int n, values;
    double value[MOST], first[MOST], second[MOST];
} results;

static double weight(int i)
{
    return 0.25 + 0.5 * (i % 5);
}

/* Rows [first; zeros] with columns left out where keep is false. */
static results run(tg_dtype dtype, function *f, const double *first, const bool *keep, int n, int label, double scale)
{
    results r = { .n = 0 };
    double x[2 * MOST] = { 0 }, w[2 * MOST] = { 0 }, all[2 * MOST];
    int kept_label = 0;
    for (int i = 0; i < n; i++) {
        if (!keep[i])
            continue;
        kept_label = i == label ? r.n : kept_label;
        x[r.n] = first[i];
        w[r.n++] = weight(i) * scale;
    }
    tg_tape *tape = tg_tape_create(dtype);
    tg_tensor v = tg_variable_f64(tape, TG_SHAPE(2, r.n), x), y = f(v, kept_label), g, h;
    const bool is_row = tg_rank(y) == 2;
    r.values = is_row ? r.n : 1;
    const tg_shape shape = tg_shape_of(y);
    double wy[2 * MOST] = { 0 };
    for (int i = 0; i < r.values; i++)
        wy[i] = is_row ? w[i] : scale;
    ok(tg_grad(y, tg_constant_f64(tape, shape, wy), &v, 1, &g, TG_CREATE_GRAPH), tape);
    double ones[2 * MOST];
    for (int i = 0; i < 2 * r.n; i++)
        ones[i] = scale == 0 ? 0 : i < r.n ? w[i] : 0;
    ok(tg_grad(g, tg_constant_f64(tape, TG_SHAPE(2, r.n), ones), &v, 1, &h, 0), tape);
    ok(tg_read(y, all, tg_size(y)), tape);
    memcpy(r.value, all, sizeof r.value);
    ok(tg_read(g, all, 2 * r.n), tape);
    memcpy(r.first, all, sizeof r.first);
    ok(tg_read(h, all, 2 * r.n), tape);
    memcpy(r.second, all, sizeof r.second);
    tg_tape_destroy(tape);
    return r;
}

static bool close_to(double a, double b, tg_dtype dtype)
{
    return a == b || fabs(a - b) <= 64 * (dtype == TG_F32 ? (double)FLT_EPSILON : DBL_EPSILON) * fmax(1, fabs(b));
}

static double logit(int i)
{
    return 0.75 * (i * 7 % 5) - 1;
}

/* A class at -infinity has no effect. */
static void check_masked(tg_dtype dtype)
{
    for (int k = 0; k < FUNCTIONS * WIDTHS; k++) {
        const struct named *f = &functions[k / WIDTHS];
        const int n = widths[k % WIDTHS], label = 1;
        double x[MOST];
        bool keep[MOST], every[MOST];
        for (int i = 0; i < n; i++) {
            every[i] = true;
            keep[i] = i % 3 == 1 || i % 3 == 2;
            x[i] = keep[i] ? logit(i) : -INF;
        }
        const results got = run(dtype, f->f, x, every, n, label, 1), want = run(dtype, f->f, x, keep, n, label, 1);
        for (int i = 0, j = 0; i < n; i++) {
            const bool is_log = strncmp(f->name, "log_softmax", 11) == 0;
            const double value = keep[i] ? want.value[j] : is_log ? -INF : 0;
            /* log_softmax of a masked element is x - logsumexp(others): its gradient is its cotangent */
            const double first = keep[i] ? want.first[j] : is_log ? weight(i) : 0;
            if (is_log && keep[i]) {
                j++;
                continue;
            }
            if ((got.values > 1 || i == 0) && !close_to(got.value[i], got.values > 1 ? value : want.value[0], dtype))
                fail_msg("%s of %d: value %d is %g, not %g (%s)", f->name, n, i, got.value[i], value,
                         where_am_i(dtype));
            if (!close_to(got.first[i], first, dtype) ||
                !close_to(got.second[i], keep[i] ? want.second[j] : 0, dtype))
                fail_msg("%s of %d: derivatives by %d are %g and %g, not %g and %g (%s)", f->name, n, i, got.first[i],
                         got.second[i], first, keep[i] ? want.second[j] : 0, where_am_i(dtype));
            j += keep[i];
        }
        for (int i = 0; i < n; i++)
            if (!isfinite(got.first[i]) || !isfinite(got.second[i]))
                fail_msg("%s of %d: derivatives by %d are %g and %g (%s)", f->name, n, i, got.first[i], got.second[i],
                         where_am_i(dtype));
    }
}

static void a_masked_class_is_as_if_not_there(void **state)
{
    (void)state;
    for_every_table(check_masked);
}

/* A row of only -infinity, with two +infinities, or with NaN: with a cotangent of 0 its gradients of both orders are 0. */
static void check_left_out(tg_dtype dtype)
{
    for (int k = 0; k < FUNCTIONS * WIDTHS; k++)
        for (int kind = 0; kind < 3; kind++) {
            const struct named *f = &functions[k / WIDTHS];
            const int n = widths[k % WIDTHS];
            double x[MOST];
            bool every[MOST];
            for (int i = 0; i < n; i++) {
                every[i] = true;
                x[i] = kind == 0 ? -INF : kind == 1 ? INF : NONE;
            }
            const results got = run(dtype, f->f, x, every, n, 1, 0);
            for (int i = 0; i < n; i++)
                if (got.first[i] != 0 || got.second[i] != 0)
                    fail_msg("%s of %d times %g: derivatives by %d are %g and %g (%s)", f->name, n, x[0], i,
                             got.first[i], got.second[i], where_am_i(dtype));
        }
}

static void a_cotangent_of_0_leaves_a_row_out(void **state)
{
    (void)state;
    for_every_table(check_left_out);
}

/* One class at +infinity has probability 1; with two there is no limit. */
static void check_certain(tg_dtype dtype)
{
    for (int w = 0; w < WIDTHS; w++)
        for (int at = 0; at < 2; at++) {
            const int n = widths[w], one = at ? n - 1 : 1;
            double x[MOST];
            bool every[MOST];
            for (int i = 0; i < n; i++) {
                every[i] = true;
                x[i] = i == one ? INF : logit(i);
            }
            for (int k = 0; k < FUNCTIONS; k++) {
                const bool is_log = strncmp(functions[k].name, "log_softmax", 11) == 0;
                const bool is_sum = strncmp(functions[k].name, "logsumexp", 9) == 0;
                const bool is_loss = strncmp(functions[k].name, "cross", 5) == 0;
                if (is_loss && (at || functions[k].f == cross_entropy_probs))
                    continue;
                const results r = run(dtype, functions[k].f, x, every, n, one, 1);
                double sum = 0;
                for (int i = 0; i < n; i++)
                    sum += weight(i);
                for (int i = 0; i < n; i++) {
                    const double value = is_log ? (i == one ? 0 : -INF) : i == one ? 1 : 0;
                    const double first = is_log ? weight(i) - (i == one ? sum : 0) : is_sum && i == one ? 1 : 0;
                    if (r.values > 1 && r.value[i] != value)
                        fail_msg("%s of %d: value %d is %g (%s)", functions[k].name, n, i, r.value[i],
                                 where_am_i(dtype));
                    if (!close_to(r.first[i], first, dtype) || r.second[i] != 0)
                        fail_msg("%s of %d: derivatives by %d are %g and %g, not %g and 0 (%s)", functions[k].name, n,
                                 i, r.first[i], r.second[i], first, where_am_i(dtype));
                }
                if (r.values == 1 && r.value[0] != (is_sum ? INF : 0))
                    fail_msg("%s of %d: %g (%s)", functions[k].name, n, r.value[0], where_am_i(dtype));
            }
            x[0] = INF;
            const results two = run(dtype, softmax, x, every, n, one, 1);
            assert_true(isnan(two.value[0]) && isnan(two.value[one]));
        }
}

static void one_infinite_logit_is_certain(void **state)
{
    (void)state;
    for_every_table(check_certain);
}

/* A row whose other elements together are e^-gap of the largest. */
static void check_digits(tg_dtype dtype)
{
    const double gaps[] = { 1.5, 5, 20, 60 }, eps = dtype == TG_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
    for (int w = 0; w < WIDTHS; w++)
        for (size_t k = 0; k < sizeof gaps / sizeof gaps[0]; k++) {
            const int n = widths[w];
            double x[MOST];
            bool every[MOST];
            for (int i = 0; i < n; i++) {
                every[i] = true;
                x[i] = i == 1 ? 0 : -gaps[k];
            }
            const double rest = (n - 1) * exp(-gaps[k]), loss = log1p(rest), slope = -rest / (1 + rest);
            for (int f = 2; f < FUNCTIONS - 1; f++) {
                const results r = run(dtype, functions[f].f, x, every, n, 1, 1);
                const double value = f < 4 ? -r.value[1] : r.value[0];
                if (fabs(value - loss) > 8 * eps * loss)
                    fail_msg("%s of %d, %g below: %.9g, not %.9g (%s)", functions[f].name, n, gaps[k], value, loss,
                             where_am_i(dtype));
                if (functions[f].f == cross_entropy && fabs(r.first[1] - slope) > 8 * eps * -slope)
                    fail_msg("the gradient of %d, %g below: %.9g, not %.9g (%s)", n, gaps[k], r.first[1], slope,
                             where_am_i(dtype));
            }
        }
}

static void certain_rows_keep_their_digits(void **state)
{
    (void)state;
    for_every_table(check_digits);
}

/* Terms whose probability is 0 are 0; the derivative by such a probability is infinite, and 0 where the row's cotangent is 0. */
static void check_probs(tg_dtype dtype)
{
    const double x[] = { -INF, 0, 0, /**/ -INF, -INF, -INF, /**/ 1, -INF, 2 };
    const double p[] = { 0, 0.5, 0.5, /**/ 0, 0, 0, /**/ 0.5, 0.5, 0 };
    double dx[9], dp[9];
    tg_tape *tape = tg_tape_create(dtype);
    tg_tensor vx = tg_variable_f64(tape, TG_SHAPE(3, 3), x), vp = tg_variable_f64(tape, TG_SHAPE(3, 3), p);
    tg_tensor y = tg_cross_entropy_probs(vx, vp, TG_NONE);
    double loss[3];
    ok(tg_read(y, loss, 3), tape);
    assert_true(is(loss[0], 0.69314718055994530942, dtype) && loss[1] == 0 && loss[2] == INF);
    ok(tg_backward_from(y, tg_constant_f64(tape, TG_SHAPE(3), (double[]){ 1, 1, 0 })), tape);
    ok(tg_read(tg_grad_of(vx), dx, 9), tape);
    ok(tg_read(tg_grad_of(vp), dp, 9), tape);
    for (int i = 0; i < 9; i++)
        assert_true(fabs(dx[i]) < 1e-6 && (i < 6 || dp[i] == 0));
    assert_true(dp[0] == INF && is(dp[1], 0.69314718055994530942, dtype));
    tg_tape_destroy(tape);
}

static void probabilities_of_0_select(void **state)
{
    (void)state;
    for_every_table(check_probs);
}

/* Losses of elements. */
static const struct element {
    tg_tensor (*loss)(tg_tensor, tg_tensor, tg_reduction);
    double x, y, cotangent, value, dx, dy, dxx;
} elements[] = {
    { tg_bce_with_logits, INF, 1, 1, 0, 0, -INF, 0 },
    { tg_bce_with_logits, INF, 0, 1, INF, 1, -INF, 0 },
    { tg_bce_with_logits, INF, 0.5, 1, INF, 0.5, -INF, 0 },
    { tg_bce_with_logits, -INF, 0, 1, 0, 0, INF, 0 },
    { tg_bce_with_logits, -INF, 1, 1, INF, -1, INF, 0 },
    { tg_bce_with_logits, -INF, 0, 0, 0, 0, 0, 0 },
    { tg_bce_with_logits, NONE, 0, 0, NONE, 0, 0, 0 },
    { tg_mse_loss, INF, 1, 1, INF, INF, -INF, 2 },
    { tg_mse_loss, INF, 1, 0, INF, 0, 0, 0 },
    { tg_mse_loss, INF, INF, 0, NONE, 0, 0, 0 },
    { tg_mse_loss, NONE, 1, 0, NONE, 0, 0, 0 },
};

static void check_elements(tg_dtype dtype)
{
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
        const struct element *e = &elements[i];
        tg_tape *tape = tg_tape_create(dtype);
        tg_tensor v[] = { all(tape, e->x), all(tape, e->y) }, l = e->loss(v[0], v[1], TG_NONE), g[2], h;
        ok(tg_grad(l, tg_full(tape, TG_SHAPE(N), e->cotangent), v, 2, g, TG_CREATE_GRAPH), tape);
        ok(tg_grad(tg_sum(g[0], TG_ALL, false), (tg_tensor){ 0 }, v, 1, &h, 0), tape);
        if (!is(every(l), e->value, dtype) || !is(every(g[0]), e->dx, dtype) || !is(every(g[1]), e->dy, dtype) ||
            !is(every(h), e->dxx, dtype))
            fail_msg("row %d, x = %g, y = %g: %g, derivatives %g, %g, %g (%s)", (int)i, e->x, e->y, every(l),
                     every(g[0]), every(g[1]), every(h), where_am_i(dtype));
        tg_tape_destroy(tape);
    }
}

static void losses_of_elements(void **state)
{
    (void)state;
    for_every_table(check_elements);
}

/* Reductions and kinks select: 0 is never multiplied by infinity. */
static void check_others(tg_dtype dtype)
{
    const double x[] = { INF, -INF, 2, INF };
    double g[4];
    tg_tape *tape = tg_tape_create(dtype);
    tg_tensor v = tg_variable_f64(tape, TG_SHAPE(4), x);
    ok(tg_backward(tg_max(v, 0, false)), tape);
    ok(tg_read(tg_grad_of(v), g, 4), tape);
    assert_true(g[0] == 0.5 && g[1] == 0 && g[2] == 0 && g[3] == 0.5);
    ok(tg_backward(tg_min(v, 0, false)), tape);
    ok(tg_read(tg_grad_of(v), g, 4), tape);
    assert_true(g[0] == 0 && g[1] == 1 && g[2] == 0 && g[3] == 0);
    ok(tg_backward_from(tg_mean(v, 0, false), tg_full(tape, TG_SCALAR, 0)), tape);
    ok(tg_read(tg_grad_of(v), g, 4), tape);
    assert_true(g[0] == 0 && g[1] == 0 && g[2] == 0 && g[3] == 0);
    ok(tg_backward_from(tg_var(v, 0, 0, false), tg_full(tape, TG_SCALAR, 0)), tape);
    ok(tg_read(tg_grad_of(v), g, 4), tape);
    assert_true(g[0] == 0 && g[1] == 0 && g[2] == 0 && g[3] == 0);
    assert_true(every(tg_leaky_relu(all(tape, -INF), 0)) == 0);
    tg_tape_destroy(tape);
}

static void reductions_and_kinks(void **state)
{
    (void)state;
    for_every_table(check_others);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_masked_class_is_as_if_not_there),
        cmocka_unit_test(a_cotangent_of_0_leaves_a_row_out),
        cmocka_unit_test(one_infinite_logit_is_certain),
        cmocka_unit_test(certain_rows_keep_their_digits),
        cmocka_unit_test(probabilities_of_0_select),
        cmocka_unit_test(losses_of_elements),
        cmocka_unit_test(reductions_and_kinks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
