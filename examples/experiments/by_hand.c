/* by_hand.c - backpropagation of a perceptron written out, without the tape's reverse pass. The tape computes the
   products and sums, and records nothing. With N rows, layer l's input a_l, its sum z_l = a_l W_l + b_l,
   a_l+1 = phi(z_l), and logits z_L-1:
       dL/dz_L-1 = (softmax(z_L-1) - targets) / N
       dL/dW_l   = a_lᵀ dL/dz_l + 2 lambda W_l
       dL/db_l   = the sum of dL/dz_l over its rows
       dL/dz_l-1 = (dL/dz_l W_lᵀ) * phi'(z_l-1) */
#include <stdlib.h>

#include "lab.h"

enum { LAYERS_MOST = LAB_HIDDEN_MOST + 1 };

struct by_hand {
    tg_mlp *net;
    tg_tape *tape;
    double l2;
};

by_hand *by_hand_create(tg_mlp *net, double l2, tg_error *err)
{
    by_hand *h = malloc(sizeof *h);
    if (!h) {
        *err = (tg_error){ TG_ERR_MEMORY, "no memory" };
        return NULL;
    }
    *h = (by_hand){ net, tg_tape_create(tg_params_dtype(tg_mlp_params(net))), l2 };
    tg_tape_set_recording(h->tape, false);
    return h;
}

void by_hand_destroy(by_hand *h)
{
    if (h)
        tg_tape_destroy(h->tape);
    free(h);
}

/* g phi'(z), by the value a = phi(z). */
static tg_tensor through_activation(tg_activation activation, tg_tensor a, tg_tensor g)
{
    const tg_tensor zero = tg_full(a.tape, TG_SCALAR, 0), one = tg_full(a.tape, TG_SCALAR, 1);
    if (activation == TG_RELU)
        return tg_where(a, g, zero);
    if (activation == TG_SIGMOID)
        return tg_mul(g, tg_mul(a, tg_sub(one, a)));
    if (activation == TG_TANH)
        return tg_mul(g, tg_sub(one, tg_square(a)));
    return activation == TG_IDENTITY ? g : (tg_tensor){ 0 }; /* the others are not in the reports */
}

static tg_tensor weight(const by_hand *h, int layer)
{
    return tg_param(h->tape, tg_mlp_params(h->net), 2 * layer);
}

/* softmax(logits) - targets, over the number of rows; *loss becomes the mean of -ln softmax at the labels. */
static tg_tensor output_gradient(tg_tensor logits, const tg_batch *b, double *loss)
{
    tg_tape *tape = logits.tape;
    const tg_tensor n = tg_full(tape, TG_SCALAR, (double)b->n);
    const int64_t classes = tg_shape_of(logits).dims[1];
    float *targets = calloc((size_t)(b->n * classes), sizeof *targets);
    if (!targets)
        return (tg_tensor){ 0 };
    for (int64_t i = 0; i < b->n; i++)
        targets[i * classes + b->labels[i]] = 1;
    const tg_tensor t = tg_constant(tape, TG_SHAPE(b->n, classes), targets);
    free(targets);
    *loss = -tg_item(tg_sum(tg_mul(t, tg_log_softmax(logits, -1)), TG_ALL, false)) / (double)b->n;
    return tg_div(tg_sub(tg_softmax(logits, -1), t), n);
}

static tg_status add_layer(const by_hand *h, int layer, tg_tensor a, tg_tensor g, tg_error *err)
{
    tg_params *params = tg_mlp_params(h->net);
    tg_tensor dW = tg_matmul(tg_transpose(a), g);
    if (h->l2 > 0)
        dW = tg_add(dW, tg_scale(weight(h, layer), 2 * h->l2));
    const tg_status status = tg_params_add_grad(params, 2 * layer, dW, err);
    return status == TG_OK ? tg_params_add_grad(params, 2 * layer + 1, tg_sum(g, 0, false), err) : status;
}

tg_status by_hand_gradient(void *context, const tg_batch *b, double *logits, double *loss, tg_error *err)
{
    by_hand *h = context;
    const int layers = tg_mlp_depth(h->net);
    tg_tensor a[LAYERS_MOST + 1] = { tg_wrap_batch(h->tape, b) };
    const tg_tensor z = tg_mlp_forward_hidden(h->net, a[0], a + 1);
    tg_tensor g = output_gradient(z, b, loss);
    tg_status status = TG_OK;
    for (int l = layers - 1; l >= 0 && status == TG_OK; l--) {
        status = add_layer(h, l, a[l], g, err);
        if (l > 0)
            g = through_activation(tg_mlp_settings(h->net)->activation, a[l],
                                   tg_matmul(g, tg_transpose(weight(h, l))));
    }
    if (status == TG_OK && h->l2 > 0)
        *loss += tg_item(tg_mlp_l2(h->net, h->tape, h->l2));
    tg_read_f64(z, logits, tg_size(z));
    if (tg_tape_status(h->tape) != TG_OK && status == TG_OK) {
        status = tg_tape_status(h->tape);
        *err = (tg_error){ .status = status };
        snprintf(err->text, sizeof err->text, "%s", tg_tape_message(h->tape));
    }
    tg_tape_reset(h->tape);
    return status;
}
