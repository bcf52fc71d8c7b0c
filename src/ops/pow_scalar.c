/* pow_scalar.c - y = x^e;  its m-th derivative is e (e - 1) ... (e - m + 1) x^(e - m), and 0 where a factor is 0 */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

/* Small multiples of 1/2, which exponents mostly are, by multiplication; the reciprocal comes first, lest a power overflow
   whose reciprocal is a number. */
static inline vec power(vec x, vec e)
{
    const real size = e[0] < 0 ? -e[0] : e[0];
    if (!(size <= 4) || 2 * size != (real)(int)(2 * size))
        return v_pow(x, e);
    vec y = v_set(1);
    if ((int)(2 * size) % 2) {
        x = v_select(x == -(real)INFINITY, -x, x + 0); /* with which C's pow does as with infinity and 0 */
        y = v_sqrt(x);
    }
    if (e[0] < 0) {
        y = 1 / y;
        x = 1 / x;
    }
    for (real n = size; n >= 1; n--)
        y = y * x;
    return y;
}

/* p[0] is e, p[1] is m. */
static inline vec slope(vec x, vec g, vec p0, vec p1)
{
    vec factor = v_set(1);
    for (real k = 0; k < p1[0]; k++)
        factor = factor * (p0 - k);
    if (factor[0] == 0)
        return v_set(0);
    const vec y = power(x, p0 - p1);
    return v_select(y == 0, y, y * factor) * g;
}

MAP1(pow_scalar, x, power(x, p0))
MAP2(pow_scalar_grad, x, g, slope(x, g, p0, p1))

#else

typedef struct derivative {
    double e, m;
} derivative;

static tg_tensor pow_scalar_grad(tg_tensor x, tg_tensor g, double e, double m)
{
    return tg_apply2_with(&tg_op_pow_scalar_grad, x, g, &(derivative){ e, m }, sizeof(derivative));
}

static void grad_vjp(tg_vjp *v)
{
    const derivative *p = tg_vjp_attributes(v);
    tg_tensor x = tg_input(v, 0), c = tg_cotangent(v);
    tg_give(v, 0, pow_scalar_grad(x, tg_mul(tg_input(v, 1), c), p->e, p->m + 1));
    tg_give(v, 1, pow_scalar_grad(x, c, p->e, p->m));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(0.5, 2), TG_MATRIX(-2, 2) }, TG_NUMBERS(2.5, 1) },
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) }, TG_NUMBERS(2, 1) },
    { .n = 2, .inputs = { TG_MATRIX(-2, -0.5), TG_MATRIX(-2, 2) }, TG_NUMBERS(-1, 2) },
};

const tg_op tg_op_pow_scalar_grad = { TG_ELEMENTWISE(pow_scalar_grad, 2, 2), .vjp = grad_vjp,
                                      TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, pow_scalar_grad(tg_input(v, 0), tg_cotangent(v), tg_number(v), 1));
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
