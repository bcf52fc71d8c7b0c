/* rows.c - how losses are run and reduced. */
#include "ops/rows.h"

#include "core/call.h"
#include "kernels/kernels.h"

typedef struct rows {
    tg_loop_fn *run;
    tg_loop *loop;
    size_t element, attribute;
    int64_t most; /* rows of a task */
    double *sums; /* one for each task; NULL where rows are not summed */
} rows;

static void rows_task(void *context, int64_t task)
{
    const rows *r = context;
    const int64_t start = task * r->most;
    tg_loop l = *r->loop;
    l.rows = l.rows - start < r->most ? l.rows - start : r->most;
    for (int i = 0; i < 4 && l.in[i]; i++)
        l.in[i] = (const char *)l.in[i] + (size_t)(start * l.row[i]) * r->element;
    if (l.attributes)
        l.attributes = (const char *)l.attributes + (size_t)start * r->attribute;
    l.out = r->sums ? (void *)&r->sums[task] : (char *)l.out + (size_t)(start * l.out_row) * r->element;
    r->run(&l);
}

enum { TASK = 1 << 14 }; /* elements */

static rows plan(const tg_call *c, enum tg_op_index loop, tg_loop *l, size_t attribute)
{
    return (rows){ .run = c->tape->kernels->loop[loop],
                   .loop = l,
                   .element = c->tape->element,
                   .attribute = attribute,
                   .most = TASK / (l->cols + 1) + 1 };
}

static int64_t tasks(const rows *r)
{
    return (r->loop->rows + r->most - 1) / r->most;
}

/* A single task runs the loop itself, without a copy. */
static void run_tasks(rows *r, int64_t n)
{
    if (n != 1) {
        tg_parallel_brief(n, rows_task, r);
        return;
    }
    if (r->sums)
        r->loop->out = r->sums;
    r->run(r->loop);
}

void tg_rows_run(const tg_call *c, enum tg_op_index loop, tg_loop *l, size_t attribute)
{
    rows r = plan(c, loop, l, attribute);
    run_tasks(&r, tasks(&r));
}

tg_status tg_shape_loss(tg_call *c, tg_reduction reduction, const tg_shape *each, tg_shape *out)
{
    const int r = (int)reduction;
    if (r != TG_MEAN && r != TG_SUM && r != TG_NONE)
        return tg_call_fail(c, TG_ERR_ARGUMENT, "reduction %d is none of TG_MEAN, TG_SUM, TG_NONE", r);
    *out = r == TG_NONE ? *each : (tg_shape){ .rank = 0 };
    return TG_OK;
}

static void put(const tg_call *c, double y)
{
    if (c->tape->dtype == TG_F32)
        *(float *)c->out = (float)y;
    else
        *(double *)c->out = y;
}

tg_status tg_forward_loss(tg_call *c, enum tg_op_index loop, tg_loop *l, size_t attribute, tg_reduction reduction)
{
    l->out = c->out;
    l->out_row = reduction == TG_NONE;
    if (reduction == TG_NONE) {
        tg_rows_run(c, loop, l, attribute);
        return TG_OK;
    }
    rows r = plan(c, loop, l, attribute);
    const int64_t n = tasks(&r);
    double one = 0, sum = 0;
    r.sums = n > 1 ? tg_call_scratch(c, (size_t)n * sizeof(double)) : &one;
    if (!r.sums)
        return TG_ERR_MEMORY;
    run_tasks(&r, n);
    for (int64_t i = 0; i < n; i++)
        sum += r.sums[i];
    put(c, reduction == TG_MEAN ? sum / (double)l->rows : sum);
    return TG_OK;
}

double tg_loss_weight(tg_reduction reduction, int64_t n)
{
    return reduction == TG_MEAN ? 1 / (double)n : 1;
}

tg_status tg_shape_loss_of_elements(tg_call *c, tg_shape *out)
{
    const tg_shape *x = tg_call_dims(c, 0), *y = tg_call_dims(c, 1);
    if (!tg_shape_equal(x, y))
        return tg_call_fail(c, TG_ERR_SHAPE, "the shapes must be the same");
    return tg_shape_loss(c, *(const tg_reduction *)tg_call_attributes(c), x, out);
}

tg_status tg_forward_loss_of_elements(tg_call *c)
{
    const tg_map *map = c->node->op->data;
    tg_loop l = {
        .rows = tg_call_size(c, 0), .cols = 1, .in = { tg_call_input(c, 0), tg_call_input(c, 1) }, .row = { 1, 1 }
    };
    return tg_forward_loss(c, map->loop, &l, 0, *(const tg_reduction *)tg_call_attributes(c));
}
