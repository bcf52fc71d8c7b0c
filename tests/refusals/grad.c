/* grad.c - what the reverse pass and the checker refuse. */
#include "refusals.h"

REFUSALS(tg_backward)
{
    HOLDS(tg_backward(null) == TG_ERR_ARGUMENT);
    TAPE(TG_ERR_STALE, tg_backward(stale));
    TAPE(TG_ERR_SHAPE, tg_backward(v));
    TAPE(TG_ERR_SHAPE, tg_backward(tg_exp(tg_full(t, TG_SHAPE(0), 1))));
    TAPE(TG_ERR_NOT_DIFFERENTIABLE, tg_backward(tg_full(t, TG_SCALAR, 1)));
}
REFUSALS(tg_backward_from)
{
    HOLDS(tg_backward_from(null, null) == TG_ERR_ARGUMENT);
    TAPE(TG_ERR_ARGUMENT, tg_backward_from(null, v));
    TAPE(TG_ERR_STALE, tg_backward_from(stale, v));
    TAPE(TG_ERR_STALE, tg_backward_from(v, stale));
    TAPE(TG_ERR_TAPE, tg_backward_from(v, foreign));
    TAPE(TG_ERR_SHAPE, tg_backward_from(v, two));
    TAPE(TG_ERR_SHAPE, tg_backward_from(v, s));
    TAPE(TG_ERR_SHAPE, tg_backward_from(v, null));
    TAPE(TG_ERR_NOT_DIFFERENTIABLE, tg_backward_from(tg_detach(v), v));
}
static tg_tensor after_backward(tg_tensor x)
{
    const tg_tensor y = tg_exp(x);
    tg_backward(tg_sum(y, TG_ALL, false));
    return y;
}
REFUSALS(tg_grad_of)
{
    HOLDS(!tg_grad_of(null).tape);
    TAPE(TG_ERR_STALE, tg_grad_of(stale));
    TAPE(TG_ERR_STATE, tg_grad_of(v));
    TAPE(TG_ERR_STATE, tg_grad_of(after_backward(v)));
    TAPE(TG_ERR_STATE, tg_grad_of(tg_retain_grad(after_backward(v))));
    TAPE(TG_ERR_NOT_DIFFERENTIABLE, tg_grad_of(tg_detach(v)));
}
REFUSALS(tg_retain_grad)
{
    unary(tg_retain_grad, "tg_retain_grad");
    TAPE(TG_ERR_NOT_DIFFERENTIABLE, tg_retain_grad(tg_detach(v)));
}
REFUSALS(tg_grad)
{
    tg_tensor g[2];
    HOLDS(tg_grad(null, null, &v, 1, g, 0) == TG_ERR_ARGUMENT && !g[0].id);
    TAPE(TG_ERR_ARGUMENT, tg_grad(null, s, &v, 1, g, 0));
    TAPE(TG_ERR_STALE, tg_grad(stale, null, &v, 1, g, 0));
    TAPE(TG_ERR_STALE, tg_grad(v, stale, &v, 1, g, 0));
    TAPE(TG_ERR_STALE, tg_grad(s, null, &stale, 1, g, 0));
    TAPE(TG_ERR_ARGUMENT, tg_grad(s, null, &null, 1, g, 0));
    TAPE(TG_ERR_ARGUMENT, tg_grad(s, null, NULL, 1, g, 0));
    TAPE(TG_ERR_ARGUMENT, tg_grad(s, null, &s, 1, NULL, 0));
    TAPE(TG_ERR_ARGUMENT, tg_grad(s, null, &s, -1, g, 0));
    TAPE(TG_ERR_ARGUMENT, tg_grad(s, null, &s, 1, g, 2));
    TAPE(TG_ERR_TAPE, tg_grad(s, null, &foreign, 1, g, 0));
    TAPE(TG_ERR_ARGUMENT, g[0] = s, g[1] = v, tg_grad(s, null, g, 2, g, 0));
    TAPE(TG_ERR_ARGUMENT, g[0] = s, g[1] = v, tg_grad(s, null, g, 1, g, 0));
    TAPE(TG_ERR_TAPE, tg_grad(v, foreign, &v, 1, g, 0));
    TAPE(TG_ERR_SHAPE, tg_grad(v, null, &v, 1, g, 0));
    TAPE(TG_ERR_SHAPE, tg_grad(v, two, &v, 1, g, 0));
    HOLDS(tg_grad(s, null, (tg_tensor[]){ s, null }, 2, g, 0) && !g[0].id && !g[1].id);
}

/* The checker ----------------------------------------------------------------------------------------------------- */

static tg_gradcheck_report report;

/* The status of a check, which must come with a sentence. */
static bool refused(tg_status expected, tg_status got)
{
    return got == expected && strlen(report.text) > 8 && !report.passed;
}

static tg_tensor identity(tg_tape *tape, const tg_tensor *inputs, void *context)
{
    (void)tape, (void)context;
    return inputs[0];
}
static tg_tensor returns_null(tg_tape *tape, const tg_tensor *inputs, void *context)
{
    (void)tape, (void)inputs, (void)context;
    return null;
}
static tg_tensor returns_foreign(tg_tape *tape, const tg_tensor *inputs, void *context)
{
    (void)tape, (void)inputs, (void)context;
    return foreign;
}
static tg_tensor resets(tg_tape *tape, const tg_tensor *inputs, void *context)
{
    (void)context;
    tg_tape_reset(tape);
    return inputs[0];
}

static tg_status check(tg_gradcheck_function *f, tg_gradcheck_input input, int n, tg_gradcheck_config config)
{
    return tg_gradcheck(f, NULL, &input, n, &config, &report);
}

REFUSALS(tg_gradcheck)
{
    static const double values[4] = { 1, 2, 3, 4 };
    const tg_gradcheck_input good = { .shape = { 1, { 3 } }, .values = values };
    const tg_gradcheck_config plain = { 0 };
    HOLDS(tg_gradcheck(identity, NULL, &good, 1, NULL, NULL) == TG_ERR_ARGUMENT);
    HOLDS(refused(TG_ERR_ARGUMENT, tg_gradcheck(NULL, NULL, &good, 1, NULL, &report)));
    HOLDS(refused(TG_ERR_ARGUMENT, tg_gradcheck(identity, NULL, NULL, 1, NULL, &report)));
    HOLDS(refused(TG_ERR_ARGUMENT, check(identity, good, 0, plain)));
    HOLDS(refused(TG_ERR_ARGUMENT, check(identity, good, -1, plain)));
    HOLDS(refused(TG_ERR_ARGUMENT, check(identity, (tg_gradcheck_input){ .shape = { 1, { 3 } } }, 1, plain)));
    HOLDS(refused(TG_ERR_SHAPE, check(identity, (tg_gradcheck_input){ "x", { -1, { 0 } }, values, 0 }, 1, plain)));
    HOLDS(refused(TG_ERR_SHAPE, check(identity, (tg_gradcheck_input){ "x", { 1, { -3 } }, values, 0 }, 1, plain)));
    HOLDS(refused(TG_ERR_ARGUMENT, check(identity, (tg_gradcheck_input){ "x", { 1, { 3 } }, values, 1 }, 1, plain)));
    HOLDS(refused(TG_ERR_ARGUMENT, check(returns_null, good, 1, plain)));
    HOLDS(refused(TG_ERR_ARGUMENT, check(returns_foreign, good, 1, plain)));
    HOLDS(refused(TG_ERR_ARGUMENT, check(resets, good, 1, plain)));
    HOLDS(refused(TG_ERR_ARGUMENT, check(identity, good, 1, (tg_gradcheck_config){ .order = 3 })));
    HOLDS(refused(TG_ERR_ARGUMENT, check(identity, good, 1, (tg_gradcheck_config){ .step = -1 })));
    HOLDS(refused(TG_ERR_ARGUMENT, check(identity, good, 1, (tg_gradcheck_config){ .step = TG_ZERO })));
    HOLDS(refused(TG_ERR_ARGUMENT, check(identity, good, 1, (tg_gradcheck_config){ .tolerance = TG_ZERO })));
    HOLDS(refused(TG_ERR_ARGUMENT, check(identity, good, 1, (tg_gradcheck_config){ .epsilon = TG_ZERO })));
    HOLDS(refused(TG_ERR_ARGUMENT, check(identity, good, 1, (tg_gradcheck_config){ .tolerance = (double)NAN })));
    HOLDS(refused(TG_ERR_ARGUMENT, check(identity, good, 1, (tg_gradcheck_config){ .epsilon = -1 })));
    HOLDS(refused(TG_ERR_ARGUMENT, check(identity, good, 1, (tg_gradcheck_config){ .max_elements = -1 })));
    HOLDS(refused(TG_ERR_ARGUMENT, check(identity, good, 1, (tg_gradcheck_config){ .directions = -1 })));
    HOLDS(refused(TG_ERR_ARGUMENT,
                  check(identity, good, 1, (tg_gradcheck_config){ .allocator = &(tg_allocator){ 0 } })));
}

static tg_tensor model(tg_tape *tape, tg_params *params, void *context)
{
    (void)context;
    return tg_param(tape, params, 0);
}
static tg_tensor model_of_no_parameter(tg_tape *tape, tg_params *params, void *context)
{
    (void)context;
    return tg_param(tape, params, 7);
}
REFUSALS(tg_gradcheck_params)
{
    HOLDS(tg_gradcheck_params(set, model, NULL, NULL, NULL) == TG_ERR_ARGUMENT);
    HOLDS(refused(TG_ERR_ARGUMENT, tg_gradcheck_params(NULL, model, NULL, NULL, &report)));
    HOLDS(refused(TG_ERR_ARGUMENT, tg_gradcheck_params(set, NULL, NULL, NULL, &report)));
    HOLDS(refused(TG_ERR_ARGUMENT, tg_gradcheck_params(set, model_of_no_parameter, NULL, NULL, &report)));
    HOLDS(refused(TG_ERR_ARGUMENT,
                  tg_gradcheck_params(set, model, NULL, &(tg_gradcheck_config){ .order = -1 }, &report)));
    HOLDS(refused(
        TG_ERR_ARGUMENT,
        tg_gradcheck_params(set, model, NULL, &(tg_gradcheck_config){ .allocator = &(tg_allocator){ 0 } }, &report)));
}

static tg_status check_with(const tg_sample *sample, int n)
{
    tg_op op = *tg_op_find("exp");
    op.samples = sample;
    op.n_samples = n;
    return tg_check_op(&op, NULL, &report);
}
static tg_status check_without(bool name, bool vjp, bool forward)
{
    tg_op op = *tg_op_find("exp");
    op.name = name ? op.name : NULL;
    op.vjp = vjp ? op.vjp : NULL;
    op.forward = forward ? op.forward : NULL;
    return tg_check_op(&op, NULL, &report);
}
REFUSALS(tg_check_op)
{
    static const tg_sample none = { .n = 0 }, many = { .n = 5 },
                           odd = { .n = 1, .inputs = { { .shape = { -1, { 0 } } } } },
                           kind = { .n = 1, .inputs = { { .kind = (enum tg_sample_kind)9 } } },
                           bounds = { .n = 1, .inputs = { { .lo = 2, .hi = 1 } } },
                           bytes = { .n = 1, .inputs = { { .lo = 0 } }, .attribute_bytes = 8 };
    HOLDS(tg_check_op(tg_op_find("exp"), NULL, NULL) == TG_ERR_ARGUMENT);
    HOLDS(refused(TG_ERR_ARGUMENT, tg_check_op(NULL, NULL, &report)));
    HOLDS(refused(TG_ERR_ARGUMENT, check_without(false, true, true)));
    HOLDS(refused(TG_ERR_NOT_DIFFERENTIABLE, check_without(true, false, true)));
    HOLDS(refused(TG_ERR_ARGUMENT, check_without(true, true, false)));
    HOLDS(refused(TG_ERR_ARGUMENT, check_with(NULL, 1)));
    HOLDS(refused(TG_ERR_ARGUMENT, check_with(&none, 0)));
    HOLDS(refused(TG_ERR_ARGUMENT, check_with(&none, 1)));
    HOLDS(refused(TG_ERR_ARGUMENT, check_with(&many, 1)));
    HOLDS(refused(TG_ERR_SHAPE, check_with(&odd, 1)));
    HOLDS(refused(TG_ERR_SHAPE, check_with(&kind, 1)));
    HOLDS(refused(TG_ERR_SHAPE, check_with(&bounds, 1)));
    HOLDS(refused(TG_ERR_ARGUMENT, check_with(&bytes, 1)));
}
