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

/* All operations take any rank from 0 to 8, and sizes of 0 and 1. Tensors have the tape's dtype, and the result belongs to
   the tape. Derivatives are of any order unless another is stated. An error is kept by the tape of the first tensor, and
   the result is then a failed tensor. Axes count from 0, or from the end if negative; TG_ALL means all axes; at rank 0 the
   axes 0 and -1 are valid. Masks select, they never multiply: no kink computes 0 times infinity.

   Softmax, losses, logsumexp, max, min, powers and the unary operations have their limit as the value and as the gradient
   at an infinite input where the limit is finite, also where PyTorch has NaN; without a limit, they have NaN. In
   reductions, softmax, losses and tg_square a cotangent of 0 selects: the gradient of that row or element is 0 even where
   the input is infinite or NaN. In other operations the cotangent multiplies the slope, so that 0 gives NaN where the slope
   is infinite, as in PyTorch. */

/* Unary, elementwise: y_i = f(x_i), y has x's shape. Numbers (slope, alpha, exponent, c) are rounded to the tape's dtype and
   may be NaN or infinite. A NaN passes through abs, relu, clamp and maximum, and so does its gradient.

   Errors in units in the last place of the value, first and second derivative are below the numbers of this table, over all
   arguments, in both dtypes, with subnormal results; tests/ops/test_tails.c enforces it. Derivatives of silu and gelu are
   sums: next to their zeros, the unit is that of the largest term:

                 exp  log  log1p  tanh  sigmoid  softplus  silu  erf  gelu  elu  bce_with_logits for y = 0 or 1
      value        2    2      2     2        4         3     4    2     8    2         4
      first        2    1      2    15       11         4     6    4     9    2         4
      second       2    2      4     8        7         6     8    5     6    2         6

                 expm1  rsqrt  tan  asin  acos  atan  sinh  cosh  log_sigmoid  softsign
      value        2      2     4     4     4     3     4     4        3           2
      first        2      4     8     4     4     4     4     4        4           4
      second       2      8    12     8     8     8     4     4        6           6

   Results that underflow are subnormal numbers. A derivative that is computed from the value (exp) or from a sigmoid
   (softplus) has as few digits as these have where they are subnormal, however large the cotangent. In float64, sigmoid'
   is 0 where the sigmoid is rounded to 1, from 36.7 on, as in PyTorch. ----------------------------------------------- */
TG_API tg_tensor tg_neg(tg_tensor x);        /* -x */
TG_API tg_tensor tg_exp(tg_tensor x);        /* e^x */
TG_API tg_tensor tg_log(tg_tensor x);        /* ln x; -inf at 0, NaN below */
TG_API tg_tensor tg_log1p(tg_tensor x);      /* ln(1 + x), exact near 0 */
TG_API tg_tensor tg_sqrt(tg_tensor x);       /* x^(1/2) */
TG_API tg_tensor tg_reciprocal(tg_tensor x); /* 1 / x */
TG_API tg_tensor tg_square(tg_tensor x);     /* x^2 */
TG_API tg_tensor tg_abs(tg_tensor x);        /* |x|; abs'(0) = 0 */
TG_API tg_tensor tg_expm1(tg_tensor x);      /* e^x - 1, accurate near 0 */
TG_API tg_tensor tg_rsqrt(tg_tensor x);      /* x^(-1/2) */
TG_API tg_tensor tg_sin(tg_tensor x);
TG_API tg_tensor tg_cos(tg_tensor x);
TG_API tg_tensor tg_tan(tg_tensor x);
TG_API tg_tensor tg_asin(tg_tensor x);       /* arcsin x, in -pi/2 .. pi/2; NaN for |x| > 1 */
TG_API tg_tensor tg_acos(tg_tensor x);       /* arccos x, in 0 .. pi; NaN for |x| > 1 */
TG_API tg_tensor tg_atan(tg_tensor x);       /* arctan x */
TG_API tg_tensor tg_sinh(tg_tensor x);       /* (e^x - e^-x) / 2 */
TG_API tg_tensor tg_cosh(tg_tensor x);       /* (e^x + e^-x) / 2 */
TG_API tg_tensor tg_tanh(tg_tensor x);
TG_API tg_tensor tg_sigmoid(tg_tensor x);  /* 1 / (1 + e^-x) */
TG_API tg_tensor tg_relu(tg_tensor x);     /* max(x, 0); relu'(0) = 0; NaN passes */
TG_API tg_tensor tg_silu(tg_tensor x);     /* x sigmoid(x) */
TG_API tg_tensor tg_softplus(tg_tensor x); /* ln(1 + e^x), exact, without PyTorch's threshold */
TG_API tg_tensor tg_log_sigmoid(tg_tensor x); /* ln sigmoid(x) = -ln(1 + e^-x), without overflow */
TG_API tg_tensor tg_softsign(tg_tensor x); /* x / (1 + |x|) */
TG_API tg_tensor tg_sign(tg_tensor x);     /* -1, 0 or 1; the derivative is 0, as it is of the next three */
TG_API tg_tensor tg_floor(tg_tensor x);    /* the largest whole number <= x */
TG_API tg_tensor tg_ceil(tg_tensor x);     /* the smallest whole number >= x */
TG_API tg_tensor tg_round(tg_tensor x);    /* the nearest whole number, the even one of two (torch.round) */
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
/* Powers: at zeros, infinities, NaN and negative bases the value is that of C's pow. The derivative, m times by a and n
   times by b, is the n-th derivative by b of b (b - 1) ... (b - m + 1) a^(b - m), n <= 16. For n = 0 it is 0 where one of the
   factors b .. b - m + 1 is 0, whatever a is. At a = 0 and at infinities it is the limit, with one exception: for a = 0,
   b = m and n > 0, ln a counts as 0, so that d/db = 0 where a = 0 and b >= 0. For a < 0 it is NaN if it contains ln a. */
TG_API tg_tensor tg_atan2(tg_tensor a, tg_tensor b);     /* the angle of the point (b, a), -pi .. pi, as C's atan2(a, b); the
                                                            gradient at (0, 0) is NaN */
TG_API tg_tensor tg_logaddexp(tg_tensor a, tg_tensor b); /* ln(e^a + e^b), without overflow */
TG_API tg_tensor tg_xlogy(tg_tensor a, tg_tensor b);     /* a ln b; 0 where a = 0, unless b is NaN */
/* 1 where the comparison holds, else 0, as a constant: for tg_where, and to count. NaN is only not_equal. */
TG_API tg_tensor tg_less(tg_tensor a, tg_tensor b);          /* a < b */
TG_API tg_tensor tg_less_equal(tg_tensor a, tg_tensor b);    /* a <= b */
TG_API tg_tensor tg_greater(tg_tensor a, tg_tensor b);       /* a > b */
TG_API tg_tensor tg_greater_equal(tg_tensor a, tg_tensor b); /* a >= b */
TG_API tg_tensor tg_equal(tg_tensor a, tg_tensor b);         /* a == b */
TG_API tg_tensor tg_not_equal(tg_tensor a, tg_tensor b);     /* a != b */
/* condition != 0 ? a : b, the three broadcast together; the condition takes no gradient. */
TG_API tg_tensor tg_where(tg_tensor condition, tg_tensor a, tg_tensor b);

/* Reductions over one axis, over several as in tg_sum(x, TG_AXES(0, -1), false), or over TG_ALL; keepdim keeps each reduced
   axis with size 1. The sum and norm of no elements are 0, the product 1, the mean, var and std NaN, logsumexp -inf, and max
   and min an error. In float32, sums are taken in blocks and the blocks added in float64.
   ------------------------------------------------------------------------------------------------------------------ */
TG_API tg_tensor tg_sum(tg_tensor x, int axis, bool keepdim);
TG_API tg_tensor tg_mean(tg_tensor x, int axis, bool keepdim);
TG_API tg_tensor tg_max(tg_tensor x, int axis, bool keepdim);       /* NaN passes; ties share the gradient equally
                                                                       (torch.amax) */
TG_API tg_tensor tg_min(tg_tensor x, int axis, bool keepdim);       /* likewise */
TG_API tg_tensor tg_logsumexp(tg_tensor x, int axis, bool keepdim); /* ln sum e^x, without overflow; at infinities
                                                                       the limit; the gradient is tg_softmax,
                                                                       NaN if all are -inf */
/* sum (x - mean)^2 / (n - correction); correction 0 for the variance of a population, 1 for the estimate from a sample
   (Bessel). If correction is n or more, the divisor is 0: infinity, or NaN if all x are equal. */
TG_API tg_tensor tg_var(tg_tensor x, int axis, double correction, bool keepdim);
/* var^(1/2), in range where var is not; the gradient is 0 where std is 0, as in PyTorch */
TG_API tg_tensor tg_std(tg_tensor x, int axis, double correction, bool keepdim);
TG_API tg_tensor tg_prod(tg_tensor x, int axis, bool keepdim); /* derivatives of any order are right where x is 0, too */
TG_API tg_tensor tg_norm(tg_tensor x, int axis, bool keepdim); /* (sum x^2)^(1/2), without overflow; the gradient of the
                                                                  zero vector is 0 */
/* y_i = x_0 + ... + x_i along one axis; over TG_ALL in row-major order. Accumulated in float64. */
TG_API tg_tensor tg_cumsum(tg_tensor x, int axis);

/* Several axes as one argument of a reduction, each once, at most 8 of them; negative ones count from the end. */
#define TG_AXES(...)                                                                                                 \
    TG_AXES_OF(__VA_ARGS__, TG_NO_AXIS, TG_NO_AXIS, TG_NO_AXIS, TG_NO_AXIS, TG_NO_AXIS, TG_NO_AXIS, TG_NO_AXIS,      \
               TG_NO_AXIS, TG_NO_AXIS)
/* The same of n axes in memory; NULL or n < 1 gives an argument that reductions refuse. */
TG_API int tg_axes(const int *axes, int n);
/* How: a bit for each axis, 0 .. 7 from the start, 8 .. 15 for -8 .. -1, and 16 for one that is none of these, on a base that
   is no axis. */
#define TG_NO_AXIS   INT_MAX
#define TG_AXES_BASE (-0x35a40000)
#define TG_AXES_BITS 17
#define TG_AXIS_BIT(a)                                                                                               \
    ((a) == TG_NO_AXIS             ? 0u                                                                              \
         : (a) >= 0 && (a) < 8     ? 1u << ((a) & 7)                                                                 \
         : (a) < 0 && (a) >= -8    ? 1u << (16 + ((a) >= -8 && (a) < 0 ? (a) : -1))                                  \
                                   : 1u << 16)
#define TG_AXES_OF(a, b, c, d, e, f, g, h, i, ...)                                                                   \
    (TG_AXES_BASE + (int)(TG_AXIS_BIT(a) | TG_AXIS_BIT(b) | TG_AXIS_BIT(c) | TG_AXIS_BIT(d) | TG_AXIS_BIT(e) |       \
                          TG_AXIS_BIT(f) | TG_AXIS_BIT(g) | TG_AXIS_BIT(h) | ((i) == TG_NO_AXIS ? 0u : 1u << 16)))

/* The index of the largest element along the axis (numpy.argmax): the first of several; the first NaN if there is one. Writes
   one number for each line along the axis to out[n], in row-major order; over TG_ALL one, the index in row-major order. n must
   be that number of results. Nothing is put on the tape. An axis that is empty or longer than INT32_MAX is an error. Returns
   the tape's status. */
TG_API tg_status tg_argmax(tg_tensor x, int axis, int32_t *out, int64_t n);
TG_API tg_status tg_argmin(tg_tensor x, int axis, int32_t *out, int64_t n); /* of the smallest, likewise */

/* Shape ------------------------------------------------------------------------------------------------------------ */
TG_API tg_tensor tg_reshape(tg_tensor x, tg_shape shape);  /* one size may be -1: computed from the others. Shares
                                                              x's memory */
TG_API tg_tensor tg_squeeze(tg_tensor x, int axis);        /* without that axis, whose size must be 1; TG_ALL: without all
                                                              of size 1. Shares the memory */
TG_API tg_tensor tg_unsqueeze(tg_tensor x, int axis);      /* with a new axis of size 1, which is `axis` of the result */
TG_API tg_tensor tg_transpose(tg_tensor x);                /* swaps the last two axes; rank >= 2 */
TG_API tg_tensor tg_permute(tg_tensor x, const int *axes); /* axis i of y is axis axes[i] of x; rank(x) of them, each
                                                              axis once */
/* start <= i < stop along one axis (not TG_ALL); both count from the end if negative, and must then lie in 0 .. size
   with start <= stop; rank >= 1. */
TG_API tg_tensor tg_slice(tg_tensor x, int axis, int64_t start, int64_t stop);
/* 1 <= n <= 65535 tensors, of rank >= 1, alike but for that one axis; may repeat. */
TG_API tg_tensor tg_concat(const tg_tensor *xs, int n, int axis);
TG_API tg_tensor tg_stack(const tg_tensor *xs, int n, int axis); /* 1 <= n <= 65535 tensors of one shape along a new axis,
                                                                   which is `axis` of the result */
/* Parts of x one after the other along an axis: n >= 1 sizes, which add up to x's; out[n] gets the parts. Returns the tape's
   status; after an error all of out are failed tensors. */
TG_API tg_status tg_split(tg_tensor x, int axis, const int64_t *sizes, int n, tg_tensor *out);
/* `before` elements of `value`, x, and `after` elements of it along an axis; both are 0 or more. */
TG_API tg_tensor tg_pad(tg_tensor x, int axis, int64_t before, int64_t after, double value);
TG_API tg_tensor tg_flip(tg_tensor x, int axis);  /* the order of elements reversed; TG_ALL: along every axis */
TG_API tg_tensor tg_tril(tg_tensor x, int64_t k); /* x where j <= i + k in its last two axes, else 0; rank >= 2 */
TG_API tg_tensor tg_triu(tg_tensor x, int64_t k); /* x where j >= i + k, else 0 */
TG_API tg_tensor tg_diagonal(tg_tensor x);        /* [..., m, n] gives [..., min(m, n)]: y_i = x_ii */
TG_API tg_tensor tg_broadcast_to(tg_tensor x, tg_shape shape);    /* x repeated, as NumPy broadcasts */
TG_API tg_tensor tg_gather_rows(tg_tensor x, const int32_t *rows, int64_t n); /* y_i = x_rows[i], along axis 0; rows
                                                                                 in 0 .. size - 1, may repeat, are
                                                                                 copied; rank >= 1 */
/* Likewise along any one axis. */
TG_API tg_tensor tg_index_select(tg_tensor x, int axis, const int32_t *indices, int64_t n);
/* Rows of a table w [rows, width] for indices of any `shape`, copied: the result is [shape..., width]. */
TG_API tg_tensor tg_embedding(tg_tensor w, const int32_t *indices, tg_shape shape);
/* y[.., i, ..] = x[.., indices[.., i, ..], ..] along an axis (numpy.take_along_axis): indices of this shape, row-major, in
   0 .. size - 1 of the axis, else TG_ERR_RANGE, copied; the sizes of the other axes must be x's. */
TG_API tg_tensor tg_take_along_axis(tg_tensor x, int axis, const int32_t *indices, tg_shape shape);
/* x with source[.., i, ..] added at [.., indices[.., i, ..], ..] along an axis (torch.scatter_add): one index for each element
   of the source, as above; the other sizes of the source are at most x's. Sums are accumulated in float64. */
TG_API tg_tensor tg_scatter_add(tg_tensor x, int axis, const int32_t *indices, tg_tensor source);
/* The reverse of broadcasting: sums x over the axes along which `shape` broadcasts to x's shape. */
TG_API tg_tensor tg_sum_to(tg_tensor x, tg_shape shape);

/* Constants, of the tape's dtype; a NULL tape gives the null tensor. ---------------------------------------------- */
TG_API tg_tensor tg_zeros(tg_tape *tape, tg_shape shape);
TG_API tg_tensor tg_ones(tg_tape *tape, tg_shape shape);
TG_API tg_tensor tg_scalar(tg_tape *tape, double value); /* of rank 0 */
TG_API tg_tensor tg_eye(tg_tape *tape, int64_t n);       /* the unit matrix [n, n] */
TG_API tg_tensor tg_arange(tg_tape *tape, double start, double stop, double step); /* start + i step, as long as it is before
                                                                                      stop; [ceil((stop - start) / step)] */
TG_API tg_tensor tg_linspace(tg_tape *tape, double start, double stop, int64_t n); /* n numbers in equal steps, the first is
                                                                                      start, the last stop */
TG_API tg_tensor tg_rand(tg_tape *tape, tg_shape shape, tg_rng *rng);  /* uniform in [0, 1): element i is draw i of rng, its
                                                                          upper 53 bits, in float32 24; size(x) draws */
TG_API tg_tensor tg_randn(tg_tape *tape, tg_shape shape, tg_rng *rng); /* standard normal: element i is the i-th
                                                                          tg_rng_normal of rng; 2 size(x) draws */

/* Products --------------------------------------------------------------------------------------------------------- */
/* [..., m, k] x [..., k, n] = [..., m, n], leading axes broadcast (torch.matmul); k = 0 gives zeros. A vector a is one row, a
   vector b one column, and the result is without that axis: two vectors give a scalar. With a
   2-D b, the leading axes of a are more rows of one product, in the reverse pass, too. In a vjp, a tg_transpose of either
   operand is not evaluated: the product reads its input through strides. Large products take scratch, which the tape keeps
   and uses again: at most 9 MB in float32 and 17 in float64 for copies of parts of the operands, and for k beyond 16384 as
   much as the result. Sums over k do not lose digits as k grows. All this is true of tg_linear, too. */
TG_API tg_tensor tg_matmul(tg_tensor a, tg_tensor b);
/* Sums of products in Einstein's notation (numpy.einsum): "bij,bjk->bik" names the axes of each operand and of the result
   by letters; the result sums over those that it does not have; a letter twice in an operand is its diagonal. Without an
   arrow the result has the letters that appear once, in alphabetical order. 1 <= n <= 8 tensors; a letter has one size
   everywhere; no ellipsis. Operands are contracted from the left to the right, each by a matrix product. */
TG_API tg_tensor tg_einsum(const char *spec, const tg_tensor *xs, int n);
/* x w + b: x [..., in] of rank >= 1, w [in, out], b [out] or the null tensor; the result is [..., out]. */
TG_API tg_tensor tg_linear(tg_tensor x, tg_tensor w, tg_tensor b);

/* Convolution (cross-correlation, as in PyTorch) of x [n, in, h, w] with w [out, in / groups, kh, kw]; 1-D: [n, in, l] and
   [out, in / groups, k]; transposed: w is [in, out / groups, kh, kw]. The bias is [out] or null. Derivatives of any order. A
   sample is unfolded for a matrix product, in scratch for at most 16 samples at a time, which the tape keeps. ------ */
typedef struct tg_conv_config {
    int64_t stride;   /* 0: 1; at most 2^20, as all of these */
    int64_t padding;  /* zeros on both sides */
    int64_t dilation; /* 0: 1; elements from one of the kernel's to the next */
    int64_t groups;   /* 0: 1; of channels in and out, each convolved by itself */
} tg_conv_config;
/* The result has (size + 2 padding - dilation (k - 1) - 1) / stride + 1 places, rounded down. NULL: all defaults. */
TG_API tg_tensor tg_conv1d(tg_tensor x, tg_tensor w, tg_tensor bias, const tg_conv_config *config);
TG_API tg_tensor tg_conv2d(tg_tensor x, tg_tensor w, tg_tensor bias, const tg_conv_config *config);
/* The vjp of conv2d: (size - 1) stride - 2 padding + dilation (k - 1) + 1 places. */
TG_API tg_tensor tg_conv_transpose2d(tg_tensor x, tg_tensor w, tg_tensor bias, const tg_conv_config *config);

/* Pooling: the largest element or the mean of each window of `size` along the last axis of x [n, channels, l] or the last two
   of [n, channels, h, w], every `stride` elements (0: size), with padding on both sides of at most size / 2. Padding is never
   the largest; a NaN is, and of several equal elements the first, which gets the gradient. In the mean, padding counts as
   zeros. The result has (size of x + 2 padding - size) / stride + 1 windows, rounded down. ----------------------------- */
TG_API tg_tensor tg_max_pool1d(tg_tensor x, int64_t size, int64_t stride, int64_t padding);
TG_API tg_tensor tg_max_pool2d(tg_tensor x, int64_t size, int64_t stride, int64_t padding);
TG_API tg_tensor tg_avg_pool1d(tg_tensor x, int64_t size, int64_t stride, int64_t padding);
TG_API tg_tensor tg_avg_pool2d(tg_tensor x, int64_t size, int64_t stride, int64_t padding);

/* Softmax: y_i = e^(x_i - max x) / sum_j e^(x_j - max x) along the axis or over TG_ALL; without overflow. An
   x_i of -inf has y_i = 0; a line with one +inf has 1 there and 0 elsewhere (log_softmax: the logarithms of these); a line
   of only -inf, with several +inf, or with NaN has NaN, as in PyTorch. For two logits that differ by d, the smaller y_i has
   an error of at most 3 + d / 2 units in the last place, since d is rounded. log_softmax, logsumexp and cross-entropy keep
   their digits where the result is close to 0. ------------------------------------------------------------------- */
TG_API tg_tensor tg_softmax(tg_tensor x, int axis);
TG_API tg_tensor tg_log_softmax(tg_tensor x, int axis); /* ln softmax: x_i - max x - ln sum_j e^(x_j - max x) */

/* softmax(q kᵀ / sqrt d + mask) v over leading axes: q [..., n, d], k [..., m, d], v [..., m, e], and the mask [n, m], or with
   the leading axes before that, or null; -inf in the mask excludes a key. With causal, query i sees keys 0 .. i. A query
   without keys gives NaN, as in PyTorch. No weights are kept for the reverse pass, which computes them again. */
TG_API tg_tensor tg_attention(tg_tensor q, tg_tensor k, tg_tensor v, tg_tensor mask, bool causal);

/* Losses. With TG_MEAN and TG_SUM the result is a scalar, with TG_NONE a loss for each row (cross_entropy) or element. The
   mean of no losses is NaN, the sum 0. Sums are accumulated in float64. --------------------------------------------- */
/* -ln softmax(logits)[label] for each row: logits [n, c], labels[n] in 0 .. c - 1 (else TG_ERR_RANGE), copied; the mean is over
   the n rows. No overflow for finite logits; infinite where the logit of the label is -inf or another one +inf. The caller
   makes sure that there are n labels: fewer cannot be detected here, and memory beyond them would be read. */
TG_API tg_tensor tg_cross_entropy(tg_tensor logits, const int32_t *labels, tg_reduction reduction);
/* The same of logits [..., c] and as many labels as they have rows, n_labels, which is checked; labels are copied. NULL means
   all defaults. */
#define TG_IGNORE_CLASS_0 INT32_MIN
typedef struct tg_cross_entropy_config {
    tg_reduction reduction; /* TG_MEAN is over the weights of the labels that are not ignored; NaN if all are */
    double label_smoothing; /* s in 0 .. 1: the target is 1 - s for the label, and s / c more for every class */
    int32_t ignore_index;   /* rows with this label have the loss 0; 0: -100; TG_IGNORE_CLASS_0: 0 */
    const double *weights;  /* of the c classes, finite and 0 or more; NULL: all 1 */
} tg_cross_entropy_config;
TG_API tg_tensor tg_cross_entropy_with(tg_tensor logits, const int32_t *labels, int64_t n_labels,
                                       const tg_cross_entropy_config *config);
/* -sum_j probs_j ln softmax(logits)_j for each row, both [n, c]; rows of probs need not sum to 1; differentiable in
   both. Where probs_j is 0 the term is 0, even for a logit of -inf, where d/dprobs_j is infinite. */
TG_API tg_tensor tg_cross_entropy_probs(tg_tensor logits, tg_tensor probs, tg_reduction reduction);
TG_API tg_tensor tg_mse_loss(tg_tensor x, tg_tensor y, tg_reduction reduction); /* (x - y)^2, one shape; differentiable
                                                                                   in both; the mean is over all
                                                                                   elements */
TG_API tg_tensor tg_l1_loss(tg_tensor x, tg_tensor y, tg_reduction reduction); /* |x - y|, likewise; the slope at 0 is 0 */
/* (x - y)^2 / 2 where |x - y| <= delta, else delta (|x - y| - delta / 2), likewise (Huber 1964); delta > 0 */
TG_API tg_tensor tg_huber_loss(tg_tensor x, tg_tensor y, double delta, tg_reduction reduction);
/* max(x, 0) - x y + ln(1 + e^-|x|): binary cross-entropy of sigmoid(x) against y in [0, 1], of one shape, differentiable in
   both; 0 at (inf, 1) and (-inf, 0). */
TG_API tg_tensor tg_bce_with_logits(tg_tensor x, tg_tensor y, tg_reduction reduction);

/* Normalising ------------------------------------------------------------------------------------------------------ */
/* gain (x - mean) / sqrt(var + eps) + bias over the last axis, var the population's; gain and bias [last] or null;
   eps >= 0; rank >= 1. */
TG_API tg_tensor tg_layer_norm(tg_tensor x, tg_tensor gain, tg_tensor bias, double eps);
/* gain x / sqrt(mean(x^2) + eps) over the last axis; gain [last] or null; eps >= 0; rank >= 1 */
TG_API tg_tensor tg_rms_norm(tg_tensor x, tg_tensor gain, double eps);
/* x [n, channels, ...]: each of `groups` groups of adjacent channels of a sample is normalised as by layer_norm; gain and
   bias [channels] or null. */
TG_API tg_tensor tg_group_norm(tg_tensor x, int64_t groups, tg_tensor gain, tg_tensor bias, double eps);
/* x [n, channels, ...], gain and bias [channels] or null: gain (x - mean) / sqrt(var + eps) + bias for each channel. In
   training (tg_tape_set_training) mean and var are those of the batch, var the population's, and the running ones are
   updated: running += momentum (batch - running), with the sample's variance, as in PyTorch; there must be more than one
   value for each channel. In evaluation they are the running ones. A NULL config means all defaults. */
typedef struct tg_batch_norm_config {
    double *mean, *var; /* the running ones, [channels], the caller's: start with 0 and 1; both NULL: the batch's, always */
    double momentum;    /* 0: 0.1; at most 1 */
    double eps;         /* 0: 1e-5; TG_ZERO for 0 */
} tg_batch_norm_config;
TG_API tg_tensor tg_batch_norm(tg_tensor x, tg_tensor gain, tg_tensor bias, const tg_batch_norm_config *config);
/* In training, element i is 0 where the i-th draw (tg_rng_uniform) of rng is below p, else x_i / (1 - p); rng advances by the
   size of x. In evaluation the result is x itself, and rng does not advance. 0 <= p < 1; a NULL rng is an error in both. */
TG_API tg_tensor tg_dropout(tg_tensor x, double p, tg_rng *rng);

/* clang-format on */

#ifdef __cplusplus
}
#endif
#endif
