/* three_ways.h - a formula written out in scalar loops, against autograd, against differences. */
#ifndef TEST_THREE_WAYS_H
#define TEST_THREE_WAYS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tapegrad.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* |a - b| <= 1e-12 max(|b|, the largest |b|) for every element. */
static inline void assert_agree(const char *what, const double *a, const double *b, int64_t n)
{
    double largest = 0;
    for (int64_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(b[i]));
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(a[i] - b[i]) <= 1e-12 * largest))
            fail_msg("%s[%d]: %.17g, by hand %.17g", what, (int)i, a[i], b[i]);
}

/* Fills x with numbers between lo and hi, the same at every run. */
static inline void draw(double *x, int64_t n, double lo, double hi, uint64_t seed)
{
    tg_rng rng = tg_rng_seed(seed);
    for (int64_t i = 0; i < n; i++)
        x[i] = tg_rng_between(&rng, lo, hi);
}

/* A scalar function of named inputs, and its derivatives by hand, one array for each input; NULL for a constant. */
typedef struct derivation {
    tg_gradcheck_function *f;
    void *context;
    int n;
    tg_gradcheck_input inputs[8];
    const double *by_hand[8];
} derivation;

enum { CAPACITY = 4096 };

static inline void assert_three_ways(const derivation *d)
{
    static double g[CAPACITY];
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_tensor leaves[8];
    for (int i = 0; i < d->n; i++)
        leaves[i] = d->inputs[i].constant ? tg_constant(tape, d->inputs[i].shape, d->inputs[i].values)
                                          : tg_variable(tape, d->inputs[i].shape, d->inputs[i].values);
    if (tg_backward(d->f(tape, leaves, d->context)) != TG_OK)
        fail_msg("%s", tg_tape_message(tape));
    for (int i = 0; i < d->n; i++) {
        const int64_t n = tg_shape_size(&d->inputs[i].shape);
        if (d->inputs[i].constant)
            continue;
        assert_true(n <= CAPACITY);
        assert_int_equal(tg_read(tg_grad_of(leaves[i]), g, n), TG_OK);
        assert_agree(d->inputs[i].name, g, d->by_hand[i], n);
    }
    tg_tape_destroy(tape);
    tg_gradcheck_report report;
    assert_int_equal(tg_gradcheck(d->f, d->context, d->inputs, d->n, NULL, &report), TG_OK);
    if (!report.passed)
        fail_msg("%s", report.text);
    assert_int_equal(report.all.n_kinks, 0);
}

/* Scalar loops; all matrices are row-major. */

/* c[m, n] = a[m, k] b[k, n] */
static inline void times(int m, int k, int n, const double *a, const double *b, double *c)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int l = 0; l < k; l++)
                sum += a[i * k + l] * b[l * n + j];
            c[i * n + j] = sum;
        }
}

/* c[k, n] = a[m, k]^T b[m, n] */
static inline void transposed_times(int m, int k, int n, const double *a, const double *b, double *c)
{
    for (int l = 0; l < k; l++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int i = 0; i < m; i++)
                sum += a[i * k + l] * b[i * n + j];
            c[l * n + j] = sum;
        }
}

/* c[m, k] = a[m, n] b[k, n]^T */
static inline void times_transposed(int m, int n, int k, const double *a, const double *b, double *c)
{
    for (int i = 0; i < m; i++)
        for (int l = 0; l < k; l++) {
            double sum = 0;
            for (int j = 0; j < n; j++)
                sum += a[i * n + j] * b[l * n + j];
            c[i * k + l] = sum;
        }
}

/* z[m, n] = x[m, k] w[k, n] + b[n] */
static inline void affine(int m, int k, int n, const double *x, const double *w, const double *b, double *z)
{
    times(m, k, n, x, w, z);
    for (int i = 0; i < m * n; i++)
        z[i] += b[i % n];
}

/* s[n] = the sums of the columns of x[m, n] */
static inline void column_sums(int m, int n, const double *x, double *s)
{
    memset(s, 0, (size_t)n * sizeof *s);
    for (int i = 0; i < m * n; i++)
        s[i % n] += x[i];
}

/* y[m, n] = softmax of the rows of z */
static inline void softmax_rows(int m, int n, const double *z, double *y)
{
    for (int i = 0; i < m; i++) {
        double most = z[i * n], sum = 0;
        for (int j = 1; j < n; j++)
            most = fmax(most, z[i * n + j]);
        for (int j = 0; j < n; j++)
            sum += y[i * n + j] = exp(z[i * n + j] - most);
        for (int j = 0; j < n; j++)
            y[i * n + j] /= sum;
    }
}

/* d[m, n] = (y - t) / m for labels t */
static inline void output_delta(int m, int n, const double *y, const int32_t *labels, double *d)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++)
            d[i * n + j] = (y[i * n + j] - (labels[i] == j)) / m;
}

/* g += factor w */
static inline void add_scaled(int n, double *g, double factor, const double *w)
{
    for (int i = 0; i < n; i++)
        g[i] += factor * w[i];
}

static inline double logistic(double x)
{
    return 1 / (1 + exp(-x));
}

#endif
