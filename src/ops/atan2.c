/* atan2.c - y = the angle of the point (b, a), -pi .. pi;  dy/da = b / (a^2 + b^2), dy/db = -a / (a^2 + b^2) */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

#include "ops/arctangent.h"

/* g b / (a^2 + b^2), with both divided by the larger, so that squares do not overflow. */
static inline vec slope(vec a, vec b, vec g)
{
    const vec m = v_max(v_abs(a), v_abs(b)), p = a / m, q = b / m;
    return g * (q / (p * p + q * q)) / m;
}

MAP2(atan2, a, b, arctangent(a, b))
MAP3(atan2_grad, a, b, g, slope(a, b, g))

#else

static tg_tensor atan2_grad(tg_tensor a, tg_tensor b, tg_tensor g)
{
    return tg_apply3(&tg_op_atan2_grad, a, b, g);
}

/* With p = b / (a^2 + b^2) and q = a / (a^2 + b^2): dp/da = -2 p q, dp/db = q^2 - p^2. */
static void grad_vjp(tg_vjp *v)
{
    const tg_tensor a = tg_input(v, 0), b = tg_input(v, 1), c = tg_cotangent(v), w = tg_mul(tg_input(v, 2), c);
    const tg_tensor one = tg_full(a.tape, TG_SCALAR, 1), p = atan2_grad(a, b, one), q = atan2_grad(b, a, one);
    tg_give(v, 0, tg_mul(tg_scale(w, -2), tg_mul(p, q)));
    tg_give(v, 1, tg_mul(w, tg_mul(tg_sub(q, p), tg_add(q, p))));
    tg_give(v, 2, atan2_grad(a, b, c));
}

static const tg_sample grad_samples[] = {
    { .n = 3, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(0.5, 2), TG_MATRIX(-2, 2) } },
    { .n = 3, .inputs = { TG_MATRIX(0.5, 2), TG_DRAWN(-2, 2, 1, { 4 }), TG_DRAWN(-2, 2, 0) } },
};

const tg_op tg_op_atan2_grad = { TG_ELEMENTWISE(atan2_grad, 3, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    const tg_tensor a = tg_input(v, 0), b = tg_input(v, 1), g = tg_cotangent(v);
    tg_give(v, 0, atan2_grad(a, b, g));
    tg_give(v, 1, tg_neg(atan2_grad(b, a, g)));
}

static const tg_sample samples[] = { TG_BROADCAST_SAMPLES(0.5, 2, -2, 2) };

const tg_op tg_op_atan2 = { TG_ELEMENTWISE(atan2, 2, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_atan2(tg_tensor a, tg_tensor b)
{
    return tg_apply2(&tg_op_atan2, a, b);
}

#endif
