/* model.h - an MLP with training data, for the benchmarks. */
#ifndef BENCH_MODEL_H
#define BENCH_MODEL_H

#include "bench.h"

typedef struct model {
    tg_mlp *net;
    tg_params *params;
    tg_tape *tape;
    tg_shape shape; /* of the inputs, [batch, features] */
    float *x;
    int32_t *labels;
} model;

/* Random values from fixed seeds; float32. Exits the program on failure. */
model model_create(const bench *b, const int64_t *sizes, int n_sizes, tg_activation activation, int64_t batch);
void model_destroy(model *m);

/* The mean cross-entropy of the batch, on the model's tape. */
tg_tensor model_loss(const model *m);

#endif
