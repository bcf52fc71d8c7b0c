/* activation.h - the activations of a multi-layer perceptron, and how to add one.

   To add an activation:
   1. include/tapegrad/mlp.h: its name at the end of enum tg_activation, and the names in the comment below it.
   2. src/nn/activation.c: its row in `kinds`.
   3. tests/nn/test_mlp.c: its row in `expected`; tests/nn/test_mlp_run.c: its value in plain C. */
#ifndef TG_ACTIVATION_H
#define TG_ACTIVATION_H

#include "tapegrad/mlp.h"

typedef struct tg_activation_kind {
    const char *name;
    tg_init init; /* TG_INIT_DEFAULT means this */
    double gain;  /* of TG_INIT_KAIMING; with a slope, that of slope 0 */
    tg_tensor (*apply)(tg_tensor x);
    tg_tensor (*apply_with_slope)(tg_tensor x, double slope); /* instead of apply, with leaky_slope */
} tg_activation_kind;

/* NULL if there is no such activation. */
const tg_activation_kind *tg_activation_find(tg_activation activation);

#endif
