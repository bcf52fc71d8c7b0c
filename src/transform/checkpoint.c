/* checkpoint.c - a function whose intermediate values are not kept, but computed again in the reverse pass.

   The function's result is one node of the outer tape, of the operation `checkpoint` at level 0. Its vjp applies the
   operation at level 1 to the same inputs and the cotangent, and this at level 2, and so on: level k computes the
   gradients of level k - 1 by all inputs that need one, as one vector, on the inner tape. So derivatives of any order
   need one operation and one vjp.

   Inputs of level 0: those of the function, then the parameters that it uses. Of level k: the same, the result of level
   0, and the cotangents of levels 1 .. k. The result takes no gradient: it is compared with that of the new run. */
#include <string.h>

#include "core/call.h"
#include "core/error.h"
#include "core/leaf.h"
#include "core/lookup.h"
#include "core/param.h"
#include "core/push.h"
#include "tapegrad/grad.h"
#include "tapegrad/ops.h"
#include "tapegrad/transform.h"

/* A parameter that the function uses: what tg_tape_bind takes. */
typedef struct used_param {
    const void *set;
    int count, i;
    const tg_sink *sink;
    bool takes_grad;
} used_param;

/* What all levels share. On the outer tape's arena. */
typedef struct plan {
    tg_checkpoint_function *f;
    void *context;
    int n; /* inputs of f */
    int n_params;
    used_param *params;
    bool in_evaluation; /* the mode of the first run, and so of the others */
    const void *ready;  /* while the first run is on the inner tape: its result's values */
} plan;

/* The attributes. */
typedef struct level {
    const plan *plan;
    const struct level *below; /* NULL at level 0 */
    const int *wanted;         /* the inputs of the level below by which the gradients are, ascending */
    int n_wanted;
    int64_t size; /* of the gradients; at level 0: */
    const tg_extent *extent;
} level;

static const tg_op checkpoint_op;

/* Inputs and parameters: an operation takes 65,535 inputs, and each order of derivative adds one. */
enum { LEAVES_MOST = 65000 };

static int n_leaves(const plan *p)
{
    return p->n + p->n_params;
}

/* The inner tape --------------------------------------------------------------------------------------------------- */

/* The inner tape of t, empty, in t's modes. NULL, with the error raised, out of memory. */
static tg_tape *inner_tape(tg_tape *t, bool in_evaluation)
{
    if (!t->inner)
        t->inner = tg_tape_create_with(t->dtype, &t->heap.allocator);
    if (tg_tape_status(t->inner) == TG_ERR_MEMORY && t->inner->is_failed) {
        t->inner = NULL;
        tg_tape_raise(t, TG_ERR_MEMORY, "checkpoint: no memory for the function's tape");
        return NULL;
    }
    tg_tape_reset(t->inner);
    tg_tape_set_recording(t->inner, true);
    tg_tape_set_training(t->inner, !in_evaluation);
    tg_tape_set_trap(t->inner, t->traps);
    return t->inner;
}

/* A variable of the inner tape over the values of a node of the outer one. */
static tg_tensor borrow(tg_tape *inner, const tg_node *x)
{
    return tg_tape_leaf(inner, &tg_leaf_variable, x->extent, x->value, TG_NODE_NEEDS_GRAD);
}

static tg_tensor bind(tg_tape *t, const used_param *u)
{
    return tg_tape_bind(t, u->set, u->count, t->dtype, u->i, u->sink, u->takes_grad);
}

/* Raises the inner tape's error on the outer one. */
static tg_status pass_error_on(tg_tape *outer, const tg_tape *inner)
{
    return tg_tape_raise(outer, tg_tape_status(inner), "checkpoint: %s", tg_tape_message(inner));
}

/* Runs f. An invalid result, or a call that f must not make, is an error of the inner tape. */
static tg_tensor run(const plan *p, tg_tape *inner, const tg_tensor *inputs)
{
    const uint32_t backwards = inner->backwards, resets = inner->resets;
    const tg_tensor y = p->f(inner, inputs, p->context);
    if (inner->backwards != backwards)
        tg_tape_raise(inner, TG_ERR_STATE, "the function calls tg_backward; tg_grad is what it may call");
    else if (inner->resets != resets)
        tg_tape_raise(inner, TG_ERR_STATE, "the function resets its tape");
    else if (y.tape != inner)
        tg_tape_raise(inner, y.tape ? TG_ERR_TAPE : TG_ERR_ARGUMENT, "the function returns %s",
                      y.tape ? "a tensor of another tape" : "the null tensor");
    else
        tg_node_with_value(y, "the function's result");
    return tg_tape_status(inner) == TG_OK ? y : tg_invalid(inner);
}

/* The first run ---------------------------------------------------------------------------------------------------- */

static int count_params(const tg_tape *inner)
{
    int n = 0;
    for (const tg_bound_set *b = inner->bound; b; b = b->next)
        for (uint32_t i = 0; i < b->n; i++)
            n += b->ids[i] != 0;
    return n;
}

/* Records the parameters that are on the inner tape. */
static bool find_params(plan *p, tg_tape *outer, const tg_tape *inner)
{
    p->n_params = count_params(inner);
    if (n_leaves(p) > LEAVES_MOST) {
        tg_tape_raise(outer, TG_ERR_ARGUMENT,
                      "checkpoint: %d inputs and %d parameters; together at most %d are possible", p->n, p->n_params,
                      LEAVES_MOST);
        return false;
    }
    p->params = tg_tape_alloc(outer, (size_t)p->n_params * sizeof *p->params, "checkpoint");
    used_param *u = p->params;
    for (const tg_bound_set *b = inner->bound; u && b; b = b->next)
        for (uint32_t i = 0; i < b->n; i++)
            if (b->ids[i])
                *u++ = (used_param){
                    .set = b->set,
                    .count = (int)b->n,
                    .i = (int)i,
                    .sink = b->bindings[i].sink,
                    .takes_grad = tg_node_at(inner, b->ids[i])->flags & TG_NODE_NEEDS_GRAD,
                };
    return p->params;
}

/* While the function runs, the outer tape is closed to it. */
static tg_tensor run_first(plan *p, tg_tape *outer, const tg_tensor *inputs)
{
    tg_tape *inner = inner_tape(outer, p->in_evaluation);
    tg_tensor *xs = inner ? tg_tape_alloc(outer, (size_t)p->n * sizeof *xs, "checkpoint") : NULL;
    for (int i = 0; xs && i < p->n; i++)
        xs[i] = borrow(inner, tg_node_at(outer, inputs[i].id));
    if (!xs)
        return (tg_tensor){ 0 };
    outer->in_call = &checkpoint_op;
    outer->closed |= TG_CLOSED_IN_CALL;
    const tg_tensor y = run(p, inner, xs);
    outer->closed &= ~(unsigned)TG_CLOSED_IN_CALL;
    if (!y.id)
        pass_error_on(outer, inner);
    return outer->status == TG_OK && find_params(p, outer, inner) ? y : (tg_tensor){ 0 };
}

/* The node: its inputs are those of the function and the leaves of its parameters. */
static tg_tensor record(plan *p, tg_tape *outer, const tg_tensor *inputs, tg_tensor y)
{
    tg_tensor *all = tg_tape_alloc(outer, (size_t)n_leaves(p) * sizeof *all, "checkpoint");
    const tg_node *result = tg_node_at(y.tape, y.id);
    const tg_extent *extent = all ? tg_tape_extent(outer, &result->extent->shape, "checkpoint") : NULL;
    if (!extent)
        return tg_invalid(outer);
    memcpy(all, inputs, (size_t)p->n * sizeof *all);
    for (int i = 0; i < p->n_params; i++)
        all[p->n + i] = bind(outer, &p->params[i]);
    p->ready = result->value;
    const tg_tensor x = tg_apply(&checkpoint_op, all, n_leaves(p),
                                 &(level){ .plan = p, .size = extent->size, .extent = extent }, sizeof(level));
    p->ready = NULL;
    return x;
}

static bool check_inputs(tg_tape *t, const tg_tensor *inputs, int n)
{
    for (int i = 0; i < n && t->status == TG_OK; i++) {
        if (inputs[i].tape != t)
            tg_tape_raise(t, inputs[i].tape ? TG_ERR_TAPE : TG_ERR_ARGUMENT, "checkpoint: input %d is %s", i,
                          inputs[i].tape ? "a tensor of another tape" : "the null tensor");
        else
            tg_node_with_value(inputs[i], "checkpoint");
    }
    return t->status == TG_OK;
}

tg_tensor tg_checkpoint(tg_checkpoint_function *f, const tg_tensor *inputs, int n, void *context)
{
    tg_tape *t = NULL;
    for (int i = 0; inputs && i < n && !t; i++)
        t = inputs[i].tape;
    if (!t || !tg_tape_is_open(t, "checkpoint"))
        return tg_invalid(t);
    if (!f || n > LEAVES_MOST)
        tg_tape_raise(t, TG_ERR_ARGUMENT,
                      f ? "checkpoint: %d inputs; 1 .. %d are possible" : "checkpoint: the function is NULL", n,
                      LEAVES_MOST);
    plan *p = check_inputs(t, inputs, n) ? tg_tape_alloc(t, sizeof *p, "checkpoint") : NULL;
    if (!p)
        return tg_invalid(t);
    *p = (plan){ .f = f, .context = context, .n = n, .in_evaluation = !tg_tape_training(t) };
    const tg_tensor y = run_first(p, t, inputs);
    const tg_tensor x = y.id ? record(p, t, inputs, y) : tg_invalid(t);
    if (t->inner)
        tg_tape_reset(t->inner);
    return x;
}

/* The operation ---------------------------------------------------------------------------------------------------- */

static tg_status shape(tg_call *c, tg_shape *out)
{
    const level *l = tg_call_attributes(c);
    *out = l->extent ? l->extent->shape : TG_SHAPE(l->size);
    return TG_OK;
}

/* Whether a run gave the same result as the first, on the same parameters. */
static bool is_repeated(const plan *p, tg_tape *inner, tg_tensor y, int used, const tg_node *first)
{
    const tg_node *again = tg_node_at(inner, y.id);
    if (used != p->n_params)
        tg_tape_raise(inner, TG_ERR_CHANGED, "the function used %d parameters, and %d in its first run", used,
                      p->n_params);
    else if (!tg_same_shape(&again->extent->shape, &first->extent->shape) ||
             memcmp(again->value, first->value, (size_t)first->extent->size * inner->element) != 0)
        tg_tape_raise(inner, TG_ERR_CHANGED,
                      "the function gave another result than in its first run; copy a random generator at its start");
    return inner->status == TG_OK;
}

/* The gradients of y by the selected tensors of xs, concatenated. */
static tg_tensor gradients(const level *l, tg_tensor y, const tg_tensor *xs, tg_tensor cotangent, bool further,
                           tg_tensor *spare)
{
    tg_tensor *chosen = spare, *g = spare + l->n_wanted;
    for (int i = 0; i < l->n_wanted; i++)
        chosen[i] = xs[l->wanted[i]];
    if (tg_grad(y, cotangent, chosen, l->n_wanted, g, further ? TG_CREATE_GRAPH : 0) != TG_OK)
        return tg_invalid(y.tape);
    for (int i = 0; i < l->n_wanted; i++)
        g[i] = tg_reshape(g[i], TG_SHAPE(tg_size(g[i])));
    return tg_concat(g, l->n_wanted, 0);
}

/* Level l on the inner tape, whose leaves xs are over the inputs of the call c; `spare` has space for twice as many. */
static tg_tensor evaluate(const tg_call *c, const level *l, tg_tensor *xs, tg_tensor *spare, bool further)
{
    const plan *p = l->plan;
    tg_tape *inner = xs[0].tape;
    if (l->below) {
        const tg_tensor y = evaluate(c, l->below, xs, spare, true);
        int depth = 0;
        for (const level *b = l->below; b; b = b->below)
            depth++;
        return y.id ? gradients(l, y, xs, xs[n_leaves(p) + depth], further, spare) : y;
    }
    const tg_tensor y = run(p, inner, xs);
    const int used = count_params(inner); /* before those that this run has not used are bound */
    for (int i = 0; i < p->n_params; i++)
        xs[p->n + i] = bind(inner, &p->params[i]);
    return y.id && tg_call_count(c) > n_leaves(p) && !is_repeated(p, inner, y, used, tg_call_node(c, n_leaves(p)))
               ? tg_invalid(inner)
               : y;
}

static tg_status forward(tg_call *c)
{
    const level *l = tg_call_attributes(c);
    const size_t bytes = (size_t)c->node->extent->size * c->tape->element;
    if (l->plan->ready) {
        memcpy(c->out, l->plan->ready, bytes);
        return TG_OK;
    }
    const int n = tg_call_count(c);
    tg_tape *inner = inner_tape(c->tape, l->plan->in_evaluation);
    tg_tensor *xs = inner ? tg_call_scratch(c, 3 * (size_t)n * sizeof *xs) : NULL;
    if (!xs)
        return c->tape->status;
    for (int i = 0; i < n; i++)
        xs[i] = i < l->plan->n || i >= n_leaves(l->plan) ? borrow(inner, tg_call_node(c, i)) : tg_invalid(inner);
    const tg_tensor y = evaluate(c, l, xs, xs + n, false);
    const tg_node *result = y.id ? tg_node_with_value(y, "checkpoint") : NULL;
    if (result)
        memcpy(c->out, result->value, bytes);
    const tg_status status = result ? TG_OK : tg_call_fail(c, tg_tape_status(inner), "%s", tg_tape_message(inner));
    tg_tape_reset(inner);
    return status;
}

/* The attributes of the level above the node's, on the tape; NULL if no input needs a gradient, or, with the error raised, out of memory. */
static level *level_above(const tg_vjp *v)
{
    const level *below = tg_vjp_attributes(v);
    tg_tape *t = tg_cotangent(v).tape;
    const int n = tg_vjp_count(v), result = below->below ? n_leaves(below->plan) : -1;
    int *wanted = tg_tape_alloc(t, (size_t)n * sizeof *wanted, "checkpoint");
    level *above = wanted ? tg_tape_alloc(t, sizeof *above, "checkpoint") : NULL;
    if (!above)
        return NULL;
    *above = (level){ .plan = below->plan, .below = below, .wanted = wanted };
    for (int i = 0; i < n; i++)
        if (i != result && tg_wants(v, i)) {
            wanted[above->n_wanted++] = i;
            above->size += tg_size(tg_input(v, i));
        }
    return above->n_wanted ? above : NULL;
}

static void vjp(tg_vjp *v)
{
    const level *above = level_above(v);
    const int n = tg_vjp_count(v);
    tg_tensor *xs = above ? tg_tape_alloc(tg_cotangent(v).tape, ((size_t)n + 2) * sizeof *xs, "checkpoint") : NULL;
    if (!xs)
        return;
    int more = n;
    for (int i = 0; i < n; i++)
        xs[i] = tg_input(v, i);
    if (!above->below->below)
        xs[more++] = tg_output(v);
    xs[more++] = tg_cotangent(v);
    const tg_tensor all = tg_apply(&checkpoint_op, xs, more, above, sizeof *above);
    int64_t from = 0;
    for (int i = 0; i < above->n_wanted; i++) {
        const tg_tensor x = xs[above->wanted[i]];
        const int64_t to = from + tg_size(x);
        tg_give(v, above->wanted[i], tg_reshape(tg_slice(all, 0, from, to), tg_shape_of(x)));
        from = to;
    }
}

static const tg_op checkpoint_op = {
    .name = "checkpoint",
    .arity = TG_VARIADIC,
    .order = TG_ORDER_ANY,
    .shape = shape,
    .forward = forward,
    .vjp = vjp,
};
