/* apply.c - applying an operation: its checks, its shape, its node, its value. */
#include "core/apply.h"

#include <string.h>

#include "core/error.h"
#include "core/evaluate.h"
#include "core/message.h"

/* Whether input i, which is no valid tensor of this tape, may be absent; else an error, which shows the other inputs if
   one of them has a name. */
static TG_COLD bool may_be_absent(tg_tape *t, const tg_op *op, const tg_tensor *inputs, int n, int i)
{
    const tg_tensor x = inputs[i];
    char text[TG_TEXT_BYTES];
    if (!x.tape && i < 32 && op->optional >> i & 1)
        return true;
    tg_handles_text(t, op, inputs, n, text, sizeof text);
    if (!x.tape)
        tg_tape_raise(t, TG_ERR_ARGUMENT, "%sinput %d is the null tensor", text, i);
    else if (x.tape != t)
        tg_tape_raise(t, TG_ERR_TAPE, "%sinput %d is a tensor of another tape", text, i);
    else
        tg_tape_raise(t, TG_ERR_STALE, "%sinput %d " TG_STALE_TEXT, text, i);
    return false;
}

/* The flags of a new node: from the mode, and copied from its inputs. */
static const uint16_t flags_of_mode[] = {
    [TG_RECORDING] = 0,
    [TG_PAUSED] = TG_NODE_UNRECORDED,
    [TG_DEFERRING] = TG_NODE_DEFERRED,
    [TG_DEFERRING_RECORDING] = TG_NODE_DEFERRED,
};
static const uint16_t flags_from_inputs[] = {
    [TG_RECORDING] = TG_NODE_NEEDS_GRAD,
    [TG_PAUSED] = 0,
    [TG_DEFERRING] = 0,
    [TG_DEFERRING_RECORDING] = TG_NODE_NEEDS_GRAD,
};

/* Stores input i in the new node, which is the tape's last: valid handles have smaller ids. */
static TG_INLINE bool take_input(tg_tape *t, const tg_op *op, const tg_tensor *inputs, int n, int i, uint32_t *id,
                                 unsigned *flags, const tg_extent **extent)
{
    const tg_tensor x = inputs[i];
    if (x.tape == t && x.id - 1 < t->count - 1) {
        const tg_node *in = tg_node_at(t, x.id);
        if (in->epoch == x.epoch) {
            *id = x.id;
            *flags |= in->flags;
            *extent = in->extent;
            return true;
        }
    }
    *id = 0;
    *extent = NULL;
    return may_be_absent(t, op, inputs, n, i);
}

/* Sets the inputs and flags of the new node, and its extent if the operation is elementwise and its inputs share one. */
static TG_INLINE bool take_inputs(tg_tape *t, tg_node *n, const tg_tensor *inputs, int count, unsigned user_op)
{
    uint32_t *ids = n->inputs.few;
    if (count > TG_INLINE_INPUTS &&
        !(ids = n->inputs.many = tg_tape_alloc(t, (size_t)count * sizeof *ids, n->op->name)))
        return false;
    const tg_op *op = n->op;
    const tg_extent *first = NULL, *extent = NULL;
    bool same_extent = op->flags & TG_OP_ELEMENTWISE;
    unsigned flags = 0;
    for (int i = 0; i < count; i++) {
        if (!take_input(t, op, inputs, count, i, &ids[i], &flags, &extent))
            return false;
        first = i ? first : extent;
        same_extent = same_extent && extent == first;
    }
    n->n_inputs = (uint16_t)count;
    n->flags = (uint16_t)(user_op | flags_of_mode[t->mode] | (flags & flags_from_inputs[t->mode]) |
                          (flags & TG_NODE_DEFERRED ? TG_NODE_USES_DEFERRED : 0));
    n->extent = same_extent ? first : NULL;
    return true;
}

/* The extent of an input of n that has this shape; NULL if there is none. */
static TG_INLINE const tg_extent *extent_among(const tg_tape *t, const tg_node *n, const tg_shape *s)
{
    const uint32_t *ids = tg_node_inputs(n);
    for (int i = 0; i < n->n_inputs; i++) {
        const tg_extent *e = ids[i] ? tg_node_at(t, ids[i])->extent : NULL;
        if (e && tg_same_shape(&e->shape, s))
            return e;
    }
    return NULL;
}

static const tg_extent *new_extent(tg_call *c, const tg_shape *s)
{
    if (s->rank >= 0 && s->rank <= TG_MAX_RANK)
        return tg_tape_extent(c->tape, s, c->node->op->name);
    tg_call_fail(c, TG_ERR_SHAPE, "the shape rule returned rank %d, which is not in 0 .. %d", s->rank, TG_MAX_RANK);
    return NULL;
}

/* Whether a view fits in the memory of its input; else an error. */
static bool fits_input(tg_call *c, const tg_node *n)
{
    if (!tg_call_has(c, 0))
        tg_call_fail(c, TG_ERR_ARGUMENT, "the operation is a view of input 0, which is absent");
    else if (n->extent->size > tg_call_size(c, 0))
        tg_call_fail(c, TG_ERR_SHAPE, "a view of %lld elements of an input of %lld", (long long)n->extent->size,
                     (long long)tg_call_size(c, 0));
    else
        return true;
    return false;
}

/* Sets the extent of n from the shape rule. An existing extent is shared where one is likely to match: in a vjp, that of
   an input of the operation whose vjp it is; else that of an input of n. */
static TG_NOINLINE bool take_shape(tg_tape *t, tg_node *n)
{
    tg_call c;
    tg_shape shape;
    c.tape = t;
    c.node = n;
    c.out = NULL;
    c.accumulate = false;
    c.n_scratch = 0;
    const bool is_user_op = n->flags & TG_NODE_USER_OP;
    shape.rank = -1;
    const tg_status status = is_user_op ? tg_call_run_closed(&c, &shape) : n->op->shape(&c, &shape);
    if (status != TG_OK) {
        tg_call_fail(&c, status, "the shape rule failed with %s", tg_status_name(status));
        return false;
    }
    if (shape.rank == 0)
        n->extent = &tg_scalar_extent;
    else if (!(t->in_vjp && (n->extent = extent_among(t, t->in_vjp, &shape))) &&
             !(n->extent = extent_among(t, n, &shape)))
        n->extent = new_extent(&c, &shape);
    return n->extent && (!(n->op->flags & TG_OP_VIEW) || fits_input(&c, n));
}

static TG_INLINE bool take_attributes(tg_tape *t, tg_node *n, const void *attributes, size_t bytes)
{
    double *number = &n->inputs.with_number.number;
    if (!attributes) {
        tg_tape_raise(t, TG_ERR_ARGUMENT, "%s: the attributes are NULL; %zu bytes were announced", n->op->name,
                      bytes);
    } else if (bytes <= sizeof *number && n->n_inputs <= TG_INLINE_INPUTS_BESIDE_NUMBER) {
        if (bytes == sizeof *number) /* a constant size needs no call of memcpy */
            memcpy(number, attributes, sizeof *number);
        else if (bytes == sizeof(int))
            memcpy(number, attributes, sizeof(int));
        else
            memcpy(number, attributes, bytes);
        n->attributes = number;
    } else if ((n->attributes = tg_tape_alloc(t, bytes, n->op->name))) {
        memcpy(n->attributes, attributes, bytes);
    }
    return n->attributes;
}

/* Whether attributes were given, if the samples have some. */
static inline bool has_attributes(const tg_op *op, size_t bytes)
{
    return bytes || op->n_samples < 1 || !op->samples || !op->samples->attribute_bytes;
}

/* Whether op is complete and takes exactly n inputs; false for TG_VARIADIC. */
static inline bool is_valid_op(const tg_op *op, int n, size_t bytes)
{
    return op && op->arity == n && n <= UINT16_MAX && op->name && op->shape &&
           (op->forward || op->flags & TG_OP_VIEW) && has_attributes(op, bytes);
}

/* The slow path of is_valid_op: also accepts TG_VARIADIC, and raises an error for what is wrong. */
static TG_COLD bool check_op(tg_tape *t, const tg_op *op, int n, size_t bytes)
{
    if (!op)
        tg_tape_raise(t, TG_ERR_ARGUMENT, "apply: the operation is NULL");
    else if (!op->name || !op->shape || (!op->forward && !(op->flags & TG_OP_VIEW)))
        tg_tape_raise(t, TG_ERR_ARGUMENT, "apply: operation %s needs a name, a shape rule and a forward",
                      op->name ? op->name : "without a name");
    else if (!has_attributes(op, bytes))
        tg_tape_raise(t, TG_ERR_ARGUMENT, "%s: takes attributes, as in its samples, of %zu bytes; was given none",
                      op->name, op->samples->attribute_bytes);
    else if (op->arity != TG_VARIADIC && op->arity != n)
        tg_tape_raise(t, TG_ERR_ARGUMENT, "%s: takes %d inputs, was given %d", op->name, op->arity, n);
    else if (n < 1 || n > UINT16_MAX)
        tg_tape_raise(t, TG_ERR_ARGUMENT, "%s: takes 1 .. %d inputs, was given %d", op->name, UINT16_MAX, n);
    return t->status == TG_OK;
}

/* Inlined into each public entry, so that an entry with few inputs keeps them in registers. */
static TG_INLINE tg_tensor apply(tg_tape *t, const tg_op *op, const tg_tensor *inputs, int n, const void *attributes,
                                 size_t bytes, unsigned user_op)
{
    tg_node *node = tg_tape_push(t, op);
    if (!node)
        return tg_invalid(t);
    const uint32_t id = t->count;
    bool ok = take_inputs(t, node, inputs, n, user_op) && (!bytes || take_attributes(t, node, attributes, bytes)) &&
              (node->extent || take_shape(t, node));
    if (ok && t->mode < TG_DEFERRING)
        ok = tg_node_compute(t, node);
    if (!ok) {
        t->count = id - 1;
        return tg_invalid(t);
    }
    return (tg_tensor){ .tape = t, .id = id, .epoch = node->epoch };
}

static TG_INLINE tg_tape *first_tape(const tg_tensor *inputs, int n)
{
    for (int i = 0; inputs && i < n; i++)
        if (inputs[i].tape)
            return inputs[i].tape;
    return NULL;
}

tg_tensor tg_apply(const tg_op *op, const tg_tensor *inputs, int n, const void *attributes, size_t bytes)
{
    tg_tape *t = first_tape(inputs, n);
    if (!t || !tg_tape_is_open(t, op && op->name ? op->name : "apply") ||
        (!is_valid_op(op, n, bytes) && !check_op(t, op, n, bytes)))
        return tg_invalid(t);
    return apply(t, op, inputs, n, attributes, bytes, TG_NODE_USER_OP);
}

static TG_COLD bool refuse(tg_tape *t, const tg_op *op)
{
    return tg_tape_refuse(t, op->name);
}

static TG_INLINE tg_tensor apply_own(const tg_op *op, const tg_tensor *inputs, int n, const void *attributes,
                                     size_t bytes)
{
    tg_tape *t = first_tape(inputs, n);
    return t && (!t->closed || refuse(t, op)) ? apply(t, op, inputs, n, attributes, bytes, 0) : tg_invalid(t);
}

tg_tensor tg_apply1(const tg_op *op, tg_tensor x)
{
    return apply_own(op, &x, 1, NULL, 0);
}

tg_tensor tg_apply1_by(const tg_op *op, tg_tensor x, double p)
{
    return apply_own(op, &x, 1, &p, sizeof p);
}

tg_tensor tg_apply1_with(const tg_op *op, tg_tensor x, const void *attributes, size_t bytes)
{
    return apply_own(op, &x, 1, attributes, bytes);
}

tg_tensor tg_apply2(const tg_op *op, tg_tensor a, tg_tensor b)
{
    return apply_own(op, (tg_tensor[]){ a, b }, 2, NULL, 0);
}

tg_tensor tg_apply2_with(const tg_op *op, tg_tensor a, tg_tensor b, const void *attributes, size_t bytes)
{
    return apply_own(op, (tg_tensor[]){ a, b }, 2, attributes, bytes);
}

tg_tensor tg_apply3(const tg_op *op, tg_tensor a, tg_tensor b, tg_tensor c)
{
    return apply_own(op, (tg_tensor[]){ a, b, c }, 3, NULL, 0);
}
