/* map_run.c - an elementwise loop cut over the threads. */
#include "kernels/kernels.h"

enum { TASK_ELEMENTS = 32768 };

typedef struct cut {
    tg_loop_fn *fn;
    const tg_loop *loop;
    int64_t size;                  /* of an element */
    int64_t rows, columns, across; /* of a task; tasks in a row */
} cut;

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void part(void *context, int64_t task)
{
    const cut *c = context;
    const int64_t i = task / c->across * c->rows, j = task % c->across * c->columns;
    tg_loop l = *c->loop;
    l.rows = min(l.rows - i, c->rows);
    l.cols = min(l.cols - j, c->columns);
    for (int x = 0; x < 4; x++)
        if (l.in[x])
            l.in[x] = (const char *)l.in[x] + (i * l.row[x] + j * l.col[x]) * c->size;
    l.out = (char *)l.out + (i * l.out_row + j) * c->size;
    c->fn(&l);
}

void tg_map_run(tg_loop_fn *fn, tg_dtype dtype, const tg_loop *l)
{
    if (l->rows * l->cols < 2 * TASK_ELEMENTS) {
        fn(l);
        return;
    }
    cut c = { .fn = fn, .loop = l, .size = (int64_t)tg_dtype_size(dtype) };
    c.columns = min(l->cols, TASK_ELEMENTS);
    c.rows = min(l->rows, TASK_ELEMENTS / c.columns);
    c.across = (l->cols + c.columns - 1) / c.columns;
    tg_parallel((l->rows + c.rows - 1) / c.rows * c.across, part, &c);
}
