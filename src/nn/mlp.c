/* mlp.c - the multi-layer perceptron: its configuration, its parameters, its first weights. */
#include "nn/mlp.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/config.h"
#include "core/status.h"
#include "nn/activation.h"

enum { LAYERS_MOST = 1 << 20, NAME_BYTES = 32 };

/* The configuration ------------------------------------------------------------------------------------------------ */

static tg_status check_sizes(const tg_mlp_config *c, tg_error *err)
{
    if (!c->sizes)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "mlp_create: sizes is NULL");
    if (c->n_sizes < 2 || c->n_sizes > LAYERS_MOST)
        return tg_error_raise(err, TG_ERR_ARGUMENT,
                              "mlp_create: n_sizes = %d; inputs and outputs are 2, and %d is the limit", c->n_sizes,
                              LAYERS_MOST);
    for (int i = 0; i < c->n_sizes; i++)
        if (c->sizes[i] < 1)
            return tg_error_raise(err, TG_ERR_SHAPE, "mlp_create: sizes[%d] = %lld; a layer has at least one unit", i,
                                  (long long)c->sizes[i]);
    return TG_OK;
}

static tg_status check_choices(const tg_mlp_config *c, tg_error *err)
{
    if (!tg_activation_name(c->activation))
        return tg_error_raise(err, TG_ERR_ARGUMENT, "mlp_create: there is no activation %d", (int)c->activation);
    if ((unsigned)c->init > TG_INIT_NORMAL)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "mlp_create: there is no init %d", (int)c->init);
    if (c->leaky_slope != 0 && c->activation != TG_LEAKY_RELU)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "mlp_create: leaky_slope = %g goes with leaky_relu, not with %s",
                              c->leaky_slope, tg_activation_name(c->activation));
    if (c->init_std != 0 && c->init != TG_INIT_NORMAL)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "mlp_create: init_std = %g goes with TG_INIT_NORMAL only",
                              c->init_std);
    if (!isfinite(c->leaky_slope))
        return tg_error_raise(err, TG_ERR_ARGUMENT, "mlp_create: leaky_slope = %g is not finite", c->leaky_slope);
    if (!(isfinite(c->init_std) && c->init_std >= 0))
        return tg_error_raise(err, TG_ERR_ARGUMENT, "mlp_create: init_std = %g must be 0 or more", c->init_std);
    return TG_OK;
}

static tg_mlp_config with_defaults(const tg_mlp_config *c)
{
    tg_mlp_config full = *c;
    if (c->activation == TG_LEAKY_RELU)
        full.leaky_slope = tg_config_number(c->leaky_slope, 0.01);
    if (c->init == TG_INIT_DEFAULT)
        full.init = tg_activation_find(c->activation)->init;
    if (c->init == TG_INIT_NORMAL)
        full.init_std = tg_config_number(c->init_std, 0.01);
    return full;
}

/* Create and destroy ----------------------------------------------------------------------------------------------- */

static size_t bytes_of(int n_sizes)
{
    return sizeof(tg_mlp) + (size_t)n_sizes * sizeof(int64_t);
}

/* A network without parameters. */
static tg_mlp *new_net(const tg_mlp_config *config, const tg_allocator *a, tg_error *err)
{
    tg_mlp *net = tg_allocate(a, bytes_of(config->n_sizes));
    if (!net) {
        tg_error_raise(err, TG_ERR_MEMORY, "mlp: no memory for a network of %d layers", config->n_sizes - 1);
        return NULL;
    }
    *net = (tg_mlp){ .allocator = *a, .config = *config };
    memcpy(net->sizes, config->sizes, (size_t)config->n_sizes * sizeof(int64_t));
    net->config.sizes = net->sizes;
    return net;
}

static void specify(const tg_mlp *net, tg_param_spec *specs, char (*names)[NAME_BYTES])
{
    for (int i = 0; i < tg_mlp_depth(net); i++) {
        const int w = tg_mlp_weight_index(net, i), b = w + 1;
        snprintf(names[w], NAME_BYTES, "layer%d.weight", i);
        specs[w] = (tg_param_spec){ .name = names[w], .shape = TG_SHAPE(net->sizes[i], net->sizes[i + 1]) };
        if (net->config.no_bias)
            continue;
        snprintf(names[b], NAME_BYTES, "layer%d.bias", i);
        specs[b] =
            (tg_param_spec){ .name = names[b], .shape = TG_SHAPE(net->sizes[i + 1]), .flags = TG_PARAM_NO_DECAY };
    }
}

static tg_params *new_params(const tg_mlp *net, tg_error *err)
{
    const int n = tg_mlp_weight_index(net, tg_mlp_depth(net));
    const size_t bytes = (size_t)n * (sizeof(tg_param_spec) + NAME_BYTES);
    tg_param_spec *specs = tg_allocate(&net->allocator, bytes);
    if (!specs) {
        tg_error_raise(err, TG_ERR_MEMORY, "mlp: no memory for the names of %d parameters", n);
        return NULL;
    }
    specify(net, specs, (char(*)[NAME_BYTES])(specs + n));
    tg_params *params = tg_params_create_with(net->config.dtype, specs, n, &net->allocator, err);
    tg_release(&net->allocator, specs, bytes);
    return params;
}

static void draw(tg_mlp *net, int layer, tg_rng *rng)
{
    const tg_mlp_config *c = &net->config;
    const int w = tg_mlp_weight_index(net, layer);
    const double in = (double)net->sizes[layer], out = (double)net->sizes[layer + 1];
    const double gain = tg_activation_find(c->activation)->gain / sqrt(1 + c->leaky_slope * c->leaky_slope);
    const double bound = sqrt(6 / (in + out));
    if (c->init == TG_INIT_XAVIER)
        tg_params_fill_uniform(net->params, w, -bound, bound, rng, NULL);
    else
        tg_params_fill_normal(net->params, w, c->init == TG_INIT_NORMAL ? c->init_std : gain / sqrt(in), rng, NULL);
}

tg_mlp *tg_mlp_create_with(const tg_mlp_config *config, const tg_allocator *allocator, tg_error *err)
{
    tg_error_clear(err);
    if (!config)
        tg_error_raise(err, TG_ERR_ARGUMENT, "mlp_create: the config is NULL");
    if (!config || tg_allocator_check(allocator, "mlp_create", err) != TG_OK || check_sizes(config, err) != TG_OK ||
        check_choices(config, err) != TG_OK)
        return NULL;
    const tg_mlp_config full = with_defaults(config);
    const tg_allocator a = tg_allocator_or_default(allocator);
    tg_mlp *net = new_net(&full, &a, err);
    if (net)
        net->params = new_params(net, err);
    if (net && !net->params) {
        tg_mlp_destroy(net);
        return NULL;
    }
    const tg_rng rng = tg_rng_seed(config->seed);
    for (int i = 0; i < tg_mlp_depth(net); i++) {
        tg_rng stream = tg_rng_stream(&rng, (uint64_t)i);
        draw(net, i, &stream);
    }
    return net;
}

tg_mlp *tg_mlp_create(const tg_mlp_config *config, tg_error *err)
{
    return tg_mlp_create_with(config, NULL, err);
}

tg_mlp *tg_mlp_clone(const tg_mlp *net, tg_dtype dtype, tg_error *err)
{
    tg_error_clear(err);
    if (!net) {
        tg_error_raise(err, TG_ERR_ARGUMENT, "mlp_clone: the network is NULL");
        return NULL;
    }
    tg_mlp_config config = net->config;
    config.dtype = dtype;
    tg_mlp *copy = new_net(&config, &net->allocator, err);
    if (copy)
        copy->params = tg_params_clone(net->params, dtype, err);
    if (copy && !copy->params) {
        tg_mlp_destroy(copy);
        return NULL;
    }
    return copy;
}

void tg_mlp_destroy(tg_mlp *net)
{
    if (!net)
        return;
    const tg_allocator a = net->allocator;
    tg_params_destroy(net->params);
    tg_release(&a, net, bytes_of(net->config.n_sizes));
}

/* Queries ---------------------------------------------------------------------------------------------------------- */

int tg_mlp_weight_index(const tg_mlp *net, int layer)
{
    return net->config.no_bias ? layer : 2 * layer;
}

tg_params *tg_mlp_params(const tg_mlp *net)
{
    return net ? net->params : NULL;
}

const tg_mlp_config *tg_mlp_settings(const tg_mlp *net)
{
    return net ? &net->config : NULL;
}

int tg_mlp_depth(const tg_mlp *net)
{
    return net ? net->config.n_sizes - 1 : 0;
}
