/* manual.h - backpropagation through an MLP written by hand in C, with the library's own kernels: the reference that
   autograd is measured against.

   All buffers are allocated at the start and reused; deltas are computed in place; gradients are overwritten; the input has
   no gradient. */
#ifndef BENCH_MANUAL_H
#define BENCH_MANUAL_H

#include "model.h"
#include "networks.h"

typedef struct manual manual;

/* For the same network, batch and labels as the model, with a copy of the model's current parameters. */
manual *manual_create(const network *net, const model *m);
void manual_destroy(manual *m);

/* Forward, backward and w -= lr dw. Returns the loss. */
double manual_step(manual *m, double lr);

/* The parameters' values and gradients, `count` elements each, laid out as the model's. */
const float *manual_values(const manual *m, int64_t *count);
const float *manual_grads(const manual *m);

#endif
