/* atan.c - y = arctan x;  dy/dx = 1 / (1 + x^2) */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

#include "ops/arctangent.h"

/* g / (1 + x^2); for large x by 1 / x, so that x^2 does not overflow. */
static inline vec slope(vec x, vec g)
{
    const vec a = v_abs(x), r = 1 / a;
    return v_select(a > 1, (g * r) * (r / (1 + r * r)), g / (1 + a * a));
}

MAP1(atan, x, arctangent(x, v_set(1)))
MAP2(atan_grad, x, g, slope(x, g))

#else

static tg_tensor atan_grad(tg_tensor x, tg_tensor g)
{
    return tg_apply2(&tg_op_atan_grad, x, g);
}

/* d2y/dx2 = -2 x / (1 + x^2)^2. Beyond `far` it is 0 in the dtype, and x is clamped so that infinity is not multiplied by 0. */
static void grad_vjp(tg_vjp *v)
{
    const tg_tensor x = tg_input(v, 0), c = tg_cotangent(v), w = tg_mul(tg_input(v, 1), c);
    const double far = tg_tape_dtype(x.tape) == TG_F32 ? 1e18 : 1e150;
    tg_give(v, 0, tg_scale(tg_mul(atan_grad(x, tg_clamp(x, -far, far)), atan_grad(x, w)), -2));
    tg_give(v, 1, atan_grad(x, c));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_atan_grad = { TG_ELEMENTWISE(atan_grad, 2, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, atan_grad(tg_input(v, 0), tg_cotangent(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_atan = { TG_ELEMENTWISE(atan, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_atan(tg_tensor x)
{
    return tg_apply1(&tg_op_atan, x);
}

#endif
