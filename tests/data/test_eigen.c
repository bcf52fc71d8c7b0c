/* test_eigen.c - the symmetric eigen-solver on matrices whose spectra are known, repeated, graded, or hard to separate. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_allocator.h"
#include "tapegrad/pca.h"
#include "tapegrad/rng.h"
#include "threads.h"

enum { MOST = 150 };

static double dot(const double *x, const double *y, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* Values descend, |a v - value v| <= 1e-12 |a|, |v . w| is 0 or 1 within 1e-12, and the sign is the documented one. */
static void assert_solved(const double *a, int n, int k, const double *values, const double *vectors)
{
    const double norm = sqrt(dot(a, a, n * n));
    for (int p = 0; p < k; p++) {
        const double *v = vectors + p * n;
        assert_true(p == 0 || values[p] <= values[p - 1]);
        double squares = 0, largest = 0;
        for (int i = 0; i < n; i++) {
            const double r = dot(a + i * n, v, n) - values[p] * v[i];
            squares += r * r;
            if (fabs(v[i]) > fabs(largest))
                largest = v[i];
        }
        assert_true(sqrt(squares) <= 1e-12 * norm);
        assert_true(largest > 0);
        for (int q = 0; q <= p; q++)
            assert_true(fabs(dot(v, vectors + q * n, n) - (q == p)) <= 1e-12);
    }
}

static void solve(const double *a, int n, int k, double *values, double *vectors)
{
    tg_error err;
    if (tg_symmetric_eigen(a, n, k, values, vectors, NULL, &err) != TG_OK)
        fail_msg("%s", err.text);
    assert_int_equal(err.status, TG_OK);
}

/* Q is a product of reflections I - 2 u u^T / u^T u of vectors written down: x becomes Q x. */
static void apply_q(double *x, int n)
{
    for (int r = 0; r < 3; r++) {
        double u[MOST], share = 0, squares = 0;
        for (int i = 0; i < n; i++) {
            u[i] = 1 + (i * (r + 2) + r) % 7;
            share += u[i] * x[i];
            squares += u[i] * u[i];
        }
        for (int i = 0; i < n; i++)
            x[i] -= 2 * share / squares * u[i];
    }
}

/* a = Q diag(d) Q^T and the rows of q, the columns of Q. */
static void make_known(int n, const double *d, double *q, double *a)
{
    for (int j = 0; j < n; j++) {
        for (int i = 0; i < n; i++)
            q[j * n + i] = i == j;
        apply_q(q + j * n, n);
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int p = 0; p < n; p++)
                sum += q[p * n + i] * d[p] * q[p * n + j];
            a[i * n + j] = a[j * n + i] = sum;
        }
}

static void known_axes_are_found(void **state)
{
    (void)state;
    enum { N = 60 };
    static double d[N], q[N * N], a[N * N], values[N], vectors[N * N];
    for (int i = 0; i < N; i++)
        d[i] = (i * 7) % N - 20.5; /* 60 different ones, -20.5 .. 38.5, in no order */
    make_known(N, d, q, a);
    solve(a, N, N, values, vectors);
    assert_solved(a, N, N, values, vectors);
    for (int p = 0; p < N; p++) {
        const double expected = 38.5 - p;
        int j = 0;
        while (d[j] != expected)
            j++;
        assert_true(fabs(values[p] - expected) <= 1e-12);
        const double *v = vectors + p * N, sign = dot(v, q + j * N, N) < 0 ? -1 : 1;
        for (int i = 0; i < N; i++)
            assert_true(fabs(v[i] - sign * q[j * N + i]) <= 1e-12);
    }
}

static void repeated_and_zero_values_have_orthogonal_vectors(void **state)
{
    (void)state;
    enum { N = 70 };
    static double d[N], q[N * N], a[N * N], values[N], vectors[N * N];
    for (int i = 0; i < N; i++)
        d[i] = i % 7 == 3 ? 5 : i % 7 == 4 ? -2 : 0; /* 10 times 5, 50 times 0, 10 times -2 */
    make_known(N, d, q, a);
    solve(a, N, N, values, vectors);
    assert_solved(a, N, N, values, vectors);
    for (int p = 0; p < N; p++)
        assert_true(fabs(values[p] - (p < 10 ? 5 : p < 60 ? 0 : -2)) <= 1e-13 * N);
}

static void small_matrices_by_hand(void **state)
{
    (void)state;
    double values[2], v[4];
    solve((double[]){ -3 }, 1, 1, values, v);
    assert_true(values[0] == -3 && v[0] == 1);
    solve((double[]){ 0 }, 1, 1, values, v);
    assert_true(values[0] == 0 && v[0] == 1);
    solve((double[]){ 2, 1, 1, 2 }, 2, 2, values, v);
    const double r = sqrt(0.5), expected[] = { r, r, r, -r };
    assert_true(fabs(values[0] - 3) < 1e-15 && fabs(values[1] - 1) < 1e-15);
    for (int i = 0; i < 4; i++)
        assert_true(fabs(fabs(v[i]) - r) < 1e-15 && v[i] * expected[i] * v[0] > 0);
    solve((double[]){ 1, 2, 2, -2 }, 2, 1, values, v); /* 2 and -3 */
    assert_true(fabs(values[0] - 2) < 1e-15 && fabs(v[0] - 2 / sqrt(5)) < 1e-15 && fabs(v[1] - 1 / sqrt(5)) < 1e-15);
    solve((double[]){ 0, 0, 0, 0 }, 2, 2, values, v);
    assert_true(values[0] == 0 && values[1] == 0);
    assert_solved((double[]){ 0, 0, 0, 0 }, 2, 2, values, v);
}

static void a_diagonal_matrix_has_its_numbers(void **state)
{
    (void)state;
    enum { N = 6 };
    const double d[N] = { -1, 4, 0, 4, 1e-200, -7 }, sorted[N] = { 4, 4, 1e-200, 0, -1, -7 };
    const int place[N] = { 1, 3, 4, 2, 0, 5 };
    double a[N * N] = { 0 }, values[N], vectors[N * N];
    for (int i = 0; i < N; i++)
        a[i * N + i] = d[i];
    solve(a, N, N, values, vectors);
    for (int p = 0; p < N; p++) {
        assert_true(values[p] == sorted[p]);
        for (int i = 0; i < N; i++)
            assert_true(vectors[p * N + i] == (i == place[p]));
    }
}

/* The second difference: 4 sin^2(j pi / 2 (n + 1)) and sines. */
static void the_second_difference_has_its_sines(void **state)
{
    (void)state;
    enum { N = MOST };
    static double a[N * N], values[N], vectors[N * N];
    const double pi = acos(-1.0);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            a[i * N + j] = i == j ? 2 : abs(i - j) == 1 ? -1 : 0;
    solve(a, N, N, values, vectors);
    assert_solved(a, N, N, values, vectors);
    for (int p = 0; p < N; p++) {
        const int j = N - p;
        const double s = sin(j * pi / (2 * (N + 1)));
        assert_true(fabs(values[p] - 4 * s * s) <= 1e-13);
        for (int i = 0; i < N; i++)
            assert_true(fabs(fabs(vectors[p * N + i]) -
                             sqrt(2.0 / (N + 1)) * fabs(sin((i + 1) * j * pi / (N + 1)))) <= 1e-10);
    }
}

/* Matrices of any size. */
typedef double entry_fn(int i, int j, int n);

static double random_entry(int i, int j, int n)
{
    const double x = (double)(tg_rng_at(9, (uint64_t)(i > j ? i * n + j : j * n + i)) >> 11) * 0x1p-52 - 1;
    return x;
}

static double ones(int i, int j, int n)
{
    (void)i, (void)j, (void)n;
    return 1;
}

static double graded_up(int i, int j, int n)
{
    return random_entry(i, j, n) * pow(0.25, n - 1 - (i < j ? i : j));
}

static double graded_down(int i, int j, int n)
{
    return random_entry(i, j, n) * pow(0.25, i > j ? i : j);
}

/* Wilkinson's W+ of 21, glued by 1e-9: pairs that agree to 14 digits, in as many copies. */
static double glued(int i, int j, int n)
{
    (void)n;
    return i == j ? abs(10 - i % 21) : abs(i - j) == 1 ? ((i > j ? i : j) % 21 == 0 ? 1e-9 : 1) : 0;
}

static double almost_identity(int i, int j, int n)
{
    return (i == j) + 1e-15 * random_entry(i, j, n);
}

static double hilbert(int i, int j, int n)
{
    (void)n;
    return 1.0 / (i + j + 1);
}

static double two_scales(int i, int j, int n)
{
    return i < 3 && j < 3 ? random_entry(i, j, n) : i >= 3 && j >= 3 ? 1e-140 * random_entry(i, j, n) : 0;
}

/* Rank 20: the rest of the spectrum is rounding, which large numbers disturb in every step. */
static double low_rank(int i, int j, int n)
{
    (void)n;
    double sum = 0;
    for (int p = 0; p < 20; p++)
        sum += (random_entry(i, 1000 + p, 2000) + 3) * (random_entry(j, 1000 + p, 2000) + 3);
    return sum;
}

static entry_fn *const kinds[] = { random_entry,    ones,    graded_up,  graded_down, glued,
                                   almost_identity, hilbert, two_scales, low_rank };

static void make(double *a, int n, entry_fn *entry, double scale)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            a[i * n + j] = scale * entry(i, j, n);
}

/* Sizes around those at which the solver changes what it does: panels of 32, vectors by 24. */
static void every_kind_and_size_is_solved(void **state)
{
    (void)state;
    static double a[MOST * MOST], before[MOST * MOST], values[MOST], vectors[MOST * MOST];
    const int sizes[] = { 1, 2, 3, 4, 5, 8, 23, 24, 25, 31, 32, 33, 34, 63, 64, 65, 66, 97, MOST };
    for (size_t c = 0; c < sizeof kinds / sizeof *kinds; c++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            const int n = sizes[s];
            make(a, n, kinds[c], 1);
            memcpy(before, a, sizeof a);
            solve(a, n, n, values, vectors);
            assert_memory_equal(a, before, sizeof a);
            assert_solved(a, n, n, values, vectors);
            double trace = 0, sum = 0;
            for (int i = 0; i < n; i++) {
                trace += a[i * n + i];
                sum += values[i];
            }
            assert_true(fabs(trace - sum) <= 1e-12 * sqrt(dot(a, a, n * n)));
        }
}

/* Most of the spectrum is rounding, beside large numbers that disturb it in every step: a test of the numbers beside the
   diagonal against their neighbours alone never ends, on 7 to 10 % of these. */
static void low_ranks_converge(void **state)
{
    (void)state;
    enum { WIDE = 309 };
    double *a = malloc(WIDE * WIDE * sizeof *a), *values = malloc(WIDE * sizeof *values);
    assert_true(a && values);
    tg_rng rng = tg_rng_seed(1);
    for (int n = 50; n <= WIDE; n += 37)
        for (int rank = 1; rank < n; rank = 2 * rank + 1)
            for (int mean = 0; mean <= 5; mean += 5) {
                memset(a, 0, WIDE * WIDE * sizeof *a);
                for (int p = 0; p < rank; p++) {
                    double x[WIDE];
                    for (int i = 0; i < n; i++)
                        x[i] = tg_rng_normal(&rng) + mean;
                    for (int i = 0; i < n; i++)
                        for (int j = 0; j < n; j++)
                            a[i * n + j] += x[i] * x[j];
                }
                solve(a, n, n, values, NULL);
                for (int i = 0; i < n; i++)
                    assert_true(i < rank ? values[i] > 1e-12 * values[0] : fabs(values[i]) <= 1e-12 * values[0]);
            }
    free(a);
    free(values);
}

static void the_k_largest_are_the_first_of_all(void **state)
{
    (void)state;
    enum { N = 90 };
    static double a[N * N], all[N], vectors[N * N], values[N], some[N * N], alone[N];
    make(a, N, random_entry, 1);
    solve(a, N, N, all, vectors);
    const int wanted[] = { 1, 2, 23, 24, 25, 49, N };
    for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++) {
        const int k = wanted[w];
        solve(a, N, k, values, some);
        solve(a, N, k, alone, NULL);
        assert_memory_equal(values, all, (size_t)k * sizeof *values);
        assert_memory_equal(alone, all, (size_t)k * sizeof *values);
        for (int i = 0; i < k * N; i++)
            assert_true(fabs(some[i] - vectors[i]) <= 1e-13);
    }
}

static void the_scale_does_not_matter(void **state)
{
    (void)state;
    enum { N = 40 };
    static double a[N * N], values[N], vectors[N * N], large[N], same[N * N];
    make(a, N, random_entry, 1);
    solve(a, N, N, values, vectors);
    const int powers[] = { -1060, -1000, -600, -1, 1, 500, 1018 };
    for (size_t p = 0; p < sizeof powers / sizeof *powers; p++) {
        static double scaled[N * N];
        make(scaled, N, random_entry, 1);
        for (int i = 0; i < N * N; i++)
            scaled[i] = ldexp(a[i], powers[p]);
        solve(scaled, N, N, large, same);
        const bool exact = powers[p] > -1000; /* else some digits are lost in a */
        for (int i = 0; i < N; i++)
            assert_true(exact ? large[i] == ldexp(values[i], powers[p])
                              : fabs(large[i] - ldexp(values[i], powers[p])) <= 100 * 0x1p-1074);
        if (exact)
            assert_memory_equal(same, vectors, sizeof same);
    }
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    enum { N = 500, K = 130 };
    double *a = malloc((size_t)(N * N + 2 * K * (N + 1)) * sizeof *a);
    assert_non_null(a);
    double *first = a + N * N, *again = first + K * (N + 1);
    make(a, N, random_entry, 1);
    for (int threads = 1; threads <= 4; threads++) {
        double *to = threads == 1 ? first : again;
        use_threads(threads);
        solve(a, N, K, to, to + K);
        if (threads > 1)
            assert_memory_equal(first, again, (size_t)(K * (N + 1)) * sizeof *a);
    }
    use_threads(0);
    free(a);
}

static void no_memory_is_an_error(void **state)
{
    (void)state;
    enum { N = 12 };
    double a[N * N], values[N], vectors[N * N];
    make(a, N, random_entry, 1);
    bool done = false;
    long n = 1;
    for (; !done; n++) {
        failing f = { .fail_at = n };
        const tg_allocator allocator = failing_allocator(&f);
        tg_error err;
        const tg_status status = tg_symmetric_eigen(a, N, N, values, vectors, &allocator, &err);
        done = f.calls < n;
        assert_int_equal(status, done ? TG_OK : TG_ERR_MEMORY);
        assert_int_equal(err.status, status);
        assert_true(f.outstanding == 0 && f.bytes == 0);
    }
    assert_true(n > 12); /* each step of the iteration, too */
    assert_solved(a, N, N, values, vectors);
}

static void refusals_name_the_reason(void **state)
{
    (void)state;
    double v[4], w[2];
    const double good[] = { 1, 2, 2, 1 }, inf = (double)INFINITY, large = 1.7e308;
    const struct {
        const double *a;
        int64_t n, k;
        double *values;
        tg_status status;
        const char *says;
    } cases[] = {
        { NULL, 2, 1, w, TG_ERR_ARGUMENT, "a is NULL" },
        { good, 2, 1, NULL, TG_ERR_ARGUMENT, "values is NULL" },
        { good, 2, 0, w, TG_ERR_RANGE, "0 eigenvalues of a matrix of size 2" },
        { good, 2, 3, w, TG_ERR_RANGE, "3 eigenvalues of a matrix of size 2" },
        { good, 0, 0, w, TG_ERR_RANGE, "size 0" },
        { good, -1, 1, w, TG_ERR_RANGE, "size -1" },
        { good, INT64_MAX, 1, w, TG_ERR_SHAPE, "more than memory can address" },
        { good, 200000000, 1, w, TG_ERR_SHAPE, "more than memory can address" },
        { (double[]){ 1, 2, 3, 1 }, 2, 1, w, TG_ERR_ARGUMENT, "a[0, 1] is 2 and a[1, 0] 3" },
        { (double[]){ 1, large, -large, 1 }, 2, 1, w, TG_ERR_ARGUMENT, "symmetric matrix" },
        { (double[]){ 1, 2, 2, (double)NAN }, 2, 1, w, TG_ERR_RANGE, "a[1, 1] is" },
        { (double[]){ 1, inf, inf, 1 }, 2, 1, w, TG_ERR_RANGE, "a[0, 1] is inf" },
        { (double[]){ large, large, large, large }, 2, 1, w, TG_ERR_RANGE, "beyond what a double can hold" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tg_error err;
        assert_int_equal(tg_symmetric_eigen(cases[i].a, cases[i].n, cases[i].k, cases[i].values, v, NULL, &err),
                         cases[i].status);
        assert_int_equal(err.status, cases[i].status);
        assert_non_null(strstr(err.text, "symmetric_eigen: "));
        assert_non_null(strstr(err.text, cases[i].says));
    }
    solve((double[]){ 1, 2, 2 + 1e-12, 1 }, 2, 2, w, v); /* symmetric but for rounding */
    assert_true(fabs(w[0] - 3) < 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_axes_are_found),
        cmocka_unit_test(repeated_and_zero_values_have_orthogonal_vectors),
        cmocka_unit_test(small_matrices_by_hand),
        cmocka_unit_test(a_diagonal_matrix_has_its_numbers),
        cmocka_unit_test(the_second_difference_has_its_sines),
        cmocka_unit_test(every_kind_and_size_is_solved),
        cmocka_unit_test(low_ranks_converge),
        cmocka_unit_test(the_k_largest_are_the_first_of_all),
        cmocka_unit_test(the_scale_does_not_matter),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(no_memory_is_an_error),
        cmocka_unit_test(refusals_name_the_reason),
    };
    return cmocka_run_group_tests_name("eigen", tests, NULL, NULL);
}
