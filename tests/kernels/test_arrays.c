/* test_arrays.c - the loops over arrays of every kernel set against scalar loops: every length around the vector length, in
   buffers that end at an unreadable page. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "guarded.h"
#include "kernels/kernels.h"
#include "nn/optimizer.h"

enum { FILL = 0x33, MOST = 200 };

typedef struct array {
    tg_dtype dtype;
    int64_t n;
    void *data;
} array;

static double get(const array *a, int64_t i)
{
    return a->dtype == TG_F32 ? (double)((const float *)a->data)[i] : ((const double *)a->data)[i];
}

static void set(array *a, int64_t i, double x)
{
    if (a->dtype == TG_F32)
        ((float *)a->data)[i] = (float)x;
    else
        ((double *)a->data)[i] = x;
}

/* Values in -1 .. 1 that depend on the seed. */
static array make(tg_dtype dtype, int64_t n, int seed)
{
    array a = { dtype, n, guarded_alloc((size_t)n * tg_dtype_size(dtype), FILL) };
    for (int64_t i = 0; i < n; i++)
        set(&a, i, (double)((i + 17) * (seed + 3) * 7919 % 2003) / 1001 - 1);
    return a;
}

static void release(array *a)
{
    assert_true(guarded_front_is_intact(a->data, FILL));
    guarded_free(a->data, (size_t)a->n * tg_dtype_size(a->dtype));
}

static void same(tg_dtype dtype, double got, double want)
{
    const double eps = dtype == TG_F32 ? (double)FLT_EPSILON : DBL_EPSILON;
    if (!(fabs(got - want) <= 4 * eps * (1 + fabs(want))))
        fail_msg("%s f%d: %.17g, not %.17g", tg_kernel_set(), dtype == TG_F32 ? 32 : 64, got, want);
}

static void sums(const tg_kernels *k, tg_dtype dtype, int64_t n)
{
    array x = make(dtype, n, 1), y = make(dtype, n, 2), z = make(dtype, n, 2);
    k->add(n, x.data, y.data);
    for (int64_t i = 0; i < n; i++)
        same(dtype, get(&y, i), get(&x, i) + get(&z, i));
    k->scale(n, 1.5, z.data);
    double squares = 0;
    for (int64_t i = 0; i < n; i++) {
        same(dtype, get(&z, i), 1.5 * (get(&y, i) - get(&x, i)));
        squares += get(&x, i) * get(&x, i);
    }
    assert_true(fabs(k->sum_squares(n, x.data) - squares) <= (double)n * DBL_EPSILON * squares);
    release(&x);
    release(&y);
    release(&z);
}

static void finite(const tg_kernels *k, tg_dtype dtype, int64_t n)
{
    static const double bad[] = { (double)NAN, (double)INFINITY, -(double)INFINITY };
    array x = make(dtype, n, 1);
    assert_true(k->all_finite(n, x.data));
    for (int64_t i = 0; i < n; i++) {
        set(&x, i, bad[i % 3]);
        assert_false(k->all_finite(n, x.data));
        set(&x, i, dtype == TG_F32 ? (double)-FLT_MAX : DBL_MAX);
        assert_true(k->all_finite(n, x.data));
    }
    release(&x);
}

static void sgd(const tg_kernels *k, tg_dtype dtype, int64_t n)
{
    for (int flags = 0; flags < 16; flags++) {
        const bool momentum = flags & 1, nesterov = flags & 2, first = flags & 4, decays = flags & 8;
        array w = make(dtype, n, 1), v = make(dtype, n, 2), g = make(dtype, n, 3);
        array w0 = make(dtype, n, 1), v0 = make(dtype, n, 2);
        if (first)
            for (int64_t i = 0; i < n; i++)
                set(&v, i, (double)NAN);
        const tg_sgd_config c = { .momentum = 0.9, .dampening = 0.25, .nesterov = nesterov };
        const tg_update s = { .w = w.data,
                              .g = g.data,
                              .state = { momentum ? v.data : NULL },
                              .lr = 0.1,
                              .weight_decay = decays ? 0.01 : 0,
                              .step = first ? 1 : 2,
                              .config = &c };
        k->update[TG_UPDATE_sgd](n, &s);
        for (int64_t i = 0; i < n; i++) {
            double step = get(&g, i) + s.weight_decay * get(&w0, i);
            if (momentum) {
                const double velocity = first ? step : 0.9 * get(&v0, i) + 0.75 * step;
                same(dtype, get(&v, i), velocity);
                step = nesterov ? step + 0.9 * velocity : velocity;
            }
            same(dtype, get(&w, i), get(&w0, i) - 0.1 * step);
        }
        release(&w);
        release(&v);
        release(&g);
        release(&w0);
        release(&v0);
    }
}

static void adam_with(const tg_kernels *k, tg_dtype dtype, int64_t n, enum tg_update_index update)
{
    array w = make(dtype, n, 1), m = make(dtype, n, 2), v = make(dtype, n, 3), g = make(dtype, n, 4);
    array w0 = make(dtype, n, 1), m0 = make(dtype, n, 2), v0 = make(dtype, n, 3);
    for (int64_t i = 0; i < n; i++) {
        set(&v, i, 1 + get(&v, i) / 2);
        set(&v0, i, get(&v, i));
    }
    const bool decoupled = update == TG_UPDATE_adamw;
    const tg_adam_config c = { .beta1 = 0.9, .beta2 = 0.99, .eps = 1e-3 };
    const tg_update u = { .w = w.data,
                          .g = g.data,
                          .state = { m.data, v.data },
                          .lr = 0.1,
                          .weight_decay = decoupled ? 0.3 : 0.02,
                          .step = 2,
                          .config = &c };
    k->update[update](n, &u);
    for (int64_t i = 0; i < n; i++) {
        const double grad = get(&g, i) + (decoupled ? 0 : 0.02) * get(&w0, i), kept = decoupled ? 0.97 : 1;
        const double mean = 0.9 * get(&m0, i) + 0.1 * grad, square = 0.99 * get(&v0, i) + 0.01 * grad * grad;
        same(dtype, get(&m, i), mean);
        same(dtype, get(&v, i), square);
        same(dtype, get(&w, i), kept * get(&w0, i) - 0.1 * (mean / 0.19) / (sqrt(square / 0.0199) + 1e-3));
    }
    release(&w);
    release(&m);
    release(&v);
    release(&g);
    release(&w0);
    release(&m0);
    release(&v0);
}

static void adam(const tg_kernels *k, tg_dtype dtype, int64_t n)
{
    adam_with(k, dtype, n, TG_UPDATE_adam);
    adam_with(k, dtype, n, TG_UPDATE_adamw);
}

static void for_every_set(void (*check)(const tg_kernels *k, tg_dtype dtype, int64_t n))
{
    for (int s = 0; tg_kernel_set_at(s); s++) {
        assert_int_equal(tg_use_kernel_set(tg_kernel_set_at(s)), TG_OK);
        for (int64_t n = 0; n <= MOST; n = n < 40 ? n + 1 : n + 13) {
            check(tg_kernels_for(TG_F32), TG_F32, n);
            check(tg_kernels_for(TG_F64), TG_F64, n);
        }
    }
    tg_use_kernel_set(NULL);
}

static void sums_are_right(void **state)
{
    (void)state;
    for_every_set(sums);
}
static void values_that_are_not_finite_are_found(void **state)
{
    (void)state;
    for_every_set(finite);
}
static void sgd_steps(void **state)
{
    (void)state;
    for_every_set(sgd);
}
static void adam_steps(void **state)
{
    (void)state;
    for_every_set(adam);
}

/* A million squares of 1/3: a sum in float would lose half of its digits. */
static void many_squares_are_summed_in_double(void **state)
{
    (void)state;
    static float x[1000000];
    for (int i = 0; i < 1000000; i++)
        x[i] = 1.0f / 3;
    const double third = (double)(1.0f / 3);
    for (int s = 0; tg_kernel_set_at(s); s++) {
        tg_use_kernel_set(tg_kernel_set_at(s));
        assert_true(fabs(tg_kernels_for(TG_F32)->sum_squares(1000000, x) - 1e6 * third * third) < 1e-6);
    }
    tg_use_kernel_set(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_right),
        cmocka_unit_test(values_that_are_not_finite_are_found),
        cmocka_unit_test(sgd_steps),
        cmocka_unit_test(adam_steps),
        cmocka_unit_test(many_squares_are_summed_in_double),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
