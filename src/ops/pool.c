/* pool.c - runs and checks pooling. */
#include "ops/pool.h"

#include "core/call.h"
#include "core/error.h"
#include "core/lookup.h"
#include "kernels/kernels.h"

static tg_status replace_last_two(tg_call *c, const int64_t *sizes, tg_shape *out)
{
    const int last = tg_call_count(c) - 1; /* g, which has windows; else x */
    tg_copy_shape(tg_call_dims(c, last), out);
    out->dims[out->rank - 2] = sizes[0];
    out->dims[out->rank - 1] = sizes[1];
    return TG_OK;
}

tg_status tg_shape_windows(tg_call *c, tg_shape *out)
{
    return replace_last_two(c, ((const pool *)tg_call_attributes(c))->out, out);
}

tg_status tg_shape_elements(tg_call *c, tg_shape *out)
{
    return replace_last_two(c, ((const pool *)tg_call_attributes(c))->in, out);
}

/* The planes of a task have about that many elements. */
enum { TASK = 1 << 14 };

typedef struct planes {
    const tg_call *call;
    int64_t n, a_task;
} planes;

static int64_t plane_size(const tg_shape *s)
{
    return s->dims[s->rank - 2] * s->dims[s->rank - 1];
}

static void task(void *context, int64_t i)
{
    const planes *p = context;
    const tg_call *c = p->call;
    const int64_t first = i * p->a_task;
    tg_loop l = { .rows = p->n - first < p->a_task ? p->n - first : p->a_task, .attributes = c->node->attributes };
    for (int k = 0; k < c->node->n_inputs; k++)
        l.in[k] =
            (const char *)tg_call_value(c, k) + (size_t)(first * plane_size(tg_call_dims(c, k))) * c->tape->element;
    l.out = (char *)c->out + (size_t)(first * plane_size(&c->node->extent->shape)) * c->tape->element;
    c->tape->kernels->loop[((const tg_map *)c->node->op->data)->loop](&l);
}

tg_status tg_forward_pool(tg_call *c)
{
    const pool *p = tg_call_attributes(c);
    const int64_t plane = plane_size(&c->node->extent->shape);
    planes all = { .call = c, .n = c->node->extent->size / plane, .a_task = TASK / (p->in[0] * p->in[1] + 1) + 1 };
    tg_parallel_brief((all.n + all.a_task - 1) / all.a_task, task, &all);
    return TG_OK;
}

tg_tensor tg_pooled(const tg_op *op, tg_tensor x, const char *name, int axes, int64_t size, int64_t stride,
                    int64_t padding)
{
    const tg_node *n = tg_node_of(x, name);
    if (!n)
        return tg_invalid(x.tape);
    tg_shape s = n->extent->shape;
    const int64_t step = stride ? stride : size;
    if (s.rank != 2 + axes)
        tg_tensor_fail(x, TG_ERR_SHAPE, name, "rank %d; x must be [n, channels, %s]", s.rank,
                       axes == 2 ? "height, width" : "length");
    else if (size < 1 || step < 1 || padding < 0 || padding > size / 2)
        tg_tensor_fail(x, TG_ERR_ARGUMENT, name,
                       "size %lld, stride %lld, padding %lld; size and stride are 1 or more, padding 0 .. size / 2",
                       (long long)size, (long long)stride, (long long)padding);
    pool p = { .size = { 1, 1 }, .stride = { 1, 1 }, .in = { 1, 1 }, .out = { 1, 1 } };
    for (int i = 2 - axes; i < 2 && tg_tape_status(x.tape) == TG_OK; i++) {
        p.size[i] = size;
        p.stride[i] = step;
        p.padding[i] = padding;
        p.in[i] = s.dims[i + axes];
        if (p.in[i] < 1 || size - 2 * padding > p.in[i])
            tg_tensor_fail(x, TG_ERR_SHAPE, name, "windows of %lld do not fit into %lld elements with padding %lld",
                           (long long)size, (long long)p.in[i], (long long)padding);
        p.out[i] = (p.in[i] - (size - 2 * padding)) / step + 1;
    }
    if (tg_tape_status(x.tape) != TG_OK)
        return tg_invalid(x.tape);
    if (axes == 2)
        return tg_apply1_with(op, x, &p, sizeof p);
    const tg_tensor y = tg_apply1_with(op, tg_unsqueeze(x, 2), &p, sizeof p);
    return tg_squeeze(y, 2);
}
