/* vjp.c - what a vjp sees: its cotangent, inputs, output and attributes. */
#include "grad/vjp.h"

#include "core/error.h"

tg_tensor tg_cotangent(const tg_vjp *v)
{
    if (!v)
        return (tg_tensor){ 0 };
    return v->cotangent ? tg_handle(v->tape, v->cotangent) : tg_invalid(v->tape);
}

int tg_vjp_count(const tg_vjp *v)
{
    return v ? v->node->n_inputs : 0;
}

const void *tg_vjp_attributes(const tg_vjp *v)
{
    return v ? v->node->attributes : NULL;
}

tg_tensor tg_output(const tg_vjp *v)
{
    return v ? (tg_tensor){ .tape = v->tape, .id = v->id, .epoch = v->node->epoch } : (tg_tensor){ 0 };
}

TG_COLD uint32_t tg_vjp_raise_no_input(const tg_vjp *v, int i)
{
    const int n = v->node->n_inputs;
    tg_tape_raise(v->tape, TG_ERR_ARGUMENT,
                  "the vjp uses input %d of an operation with %d input%s; they are counted from 0", i, n,
                  n == 1 ? "" : "s");
    return 0;
}

TG_COLD void tg_raise_param_changed(tg_tape *t, const tg_sink *sink)
{
    tg_tape_raise(
        t, TG_ERR_CHANGED,
        "the values of parameter \"%s\" changed after they were recorded; reset the tape and run the model again",
        sink->name);
}

tg_tensor tg_input(const tg_vjp *v, int i)
{
    const uint32_t id = v ? tg_vjp_input_id(v, i) : 0;
    if (!id)
        return (tg_tensor){ 0 };
    const tg_node *x = tg_node_at(v->tape, id);
    const tg_binding *b = x->flags & TG_NODE_PARAM ? x->attributes : NULL;
    if (b && b->version != *b->sink->version)
        tg_raise_param_changed(v->tape, b->sink);
    return (tg_tensor){ .tape = v->tape, .id = id, .epoch = x->epoch };
}

bool tg_wants(const tg_vjp *v, int i)
{
    const uint32_t id = v ? tg_vjp_input_id(v, i) : 0;
    return id && tg_node_at(v->tape, id)->flags & v->gradient_flag;
}
