/* test_losses.c - losses: against their formulas, with large logits, every reduction, wrong labels and shapes. */
#include "naive.h"

#include "threads.h"

enum { MEAN = TG_MEAN, SUM = TG_SUM, NONE = TG_NONE };

/* Formulas -------------------------------------------------------------------------------------------------------- */

/* ln sum_j e^(x_j) - x_label, without overflow. */
static double log_loss(const double *x, int64_t n, int64_t label)
{
    double m = x[0], s = 0;
    for (int64_t j = 0; j < n; j++)
        m = x[j] > m ? x[j] : m;
    for (int64_t j = 0; j < n; j++)
        s += exp(x[j] - m);
    return m - x[label] + log(s);
}

static double loss_of_probs(const double *x, const double *p, int64_t n)
{
    double s = 0;
    for (int64_t j = 0; j < n; j++)
        s += p[j] * log_loss(x, n, j);
    return s;
}

static double square(double x, double y)
{
    return (x - y) * (x - y);
}

static double bce(double x, double y)
{
    const double s = 1 / (1 + exp(-x));
    return -y * log(s) - (1 - y) * log(1 - s);
}

/* Reduces the terms. */
static array reduced(const double *terms, int64_t n, tg_shape each, int reduction)
{
    array y = { .shape = reduction == NONE ? each : TG_SCALAR, .size = reduction == NONE ? n : 1 };
    if (reduction == NONE) {
        memcpy(y.v, terms, (size_t)n * sizeof *terms);
        return y;
    }
    for (int64_t i = 0; i < n; i++)
        y.v[0] += terms[i];
    if (reduction == MEAN)
        y.v[0] /= (double)n;
    return y;
}

/* One random case of each loss. */
typedef struct losses {
    array x, y;
    int32_t labels[NAIVE_MOST];
    int reduction;
} losses;

static void draw(tg_rng *rng, tg_shape shape, losses *l)
{
    l->x = random_array(rng, shape, -3, 3);
    l->y = random_array(rng, shape, 0, 1);
    for (int64_t i = 0; shape.rank == 2 && i < shape.dims[0]; i++)
        l->labels[i] = (int32_t)tg_rng_below(rng, (uint64_t)shape.dims[1]);
}

static tg_tensor cross_entropy(const tg_tensor *x, int n, const void *context)
{
    (void)n;
    const losses *l = context;
    return tg_cross_entropy(x[0], l->labels, (tg_reduction)l->reduction);
}

static tg_tensor probs(const tg_tensor *x, int n, const void *context)
{
    (void)n;
    return tg_cross_entropy_probs(x[0], x[1], (tg_reduction)((const losses *)context)->reduction);
}

static tg_tensor mse(const tg_tensor *x, int n, const void *context)
{
    (void)n;
    return tg_mse_loss(x[0], x[1], (tg_reduction)((const losses *)context)->reduction);
}

static tg_tensor bce_with_logits(const tg_tensor *x, int n, const void *context)
{
    (void)n;
    return tg_bce_with_logits(x[0], x[1], (tg_reduction)((const losses *)context)->reduction);
}

enum { CROSS_ENTROPY, PROBS, MSE, BCE, KINDS };
static const struct kind {
    const char *name;
    naive_function *op;
    int inputs;
    bool rows; /* one term a row, not one an element */
} kinds[] = {
    { "cross_entropy", cross_entropy, 1, true },
    { "cross_entropy_probs", probs, 2, true },
    { "mse_loss", mse, 2, false },
    { "bce_with_logits", bce_with_logits, 2, false },
};

static array formula(int kind, const losses *l)
{
    static double terms[NAIVE_MOST];
    const tg_shape s = l->x.shape;
    const int64_t c = s.rank == 2 ? s.dims[1] : 1, n = kinds[kind].rows ? s.dims[0] : l->x.size;
    for (int64_t i = 0; i < n; i++) {
        const double *x = &l->x.v[kinds[kind].rows ? i * c : i], *y = &l->y.v[kinds[kind].rows ? i * c : i];
        terms[i] = kind == CROSS_ENTROPY ? log_loss(x, c, l->labels[i])
                   : kind == PROBS       ? loss_of_probs(x, y, c)
                   : kind == MSE         ? square(*x, *y)
                                         : bce(*x, *y);
    }
    return reduced(terms, n, kinds[kind].rows ? TG_SHAPE(n) : s, l->reduction);
}

static void they_meet_their_formulas(void **state)
{
    (void)state;
    static losses l;
    static array got, want;
    tg_rng rng = tg_rng_seed(31);
    for (int trial = 0; trial < 1200; trial++) {
        const int kind = trial % KINDS;
        const int64_t n = (int64_t)tg_rng_below(&rng, 20), c = 1 + (int64_t)tg_rng_below(&rng, trial % 7 ? 40 : 200);
        draw(&rng, kinds[kind].rows ? TG_SHAPE(n, c) : random_shape(&rng, (int)tg_rng_below(&rng, 9), 500), &l);
        l.reduction = trial / KINDS % 3;
        want = formula(kind, &l);
        for (tg_dtype d = TG_F32; d <= TG_F64; d++) {
            tg_tape *t = tg_tape_create(d);
            read_array(kinds[kind].op((tg_tensor[]){ variable_of(t, &l.x), variable_of(t, &l.y) }, 2, &l), &got);
            same_shape(got.shape, want.shape);
            near_all(&got, want.v, d == TG_F32 ? 4e-6 : 2e-14, kinds[kind].name);
            tg_tape_destroy(t);
        }
    }
}

static void gradients_meet_differences(void **state)
{
    (void)state;
    static losses l;
    tg_rng rng = tg_rng_seed(32);
    for (int trial = 0; trial < 3 * KINDS * 2; trial++) {
        const int kind = trial % KINDS;
        const bool large = trial / KINDS / 3;
        draw(&rng, large ? TG_SHAPE(2, 19) : TG_SHAPE(3, 4), &l);
        l.reduction = trial / KINDS % 3;
        array x[2] = { l.x, l.y };
        if (large)
            check_first(kinds[kind].op, &l, x, kinds[kind].inputs, kinds[kind].name);
        else
            check_gradients(kinds[kind].op, &l, x, kinds[kind].inputs, kinds[kind].name);
    }
}

/* The edges ------------------------------------------------------------------------------------------------------- */

/* Values and gradient of the sum of cross-entropies over rows of 3, label 1. */
static void expect_rows(tg_dtype d, int n, const double *logits, const double *terms, const double *grads)
{
    tg_tape *t = tg_tape_create(d);
    const int32_t labels[] = { 1, 1, 1, 1 };
    array got;
    const tg_tensor x = tg_variable_f64(t, TG_SHAPE(n, 3), logits), y = tg_cross_entropy(x, labels, TG_NONE);
    read_array(y, &got);
    near_all(&got, terms, 1e-7, "loss");
    assert_int_equal(tg_backward(tg_cross_entropy(x, labels, TG_SUM)), TG_OK);
    read_array(tg_grad_of(x), &got);
    near_all(&got, grads, 1e-7, "gradient");
    tg_tape_destroy(t);
}

static void large_logits_are_right(void **state)
{
    (void)state;
    for (tg_dtype d = TG_F32; d <= TG_F64; d++) {
        const double big = d == TG_F32 ? 1e30 : 1e300;
        expect_rows(d, 4, (double[]){ 1e4, -1e4, 0, /**/ -1e4, 1e4, 0, /**/ big, -big, 0, /**/ big, big, -big },
                    (double[]){ 2e4, 0, 2 * big, log(2) },
                    (double[]){ 1, -1, 0, /**/ 0, 0, 0, /**/ 1, -1, 0, /**/ 0.5, -0.5, 0 });
    }
    /* At 1e4, differences of one are still exact. */
    expect_rows(TG_F64, 1, (double[]){ 10001, 10000, 9999 }, (double[]){ log(exp(1) + 1 + exp(-1)) },
                (double[]){ 0.66524095577482178, 0.24472847105479767 - 1, 0.090030573170380462 });
    const double inf = (double)INFINITY;
    expect_rows(TG_F64, 2, (double[]){ -inf, 0, 0, /**/ 0, -inf, 0 }, (double[]){ log(2), inf },
                (double[]){ 0, -0.5, 0.5, /**/ 0.5, -1, 0.5 });
}

static void large_logits_are_right_for_bce(void **state)
{
    (void)state;
    for (tg_dtype d = TG_F32; d <= TG_F64; d++) {
        const double big = d == TG_F32 ? 1e30 : 1e300;
        const double x[] = { 1e4, 1e4, -1e4, -1e4, big, -big, 0 }, y[] = { 1, 0, 1, 0, 1, 0, 0.5 };
        const double loss[] = { 0, 1e4, 1e4, 0, 0, 0, log(2) }, dx[] = { 0, 1, -1, 0, 0, 0, 0 };
        tg_tape *t = tg_tape_create(d);
        array got;
        const tg_tensor v = tg_variable_f64(t, TG_SHAPE(7), x), w = tg_variable_f64(t, TG_SHAPE(7), y);
        read_array(tg_bce_with_logits(v, w, TG_NONE), &got);
        near_all(&got, loss, 1e-7, "bce");
        assert_int_equal(tg_backward(tg_bce_with_logits(v, w, TG_SUM)), TG_OK);
        read_array(tg_grad_of(v), &got);
        near_all(&got, dx, 1e-7, "by x");
        read_array(tg_grad_of(w), &got);
        for (int i = 0; i < 7; i++)
            near(got.v[i], d == TG_F32 ? -(double)(float)x[i] : -x[i], 0, "by y", i);
        tg_tape_destroy(t);
    }
}

/* The loss of a confident right answer is ln(1 + e^-|x|), with all its digits. */
static void small_losses_keep_their_digits_in_bce(void **state)
{
    (void)state;
    const double x[] = { 2, 10, 15, 20, 36, 80, -2, -10, -15, -20, -36, -80 };
    for (tg_dtype d = TG_F32; d <= TG_F64; d++) {
        tg_tape *t = tg_tape_create(d);
        double y[12], got[12];
        for (int i = 0; i < 12; i++)
            y[i] = x[i] > 0;
        const tg_tensor loss =
            tg_bce_with_logits(tg_constant_f64(t, TG_SHAPE(12), x), tg_constant_f64(t, TG_SHAPE(12), y), TG_NONE);
        assert_int_equal(tg_read(loss, got, 12), TG_OK);
        for (int i = 0; i < 12; i++) {
            const double right = log1p(exp(-fabs(x[i])));
            assert_true(fabs(got[i] - right) <= (d == TG_F32 ? 4e-7 : 8e-16) * right);
        }
        tg_tape_destroy(t);
    }
}

static void of_no_rows(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    const tg_tensor x = tg_full(t, TG_SHAPE(0, 3), 1);
    assert_true(isnan(tg_item(tg_cross_entropy(x, NULL, TG_MEAN))));
    assert_true(tg_item(tg_cross_entropy(x, NULL, TG_SUM)) == 0);
    assert_int_equal(tg_size(tg_cross_entropy(x, NULL, TG_NONE)), 0);
    assert_true(isnan(tg_item(tg_cross_entropy_probs(x, x, TG_MEAN))));
    assert_true(tg_item(tg_mse_loss(x, x, TG_SUM)) == 0);
    assert_true(isnan(tg_item(tg_bce_with_logits(x, x, TG_MEAN))));
    tg_tape_destroy(t);
}

/* A mean of many terms in float32 keeps its digits, and has the same bits at any number of threads. */
static void long_means_are_right_in_float32(void **state)
{
    (void)state;
    enum { ROWS = 200000, CLASSES = 10 };
    float *x = malloc(ROWS * CLASSES * sizeof *x);
    int32_t *labels = malloc(ROWS * sizeof *labels);
    tg_rng rng = tg_rng_seed(33);
    double sum = 0, squares = 0;
    for (int i = 0; i < ROWS; i++) {
        double row[CLASSES];
        for (int j = 0; j < CLASSES; j++) {
            x[i * CLASSES + j] = (float)tg_rng_normal(&rng);
            row[j] = (double)x[i * CLASSES + j];
            squares += square(row[j], 0.25);
        }
        labels[i] = (int32_t)tg_rng_below(&rng, CLASSES);
        sum += log_loss(row, CLASSES, labels[i]);
    }
    const int before = tg_num_threads();
    double first[2] = { 0 };
    for (int threads = 1; threads <= 3; threads++) {
        use_threads(threads);
        tg_tape *t = tg_tape_create(TG_F32);
        const tg_tensor v = tg_wrap(t, TG_SHAPE(ROWS, CLASSES), x), c = tg_full(t, TG_SHAPE(ROWS, CLASSES), 0.25);
        const double y[] = { tg_item(tg_cross_entropy(v, labels, TG_MEAN)), tg_item(tg_mse_loss(v, c, TG_MEAN)) };
        near(y[0] / (sum / ROWS), 1, 3e-7, "cross_entropy", 0);
        near(y[1] / (squares / (ROWS * CLASSES)), 1, 3e-7, "mse_loss", 0);
        if (threads == 1)
            memcpy(first, y, sizeof y);
        assert_memory_equal(first, y, sizeof y);
        tg_tape_destroy(t);
    }
    tg_set_num_threads(before);
    free(x);
    free(labels);
}

static void labels_are_copied(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    int32_t labels[] = { 1 };
    array got;
    const tg_tensor x = tg_variable(t, TG_SHAPE(1, 2), ((double[]){ 0, 0 }));
    const tg_tensor y = tg_cross_entropy(x, labels, TG_SUM);
    labels[0] = 0;
    assert_int_equal(tg_backward(y), TG_OK);
    read_array(tg_grad_of(x), &got);
    near_all(&got, (double[]){ 0.5, -0.5 }, 0, "gradient");
    tg_tape_destroy(t);
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    const int32_t good[] = { 0, 2 }, high[] = { 0, 3 }, low[] = { -1, 0 };
    const tg_reduction other = (tg_reduction)3;
#define M tg_full(t, TG_SHAPE(2, 3), 1)
    refused(t, tg_cross_entropy(M, high, TG_MEAN), TG_ERR_RANGE,
            "cross_entropy: [2, 3]: label 3 of row 1 is not in 0 .. 2");
    refused(t, tg_cross_entropy(M, low, TG_NONE), TG_ERR_RANGE,
            "cross_entropy: [2, 3]: label -1 of row 0 is not in 0 .. 2");
    refused(t, tg_cross_entropy(M, NULL, TG_SUM), TG_ERR_ARGUMENT,
            "cross_entropy: [2, 3]: labels is NULL, not 2 labels");
    refused(t, tg_cross_entropy(M, good, other), TG_ERR_ARGUMENT,
            "cross_entropy: [2, 3]: reduction 3 is none of TG_MEAN, TG_SUM, TG_NONE");
    refused(t, tg_cross_entropy(tg_full(t, TG_SHAPE(99999), 1), good, TG_MEAN), TG_ERR_SHAPE,
            "cross_entropy: [99999]: the logits have rank 1; they must be [n, classes]");
    refused(t, tg_cross_entropy(tg_full(t, TG_SCALAR, 1), good, TG_MEAN), TG_ERR_SHAPE,
            "cross_entropy: []: the logits have rank 0; they must be [n, classes]");
    refused(t, tg_cross_entropy(tg_full(t, TG_SHAPE(2, 0), 1), good, TG_MEAN), TG_ERR_SHAPE,
            "cross_entropy: [2, 0]: there are no classes for the labels to name");
    refused(t, tg_cross_entropy_probs(M, tg_full(t, TG_SHAPE(2, 1), 1), TG_MEAN), TG_ERR_SHAPE,
            "cross_entropy_probs: [2, 3] x [2, 1]: logits and probs must both be [n, classes]");
    refused(t, tg_cross_entropy_probs(M, M, other), TG_ERR_ARGUMENT,
            "cross_entropy_probs: [2, 3] x [2, 3]: reduction 3 is none of TG_MEAN, TG_SUM, TG_NONE");
    refused(t, tg_mse_loss(M, tg_full(t, TG_SHAPE(3), 1), TG_MEAN), TG_ERR_SHAPE,
            "mse_loss: [2, 3] x [3]: the shapes must be the same");
    refused(t, tg_mse_loss(M, M, other), TG_ERR_ARGUMENT,
            "mse_loss: [2, 3] x [2, 3]: reduction 3 is none of TG_MEAN, TG_SUM, TG_NONE");
    refused(t, tg_bce_with_logits(M, tg_full(t, TG_SCALAR, 1), TG_MEAN), TG_ERR_SHAPE,
            "bce_with_logits: [2, 3] x []: the shapes must be the same");
    refused(t, tg_bce_with_logits(M, (tg_tensor){ 0 }, TG_MEAN), TG_ERR_ARGUMENT,
            "bce_with_logits: input 1 is the null tensor");
    assert_null(tg_cross_entropy((tg_tensor){ 0 }, good, TG_MEAN).tape);
    tg_tape_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_meet_their_formulas),
        cmocka_unit_test(gradients_meet_differences),
        cmocka_unit_test(large_logits_are_right),
        cmocka_unit_test(large_logits_are_right_for_bce),
        cmocka_unit_test(small_losses_keep_their_digits_in_bce),
        cmocka_unit_test(of_no_rows),
        cmocka_unit_test(labels_are_copied),
        cmocka_unit_test(long_means_are_right_in_float32),
        cmocka_unit_test(what_is_wrong_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
