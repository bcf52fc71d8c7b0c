/* apply.c - applying an operation: its checks, its shape, its place on the tape, its value. */
#include <math.h>
#include <string.h>

#include "core/apply.h"
#include "core/format.h"
#include "core/platform.h"
#include "core/tape.h"

/* What a shape rule and a forward see --------------------------------------------------------------------------- */

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

/* Whether a forward is running: a shape rule has no values, and no output yet. */
static bool is_forward(const tg_call *c, const char *what)
{
    if (c && !c->out)
        tg_tape_raise(c->tape, TG_ERR_STATE, "%s: the shape rule asks for %s, which only the forward has",
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
    void *p = c->n_scratch < TG_SCRATCH ? tg_store_take(&t->store, &t->heap, size) : NULL;
    if (p)
        c->scratch[c->n_scratch++] = p;
    else
        tg_call_fail(c, TG_ERR_MEMORY,
                     c->n_scratch < TG_SCRATCH
                         ? "no memory for %zu bytes of scratch"
                         : "scratch of %zu bytes is one more than the %d that a forward may take",
                     size, TG_SCRATCH);
    return p;
}

tg_status tg_call_fail(tg_call *c, tg_status status, const char *format, ...)
{
    if (!c)
        return status == TG_OK ? TG_ERR_ARGUMENT : status;
    char text[TG_TEXT];
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
        if (s.rank > out->rank) { /* the last axes align: push the axes so far to the end */
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

/* Computing ------------------------------------------------------------------------------------------------------- */

/* Writes "finite", or the first value of an array that is not, and where it stands: "-inf at [0, 3]". */
static const char *finiteness(const tg_tape *t, const tg_extent *e, const void *values, char *text, size_t size)
{
    int64_t i = 0;
    double x = 0;
    for (; i < e->size; i++) {
        x = tg_element(t, values, i);
        if (!isfinite(x))
            break;
    }
    if (i == e->size)
        return "finite";
    tg_shape at = e->shape;
    for (int d = at.rank - 1; d >= 0; i /= e->shape.dims[d--])
        at.dims[d] = i % e->shape.dims[d];
    char place[192];
    tg_format(text, size, at.rank ? "%g at %s" : "%g", x, tg_shape_text(&at, place, sizeof place));
    return text;
}

static TG_COLD void raise_nonfinite(tg_call *c)
{
    char text[256], result[256], input[256];
    size_t n = 0;
    for (int i = 0; i < c->node->n_inputs; i++) {
        const tg_node *in = tg_call_has(c, i) ? tg_call_node(c, i) : NULL;
        if (in && in->value)
            n += tg_format(text + n, sizeof text - n, "%sinput %d is %s", n ? ", " : "", i,
                           finiteness(c->tape, in->extent, in->value, input, sizeof input));
    }
    tg_call_fail(c, TG_ERR_NONFINITE, "the result is %s; %.*s",
                 finiteness(c->tape, c->node->extent, c->out, result, sizeof result), (int)n, text);
}

TG_COLD bool tg_node_finish_run(tg_call *c, tg_status status)
{
    for (int i = 0; i < c->n_scratch; i++)
        tg_store_drop(&c->tape->store, c->scratch[i]);
    if (status != TG_OK)
        tg_call_fail(c, status, "the forward failed with %s", tg_status_name(status));
    return c->tape->status == TG_OK;
}

/* While one of an operation's functions runs that works on memory, the tape is shut. */
static tg_status guarded(tg_call *c, tg_shape *out)
{
    tg_tape *t = c->tape;
    t->in_call = c->node->op;
    t->shut |= TG_SHUT_IN_CALL;
    const tg_status status = out ? c->node->op->shape(c, out) : c->node->op->forward(c);
    t->shut &= ~(unsigned)TG_SHUT_IN_CALL;
    return status == TG_OK ? t->status : status;
}

TG_APART bool tg_node_run_watched(tg_call *c)
{
    const tg_tape *t = c->tape;
    if (!tg_node_finish_run(c, guarded(c, NULL)))
        return false;
    if (t->traps & TG_TRAP_NONFINITE && !t->kernels->all_finite(c->node->extent->size, c->out))
        raise_nonfinite(c);
    return t->status == TG_OK;
}

/* A view shares input 0's memory; one element is cheaper copied than shared. */
static bool view(tg_tape *t, tg_node *n)
{
    const tg_node *x = tg_node_at(t, tg_node_inputs(n)[0]);
    if (n->extent->size == 1) {
        n->value = &n->one;
        memcpy(n->value, x->value, t->element);
        return true;
    }
    n->value = x->value;
    if (t->mode == TG_NOTING && x->flags & TG_NODE_BUFFER) {
        tg_store_hold(n->value);
        tg_tape_set_holder(t, n);
    }
    return true;
}

static TG_INLINE bool compute(tg_tape *t, tg_node *n)
{
    if (n->op->flags & TG_OP_VIEW)
        return view(t, n);
    return tg_tape_place(t, n) && tg_node_run(t, n, n->value, false);
}

/* Notes form a small stretch of the tape, inputs before users: mark downwards, compute upwards. */
static bool compute_marked(tg_tape *t, uint32_t last)
{
    uint32_t lowest = last + 1;
    for (uint32_t id = last; id >= t->notes_from && id; id--) {
        const tg_node *n = tg_node_at(t, id);
        if (!(n->flags & TG_NODE_TO_DO) || n->value)
            continue;
        lowest = id;
        for (int i = 0; i < n->n_inputs; i++) {
            uint32_t in = tg_node_inputs(n)[i];
            if (in >= t->notes_from)
                tg_node_at(t, in)->flags |= TG_NODE_TO_DO;
        }
    }
    bool good = true;
    for (uint32_t id = t->notes_from; id <= last; id++) {
        tg_node *n = tg_node_at(t, id);
        if (n->flags & TG_NODE_TO_DO && !n->value && id >= lowest)
            good = good && compute(t, n);
        n->flags &= (uint16_t)~TG_NODE_TO_DO;
    }
    return good;
}

bool tg_node_compute_notes(tg_tape *t, uint32_t id)
{
    const tg_node *n = tg_node_at(t, id);
    bool all_there = true;
    for (int i = 0; i < n->n_inputs; i++) {
        uint32_t in = tg_node_inputs(n)[i];
        tg_node *x = in ? tg_node_at(t, in) : NULL;
        if (x && !x->value) {
            x->flags |= TG_NODE_TO_DO;
            all_there = false;
        }
    }
    return all_there || compute_marked(t, id - 1);
}

bool tg_node_compute(tg_tape *t, uint32_t id)
{
    tg_node *n = tg_node_at(t, id);
    return n->value || (tg_node_compute_inputs(t, id) && compute(t, n));
}

/* Applying -------------------------------------------------------------------------------------------------------- */

/* Whether input i may be absent, or else what is wrong with it, raised; with the other inputs where one has a name. */
static TG_COLD bool may_be_absent(tg_tape *t, const tg_op *op, const tg_tensor *inputs, int n, int i)
{
    const tg_tensor x = inputs[i];
    char text[TG_TEXT];
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

/* What a node of each mode has from the start, and takes from its inputs. */
static const uint16_t flags_of_mode[] = {
    [TG_RECORDING] = 0,
    [TG_PAUSED] = TG_NODE_CUT,
    [TG_NOTING] = TG_NODE_NOTED,
    [TG_NOTING_RECORDING] = TG_NODE_NOTED,
};
static const uint16_t flags_from_inputs[] = {
    [TG_RECORDING] = TG_NODE_NEEDS_GRAD,
    [TG_PAUSED] = 0,
    [TG_NOTING] = 0,
    [TG_NOTING_RECORDING] = TG_NODE_NEEDS_GRAD,
};

/* Takes input i into the new node, which is the tape's last: handles are good below it. */
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

/* Puts the inputs into the new node, its flags, and its extent if they all share one that the operation keeps. */
static TG_INLINE bool take_inputs(tg_tape *t, tg_node *n, const tg_tensor *inputs, int count, unsigned guard)
{
    uint32_t *ids = n->inputs.few;
    if (count > TG_FEW && !(ids = n->inputs.many = tg_tape_alloc(t, (size_t)count * sizeof *ids, n->op->name)))
        return false;
    const tg_op *op = n->op;
    const tg_extent *first = NULL, *extent = NULL;
    bool alike = op->flags & TG_OP_ELEMENTWISE;
    unsigned flags = 0;
    for (int i = 0; i < count; i++) {
        if (!take_input(t, op, inputs, count, i, &ids[i], &flags, &extent))
            return false;
        first = i ? first : extent;
        alike = alike && extent == first;
    }
    n->n_inputs = (uint16_t)count;
    n->flags = (uint16_t)(guard | flags_of_mode[t->mode] | (flags & flags_from_inputs[t->mode]) |
                          (flags & TG_NODE_NOTED ? TG_NODE_ON_NOTES : 0));
    n->extent = alike ? first : NULL;
    return true;
}

/* The extent of an input of n that has this shape; NULL if none has. */
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
    tg_call_fail(c, TG_ERR_SHAPE, "the shape rule gave a rank of %d, not one of 0 .. %d", s->rank, TG_MAX_RANK);
    return NULL;
}

/* Whether a view stays within the memory of its input, or else what is wrong, raised. */
static bool fits_input(tg_call *c, const tg_node *n)
{
    if (!tg_call_has(c, 0))
        tg_call_fail(c, TG_ERR_ARGUMENT, "a view shares the memory of input 0, which is absent");
    else if (n->extent->size > tg_call_size(c, 0))
        tg_call_fail(c, TG_ERR_SHAPE, "a view of %lld elements on the memory of %lld", (long long)n->extent->size,
                     (long long)tg_call_size(c, 0));
    else
        return true;
    return false;
}

/* Shapes repeat: what a rule makes often has the shape of an input of what the rule is for, and any result that of an
   input of its own. */
static TG_APART bool take_shape(tg_tape *t, tg_node *n)
{
    tg_call c;
    tg_shape shape;
    c.tape = t;
    c.node = n;
    c.out = NULL;
    c.accumulate = false;
    c.n_scratch = 0;
    const bool is_guarded = n->flags & TG_NODE_GUARDED;
    shape.rank = -1;
    const tg_status status = is_guarded ? guarded(&c, &shape) : n->op->shape(&c, &shape);
    if (status != TG_OK) {
        tg_call_fail(&c, status, "the shape rule refused with %s", tg_status_name(status));
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
    double *number = &n->inputs.and.number;
    if (!attributes) {
        tg_tape_raise(t, TG_ERR_ARGUMENT, "%s: the attributes are NULL, not %zu bytes", n->op->name, bytes);
    } else if (bytes <= sizeof *number && n->n_inputs <= TG_TWO) {
        if (bytes == sizeof *number) /* known sizes are moved without a call */
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

/* Whether attributes are given where the samples have some. */
static inline bool has_attributes(const tg_op *op, size_t bytes)
{
    return bytes || op->n_samples < 1 || !op->samples || !op->samples->attribute_bytes;
}

/* Whether op is complete, and takes just n inputs. */
static inline bool is_sound(const tg_op *op, int n, size_t bytes)
{
    return op && op->arity == n && n <= UINT16_MAX && op->name && op->shape &&
           (op->forward || op->flags & TG_OP_VIEW) && has_attributes(op, bytes);
}

/* Of what is not sound: an operation of any number of inputs, or what is wrong, raised. */
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

/* Inlined into each of the ways to apply, so that those of few inputs keep them in registers. */
static TG_INLINE tg_tensor apply(tg_tape *t, const tg_op *op, const tg_tensor *inputs, int n, const void *attributes,
                                 size_t bytes, unsigned flags)
{
    tg_node *node = tg_tape_push(t, op);
    if (!node)
        return tg_bad(t);
    const uint32_t id = t->count;
    bool good = take_inputs(t, node, inputs, n, flags) && (!bytes || take_attributes(t, node, attributes, bytes)) &&
                (node->extent || take_shape(t, node));
    if (good && t->mode < TG_NOTING)
        good = compute(t, node);
    if (!good) {
        t->count = id - 1;
        return tg_bad(t);
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
        (!is_sound(op, n, bytes) && !check_op(t, op, n, bytes)))
        return tg_bad(t);
    return apply(t, op, inputs, n, attributes, bytes, TG_NODE_GUARDED);
}

static TG_COLD bool refuse(tg_tape *t, const tg_op *op)
{
    return tg_tape_refuse(t, op->name);
}

static TG_INLINE tg_tensor apply_sound(const tg_op *op, const tg_tensor *inputs, int n, const void *attributes,
                                       size_t bytes)
{
    tg_tape *t = first_tape(inputs, n);
    return t && (!t->shut || refuse(t, op)) ? apply(t, op, inputs, n, attributes, bytes, 0) : tg_bad(t);
}

tg_tensor tg_apply1(const tg_op *op, tg_tensor x)
{
    return apply_sound(op, &x, 1, NULL, 0);
}

tg_tensor tg_apply1_by(const tg_op *op, tg_tensor x, double p)
{
    return apply_sound(op, &x, 1, &p, sizeof p);
}

tg_tensor tg_apply1_with(const tg_op *op, tg_tensor x, const void *attributes, size_t bytes)
{
    return apply_sound(op, &x, 1, attributes, bytes);
}

tg_tensor tg_apply2(const tg_op *op, tg_tensor a, tg_tensor b)
{
    return apply_sound(op, (tg_tensor[]){ a, b }, 2, NULL, 0);
}

tg_tensor tg_apply2_with(const tg_op *op, tg_tensor a, tg_tensor b, const void *attributes, size_t bytes)
{
    return apply_sound(op, (tg_tensor[]){ a, b }, 2, attributes, bytes);
}

tg_tensor tg_apply3(const tg_op *op, tg_tensor a, tg_tensor b, tg_tensor c)
{
    return apply_sound(op, (tg_tensor[]){ a, b, c }, 3, NULL, 0);
}
