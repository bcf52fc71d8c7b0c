/* apply.h - applying the library's own operations: tg_apply for few inputs, without the checks of a user's operation. */
#ifndef TG_APPLY_H
#define TG_APPLY_H

#include "tapegrad/op.h"

tg_tensor tg_apply1(const tg_op *op, tg_tensor x);
tg_tensor tg_apply1_by(const tg_op *op, tg_tensor x, double p); /* the attributes are the number p */
tg_tensor tg_apply1_with(const tg_op *op, tg_tensor x, const void *attributes, size_t bytes);
tg_tensor tg_apply2(const tg_op *op, tg_tensor a, tg_tensor b);
tg_tensor tg_apply2_with(const tg_op *op, tg_tensor a, tg_tensor b, const void *attributes, size_t bytes);
tg_tensor tg_apply3(const tg_op *op, tg_tensor a, tg_tensor b, tg_tensor c);

#endif
