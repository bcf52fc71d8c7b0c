/* derivatives.h - operations that only vjps use, each in more than one: they are not public. */
#ifndef TG_DERIVATIVES_H
#define TG_DERIVATIVES_H

#include "tapegrad/op.h"

/* w x, and 0 where w is 0, whatever x is: for cotangents of 0, which select. */
tg_tensor tg_weigh(tg_tensor w, tg_tensor x);

/* a / b, and 0 where a or b is 0: the derivative of a norm, whose subgradient at 0 is 0. */
tg_tensor tg_ratio_or_zero(tg_tensor a, tg_tensor b);

/* c (x - y) g, and 0 where g is 0, the three broadcast together. */
tg_tensor tg_scaled_difference(tg_tensor x, tg_tensor y, tg_tensor g, double c);

/* c a b / d, the three broadcast together. */
tg_tensor tg_scaled_ratio(tg_tensor a, tg_tensor b, tg_tensor d, double c);

/* g s (1 - s), s = sigmoid x, from x. */
tg_tensor tg_sigmoid_grad(tg_tensor x, tg_tensor g);

/* g s, s = sigmoid x: the vjp of softplus. */
tg_tensor tg_softplus_grad(tg_tensor x, tg_tensor g);

/* g / sqrt(1 - x^2): the vjp of arcsin. */
tg_tensor tg_asin_grad(tg_tensor x, tg_tensor g);

/* g times 2 sqrt(c/pi) e^(-c x^2), c = 1/2 or 1: twice the normal density of variance 1 / (2 c). */
tg_tensor tg_gaussian(tg_tensor x, tg_tensor g, double c);

/* y (g - sum of g y) along the axis: the vjp of softmax, whose result is y. */
tg_tensor tg_softmax_grad(tg_tensor y, tg_tensor g, int axis);

#endif
