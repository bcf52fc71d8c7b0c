/* r1_toy.c - report 1, on the toy network: scores, derivations, gradient check, overfitting. */
#include "lab.h"
#include "toy.h"

enum { N = 5, D = 4, H = 10, C = 3, PARAMETERS = 4 };
static const double lambda = 0.05;
static const char *const parameter_names[PARAMETERS] = { "W1", "b1", "W2", "b2" };

static tg_status set_weights(tg_mlp *net, tg_error *err)
{
    tg_params *params = tg_mlp_params(net);
    const tg_status status = tg_params_write_f64(params, 0, toy_w1, D * H, err);
    return status == TG_OK ? tg_params_write_f64(params, 2, toy_w2, H * C, err) : status;
}

static void free_net(void *net)
{
    tg_mlp_destroy(net);
}

static tg_mlp *make_net(lab *l)
{
    page_setting(l->page, "network", "4-10-3 relu, softmax, lambda %g, float64, 5 rows", lambda);
    tg_mlp *net =
        tg_mlp_create(&(tg_mlp_config){ .sizes = (int64_t[]){ D, H, C }, .n_sizes = 3, .dtype = TG_F64 }, &l->err);
    if (!net || !lab_keep(l, net, free_net) || set_weights(net, &l->err) != TG_OK)
        return NULL;
    return net;
}

static const tg_batch batch = { .n = N, .shape = { 2, { N, D } }, .dtype = TG_F64, .x = toy_x, .labels = toy_labels };

static tg_tensor logits_of(tg_tape *tape, tg_mlp *net)
{
    return tg_mlp_forward(net, tg_constant(tape, TG_SHAPE(N, D), toy_x));
}

/* R1.1 ------------------------------------------------------------------------------------------------------------- */

/* What the report prints: each score to eight digits behind the point. */
static double printed(double x)
{
    return nearbyint(1e8 * x) / 1e8;
}

static void scores(lab *l)
{
    double scores[N * C], sum = 0, exact = 0;
    tg_mlp *net = make_net(l);
    if (!net)
        return;
    tg_tape *tape = tg_tape_create(TG_F64);
    const tg_tensor logits = logits_of(tape, net);
    tg_read_f64(tg_softmax(logits, -1), scores, N * C);
    const double loss = tg_item(fit_loss(net, logits, toy_labels, lambda));
    if (tg_tape_status(tape) != TG_OK)
        lab_fail(l, tg_tape_status(tape), "%s", tg_tape_message(tape));
    tg_tape_destroy(tape);
    for (int i = 0; i < N * C; i++) {
        sum += fabs(scores[i] - printed(toy_scores[i]));
        exact = fmax(exact, fabs(scores[i] - toy_scores[i]));
    }
    static const char *const rows[N] = { "input 1", "input 2", "input 3", "input 4", "input 5" };
    static const char *const columns[C] = { "class 0", "class 1", "class 2" };
    page_compare(l->page, "loss", "%.11f", 1.30378789133, loss, "", "all digits that the report prints");
    page_compare(l->page, "scores, sum of differences to eight printed digits", "%.3e", 2.917e-08, sum, "",
                 "the rounding of the printed digits");
    page_compare(l->page, "scores, largest difference to PyTorch in float64", "%.1e", NO_FIGURE, exact, "", NULL);
    page_heatmap(l->page, "scores",
                 &(heatmap){ .title = "Scores of the toy network",
                             .caption = "softmax(relu(x W1 + b1) W2 + b2)",
                             .row_label = "input",
                             .column_label = "class",
                             .rows = N,
                             .columns = C,
                             .values = scores,
                             .row_names = rows,
                             .column_names = columns });
}

/* R1.2 ------------------------------------------------------------------------------------------------------------- */

typedef struct gradients {
    double values[PARAMETERS][D * H];
    int64_t n[PARAMETERS];
} gradients;

static void read_gradients(lab *l, tg_mlp *net, gradients *g)
{
    tg_params *params = tg_mlp_params(net);
    for (int i = 0; lab_good(l) && i < PARAMETERS; i++) {
        const tg_shape shape = tg_params_shape(params, i);
        g->n[i] = tg_shape_size(&shape);
        tg_params_read_grad_f64(params, i, g->values[i], g->n[i], &l->err);
    }
    tg_params_zero_grad(params);
}

static void by_tape(lab *l, tg_mlp *net, gradients *g)
{
    tg_tape *tape = tg_tape_create(TG_F64);
    if (tg_backward(fit_loss(net, logits_of(tape, net), toy_labels, lambda)) != TG_OK)
        lab_fail(l, tg_tape_status(tape), "%s", tg_tape_message(tape));
    tg_tape_destroy(tape);
    read_gradients(l, net, g);
}

static void by_formulas(lab *l, tg_mlp *net, gradients *g)
{
    double logits[N * C], loss;
    by_hand *hand = by_hand_create(net, lambda, &l->err);
    if (hand && by_hand_gradient(hand, &batch, logits, &loss, &l->err) == TG_OK)
        read_gradients(l, net, g);
    by_hand_destroy(hand);
}

static double largest_difference(const double *a, const double *b, int64_t n)
{
    double most = 0, scale = 0;
    for (int64_t i = 0; i < n; i++) {
        most = fmax(most, fabs(a[i] - b[i]));
        scale = fmax(scale, fabs(b[i]));
    }
    return most / scale;
}

static void derivations(lab *l)
{
    tg_mlp *net = make_net(l);
    gradients *hand = lab_room(l, 1, sizeof *hand), *tape = lab_room(l, 1, sizeof *tape);
    if (!net || !tape)
        return;
    by_formulas(l, net, hand);
    by_tape(l, net, tape);
    double *index = lab_numbers(l, D * H);
    for (int i = 0; i < D * H && index; i++)
        index[i] = i;
    for (int i = 0; lab_good(l) && i < PARAMETERS; i++) {
        page_compare(l->page, lab_text(l, "dJ/d%s, largest relative difference", parameter_names[i]), "%.1e", 0,
                     largest_difference(tape->values[i], hand->values[i], hand->n[i]), "",
                     "two orders of the same sums in float64");
        const series both[] = {
            { .name = "derived by hand", .n = hand->n[i], .x = index, .y = hand->values[i] },
            { .name = "by the tape", .n = tape->n[i], .x = index, .y = tape->values[i], .dashed = true }
        };
        page_curves(l->page, parameter_names[i],
                    &(curves){ .title = lab_text(l, "∂J/∂%s by hand and by the tape", parameter_names[i]),
                               .caption = "The elements in row-major order; the two lines coincide",
                               .x_label = "element",
                               .y_label = "derivative",
                               .series = both,
                               .n_series = 2 });
    }
}

/* R1.3 ------------------------------------------------------------------------------------------------------------- */

static tg_tensor model(tg_tape *tape, tg_params *params, void *net)
{
    (void)params; /* the network's own */
    return fit_loss(net, logits_of(tape, net), toy_labels, lambda);
}

static void gradient_check(lab *l)
{
    static const double theirs[PARAMETERS] = { 3.561318e-09, 1.555470e-09, 3.440708e-09, 3.865070e-11 };
    tg_gradcheck_result each[PARAMETERS];
    tg_gradcheck_report report;
    tg_mlp *net = make_net(l);
    if (!net)
        return;
    if (tg_gradcheck_params(tg_mlp_params(net), model, net, &(tg_gradcheck_config){ .each = each }, &report) !=
            TG_OK ||
        !report.passed) {
        lab_fail(l, TG_ERR_STATE, "%s", report.text);
        return;
    }
    for (int i = 0; i < PARAMETERS; i++)
        page_compare(l->page, lab_text(l, "%s, largest relative error", parameter_names[i]), "%.3e", theirs[i],
                     each[i].max_relative, "", "extrapolated from two steps");
    page_text(l->page, "%s", report.text);
}

/* R1.4 ------------------------------------------------------------------------------------------------------------- */

static const task *toy_task(lab *l)
{
    task *t = lab_new_task(l, TG_F64);
    if (!t || tg_dataset_init(&t->train, N, D, C, &l->err) != TG_OK)
        return NULL;
    t->name = "the toy's inputs";
    for (int i = 0; i < N * D; i++)
        ((double *)t->train.x)[i] = toy_x[i];
    for (int i = 0; i < N; i++)
        t->train.labels[i] = toy_labels[i];
    return t;
}

static void overfit(lab *l)
{
    const task *t = toy_task(l);
    const plan p = {
        .hidden = { H }, .l2 = 5e-6, .lr = 0.1, .decay = 0.95, .epochs = 100, .set_weights = set_weights
    };
    const trained *r = lab_train(l, t, &p);
    if (!r)
        return;
    page_compare(l->page, "training loss", "%.4f", 0.017, lab_last(r)->loss, "",
                 "the report prints neither its steps nor its penalty; here those of the exercise, with all rows in "
                 "each step");
    const series losses[] = { lab_series(l, r, LOSS, "training", false) };
    page_curves(l->page, "loss",
                &(curves){ .title = "Overfitting five inputs",
                           .caption = lab_describe(l, t, &p),
                           .x_label = "epoch",
                           .y_label = "loss",
                           .y_log = true,
                           .series = losses,
                           .n_series = 1 });
}

const experiment r1_toy_experiments[] = {
    { "r1.1", "Toy network: scores and loss",
      "A network 4-10-3 with ReLU and softmax on 5 inputs, whose scores and loss the report prints. The same inputs "
      "and weights here, in float64.",
      0, 0, scores },
    { "r1.2", "Toy network: the derivations against the tape",
      "The report derives dJ/dz3 = (softmax(z3) - D) / N, D the labels one-hot, dJ/dW2, dJ/db2, dJ/dW1 and dJ/db1 by "
      "hand. Here these "
      "formulas are computed as written, and compared with the gradients that the tape's reverse pass returns.",
      0, 0, derivations },
    { "r1.3", "Toy network: gradient check",
      "The largest relative error of each parameter's gradient against central differences. The report's are those "
      "of steps of 1e-5; here slopes are extrapolated from two steps.",
      0, 0, gradient_check },
    { "r1.4", "Toy network: overfitting five inputs",
      "Gradient descent on the five inputs; the report ends at a loss of 0.017, below the 0.02 that its exercise "
      "asks for.",
      0, 0, overfit },
    { 0 },
};
