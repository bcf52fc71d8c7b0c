/* elementwise.c - how every elementwise operation is run: broadcasting becomes strides, strides become loops. */
#include "ops/elementwise.h"

#include "core/call.h"
#include "kernels/kernels.h"

/* The loop nest over the output's axes: axes of size 1 are dropped, adjacent axes merged where every operand allows it. */
typedef struct nest {
    int rank, arity;
    int64_t dims[TG_MAX_RANK];
    int64_t strides[4][TG_MAX_RANK]; /* 0 where the input is broadcast */
} nest;

static void row_major(const tg_shape *s, const tg_shape *out, int64_t *strides)
{
    int64_t step = 1;
    for (int d = out->rank - 1, e = s->rank - 1; d >= 0; d--, e--) {
        bool there = e >= 0 && s->dims[e] != 1;
        strides[d] = there ? step : 0;
        step *= e >= 0 ? s->dims[e] : 1;
    }
}

static bool merges(const nest *w, int outer, int inner)
{
    for (int i = 0; i < w->arity; i++)
        if (w->strides[i][outer] != w->strides[i][inner] * w->dims[inner])
            return false;
    return true;
}

static void copy_axis(nest *w, int to, int from)
{
    w->dims[to] = w->dims[from];
    for (int i = 0; i < w->arity; i++)
        w->strides[i][to] = w->strides[i][from];
}

static nest plan(const tg_call *c)
{
    const tg_shape *out = &c->node->extent->shape;
    nest w = { .rank = 0, .arity = c->node->n_inputs };
    for (int i = 0; i < w.arity; i++)
        row_major(&tg_call_node(c, i)->extent->shape, out, w.strides[i]);
    for (int d = 0; d < out->rank; d++) {
        if (out->dims[d] == 1)
            continue;
        w.dims[d] = out->dims[d];
        copy_axis(&w, w.rank, d);
        if (w.rank && merges(&w, w.rank - 1, w.rank)) {
            int64_t merged = w.dims[w.rank - 1] * w.dims[w.rank];
            w.rank--;
            copy_axis(&w, w.rank, w.rank + 1);
            w.dims[w.rank] = merged;
        }
        w.rank++;
    }
    return w;
}

static const char *at(const void *p, int64_t elements, size_t element)
{
    return (const char *)p + (size_t)elements * element;
}

/* One flat loop, cut into tasks of TASK elements whatever the number of threads. */
enum { TASK = 1 << 14 };

typedef struct flat {
    tg_loop_fn *run;
    const tg_loop *loop;
    size_t element;
    int arity;
} flat;

static void flat_task(void *context, int64_t task)
{
    const flat *f = context;
    tg_loop l = *f->loop;
    int64_t start = task * TASK;
    l.cols = l.cols - start < TASK ? l.cols - start : TASK;
    for (int i = 0; i < f->arity; i++)
        l.in[i] = at(l.in[i], start * l.col[i], f->element);
    l.out = (char *)l.out + (size_t)start * f->element;
    f->run(&l);
}

static void run_flat(tg_loop_fn *run, const tg_loop *l, size_t element, int arity)
{
    flat f = { .run = run, .loop = l, .element = element, .arity = arity };
    tg_parallel_brief((l->cols + TASK - 1) / TASK, flat_task, &f);
}

/* The two innermost axes are one call of the loop; the others are iterated here. */
static void run_nest(tg_loop_fn *run, tg_loop *l, const nest *w, size_t element)
{
    int inner = w->rank - 1, rows = w->rank - 2;
    l->cols = w->dims[inner];
    l->rows = rows >= 0 ? w->dims[rows] : 1;
    l->out_row = l->cols;
    for (int i = 0; i < w->arity; i++) {
        l->col[i] = w->strides[i][inner];
        l->row[i] = rows >= 0 ? w->strides[i][rows] : 0;
    }
    const tg_loop first = *l;
    int64_t index[TG_MAX_RANK] = { 0 };
    int64_t offset[4] = { 0 };
    for (;;) {
        for (int i = 0; i < w->arity; i++)
            l->in[i] = at(first.in[i], offset[i], element);
        run(l);
        l->out = (char *)l->out + (size_t)(l->rows * l->cols) * element;
        int d = rows - 1;
        for (; d >= 0; d--) {
            for (int i = 0; i < w->arity; i++)
                offset[i] += w->strides[i][d];
            if (++index[d] < w->dims[d])
                break;
            for (int i = 0; i < w->arity; i++)
                offset[i] -= w->strides[i][d] * w->dims[d];
            index[d] = 0;
        }
        if (d < 0)
            return;
    }
}

/* Sets only what the loop reads: zeroing a whole tg_loop takes longer than a small operation. */
static void fill_numbers(const tg_call *c, tg_loop *l)
{
    const double *numbers = c->node->attributes;
    const int n = ((const tg_map *)c->node->op->data)->numbers;
    l->p[0] = n > 0 ? numbers[0] : 0;
    l->p[1] = n > 1 ? numbers[1] : 0;
    l->out = c->out;
    l->rows = 1;
}

/* Returns whether every operand has the output's size or one element: then the axes do not matter. */
static bool fill_flat(const tg_call *c, tg_loop *l)
{
    const int64_t size = c->node->extent->size;
    bool is_flat = true;
    fill_numbers(c, l);
    l->cols = l->out_row = size;
    l->accumulate = false;
    for (int i = 0; i < c->node->n_inputs; i++) {
        const tg_node *x = tg_call_node(c, i);
        l->in[i] = x->value;
        l->row[i] = 0;
        l->col[i] = x->extent->size == 1 ? 0 : 1;
        is_flat = is_flat && (x->extent->size == 1 || x->extent->size == size);
    }
    return is_flat;
}

/* Not inlined into the fast path of one element, which it would slow down. */
static TG_NOINLINE tg_status forward_many(tg_call *c)
{
    const tg_tape *t = c->tape;
    tg_loop_fn *run = t->kernels->loop[((const tg_map *)c->node->op->data)->loop];
    tg_loop l;
    const bool is_flat = fill_flat(c, &l);
    if (is_flat && l.cols <= TASK) {
        run(&l);
    } else if (is_flat) {
        run_flat(run, &l, t->element, c->node->n_inputs);
    } else {
        nest w = plan(c);
        run_nest(run, &l, &w, t->element);
    }
    return TG_OK;
}

tg_status tg_forward_map(tg_call *c)
{
    if (c->node->extent->size != 1)
        return forward_many(c);
    /* All operands have one element; a loop of 1 x 1 reads no strides. */
    const tg_map *map = c->node->op->data;
    const int n = c->node->n_inputs;
    tg_loop l;
    fill_numbers(c, &l);
    l.cols = 1;
    l.in[0] = tg_call_value(c, 0);
    if (n > 1)
        l.in[1] = tg_call_value(c, 1);
    if (n > 2)
        l.in[2] = tg_call_value(c, 2);
    c->tape->kernels->loop[map->loop](&l);
    return TG_OK;
}
