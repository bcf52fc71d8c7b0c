/* naive.h - for tests of operations: arrays of doubles with seeded contents, index by index, and gradients by central
   differences, without the library's checker. Include it first. */
#ifndef TG_NAIVE_H
#define TG_NAIVE_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tapegrad.h"

enum { NAIVE_MOST = 4096 };

typedef struct array {
    tg_shape shape;
    int64_t size;
    double v[NAIVE_MOST];
} array;

/* A shape of rank 0..8 with sizes 0..4, rarely 0, and at most `most` elements. */
static inline tg_shape random_shape(tg_rng *rng, int rank, int64_t most)
{
    tg_shape s = { .rank = rank };
    for (int64_t d = 0, n = 1; d < rank; d++) {
        int64_t size = tg_rng_below(rng, 12) == 0 ? 0 : 1 + (int64_t)tg_rng_below(rng, 4);
        s.dims[d] = n * size > most ? 1 : size;
        n *= s.dims[d] ? s.dims[d] : 1;
    }
    return s;
}

static inline array random_array(tg_rng *rng, tg_shape shape, double lo, double hi)
{
    array a = { .shape = shape, .size = tg_shape_size(&shape) };
    assert_in_range(a.size, 0, NAIVE_MOST);
    for (int64_t i = 0; i < a.size; i++)
        a.v[i] = (double)(float)tg_rng_between(rng, lo, hi); /* the same in both dtypes */
    return a;
}

static inline tg_tensor variable_of(tg_tape *t, const array *a)
{
    return tg_variable_f64(t, a->shape, a->v);
}

static inline void read_array(tg_tensor x, array *a)
{
    a->shape = tg_shape_of(x);
    a->size = tg_size(x);
    assert_in_range(a->size, 0, NAIVE_MOST);
    if (tg_read_f64(x, a->v, a->size) != TG_OK)
        fail_msg("%s", tg_tape_message(x.tape));
}

/* Row-major index to position along each axis, and back through another shape's sizes. */
static inline void position_of(const tg_shape *s, int64_t index, int64_t *at)
{
    for (int d = s->rank - 1; d >= 0; d--) {
        at[d] = index % s->dims[d];
        index /= s->dims[d];
    }
}
static inline int64_t index_of(const tg_shape *s, const int64_t *at)
{
    int64_t index = 0;
    for (int d = 0; d < s->rank; d++)
        index = index * s->dims[d] + at[d];
    return index;
}

static inline void same_shape(tg_shape a, tg_shape b)
{
    char x[192], y[192];
    if (!tg_shape_equal(&a, &b))
        fail_msg("%s is not %s", tg_shape_text(&a, x, sizeof x), tg_shape_text(&b, y, sizeof y));
}

/* |a - b| <= tolerance max(1, |b|); NaN is NaN, infinity infinity. */
static inline void near(double a, double b, double tolerance, const char *what, int64_t i)
{
    const double m = fabs(b) > 1 ? fabs(b) : 1;
    const int same = a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= tolerance * m;
    if (!same)
        fail_msg("%s, element %lld: %.17g, not %.17g", what, (long long)i, a, b);
}

static inline void near_all(const array *a, const double *b, double tolerance, const char *what)
{
    for (int64_t i = 0; i < a->size; i++)
        near(a->v[i], b[i], tolerance, what, i);
}

/* Gradients ------------------------------------------------------------------------------------------------------- */

typedef tg_tensor naive_function(const tg_tensor *x, int n, const void *context);

/* sum over i of weight_i y_i with weights that depend on i alone. */
static inline tg_tensor weighed(tg_tensor y, uint64_t seed)
{
    const int64_t n = tg_size(y);
    double *w = malloc((size_t)(n + 1) * sizeof *w);
    tg_rng rng = tg_rng_seed(seed);
    for (int64_t i = 0; i < n; i++)
        w[i] = tg_rng_between(&rng, -1, 1);
    const tg_tensor c = tg_constant_f64(y.tape, tg_shape_of(y), w);
    free(w);
    return tg_sum(tg_mul(y, c), TG_ALL, false);
}

typedef struct gradient_of {
    naive_function *f;
    const void *context;
} gradient_of;

/* The weighted sum of the gradients of f's squares: a function whose gradient is of second order, also where
   f is linear. */
static inline tg_tensor weighed_gradients(const tg_tensor *x, int n, const void *context)
{
    const gradient_of *g = context;
    tg_tensor grads[4] = { { 0 } }, sum = { 0 };
    const tg_tensor y = g->f(x, n, g->context), e = weighed(tg_mul(y, y), 17);
    if (tg_grad(e, (tg_tensor){ 0 }, x, n, grads, TG_CREATE_GRAPH) != TG_OK)
        fail_msg("%s", tg_tape_message(e.tape));
    for (int i = 0; i < n; i++) {
        const tg_tensor w = weighed(grads[i], 23 + (uint64_t)i);
        sum = i ? tg_add(sum, w) : w;
    }
    return sum;
}

static inline double value_at(naive_function *f, const void *context, const array *x, int n)
{
    tg_tape *t = tg_tape_create(TG_F64);
    tg_tensor in[4];
    for (int i = 0; i < n; i++)
        in[i] = variable_of(t, &x[i]);
    const double y = tg_item(weighed(f(in, n, context), 5));
    if (tg_tape_status(t) != TG_OK)
        fail_msg("%s", tg_tape_message(t));
    tg_tape_destroy(t);
    return y;
}

static inline void check_first(naive_function *f, const void *context, array *x, int n, const char *what)
{
    tg_tape *t = tg_tape_create(TG_F64);
    tg_tensor in[4];
    for (int i = 0; i < n; i++)
        in[i] = variable_of(t, &x[i]);
    const tg_tensor y = weighed(f(in, n, context), 5);
    if (!tg_needs_grad(y))
        fail_msg("%s: needs no gradient: %s", what, tg_tape_message(t));
    if (tg_backward(y) != TG_OK)
        fail_msg("%s: %s", what, tg_tape_message(t));
    for (int i = 0; i < n; i++) {
        array g;
        read_array(tg_grad_of(in[i]), &g);
        same_shape(g.shape, x[i].shape);
        for (int64_t j = 0; j < x[i].size; j++) {
            const double h = 1e-5, at = x[i].v[j];
            x[i].v[j] = at + h;
            const double up = value_at(f, context, x, n);
            x[i].v[j] = at - h;
            const double down = value_at(f, context, x, n);
            x[i].v[j] = at;
            near(g.v[j], (up - down) / (2 * h), 2e-7, what, j);
        }
    }
    tg_tape_destroy(t);
}

/* The gradient of <c, f>, and the gradient of its gradient, by every element of every input. */
static inline void check_gradients(naive_function *f, const void *context, array *x, int n, const char *what)
{
    const gradient_of second = { f, context };
    check_first(f, context, x, n, what);
    check_first(weighed_gradients, &second, x, n, what);
}

/* Errors ---------------------------------------------------------------------------------------------------------- */

/* That the tape carries this error and y is bad; clears it. */
static inline void refused(tg_tape *t, tg_tensor y, tg_status status, const char *message)
{
    assert_false(tg_is_valid(y));
    assert_string_equal(tg_tape_message(t), message);
    assert_int_equal(tg_tape_status(t), status);
    tg_tape_reset(t);
}

#endif
