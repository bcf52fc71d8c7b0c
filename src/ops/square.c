/* square.c - y = x^2;  dy/dx = 2 x */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(square, x, (x * x))

#else

#include "ops/derivatives.h"

static void vjp(tg_vjp *v)
{
    const tg_tensor x = tg_input(v, 0), zero = tg_full(x.tape, TG_SCALAR, 0);
    tg_give(v, 0, tg_scaled_difference(x, zero, tg_cotangent(v), 2));
}

static bool scalar_vjp(tg_scalar_vjp *v)
{
    v->dx[0] = v->g == 0 ? v->g : tg_round_to(v->dtype, 2 * v->x[0]) * v->g;
    return true;
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_square = { TG_ELEMENTWISE(square, 1, 0), .vjp = vjp, .scalar_vjp = scalar_vjp,
                             TG_SAMPLES(samples) };

tg_tensor tg_square(tg_tensor x)
{
    return tg_apply1(&tg_op_square, x);
}

#endif
