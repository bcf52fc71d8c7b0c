/* test_gemm.c - the matrix product of every kernel set, for all kinds of sizes and strides, against three nested loops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <cmocka.h>

#include "guarded.h"
#include "kernels/kernels.h"

enum { FILL = 0x5a, SEED = 20240607 };

static uint64_t state;

static uint32_t draw(uint32_t n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) % n);
}

/* A matrix in a guarded buffer. Its elements are small integers, so that every product below is exact and the order of its
   sums does not matter. */
typedef struct matrix {
    tg_dtype dtype;
    int64_t rows, cols, row, col, size;
    void *data;
} matrix;

/* C = A B */
static tg_gemm gemm_of(const matrix *a, const matrix *b, const matrix *c)
{
    return (tg_gemm){ .m = a->rows,
                      .n = b->cols,
                      .k = a->cols,
                      .a = a->data,
                      .a_row = a->row,
                      .a_col = a->col,
                      .b = b->data,
                      .b_row = b->row,
                      .b_col = b->col,
                      .c = c->data,
                      .c_row = c->row };
}

static double get(const matrix *a, int64_t i, int64_t j)
{
    const int64_t at = i * a->row + j * a->col;
    return a->dtype == TG_F32 ? (double)((const float *)a->data)[at] : ((const double *)a->data)[at];
}

static void set(matrix *a, int64_t i, int64_t j, double x)
{
    const int64_t at = i * a->row + j * a->col;
    if (a->dtype == TG_F32)
        ((float *)a->data)[at] = (float)x;
    else
        ((double *)a->data)[at] = x;
}

static size_t bytes(const matrix *a)
{
    return (size_t)a->size * tg_dtype_size(a->dtype);
}

static matrix make(tg_dtype dtype, int64_t rows, int64_t cols, int64_t row, int64_t col)
{
    matrix a = { dtype, rows, cols, row, col, 0, NULL };
    if (rows > 0 && cols > 0)
        a.size = (rows - 1) * row + (cols - 1) * col + 1;
    a.data = guarded_alloc(bytes(&a), FILL);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++)
            set(&a, i, j, (double)draw(17) - 8);
    return a;
}

/* Rows contiguous, columns contiguous, neither, one of the two strides 0; with and without gaps. */
static matrix make_any(tg_dtype dtype, int64_t rows, int64_t cols)
{
    const int64_t gap = draw(2) ? draw(5) : 0;
    switch (draw(6)) {
    case 0:
    case 1:
        return make(dtype, rows, cols, cols + gap, 1);
    case 2:
    case 3:
        return make(dtype, rows, cols, 1, rows + gap);
    case 4:
        return make(dtype, rows, cols, 2 * cols + gap, 2);
    default:
        return draw(2) ? make(dtype, rows, cols, 0, 1 + gap) : make(dtype, rows, cols, 1 + gap, 0);
    }
}

static void destroy(matrix *a)
{
    guarded_free(a->data, bytes(a));
}

/* Whether the bytes between the rows of c and before them are unmodified. */
static bool gaps_are_intact(const matrix *c)
{
    const unsigned char *p = c->data;
    const size_t size = tg_dtype_size(c->dtype);
    for (int64_t at = 0; at < c->size; at++)
        for (size_t b = 0; at % c->row >= c->cols && b < size; b++)
            if (p[(size_t)at * size + b] != FILL)
                return false;
    return guarded_front_is_intact(p, FILL);
}

typedef enum initial { ZEROS, BIAS, MATRIX, ITSELF, INITIALS } initial;

/* The kernel itself; divided among the threads; or divided and computed from copies of the operands, made before it is, or
   with those of A made by each task. */
typedef enum method { KERNEL, DIVIDED, COPIED, A_COPIED } method;

static void multiply(method how, const tg_gemm *g, tg_dtype dtype)
{
    const tg_kernels *kernels = tg_kernels_for(dtype);
    if (how == KERNEL) {
        kernels->gemm(g);
        return;
    }
    const size_t size = how == DIVIDED  ? tg_gemm_room(kernels, dtype, g)
                        : how == COPIED ? tg_gemm_room_large(kernels, dtype, g)
                                        : tg_gemm_room_copied(kernels, dtype, g);
    void *scratch = guarded_alloc(size, FILL);
    (how == DIVIDED  ? tg_gemm_run
     : how == COPIED ? tg_gemm_run_large
                     : tg_gemm_run_copied)(kernels, dtype, g, scratch);
    assert_true(guarded_front_is_intact(scratch, FILL));
    guarded_free(scratch, size);
}

static void check(tg_dtype dtype, int64_t m, int64_t n, int64_t k, initial start, method how)
{
    matrix a = make_any(dtype, m, k), b = make_any(dtype, k, n), c = make(dtype, m, n, n + draw(3), 1);
    matrix init = make(dtype, start == BIAS ? 1 : m, n, n + draw(3), 1);
    const matrix *from = start == ITSELF ? &c : &init;
    double *want = malloc(sizeof(double) * (size_t)(m * n + 1));
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = start == ZEROS ? 0 : get(from, start == BIAS ? 0 : i, j);
            for (int64_t p = 0; p < k; p++)
                sum += get(&a, i, p) * get(&b, p, j);
            want[i * n + j] = sum;
        }
    tg_gemm g = gemm_of(&a, &b, &c);
    g.init = start == ZEROS ? NULL : from->data;
    g.init_row = start == BIAS ? 0 : from->row;
    multiply(how, &g, dtype);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            if (get(&c, i, j) != want[i * n + j])
                fail_msg("%s f%d: %d x %d x %d, A %d %d, B %d %d, start %d: C[%d, %d] is %g, not %g", tg_kernel_set(),
                         dtype == TG_F32 ? 32 : 64, (int)m, (int)k, (int)n, (int)a.row, (int)a.col, (int)b.row,
                         (int)b.col, (int)start, (int)i, (int)j, get(&c, i, j), want[i * n + j]);
    assert_true(gaps_are_intact(&c));
    free(want);
    destroy(&a);
    destroy(&b);
    destroy(&c);
    destroy(&init);
}

/* Calls f with every kernel set that this machine can run. */
static void for_every_set(void (*f)(tg_dtype))
{
    for (int i = 0; tg_kernel_set_at(i); i++) {
        assert_int_equal(tg_use_kernel_set(tg_kernel_set_at(i)), TG_OK);
        state = SEED;
        f(TG_F32);
        f(TG_F64);
    }
    assert_int_equal(tg_use_kernel_set(NULL), TG_OK);
}

static void small_sizes(tg_dtype dtype)
{
    for (int64_t m = 0; m <= 9; m++)
        for (int64_t n = 0; n <= 18; n++)
            for (int64_t k = 0; k <= 3; k++)
                check(dtype, m, n, k, (initial)draw(INITIALS), KERNEL);
}

static void random_sizes(tg_dtype dtype)
{
    static const int64_t sizes[] = { 1,  2,  3,  4,  5,  7,  8,  9,  10, 12, 13, 15, 16, 17,
                                     20, 24, 31, 32, 33, 47, 48, 49, 63, 64, 65, 97, 100 };
    enum { N = sizeof sizes / sizeof sizes[0] };
    for (int i = 0; i < 600; i++)
        check(dtype, sizes[draw(N)], sizes[draw(N)], sizes[draw(N)], (initial)draw(INITIALS), KERNEL);
}

/* Beyond the sizes from which the product is divided into blocks or copies its operands. */
static void large_sizes(tg_dtype dtype)
{
    static const struct {
        int64_t m, n, k;
    } shapes[] = { { 3, 5, 1025 },  { 67, 50, 401 },  { 1, 100, 805 }, { 2, 19, 1300 }, { 530, 40, 33 },
                   { 515, 7, 410 }, { 130, 101, 64 }, { 700, 1, 50 },  { 33, 2, 900 },  { 10, 30, 2100 },
                   { 2, 300, 77 },  { 1, 130, 95 },   { 70, 10, 500 }, { 45, 22, 421 } };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (int repeat = 0; repeat < 30; repeat++)
            check(dtype, shapes[i].m, shapes[i].n, shapes[i].k, (initial)draw(INITIALS), KERNEL);
}

static void threaded_sizes(tg_dtype dtype)
{
    for (int threads = 1; threads <= 3; threads++) {
        assert_int_equal(tg_set_num_threads(threads), TG_OK);
        for (int i = 0; i < 12; i++)
            check(dtype, 1 + draw(300), 1 + draw(300), 1 + draw(200), (initial)draw(INITIALS), DIVIDED);
        check(dtype, 1000, 33, 70, BIAS, DIVIDED);
        check(dtype, 5, 2000, 90, ITSELF, DIVIDED);
        check(dtype, 2100, 2000, 0, BIAS, DIVIDED); /* many elements, each a sum of no terms */
    }
    tg_set_num_threads(0);
}

/* From copies: parts of a tile and of a panel, one and several passes, blocks, regions. */
static void copied_sizes(tg_dtype dtype)
{
    for (int i = 0; i < 300; i++)
        check(dtype, 1 + draw(40), 1 + draw(110), 1 + draw(30), (initial)draw(INITIALS), COPIED);
    for (int i = 0; i < 30; i++)
        check(dtype, 1 + draw(130), 1 + draw(70), 690 + draw(130), (initial)draw(INITIALS), COPIED);
    for (int start = 0; start < INITIALS; start++)
        check(dtype, 90 + draw(120), 380 + draw(60), 1 + draw(20), (initial)start, COPIED);
    for (int threads = 1; threads <= 3; threads += 2) {
        tg_set_num_threads(threads);
        for (int i = 0; i < 100; i++)
            check(dtype, 1 + draw(90), 1 + draw(260), 1 + draw(40), (initial)draw(INITIALS), A_COPIED);
        for (int i = 0; i < 8; i++)
            check(dtype, 100 + draw(400), 40 + draw(100), 200 + draw(400), (initial)draw(INITIALS), A_COPIED);
    }
    tg_set_num_threads(0);
    check(dtype, 2400, 5, 3, MATRIX, COPIED);
    check(dtype, 7, 2400, 3, MATRIX, A_COPIED);
    check(dtype, 7, 4800, 2, BIAS, COPIED);
    check(dtype, 2400, 3, 710, ITSELF, COPIED);
}

/* Divided products of every kind: sums of numbers that are not integers have the same bits for every number of threads. */
static void same_bits(tg_dtype dtype)
{
    static const struct {
        int64_t m, n, k;
        bool a_transposed, b_transposed;
    } shapes[] = { { 301, 203, 170, false, false }, { 203, 301, 170, true, true },  { 70, 900, 900, false, true },
                   { 1801, 10, 300, false, false }, { 300, 10, 1801, true, false }, { 1900, 3, 1000, false, false },
                   { 1, 2003, 2500, false, false }, { 2, 2003, 1300, false, true }, { 2100, 2300, 1, false, false },
                   { 301, 803, 850, false, true },  { 401, 403, 410, true, false }, { 401, 130, 701, true, false },
                   { 803, 301, 410, false, true } };
    enum { SHAPES = sizeof shapes / sizeof shapes[0], IN_PLACE = SHAPES - 4 };
    static const int threads[] = { 1, 2, 3, 7 };
    for (size_t i = 0; i < SHAPES; i++) {
        const int64_t m = shapes[i].m, n = shapes[i].n, k = shapes[i].k;
        matrix a = make(dtype, m, k, shapes[i].a_transposed ? 1 : k, shapes[i].a_transposed ? m : 1);
        matrix b = make(dtype, k, n, shapes[i].b_transposed ? 1 : n, shapes[i].b_transposed ? k : 1);
        for (int64_t r = 0; r < k; r++)
            for (int64_t j = 0; j < n; j++)
                set(&b, r, j, get(&b, r, j) / 7);
        void *first = NULL;
        for (size_t t = 0; t < sizeof threads / sizeof threads[0]; t++) {
            matrix c = make(dtype, m, n, n, 1);
            const tg_gemm g = gemm_of(&a, &b, &c);
            assert_int_equal(tg_set_num_threads(threads[t]), TG_OK);
            multiply(i < IN_PLACE ? DIVIDED : i % 2 ? COPIED : A_COPIED, &g, dtype);
            if (first) {
                assert_memory_equal(c.data, first, bytes(&c));
            } else {
                first = malloc(bytes(&c));
                assert_non_null(first);
                memcpy(first, c.data, bytes(&c));
            }
            destroy(&c);
        }
        free(first);
        destroy(&a);
        destroy(&b);
    }
    tg_set_num_threads(0);
}

static void test_small_sizes(void **unused)
{
    (void)unused;
    for_every_set(small_sizes);
}

static void test_random_sizes(void **unused)
{
    (void)unused;
    for_every_set(random_sizes);
}

static void test_large_sizes(void **unused)
{
    (void)unused;
    for_every_set(large_sizes);
}

static void test_threaded(void **unused)
{
    (void)unused;
    for_every_set(threaded_sizes);
}

static void test_copied(void **unused)
{
    (void)unused;
    for_every_set(copied_sizes);
}

static void test_same_bits(void **unused)
{
    (void)unused;
    for_every_set(same_bits);
}

/* A NaN or an infinity affects exactly the elements that depend on it. */
static void test_not_finite(void **unused)
{
    (void)unused;
    for (int s = 0; tg_kernel_set_at(s); s++) {
        assert_int_equal(tg_use_kernel_set(tg_kernel_set_at(s)), TG_OK);
        state = SEED;
        matrix a = make(TG_F32, 11, 21, 21, 1), b = make(TG_F32, 21, 37, 37, 1), c = make(TG_F32, 11, 37, 37, 1);
        set(&a, 4, 20, (double)NAN);
        set(&b, 3, 36, (double)INFINITY);
        const tg_gemm g = { .m = 11,
                            .n = 37,
                            .k = 21,
                            .a = a.data,
                            .a_row = 21,
                            .a_col = 1,
                            .b = b.data,
                            .b_row = 37,
                            .b_col = 1,
                            .c = c.data,
                            .c_row = 37 };
        tg_kernels_for(TG_F32)->gemm(&g);
        for (int64_t i = 0; i < 11; i++)
            for (int64_t j = 0; j < 37; j++)
                assert_int_equal(isfinite(get(&c, i, j)) != 0, i != 4 && j != 36);
        destroy(&a);
        destroy(&b);
        destroy(&c);
    }
    tg_use_kernel_set(NULL);
}

int main(void)
{
    printf("seed %d\n", SEED);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_sizes), cmocka_unit_test(test_random_sizes), cmocka_unit_test(test_large_sizes),
        cmocka_unit_test(test_threaded),    cmocka_unit_test(test_copied),       cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
