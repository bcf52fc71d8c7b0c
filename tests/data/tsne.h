/* tsne.h - what the tests of t-SNE share: points, and the definitions of the paper written out with the C library. */
#ifndef TESTS_TSNE_H
#define TESTS_TSNE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "failing_allocator.h"
#include "tapegrad.h"
#include "threads.h"

enum { MOST_POINTS = 64 };

/* n points in `groups` groups that are far from each other: point i is in group i mod groups. */
static inline void draw_groups(double *x, int n, int d, int groups, uint64_t seed)
{
    tg_rng rng = tg_rng_seed(seed);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < d; k++)
            x[i * d + k] = (k % groups == i % groups ? 10 : 0) + tg_rng_normal(&rng);
}

static inline double squared_distance(const double *x, int d, int i, int j)
{
    double sum = 0;
    for (int k = 0; k < d; k++)
        sum += (x[i * d + k] - x[j * d + k]) * (x[i * d + k] - x[j * d + k]);
    return sum;
}

/* Row i of p(j | i) at precision b; returns its entropy in bits. */
static inline double naive_row(const double *x, int n, int d, int i, double b, double *row)
{
    double sum = 0, entropy = 0, nearest = (double)INFINITY;
    for (int j = 0; j < n; j++)
        nearest = j == i ? nearest : fmin(nearest, squared_distance(x, d, i, j));
    for (int j = 0; j < n; j++)
        sum += row[j] = j == i ? 0 : exp(-b * (squared_distance(x, d, i, j) - nearest));
    for (int j = 0; j < n; j++) {
        row[j] /= sum;
        entropy -= row[j] > 0 ? row[j] * log2(row[j]) : 0;
    }
    return entropy;
}

/* p by the paper's definition, for points of moderate distances. */
static inline void naive_affinities(const double *x, int n, int d, double perplexity, double *p)
{
    static double rows[MOST_POINTS * MOST_POINTS];
    for (int i = 0; i < n; i++) {
        double low = 1e-6, high = 1e6;
        for (int step = 0; step < 200; step++) {
            const double b = sqrt(low * high);
            *(naive_row(x, n, d, i, b, rows + i * n) > log2(perplexity) ? &low : &high) = b;
        }
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            p[i * n + j] = (rows[i * n + j] + rows[j * n + i]) / (2 * n);
}

/* 4 sum_j (c p_ij - q_ij) w_ij (y_i - y_j) */
static inline void naive_gradient(const double *p, const double *y, int n, int dims, double c, double *g)
{
    double total = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            total += i == j ? 0 : 1 / (1 + squared_distance(y, dims, i, j));
    for (int i = 0; i < n; i++)
        for (int k = 0; k < dims; k++) {
            g[i * dims + k] = 0;
            for (int j = 0; j < n; j++) {
                const double w = 1 / (1 + squared_distance(y, dims, i, j));
                if (j != i)
                    g[i * dims + k] += 4 * (c * p[i * n + j] - w / total) * w * (y[i * dims + k] - y[j * dims + k]);
            }
        }
}

static inline double naive_divergence(const double *p, const double *y, int n, int dims)
{
    double total = 0, sum = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            total += i == j ? 0 : 1 / (1 + squared_distance(y, dims, i, j));
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            const double pij = p[i * n + j];
            sum += pij > 0 ? pij * log(pij * total * (1 + squared_distance(y, dims, i, j))) : 0;
        }
    return sum;
}

static inline void assert_near(double a, double b, double allowed)
{
    if (!(fabs(a - b) <= allowed))
        fail_msg("%.17g is not %.17g (difference %.3g, allowed %.3g)", a, b, a - b, allowed);
}

static inline void assert_refused(tg_status status, const tg_error *err, tg_status expected, const char *text)
{
    if (status != expected || err->status != expected || !strstr(err->text, text))
        fail_msg("%s: \"%s\" does not say \"%s\"", tg_status_name(status), err->text, text);
}

#endif
