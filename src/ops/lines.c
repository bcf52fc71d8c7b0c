/* lines.c - runs operations along an axis. */
#include "ops/lines.h"

#include "core/call.h"
#include "core/error.h"
#include "kernels/kernels.h"

bool tg_check_axis(tg_tensor x, const char *name, int axis)
{
    const int rank = tg_rank(x), legal = rank ? rank : 1;
    if (axis == TG_ALL || (axis >= -legal && axis < legal))
        return true;
    tg_tensor_fail(x, TG_ERR_SHAPE, name, "axis %d is not in %d .. %d or TG_ALL", axis, -legal, legal - 1);
    return false;
}

tg_lines tg_lines_along(const tg_shape *s, int axis)
{
    tg_lines l = { .outer = 1, .k = 1, .inner = 1 };
    const int chosen = axis < 0 ? axis + s->rank : axis;
    for (int d = 0; d < s->rank; d++) {
        int64_t *part = axis == TG_ALL || d == chosen ? &l.k : d < chosen ? &l.outer : &l.inner;
        *part *= s->dims[d];
    }
    return l;
}

enum { TASK = 1 << 15, SIDE_BY_SIDE = 512 }; /* elements of a task; the least number of adjacent lines in one */

/* Lines of a task. */
static int64_t lines_a_task(const tg_lines *l)
{
    return TASK / (l->k + 1) + (l->inner == 1 ? 1 : SIDE_BY_SIDE);
}

/* The number of lines among which cuts are made: all of them where lines are contiguous, else the inner ones of one `outer`. */
static int64_t adjacent(const tg_lines *l)
{
    return l->inner == 1 ? l->outer : l->inner;
}

/* Sets the loop to lines start .. start + n - 1 of block o of `outer`. */
static void take_lines(const tg_lines *g, int64_t o, int64_t start, int64_t n, tg_loop *l)
{
    const bool along = g->inner == 1;
    const int64_t first = o * g->k * g->inner + start * (along ? g->k : 1);
    l->rows = g->k;
    l->cols = n;
    l->row[0] = l->out_row = g->inner;
    l->col[0] = along ? g->k : 1;
    const int64_t line = o * g->inner + start;
    for (int i = 0; i < g->inputs + g->per_line; i++)
        l->in[i] = (const char *)l->in[i] + (size_t)(i < g->inputs ? first : line) * g->element;
    l->out = (char *)l->out + (size_t)(g->reduces ? line : first) * g->element;
}

static void lines_task(void *context, int64_t task)
{
    const tg_lines *g = context;
    const bool along = g->inner == 1;
    const int64_t n = adjacent(g), most = lines_a_task(g), cuts = (n + most - 1) / most;
    const int64_t start = (along ? task : task % cuts) * most;
    tg_loop l = g->loop;
    take_lines(g, along ? 0 : task / cuts, start, n - start < most ? n - start : most, &l);
    g->run(&l);
}

void tg_lines_run(tg_lines *g)
{
    const int64_t n = adjacent(g);
    if (n * (g->k + 1) <= TASK && (g->inner == 1 || g->outer == 1)) { /* one task */
        take_lines(g, 0, 0, n, &g->loop);
        g->run(&g->loop);
        return;
    }
    const int64_t cuts = (n + lines_a_task(g) - 1) / lines_a_task(g);
    tg_parallel_brief(g->inner == 1 ? cuts : cuts * g->outer, lines_task, g);
}

tg_status tg_shape_lines(tg_call *c, tg_shape *out)
{
    const int axis = *(const int *)tg_call_attributes(c);
    int resolved;
    tg_copy_shape(tg_call_dims(c, 0), out);
    for (int i = 1; i < tg_call_count(c); i++)
        if (!tg_shape_equal(tg_call_dims(c, i), out))
            return tg_call_fail(c, TG_ERR_SHAPE, "the shapes must be the same");
    return axis == TG_ALL ? TG_OK : tg_call_axis(c, out->rank, axis, &resolved);
}

tg_status tg_forward_lines(tg_call *c)
{
    const tg_map *map = c->node->op->data;
    tg_lines l = tg_lines_along(&c->node->extent->shape, *(const int *)c->node->attributes);
    l.run = c->tape->kernels->loop[map->loop];
    l.loop.out = c->out;
    l.element = c->tape->element;
    l.inputs = c->node->n_inputs;
    for (int i = 0; i < l.inputs; i++)
        l.loop.in[i] = tg_call_value(c, i);
    tg_lines_run(&l);
    return TG_OK;
}
