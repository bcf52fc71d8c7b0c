/* r2.c - report 2: softmax made stable, one network by the tape and by hand, learning curves. */
#include "lab.h"

/* R2.1 ------------------------------------------------------------------------------------------------------------- */

/* The loss -ln y of the smallest of three logits, s, 0 and -s, by softmax as it is defined, and by the stable one. */
static double plain_loss(tg_tensor z)
{
    const tg_tensor e = tg_exp(z), y = tg_div(e, tg_sum(e, TG_ALL, false));
    return -tg_item(tg_log(tg_reshape(tg_slice(y, 0, 2, 3), TG_SCALAR)));
}

static double stable_loss(tg_tensor z)
{
    return -tg_item(tg_reshape(tg_slice(tg_log_softmax(z, 0), 0, 2, 3), TG_SCALAR));
}

static void stable_softmax(lab *l)
{
    enum { POINTS = 121, CURVE = 81 };
    double *s = lab_numbers(l, POINTS), *plain = lab_numbers(l, POINTS), *stable = lab_numbers(l, POINTS);
    double *x = lab_numbers(l, CURVE), *relu = lab_numbers(l, CURVE);
    if (!lab_good(l))
        return;
    tg_tape *tape = tg_tape_create(TG_F32);
    double last_finite = NO_FIGURE, worst = 0;
    for (int i = 0; i < POINTS; i++) {
        s[i] = i;
        const tg_tensor z = tg_constant(tape, TG_SHAPE(3), (double[]){ s[i], 0, -s[i] });
        plain[i] = plain_loss(z);
        stable[i] = stable_loss(z);
        const double exact = 2 * s[i] + log1p(exp(-s[i]) + exp(-2 * s[i]));
        worst = fmax(worst, fabs(stable[i] - exact) / exact);
        if (isfinite(plain[i]))
            last_finite = s[i];
        else
            plain[i] = NO_FIGURE;
        tg_tape_reset(tape);
    }
    for (int i = 0; i < CURVE; i++) {
        x[i] = -4 + 0.1 * i;
        relu[i] = tg_item(tg_relu(tg_full(tape, TG_SCALAR, x[i])));
        tg_tape_reset(tape);
    }
    tg_tape_destroy(tape);
    page_compare(l->page, "largest s at which the plain softmax's loss is finite, float32", "%.0f", NO_FIGURE,
                 last_finite, "",
                 "y underflows to 0 and its logarithm is infinite; from s = 89 on e^s overflows and y is NaN");
    page_compare(l->page, "largest relative error of the stable one, s = 0 .. 120", "%.1e", NO_FIGURE, worst, "",
                 NULL);
    const series both[] = {
        { .name = "plain: e^z / Σ e^z", .n = POINTS, .x = s, .y = plain },
        { .name = "stable: the maximum subtracted", .n = POINTS, .x = s, .y = stable, .dashed = true }
    };
    page_curves(l->page, "softmax",
                &(curves){ .title = "Cross-entropy by plain and stable softmax",
                           .caption =
                               "Logits s, 0, -s in float32, the loss of the last class; where the plain one ends, "
                               "it is infinite or NaN",
                           .x_label = "s",
                           .y_label = "loss",
                           .series = both,
                           .n_series = 2 });
    const series one = { .name = "relu", .n = CURVE, .x = x, .y = relu };
    page_curves(l->page, "relu",
                &(curves){ .title = "relu(x) = max(x, 0)",
                           .caption = "Its derivative at 0 is taken as 0",
                           .x_label = "x",
                           .y_label = "relu(x)",
                           .series = &one,
                           .n_series = 1 });
}

/* R2.2 ------------------------------------------------------------------------------------------------------------- */

static double largest_difference(const trained *a, const trained *b)
{
    double most = 0;
    for (int64_t i = 0; i < a->record.n; i++) {
        const fit_point *p = &a->record.points[i], *q = &b->record.points[i];
        most = fmax(most, fabs(p->loss - q->loss));
        most = fmax(most, fabs(p->held_out_accuracy - q->held_out_accuracy));
    }
    return most;
}

static void both_ways(lab *l, unsigned source, const char *name, double rate)
{
    const task *t = lab_task(l, &(task_config){ .source = source,
                                                .preparation = STANDARDISED,
                                                .train = 10000,
                                                .test = 2000,
                                                .shuffled = true,
                                                .dtype = TG_F64 });
    plan p = {
        .name = "by the tape", .hidden = { 100, 50 }, .lr = rate, .batch = 100, .epochs = lab_size(l, 100, 4)
    };
    const trained *tape = lab_train(l, t, &p);
    p.name = "by hand";
    p.by_hand = true;
    const trained *hand = lab_train(l, t, &p);
    if (!hand)
        return;
    page_section(l->page, t->name);
    page_compare(l->page, lab_text(l, "%s, largest difference of the two curves", t->name), "%.1e", 0,
                 largest_difference(tape, hand), "", "rounding in float64, grown over the steps of all epochs");
    lab_compare(l, lab_text(l, "%s, test accuracy by the tape", t->name), "%.1f", 59,
                100 * lab_last(tape)->held_out_accuracy, "%", "the report does not name its data");
    lab_compare(l, lab_text(l, "%s, test accuracy by hand", t->name), "%.1f", 61,
                100 * lab_last(hand)->held_out_accuracy, "%", "the report does not name its data");
    series losses[] = { lab_series(l, tape, LOSS, "by the tape", false),
                        lab_series(l, hand, LOSS, "by hand", false) };
    series accuracies[] = { lab_series(l, tape, HELD_OUT_ACCURACY, "by the tape", false),
                            lab_series(l, hand, HELD_OUT_ACCURACY, "by hand", false) };
    losses[1].dashed = accuracies[1].dashed = true;
    page_curves(l->page, lab_text(l, "%s-loss", name),
                &(curves){ .title = lab_text(l, "%s: training loss by the tape and by hand", t->name),
                           .caption = lab_describe(l, t, &p),
                           .x_label = "epoch",
                           .y_label = "loss",
                           .series = losses,
                           .n_series = 2 });
    page_curves(l->page, lab_text(l, "%s-accuracy", name),
                &(curves){ .title = lab_text(l, "%s: test accuracy by the tape and by hand", t->name),
                           .caption = lab_describe(l, t, &p),
                           .x_label = "epoch",
                           .y_label = "accuracy (%)",
                           .series = accuracies,
                           .n_series = 2 });
}

static void tape_and_hand(lab *l)
{
    both_ways(l, LAB_MNIST, "mnist", 0.05);
    both_ways(l, LAB_CIFAR10, "cifar10", 0.02);
}

/* R2.3 ------------------------------------------------------------------------------------------------------------- */

enum { SIZES_MOST = 11, NETWORKS = 2 };

typedef struct learning_curve {
    plan plan;
    double train[SIZES_MOST], test[SIZES_MOST]; /* accuracies in percent */
} learning_curve;

static void learn(lab *l, const task *whole, learning_curve *c, const int64_t *sizes, int n)
{
    plan p = c->plan;
    for (int i = 0; i < n; i++) {
        p.name = lab_text(l, "%s, %s", c->plan.name, lab_count(l, sizes[i], "row"));
        const task *t = lab_first(l, whole, sizes[i]);
        const trained *r = lab_train(l, t, &p);
        if (!r)
            return;
        c->train[i] = lab_score(l, r, &t->train, NULL).accuracy;
        c->test[i] = lab_score(l, r, &t->test, NULL).accuracy;
    }
}

/* 250, 1250, ..., and 10,000 or, in the small form, all rows that there are. */
static int training_sizes(const task *t, int64_t *sizes)
{
    const int64_t last = t->train.n, step = last < 2000 ? 200 : 1000;
    int n = 0;
    for (int64_t size = 250; size < last && n < SIZES_MOST - 1; size += step)
        sizes[n++] = size;
    sizes[n++] = last;
    return n;
}

static void draw_learning(lab *l, const learning_curve *c, const int64_t *sizes, int n, const char *name,
                          const char *title)
{
    double *x = lab_numbers(l, n);
    series s[2 * NETWORKS];
    plan plans[NETWORKS];
    for (int i = 0; x && i < n; i++)
        x[i] = (double)sizes[i];
    for (int i = 0; i < NETWORKS; i++) {
        plans[i] = c[i].plan;
        s[2 * i] = (series){ .name = lab_text(l, "%s, training", c[i].plan.name),
                             .n = n,
                             .x = x,
                             .y = c[i].train,
                             .dashed = true,
                             .color = i + 1 };
        s[2 * i + 1] = (series){
            .name = lab_text(l, "%s, test", c[i].plan.name), .n = n, .x = x, .y = c[i].test, .color = i + 1
        };
    }
    page_curves(l->page, name,
                &(curves){ .title = title,
                           .caption = lab_describe_all(l, NULL, plans, NETWORKS),
                           .x_label = "training rows",
                           .y_label = "accuracy (%)",
                           .series = s,
                           .n_series = 2 * NETWORKS });
}

static void learning_curves_on(lab *l, unsigned source, const char *name)
{
    const task *t = lab_task(
        l, &(task_config){
               .source = source, .preparation = STANDARDISED, .train = 10000, .test = 2000, .shuffled = true });
    learning_curve *c = lab_room(l, NETWORKS, sizeof *c);
    int64_t sizes[SIZES_MOST];
    if (!t || !c)
        return;
    const plan shared = {
        .lr = 0.05, .batch = 50, .epochs = lab_size(l, 500, 5), .stopping = { .epsilon = 0.005 }, .no_held_out = true
    };
    c[0].plan = c[1].plan = shared;
    c[0].plan.name = "shallow (50)";
    c[0].plan.hidden[0] = 50;
    c[1].plan.name = "deep (50-50-50)";
    c[1].plan.hidden[0] = c[1].plan.hidden[1] = c[1].plan.hidden[2] = 50;
    const int n = training_sizes(t, sizes);
    for (int i = 0; i < NETWORKS; i++)
        learn(l, t, &c[i], sizes, n);
    if (!lab_good(l))
        return;
    draw_learning(l, c, sizes, n, name, lab_text(l, "Learning curves on %s", t->name));
    for (int i = 0; i < NETWORKS; i++) {
        page_compare(
            l->page,
            lab_text(l, "%s, %s, test accuracy with %lld rows", t->name, c[i].plan.name, (long long)sizes[0]), "%.1f",
            NO_FIGURE, c[i].test[0], "%", "the report shows the curves only");
        page_compare(
            l->page,
            lab_text(l, "%s, %s, test accuracy with %lld rows", t->name, c[i].plan.name, (long long)sizes[n - 1]),
            "%.1f", NO_FIGURE, c[i].test[n - 1], "%", "the report shows the curves only");
    }
}

static void learning_curves(lab *l)
{
    learning_curves_on(l, LAB_MNIST, "mnist");
    learning_curves_on(l, LAB_CIFAR10, "cifar10");
}

const experiment r2_experiments[] = {
    { "r2.1", "relu, softmax, and softmax made stable",
      "Softmax as it is defined overflows: e^z is infinite, its quotient NaN, and so is the loss. With the largest "
      "logit subtracted first, no finite input overflows.",
      0, 0, stable_softmax },
    { "r2.2", "One network by the tape and by hand",
      "A network of three layers, trained by the tape's gradients and by backpropagation written out from "
      "dL/dz3 = y - t down to the sums over rows. The two curves must be one.",
      0, LAB_MNIST | LAB_CIFAR10, tape_and_hand },
    { "r2.3", "Learning curves: training rows from 250 to 10,000, deep against shallow",
      "Training and test accuracy over the size of the training set; early stop when the loss changes by less than "
      "0.005 from epoch to epoch, at most 500 epochs.",
      0, LAB_MNIST | LAB_CIFAR10, learning_curves },
    { 0 },
};
