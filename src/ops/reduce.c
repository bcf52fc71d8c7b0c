/* reduce.c - runs every reduction. */
#include "ops/reduce.h"

#include "core/call.h"
#include "core/error.h"
#include "core/lookup.h"
#include "kernels/kernels.h"

static unsigned all_axes(int rank)
{
    return (1u << rank) - 1;
}

/* The axes that the argument of a reduction means: one bit each. False, with the error raised, if one is not there. */
static bool resolve(tg_tensor x, const char *name, int rank, int axis, unsigned *axes)
{
    *axes = all_axes(rank);
    if (axis == TG_ALL)
        return true;
    const unsigned code = (unsigned)axis - (unsigned)TG_AXES_BASE;
    if (code >> TG_AXES_BITS) { /* a single axis */
        if (!tg_check_axis(x, name, axis))
            return false;
        *axes = rank ? 1u << (axis < 0 ? axis + rank : axis) : 0;
        return true;
    }
    const unsigned low = (1u << TG_MAX_RANK) - 1, from_end = code >> TG_MAX_RANK & low; /* bit 7 is axis -1 */
    const unsigned shifted = from_end >> (TG_MAX_RANK - rank);
    const bool known = code >> 2 * TG_MAX_RANK == 0 && (code & low & ~*axes) == 0 &&
                       shifted << (TG_MAX_RANK - rank) == from_end && (shifted & code & low) == 0;
    *axes = (code & low) | shifted;
    if (!known)
        tg_tensor_fail(x, TG_ERR_SHAPE, name, "TG_AXES has an axis that is not in %d .. %d, or one axis twice", -rank,
                       rank - 1);
    return known;
}

/* Fills *r; false, with the error raised, if there is no such axis, or no element where one is needed. */
static bool choose(tg_tensor x, const tg_op *op, int axis, bool keepdim, bool needs_elements, tg_reduced *r)
{
    const tg_node *n = tg_node_of(x, op->name);
    if (!n || !resolve(x, op->name, n->extent->shape.rank, axis, &r->axes))
        return false;
    const tg_shape *s = &n->extent->shape;
    bool empty = false;
    for (int d = 0; d < s->rank; d++) {
        const bool reduced = r->axes >> d & 1;
        empty = empty || (reduced && s->dims[d] == 0);
        if (!reduced || keepdim)
            r->result.dims[r->result.rank++] = reduced ? 1 : s->dims[d];
    }
    if (empty && needs_elements) {
        tg_tensor_fail(x, TG_ERR_SHAPE, op->name,
                       "there are no elements to choose from; the sizes reduced must not be 0");
        return false;
    }
    return true;
}

static bool is_one_group(unsigned axes)
{
    const unsigned lowest = axes & -axes;
    return (axes & (axes + lowest)) == 0;
}

/* Reduces axes that are not adjacent: x is permuted so that they are its last ones. */
static tg_tensor reduce_permuted(const tg_op *op, tg_tensor x, const tg_reduced *r)
{
    const int rank = tg_rank(x);
    int order[TG_MAX_RANK], n = 0;
    tg_reduced last = { .number = r->number };
    for (int d = 0; d < rank; d++)
        if (!(r->axes >> d & 1)) {
            last.result.dims[last.result.rank++] = tg_dim(x, d);
            order[n++] = d;
        }
    for (int d = 0; d < rank; d++)
        if (r->axes >> d & 1) {
            last.axes |= 1u << n;
            order[n++] = d;
        }
    return tg_reshape(tg_apply1_with(op, tg_permute(x, order), &last, sizeof last), r->result);
}

tg_tensor tg_reduce(const tg_op *op, tg_tensor x, int axis, bool keepdim, double number, bool needs_elements)
{
    tg_reduced r = { .number = number };
    if (!choose(x, op, axis, keepdim, needs_elements, &r))
        return tg_invalid(x.tape);
    const tg_reducer *reducer = op->data;
    if (reducer->one_group && !is_one_group(r.axes))
        return reduce_permuted(op, x, &r);
    return tg_apply1_with(op, x, &r, sizeof r);
}

int tg_axes(const int *axes, int n)
{
    unsigned code = 0;
    for (int i = 0; axes && i < n; i++) {
        const unsigned bit = TG_AXIS_BIT(axes[i]);
        code |= code & bit ? TG_AXIS_BIT(TG_MAX_RANK) : bit;
    }
    return TG_AXES_BASE + (int)(code ? code : TG_AXIS_BIT(TG_MAX_RANK));
}

/* The product of the sizes of these axes. */
static double count_of(const tg_shape *s, unsigned axes)
{
    double n = 1;
    for (int d = 0; d < s->rank; d++)
        if (axes >> d & 1)
            n *= (double)s->dims[d];
    return n;
}

tg_status tg_shape_reduced(tg_call *c, tg_shape *out)
{
    *out = ((const tg_reduced *)tg_call_attributes(c))->result;
    return TG_OK;
}

tg_lines tg_lines_of_group(tg_shape *s, unsigned *axes)
{
    tg_lines l = { .outer = 1, .k = 1, .inner = 1 };
    int d = s->rank - 1;
    for (; d >= 0 && !(*axes >> d & 1); d--)
        l.inner *= s->dims[d];
    for (; d >= 0 && *axes >> d & 1; d--) {
        l.k *= s->dims[d];
        s->dims[d] = 1;
        *axes &= ~(1u << d);
    }
    for (; d >= 0; d--)
        l.outer *= s->dims[d];
    return l;
}

/* Where there are few and long lines, the lines themselves are cut: a task reduces one part of adjacent lines. */
enum { LONG = 1 << 18, PART = 1 << 16, LEAST_ROWS = 64, FEW = 16 };

typedef struct parts {
    const tg_lines *lines;
    int64_t n, rows; /* parts of a line, and elements in one */
    char *sums;
} parts;

static void part_task(void *context, int64_t task)
{
    const parts *p = context;
    const tg_lines *g = p->lines;
    const int64_t o = task / p->n, start = task % p->n * p->rows;
    tg_loop l = g->loop;
    l.rows = g->k - start < p->rows ? g->k - start : p->rows;
    l.cols = g->inner;
    l.row[0] = g->inner;
    l.col[0] = 1;
    l.in[0] = (const char *)l.in[0] + (size_t)((o * g->k + start) * g->inner) * g->element;
    l.out = p->sums + (size_t)(task * g->inner) * g->element;
    g->run(&l);
}

/* Whether some of these sums overflowed; the final result may still be in range. */
static bool overflows(const tg_call *c, const tg_lines *g, const void *sums, int64_t n)
{
    const tg_reducer *reducer = c->node->op->data;
    return reducer->loop == TG_INDEX_sum && g->loop.p[1] == 0 && !c->tape->kernels->all_finite(n, sums);
}

static bool whole_lines(const tg_call *c)
{
    return ((const tg_reducer *)c->node->op->data)->whole_lines;
}

/* Replaces long lines by lines of their parts' results; false, with the error raised, out of memory. */
static bool shorten(tg_call *c, tg_lines *g)
{
    if (whole_lines(c) || g->k * g->inner < LONG || g->outer >= FEW)
        return true;
    parts p = { .lines = g, .rows = PART / g->inner > LEAST_ROWS ? PART / g->inner : LEAST_ROWS };
    p.n = (g->k + p.rows - 1) / p.rows;
    if (p.n < 2)
        return true;
    p.sums = tg_call_scratch(c, (size_t)(g->outer * p.n * g->inner) * g->element);
    if (!p.sums)
        return false;
    tg_parallel_brief(g->outer * p.n, part_task, &p);
    if (overflows(c, g, p.sums, g->outer * p.n * g->inner)) {
        g->loop.p[1] = TG_SMALLER;
        tg_parallel_brief(g->outer * p.n, part_task, &p);
        g->loop.p[1] = TG_LARGER;
    }
    g->k = p.n;
    g->loop.in[0] = p.sums;
    return true;
}

/* Reduces one group of axes of several; sums that overflow are left scaled down. Returns p[1] of the next stage. */
static double run_stage(const tg_call *c, tg_lines g, double scaling)
{
    tg_lines once = g;
    once.loop.p[1] = 0;
    tg_lines_run(&once);
    if (scaling != 0 || !overflows(c, &once, g.loop.out, g.outer * g.inner))
        return scaling;
    g.loop.p[1] = TG_SMALLER;
    tg_lines_run(&g);
    return TG_LARGER;
}

/* The divisor for the elements of the input that make one of the result. */
static double divisor_of(const tg_call *c)
{
    const tg_reducer *reducer = c->node->op->data;
    const tg_reduced *r = c->node->attributes;
    return reducer->divisor ? reducer->divisor(count_of(tg_call_dims(c, 0), r->axes), r->number) : 1;
}

tg_status tg_forward_reduce(tg_call *c)
{
    const tg_tape *t = c->tape;
    const tg_node *x = tg_call_node(c, 0);
    const tg_reducer *reducer = c->node->op->data;
    unsigned axes = ((const tg_reduced *)c->node->attributes)->axes;
    tg_shape s = x->extent->shape;
    const void *from = x->value;
    double scaling = 0; /* of the values at `from` */
    do {
        tg_lines g = tg_lines_of_group(&s, &axes);
        g.run = t->kernels->loop[reducer->loop];
        g.element = t->element;
        g.inputs = 1;
        g.reduces = true;
        g.loop.in[0] = from;
        g.loop.p[0] = 1;
        g.loop.p[1] = scaling;
        if (!shorten(c, &g))
            return TG_ERR_MEMORY;
        scaling = g.loop.p[1];
        g.loop.out = axes ? tg_call_scratch(c, (size_t)(g.outer * g.inner) * t->element) : c->out;
        if (!g.loop.out)
            return TG_ERR_MEMORY;
        if (!axes) {
            g.loop.p[0] = divisor_of(c);
            g.loop.accumulate = c->accumulate;
        }
        if (axes)
            scaling = run_stage(c, g, scaling);
        else
            tg_lines_run(&g);
        from = g.loop.out;
    } while (axes);
    return TG_OK;
}

tg_tensor tg_unreduced(const tg_vjp *v, tg_tensor y)
{
    const tg_reduced *r = tg_vjp_attributes(v);
    tg_shape s = tg_shape_of(tg_input(v, 0));
    if (r->result.rank == s.rank)
        return y;
    for (int d = 0; d < s.rank; d++)
        if (r->axes >> d & 1)
            s.dims[d] = 1;
    return tg_reshape(y, s);
}

double tg_reduced_count(const tg_vjp *v)
{
    const tg_reduced *r = tg_vjp_attributes(v);
    const tg_shape s = tg_shape_of(tg_input(v, 0));
    return count_of(&s, r->axes);
}

static tg_lines group_of(const tg_vjp *v)
{
    unsigned axes = ((const tg_reduced *)tg_vjp_attributes(v))->axes;
    tg_shape s = tg_shape_of(tg_input(v, 0));
    return tg_lines_of_group(&s, &axes);
}

tg_tensor tg_grouped(const tg_vjp *v, tg_tensor x)
{
    const tg_lines l = group_of(v);
    return tg_reshape(x, TG_SHAPE(l.outer, l.k, l.inner));
}

tg_tensor tg_grouped_result(const tg_vjp *v, tg_tensor y)
{
    const tg_lines l = group_of(v);
    return tg_reshape(y, TG_SHAPE(l.outer, 1, l.inner));
}
