/* model.h - models of several layers: declare the layers, then allocate all parameters as one set. */
#ifndef TAPEGRAD_MODEL_H
#define TAPEGRAD_MODEL_H

#include "params.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The layout of a parameter set is fixed when it is made. A model therefore collects declarations first, and then makes
   one set of all of them, for one optimizer, one norm and one file:

       tg_model *m = tg_model_create(TG_F32, 1);
       const tg_linear_layer in = tg_add_linear(m, "in", 28, 64);
       const tg_gru_layer gru = tg_add_gru(m, "gru", 64, 128);
       const tg_linear_layer out = tg_add_linear(m, "out", 128, 10);
       tg_params *p = tg_model_params(m, &err);
       ...
       tg_cell_state state = { 0 };
       h = tg_run_sequence(&gru, p, tg_relu(tg_run_linear(&in, p, x)), &state);
       logits = tg_run_linear(&out, p, state.h);

   A layer is a small value: the numbers of its parameters in the set. Its tg_run_... computes on the tape of x with the
   set, or with a copy of it in another dtype. Parameters are named "layer.parameter", with dots as in PyTorch. */
typedef struct tg_model tg_model;

/* A model without layers. `seed` is for the values: parameter i draws from stream i. NULL if there is no memory, which
   every function below takes; tg_model_params then reports it. The first error of a declaration is kept and returned by
   tg_model_params: one check is enough. */
TG_API tg_model *tg_model_create(tg_dtype dtype, uint64_t seed);

/* The same with memory from `allocator` (copied; NULL for the C library). */
TG_API tg_model *tg_model_create_with(tg_dtype dtype, uint64_t seed, const tg_allocator *allocator);

/* Frees the model and its set. Takes NULL. The same conditions as for tg_params_destroy. */
TG_API void tg_model_destroy(tg_model *model);

/* Makes the set and draws its values at the first call; later calls return the same set, which belongs to the model.
   NULL and *err after a failed declaration (its error), for two parameters of one name (TG_ERR_ARGUMENT), or without
   memory. */
TG_API tg_params *tg_model_params(tg_model *model, tg_error *err);

/* How the values of a parameter are drawn. */
typedef struct tg_draw {
    enum tg_draw_kind {
        TG_DRAW_CONSTANT = 0, /* each value is `scale` */
        TG_DRAW_UNIFORM,      /* uniform in -scale .. scale; scale >= 0 */
        TG_DRAW_NORMAL        /* normal with mean 0 and deviation scale >= 0 */
    } kind;
    double scale;
} tg_draw;

/* Declares one parameter, "layer.name" (just `name` for an empty or NULL `layer`), for layers of your own. Returns its
   number in the set; -1 with the model's error for NULL, a bad shape, draw or flags, after tg_model_params
   (TG_ERR_STATE), or without memory. */
TG_API int tg_model_add(tg_model *model, const char *layer, const char *name, tg_shape shape, tg_draw draw,
                        unsigned flags);

/* Layers ------------------------------------------------------------------------------------------------------------
   `name` is the prefix of the parameters' names. Sizes are at least 1 (TG_ERR_SHAPE, the model's). Errors of a tg_run_...
   are the tape's, and give an invalid tensor. Weights are [inputs, outputs], the transposes of PyTorch's. */

/* y = x W + b: x [..., inputs], "weight" [inputs, outputs], "bias" [outputs]. Both uniform in -1 / sqrt(inputs) ..
   1 / sqrt(inputs), as in torch.nn.Linear. */
typedef struct tg_linear_layer {
    int weight, bias;
} tg_linear_layer;
TG_API tg_linear_layer tg_add_linear(tg_model *model, const char *name, int64_t inputs, int64_t outputs);
TG_API tg_tensor tg_run_linear(const tg_linear_layer *layer, tg_params *params, tg_tensor x);

/* tg_layer_norm over the last axis, of `size`: "weight" [size] of ones, "bias" [size] of zeros, eps 1e-5. */
typedef struct tg_layer_norm_layer {
    int weight, bias;
} tg_layer_norm_layer;
TG_API tg_layer_norm_layer tg_add_layer_norm(tg_model *model, const char *name, int64_t size);
TG_API tg_tensor tg_run_layer_norm(const tg_layer_norm_layer *layer, tg_params *params, tg_tensor x);

/* Row indices[i] of "weight" [count, size], standard normal, for n indices in 0 .. count - 1 (TG_ERR_RANGE), copied: the
   result is [n, size]. */
typedef struct tg_embedding_layer {
    int weight;
} tg_embedding_layer;
TG_API tg_embedding_layer tg_add_embedding(tg_model *model, const char *name, int64_t count, int64_t size);
TG_API tg_tensor tg_run_embedding(const tg_embedding_layer *layer, tg_tape *tape, tg_params *params,
                                  const int32_t *indices, int64_t n);

/* Recurrent cells, as torch.nn.RNN, GRU and LSTM define them. With a = x W_ih + b_ih and u = h W_hh + b_hh, divided along
   the last axis into gates of `hidden`:
       RNN   h' = tanh(a + u)
       GRU   r = s(a_0 + u_0), z = s(a_1 + u_1), n = tanh(a_2 + r u_2), h' = (1 - z) n + z h
       LSTM  i = s(a_0 + u_0), f = s(a_1 + u_1), g = tanh(a_2 + u_2), o = s(a_3 + u_3), c' = f c + i g, h' = o tanh c'
   where s is the logistic sigmoid. "weight_ih" [inputs, gates hidden], "weight_hh" [hidden, gates hidden], "bias_ih" and
   "bias_hh" [gates hidden], uniform in -1 / sqrt(hidden) .. 1 / sqrt(hidden). */
typedef struct tg_recurrent_layer {
    enum tg_cell_kind { TG_CELL_RNN = 0, TG_CELL_GRU, TG_CELL_LSTM } kind;
    int weight_ih, weight_hh, bias_ih, bias_hh;
    int64_t hidden;
} tg_recurrent_layer;
typedef tg_recurrent_layer tg_rnn_layer, tg_gru_layer, tg_lstm_layer;
TG_API tg_rnn_layer tg_add_rnn(tg_model *model, const char *name, int64_t inputs, int64_t hidden);
TG_API tg_gru_layer tg_add_gru(tg_model *model, const char *name, int64_t inputs, int64_t hidden);
TG_API tg_lstm_layer tg_add_lstm(tg_model *model, const char *name, int64_t inputs, int64_t hidden);

/* The state between two steps: h [n, hidden] and, of an LSTM, c [n, hidden]. Null tensors stand for zeros. */
typedef struct tg_cell_state {
    tg_tensor h, c;
} tg_cell_state;

/* One step: x [n, inputs], and the state before it. Returns the state after it. */
TG_API tg_cell_state tg_run_cell(const tg_recurrent_layer *layer, tg_params *params, tg_tensor x,
                                 tg_cell_state state);

/* All steps of x [steps, n, inputs], 1 <= steps <= 65535: returns h after each, [steps, n, hidden]. *state is the state
   before the first step, and gets that after the last. NULL stands for zeros. */
TG_API tg_tensor tg_run_sequence(const tg_recurrent_layer *layer, tg_params *params, tg_tensor x,
                                 tg_cell_state *state);

/* Parameters by name ------------------------------------------------------------------------------------------------ */

/* tg_param by name. A name that is not in the set is TG_ERR_ARGUMENT, and the message gives the nearest one. */
TG_API tg_tensor tg_param_named(tg_tape *tape, tg_params *params, const char *name);

#ifdef __cplusplus
}
#endif
#endif
