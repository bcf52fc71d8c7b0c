/* r3.c - report 3: derivatives of softmax and cross-entropy, and online descent in the plane. */
#include "lab.h"

/* R3.1 ------------------------------------------------------------------------------------------------------------- */

enum { CLASSES = 5, LABEL = 2 };
static const double logits[CLASSES] = { 0.3, -1.2, 2.1, 0.7, -0.4 };
static const char *const class_names[CLASSES] = { "0", "1", "2", "3", "4" };

/* dy_i/dz_j for y = softmax(z), row by row through the tape. */
static void jacobian_by_tape(tg_tape *tape, double *jacobian)
{
    const tg_tensor z = tg_variable(tape, TG_SHAPE(CLASSES), logits), y = tg_softmax(z, 0);
    for (int i = 0; i < CLASSES; i++) {
        double one[CLASSES] = { 0 };
        tg_tensor row;
        one[i] = 1;
        tg_grad(y, tg_constant(tape, TG_SHAPE(CLASSES), one), &z, 1, &row, 0);
        tg_read_f64(row, jacobian + i * CLASSES, CLASSES);
    }
}

/* -ln y of the label, as a function of y alone; its gradient, -1 / y at the label and 0 elsewhere. */
static void loss_gradient_by_tape(tg_tape *tape, const double *y, double *gradient)
{
    const tg_tensor v = tg_variable(tape, TG_SHAPE(CLASSES), y);
    tg_backward(tg_neg(tg_log(tg_reshape(tg_slice(v, 0, LABEL, LABEL + 1), TG_SCALAR))));
    tg_read_f64(tg_grad_of(v), gradient, CLASSES);
}

static void fused_by_tape(tg_tape *tape, double *gradient)
{
    const int32_t label = LABEL;
    const tg_tensor z = tg_variable(tape, TG_SHAPE(1, CLASSES), logits);
    tg_backward(tg_cross_entropy(z, &label, TG_MEAN));
    tg_read_f64(tg_grad_of(z), gradient, CLASSES);
}

static double largest(const double *a, const double *b, int n)
{
    double most = 0;
    for (int i = 0; i < n; i++)
        most = fmax(most, fabs(a[i] - b[i]));
    return most;
}

typedef struct derivatives {
    double y[CLASSES], jacobian[CLASSES * CLASSES], dy[CLASSES]; /* by the tape */
    double fused[CLASSES], chained[CLASSES];                     /* dl/dz in one step, and as jacobianᵀ dy */
} derivatives;

static void by_tape(lab *l, derivatives *d)
{
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_read_f64(tg_softmax(tg_constant(tape, TG_SHAPE(CLASSES), logits), 0), d->y, CLASSES);
    jacobian_by_tape(tape, d->jacobian);
    loss_gradient_by_tape(tape, d->y, d->dy);
    fused_by_tape(tape, d->fused);
    if (tg_tape_status(tape) != TG_OK)
        lab_fail(l, tg_tape_status(tape), "%s", tg_tape_message(tape));
    tg_tape_destroy(tape);
    for (int j = 0; j < CLASSES; j++) {
        d->chained[j] = 0;
        for (int i = 0; i < CLASSES; i++)
            d->chained[j] += d->jacobian[i * CLASSES + j] * d->dy[i];
    }
}

/* The same by the report's formulas. */
static void compare(lab *l, const derivatives *d)
{
    double jacobian[CLASSES * CLASSES], dy[CLASSES] = { [LABEL] = -1 / d->y[LABEL] }, both[CLASSES];
    for (int i = 0; i < CLASSES; i++) {
        both[i] = d->y[i] - (i == LABEL);
        for (int j = 0; j < CLASSES; j++)
            jacobian[i * CLASSES + j] = (i == j ? d->y[i] : 0) - d->y[i] * d->y[j];
    }
    static const char why[] = "rounding in float64";
    page_compare(l->page, "dl/dy = -1 / y at the label, 0 elsewhere: largest difference", "%.1e", 0,
                 largest(d->dy, dy, CLASSES), "", why);
    page_compare(l->page, "dy/dz = diag(y) - y yᵀ: largest difference", "%.1e", 0,
                 largest(d->jacobian, jacobian, CLASSES * CLASSES), "", why);
    page_compare(l->page, "dl/dz = y - t, fused: largest difference", "%.1e", 0, largest(d->fused, both, CLASSES), "",
                 why);
    page_compare(l->page, "dl/dz through the Jacobian: largest difference to the fused one", "%.1e", 0,
                 largest(d->chained, d->fused, CLASSES), "", why);
}

/* All derivatives of a two-layer sigmoid network, as the report's (1.6) to (1.12) have them, against the tape's. */
static void two_layers(lab *l)
{
    static const char *const names[] = { "W1", "b1", "W2", "b2" };
    enum { IN = 4, HIDDEN = 6, ROWS = 8, MOST = IN * HIDDEN + HIDDEN * CLASSES };
    double x[ROWS * IN], row[ROWS * CLASSES], loss, hand[MOST], tape_gradient[MOST];
    int32_t labels[ROWS];
    tg_rng rng = tg_rng_seed(l->seed);
    for (int i = 0; i < ROWS * IN; i++)
        x[i] = tg_rng_normal(&rng);
    for (int i = 0; i < ROWS; i++)
        labels[i] = i % CLASSES;
    const tg_batch batch = { .n = ROWS, .shape = TG_SHAPE(ROWS, IN), .dtype = TG_F64, .x = x, .labels = labels };
    tg_mlp *net = tg_mlp_create(&(tg_mlp_config){ .sizes = (int64_t[]){ IN, HIDDEN, CLASSES },
                                                  .n_sizes = 3,
                                                  .activation = TG_SIGMOID,
                                                  .dtype = TG_F64,
                                                  .seed = l->seed },
                                &l->err);
    by_hand *h = net ? by_hand_create(net, 0, &l->err) : NULL;
    tg_params *params = net ? tg_mlp_params(net) : NULL;
    tg_tape *tape = tg_tape_create(TG_F64);
    for (int i = 0; h && i < 4; i++) {
        const tg_shape shape = tg_params_shape(params, i);
        const int64_t n = tg_shape_size(&shape);
        tg_params_zero_grad(params);
        if (by_hand_gradient(h, &batch, row, &loss, &l->err) != TG_OK ||
            tg_params_read_grad_f64(params, i, hand, n, &l->err) != TG_OK)
            break;
        tg_params_zero_grad(params);
        if (tg_backward(fit_loss(net, tg_mlp_forward(net, tg_wrap_batch(tape, &batch)), labels, 0)) != TG_OK)
            lab_fail(l, tg_tape_status(tape), "%s", tg_tape_message(tape));
        if (!lab_good(l) || tg_params_read_grad_f64(params, i, tape_gradient, n, &l->err) != TG_OK)
            break;
        tg_tape_reset(tape);
        page_compare(l->page, lab_text(l, "two-layer sigmoid network, dl/d%s: largest difference", names[i]), "%.1e",
                     0, largest(hand, tape_gradient, (int)n), "", "rounding in float64");
    }
    tg_tape_destroy(tape);
    by_hand_destroy(h);
    tg_mlp_destroy(net);
}

static void local_derivatives(lab *l)
{
    derivatives *d = lab_room(l, 1, sizeof *d);
    if (!d)
        return;
    by_tape(l, d);
    compare(l, d);
    two_layers(l);
    page_heatmap(l->page, "jacobian",
                 &(heatmap){ .title = "The Jacobian of softmax, by the tape",
                             .caption = "∂y_i/∂z_j = y_i (δ_ij − y_j) for five logits",
                             .row_label = "i",
                             .column_label = "j",
                             .rows = CLASSES,
                             .columns = CLASSES,
                             .values = d->jacobian,
                             .row_names = class_names,
                             .column_names = class_names });
}

/* R3.2 ------------------------------------------------------------------------------------------------------------- */

static void online(lab *l)
{
    const int64_t n = lab_size(l, 40000, 3000), window = lab_size(l, 1000, 200);
    const task *t = lab_plane(l, ELLIPSE, n, 1000, 1000, 0);
    const plan p = { .hidden = { 16 },
                     .activation = TG_SIGMOID,
                     .lr = 0.1,
                     .batch = 1,
                     .in_order = true,
                     .epochs = 1,
                     .record_every = window };
    const trained *r = lab_train(l, t, &p);
    if (!r)
        return;
    page_compare(l->page, lab_text(l, "mean loss of the first %d observations", (int)window), "%.3f", NO_FIGURE,
                 r->record.points[0].loss, "", "the report shows the curve only");
    page_compare(l->page, lab_text(l, "mean loss of the last %d observations", (int)window), "%.3f", NO_FIGURE,
                 lab_last(r)->loss, "", "the sets overlap: it cannot fall to 0");
    page_compare(l->page, "test accuracy", "%.1f", NO_FIGURE, lab_score(l, r, &t->test, NULL).accuracy, "%", NULL);
    const series losses[] = { lab_series(l, r, LOSS, lab_text(l, "mean of %d observations", (int)window), true) };
    page_curves(l->page, "loss",
                &(curves){ .title = "Online descent: each observation once",
                           .caption = lab_describe(l, t, &p),
                           .x_label = "observations",
                           .y_label = "mean loss",
                           .series = losses,
                           .n_series = 1 });
    lab_draw_plane(l, r, &t->test, "plane", "An ellipse and a circle that overlap, and the decisions");
}

const experiment r3_experiments[] = {
    { "r3.1", "Local derivatives of softmax and cross-entropy",
      "The report derives dl/dy = -1 / y at the label, the softmax Jacobian diag(y) - y yᵀ, and y - t for both "
      "together. Here each is computed by the tape and by its formula, and the route through the explicit Jacobian "
      "is compared with the fused one; so are all derivatives of a two-layer sigmoid network.",
      0, 0, local_derivatives },
    { "r3.2", "An ellipse and a circle: online descent",
      "Two overlapping sets in the plane, generated; one step for each observation, each seen once. The mean loss "
      "per 1,000 observations falls.",
      0, 0, online },
    { 0 },
};
