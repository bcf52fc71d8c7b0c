/* layers.c - layers that are one operation with parameters: linear, layer norm, embedding.

   A layer is a struct of parameter numbers, a tg_add_... that declares them with tg_model_add, and a tg_run_... that reads
   them with tg_param. A layer of several operations has a file of its own (recurrent.c). */
#include <math.h>

#include "nn/layer.h"
#include "tapegrad/model.h"
#include "tapegrad/ops.h"

tg_linear_layer tg_add_linear(tg_model *m, const char *name, int64_t inputs, int64_t outputs)
{
    const tg_draw draw = { TG_DRAW_UNIFORM, inputs > 0 ? 1 / sqrt((double)inputs) : 0 };
    return (tg_linear_layer){
        .weight = tg_model_add(m, name, "weight", TG_SHAPE(inputs, outputs), draw, 0),
        .bias = tg_model_add(m, name, "bias", TG_SHAPE(outputs), draw, TG_PARAM_NO_DECAY),
    };
}

tg_tensor tg_run_linear(const tg_linear_layer *l, tg_params *p, tg_tensor x)
{
    return l ? tg_linear(x, tg_param(x.tape, p, l->weight), tg_param(x.tape, p, l->bias))
             : tg_layer_is_null(x.tape, "run_linear");
}

tg_layer_norm_layer tg_add_layer_norm(tg_model *m, const char *name, int64_t size)
{
    return (tg_layer_norm_layer){
        .weight =
            tg_model_add(m, name, "weight", TG_SHAPE(size), (tg_draw){ TG_DRAW_CONSTANT, 1 }, TG_PARAM_NO_DECAY),
        .bias = tg_model_add(m, name, "bias", TG_SHAPE(size), (tg_draw){ TG_DRAW_CONSTANT, 0 }, TG_PARAM_NO_DECAY),
    };
}

tg_tensor tg_run_layer_norm(const tg_layer_norm_layer *l, tg_params *p, tg_tensor x)
{
    return l ? tg_layer_norm(x, tg_param(x.tape, p, l->weight), tg_param(x.tape, p, l->bias), 1e-5)
             : tg_layer_is_null(x.tape, "run_layer_norm");
}

tg_embedding_layer tg_add_embedding(tg_model *m, const char *name, int64_t count, int64_t size)
{
    return (tg_embedding_layer){
        .weight = tg_model_add(m, name, "weight", TG_SHAPE(count, size), (tg_draw){ TG_DRAW_NORMAL, 1 }, 0),
    };
}

tg_tensor tg_run_embedding(const tg_embedding_layer *l, tg_tape *t, tg_params *p, const int32_t *indices, int64_t n)
{
    return l ? tg_gather_rows(tg_param(t, p, l->weight), indices, n) : tg_layer_is_null(t, "run_embedding");
}
