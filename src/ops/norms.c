/* norms.c - rms_norm, group_norm and batch_norm, from layer_norm, norm and elementwise operations */
#include <math.h>

#include "core/error.h"
#include "core/lookup.h"
#include "core/tape.h"
#include "tapegrad/ops.h"

/* What they all check: eps, and that gain and bias are absent or have n elements. */
static bool fits(tg_tensor x, const char *name, tg_tensor gain, tg_tensor bias, int64_t n, double eps)
{
    static const char *const names[] = { "gain", "bias" };
    const tg_tensor given[] = { gain, bias };
    if (!(eps >= 0))
        tg_tensor_fail(x, TG_ERR_ARGUMENT, name, "eps is %g; it must be 0 or more", eps);
    for (int i = 0; i < 2; i++) {
        const tg_node *g = given[i].tape ? tg_node_find(x.tape, given[i]) : NULL;
        if (given[i].tape && given[i].tape != x.tape)
            tg_tensor_fail(x, TG_ERR_TAPE, name, "the %s is a tensor of another tape", names[i]);
        else if (given[i].tape && !g)
            tg_node_of(given[i], name); /* its error */
        else if (g && (g->extent->shape.rank != 1 || g->extent->shape.dims[0] != n))
            tg_tensor_fail(x, TG_ERR_SHAPE, name, "the %s must be [%lld] or absent", names[i], (long long)n);
    }
    return tg_tape_status(x.tape) == TG_OK;
}

/* x gain + bias, where both belong to `axis` of x. */
static tg_tensor affine(tg_tensor x, tg_tensor gain, tg_tensor bias, int axis)
{
    tg_shape s = { .rank = tg_rank(x) - axis };
    for (int d = 0; d < s.rank; d++)
        s.dims[d] = d == 0 ? tg_dim(x, axis) : 1;
    if (gain.tape)
        x = tg_mul(x, tg_reshape(gain, s));
    if (bias.tape)
        x = tg_add(x, tg_reshape(bias, s));
    return x;
}

static const tg_tensor none = { 0 };

/* The root of mean(x^2) + eps is the norm of (x, sqrt(n eps)) divided by sqrt n, which does not overflow. */
tg_tensor tg_rms_norm(tg_tensor x, tg_tensor gain, double eps)
{
    static const char name[] = "rms_norm";
    const tg_node *n = tg_node_of(x, name);
    if (!n)
        return tg_invalid(x.tape);
    const tg_shape s = n->extent->shape;
    if (s.rank == 0) {
        tg_tensor_fail(x, TG_ERR_SHAPE, name, "x is a scalar; it must have rank 1 or more");
        return tg_invalid(x.tape);
    }
    const double last = (double)s.dims[s.rank - 1];
    if (!fits(x, name, gain, none, s.dims[s.rank - 1], eps))
        return tg_invalid(x.tape);
    const tg_tensor root = tg_norm(tg_pad(x, -1, 0, 1, sqrt(last * eps)), -1, true);
    return affine(tg_div(x, tg_scale(root, 1 / sqrt(last))), gain, none, s.rank - 1);
}

tg_tensor tg_group_norm(tg_tensor x, int64_t groups, tg_tensor gain, tg_tensor bias, double eps)
{
    static const char name[] = "group_norm";
    const tg_node *n = tg_node_of(x, name);
    if (!n)
        return tg_invalid(x.tape);
    const tg_shape s = n->extent->shape;
    if (s.rank < 2 || groups < 1 || s.dims[1] % groups) {
        tg_tensor_fail(x, TG_ERR_SHAPE, name,
                       "%lld groups; x must be [n, channels, ...] with equal groups of channels", (long long)groups);
        return tg_invalid(x.tape);
    }
    if (!fits(x, name, gain, bias, s.dims[1], eps))
        return tg_invalid(x.tape);
    if (n->extent->size == 0)
        return affine(x, gain, bias, 1);
    const tg_tensor y = tg_layer_norm(tg_reshape(x, TG_SHAPE(s.dims[0], groups, -1)), none, none, eps);
    return affine(tg_reshape(y, s), gain, bias, 1);
}

/* Batch norm ------------------------------------------------------------------------------------------------------ */

/* x with its first two axes swapped. */
static tg_tensor swapped(tg_tensor x)
{
    int axes[TG_MAX_RANK] = { 1, 0, 2, 3, 4, 5, 6, 7 };
    return tg_permute(x, axes);
}

/* running = (1 - momentum) running + momentum batch */
static bool update(tg_tensor batch, double *running, double momentum)
{
    const tg_node *n = tg_node_with_value(batch, "batch_norm");
    for (int64_t i = 0; n && i < n->extent->size; i++)
        running[i] += momentum * (tg_element(batch.tape, n->value, i) - running[i]);
    return n;
}

static tg_tensor of_batch(tg_tensor x, const tg_batch_norm_config *k)
{
    const tg_tensor by_channel = swapped(x);
    const tg_shape s = tg_shape_of(by_channel);
    const tg_tensor lines = tg_reshape(by_channel, TG_SHAPE(s.dims[0], -1)), values = tg_detach(lines);
    const tg_tensor mean = tg_mean(values, 1, false), var = tg_var(values, 1, 1, false);
    const tg_tensor y = swapped(tg_reshape(tg_layer_norm(lines, none, none, k->eps), s));
    if (!k->mean || !y.id || !tg_node_with_value(mean, "batch_norm") || !tg_node_with_value(var, "batch_norm"))
        return y;
    const bool updated = update(mean, k->mean, k->momentum) && update(var, k->var, k->momentum);
    return updated ? y : tg_invalid(x.tape);
}

/* (x - mean) / sqrt(var + eps) with the running statistics, as constants. */
static tg_tensor of_running(tg_tensor x, const tg_batch_norm_config *k)
{
    const int64_t channels = tg_dim(x, 1);
    tg_shape s = { .rank = tg_rank(x) - 1, .dims = { channels, 1, 1, 1, 1, 1, 1 } };
    const tg_tensor mean = tg_constant_f64(x.tape, s, k->mean), var = tg_constant_f64(x.tape, s, k->var);
    return tg_mul(tg_sub(x, mean), tg_rsqrt(tg_shift(var, k->eps)));
}

static bool config_fits(tg_tensor x, const tg_batch_norm_config *k)
{
    static const char name[] = "batch_norm";
    if (!k->mean != !k->var)
        tg_tensor_fail(x, TG_ERR_ARGUMENT, name, "only one of mean and var is NULL; give both or neither");
    else if (!(k->momentum > 0 && k->momentum <= 1))
        tg_tensor_fail(x, TG_ERR_ARGUMENT, name, "momentum is %g; it must be in 0 .. 1", k->momentum);
    return tg_tape_status(x.tape) == TG_OK;
}

tg_tensor tg_batch_norm(tg_tensor x, tg_tensor gain, tg_tensor bias, const tg_batch_norm_config *config)
{
    static const char name[] = "batch_norm";
    const tg_node *n = tg_node_of(x, name);
    if (!n)
        return tg_invalid(x.tape);
    tg_batch_norm_config k = config ? *config : (tg_batch_norm_config){ .eps = 0 };
    k.momentum = k.momentum == 0 ? 0.1 : k.momentum;
    k.eps = k.eps == 0 ? 1e-5 : k.eps == TG_ZERO ? 0 : k.eps;
    const tg_shape s = n->extent->shape;
    if (s.rank < 2) {
        tg_tensor_fail(x, TG_ERR_SHAPE, name, "rank %d; x must be [n, channels, ...]", s.rank);
        return tg_invalid(x.tape);
    }
    if (!config_fits(x, &k) || !fits(x, name, gain, bias, s.dims[1], k.eps))
        return tg_invalid(x.tape);
    const bool trains = tg_tape_training(x.tape) || !k.mean;
    if (trains && n->extent->size <= s.dims[1]) {
        tg_tensor_fail(x, TG_ERR_SHAPE, name, "training needs more than one value for each channel");
        return tg_invalid(x.tape);
    }
    return affine(trains ? of_batch(x, &k) : of_running(x, &k), gain, bias, 1);
}
