/* sheet.c - the formula sheet by name. */
#include <string.h>

#include "sheet.h"

const sheet_row sheet[] = {
    { "neg", .unary = tg_neg },
    { "exp", .unary = tg_exp },
    { "log", .unary = tg_log },
    { "log1p", .unary = tg_log1p },
    { "sqrt", .unary = tg_sqrt },
    { "reciprocal", .unary = tg_reciprocal },
    { "square", .unary = tg_square },
    { "abs", .unary = tg_abs },
    { "sin", .unary = tg_sin },
    { "cos", .unary = tg_cos },
    { "tanh", .unary = tg_tanh },
    { "sigmoid", .unary = tg_sigmoid },
    { "relu", .unary = tg_relu },
    { "silu", .unary = tg_silu },
    { "softplus", .unary = tg_softplus },
    { "erf", .unary = tg_erf },
    { "gelu", .unary = tg_gelu },
    { "expm1", .unary = tg_expm1 },
    { "rsqrt", .unary = tg_rsqrt },
    { "tan", .unary = tg_tan },
    { "asin", .unary = tg_asin },
    { "acos", .unary = tg_acos },
    { "atan", .unary = tg_atan },
    { "sinh", .unary = tg_sinh },
    { "cosh", .unary = tg_cosh },
    { "log_sigmoid", .unary = tg_log_sigmoid },
    { "softsign", .unary = tg_softsign },
    { "sign", .unary = tg_sign },
    { "floor", .unary = tg_floor },
    { "ceil", .unary = tg_ceil },
    { "round", .unary = tg_round },
    { "leaky_relu", .by_number = tg_leaky_relu, .number = "slope" },
    { "elu", .by_number = tg_elu, .number = "alpha" },
    { "pow_scalar", .by_number = tg_pow_scalar, .number = "exponent" },
    { "scale", .by_number = tg_scale, .number = "c" },
    { "shift", .by_number = tg_shift, .number = "c" },
    { "add", .binary = tg_add },
    { "sub", .binary = tg_sub },
    { "mul", .binary = tg_mul },
    { "div", .binary = tg_div },
    { "pow", .binary = tg_pow },
    { "maximum", .binary = tg_maximum },
    { "minimum", .binary = tg_minimum },
    { "sum", .reduce = tg_sum },
    { "mean", .reduce = tg_mean },
    { "max", .reduce = tg_max },
    { "min", .reduce = tg_min },
    { "logsumexp", .reduce = tg_logsumexp },
    { "transpose", .unary = tg_transpose },
    { "matmul", .binary = tg_matmul },
    { "softmax", .by_axis = tg_softmax },
    { "log_softmax", .by_axis = tg_log_softmax },
    { "cross_entropy_probs", .loss = tg_cross_entropy_probs },
    { "mse_loss", .loss = tg_mse_loss },
    { "bce_with_logits", .loss = tg_bce_with_logits },
};
const int sheet_rows = sizeof sheet / sizeof sheet[0];

const sheet_row *sheet_find(const char *op)
{
    for (int i = 0; i < sheet_rows; i++)
        if (!strcmp(sheet[i].op, op))
            return &sheet[i];
    return NULL;
}
