/* softsign.c - y = x / (1 + |x|);  dy/dx = 1 / (1 + |x|)^2 */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

/* At infinity the limit: the sign of x. */
static inline vec softsign(vec x)
{
    const vec a = v_abs(x);
    return v_select(a == (real)INFINITY, v_copysign(v_set(1), x), x / (1 + a));
}

static inline vec slope(vec x, vec g)
{
    const vec r = 1 / (1 + v_abs(x));
    return (g * r) * r;
}

MAP1(softsign, x, softsign(x))
MAP2(softsign_grad, x, g, slope(x, g))

#else

static tg_tensor softsign_grad(tg_tensor x, tg_tensor g)
{
    return tg_apply2(&tg_op_softsign_grad, x, g);
}

/* d2y/dx2 = -2 sign(x) / (1 + |x|)^3, 0 at 0 */
static void grad_vjp(tg_vjp *v)
{
    const tg_tensor x = tg_input(v, 0), c = tg_cotangent(v), w = tg_mul(tg_mul(tg_input(v, 1), c), tg_sign(x));
    tg_give(v, 0, tg_scale(tg_div(softsign_grad(x, w), tg_shift(tg_abs(x), 1)), -2));
    tg_give(v, 1, softsign_grad(x, c));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(0.25, 2), TG_MATRIX(-2, 2) } },
    { .n = 2, .inputs = { TG_MATRIX(-2, -0.25), TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_softsign_grad = { TG_ELEMENTWISE(softsign_grad, 2, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, softsign_grad(tg_input(v, 0), tg_cotangent(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(0.25, 2) } },
    { .n = 1, .inputs = { TG_MATRIX(-2, -0.25) } },
};

const tg_op tg_op_softsign = { TG_ELEMENTWISE(softsign, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_softsign(tg_tensor x)
{
    return tg_apply1(&tg_op_softsign, x);
}

#endif
