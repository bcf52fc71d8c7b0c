/* shared.h - what serves in several operations' rules and stands on no sheet. */
#ifndef TG_SHARED_H
#define TG_SHARED_H

#include "kernels/kernels.h"
#include "tapegrad/op.h"

/* A B, where a stands for A or, `a_turned`, for its transpose; likewise b: read through strides, no transpose is made. */
tg_tensor tg_product(tg_tensor a, bool a_turned, tg_tensor b, bool b_turned);

/* Runs g for a call's forward, with scratch where it is large: TG_ERR_MEMORY, raised, if there is none. */
tg_status tg_call_gemm(tg_call *c, const tg_gemm *g);

/* [..., n] as [rows, n]: leading axes are only more rows to a 2-D right operand. */
tg_tensor tg_folded(tg_tensor x);

/* w x, and 0 where w is 0, whatever x is: for cotangents, which select. */
tg_tensor tg_weigh(tg_tensor w, tg_tensor x);

/* c (x - y) g, and 0 where g is 0, the three broadcast together. */
tg_tensor tg_scaled_difference(tg_tensor x, tg_tensor y, tg_tensor g, double c);

/* c a b / d, the three broadcast together. */
tg_tensor tg_scaled_ratio(tg_tensor a, tg_tensor b, tg_tensor d, double c);

/* g s (1 - s), s = sigmoid x, from x. */
tg_tensor tg_sigmoid_grad(tg_tensor x, tg_tensor g);

/* g times 2 sqrt(c/pi) e^(-c x^2), c = 1/2 or 1: twice the normal density of variance 1 / (2 c). */
tg_tensor tg_gaussian(tg_tensor x, tg_tensor g, double c);

/* y (g - sum of g y) along the axis: what softmax, whose result is y, hands back of g. */
tg_tensor tg_softmax_grad(tg_tensor y, tg_tensor g, int axis);

#endif
