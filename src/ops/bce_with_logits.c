/* bce_with_logits.c - l_i = max(x_i, 0) - x_i y_i + ln(1 + e^-|x_i|);  dl_i/dx_i = sigmoid(x_i) - y_i, dl_i/dy_i = -x_i
   The first two terms are computed as x (1 - y) for positive x, else as -x y: for y of 0 or 1, a small loss and slope keep
   their digits, and an infinite x of the right sign gives 0. */
#include "ops/rows.h"

#ifdef TG_VECTOR_PASS

static inline vec bce(vec x, vec y)
{
    const vec weight = v_select(x > 0, 1 - y, -y);
    return v_select(weight == 0, v_set(0), weight * x) + v_softplus_rest(x);
}

/* The same of one element in double. */
static inline double bce_wide(double x, double y)
{
    const double weight = x > 0 ? 1 - y : -y;
    return (weight == 0 ? 0 : weight * x) + log1p(exp(-fabs(x)));
}

/* sigmoid(x) - y; with s = sigmoid(-|x|), 1 - y - s for positive x. */
static inline vec slope(vec x, vec y)
{
    const vec e = v_scaled(exp_within(-at_most(-EXP_LOW, v_abs(x)))), s = e / (1 + e);
    return v_select(x > 0, (1 - y) - s, s - y);
}

LOSS2(bce_with_logits, x, y, bce(x, y), bce_wide(x, y))
MAP3(bce_with_logits_grad, x, y, g, v_select(g == 0, g, p0 *slope(x, y) * g))

#else

#include "ops/derivatives.h"

/* c (sigmoid(x) - y) g */
static tg_tensor bce_grad(tg_tensor x, tg_tensor y, tg_tensor g, double c)
{
    return tg_apply(&tg_op_bce_with_logits_grad, (tg_tensor[]){ x, y, g }, 3, &c, sizeof c);
}

static void grad_vjp(tg_vjp *v)
{
    const double c = tg_number(v);
    const tg_tensor x = tg_input(v, 0);
    const tg_tensor cg = tg_scale(tg_mul(tg_cotangent(v), tg_input(v, 2)), c);
    tg_give(v, 0, tg_weigh(cg, tg_sigmoid_grad(x, tg_full(x.tape, TG_SCALAR, 1))));
    tg_give(v, 1, tg_neg(cg));
    tg_give(v, 2, bce_grad(x, tg_input(v, 1), tg_cotangent(v), c));
}

static const tg_sample grad_samples[] = {
    { .n = 3, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(0, 1), TG_MATRIX(-2, 2) }, TG_NUMBERS(0.25) },
};

const tg_op tg_op_bce_with_logits_grad = { TG_ELEMENTWISE(bce_with_logits_grad, 3, 1), .vjp = grad_vjp,
                                           TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    const tg_tensor x = tg_input(v, 0), y = tg_input(v, 1), g = tg_cotangent(v);
    const double weight = tg_loss_weight(*(const tg_reduction *)tg_vjp_attributes(v), tg_size(x));
    tg_give(v, 0, bce_grad(x, y, g, weight));
    tg_give(v, 1, tg_scale(tg_weigh(g, x), -weight));
}

static const tg_sample samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(0, 1) }, TG_REDUCED_BY(TG_MEAN) },
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(0, 1) }, TG_REDUCED_BY(TG_NONE) },
};

const tg_op tg_op_bce_with_logits = { TG_LOSS_OF_ELEMENTS(bce_with_logits), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_bce_with_logits(tg_tensor x, tg_tensor y, tg_reduction reduction)
{
    return tg_apply2_with(&tg_op_bce_with_logits, x, y, &reduction, sizeof reduction);
}

#endif
