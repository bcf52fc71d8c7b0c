/* pow_scalar.c - y = x^e;  dy/dx = e x^(e - 1), 0 for e = 0 */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

/* Small multiples of 1/2, which exponents mostly are, by multiplication. */
static inline vec power(vec x, vec e)
{
    const real size = e[0] < 0 ? -e[0] : e[0];
    if (!(size <= 4) || 2 * size != (real)(int)(2 * size))
        return v_pow(x, e);
    vec y = (int)(2 * size) % 2 ? v_sqrt(x) : v_set(1);
    for (real n = size; n >= 1; n--)
        y = y * x;
    return e[0] < 0 ? 1 / y : y;
}

MAP1(pow_scalar, x, power(x, p0))
MAP2(pow_scalar_grad, x, g, power(x, p0 - 1) * p0 * g)

#else

static tg_tensor pow_scalar_grad(tg_tensor x, tg_tensor g, double e)
{
    return tg_apply2_with(&tg_op_pow_scalar_grad, x, g, &e, sizeof e);
}

static void grad_vjp(tg_vjp *v)
{
    const double e = tg_number(v);
    tg_tensor x = tg_input(v, 0), c = tg_cotangent(v);
    if (e != 1) /* a constant: no gradient, where 0 times 0^-1 would be NaN */
        tg_give(v, 0, tg_scale(pow_scalar_grad(x, tg_mul(tg_input(v, 1), c), e - 1), e));
    tg_give(v, 1, pow_scalar_grad(x, c, e));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(0.5, 2), TG_MATRIX(-2, 2) }, TG_NUMBERS(2.5) },
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) }, TG_NUMBERS(2) },
};

const tg_op tg_op_pow_scalar_grad = { TG_ELEMENTWISE(pow_scalar_grad, 2, 1), .vjp = grad_vjp,
                                      TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    if (tg_number(v) != 0)
        tg_give(v, 0, pow_scalar_grad(tg_input(v, 0), tg_cotangent(v), tg_number(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(0.5, 2) }, TG_NUMBERS(2.5) },
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) }, TG_NUMBERS(2) },
    { .n = 1, .inputs = { TG_MATRIX(-2, -0.5) }, TG_NUMBERS(-1) },
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) }, TG_NUMBERS(0) },
};

const tg_op tg_op_pow_scalar = { TG_ELEMENTWISE(pow_scalar, 1, 1), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_pow_scalar(tg_tensor x, double exponent)
{
    return tg_apply1_by(&tg_op_pow_scalar, x, exponent);
}

#endif
