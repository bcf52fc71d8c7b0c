/* take_along_axis.c - y[.., i, ..] = x[.., indices[.., i, ..], ..] along an axis;  the vjp, scatter, adds g to the elements that
   were taken. scatter_add is x + scatter(source). */
#include <string.h>

#include "core/convert.h"
#include "core/call.h"
#include "core/error.h"
#include "core/lookup.h"
#include "core/push.h"
#include "core/tape.h"
#include "ops/blocks.h"
#include "ops/lines.h"

typedef struct taken {
    const int32_t *indices; /* of the shape of what is taken */
    int axis;               /* not negative */
    tg_shape whole;         /* scatter: the shape of the result */
} taken;

static tg_tensor scatter(tg_tensor g, const taken *t)
{
    return tg_apply1_with(&tg_op_scatter, g, t, sizeof *t);
}

/* The part of a tensor of shape `whole` that has the coordinates of one of shape `part`, whose sizes are not larger but for
   the axis: calls f for each line of `part` with the offsets of its first elements in both. */
typedef struct line {
    const tg_call *call;
    const int32_t *indices;
    int64_t n, part, part_step, whole, whole_step; /* elements of the line; where it begins, and the steps along it */
    const void *from;
    void *to;
} line;

static void for_each_line(line *l, const tg_shape *part, const tg_shape *whole, int axis, void (*f)(const line *l))
{
    int64_t part_steps[TG_MAX_RANK], whole_steps[TG_MAX_RANK], at[TG_MAX_RANK] = { 0 };
    int64_t p = 1, w = 1;
    for (int d = part->rank - 1; d >= 0; d--) {
        part_steps[d] = p;
        whole_steps[d] = w;
        p *= part->dims[d];
        w *= whole->dims[d];
    }
    l->n = part->dims[axis];
    l->part_step = part_steps[axis];
    l->whole_step = whole_steps[axis];
    for (;;) {
        f(l);
        int d = part->rank - 1;
        for (; d >= 0; d--) {
            if (d == axis)
                continue;
            l->part += part_steps[d];
            l->whole += whole_steps[d];
            if (++at[d] < part->dims[d])
                break;
            l->part -= part_steps[d] * part->dims[d];
            l->whole -= whole_steps[d] * part->dims[d];
            at[d] = 0;
        }
        if (d < 0)
            return;
    }
}

/* Take ------------------------------------------------------------------------------------------------------------ */

/* What is taken has the shape of the indices, which are on the tape. */
typedef struct take_attributes {
    taken t;
    tg_shape shape;
} take_attributes;

static tg_tensor take(tg_tensor x, const taken *t, const tg_shape *shape)
{
    return tg_apply1_with(&tg_op_take_along_axis, x, &(take_attributes){ *t, *shape }, sizeof(take_attributes));
}

static tg_status take_shape(tg_call *c, tg_shape *out)
{
    tg_copy_shape(&((const take_attributes *)tg_call_attributes(c))->shape, out);
    return TG_OK;
}

static void take_line(const line *l)
{
    const int32_t *indices = l->indices + l->part;
    if (l->call->tape->dtype == TG_F32) {
        const float *x = (const float *)l->from + l->whole;
        float *y = (float *)l->to + l->part;
        for (int64_t i = 0; i < l->n; i++)
            y[i * l->part_step] = x[indices[i * l->part_step] * l->whole_step];
    } else {
        const double *x = (const double *)l->from + l->whole;
        double *y = (double *)l->to + l->part;
        for (int64_t i = 0; i < l->n; i++)
            y[i * l->part_step] = x[indices[i * l->part_step] * l->whole_step];
    }
}

static tg_status take_forward(tg_call *c)
{
    const taken *t = tg_call_attributes(c);
    line l = { .call = c, .indices = t->indices, .from = tg_call_value(c, 0), .to = c->out };
    for_each_line(&l, &c->node->extent->shape, tg_call_dims(c, 0), t->axis, take_line);
    return TG_OK;
}

static void take_vjp(tg_vjp *v)
{
    taken t = *(const taken *)tg_vjp_attributes(v);
    t.whole = tg_shape_of(tg_input(v, 0));
    tg_give(v, 0, scatter(tg_cotangent(v), &t));
}

static const int32_t sample_indices[] = { 2, 0, 2, 1, 0, 1 };
#define TAKEN(its_axis, its_whole, ...)                                                                              \
    .attributes = &(const take_attributes){ { sample_indices, its_axis, its_whole }, __VA_ARGS__ },                  \
    .attribute_bytes = sizeof(take_attributes)
#define SHAPE2(a, b)                                                                                                 \
    {                                                                                                                \
        2,                                                                                                           \
        {                                                                                                            \
            a, b                                                                                                     \
        }                                                                                                            \
    }

static const tg_sample take_samples[] = {
    { .n = 1, .inputs = { { .shape = SHAPE2(2, 4) } }, TAKEN(1, { 0 }, SHAPE2(2, 3)) },
    { .n = 1, .inputs = { { .shape = SHAPE2(3, 3) } }, TAKEN(0, { 0 }, SHAPE2(2, 3)) },
};

const tg_op tg_op_take_along_axis = {
    .name = "take_along_axis",
    .arity = 1,
    .order = TG_ORDER_ANY,
    .shape = take_shape,
    .forward = take_forward,
    .vjp = take_vjp,
    TG_SAMPLES(take_samples),
};

/* Scatter --------------------------------------------------------------------------------------------------------- */

static tg_status scatter_shape(tg_call *c, tg_shape *out)
{
    tg_copy_shape(&((const taken *)tg_call_attributes(c))->whole, out);
    return TG_OK;
}

static void scatter_line(const line *l)
{
    const int32_t *indices = l->indices + l->part;
    double *y = (double *)l->to + l->whole;
    for (int64_t i = 0; i < l->n; i++)
        y[indices[i * l->part_step] * l->whole_step] +=
            tg_element(l->call->tape, l->from, l->part + i * l->part_step);
}

/* Sums are accumulated in double. */
static tg_status scatter_forward(tg_call *c)
{
    const taken *t = tg_call_attributes(c);
    const int64_t n = c->node->extent->size;
    double *sums = c->tape->dtype == TG_F64 ? c->out : tg_call_scratch(c, (size_t)n * sizeof *sums);
    if (!sums)
        return TG_ERR_MEMORY;
    memset(sums, 0, (size_t)n * sizeof *sums);
    line l = { .call = c, .indices = t->indices, .from = tg_call_value(c, 0), .to = sums };
    if (tg_call_size(c, 0) > 0)
        for_each_line(&l, tg_call_dims(c, 0), &c->node->extent->shape, t->axis, scatter_line);
    if (sums != c->out)
        tg_convert(c->out, c->tape->dtype, sums, TG_F64, n);
    return TG_OK;
}

static void scatter_vjp(tg_vjp *v)
{
    const tg_shape shape = tg_shape_of(tg_input(v, 0));
    tg_give(v, 0, take(tg_cotangent(v), tg_vjp_attributes(v), &shape));
}

static const tg_sample scatter_samples[] = {
    { .n = 1, .inputs = { { .shape = SHAPE2(2, 3) } }, TAKEN(1, SHAPE2(2, 4), { 0 }) },
    { .n = 1, .inputs = { { .shape = SHAPE2(2, 3) } }, TAKEN(0, SHAPE2(3, 4), { 0 }) },
};

const tg_op tg_op_scatter = {
    .name = "scatter",
    .arity = 1,
    .order = TG_ORDER_ANY,
    .shape = scatter_shape,
    .forward = scatter_forward,
    .vjp = scatter_vjp,
    TG_SAMPLES(scatter_samples),
};

/* Public ---------------------------------------------------------------------------------------------------------- */

/* Fills *t, copying the indices, which must be in 0 .. size - 1; false with the error of `name` raised. */
static bool keep(tg_tensor x, const char *name, int axis, const int32_t *indices, const tg_shape *shape, taken *t)
{
    const tg_shape s = tg_shape_of(x);
    const int64_t n = tg_shape_size(shape);
    if (s.rank == 0 || axis < -s.rank || axis >= s.rank) {
        tg_tensor_fail(x, TG_ERR_SHAPE, name, "axis %d is not in %d .. %d", axis, -s.rank, s.rank - 1);
        return false;
    }
    if (!indices && n > 0) {
        tg_tensor_fail(x, TG_ERR_ARGUMENT, name, "indices is NULL, not %lld indices", (long long)n);
        return false;
    }
    t->axis = axis < 0 ? axis + s.rank : axis;
    for (int64_t i = 0; i < n; i++)
        if (indices[i] < 0 || indices[i] >= s.dims[t->axis]) {
            tg_tensor_fail(x, TG_ERR_RANGE, name, "indices[%lld] is %d, not in 0 .. %lld", (long long)i,
                           (int)indices[i], (long long)s.dims[t->axis] - 1);
            return false;
        }
    t->indices = tg_keep_numbers(x.tape, indices, n, name);
    return n == 0 || t->indices;
}

/* Whether the shape of the indices differs from x's along the axis alone or, with `smaller`, has no larger size elsewhere. */
static bool fits(tg_tensor x, const char *name, int axis, const tg_shape *shape, bool smaller)
{
    const tg_shape s = tg_shape_of(x);
    const int chosen = axis < 0 ? axis + s.rank : axis;
    bool fits = shape->rank == s.rank;
    for (int d = 0; fits && d < s.rank; d++)
        fits = d == chosen || shape->dims[d] == s.dims[d] || (smaller && shape->dims[d] < s.dims[d]);
    char text[192];
    if (!fits)
        tg_tensor_fail(x, TG_ERR_SHAPE, name,
                       "indices of shape %s do not fit; but for axis %d the sizes must be%s x's",
                       tg_shape_text(shape, text, sizeof text), axis, smaller ? " at most" : "");
    return fits;
}

tg_tensor tg_take_along_axis(tg_tensor x, int axis, const int32_t *indices, tg_shape shape)
{
    static const char name[] = "take_along_axis";
    taken t = { .axis = 0 };
    if (!tg_node_of(x, name) || !tg_tape_check_shape(x.tape, &shape, name))
        return tg_invalid(x.tape);
    if (!fits(x, name, axis, &shape, false) || !keep(x, name, axis, indices, &shape, &t))
        return tg_invalid(x.tape);
    return take(x, &t, &shape);
}

tg_tensor tg_scatter_add(tg_tensor x, int axis, const int32_t *indices, tg_tensor source)
{
    static const char name[] = "scatter_add";
    const tg_node *n = tg_node_of(x, name);
    if (!n || !source.tape) {
        if (n)
            tg_tensor_fail(x, TG_ERR_ARGUMENT, name, "the source is the null tensor");
        return tg_invalid(x.tape);
    }
    if (source.tape != x.tape)
        return tg_add(x, source); /* its error */
    if (!tg_node_of(source, name))
        return tg_invalid(x.tape);
    const tg_shape shape = tg_shape_of(source);
    taken t = { .whole = n->extent->shape };
    if (!fits(x, name, axis, &shape, true) || !keep(x, name, axis, indices, &shape, &t))
        return tg_invalid(x.tape);
    return tg_add(x, scatter(source, &t));
}
