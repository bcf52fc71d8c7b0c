/* pow_scalar.c - y = x^e;  dy/dx = e x^(e - 1), and so on; 0 where a factor is 0 */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

/* Exponents that are small multiples of 1/2 are computed by multiplication. For negative ones the reciprocal is taken first: a
   power may overflow whose reciprocal is a subnormal number. */
static inline vec power(vec x, vec e)
{
    const real size = e[0] < 0 ? -e[0] : e[0];
    if (!(size <= 4) || 2 * size != (real)(int)(2 * size))
        return v_pow(x, e);
    vec y = v_set(1);
    if ((int)(2 * size) % 2) {
        x = v_select(x == -(real)INFINITY, -x, x + 0); /* C's pow treats -infinity and -0 like infinity and 0 here */
        y = e[0] < 0 ? 1 / v_sqrt(x) : v_sqrt(x);
    }
    if (e[0] < 0 && size >= 1)
        x = 1 / x;
    for (real n = size; n >= 1; n--)
        y = y * x;
    return y;
}

/* g c x^e */
static inline vec slope(vec x, vec g, vec e, vec c)
{
    if (c[0] == 0)
        return v_set(0);
    const vec y = power(x, e);
    return v_select(y == 0, y, y * c) * g;
}

MAP1(pow_scalar, x, power(x, p0))
MAP2(pow_scalar_grad, x, g, slope(x, g, p0, p1))

#else

#include "core/tape.h"

/* c x^e */
typedef struct term {
    double e, c;
} term;

static tg_tensor pow_scalar_grad(tg_tensor x, tg_tensor g, const term *t)
{
    return tg_apply2_with(&tg_op_pow_scalar_grad, x, g, t, sizeof *t);
}

static void grad_vjp(tg_vjp *v)
{
    const term *t = tg_vjp_attributes(v);
    tg_tensor x = tg_input(v, 0), c = tg_cotangent(v);
    tg_give(v, 0, pow_scalar_grad(x, tg_mul(tg_input(v, 1), c), &(term){ t->e - 1, t->c * t->e }));
    tg_give(v, 1, pow_scalar_grad(x, c, t));
}

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(0.5, 2), TG_MATRIX(-2, 2) }, TG_NUMBERS(1.5, 2.5) },
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) }, TG_NUMBERS(2, -1) },
    { .n = 2, .inputs = { TG_MATRIX(-2, -0.5), TG_MATRIX(-2, 2) }, TG_NUMBERS(-2, 0.5) },
};

const tg_op tg_op_pow_scalar_grad = { TG_ELEMENTWISE(pow_scalar_grad, 2, 2), .vjp = grad_vjp,
                                      TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    const double e = tg_number(v);
    tg_give(v, 0, pow_scalar_grad(tg_input(v, 0), tg_cotangent(v), &(term){ e - 1, e }));
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
    /* rounded here: which derivatives are 0 depends on the exponent */
    const bool narrow = x.tape && x.tape->dtype == TG_F32;
    return tg_apply1_by(&tg_op_pow_scalar, x, narrow ? (double)(float)exponent : exponent);
}

#endif
