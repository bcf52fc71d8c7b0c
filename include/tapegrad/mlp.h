/* mlp.h - the multi-layer perceptron: linear layers with one activation between them. */
#ifndef TAPEGRAD_MLP_H
#define TAPEGRAD_MLP_H

#include "params.h"

#ifdef __cplusplus
extern "C" {
#endif

/* h_0 = x,  h_l+1 = activation(h_l W_l + b_l),  and the last layer has no activation: logits = h_L-1 W_L-1 + b_L-1.
   L layers need L + 1 sizes. Layer l's parameters are "layer<l>.weight" [sizes[l], sizes[l + 1]] and "layer<l>.bias"
   [sizes[l + 1]], in this order; biases have TG_PARAM_NO_DECAY. */
typedef struct tg_mlp tg_mlp;

typedef enum tg_activation {
    TG_RELU = 0,
    TG_LEAKY_RELU,
    TG_GELU,
    TG_SIGMOID,
    TG_TANH,
    TG_IDENTITY,
} tg_activation;

/* "relu", "leaky_relu", "gelu", "sigmoid", "tanh", "none"; NULL past the last. Static memory. */
TG_API const char *tg_activation_name(tg_activation activation);

/* How weights [in, out] are drawn; biases are zero.
   KAIMING  normal, deviation gain / sqrt(in) (He, Zhang, Ren, Sun 2015: Delving deep into rectifiers, eq. 10, 15). The
            gain is sqrt 2 for relu and gelu, sqrt(2 / (1 + slope^2)) for leaky_relu, 5/3 for tanh, 1 for the others.
   XAVIER   uniform in -a .. a, a = sqrt(6 / (in + out)) (Glorot, Bengio 2010: Understanding the difficulty of training
            deep feedforward neural networks, eq. 16).
   NORMAL   normal, deviation init_std. */
typedef enum tg_init {
    TG_INIT_DEFAULT = 0, /* KAIMING for relu, leaky_relu and gelu; XAVIER for sigmoid, tanh and none */
    TG_INIT_KAIMING,
    TG_INIT_XAVIER,
    TG_INIT_NORMAL
} tg_init;

typedef struct tg_mlp_config {
    const int64_t *sizes;     /* inputs, hidden units ..., outputs, each >= 1; copied */
    int n_sizes;              /* >= 2 */
    tg_activation activation; /* 0: TG_RELU */
    double leaky_slope;       /* of TG_LEAKY_RELU; otherwise it must be 0. Finite; may be negative (-1 gives |x|).
                                 0: 0.01. TG_ZERO: zero */
    bool no_bias;             /* false: with biases */
    tg_dtype dtype;           /* 0: TG_F32 */
    tg_init init;             /* 0: TG_INIT_DEFAULT */
    double init_std;          /* of TG_INIT_NORMAL; otherwise it must be 0. >= 0 and finite. 0: 0.01. TG_ZERO: zero */
    uint64_t seed;            /* 0 is a seed like any other; layer l draws from stream l, rounded to the dtype */
} tg_mlp_config;

/* A network with drawn weights, or NULL and *err, which names the field, or the layer and its sizes. */
TG_API tg_mlp *tg_mlp_create(const tg_mlp_config *config, tg_error *err);

/* The same with memory from `allocator` (copied; NULL for the C library). */
TG_API tg_mlp *tg_mlp_create_with(const tg_mlp_config *config, const tg_allocator *allocator, tg_error *err);

/* A copy with its own parameters: the same values, rounded to dtype. */
TG_API tg_mlp *tg_mlp_clone(const tg_mlp *net, tg_dtype dtype, tg_error *err);

/* Frees the network and its parameters. Takes NULL. A tape that has their leaves must be reset or destroyed first, and an
   optimizer of them destroyed. */
TG_API void tg_mlp_destroy(tg_mlp *net);

/* The network's parameters, owned by it. NULL for NULL. */
TG_API tg_params *tg_mlp_params(const tg_mlp *net);

/* The configuration with the defaults filled in, owned by the network, as are its `sizes`. NULL for NULL. A slope or
   deviation of TG_ZERO is 0 in it, which tg_mlp_create would take as left out: to copy a network, use tg_mlp_clone. */
TG_API const tg_mlp_config *tg_mlp_settings(const tg_mlp *net);

/* The number of layers, n_sizes - 1. 0 for NULL. */
TG_API int tg_mlp_depth(const tg_mlp *net);

/* The logits [..., outputs] of x [..., inputs], usually [n, inputs], on x's tape, which must have the network's dtype.
   Errors go to the tape. */
TG_API tg_tensor tg_mlp_forward(tg_mlp *net, tg_tensor x);

/* The same, and hidden[l] = h_l+1, after the activation, for the tg_mlp_depth - 1 hidden layers. */
TG_API tg_tensor tg_mlp_forward_hidden(tg_mlp *net, tg_tensor x, tg_tensor *hidden);

/* lambda times the sum of the squares of all weights, without biases: a term to add to the loss. Its derivative is
   2 lambda W. */
TG_API tg_tensor tg_mlp_l2(tg_mlp *net, tg_tape *tape, double lambda);

/* labels[i] = the column of the largest logit of row i (the first of several; a NaN counts as the largest), for
   x [n, inputs]. Runs without recording, and removes its tensors from the tape. Returns the tape's status. */
TG_API tg_status tg_mlp_predict(tg_mlp *net, tg_tensor x, int32_t *labels, int64_t n);

#ifdef __cplusplus
}
#endif
#endif
