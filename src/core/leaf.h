/* leaf.h - the operations of leaves, which have nothing but a name; and detach. */
#ifndef TG_LEAF_H
#define TG_LEAF_H

#include "core/node.h"

extern const tg_op tg_leaf_variable, tg_leaf_constant, tg_leaf_param;

/* A gradient that was not recorded, as tg_grad_of and tg_grad return it. It remembers what it is the gradient of. */
extern const tg_op tg_leaf_gradient;
static inline uint32_t tg_gradient_source(const tg_node *n)
{
    return n->inputs.few[0];
}

extern const tg_op tg_detach_op;

#endif
