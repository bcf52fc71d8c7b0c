/* manual.h - backprop through an MLP as one writes it by hand in C, over the library's own kernels: what autograd is
   measured against.

   All buffers are there from the start and are used again; activations are applied in place, deltas, too; gradients
   overwrite; the input gets none. */
#ifndef BENCH_MANUAL_H
#define BENCH_MANUAL_H

#include "model.h"
#include "networks.h"

typedef struct manual manual;

/* For the same network, batch and labels as the model, from the model's parameters as they are now. */
manual *manual_create(const network *net, const model *m);
void manual_destroy(manual *m);

/* Forward, backward and w -= lr dw. Returns the loss. */
double manual_step(manual *m, double lr);

/* The parameters' values and gradients, `count` elements each, laid out as the model's. */
const float *manual_values(const manual *m, int64_t *count);
const float *manual_grads(const manual *m);

#endif
