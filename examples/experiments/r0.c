/* r0.c - report 0: a graph with two paths, and three activations side by side. */
#include "lab.h"

/* R0.1 ------------------------------------------------------------------------------------------------------------- */

enum { N = 8 }; /* of every vector */

typedef struct graph {
    double W1[N * N], b1[N], W2[N * N], x[N], t[N], r[N];
} graph;

static void draw(graph *g, uint64_t seed)
{
    double *const all[] = { g->W1, g->b1, g->W2, g->x, g->t, g->r };
    const int n[] = { N * N, N, N * N, N, N, N };
    tg_rng rng = tg_rng_seed(seed);
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < n[i]; j++)
            all[i][j] = tg_rng_normal(&rng);
}

static tg_tensor column(tg_tape *tape, const double *values)
{
    return tg_constant(tape, TG_SHAPE(N, 1), values);
}

/* E + R for a column x: z = W1 x + b1, h = sigmoid(z), y = W2 h + x, E = |y - t|^2 / 2, R = rᵀ h. */
static tg_tensor energy(tg_tape *tape, const tg_tensor *inputs, void *context)
{
    const graph *g = context;
    const tg_tensor x = inputs[0];
    const tg_tensor W1 = tg_constant(tape, TG_SHAPE(N, N), g->W1), W2 = tg_constant(tape, TG_SHAPE(N, N), g->W2);
    const tg_tensor h = tg_sigmoid(tg_add(tg_matmul(W1, x), column(tape, g->b1)));
    const tg_tensor y = tg_add(tg_matmul(W2, h), x);
    const tg_tensor E = tg_scale(tg_sum(tg_square(tg_sub(y, column(tape, g->t))), TG_ALL, false), 0.5);
    return tg_add(E, tg_sum(tg_mul(column(tape, g->r), h), TG_ALL, false));
}

static void multiply(const double *W, const double *v, bool transposed, double *out)
{
    for (int i = 0; i < N; i++) {
        out[i] = 0;
        for (int j = 0; j < N; j++)
            out[i] += (transposed ? W[j * N + i] : W[i * N + j]) * v[j];
    }
}

/* W1ᵀ (h' * W2ᵀ (y - t)) + (y - t) + W1ᵀ (h' * r), h' = h (1 - h). */
static void by_formula(const graph *g, double *gradient)
{
    double z[N], h[N], y[N], back[N];
    multiply(g->W1, g->x, false, z);
    for (int i = 0; i < N; i++)
        h[i] = 1 / (1 + exp(-(z[i] + g->b1[i])));
    multiply(g->W2, h, false, y);
    for (int i = 0; i < N; i++)
        y[i] += g->x[i] - g->t[i];
    multiply(g->W2, y, true, back);
    for (int i = 0; i < N; i++)
        back[i] = h[i] * (1 - h[i]) * (back[i] + g->r[i]);
    multiply(g->W1, back, true, gradient);
    for (int i = 0; i < N; i++)
        gradient[i] += y[i];
}

static void by_tape(lab *l, graph *g, double *gradient)
{
    tg_tape *tape = tg_tape_create(TG_F64);
    const tg_tensor x = tg_variable(tape, TG_SHAPE(N, 1), g->x);
    tg_backward(energy(tape, &x, g));
    tg_read_f64(tg_grad_of(x), gradient, N);
    if (tg_tape_status(tape) != TG_OK)
        lab_fail(l, tg_tape_status(tape), "%s", tg_tape_message(tape));
    tg_tape_destroy(tape);
}

static void two_paths(lab *l)
{
    graph *g = lab_room(l, 1, sizeof *g);
    double *formula = lab_numbers(l, N), *tape = lab_numbers(l, N), *index = lab_numbers(l, N), most = 0, scale = 0;
    if (!lab_good(l))
        return;
    draw(g, l->seed);
    by_formula(g, formula);
    by_tape(l, g, tape);
    for (int i = 0; i < N; i++) {
        index[i] = i;
        most = fmax(most, fabs(tape[i] - formula[i]));
        scale = fmax(scale, fabs(formula[i]));
    }
    tg_gradcheck_report check;
    const tg_gradcheck_input x = { .name = "x", .shape = TG_SHAPE(N, 1), .values = g->x };
    if (tg_gradcheck(energy, g, &x, 1, NULL, &check) != TG_OK || !check.passed)
        lab_fail(l, TG_ERR_STATE, "%s", check.text);
    page_compare(l->page, "dE/dx by the tape and by the formula, largest relative difference", "%.1e", 0,
                 most / scale, "", "rounding in float64");
    page_compare(l->page, "dE/dx by the tape and by finite differences, largest relative error", "%.1e", NO_FIGURE,
                 check.all.max_relative, "", NULL);
    page_text(l->page,
              "The formula: ∂E/∂x = W1ᵀ(σ′(z) ⊙ W2ᵀ(y − t)) + (y − t) + W1ᵀ(σ′(z) ⊙ r). The report writes its "
              "products in another order, in which the dimensions do not fit.");
    const series both[] = { { .name = "by the formula", .n = N, .x = index, .y = formula },
                            { .name = "by the tape", .n = N, .x = index, .y = tape, .dashed = true } };
    page_curves(l->page, "gradient",
                &(curves){ .title = "∂E/∂x of the graph with two paths",
                           .caption = "The elements of the gradient; the two lines coincide",
                           .x_label = "element",
                           .y_label = "derivative",
                           .series = both,
                           .n_series = 2 });
}

/* R0.2 ------------------------------------------------------------------------------------------------------------- */

static const struct {
    tg_activation activation;
    const char *name;
    int64_t epochs;
    double training; /* the report's accuracy in percent */
    const char *why;
} activations[] = {
    { TG_SIGMOID, "sigmoid", 10000, 100, NULL },
    { TG_TANH, "tanh", 4000, 100, NULL },
    { TG_RELU, "relu", 2000, NO_FIGURE, "just short of 100 % in the report, on data that it does not name" },
};
enum { ACTIVATIONS = sizeof activations / sizeof activations[0] };

/* Training and held-out quantity of one activation, in one colour. */
static void put_pair(lab *l, const trained *r, quantity training, quantity held_out, const char *set, int i,
                     series *pairs)
{
    series *s = &pairs[2 * i];
    s[0] = lab_series(l, r, training, lab_text(l, "%s, training", activations[i].name), false);
    s[1] = lab_series(l, r, held_out, lab_text(l, "%s, %s", activations[i].name, set), false);
    s[0].color = s[1].color = i + 1;
    s[1].dashed = true;
}

static void draw_pairs(lab *l, const char *name, const char *title, const char *y_label, const char *caption,
                       const series *pairs)
{
    page_curves(l->page, name,
                &(curves){ .title = title,
                           .caption = caption,
                           .x_label = "epoch",
                           .y_label = y_label,
                           .x_log = true,
                           .series = pairs,
                           .n_series = 2 * ACTIVATIONS });
}

/* The same rows, with those of the test held out in place of those of the validation. */
static const task *testing(lab *l, const task *t)
{
    task *u = lab_room(l, 1, sizeof *u);
    if (u && t) {
        *u = *t;
        u->validation.n = 0;
    }
    return u;
}

/* Each network is trained twice, with the same result: first the validation rows are measured, then the test's. */
static void three_activations(lab *l)
{
    const task *t = lab_plane(l, MOONS, 300, 100, 100, 0.1), *u = testing(l, t);
    series losses[2 * ACTIVATIONS], accuracies[2 * ACTIVATIONS], tests[2 * ACTIVATIONS];
    plan plans[ACTIVATIONS];
    for (int i = 0; i < ACTIVATIONS; i++) {
        const char *name = activations[i].name;
        const int64_t epochs = lab_size(l, activations[i].epochs, activations[i].epochs / 10);
        plans[i] = (plan){ .name = name,
                           .hidden = { 16, 16 },
                           .activation = activations[i].activation,
                           .init = TG_INIT_NORMAL,
                           .init_std = 1,
                           .lr = 0.1,
                           .epochs = epochs,
                           .record_every = epochs / 200,
                           .measure_train = true };
        const trained *r = lab_train(l, t, &plans[i]), *tested = lab_train(l, u, &plans[i]);
        if (!r || !tested)
            return;
        lab_compare(l, lab_text(l, "training accuracy, %s, %lld epochs", name, (long long)epochs), "%.2f",
                    activations[i].training, 100 * lab_last(r)->train_accuracy, "%", activations[i].why);
        lab_compare(l, lab_text(l, "test accuracy, %s", name), "%.2f", NO_FIGURE,
                    100 * lab_last(tested)->held_out_accuracy, "%", "the report shows the curves only");
        put_pair(l, r, TRAIN_LOSS, HELD_OUT_LOSS, "validation", i, losses);
        put_pair(l, r, TRAIN_ACCURACY, HELD_OUT_ACCURACY, "validation", i, accuracies);
        put_pair(l, tested, TRAIN_ACCURACY, HELD_OUT_ACCURACY, "test", i, tests);
        lab_draw_plane(l, r, &t->train, lab_text(l, "plane-%s", name), lab_text(l, "Decisions with %s", name));
    }
    const char *caption = lab_describe_all(l, t, plans, ACTIVATIONS);
    draw_pairs(l, "loss", "Loss with three activations", "loss", caption, losses);
    draw_pairs(l, "accuracy", "Accuracy with three activations", "accuracy (%)", caption, accuracies);
    draw_pairs(l, "test", "Training against test accuracy", "accuracy (%)", caption, tests);
}

const experiment r0_experiments[] = {
    { "r0.1", "A graph with two paths: the derivation against the tape",
      "z = W1 x + b1, h = sigmoid(z), y = W2 h + x, s = |y - t|^2 / 2, R = rᵀ h, E = s + R. The report derives dE/dx "
      "by hand; here the formula is computed as written, and compared with the tape's gradient.",
      0, 0, two_paths },
    { "r0.2", "Sigmoid, tanh and ReLU side by side",
      "All rows at once, rate 0.1, on a small set that the report does not name; here two moons. The report reaches "
      "100 % at about 10,000 "
      "epochs with sigmoid and 4,000 with tanh; ReLU is at its best by 2,000, just short of 100 %.",
      0, 0, three_activations },
    { 0 },
};
