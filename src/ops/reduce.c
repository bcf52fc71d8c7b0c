/* reduce.c - how every reduction is run. */
#include "ops/reduce.h"

#include "core/tape.h"

static unsigned all_axes(int rank)
{
    return (1u << rank) - 1;
}

tg_tensor tg_reduce(const tg_op *op, tg_tensor x, int axis, bool keepdim, bool needs_elements)
{
    const tg_node *n = tg_node_of(x, op->name);
    if (!n)
        return tg_bad(x.tape);
    const tg_shape *s = &n->extent->shape;
    const int rank = s->rank, legal = rank ? rank : 1;
    if (axis != TG_ALL && (axis < -legal || axis >= legal)) {
        tg_tape_raise(x.tape, TG_ERR_SHAPE, "%s: axis %d of a tensor of rank %d; %d .. %d or TG_ALL", op->name, axis,
                      rank, -legal, legal - 1);
        return tg_bad(x.tape);
    }
    tg_reduction_of r = { .axes = axis == TG_ALL || !rank ? all_axes(rank) : 1u << (axis < 0 ? axis + rank : axis) };
    bool empty = false;
    for (int d = 0; d < rank; d++) {
        bool reduced = r.axes >> d & 1;
        empty = empty || (reduced && s->dims[d] == 0);
        if (!reduced || keepdim)
            r.result.dims[r.result.rank++] = reduced ? 1 : s->dims[d];
    }
    if (empty && needs_elements) {
        char text[192];
        tg_tape_raise(x.tape, TG_ERR_SHAPE, "%s: %s has no elements along axis %d", op->name,
                      tg_shape_text(s, text, sizeof text), axis);
        return tg_bad(x.tape);
    }
    return tg_apply(op, &x, 1, &r, sizeof r);
}

tg_status tg_shape_reduced(tg_call *c, tg_shape *out)
{
    *out = ((const tg_reduction_of *)tg_call_attributes(c))->result;
    return TG_OK;
}

/* One group of reduced axes: x is [outer, k, inner], y is [outer, inner]. */
typedef struct group {
    tg_loop_fn *run;
    int64_t outer, k, inner;
    const char *x;
    char *y;
    size_t element;
    bool accumulate;
    int64_t stretch; /* of the outputs, which is what is cut over the threads */
} group;

static void group_task(void *context, int64_t task)
{
    const group *g = context;
    const bool rows = g->inner == 1;
    const int64_t n = rows ? g->outer : g->inner, cuts = (n + g->stretch - 1) / g->stretch;
    const int64_t o = rows ? 0 : task / cuts, start = (rows ? task : task % cuts) * g->stretch;
    tg_loop l = {
        .rows = g->k,
        .cols = n - start < g->stretch ? n - start : g->stretch,
        .row = { rows ? 1 : g->inner },
        .col = { rows ? g->k : 1 },
        .in = { g->x + (size_t)(o * g->k * g->inner + start * (rows ? g->k : 1)) * g->element },
        .out = g->y + (size_t)(o * g->inner + start) * g->element,
        .accumulate = g->accumulate,
    };
    g->run(&l);
}

enum { TASK = 1 << 15 }; /* elements */

static void run_group(group *g)
{
    const int64_t n = g->inner == 1 ? g->outer : g->inner;
    g->stretch = TASK / (g->k + 1) + 16; /* neighbouring outputs share cache lines */
    const int64_t cuts = (n + g->stretch - 1) / g->stretch;
    tg_parallel(g->inner == 1 ? cuts : cuts * g->outer, group_task, g);
}

/* The innermost group of reduced axes of `s`, whose axes are `axes`; takes its bits out. */
static group innermost(tg_shape *s, unsigned *axes)
{
    group g = { .outer = 1, .k = 1, .inner = 1 };
    int d = s->rank - 1;
    for (; !(*axes >> d & 1); d--)
        g.inner *= s->dims[d];
    for (; d >= 0 && *axes >> d & 1; d--) {
        g.k *= s->dims[d];
        s->dims[d] = 1;
        *axes &= ~(1u << d);
    }
    for (; d >= 0; d--)
        g.outer *= s->dims[d];
    return g;
}

tg_status tg_forward_reduce(tg_call *c)
{
    tg_tape *t = c->tape;
    const tg_node *x = tg_call_node(c, 0);
    const tg_map *map = c->node->op->data;
    unsigned axes = ((const tg_reduction_of *)c->node->attributes)->axes;
    tg_shape s = x->extent->shape;
    const void *from = x->value;
    if (!axes) { /* nothing is reduced: a group of one row */
        group g = { t->kernels->loop[map->loop], 1, 1, x->extent->size, from, c->out, t->element, c->accumulate, 0 };
        run_group(&g);
    }
    while (axes) {
        group g = innermost(&s, &axes);
        g.run = t->kernels->loop[map->loop];
        g.x = from;
        g.element = t->element;
        g.accumulate = c->accumulate && !axes;
        g.y = axes ? tg_call_scratch(c, (size_t)(g.outer * g.inner) * t->element) : c->out;
        if (!g.y)
            return TG_ERR_MEMORY;
        run_group(&g);
        from = g.y;
    }
    return TG_OK;
}

tg_tensor tg_unreduced(const tg_vjp *v, tg_tensor y)
{
    const tg_reduction_of *r = tg_vjp_attributes(v);
    tg_shape s = tg_shape_of(tg_input(v, 0));
    if (r->result.rank == s.rank)
        return y;
    for (int d = 0; d < s.rank; d++)
        if (r->axes >> d & 1)
            s.dims[d] = 1;
    return tg_reshape(y, s);
}
