/* test_map.c - elementwise loops of every kernel set: rows, gaps, repeated numbers and rows, every length around the vector
   length, in buffers that end at an unreadable page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "guarded.h"
#include "kernels/kernels.h"
#include "ops/index.h"

enum { FILL = 0x5a };

typedef struct block {
    int64_t row, col, size;
    double *data;
} block;

/* A buffer for rows x cols elements, the last of them at the end of a page; the values are small integers. */
static block make(int64_t rows, int64_t cols, int64_t row, int64_t col, int seed)
{
    block b = { row, col, (rows - 1) * row + (cols - 1) * col + 1, NULL };
    b.data = guarded_alloc((size_t)b.size * sizeof(double), FILL);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < cols; c++)
            b.data[r * row + c * col] = (double)((r * 31 + c * 7 + seed) % 5 - 2);
    return b;
}

/* As make, with one of the layouts that an input can have: that of the output, with gaps, a repeated row, a repeated column
   or a repeated number. */
static block make_any(int64_t rows, int64_t cols, int layout, int seed)
{
    static const struct {
        int rows, gap, col;
    } layouts[] = { { 1, 0, 1 }, { 1, 3, 1 }, { 0, 0, 1 }, { 1, 0, 0 }, { 0, 0, 0 } };
    const int64_t row =
        layouts[layout].col ? layouts[layout].rows * (cols + layouts[layout].gap) : layouts[layout].rows;
    return make(rows, cols, row, layouts[layout].col, seed);
}

static void release(block *b)
{
    assert_true(guarded_front_is_intact(b->data, FILL));
    guarded_free(b->data, (size_t)b->size * sizeof(double));
}

static void check(tg_loop_fn *add, tg_loop_fn *where, int64_t rows, int64_t cols, int layout)
{
    block x[3], y = make(rows, cols, cols + layout % 3, 1, 9);
    tg_loop l = { .rows = rows, .cols = cols, .out = y.data, .out_row = y.row };
    for (int i = 0; i < 3; i++) {
        x[i] = make_any(rows, cols, i == 0 ? layout % 5 : i == 1 ? layout / 5 % 5 : layout / 25, 3 * i + 1);
        l.in[i] = x[i].data;
        l.row[i] = x[i].row;
        l.col[i] = x[i].col;
    }
    for (int op = 0; op < 2; op++) {
        (op ? where : add)(&l);
        for (int64_t r = 0; r < rows; r++)
            for (int64_t c = 0; c < cols; c++) {
                double v[3];
                for (int i = 0; i < 3; i++)
                    v[i] = x[i].data[r * x[i].row + c * x[i].col];
                assert_true(y.data[r * y.row + c] == (op ? (v[0] != 0 ? v[1] : v[2]) : v[0] + v[1]));
            }
    }
    const unsigned char *bytes = (const unsigned char *)y.data;
    for (int64_t at = 0; at < y.size; at++)
        if (at % y.row >= cols)
            for (size_t b = 0; b < sizeof(double); b++)
                assert_int_equal(bytes[(size_t)at * sizeof(double) + b], FILL);
    for (int i = 0; i < 3; i++)
        release(&x[i]);
    release(&y);
}

static void rows_and_columns_of_every_kind(void **state)
{
    (void)state;
    static const int64_t lengths[] = { 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 50 };
    for (int s = 0; tg_kernel_set_at(s); s++) {
        assert_int_equal(tg_use_kernel_set(tg_kernel_set_at(s)), TG_OK);
        tg_loop_fn *const *loop = tg_kernels_for(TG_F64)->loop;
        for (size_t c = 0; c < sizeof lengths / sizeof lengths[0]; c++)
            for (int64_t rows = 1; rows <= 3; rows++)
                for (int layout = 0; layout < 125; layout += rows == 1 ? 7 : 1)
                    check(loop[TG_INDEX_add], loop[TG_INDEX_where], rows, lengths[c], layout);
    }
    tg_use_kernel_set(NULL);
}

/* One element: its strides are not read. */
static void strides_of_a_scalar_are_not_read(void **state)
{
    (void)state;
    for (int s = 0; tg_kernel_set_at(s); s++) {
        assert_int_equal(tg_use_kernel_set(tg_kernel_set_at(s)), TG_OK);
        block a = make(1, 1, 1, 1, 1), b = make(1, 1, 1, 1, 2), y = make(1, 1, 1, 1, 0);
        const int64_t wild = (int64_t)1 << 40;
        const tg_loop l = { .rows = 1,
                            .cols = 1,
                            .in = { a.data, b.data },
                            .row = { wild, wild },
                            .col = { 1, 1 },
                            .out = y.data,
                            .out_row = wild };
        tg_kernels_for(TG_F64)->loop[TG_INDEX_add](&l);
        assert_true(*y.data == *a.data + *b.data);
        release(&a);
        release(&b);
        release(&y);
    }
    tg_use_kernel_set(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_and_columns_of_every_kind),
        cmocka_unit_test(strides_of_a_scalar_are_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
