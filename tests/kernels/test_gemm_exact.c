/* test_gemm_exact.c - the accuracy of products with a long inner axis, in every kernel set and by every method. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include <cmocka.h>

#include "kernels/kernels.h"

/* Each method for a product: dot products of few rows and of few columns, streams of one row and of two, rows as lanes with A
   by columns and by rows, tiles from operands in place, copied and gathered. Operands are constant, so that rows and columns
   may overlap in memory; only the strides say how they are stored. */
typedef struct method {
    int64_t m, n, a_row, a_col, b_row, b_col;
    bool copied; /* as a large product */
} method;

static const method methods[] = {
    { 1, 1, 1, 1, 1, 1, false },    { 3, 5, 4, 1, 1, 4, false },    { 9, 2, 4, 1, 4, 1, false },
    { 1, 200, 4, 1, 4, 1, false },  { 2, 200, 4, 1, 4, 1, false },  { 1, 3000, 4, 1, 4, 1, false },
    { 40, 10, 1, 4, 10, 1, false }, { 40, 10, 4, 1, 10, 1, false }, { 20, 12, 1, 4, 4, 1, false },
    { 17, 1, 1, 4, 4, 1, false },   { 20, 3, 1, 4, 4, 1, false },   { 20, 5, 1, 4, 5, 1, false },
    { 13, 50, 4, 1, 4, 1, false },  { 13, 50, 1, 4, 4, 1, false },  { 13, 50, 4, 1, 1, 4, false },
    { 13, 50, 2, 2, 2, 2, false },  { 60, 50, 4, 1, 4, 1, true },   { 60, 50, 1, 4, 1, 4, true },
};
enum { METHODS = sizeof methods / sizeof methods[0], STRIDE = 10, OFFSETS = 4 * 3000 };

static float *constants(int64_t count, float c)
{
    float *p = malloc((size_t)count * sizeof *p);
    assert_non_null(p);
    for (int64_t i = 0; i < count; i++)
        p[i] = c;
    return p;
}

static void multiply(const tg_gemm *g, bool copied)
{
    const tg_kernels *k = tg_kernels_for(TG_F32);
    const size_t size = copied ? tg_gemm_room_large(k, TG_F32, g) : tg_gemm_room(k, TG_F32, g);
    void *scratch = malloc(size + 1);
    assert_non_null(scratch);
    (copied ? tg_gemm_run_large : tg_gemm_run)(k, TG_F32, g, scratch);
    free(scratch);
}

/* The largest relative error of any element. C contains `start` at first; 0: init is NULL. */
static double error_of(const method *w, int64_t k, const float *x, float start)
{
    float *c = constants(w->m * w->n, start);
    multiply(&(tg_gemm){ .m = w->m,
                         .n = w->n,
                         .k = k,
                         .a = x,
                         .a_row = w->a_row,
                         .a_col = w->a_col,
                         .b = x,
                         .b_row = w->b_row,
                         .b_col = w->b_col,
                         .c = c,
                         .c_row = w->n,
                         .init = start != 0 ? c : NULL,
                         .init_row = w->n },
             w->copied);
    const double want = (double)x[0] * (double)x[0] * (double)k + (double)start;
    double worst = 0; /* of the differences: fmax of quotients stops gcc 12 for aarch64 with an internal error */
    for (int64_t i = 0; i < w->m * w->n; i++) {
        const double difference = fabs((double)c[i] - want);
        if (!(difference <= worst))
            worst = isnan(difference) ? (double)INFINITY : difference;
    }
    free(c);
    return worst / want;
}

/* The errors of PyTorch 1.13 on x86. For k beyond 10^4 only the methods with few elements of C are run. */
static const struct {
    int64_t k, most; /* elements of C */
    double bound;
} lengths[] = {
    { 1000, 3000, 9e-7 }, { 2500, 3000, 9e-7 }, { 10000, 3000, 9e-7 }, { 100000, 700, 3e-6 }, { 1000000, 60, 3e-5 }
};

/* Under an emulator the longest products take minutes. */
static bool is_emulated(void)
{
    return getenv("TAPEGRAD_EMULATED");
}

static void tenths(void)
{
    for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
        const int64_t k = lengths[l].k;
        if (k > 100000 && is_emulated())
            return;
        float *x = constants(k * STRIDE + OFFSETS, 0.1f);
        for (int i = 0; i < METHODS; i++) {
            const method *w = &methods[i];
            for (float start = 0; w->m * w->n <= lengths[l].most && start <= 2; start += 2) {
                const double error = error_of(w, k, x, start);
                if (!(error <= lengths[l].bound))
                    fail_msg("%s: method %d, [%d, %d] x [%d, %d] on %g: error %.2g, bound %.2g", tg_kernel_set(), i,
                             (int)w->m, (int)k, (int)k, (int)w->n, (double)start, error, lengths[l].bound);
            }
        }
        free(x);
    }
}

/* More terms than there are consecutive integers in float32. */
static void ones(void)
{
    const int64_t k = 20000000;
    float *x = constants(k + 64, 1);
    static const method dense[] = { { 1, 1, 1, 1, 1, 1, false },
                                    { 3, 2, 1, 1, 1, 1, false },
                                    { 17, 1, 1, 1, 1, 1, false },
                                    { 16, 4, 1, 1, 1, 1, false },
                                    { 4, 13, 1, 1, 1, 1, false } };
    for (size_t i = 0; i < sizeof dense / sizeof dense[0]; i++)
        assert_true(error_of(&dense[i], k, x, 0) == 0);
    free(x);
}

static void for_every_set(void (*f)(void))
{
    for (int i = 0; tg_kernel_set_at(i); i++) {
        assert_int_equal(tg_use_kernel_set(tg_kernel_set_at(i)), TG_OK);
        f();
    }
    assert_int_equal(tg_use_kernel_set(NULL), TG_OK);
}

static void test_tenths(void **unused)
{
    (void)unused;
    for_every_set(tenths);
}

static void test_ones(void **unused)
{
    (void)unused;
    if (is_emulated())
        skip();
    for_every_set(ones);
}

/* A long product has the same bits for every number of threads. */
static void test_threads(void **unused)
{
    (void)unused;
    enum { M = 30, N = 20, K = 40000 };
    float *x = constants(K * (M + N), 0), *c[2];
    for (int64_t i = 0; i < K * (M + N); i++)
        x[i] = (float)(i * 7919 % 1009) / 1009 - 0.3f;
    for (int t = 0; t < 2; t++) {
        assert_int_equal(tg_set_num_threads(1 + 2 * t), TG_OK);
        c[t] = constants(M * N, 0);
        multiply(&(tg_gemm){ .m = M,
                             .n = N,
                             .k = K,
                             .a = x,
                             .a_row = 1,
                             .a_col = M,
                             .b = x + K * M,
                             .b_row = N,
                             .b_col = 1,
                             .c = c[t],
                             .c_row = N },
                 false);
    }
    tg_set_num_threads(0);
    assert_memory_equal(c[0], c[1], M * N * sizeof(float));
    for (int64_t i = 0; i < M * N; i++) {
        double sum = 0, size = 0;
        for (int64_t p = 0; p < K; p++) {
            const double term = (double)x[p * M + i / N] * (double)x[K * M + p * N + i % N];
            sum += term;
            size += fabs(term);
        }
        assert_true(fabs((double)c[0][i] - sum) <= 1e-6 * size);
    }
    free(c[0]);
    free(c[1]);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tenths),
        cmocka_unit_test(test_ones),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
