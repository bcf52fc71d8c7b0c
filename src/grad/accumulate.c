/* accumulate.c - adding contributions to gradients. The first contribution is shared, not copied; a parameter's is
   evaluated into its set; no gradient starts as a buffer of zeros. */
#include "grad/accumulate.h"

#include <string.h>

#include "core/convert.h"
#include "core/error.h"
#include "core/evaluate.h"
#include "core/message.h"
#include "grad/slots.h"
#include "kernels/kernels.h"
#include "tapegrad/ops.h"

/* Whether node g is still deferred and its forward can write to memory that the caller chooses. */
static inline bool can_evaluate_into(const tg_node *g)
{
    return !g->value && !(g->op->flags & TG_OP_VIEW);
}

/* out = value of node id, or out += it. */
static bool evaluate_into(tg_tape *t, uint32_t id, void *out, bool add)
{
    tg_node *g = tg_node_at(t, id);
    if (can_evaluate_into(g) && (!add || g->op->flags & TG_OP_ACCUMULATES))
        return tg_node_evaluate_inputs(t, id) && tg_node_run(t, g, out, add);
    if (!tg_node_evaluate(t, id))
        return false;
    if (add)
        t->kernels->add(g->extent->size, g->value, out);
    else if (g->extent->size > 0)
        memcpy(out, g->value, (size_t)g->extent->size * t->element);
    return true;
}

/* Sums of many contributions ----------------------------------------------------------------------------------------
   A float32 sum of n terms loses up to n roundings. So blocks of BLOCK contributions are summed in float32, and these
   sums are added up in double. The slot's buffer is the float32 array, then the array of doubles; a parameter's float32
   sum is in its set. */
enum { BLOCK = 32 };

/* Where the doubles begin: after `size` floats, rounded up to 8 bytes. */
static double *wide_sums(const tg_slot *s, int64_t size)
{
    return (double *)s->at.value + (size + 1) / 2;
}

/* Counts a contribution that was added in float32. */
static bool is_full(const tg_tape *t, tg_slot *s)
{
    return t->dtype == TG_F32 && ++s->id == BLOCK;
}

/* Makes the slot TG_SLOT_WIDE; `sum` is what it has accumulated so far. */
static TG_COLD bool widen(tg_tape *t, tg_slot *s, const void *sum, int64_t size)
{
    const size_t bytes = (size_t)((size + 1) / 2 + size) * sizeof(double);
    void *wide = tg_buffer_take(&t->pool, &t->heap, bytes);
    if (!wide) {
        tg_tape_raise(t, TG_ERR_MEMORY, "no memory for a gradient of %zu bytes", bytes);
        return false;
    }
    memset(wide, 0, bytes);
    t->kernels->add_wide(size, sum, (double *)wide + (size + 1) / 2);
    tg_slot_clear(t, s);
    *s = (tg_slot){ .kind = TG_SLOT_WIDE, .at.value = wide };
    return true;
}

/* Accumulates node id in a slot that is TG_SLOT_WIDE; `block_sum` is the float32 sum of the latest contributions. */
static TG_COLD bool add_wide(tg_tape *t, tg_slot *s, uint32_t id, void *block_sum)
{
    const int64_t size = tg_node_at(t, id)->extent->size;
    if (s->id == BLOCK) {
        t->kernels->add_wide(size, block_sum, wide_sums(s, size));
        s->id = 0;
    }
    return evaluate_into(t, id, block_sum, s->id++ > 0);
}

bool tg_slot_round(const struct tg_vjp *pass, const tg_node *n, tg_slot *s)
{
    tg_tape *t = pass->tape;
    if (s->kind == TG_SLOT_ONE_WIDE) {
        s->at.one.f32 = (float)s->at.one.f64;
        s->kind = TG_SLOT_ONE;
        return false;
    }
    const int64_t size = n->extent->size;
    const bool is_param = pass->is_backward && n->flags & TG_NODE_PARAM;
    void *sum = is_param ? ((const tg_binding *)n->attributes)->sink->grad : s->at.value;
    if (s->id > 0)
        t->kernels->add_wide(size, sum, wide_sums(s, size));
    tg_convert(sum, TG_F32, wide_sums(s, size), TG_F64, size);
    if (is_param)
        tg_slot_clear(t, s);
    else
        s->kind = TG_SLOT_BUFFER;
    return is_param;
}

static TG_NOINLINE bool accumulate_param(tg_tape *t, tg_slot *s, const tg_node *leaf, uint32_t id)
{
    const tg_binding *b = leaf->attributes;
    const tg_sink *sink = b->sink;
    if (b->version != *sink->version) {
        tg_raise_param_changed(t, sink);
        return false;
    }
    if (s->kind == TG_SLOT_WIDE)
        return add_wide(t, s, id, sink->grad);
    const bool ok = evaluate_into(t, id, sink->grad, *sink->is_set);
    *sink->is_set = 1;
    return ok && (!is_full(t, s) || widen(t, s, sink->grad, leaf->extent->size));
}

/* One element is in the slot itself, and is copied or added without a kernel. */
static TG_NOINLINE bool accumulate_evaluated(tg_tape *t, tg_slot *s, uint32_t id)
{
    if (!tg_node_evaluate(t, id))
        return false;
    const tg_node *g = tg_node_at(t, id);
    if (g->extent->size == 0)
        s->kind = TG_SLOT_ONE;
    else
        tg_slot_add_number(t, s, tg_element(t, g->value, 0));
    return true;
}

static TG_INLINE bool accumulate_one(tg_tape *t, tg_slot *s, uint32_t id)
{
    const tg_node *g = tg_node_at(t, id);
    if (s->kind != TG_SLOT_EMPTY || !can_evaluate_into(g))
        return accumulate_evaluated(t, s, id);
    s->kind = TG_SLOT_ONE;
    return tg_node_evaluate_inputs(t, id) && tg_node_run(t, g, &s->at.one, false);
}

/* The first contribution: the slot shares its value, which is read-only from now on. */
static bool share(tg_tape *t, tg_slot *s, uint32_t id)
{
    if (!tg_node_evaluate(t, id))
        return false;
    tg_node *g = tg_node_at(t, id);
    s->at.value = g->value;
    s->kind = g->flags & TG_NODE_BUFFER ? TG_SLOT_BUFFER : TG_SLOT_BORROWED;
    if (s->kind == TG_SLOT_BUFFER)
        tg_buffer_retain(g->value);
    return true;
}

/* A further contribution: the sum is in a buffer to which the slot has the only reference. */
static bool add_to_sum(tg_tape *t, tg_slot *s, uint32_t id)
{
    const int64_t size = tg_node_at(t, id)->extent->size;
    if (s->kind == TG_SLOT_WIDE)
        return add_wide(t, s, id, s->at.value);
    if (s->kind == TG_SLOT_BUFFER && !tg_buffer_is_shared(s->at.value))
        return evaluate_into(t, id, s->at.value, true) && (!is_full(t, s) || widen(t, s, s->at.value, size));
    size_t bytes = (size_t)size * t->element;
    void *sum = tg_buffer_take(&t->pool, &t->heap, bytes);
    if (!sum) {
        tg_tape_raise(t, TG_ERR_MEMORY, "no memory for a gradient of %zu bytes", bytes);
        return false;
    }
    memcpy(sum, s->at.value, bytes);
    tg_slot_clear(t, s);
    *s = (tg_slot){ .kind = TG_SLOT_BUFFER, .at.value = sum };
    return evaluate_into(t, id, sum, true);
}

static TG_NOINLINE bool accumulate_recorded(tg_tape *t, tg_slot *s, uint32_t id)
{
    tg_tensor g = tg_handle(t, id);
    if (s->kind == TG_SLOT_NODE)
        g = tg_add(tg_handle(t, s->id), g);
    if (!g.id || !tg_node_evaluate(t, g.id))
        return false;
    *s = (tg_slot){ .kind = TG_SLOT_NODE, .id = g.id };
    return true;
}

static TG_NOINLINE bool accumulate_many(tg_tape *t, tg_slot *s, uint32_t id)
{
    return s->kind == TG_SLOT_EMPTY ? share(t, s, id) : add_to_sum(t, s, id);
}

/* Accumulates node `id` in the slot of node `target`, which is n and has the same number of elements. Only the case of
   one element is inlined into tg_give: the others are separate functions, so that it saves fewer registers. */
static TG_INLINE bool accumulate(const struct tg_vjp *pass, uint32_t target, const tg_node *n, uint32_t id)
{
    tg_tape *t = pass->tape;
    tg_slot *s = tg_slot_at(t, target);
    if (pass->records)
        return accumulate_recorded(t, s, id);
    if (pass->is_backward && n->flags & TG_NODE_PARAM)
        return accumulate_param(t, s, n, id);
    return n->extent->size <= 1 ? accumulate_one(t, s, id) : accumulate_many(t, s, id);
}

bool tg_accumulate_seed(struct tg_vjp *pass, uint32_t y, uint32_t cotangent)
{
    return accumulate(pass, y, tg_node_at(pass->tape, y), cotangent);
}

/* What a vjp calls ----------------------------------------------------------------------------------------------- */

static TG_COLD void raise_bad_contribution(tg_tape *t, int i, tg_tensor gradient)
{
    if (!gradient.tape)
        tg_tape_raise(t, TG_ERR_ARGUMENT, "the vjp gives input %d the null tensor", i);
    else if (gradient.tape != t)
        tg_tape_raise(t, TG_ERR_TAPE, "the vjp gives input %d a tensor of another tape", i);
    else
        tg_tape_raise(t, TG_ERR_STALE, "the vjp gives input %d a tensor that " TG_STALE_TEXT, i);
}

/* Whether a gradient of extent g has the same elements in the same order as one of extent x: g may only have more leading
   axes, of size 1. */
static inline bool has_same_layout(const tg_extent *g, const tg_extent *x)
{
    if (g->size != x->size || g->shape.rank < x->shape.rank)
        return false;
    const int64_t *last = g->shape.dims + (g->shape.rank - x->shape.rank);
    for (int d = 0; d < x->shape.rank; d++)
        if (last[d] != x->shape.dims[d])
            return false;
    return true;
}

static bool broadcasts(const tg_shape *from, const tg_shape *to)
{
    const int more = to->rank - from->rank;
    bool fits = more >= 0;
    for (int d = 0; fits && d < from->rank; d++)
        fits = from->dims[d] == 1 || from->dims[d] == to->dims[d + more];
    return fits;
}

/* A contribution whose extent is not input i's: an equal one, one with further axes of size 1, or one that the input
   broadcasts to, which is summed to the input's shape; or an error. */
static TG_NOINLINE void give_other_extent(const tg_vjp *v, int i, uint32_t id, const tg_node *g, tg_tensor gradient)
{
    const tg_extent *x = tg_node_at(v->tape, id)->extent;
    if (!g) {
        raise_bad_contribution(v->tape, i, gradient);
        return;
    }
    if (!broadcasts(&x->shape, &g->extent->shape)) {
        char text[TG_TEXT_BYTES / 2];
        tg_tensor_text(v->tape, gradient.id, text, sizeof text);
        tg_tape_raise(v->tape, TG_ERR_SHAPE,
                      "the vjp gives input %d a gradient of %s; its shape must be the input's, or one that this "
                      "broadcasts to",
                      i, text);
        return;
    }
    if (!(v->records ? tg_same_shape(&g->extent->shape, &x->shape) : has_same_layout(g->extent, x)))
        gradient = tg_sum_to(gradient, x->shape);
    if (gradient.id)
        accumulate(v, id, tg_node_at(v->tape, id), gradient.id);
}

void tg_give(tg_vjp *v, int i, tg_tensor gradient)
{
    if (!v)
        return;
    tg_tape *t = v->tape;
    const uint32_t id = tg_vjp_input_id(v, i);
    if (!id || t->closed)
        return;
    const tg_node *x = tg_node_at(t, id);
    if (!(x->flags & v->gradient_flag))
        return;
    const tg_node *g = tg_node_find(t, gradient);
    if (g && g->extent == x->extent)
        accumulate(v, id, x, gradient.id);
    else
        give_other_extent(v, i, id, g, gradient);
}
