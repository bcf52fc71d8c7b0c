/* mlp_run.c - the multi-layer perceptron on a tape: logits, penalty, labels. */
#include "core/tape.h"
#include "nn/mlp.h"
#include "tapegrad/ops.h"

static tg_tensor activate(const tg_mlp_config *c, tg_tensor x)
{
    switch (c->activation) {
    case TG_RELU:
        return tg_relu(x);
    case TG_LEAKY_RELU:
        return tg_leaky_relu(x, c->leaky_slope);
    case TG_GELU:
        return tg_gelu(x);
    case TG_SIGMOID:
        return tg_sigmoid(x);
    case TG_TANH:
        return tg_tanh(x);
    case TG_IDENTITY:
        break;
    }
    return x;
}

/* x, or a bad tensor if it is no input of the network. */
static tg_tensor check_input(const tg_mlp *net, tg_tensor x)
{
    const tg_node *n = tg_node_of(x, "mlp_forward");
    if (!n)
        return tg_bad(x.tape);
    const tg_shape *s = &n->extent->shape;
    if (s->rank > 0 && s->dims[s->rank - 1] == net->sizes[0])
        return x;
    char text[192];
    tg_tape_raise(x.tape, TG_ERR_SHAPE, "mlp_forward: layer0 takes rows of %lld, x is %s", (long long)net->sizes[0],
                  tg_shape_text(s, text, sizeof text));
    return tg_bad(x.tape);
}

tg_tensor tg_mlp_forward_hidden(tg_mlp *net, tg_tensor x, tg_tensor *hidden)
{
    if (!net) {
        tg_tape_raise(x.tape, TG_ERR_ARGUMENT, "mlp_forward: the network is NULL");
        return tg_bad(x.tape);
    }
    const int depth = tg_mlp_depth(net);
    tg_tensor h = check_input(net, x);
    for (int i = 0; i < depth; i++) {
        const int w = tg_mlp_weight_index(net, i);
        const tg_tensor weight = tg_param(x.tape, net->params, w);
        const tg_tensor bias = net->config.no_bias ? (tg_tensor){ 0 } : tg_param(x.tape, net->params, w + 1);
        h = tg_linear(h, weight, bias);
        if (i + 1 == depth)
            break;
        h = activate(&net->config, h);
        if (hidden)
            hidden[i] = h;
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
        return tg_bad(tape);
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
    const tg_shape shape = tg_shape_of(x);
    char text[192];
    if (!net)
        return tg_tape_raise(x.tape, TG_ERR_ARGUMENT, "mlp_predict: the network is NULL");
    if (!labels && n > 0)
        return tg_tape_raise(x.tape, TG_ERR_ARGUMENT, "mlp_predict: labels is NULL");
    if (tg_is_valid(x) && (shape.rank != 2 || shape.dims[0] != n))
        return tg_tape_raise(x.tape, TG_ERR_SHAPE, "mlp_predict: x is %s, labels has room for %lld rows",
                             tg_shape_text(&shape, text, sizeof text), (long long)n);
    const tg_mark mark = tg_tape_mark(x.tape);
    const bool recorded = tg_tape_set_recording(x.tape, false);
    tg_argmax(tg_mlp_forward(net, x), 1, labels, n);
    tg_tape_set_recording(x.tape, recorded);
    const tg_status status = tg_tape_status(x.tape);
    return status == TG_OK ? tg_tape_rewind(x.tape, mark) : status;
}
