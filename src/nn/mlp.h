/* mlp.h - a multi-layer perceptron's internals. */
#ifndef TG_NN_MLP_H
#define TG_NN_MLP_H

#include "core/memory.h"
#include "tapegrad/mlp.h"

struct tg_mlp {
    tg_allocator allocator;
    tg_mlp_config config; /* defaults filled in */
    tg_params *params;
    int64_t sizes[];
};

/* The number of a layer's weight in the set; its bias, if it has one, is the next. */
int tg_mlp_weight_index(const tg_mlp *net, int layer);

#endif
