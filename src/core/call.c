/* call.c - what a shape rule and a forward see. */
#include "core/call.h"

#include "core/error.h"
#include "core/format.h"
#include "core/message.h"

int tg_call_count(const tg_call *c)
{
    return c ? c->node->n_inputs : 0;
}

bool tg_call_has(const tg_call *c, int i)
{
    return c && i >= 0 && i < c->node->n_inputs && tg_node_inputs(c->node)[i] != 0;
}

tg_shape tg_call_shape(const tg_call *c, int i)
{
    return tg_call_has(c, i) ? tg_call_node(c, i)->extent->shape : tg_scalar_extent.shape;
}

int64_t tg_call_size(const tg_call *c, int i)
{
    return tg_call_has(c, i) ? tg_call_node(c, i)->extent->size : 0;
}

const void *tg_call_attributes(const tg_call *c)
{
    return c ? c->node->attributes : NULL;
}

tg_dtype tg_call_dtype(const tg_call *c)
{
    return c ? c->tape->dtype : TG_F32;
}

/* Whether a forward is running, or else an error: a shape rule has neither values nor an output. */
static bool is_forward(const tg_call *c, const char *what)
{
    if (c && !c->out)
        tg_tape_raise(c->tape, TG_ERR_STATE, "%s: the shape rule uses %s, which only the forward has",
                      c->node->op->name, what);
    return c && c->out;
}

const void *tg_call_input(const tg_call *c, int i)
{
    return is_forward(c, "the values of its inputs") && tg_call_has(c, i) ? tg_call_node(c, i)->value : NULL;
}

void *tg_call_output(const tg_call *c)
{
    return is_forward(c, "its output") ? c->out : NULL;
}

tg_shape tg_call_output_shape(const tg_call *c)
{
    return is_forward(c, "the shape of its output") ? c->node->extent->shape : tg_scalar_extent.shape;
}

int64_t tg_call_output_size(const tg_call *c)
{
    return is_forward(c, "the size of its output") ? c->node->extent->size : 0;
}

bool tg_call_accumulates(const tg_call *c)
{
    return is_forward(c, "whether it accumulates") && c->accumulate;
}

void *tg_call_scratch(tg_call *c, size_t size)
{
    if (!is_forward(c, "scratch"))
        return NULL;
    tg_tape *t = c->tape;
    void *p = c->n_scratch < TG_SCRATCH ? tg_buffer_take(&t->pool, &t->heap, size) : NULL;
    if (p)
        c->scratch[c->n_scratch++] = p;
    else
        tg_call_fail(c, TG_ERR_MEMORY,
                     c->n_scratch < TG_SCRATCH ? "no memory for %zu bytes of scratch"
                                               : "scratch of %zu bytes after %d others; a forward may take no more",
                     size, TG_SCRATCH);
    return p;
}

tg_status tg_call_fail(tg_call *c, tg_status status, const char *format, ...)
{
    if (!c)
        return status == TG_OK ? TG_ERR_ARGUMENT : status;
    char text[TG_TEXT_BYTES];
    size_t n = tg_application_text(c->tape, c->node, 0, text, sizeof text);
    va_list args;
    va_start(args, format);
    tg_format_v(text + n, sizeof text - n, format ? format : "failed", args);
    va_end(args);
    return tg_tape_raise(c->tape, status, "%s", text);
}

tg_status tg_call_axis(tg_call *c, int rank, int axis, int *resolved)
{
    if (!c || !resolved || rank < 0 || rank > TG_MAX_RANK)
        return tg_call_fail(c, TG_ERR_ARGUMENT, "axis %d of a rank of %d, to be resolved to %s", axis, rank,
                            resolved ? "a number" : "NULL");
    int n = rank ? rank : 1;
    if (axis < -n || axis >= n)
        return tg_call_fail(c, TG_ERR_SHAPE, "axis %d is not in %d .. %d", axis, -n, n - 1);
    *resolved = axis < 0 ? axis + n : axis;
    return TG_OK;
}

tg_status tg_shape_broadcast(tg_call *c, tg_shape *out)
{
    if (!c || !out)
        return tg_call_fail(c, TG_ERR_ARGUMENT, "the shape to be written is NULL");
    *out = (tg_shape){ .rank = 0 };
    for (int i = 0; i < tg_call_count(c); i++) {
        tg_shape s = tg_call_shape(c, i);
        if (s.rank > out->rank) { /* the last axes align: move the axes so far to the end */
            int shift = s.rank - out->rank;
            for (int d = s.rank - 1; d >= 0; d--)
                out->dims[d] = d >= shift ? out->dims[d - shift] : 1;
            out->rank = s.rank;
        }
        for (int d = 0; d < s.rank; d++) {
            int64_t *have = &out->dims[d + out->rank - s.rank];
            if (*have == 1)
                *have = s.dims[d];
            else if (s.dims[d] != 1 && s.dims[d] != *have)
                return tg_call_fail(c, TG_ERR_SHAPE, "sizes %lld and %lld do not broadcast; equal ones or a 1 would",
                                    (long long)*have, (long long)s.dims[d]);
        }
    }
    return TG_OK;
}

tg_status tg_call_run_closed(tg_call *c, tg_shape *out)
{
    tg_tape *t = c->tape;
    t->in_call = c->node->op;
    t->closed |= TG_CLOSED_IN_CALL;
    const tg_status status = out ? c->node->op->shape(c, out) : c->node->op->forward(c);
    t->closed &= ~(unsigned)TG_CLOSED_IN_CALL;
    return status == TG_OK ? t->status : status;
}
