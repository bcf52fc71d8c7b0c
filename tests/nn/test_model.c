/* test_model.c - layers that share a set, against scalar loops; names, errors of declarations. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "failing_allocator.h"
#include "tapegrad.h"

enum { STEPS = 3, N = 2, IN = 3, HIDDEN = 2, MOST_GATES = 4 };

static tg_tape *tape;

static int make_tape(void **state)
{
    (void)state;
    tape = tg_tape_create(TG_F64);
    return 0;
}

static int destroy_tape(void **state)
{
    (void)state;
    tg_tape_destroy(tape);
    return 0;
}

static void ok(tg_status status)
{
    if (status != TG_OK)
        fail_msg("%s", tg_tape_message(tape));
}

static tg_params *set_of(tg_model *m)
{
    tg_error err;
    tg_params *p = tg_model_params(m, &err);
    if (!p)
        fail_msg("%s", err.text);
    return p;
}

/* Parameter "cell.name" as an array. */
static void values_of(tg_params *p, const char *name, double *out)
{
    const int i = tg_params_find(p, name);
    assert_true(i >= 0);
    const tg_shape s = tg_params_shape(p, i);
    assert_int_equal(tg_params_read_f64(p, i, out, tg_shape_size(&s), NULL), TG_OK);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* The formulas of model.h for one row and one unit: gates a and u, spaced by HIDDEN. */
static void unit(enum tg_cell_kind kind, const double *a, const double *u, double *h, double *c)
{
    const double g0 = a[0] + u[0];
    if (kind == TG_CELL_RNN) {
        *h = tanh(g0);
    } else if (kind == TG_CELL_GRU) {
        const double r = sigmoid(g0), z = sigmoid(a[HIDDEN] + u[HIDDEN]);
        *h = (1 - z) * tanh(a[2 * HIDDEN] + r * u[2 * HIDDEN]) + z * *h;
    } else {
        const double f = sigmoid(a[HIDDEN] + u[HIDDEN]), g = tanh(a[2 * HIDDEN] + u[2 * HIDDEN]);
        *c = f * *c + sigmoid(g0) * g;
        *h = sigmoid(a[3 * HIDDEN] + u[3 * HIDDEN]) * tanh(*c);
    }
}

/* All steps in scalar loops; h and c are changed in place, hs gets h after each step. */
static void reference(tg_params *p, enum tg_cell_kind kind, int gates, const double *x, double *h, double *c,
                      double *hs)
{
    double wi[IN * MOST_GATES * HIDDEN], wh[HIDDEN * MOST_GATES * HIDDEN], bi[MOST_GATES * HIDDEN],
        bh[MOST_GATES * HIDDEN];
    values_of(p, "cell.weight_ih", wi);
    values_of(p, "cell.weight_hh", wh);
    values_of(p, "cell.bias_ih", bi);
    values_of(p, "cell.bias_hh", bh);
    const int all = gates * HIDDEN;
    for (int t = 0; t < STEPS; t++)
        for (int r = 0; r < N; r++) {
            double a[MOST_GATES * HIDDEN], u[MOST_GATES * HIDDEN];
            for (int j = 0; j < all; j++) {
                a[j] = bi[j];
                u[j] = bh[j];
                for (int i = 0; i < IN; i++)
                    a[j] += x[(t * N + r) * IN + i] * wi[i * all + j];
                for (int i = 0; i < HIDDEN; i++)
                    u[j] += h[r * HIDDEN + i] * wh[i * all + j];
            }
            for (int j = 0; j < HIDDEN; j++)
                unit(kind, a + j, u + j, &h[r * HIDDEN + j], &c[r * HIDDEN + j]);
            memcpy(hs + (t * N + r) * HIDDEN, h + r * HIDDEN, HIDDEN * sizeof *h);
        }
}

static const struct {
    tg_recurrent_layer (*add)(tg_model *m, const char *name, int64_t inputs, int64_t hidden);
    enum tg_cell_kind kind;
    int gates;
} cells[] = { { tg_add_rnn, TG_CELL_RNN, 1 }, { tg_add_gru, TG_CELL_GRU, 3 }, { tg_add_lstm, TG_CELL_LSTM, 4 } };

static void equal(tg_tensor x, const double *expected, int n)
{
    double got[STEPS * N * HIDDEN];
    ok(tg_read(x, got, n));
    for (int i = 0; i < n; i++)
        if (!(fabs(got[i] - expected[i]) <= 1e-14))
            fail_msg("element %d is %.17g, not %.17g", i, got[i], expected[i]);
}

static void fill(double *x, int n, uint64_t seed)
{
    tg_rng rng = tg_rng_seed(seed);
    for (int i = 0; i < n; i++)
        x[i] = tg_rng_normal(&rng);
}

static void cells_are_those_of_scalar_loops(void **state)
{
    (void)state;
    double x[STEPS * N * IN], first_h[N * HIDDEN], first_c[N * HIDDEN];
    fill(x, STEPS * N * IN, 1);
    fill(first_h, N * HIDDEN, 2);
    fill(first_c, N * HIDDEN, 3);
    for (int k = 0; k < 3; k++)
        for (int with_state = 0; with_state < 2; with_state++) {
            tg_model *m = tg_model_create(TG_F64, 7);
            const tg_recurrent_layer cell = cells[k].add(m, "cell", IN, HIDDEN);
            tg_params *p = set_of(m);
            double h[N * HIDDEN] = { 0 }, c[N * HIDDEN] = { 0 }, hs[STEPS * N * HIDDEN];
            tg_cell_state s = { 0 }, by_step;
            if (with_state) {
                memcpy(h, first_h, sizeof h);
                memcpy(c, first_c, sizeof c);
                s.h = tg_constant(tape, TG_SHAPE(N, HIDDEN), h);
                s.c = cells[k].kind == TG_CELL_LSTM ? tg_constant(tape, TG_SHAPE(N, HIDDEN), c) : s.c;
            }
            by_step = s;
            reference(p, cells[k].kind, cells[k].gates, x, h, c, hs);
            const tg_tensor xs = tg_constant(tape, TG_SHAPE(STEPS, N, IN), x);
            equal(tg_run_sequence(&cell, p, xs, &s), hs, STEPS * N * HIDDEN);
            equal(s.h, h, N * HIDDEN);
            for (int t = 0; t < STEPS; t++)
                by_step = tg_run_cell(&cell, p, tg_reshape(tg_slice(xs, 0, t, t + 1), TG_SHAPE(N, IN)), by_step);
            equal(by_step.h, h, N * HIDDEN);
            if (cells[k].kind == TG_CELL_LSTM)
                equal(by_step.c, c, N * HIDDEN);
            tg_tape_reset(tape);
            tg_model_destroy(m);
        }
}

static void a_sequence_of_no_rows_has_no_rows(void **state)
{
    (void)state;
    for (int k = 0; k < 3; k++) {
        tg_model *m = tg_model_create(TG_F64, 7);
        const tg_recurrent_layer cell = cells[k].add(m, "cell", IN, HIDDEN);
        tg_cell_state last = { 0 };
        const tg_tensor y = tg_run_sequence(&cell, set_of(m), tg_full(tape, TG_SHAPE(STEPS, 0, IN), 0), &last);
        ok(tg_tape_status(tape));
        const tg_shape s = tg_shape_of(y), of_h = tg_shape_of(last.h);
        assert_true(tg_shape_equal(&s, &TG_SHAPE(STEPS, 0, HIDDEN)) && tg_shape_equal(&of_h, &TG_SHAPE(0, HIDDEN)));
        tg_tape_reset(tape);
        tg_model_destroy(m);
    }
}

/* A model of every layer: embedding, layer norm, one cell of each kind, linear. */
typedef struct network {
    tg_model *model;
    tg_embedding_layer table;
    tg_layer_norm_layer norm;
    tg_recurrent_layer cell[3];
    tg_linear_layer out;
} network;

static network make_network(tg_dtype dtype, const tg_allocator *a)
{
    network n = { .model = tg_model_create_with(dtype, 3, a) };
    n.table = tg_add_embedding(n.model, "table", 5, IN);
    n.norm = tg_add_layer_norm(n.model, "norm", IN);
    n.cell[0] = tg_add_rnn(n.model, "rnn", IN, HIDDEN);
    n.cell[1] = tg_add_gru(n.model, "gru", HIDDEN, 4);
    n.cell[2] = tg_add_lstm(n.model, "lstm", 4, HIDDEN);
    n.out = tg_add_linear(n.model, "out", HIDDEN, 2);
    return n;
}

static tg_tensor run_network(tg_tape *t, tg_params *p, void *context)
{
    const network *n = context;
    static const int32_t indices[STEPS * N] = { 0, 3, 3, 1, 4, 2 };
    tg_tensor h = tg_run_embedding(&n->table, t, p, indices, STEPS * N);
    h = tg_reshape(tg_run_layer_norm(&n->norm, p, h), TG_SHAPE(STEPS, N, IN));
    for (int i = 0; i < 3; i++)
        h = tg_run_sequence(&n->cell[i], p, h, NULL);
    return tg_run_linear(&n->out, p, h);
}

static void gradients_are_those_of_differences(void **state)
{
    (void)state;
    network n = make_network(TG_F64, NULL);
    tg_gradcheck_report report;
    tg_gradcheck_params(set_of(n.model), run_network, &n, NULL, &report);
    if (!report.passed)
        fail_msg("%s", report.text);
    assert_int_equal(tg_params_count(set_of(n.model)), 1 + 2 + 4 + 4 + 4 + 2);
    assert_string_equal(tg_params_name(set_of(n.model), 3), "rnn.weight_ih");
    tg_model_destroy(n.model);
}

static void every_failing_allocation_is_an_error(void **state)
{
    (void)state;
    for (long k = 1;; k++) {
        failing f = { .fail_at = k };
        const tg_allocator a = failing_allocator(&f);
        tg_error err;
        network n = make_network(TG_F64, &a);
        tg_params *p = tg_model_params(n.model, &err);
        assert_true(p ? err.status == TG_OK : err.status == TG_ERR_MEMORY && strlen(err.text) > 10);
        tg_tape *t = tg_tape_create_with(TG_F64, &a);
        const tg_status status = p ? tg_backward(tg_sum(run_network(t, p, &n), TG_ALL, false)) : TG_ERR_MEMORY;
        assert_int_equal(status, f.calls >= k ? TG_ERR_MEMORY : TG_OK);
        tg_tape_destroy(t);
        tg_model_destroy(n.model);
        assert_int_equal(f.outstanding, 0);
        if (f.calls < k)
            break;
    }
}

static void declarations_keep_their_first_error(void **state)
{
    (void)state;
    tg_error err;
    tg_model *m = tg_model_create(TG_F32, 1);
    tg_add_linear(m, "a", 3, 0);
    tg_add_linear(m, "b", -1, 2);
    assert_null(tg_model_params(m, &err));
    assert_int_equal(err.status, TG_ERR_SHAPE);
    assert_string_equal(err.text, "model_add: a.weight of shape [3, 0]; each size is at least 1");
    tg_model_destroy(m);

    m = tg_model_create(TG_F32, 1);
    tg_add_linear(m, "a", 3, 1);
    tg_add_linear(m, "a", 3, 1);
    assert_null(tg_model_params(m, &err));
    assert_int_equal(err.status, TG_ERR_ARGUMENT);
    tg_model_destroy(m);

    m = tg_model_create(TG_F32, 1);
    tg_add_linear(m, "a", 3, 1);
    tg_params *p = tg_model_params(m, &err);
    assert_ptr_equal(tg_model_params(m, &err), p);
    assert_int_equal(tg_add_linear(m, "late", 1, 1).weight, -1);
    assert_null(tg_model_params(m, &err));
    assert_int_equal(err.status, TG_ERR_STATE);
    tg_model_destroy(m);
}

static void a_misspelt_name_is_told_the_nearest(void **state)
{
    (void)state;
    network n = make_network(TG_F64, NULL);
    tg_params *p = set_of(n.model);
    assert_int_equal(tg_param_named(tape, p, "gru.weight_hh").id, tg_param(tape, p, n.cell[1].weight_hh).id);
    tg_param_named(tape, p, "gru.wieght_hh");
    assert_int_equal(tg_tape_status(tape), TG_ERR_ARGUMENT);
    assert_string_equal(tg_tape_message(tape),
                        "param_named: no parameter 'gru.wieght_hh'; the nearest name is 'gru.weight_hh'");
    tg_tape_reset(tape);
    tg_model_destroy(n.model);
}

static void draws_are_within_their_bounds(void **state)
{
    (void)state;
    tg_model *m = tg_model_create(TG_F64, 5);
    tg_add_linear(m, "l", 100, 50);
    tg_params *p = set_of(m);
    double w[5000], most = 0, sum = 0;
    values_of(p, "l.weight", w);
    for (int i = 0; i < 5000; i++) {
        most = fabs(w[i]) > most ? fabs(w[i]) : most;
        sum += w[i] * w[i];
    }
    assert_true(most <= 0.1 && most > 0.0999);
    assert_true(fabs(sum / 5000 - 0.01 / 3) < 2e-4);
    assert_int_equal(tg_params_flags(p, 1), TG_PARAM_NO_DECAY);
    tg_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cells_are_those_of_scalar_loops, make_tape, destroy_tape),
        cmocka_unit_test_setup_teardown(a_sequence_of_no_rows_has_no_rows, make_tape, destroy_tape),
        cmocka_unit_test(gradients_are_those_of_differences),
        cmocka_unit_test(every_failing_allocation_is_an_error),
        cmocka_unit_test(declarations_keep_their_first_error),
        cmocka_unit_test_setup_teardown(a_misspelt_name_is_told_the_nearest, make_tape, destroy_tape),
        cmocka_unit_test(draws_are_within_their_bounds),
    };
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
