/* mse_loss.c - l_i = (x_i - y_i)^2;  dl_i/dx_i = 2 (x_i - y_i) = -dl_i/dy_i */
#include "ops/rows.h"

#ifdef TG_VECTOR_PASS

LOSS2(mse_loss, x, y, (x - y) * (x - y), (x - y) * (x - y))

#else

#include "ops/derivatives.h"

static void vjp(tg_vjp *v)
{
    const tg_tensor x = tg_input(v, 0), y = tg_input(v, 1);
    const double weight = tg_loss_weight(*(const tg_reduction *)tg_vjp_attributes(v), tg_size(x));
    const tg_tensor dx = tg_scaled_difference(x, y, tg_cotangent(v), 2 * weight);
    tg_give(v, 0, dx);
    tg_give(v, 1, tg_neg(dx));
}

static const tg_sample samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) }, TG_REDUCED_BY(TG_MEAN) },
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) }, TG_REDUCED_BY(TG_NONE) },
};

const tg_op tg_op_mse_loss = { TG_LOSS_OF_ELEMENTS(mse_loss), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_mse_loss(tg_tensor x, tg_tensor y, tg_reduction reduction)
{
    return tg_apply2_with(&tg_op_mse_loss, x, y, &reduction, sizeof reduction);
}

#endif
