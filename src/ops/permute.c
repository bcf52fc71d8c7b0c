/* permute.c - y = x with its axes in another order;  transpose swaps the last two */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

/* Fills a block of the output from x, read at any strides. Where x is contiguous along the output's columns, squares are
   transposed, so that each cache line of x is read once. */
enum { SQUARE = 16 };

static void copy_square(const tg_loop *l, const real *x, real *y, int64_t rows, int64_t cols)
{
    real square[SQUARE][SQUARE];
    for (int64_t j = 0; j < cols; j++)
        for (int64_t i = 0; i < rows; i++)
            square[i][j] = x[i * l->row[0] + j * l->col[0]];
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++)
            y[i * l->out_row + j] = square[i][j];
}

static void copy_row(const tg_loop *l, const real *x, real *y)
{
    if (l->col[0] == 1)
        memcpy(y, x, (size_t)l->cols * sizeof *y);
    else
        for (int64_t j = 0; j < l->cols; j++)
            y[j] = x[j * l->col[0]];
}

ROWS(permute)
{
    const real *x = l->in[0];
    real *y = l->out;
    const int64_t m = l->row[0] == 1 ? l->rows / SQUARE * SQUARE : 0, n = l->cols / SQUARE * SQUARE;
    for (int64_t i = 0; i < m; i += SQUARE) {
        for (int64_t j = 0; j < n; j += SQUARE)
            copy_square(l, x + i + j * l->col[0], y + i * l->out_row + j, SQUARE, SQUARE);
        if (n < l->cols)
            copy_square(l, x + i + n * l->col[0], y + i * l->out_row + n, SQUARE, l->cols - n);
    }
    for (int64_t i = m; i < l->rows; i++)
        copy_row(l, x + i * l->row[0], y + i * l->out_row);
}

#else

#include <string.h>

#include "core/call.h"
#include "core/error.h"
#include "core/lookup.h"
#include "kernels/kernels.h"

/* The output's axes with their strides in x and y: axes of size 1 are dropped, axes merged that are adjacent in x, too. */
typedef struct moves {
    int rank;
    int64_t dims[TG_MAX_RANK], from[TG_MAX_RANK], to[TG_MAX_RANK];
} moves;

static moves plan(const tg_shape *s, const int *axes)
{
    int64_t step[TG_MAX_RANK], size = 1;
    moves m = { .rank = 0 };
    for (int d = s->rank - 1; d >= 0; size *= s->dims[d--])
        step[d] = size;
    for (int d = 0; d < s->rank; d++) {
        const int64_t n = s->dims[axes[d]], from = step[axes[d]];
        if (n == 1)
            continue;
        if (m.rank && m.from[m.rank - 1] == from * n) {
            m.dims[m.rank - 1] *= n;
            m.from[m.rank - 1] = from;
        } else {
            m.dims[m.rank] = n;
            m.from[m.rank++] = from;
        }
    }
    size = 1;
    for (int d = m.rank - 1; d >= 0; size *= m.dims[d--])
        m.to[d] = size;
    return m;
}

/* Takes axis d out: it becomes the rows or columns of the inner loop. */
static void take(moves *m, int d)
{
    m->rank--;
    for (; d < m->rank; d++) {
        m->dims[d] = m->dims[d + 1];
        m->from[d] = m->from[d + 1];
        m->to[d] = m->to[d + 1];
    }
}

/* The loop nest. The inner loop has two axes: the columns are the output's last axis, the rows x's contiguous axis or else the
   last one left. */
typedef struct nest {
    moves outer;
    tg_loop_fn *run;
    tg_loop loop;
    size_t element;
    int64_t cuts, rows; /* tasks that the inner loop's rows are cut into; rows of one */
} nest;

static void nest_task(void *context, int64_t task)
{
    const nest *w = context;
    const int64_t start = task % w->cuts * w->rows;
    int64_t from = start * w->loop.row[0], to = start * w->loop.out_row;
    int64_t rest = task / w->cuts;
    for (int d = w->outer.rank - 1; d >= 0; rest /= w->outer.dims[d--]) {
        from += rest % w->outer.dims[d] * w->outer.from[d];
        to += rest % w->outer.dims[d] * w->outer.to[d];
    }
    tg_loop l = w->loop;
    l.rows = l.rows - start < w->rows ? l.rows - start : w->rows;
    l.in[0] = (const char *)l.in[0] + (size_t)from * w->element;
    l.out = (char *)l.out + (size_t)to * w->element;
    w->run(&l);
}

enum { TASK = 1 << 15 }; /* elements of a task */

static void run(const tg_call *c, const int *axes)
{
    nest w = { .outer = plan(&tg_call_node(c, 0)->extent->shape, axes),
               .run = c->tape->kernels->loop[TG_INDEX_permute],
               .element = c->tape->element };
    w.loop = (tg_loop){ .rows = 1, .cols = 1, .in = { tg_call_node(c, 0)->value }, .out = c->out };
    moves *m = &w.outer;
    if (m->rank) {
        const int last = m->rank - 1;
        w.loop.cols = m->dims[last];
        w.loop.col[0] = m->from[last];
        take(m, last);
    }
    if (m->rank) {
        int rows = m->rank - 1;
        for (int d = 0; d < m->rank; d++)
            if (m->from[d] == 1)
                rows = d;
        w.loop.rows = m->dims[rows];
        w.loop.row[0] = m->from[rows];
        w.loop.out_row = m->to[rows];
        take(m, rows);
    }
    w.rows = TASK / w.loop.cols / 16 * 16 + 16;
    w.cuts = (w.loop.rows + w.rows - 1) / w.rows;
    tg_parallel_brief(tg_call_output_size(c) / (w.loop.rows * w.loop.cols) * w.cuts, nest_task, &w);
}

/* Permute --------------------------------------------------------------------------------------------------------- */

typedef struct order {
    int axes[TG_MAX_RANK]; /* axis i of y is axis axes[i] of x */
} order;

static tg_tensor permute(tg_tensor x, const order *o)
{
    return tg_apply1_with(&tg_op_permute, x, o, sizeof *o);
}

static tg_status permute_shape(tg_call *c, tg_shape *out)
{
    const tg_shape s = tg_call_shape(c, 0);
    order *o = c->node->attributes; /* axes counted from the end are resolved in place */
    unsigned seen = 0;
    *out = s;
    for (int d = 0; d < s.rank; d++) {
        const tg_status status = tg_call_axis(c, s.rank, o->axes[d], &o->axes[d]);
        if (status != TG_OK)
            return status;
        if (seen >> o->axes[d] & 1)
            return tg_call_fail(c, TG_ERR_SHAPE, "axis %d comes twice; each of the %d axes must come once",
                                o->axes[d], s.rank);
        seen |= 1u << o->axes[d];
        out->dims[d] = s.dims[o->axes[d]];
    }
    return TG_OK;
}

static tg_status permute_forward(tg_call *c)
{
    run(c, ((const order *)tg_call_attributes(c))->axes);
    return TG_OK;
}

static void permute_vjp(tg_vjp *v)
{
    const order *o = tg_vjp_attributes(v);
    order back = { { 0 } };
    for (int d = 0; d < tg_rank(tg_cotangent(v)); d++)
        back.axes[o->axes[d]] = d;
    tg_give(v, 0, permute(tg_cotangent(v), &back));
}

static const tg_sample permute_samples[] = {
    { .n = 1,
      .inputs = { { .shape = { 3, { 2, 3, 4 } } } },
      .attributes = &(const order){ { 2, 0, 1 } },
      .attribute_bytes = sizeof(order) },
    { .n = 1,
      .inputs = { { .shape = { 4, { 2, 3, 1, 2 } } } },
      .attributes = &(const order){ { -1, 1, 0, -2 } },
      .attribute_bytes = sizeof(order) },
};

const tg_op tg_op_permute = {
    .name = "permute",
    .arity = 1,
    .order = TG_ORDER_ANY,
    .shape = permute_shape,
    .forward = permute_forward,
    .vjp = permute_vjp,
    TG_SAMPLES(permute_samples),
};

tg_tensor tg_permute(tg_tensor x, const int *axes)
{
    const tg_node *n = tg_node_of(x, "permute");
    order o = { { 0 } };
    if (!n)
        return tg_invalid(x.tape);
    const int rank = n->extent->shape.rank;
    if (axes)
        memcpy(o.axes, axes, (size_t)rank * sizeof *axes);
    else if (rank)
        tg_tensor_fail(x, TG_ERR_ARGUMENT, "permute", "axes is NULL, not an order of %d axes", rank);
    return permute(x, &o);
}

/* Transpose ------------------------------------------------------------------------------------------------------- */

static tg_status transpose_shape(tg_call *c, tg_shape *out)
{
    const tg_shape s = tg_call_shape(c, 0);
    *out = s;
    if (s.rank < 2)
        return tg_call_fail(c, TG_ERR_SHAPE, "rank %d has no last two axes to swap; rank 2 or more has", s.rank);
    out->dims[s.rank - 1] = s.dims[s.rank - 2];
    out->dims[s.rank - 2] = s.dims[s.rank - 1];
    return TG_OK;
}

static tg_status transpose_forward(tg_call *c)
{
    const int rank = tg_call_output_shape(c).rank;
    int axes[TG_MAX_RANK] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    axes[rank - 1] = rank - 2;
    axes[rank - 2] = rank - 1;
    run(c, axes);
    return TG_OK;
}

static void transpose_vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_transpose(tg_cotangent(v)));
}

static const tg_sample transpose_samples[] = {
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } } },
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } } },
};

const tg_op tg_op_transpose = {
    .name = "transpose",
    .arity = 1,
    .order = TG_ORDER_ANY,
    .shape = transpose_shape,
    .forward = transpose_forward,
    .vjp = transpose_vjp,
    TG_SAMPLES(transpose_samples),
};

tg_tensor tg_transpose(tg_tensor x)
{
    return tg_apply1(&tg_op_transpose, x);
}

#endif
