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

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_square = { TG_ELEMENTWISE(square, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_square(tg_tensor x)
{
    return tg_apply1(&tg_op_square, x);
}

#endif
