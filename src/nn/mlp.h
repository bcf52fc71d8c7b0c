/* mlp.h - a multi-layer perceptron from inside. */
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

/* Where a layer's weight stands in the set; its bias, if it has one, follows. */
int tg_mlp_weight_index(const tg_mlp *net, int layer);

#endif
