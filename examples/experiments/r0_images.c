/* r0_images.c - report 0 on pictures: the mean image, confusion matrices, hidden layers, epochs and rates. */
#include "lab.h"

static const char no_figure[] = "the report shows pictures only";

static const task *pictures(lab *l, preparation p, int64_t train, tg_dtype dtype)
{
    return lab_task(l, &(task_config){ .source = LAB_CIFAR10,
                                       .preparation = p,
                                       .train = train,
                                       .validation = 500,
                                       .test = 500,
                                       .shuffled = true,
                                       .dtype = dtype });
}

/* R0.3, the mean --------------------------------------------------------------------------------------------------- */

/* In float64: saturated sigmoids have derivatives that are subnormal in float32, with which processors are slow. */
static void mean_image(lab *l)
{
    static const struct {
        preparation preparation;
        const char *name;
    } ways[] = { { PIXELS_BYTES, "as they are" }, { CENTRED_BYTES, "mean image subtracted" } };
    enum { WAYS = 2 };
    series losses[WAYS], accuracies[WAYS];
    plan p = { .hidden = { 50 }, .activation = TG_SIGMOID, .lr = 0.1, .epochs = lab_size(l, 2000, 30) };
    p.record_every = lab_size(l, 10, 1);
    const task *t = NULL;
    for (int i = 0; i < WAYS; i++) {
        t = pictures(l, ways[i].preparation, 500, TG_F64);
        p.name = ways[i].name;
        const trained *r = lab_train(l, t, &p);
        if (!r)
            return;
        losses[i] = lab_series(l, r, LOSS, p.name, false);
        accuracies[i] = lab_series(l, r, ACCURACY, p.name, false);
        lab_compare(l, lab_text(l, "training loss after %s, pixels %s", lab_count(l, p.epochs, "epoch"), p.name),
                    "%.4f", NO_FIGURE, lab_last(r)->loss, "",
                    i ? no_figure : "in the report it falls at first and then stays constant");
        lab_compare(l, lab_text(l, "validation accuracy, pixels %s", p.name), "%.1f", NO_FIGURE,
                    100 * lab_last(r)->held_out_accuracy, "%", no_figure);
    }
    page_curves(l->page, "loss",
                &(curves){ .title = "Training loss with and without the mean image subtracted",
                           .caption = lab_describe(l, t, &p),
                           .x_label = "epoch",
                           .y_label = "loss",
                           .series = losses,
                           .n_series = WAYS });
    page_curves(l->page, "accuracy",
                &(curves){ .title = "Training accuracy with and without the mean image subtracted",
                           .caption = lab_describe(l, t, &p),
                           .x_label = "epoch",
                           .y_label = "accuracy (%)",
                           .series = accuracies,
                           .n_series = WAYS });
}

/* R0.3, confusion -------------------------------------------------------------------------------------------------- */

static plan mini_batches(lab *l, double rate, int64_t epochs)
{
    return (
        plan){ .hidden = { 100 }, .activation = TG_RELU, .lr = rate, .batch = 50, .epochs = lab_size(l, epochs, 5) };
}

static void confusion(lab *l)
{
    const task *t = pictures(l, CENTRED, 1000, TG_F32);
    const plan p = mini_batches(l, 0.01, 100);
    const trained *r = lab_train(l, t, &p);
    if (!r)
        return;
    const tg_dataset *const sets[] = { &t->train, &t->validation, &t->test };
    static const char *const names[] = { "training", "validation", "test" };
    for (int i = 0; i < 3; i++) {
        lab_draw_confusion(l, r, sets[i], names[i], lab_text(l, "Confusion matrix of the %s set", names[i]));
        lab_compare(l, lab_text(l, "%s accuracy", names[i]), "%.1f", NO_FIGURE,
                    lab_score(l, r, sets[i], NULL).accuracy, "%", no_figure);
    }
}

/* R0.3, t-SNE ------------------------------------------------------------------------------------------------------ */

enum { POINTS_MOST = 2000 };

/* The activations of hidden layer `layer` for the rows of a set, [n, units]. */
static double *activations(lab *l, const trained *r, const tg_dataset *set, int layer)
{
    const int64_t units = r->plan->hidden[layer];
    double *h = lab_numbers(l, set->n * units);
    tg_tensor hidden[LAB_HIDDEN_MOST];
    if (!h)
        return NULL;
    tg_tape *tape = tg_tape_create(set->dtype);
    tg_tape_set_recording(tape, false);
    tg_mlp_forward_hidden(r->net, tg_wrap_dataset(tape, set), hidden);
    if (tg_read_f64(hidden[layer], h, set->n * units) != TG_OK)
        lab_fail(l, tg_tape_status(tape), "%s", tg_tape_message(tape));
    tg_tape_destroy(tape);
    return lab_good(l) ? h : NULL;
}

typedef struct watcher {
    lab *l;
    const char *name;
    int64_t iterations;
} watcher;

static bool watch(void *context, int64_t iteration, double kl)
{
    const watcher *w = context;
    (void)kl;
    lab_progress(w->l, w->name, (double)iteration / (double)w->iterations);
    return !lab_interrupted();
}

static void embed(lab *l, const trained *r, const tg_dataset *set, int layer)
{
    const int64_t n = set->n;
    const char *name = lab_text(l, "layers%d-hidden%d", tg_mlp_depth(r->net) - 1, layer + 1);
    const double *h = activations(l, r, set, layer);
    double *y = lab_numbers(l, 2 * n), *first = lab_numbers(l, n), *second = lab_numbers(l, n);
    if (!lab_good(l))
        return;
    watcher w = { l, lab_text(l, "t-SNE, %s", name), lab_size(l, 1000, 100) };
    const tg_tsne_config config = { .iterations = w.iterations,
                                    .perplexity = (double)lab_size(l, 30, 10),
                                    .seed = l->seed,
                                    .progress = watch,
                                    .context = &w };
    const double started = fit_seconds();
    tg_tsne(h, n, r->plan->hidden[layer], &config, y, &l->err);
    if (lab_interrupted())
        lab_fail(l, TG_ERR_STATE, "interrupted");
    if (!lab_good(l))
        return;
    for (int64_t i = 0; i < n; i++) {
        first[i] = y[2 * i];
        second[i] = y[2 * i + 1];
    }
    page_setting(l->page, lab_text(l, "time of t-SNE, %s", name), "%.1f s", fit_seconds() - started);
    page_scatter(l->page, name,
                 &(scatter){ .title = lab_text(l, "Hidden layer %d of %d: activations by t-SNE", layer + 1,
                                               tg_mlp_depth(r->net) - 1),
                             .caption = lab_text(l, "%lld test rows, perplexity %g. %s", (long long)n,
                                                 config.perplexity, lab_describe(l, r->task, r->plan)),
                             .n = n,
                             .x = first,
                             .y = second,
                             .labels = set->labels,
                             .classes = set->classes,
                             .class_names = r->task->class_names });
}

static void hidden_layers(lab *l)
{
    static const int64_t hidden[][LAB_HIDDEN_MOST] = { { 128, 64 }, { 128, 64, 32 } };
    const task *t = lab_task(
        l, &(task_config){
               .source = LAB_MNIST, .preparation = CENTRED, .train = 1000, .test = POINTS_MOST, .shuffled = true });
    for (int i = 0; t && i < 2; i++) {
        plan p = mini_batches(l, 0.01, 1000);
        int layers = 0;
        for (; hidden[i][layers]; layers++)
            p.hidden[layers] = hidden[i][layers];
        p.name = lab_text(l, "%d hidden layers", layers);
        p.measure_every = 20;
        const trained *r = lab_train(l, t, &p);
        page_section(l->page, p.name);
        lab_compare(l, lab_text(l, "test accuracy, %d hidden layers", layers), "%.1f", NO_FIGURE,
                    100 * lab_last(r)->held_out_accuracy, "%", no_figure);
        for (int j = 0; r && j < layers; j++)
            embed(l, r, &t->test, j);
    }
}

/* R0.3, epochs and rates ------------------------------------------------------------------------------------------- */

static void compare_plans(lab *l, const task *t, const plan *plans, int n, const char *name, const char *title)
{
    enum { MOST = 4 };
    series losses[MOST], accuracies[MOST];
    for (int i = 0; i < n; i++) {
        const trained *r = lab_train(l, t, &plans[i]);
        const double test = r ? lab_score(l, r, &t->test, NULL).accuracy : NO_FIGURE;
        losses[i] = lab_series(l, r, LOSS, plans[i].name, false);
        accuracies[i] = lab_series(l, r, HELD_OUT_ACCURACY, plans[i].name, false);
        lab_compare(l, lab_text(l, "training accuracy, %s", plans[i].name), "%.1f", NO_FIGURE,
                    100 * lab_last(r)->train_accuracy, "%", no_figure);
        lab_compare(l, lab_text(l, "test accuracy, %s", plans[i].name), "%.1f", NO_FIGURE, test, "%", no_figure);
    }
    if (!lab_good(l))
        return;
    page_curves(l->page, lab_text(l, "%s-loss", name),
                &(curves){ .title = lab_text(l, "Training loss by %s", title),
                           .caption = lab_describe_all(l, t, plans, n),
                           .x_label = "epoch",
                           .y_label = "loss",
                           .x_log = true,
                           .series = losses,
                           .n_series = n });
    page_curves(l->page, lab_text(l, "%s-accuracy", name),
                &(curves){ .title = lab_text(l, "Validation accuracy by %s", title),
                           .caption = lab_describe_all(l, t, plans, n),
                           .x_label = "epoch",
                           .y_label = "accuracy (%)",
                           .x_log = true,
                           .series = accuracies,
                           .n_series = n });
}

static void epochs_and_rates(lab *l)
{
    static const int64_t epochs[] = { 100, 500, 1000, 2000 };
    static const double rates[] = { 0.1, 0.01, 0.001 };
    const task *t = pictures(l, CENTRED, 1000, TG_F32);
    plan by_epochs[4], by_rate[3];
    for (int i = 0; i < 4; i++) {
        const int64_t count = lab_size(l, epochs[i], epochs[i] / 100);
        by_epochs[i] = (plan){ .name = lab_count(l, count, "epoch"),
                               .hidden = { 100 },
                               .lr = 0.1,
                               .epochs = count,
                               .measure_every = lab_size(l, 10, 1),
                               .measure_train = true };
    }
    for (int i = 0; i < 3; i++) {
        by_rate[i] = by_epochs[0];
        by_rate[i].name = lab_text(l, "rate %g", rates[i]);
        by_rate[i].lr = rates[i];
    }
    compare_plans(l, t, by_epochs, 4, "epochs", "number of epochs");
    compare_plans(l, t, by_rate, 3, "rates", "learning rate");
}

const experiment r0_image_experiments[] = {
    { "r0.3a", "Pictures with and without subtracting the mean",
      "2,000 epochs at rate 0.1, all rows at once. Without subtracting the mean, the report's loss falls at first "
      "and then stays constant: inputs that are all positive and large drive the sigmoids of the hidden layer to 0 "
      "or 1, "
      "the same for every row, where their derivative vanishes.",
      0, LAB_CIFAR10, mean_image },
    { "r0.3b", "Confusion matrices of the training, validation and test sets",
      "One hidden layer, rate 0.01. The report shows the three matrices of its image classifier.", 0, LAB_CIFAR10,
      confusion },
    { "r0.3c", "t-SNE of each hidden layer, for two and three hidden layers",
      "Networks of two and of three hidden layers, 1,000 epochs at rate 0.01; the activations of each hidden layer "
      "on the test rows, embedded in the plane by exact t-SNE.",
      0, LAB_MNIST, hidden_layers },
    { "r0.3d", "Epochs of 100 to 2,000, and three learning rates",
      "100, 500, 1,000 and 2,000 epochs at rate 0.1; rates 0.1, 0.01 and 0.001 at 100 epochs.", 0, LAB_CIFAR10,
      epochs_and_rates },
    { 0 },
};
