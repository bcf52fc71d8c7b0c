/* clamp.c - y = min(max(x, lo), hi);  dy/dx = 1 in lo .. hi, bounds included, else 0; a NaN passes, and its gradient */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(clamp, x, v_min(p1, v_max(p0, x)))
MAP2(clamp_grad, x, g, v_select((x < p0) | (x > p1), v_set(0), g))

#else

#include "core/error.h"
#include "core/lookup.h"

typedef struct bounds {
    double lo, hi;
} bounds;

static tg_tensor clamp_grad(tg_tensor x, tg_tensor g, const bounds *b)
{
    return tg_apply2_with(&tg_op_clamp_grad, x, g, b, sizeof *b);
}

static void grad_vjp(tg_vjp *v)
{
    tg_give(v, 1, clamp_grad(tg_input(v, 0), tg_cotangent(v), tg_vjp_attributes(v)));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) }, TG_NUMBERS(-1, 1.25) },
};

const tg_op tg_op_clamp_grad = { TG_ELEMENTWISE(clamp_grad, 2, 2), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, clamp_grad(tg_input(v, 0), tg_cotangent(v), tg_vjp_attributes(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) }, TG_NUMBERS(-1, 1.25) },
};

const tg_op tg_op_clamp = { TG_ELEMENTWISE(clamp, 1, 2), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_clamp(tg_tensor x, double lo, double hi)
{
    if (lo <= hi)
        return tg_apply1_with(&tg_op_clamp, x, &(bounds){ lo, hi }, sizeof(bounds));
    if (tg_node_of(x, "clamp"))
        tg_tensor_fail(x, TG_ERR_ARGUMENT, "clamp", "lo = %g and hi = %g; lo <= hi would be right", lo, hi);
    return tg_invalid(x.tape);
}

#endif
