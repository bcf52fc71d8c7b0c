/* elu.c - y = x where x > 0, else alpha (e^x - 1);  dy/dx = 1 where x > 0, else alpha e^x */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(elu, x, v_select(x > 0, x, v_expm1(x) * p0))
MAP2(elu_grad, x, g, v_select(x > 0, g, v_scaled_by(p0 *g, exp_of(x))))

#else

static tg_tensor elu_grad(tg_tensor x, tg_tensor g, double alpha)
{
    return tg_apply2_with(&tg_op_elu_grad, x, g, &alpha, sizeof alpha);
}

static void grad_vjp(tg_vjp *v)
{
    const double alpha = tg_number(v);
    tg_tensor x = tg_input(v, 0), c = tg_cotangent(v), zero = tg_full(x.tape, TG_SCALAR, 0);
    tg_tensor slope = elu_grad(x, tg_mul(tg_input(v, 1), c), alpha);
    tg_give(v, 0, tg_where(tg_relu(x), zero, slope)); /* relu(x) is not 0 where x > 0 */
    tg_give(v, 1, elu_grad(x, c, alpha));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) }, TG_NUMBERS(0.75) },
};

const tg_op tg_op_elu_grad = { TG_ELEMENTWISE(elu_grad, 2, 1), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, elu_grad(tg_input(v, 0), tg_cotangent(v), tg_number(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) }, TG_NUMBERS(0.75) },
};

const tg_op tg_op_elu = { TG_ELEMENTWISE(elu, 1, 1), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_elu(tg_tensor x, double alpha)
{
    return tg_apply1_by(&tg_op_elu, x, alpha);
}

#endif
