/* erf.c - y = 2/sqrt(pi) integral of e^(-t^2) from 0 to x;  dy/dx = 2/sqrt(pi) e^(-x^2) */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

MAP1(erf, x, v_erf(x))
MAP2(gaussian, x, g, v_scaled_by(p1 *g, gaussian_of(at_most(GAUSSIAN_HIGH, v_abs(x)), p0)))

#else

#include "ops/derivatives.h"

/* y = g height e^(-c x^2) */
typedef struct curve {
    double c, height;
} curve;

static tg_tensor gaussian(tg_tensor x, tg_tensor g, const curve *k)
{
    return tg_apply2_with(&tg_op_gaussian, x, g, k, sizeof *k);
}

tg_tensor tg_gaussian(tg_tensor x, tg_tensor g, double c)
{
    static const double heights[] = { 0.79788456080286535588, 1.12837916709551257390 };
    return gaussian(x, g, &(curve){ c, heights[c == 1] });
}

/* d/dx = -2 c x times the same */
static void gaussian_vjp(tg_vjp *v)
{
    const curve *k = tg_vjp_attributes(v);
    tg_tensor x = tg_input(v, 0), d = tg_cotangent(v), w = tg_mul(tg_input(v, 1), d);
    tg_give(v, 0, gaussian(x, tg_scale(tg_mul(tg_clamp(x, -TG_FAR, TG_FAR), w), -2 * k->c), k));
    tg_give(v, 1, gaussian(x, d, k));
}

static const tg_sample gaussian_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) }, TG_NUMBERS(0.5, 0.75) },
};

const tg_op tg_op_gaussian = { TG_ELEMENTWISE(gaussian, 2, 2), .vjp = gaussian_vjp, TG_SAMPLES(gaussian_samples) };

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_gaussian(tg_input(v, 0), tg_cotangent(v), 1));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) } },
};

const tg_op tg_op_erf = { TG_ELEMENTWISE(erf, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_erf(tg_tensor x)
{
    return tg_apply1(&tg_op_erf, x);
}

#endif
