/* recurrent.c - RNN, GRU and LSTM: one step, and sequences of steps. */
#include <math.h>
#include <string.h>

#include "core/lookup.h"
#include "core/push.h"
#include "nn/layer.h"
#include "tapegrad/model.h"
#include "tapegrad/ops.h"

/* A kind of cell: how many gates it has, and its step from a = x W_ih + b_ih, u = h W_hh + b_hh and the state. */
typedef struct cell_kind {
    const char *name;
    int gates;
    tg_cell_state (*step)(tg_tensor a, tg_tensor u, tg_cell_state state, int64_t hidden);
} cell_kind;

/* Gate i of a [n, gates hidden]. */
static tg_tensor gate(tg_tensor a, int i, int64_t hidden)
{
    return tg_slice(a, 1, i * hidden, (i + 1) * hidden);
}

static tg_cell_state step_rnn(tg_tensor a, tg_tensor u, tg_cell_state state, int64_t hidden)
{
    (void)state, (void)hidden;
    return (tg_cell_state){ .h = tg_tanh(tg_add(a, u)) };
}

static tg_cell_state step_gru(tg_tensor a, tg_tensor u, tg_cell_state state, int64_t hidden)
{
    const tg_tensor rz = tg_sigmoid(tg_add(tg_slice(a, 1, 0, 2 * hidden), tg_slice(u, 1, 0, 2 * hidden)));
    const tg_tensor r = gate(rz, 0, hidden), z = gate(rz, 1, hidden);
    const tg_tensor n = tg_tanh(tg_add(gate(a, 2, hidden), tg_mul(r, gate(u, 2, hidden))));
    return (tg_cell_state){ .h = tg_add(n, tg_mul(z, tg_sub(state.h, n))) };
}

static tg_cell_state step_lstm(tg_tensor a, tg_tensor u, tg_cell_state state, int64_t hidden)
{
    const tg_tensor sum = tg_add(a, u), i_f = tg_sigmoid(tg_slice(sum, 1, 0, 2 * hidden));
    const tg_tensor g = tg_tanh(gate(sum, 2, hidden)), o = tg_sigmoid(gate(sum, 3, hidden));
    const tg_tensor c = tg_add(tg_mul(gate(i_f, 1, hidden), state.c), tg_mul(gate(i_f, 0, hidden), g));
    return (tg_cell_state){ .h = tg_mul(o, tg_tanh(c)), .c = c };
}

static const cell_kind kinds[] = {
    [TG_CELL_RNN] = { "rnn", 1, step_rnn },
    [TG_CELL_GRU] = { "gru", 3, step_gru },
    [TG_CELL_LSTM] = { "lstm", 4, step_lstm },
};

static tg_recurrent_layer declare(tg_model *m, const char *name, enum tg_cell_kind kind, int64_t inputs,
                                  int64_t hidden)
{
    const int64_t all = hidden > 0 && hidden <= INT32_MAX ? kinds[kind].gates * hidden : -1;
    const tg_draw draw = { TG_DRAW_UNIFORM, hidden > 0 ? 1 / sqrt((double)hidden) : 0 };
    return (tg_recurrent_layer){
        .kind = kind,
        .hidden = hidden,
        .weight_ih = tg_model_add(m, name, "weight_ih", TG_SHAPE(inputs, all), draw, 0),
        .weight_hh = tg_model_add(m, name, "weight_hh", TG_SHAPE(hidden, all), draw, 0),
        .bias_ih = tg_model_add(m, name, "bias_ih", TG_SHAPE(all), draw, TG_PARAM_NO_DECAY),
        .bias_hh = tg_model_add(m, name, "bias_hh", TG_SHAPE(all), draw, TG_PARAM_NO_DECAY),
    };
}

tg_rnn_layer tg_add_rnn(tg_model *m, const char *name, int64_t inputs, int64_t hidden)
{
    return declare(m, name, TG_CELL_RNN, inputs, hidden);
}

tg_gru_layer tg_add_gru(tg_model *m, const char *name, int64_t inputs, int64_t hidden)
{
    return declare(m, name, TG_CELL_GRU, inputs, hidden);
}

tg_lstm_layer tg_add_lstm(tg_model *m, const char *name, int64_t inputs, int64_t hidden)
{
    return declare(m, name, TG_CELL_LSTM, inputs, hidden);
}

/* Running ----------------------------------------------------------------------------------------------------------- */

/* Whether x is a tensor of this rank, for a layer of a kind that exists; else the error. */
static bool check_run(const tg_recurrent_layer *l, tg_tensor x, int rank, const char *what)
{
    tg_tape *t = x.tape;
    const tg_node *n = tg_node_of(x, what);
    if (!l || (unsigned)l->kind > TG_CELL_LSTM)
        tg_layer_is_null(t, what);
    else if (n && n->extent->shape.rank != rank)
        tg_tensor_fail(x, TG_ERR_SHAPE, what, "x must be %s", rank == 2 ? "[n, inputs]" : "[steps, n, inputs]");
    else if (n && rank == 3 && (n->extent->shape.dims[0] < 1 || n->extent->shape.dims[0] > UINT16_MAX))
        tg_tensor_fail(x, TG_ERR_SHAPE, what, "%lld steps; 1 .. %d are possible", (long long)n->extent->shape.dims[0],
                       UINT16_MAX);
    else
        return n;
    return false;
}

/* Whether a state that is given is [n, hidden]; else the error: it would be broadcast in silence. */
static bool check_state(const tg_recurrent_layer *l, tg_tape *t, tg_tensor s, int64_t n, const char *what)
{
    if (s.tape && s.tape != t) {
        tg_tape_raise(t, TG_ERR_TAPE, "%s: the state is a tensor of another tape", what);
        return false;
    }
    const tg_node *node = s.tape ? tg_node_of(s, what) : NULL;
    if (!s.tape || (node && tg_same_shape(&node->extent->shape, &TG_SHAPE(n, l->hidden))))
        return true;
    if (node)
        tg_tensor_fail(s, TG_ERR_SHAPE, what, "the state must be [%lld, %lld]", (long long)n, (long long)l->hidden);
    return false;
}

/* The state with zeros for null tensors; false, with the error raised, if its shapes do not fit. */
static bool or_zeros(const tg_recurrent_layer *l, tg_tape *t, int64_t n, tg_cell_state *s, const char *what)
{
    if (!check_state(l, t, s->h, n, what) || !check_state(l, t, s->c, n, what))
        return false;
    if (!s->h.tape)
        s->h = tg_full(t, TG_SHAPE(n, l->hidden), 0);
    if (l->kind == TG_CELL_LSTM && !s->c.tape)
        s->c = tg_full(t, TG_SHAPE(n, l->hidden), 0);
    return true;
}

static tg_tensor input_gates(const tg_recurrent_layer *l, tg_params *p, tg_tensor x)
{
    return tg_linear(x, tg_param(x.tape, p, l->weight_ih), tg_param(x.tape, p, l->bias_ih));
}

static tg_cell_state step(const tg_recurrent_layer *l, tg_params *p, tg_tensor a, tg_cell_state state)
{
    const tg_tensor u = tg_linear(state.h, tg_param(a.tape, p, l->weight_hh), tg_param(a.tape, p, l->bias_hh));
    return kinds[l->kind].step(a, u, state, l->hidden);
}

tg_cell_state tg_run_cell(const tg_recurrent_layer *l, tg_params *p, tg_tensor x, tg_cell_state state)
{
    const tg_tensor none = tg_invalid(x.tape);
    if (!check_run(l, x, 2, "run_cell") || !or_zeros(l, x.tape, tg_dim(x, 0), &state, "run_cell"))
        return (tg_cell_state){ none, none };
    return step(l, p, input_gates(l, p, x), state);
}

tg_tensor tg_run_sequence(const tg_recurrent_layer *l, tg_params *p, tg_tensor x, tg_cell_state *state)
{
    if (!check_run(l, x, 3, "run_sequence"))
        return tg_invalid(x.tape);
    tg_tape *t = x.tape;
    const int64_t steps = tg_dim(x, 0), n = tg_dim(x, 1);
    tg_cell_state s = state ? *state : (tg_cell_state){ 0 };
    if (!or_zeros(l, t, n, &s, "run_sequence"))
        return tg_invalid(t);
    const tg_tensor a = input_gates(l, p, x); /* one product for all steps */
    tg_tensor *hs = tg_tape_alloc(t, (size_t)steps * sizeof *hs, "run_sequence");
    for (int64_t i = 0; hs && i < steps; i++) {
        const tg_tensor now = tg_slice(a, 0, i, i + 1);
        s = step(l, p, tg_reshape(now, TG_SHAPE(n, kinds[l->kind].gates * l->hidden)), s);
        hs[i] = tg_reshape(s.h, TG_SHAPE(1, n, l->hidden));
    }
    if (state)
        *state = s;
    return hs ? tg_concat(hs, (int)steps, 0) : tg_invalid(t);
}
