/* activation.c - the table of activations. */
#include "nn/activation.h"

#include "tapegrad/ops.h"

static tg_tensor identity(tg_tensor x)
{
    return x;
}

#define SQRT2 1.4142135623730951

static const tg_activation_kind kinds[] = {
    [TG_RELU] = { "relu", TG_INIT_KAIMING, SQRT2, .apply = tg_relu },
    [TG_LEAKY_RELU] = { "leaky_relu", TG_INIT_KAIMING, SQRT2, .apply_with_slope = tg_leaky_relu },
    [TG_GELU] = { "gelu", TG_INIT_KAIMING, SQRT2, .apply = tg_gelu },
    [TG_SIGMOID] = { "sigmoid", TG_INIT_XAVIER, 1, .apply = tg_sigmoid },
    [TG_TANH] = { "tanh", TG_INIT_XAVIER, 5.0 / 3, .apply = tg_tanh },
    [TG_IDENTITY] = { "none", TG_INIT_XAVIER, 1, .apply = identity },
};

const tg_activation_kind *tg_activation_find(tg_activation activation)
{
    return (unsigned)activation < sizeof kinds / sizeof kinds[0] ? &kinds[activation] : NULL;
}

const char *tg_activation_name(tg_activation activation)
{
    const tg_activation_kind *kind = tg_activation_find(activation);
    return kind ? kind->name : NULL;
}
