/* evaluate.c - runs what is checked: its values on the exact side, its gradient on the typed side. */
#include <string.h>

#include "check/check.h"
#include "tapegrad/grad.h"

static tg_params *set_of(const tg_side *side, const tg_checked *in)
{
    return in->is_cotangent ? side->cotangent : side->set;
}

tg_status tg_check_status(const tg_checker *c, const tg_tape *tape)
{
    const tg_status status = tg_tape_status(tape);
    return status == TG_OK ? TG_OK : tg_check_fail(c->report, status, "gradcheck: %s", tg_tape_message(tape));
}

/* tg_grad, or the function that is checked in its place. */
static tg_status differentiate(const tg_checker *c, tg_tensor y, tg_tensor cotangent, const tg_tensor *inputs, int n,
                               tg_tensor *out, unsigned flags)
{
    const tg_gradcheck_config *k = &c->config;
    tg_status status = k->gradient ? k->gradient(y, cotangent, inputs, n, out, flags, k->gradient_context)
                                   : tg_grad(y, cotangent, inputs, n, out, flags);
    if (tg_check_status(c, y.tape) != TG_OK)
        return tg_tape_status(y.tape);
    if (status != TG_OK)
        return tg_check_fail(c->report, status, "gradcheck: the gradient callback returned %s",
                             tg_status_name(status));
    char expected[192], actual[192];
    for (int i = 0; i < n; i++) {
        if (!tg_is_valid(out[i]) || out[i].tape != y.tape)
            return tg_check_fail(c->report, TG_ERR_ARGUMENT,
                                 "gradcheck: the gradient callback returned no tensor of the tape for input %d", i);
        const tg_shape s = tg_shape_of(inputs[i]), g = tg_shape_of(out[i]);
        if (!tg_shape_equal(&s, &g))
            return tg_check_fail(c->report, TG_ERR_SHAPE, "gradcheck: a gradient of %s for an input of %s",
                                 tg_shape_text(&g, actual, sizeof actual),
                                 tg_shape_text(&s, expected, sizeof expected));
    }
    return TG_OK;
}

static void take_leaves(tg_checker *c, const tg_side *side, int n)
{
    for (int i = 0; i < n; i++)
        c->leaves[i] = tg_param(side->tape, set_of(side, &c->inputs[i]), c->inputs[i].at);
}

/* c->outputs becomes what is differentiated: y, or at order 2 the gradients of <cotangent, y>. */
tg_status tg_check_build(tg_checker *c, tg_side *side, unsigned flags)
{
    tg_tape_reset(side->tape);
    if (c->config.rng)
        *c->config.rng = c->generator;
    const tg_tensor y = c->model(side->tape, side->set, c->context);
    tg_status status = tg_check_status(c, side->tape);
    if (status != TG_OK)
        return status;
    if (y.tape != side->tape || !tg_is_valid(y))
        return tg_check_fail(c->report, TG_ERR_ARGUMENT, "gradcheck: the function returned %s",
                             y.tape == NULL         ? "the null tensor"
                             : y.tape == side->tape ? "a tensor that is no longer on its tape"
                                                    : "a tensor of another tape than it was given");
    c->outputs[0] = y;
    c->n_outputs = 1;
    if (!side->cotangent)
        return TG_OK;
    c->n_outputs = c->n_first;
    take_leaves(c, side, c->n_first);
    return differentiate(c, y, tg_param(side->tape, side->cotangent, 0), c->leaves, c->n_first, c->outputs, flags);
}

tg_status tg_check_values(tg_checker *c, double *out)
{
    tg_status status = tg_check_build(c, &c->exact, c->config.order == 2 ? TG_CREATE_GRAPH : 0);
    int64_t n = 0;
    for (int k = 0; k < c->n_outputs && status == TG_OK; k++)
        n += tg_size(c->outputs[k]);
    if (status == TG_OK && n != c->n_values)
        return tg_check_fail(c->report, TG_ERR_SHAPE,
                             "gradcheck: the function returned %lld elements, and before %lld", (long long)n,
                             (long long)c->n_values);
    for (int k = 0; k < c->n_outputs && status == TG_OK; k++) {
        n = tg_size(c->outputs[k]);
        tg_read_f64(c->outputs[k], out, n);
        out += n;
        status = tg_check_status(c, c->exact.tape);
    }
    return status;
}

/* By the reverse pass that training uses: gradients go straight into the sets, where they are summed over the outputs. */
static tg_status by_backward(tg_checker *c, tg_side *side, const double *weights, double *out)
{
    tg_tape *tape = side->tape;
    tg_params_zero_grad(side->set);
    tg_params_zero_grad(side->cotangent);
    for (int k = 0; k < c->n_outputs; k++) {
        const tg_tensor y = c->outputs[k];
        const tg_tensor cotangent = tg_constant_f64(tape, tg_shape_of(y), weights);
        weights += tg_size(y);
        if (tg_needs_grad(y)) /* else it depends on no input, and its gradient is zeros */
            tg_backward_from(y, cotangent);
    }
    const tg_status status = tg_check_status(c, tape);
    for (int i = 0; i < c->n && status == TG_OK; i++) {
        const tg_checked *in = &c->inputs[i];
        tg_params_read_grad_f64(set_of(side, in), in->at, out, in->size, NULL);
        out += in->size;
    }
    return status;
}

static tg_status by_grad(tg_checker *c, tg_side *side, const double *weights, double *out, double *scratch)
{
    tg_tape *tape = side->tape;
    memset(out, 0, (size_t)c->n_gradients * sizeof *out);
    tg_status status = TG_OK;
    for (int k = 0; k < c->n_outputs && status == TG_OK; k++) {
        const tg_tensor y = c->outputs[k];
        const tg_tensor cotangent = tg_constant_f64(tape, tg_shape_of(y), weights);
        weights += tg_size(y);
        take_leaves(c, side, c->n);
        status = tg_check_status(c, tape);
        if (status == TG_OK)
            status = differentiate(c, y, cotangent, c->leaves, c->n, c->gradients, 0);
        double *sum = out;
        for (int i = 0; i < c->n && status == TG_OK; i++) {
            const int64_t n = c->inputs[i].size;
            tg_read_f64(c->gradients[i], scratch, n);
            for (int64_t j = 0; j < n; j++)
                sum[j] += scratch[j];
            sum += n;
            status = tg_check_status(c, tape);
        }
    }
    return status;
}

tg_status tg_check_gradient(tg_checker *c, tg_side *side, enum tg_path path, const double *weights, double *out,
                            double *scratch)
{
    const tg_mark mark = tg_tape_mark(side->tape);
    const bool backward = path == TG_BY_BACKWARD && !c->config.gradient;
    tg_status status = backward ? by_backward(c, side, weights, out) : by_grad(c, side, weights, out, scratch);
    if (status == TG_OK)
        tg_tape_rewind(side->tape, mark);
    return status;
}
