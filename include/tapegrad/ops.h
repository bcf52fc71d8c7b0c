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
   tg_tensor. Masks select, they never multiply: 0 times infinity never happens at a kink.

   In softmax, losses, logsumexp, max, min, powers and the unary operations, what has a finite limit at an infinite input
   is that limit, where PyTorch has NaN, too; what has no limit is NaN. In reductions, softmax, losses and tg_square a
   cotangent of 0 selects: the gradient of a row, or of an element in what works by elements, is then 0 whatever stands
   there, infinities and NaN. Elsewhere it multiplies the slope, and gives NaN where that is infinite, as in PyTorch. */

/* Unary, elementwise: y_i = f(x_i), y has x's shape. Numbers (slope, alpha, exponent, c) are rounded to the tape's dtype
   and used as they are, NaN and infinities, too. Where a NaN passes through a kink (abs, relu, clamp, maximum), its
   gradient passes with it.

   Errors in units in the last place, of the value and of the first and second derivatives, over all arguments in both
   dtypes and with subnormal results, stay below these, which tests/ops/test_tails.c enforces; next to a zero of a
   derivative of silu or gelu, which is a sum, the unit is that of its largest term:

                 exp  log  log1p  tanh  sigmoid  softplus  silu  erf  gelu  elu  bce_with_logits for y = 0 or 1
      value        2    2      2     2        4         3     4    2     8    2         4
      first        2    1      2    15       11         4     6    4     9    2         4
      second       2    2      4     8        7         6     8    5     6    2         6

   What underflows keeps what a subnormal number holds. A derivative that is a multiple of the value, as those of exp, or
   of a sigmoid, as that of softplus, has no more digits than a subnormal one of these, however large the cotangent. In
   float64, sigmoid' is 0 where the sigmoid is rounded to 1, from 36.7 on, as in PyTorch. ----------------------------- */
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
TG_API tg_tensor tg_leaky_relu(tg_tensor x, double slope);    /* x > 0 ? x : slope x; '(0) = slope; a slope of 0
                                                                 gives 0 at -inf */
TG_API tg_tensor tg_elu(tg_tensor x, double alpha);           /* x > 0 ? x : alpha (e^x - 1); '(0) = ''(0) = alpha */
TG_API tg_tensor tg_clamp(tg_tensor x, double lo, double hi); /* min(max(x, lo), hi); ' = 1 on the bounds; NaN passes;
                                                                 lo > hi, or a NaN, is an error */
TG_API tg_tensor tg_pow_scalar(tg_tensor x, double exponent); /* x^exponent, as tg_pow; pow_scalar(x, 0)' = 0 */
TG_API tg_tensor tg_scale(tg_tensor x, double c);             /* c x */
TG_API tg_tensor tg_shift(tg_tensor x, double c);             /* x + c */

/* Binary, elementwise, broadcasting both sides as NumPy does. ------------------------------------------------------ */
TG_API tg_tensor tg_add(tg_tensor a, tg_tensor b);
TG_API tg_tensor tg_sub(tg_tensor a, tg_tensor b);
TG_API tg_tensor tg_mul(tg_tensor a, tg_tensor b);
TG_API tg_tensor tg_div(tg_tensor a, tg_tensor b);
TG_API tg_tensor tg_pow(tg_tensor a, tg_tensor b); /* a^b; see below */
TG_API tg_tensor tg_maximum(tg_tensor a, tg_tensor b); /* NaN passes; a tie gives half to each */
TG_API tg_tensor tg_minimum(tg_tensor a, tg_tensor b); /* likewise */
/* Powers: at zeros, infinities, NaN and negative bases the value is that of C's pow. The derivative m times by a and n
   times by b is that of b (b - 1) ... (b - m + 1) a^(b - m) by b: 0 for n = 0 where a factor of it is 0, whatever a is;
   at a = 0 and at infinities its limit, but for a = 0, b = m and n > 0, where a logarithm of a counts as 0, so that
   d/db = 0 where a = 0 and b >= 0; NaN for a < 0 where a logarithm of a is left. n is at most 16. */
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
                                                                       infinities pass; ' as tg_softmax, which
                                                                       is NaN if all are -inf */
/* sum (x - mean)^2 / (n - correction); 0 for the population's variance, 1 for the sample's (Bessel). Where correction
   is n or more, the divisor is 0: infinity, or NaN if all x are equal. */
TG_API tg_tensor tg_var(tg_tensor x, int axis, double correction, bool keepdim);

/* The place of the largest element along the axis, the first of several, a NaN before all others (numpy.argmax): whole
   numbers in out[n], row-major, where n is the number of results, checked: x's size without the axis; over TG_ALL one,
   the place in row-major order. Nothing is left on the tape. Of an empty axis, or of one longer than INT32_MAX, it is an
   error. Returns the tape's status. */
TG_API tg_status tg_argmax(tg_tensor x, int axis, int32_t *out, int64_t n);

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
   takes scratch for parts of its operands, at most 9 MB in float32 and 17 in float64, and one whose k is beyond 16384 as
   much as its result is large, which the tape keeps for others; sums of any k keep their digits in float32;
   tg_linear likewise. */
TG_API tg_tensor tg_matmul(tg_tensor a, tg_tensor b);
/* x w + b: x [..., in] of rank >= 1, w [in, out], b [out] or the null tensor; the result is [..., out]. */
TG_API tg_tensor tg_linear(tg_tensor x, tg_tensor w, tg_tensor b);

/* Softmax: y_i = e^(x_i - max x) / sum_j e^(x_j - max x) along the axis or over TG_ALL; right for any finite input. An
   x_i of -inf gives 0, or ln 0; a line with one +inf gives 1 there and 0 elsewhere, or their logarithms; a line of nothing
   but -inf, with several +inf, or with NaN gives NaN (as PyTorch). Of logits d apart the smaller's share is known to
   3 + d / 2 units in the last place, the rounding of d. log_softmax, logsumexp and cross-entropy keep the digits of a
   result next to 0: ln (1 + what the others have). ------------------------------------------------------------------- */
TG_API tg_tensor tg_softmax(tg_tensor x, int axis);
TG_API tg_tensor tg_log_softmax(tg_tensor x, int axis); /* ln of the same: x_i - max x - ln sum_j e^(x_j - max x) */

/* Losses. TG_MEAN and TG_SUM give a scalar, TG_NONE a loss for each row (cross_entropy) or element. The mean of none is
   NaN, the sum 0. Means and sums are added up in float64. ---------------------------------------------------------- */
/* -ln softmax(logits)[label]: logits [n, c], labels[n] in 0 .. c - 1, else TG_ERR_RANGE, copied; the mean is over the n
   rows. Right for any finite logits; infinite where the label's is -inf, or another's +inf. There must be as many labels
   as the logits have rows: their number cannot be checked here, and where there are fewer, memory behind them is read. */
TG_API tg_tensor tg_cross_entropy(tg_tensor logits, const int32_t *labels, tg_reduction reduction);
/* -sum_j probs_j ln softmax(logits)_j for each row, both [n, c]; rows of probs need not sum to 1; differentiable in
   both. Where probs_j is 0, so is its term, for a logit of -inf, too; d/dprobs_j is then infinite. */
TG_API tg_tensor tg_cross_entropy_probs(tg_tensor logits, tg_tensor probs, tg_reduction reduction);
TG_API tg_tensor tg_mse_loss(tg_tensor x, tg_tensor y, tg_reduction reduction); /* (x - y)^2, one shape; differentiable
                                                                                   in both; the mean is over all
                                                                                   elements */
/* max(x, 0) - x y + ln(1 + e^-|x|): binary cross-entropy of sigmoid(x) against y in [0, 1], likewise; 0 at
   (inf, 1) and (-inf, 0). */
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
