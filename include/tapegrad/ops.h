/* ops.h - the formula sheet: every operation, its formula, shapes and conventions. */
#ifndef TAPEGRAD_OPS_H
#define TAPEGRAD_OPS_H

#include "rng.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A sheet is read down its columns. */
/* clang-format off */

/* All operations: any rank from 0 to 8, sizes of 0 and 1 included; the tape's dtype; the result belongs to the tape;
   derivatives of any order unless said; errors stick to the tape of the first tensor and give a bad tensor. Axes count
   from 0, or from the end if negative; TG_ALL means all of them; at rank 0 the axes 0 and -1 are legal. T is
   tg_tensor. Masks select, they never multiply: 0 times infinity never happens at a kink. */

/* Unary, elementwise: y_i = f(x_i), y has x's shape. Numbers (slope, alpha, exponent, c) are rounded to the tape's dtype
   and used as they are, NaN and infinities, too. Where a NaN passes through a kink (abs, relu, clamp, maximum), its
   gradient passes with it. ---------------------------------------------------------------------------------------- */
TG_API tg_tensor tg_neg(tg_tensor x);        /* -x */
TG_API tg_tensor tg_exp(tg_tensor x);        /* e^x */
TG_API tg_tensor tg_log(tg_tensor x);        /* ln x; -inf at 0, NaN below */
TG_API tg_tensor tg_log1p(tg_tensor x);      /* ln(1 + x), exact near 0 */
TG_API tg_tensor tg_sqrt(tg_tensor x);       /* x^(1/2) */
TG_API tg_tensor tg_reciprocal(tg_tensor x); /* 1 / x */
TG_API tg_tensor tg_square(tg_tensor x);     /* x^2 */
TG_API tg_tensor tg_abs(tg_tensor x);        /* |x|; abs'(0) = 0 */
TG_API tg_tensor tg_sin(tg_tensor x);
TG_API tg_tensor tg_cos(tg_tensor x);
TG_API tg_tensor tg_tanh(tg_tensor x);
TG_API tg_tensor tg_sigmoid(tg_tensor x);  /* 1 / (1 + e^-x) */
TG_API tg_tensor tg_relu(tg_tensor x);     /* max(x, 0); relu'(0) = 0; NaN passes */
TG_API tg_tensor tg_silu(tg_tensor x);     /* x sigmoid(x) */
TG_API tg_tensor tg_softplus(tg_tensor x); /* ln(1 + e^x), exact, without PyTorch's threshold */
TG_API tg_tensor tg_erf(tg_tensor x);      /* 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x */
TG_API tg_tensor tg_gelu(tg_tensor x);     /* x (1 + erf(x / sqrt 2)) / 2 (Hendrycks, Gimpel 2016), exact */
TG_API tg_tensor tg_leaky_relu(tg_tensor x, double slope);    /* x > 0 ? x : slope x; '(0) = slope */
TG_API tg_tensor tg_elu(tg_tensor x, double alpha);           /* x > 0 ? x : alpha (e^x - 1); '(0) = ''(0) = alpha */
TG_API tg_tensor tg_clamp(tg_tensor x, double lo, double hi); /* min(max(x, lo), hi); ' = 1 on the bounds; NaN passes;
                                                                 lo > hi, or a NaN, is an error */
TG_API tg_tensor tg_pow_scalar(tg_tensor x, double exponent); /* x^exponent; pow_scalar(x, 0)' = 0 */
TG_API tg_tensor tg_scale(tg_tensor x, double c);             /* c x */
TG_API tg_tensor tg_shift(tg_tensor x, double c);             /* x + c */

/* Binary, elementwise, broadcasting both sides as NumPy does. ------------------------------------------------------ */
TG_API tg_tensor tg_add(tg_tensor a, tg_tensor b);
TG_API tg_tensor tg_sub(tg_tensor a, tg_tensor b);
TG_API tg_tensor tg_mul(tg_tensor a, tg_tensor b);
TG_API tg_tensor tg_div(tg_tensor a, tg_tensor b);
TG_API tg_tensor tg_pow(tg_tensor a, tg_tensor b); /* a^b; d/db = 0 where a = 0 and b >= 0; d/da = 0 where b = 0 */
TG_API tg_tensor tg_maximum(tg_tensor a, tg_tensor b); /* NaN passes; a tie gives half to each */
TG_API tg_tensor tg_minimum(tg_tensor a, tg_tensor b); /* likewise */
/* condition != 0 ? a : b, the three broadcast together; the condition takes no gradient. */
TG_API tg_tensor tg_where(tg_tensor condition, tg_tensor a, tg_tensor b);

/* Reductions over one axis or TG_ALL; keepdim keeps the axis with size 1. The sum of nothing is 0, its mean and var NaN,
   its logsumexp -inf, its max and min an error. In float32, sums are taken in blocks and the blocks added in float64.
   ------------------------------------------------------------------------------------------------------------------ */
TG_API tg_tensor tg_sum(tg_tensor x, int axis, bool keepdim);
TG_API tg_tensor tg_mean(tg_tensor x, int axis, bool keepdim);
TG_API tg_tensor tg_max(tg_tensor x, int axis, bool keepdim);       /* NaN passes; ties share the gradient equally
                                                                       (torch.amax) */
TG_API tg_tensor tg_min(tg_tensor x, int axis, bool keepdim);       /* likewise */
TG_API tg_tensor tg_logsumexp(tg_tensor x, int axis, bool keepdim); /* ln sum e^x, right for any finite input; the
                                                                       infinities pass */
/* sum (x - mean)^2 / (n - correction); 0 for the population's variance, 1 for the sample's (Bessel). Where correction
   is n or more, the divisor is 0: infinity, or NaN if all x are equal. */
TG_API tg_tensor tg_var(tg_tensor x, int axis, double correction, bool keepdim);

/* Shape ------------------------------------------------------------------------------------------------------------ */
TG_API tg_tensor tg_reshape(tg_tensor x, tg_shape shape);  /* one size may be -1: what is left. Shares the memory */
TG_API tg_tensor tg_transpose(tg_tensor x);                /* swaps the last two axes; rank >= 2 */
TG_API tg_tensor tg_permute(tg_tensor x, const int *axes); /* axis i of y is axis axes[i] of x; rank(x) of them, each
                                                              axis once */
/* start <= i < stop along one axis (not TG_ALL); both count from the end if negative, and must then lie in 0 .. size
   with start <= stop; rank >= 1. */
TG_API tg_tensor tg_slice(tg_tensor x, int axis, int64_t start, int64_t stop);
/* 1 <= n <= 65535 tensors, of rank >= 1, alike but for that one axis; may repeat. */
TG_API tg_tensor tg_concat(const tg_tensor *xs, int n, int axis);
TG_API tg_tensor tg_broadcast_to(tg_tensor x, tg_shape shape);    /* x repeated, as NumPy broadcasts */
TG_API tg_tensor tg_gather_rows(tg_tensor x, const int32_t *rows, int64_t n); /* y_i = x_rows[i], along axis 0; rows
                                                                                 in 0 .. size - 1, may repeat, are
                                                                                 copied; rank >= 1 */
/* The reverse of broadcasting: sums x over the axes along which `shape` broadcasts to it. */
TG_API tg_tensor tg_sum_to(tg_tensor x, tg_shape shape);

/* Products --------------------------------------------------------------------------------------------------------- */
/* [..., m, k] x [..., k, n] = [..., m, n], leading axes broadcast (torch.matmul for rank >= 2); k = 0 gives zeros. The
   leading axes of a against a 2-D b are more rows of one product, backwards, too. In a derivative's rule, a tg_transpose
   of either operand is not computed: the product reads what it transposes through strides. A product of many megabytes
   takes scratch for parts of its operands, at most 15 MB in float32 and 30 in float64, which the tape keeps for others;
   tg_linear likewise. */
TG_API tg_tensor tg_matmul(tg_tensor a, tg_tensor b);
/* x w + b: x [..., in] of rank >= 1, w [in, out], b [out] or the null tensor; the result is [..., out]. */
TG_API tg_tensor tg_linear(tg_tensor x, tg_tensor w, tg_tensor b);

/* Softmax: y_i = e^(x_i - max x) / sum_j e^(x_j - max x) along the axis or over TG_ALL; right for any finite input. An
   x_i of -inf gives 0, or ln 0; a line of nothing else, or with +inf or NaN, gives NaN (as PyTorch). --------------- */
TG_API tg_tensor tg_softmax(tg_tensor x, int axis);
TG_API tg_tensor tg_log_softmax(tg_tensor x, int axis); /* ln of the same: x_i - max x - ln sum_j e^(x_j - max x) */

/* Losses. TG_MEAN and TG_SUM give a scalar, TG_NONE a loss for each row (cross_entropy) or element. The mean of none is
   NaN, the sum 0. Means and sums are added up in float64. ---------------------------------------------------------- */
/* -ln softmax(logits)[label]: logits [n, c], labels[n] in 0 .. c - 1, else TG_ERR_RANGE, copied; the mean is over the n
   rows. Right for any finite logits. There must be as many labels as the logits have rows: their number cannot be
   checked here, and where there are fewer, memory behind them is read. */
TG_API tg_tensor tg_cross_entropy(tg_tensor logits, const int32_t *labels, tg_reduction reduction);
/* -sum_j probs_j ln softmax(logits)_j for each row, both [n, c]; rows of probs need not sum to 1; differentiable in
   both. */
TG_API tg_tensor tg_cross_entropy_probs(tg_tensor logits, tg_tensor probs, tg_reduction reduction);
TG_API tg_tensor tg_mse_loss(tg_tensor x, tg_tensor y, tg_reduction reduction); /* (x - y)^2, one shape; differentiable
                                                                                   in both; the mean is over all
                                                                                   elements */
/* max(x, 0) - x y + ln(1 + e^-|x|): binary cross-entropy of sigmoid(x) against y in [0, 1], likewise. */
TG_API tg_tensor tg_bce_with_logits(tg_tensor x, tg_tensor y, tg_reduction reduction);

/* Normalising ------------------------------------------------------------------------------------------------------ */
/* gain (x - mean) / sqrt(var + eps) + bias over the last axis, var the population's; gain and bias [last] or null;
   eps >= 0; rank >= 1. */
TG_API tg_tensor tg_layer_norm(tg_tensor x, tg_tensor gain, tg_tensor bias, double eps);
/* In training, element i is 0 where the i-th draw (tg_rng_uniform) of rng is below p, else x_i / (1 - p); rng is
   advanced by the size of x. In evaluation it is x itself, and rng stands still. 0 <= p < 1; a NULL rng is an error in
   both. */
TG_API tg_tensor tg_dropout(tg_tensor x, double p, tg_rng *rng);

/* clang-format on */

#ifdef __cplusplus
}
#endif
#endif
