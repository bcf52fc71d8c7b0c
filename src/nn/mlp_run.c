/* mlp_run.c - the multi-layer perceptron on a tape: logits, penalty, labels. */
#include "core/format.h"
#include "core/error.h"
#include "core/lookup.h"
#include "nn/activation.h"
#include "nn/mlp.h"
#include "tapegrad/ops.h"

static tg_tensor activate(const tg_mlp_config *c, tg_tensor x)
{
    const tg_activation_kind *kind = tg_activation_find(c->activation);
    return kind->apply_with_slope ? kind->apply_with_slope(x, c->leaky_slope) : kind->apply(x);
}

static int bits(tg_dtype dtype)
{
    return dtype == TG_F64 ? 64 : 32;
}

/* x, or a failed tensor if it does not fit the network; its width and its tape's dtype are checked together. */
static tg_tensor check_input(const tg_mlp *net, tg_tensor x)
{
    const tg_node *n = tg_node_of(x, "mlp_forward");
    if (!n)
        return tg_invalid(x.tape);
    const tg_shape *s = &n->extent->shape;
    const tg_dtype actual = x.tape->dtype, expected = net->config.dtype;
    const bool fits = s->rank > 0 && s->dims[s->rank - 1] == net->sizes[0];
    char width[64] = "", dtype[128] = "";
    if (!fits)
        tg_format(width, sizeof width, "layer0 takes rows of %lld", (long long)net->sizes[0]);
    if (actual != expected)
        tg_format(dtype, sizeof dtype,
                  "layer0.weight is of float%d, the tape of float%d; tg_mlp_clone makes a copy of that dtype",
                  bits(expected), bits(actual));
    if (fits && actual == expected)
        return x;
    tg_tensor_fail(x, fits ? TG_ERR_DTYPE : TG_ERR_SHAPE, "mlp_forward", "%s%s%s", width,
                   *width && *dtype ? ", and " : "", dtype);
    return tg_invalid(x.tape);
}

tg_tensor tg_mlp_forward_hidden(tg_mlp *net, tg_tensor x, tg_tensor *hidden)
{
    if (!net) {
        tg_tape_raise(x.tape, TG_ERR_ARGUMENT, "mlp_forward: the network is NULL");
        return tg_invalid(x.tape);
    }
    const int depth = tg_mlp_depth(net);
    tg_tensor h = check_input(net, x);
    bool is_valid = h.id;
    for (int i = 0; i < depth; i++) {
        const int w = tg_mlp_weight_index(net, i);
        const tg_tensor weight = tg_param(x.tape, net->params, w);
        const tg_tensor bias = net->config.no_bias ? (tg_tensor){ 0 } : tg_param(x.tape, net->params, w + 1);
        h = tg_linear(h, weight, bias);
        if (i + 1 < depth)
            h = activate(&net->config, h);
        if (i + 1 < depth && hidden)
            hidden[i] = h;
        if (is_valid && !h.id)
            tg_tape_prefix_error(x.tape, "mlp_forward: layer%d: ", i);
        is_valid = h.id;
    }
    return h;
}

tg_tensor tg_mlp_forward(tg_mlp *net, tg_tensor x)
{
    return tg_mlp_forward_hidden(net, x, NULL);
}

tg_tensor tg_mlp_l2(tg_mlp *net, tg_tape *tape, double lambda)
{
    if (!net) {
        tg_tape_raise(tape, TG_ERR_ARGUMENT, "mlp_l2: the network is NULL");
        return tg_invalid(tape);
    }
    tg_tensor sum = { 0 };
    for (int i = 0; i < tg_mlp_depth(net); i++) {
        const tg_tensor w = tg_param(tape, net->params, tg_mlp_weight_index(net, i));
        const tg_tensor squares = tg_sum(tg_square(w), TG_ALL, false);
        sum = i == 0 ? squares : tg_add(sum, squares);
    }
    return tg_scale(sum, lambda);
}

tg_status tg_mlp_predict(tg_mlp *net, tg_tensor x, int32_t *labels, int64_t n)
{
    tg_tape *t = x.tape;
    if (!net)
        return tg_tape_raise(t, TG_ERR_ARGUMENT, "mlp_predict: the network is NULL");
    if (!labels && n > 0)
        return tg_tape_raise(t, TG_ERR_ARGUMENT, "mlp_predict: labels is NULL");
    const tg_node *node = tg_node_of(x, "mlp_predict");
    if (!node || !tg_tape_is_free(t, "mlp_predict"))
        return tg_tape_status(t);
    if (node->extent->shape.rank != 2 || node->extent->shape.dims[0] != n)
        return tg_tensor_fail(x, TG_ERR_SHAPE, "mlp_predict",
                              "labels has space for %lld rows; x must be [%lld, %lld]", (long long)n, (long long)n,
                              (long long)net->sizes[0]);
    const tg_mark mark = tg_tape_mark(t);
    const bool recorded = tg_tape_set_recording(t, false);
    tg_argmax(tg_mlp_forward(net, x), 1, labels, n);
    tg_tape_set_recording(t, recorded);
    const tg_status status = tg_tape_status(t);
    return status == TG_OK ? tg_tape_rewind(t, mark) : status;
}
