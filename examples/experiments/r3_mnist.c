/* r3_mnist.c - report 3 on MNIST: 784-300-10, sigmoid, one row a step. */
#include "lab.h"

static const char other_draws[] = "other random numbers, and another split";

static const task *mnist(lab *l, int64_t validation)
{
    return lab_task(l, &(task_config){ .source = LAB_MNIST,
                                       .preparation = PIXELS,
                                       .train = -1,
                                       .validation = validation,
                                       .test = -1,
                                       .shuffled = true });
}

static plan online(lab *l, double rate)
{
    return (plan){ .hidden = { lab_size(l, 300, 30) },
                   .activation = TG_SIGMOID,
                   .lr = rate,
                   .batch = 1,
                   .epochs = lab_size(l, 5, 20) };
}

static void losses_of_training_and_validation(lab *l)
{
    const task *t = mnist(l, 10000);
    plan p = online(l, 0.03);
    p.measure_train = true;
    const trained *r = lab_train(l, t, &p);
    plan batches = online(l, 0.5);
    batches.batch = 32;
    batches.measure_train = true;
    const trained *b = lab_train(l, t, &batches);
    if (!b)
        return;
    page_section(l->page, "One row a step");
    lab_draw_run(l, r, "online", "One row a step", "validation");
    page_section(l->page, "Batches of 32");
    lab_draw_run(l, b, "batches", "Batches of 32", "validation");
    lab_compare(l, "validation loss after the last epoch, one row a step", "%.4f", NO_FIGURE,
                lab_last(r)->held_out_loss, "", "the report shows the curve only");
    lab_compare(l, "validation loss after the last epoch, batches of 32", "%.4f", NO_FIGURE,
                lab_last(b)->held_out_loss, "", "the report shows the curve only");
}

/* Mean and deviation over the runs of the held-out loss at each point. */
static series band(lab *l, const trained *const *runs, int n)
{
    const int64_t points = lab_good(l) ? runs[0]->record.n : 0;
    double *x = lab_numbers(l, points), *y = lab_numbers(l, points), *low = lab_numbers(l, points),
           *high = lab_numbers(l, points);
    for (int64_t i = 0; high && i < points; i++) {
        tg_running loss = { 0 };
        for (int j = 0; j < n; j++)
            tg_running_add(&loss, runs[j]->record.points[i].held_out_loss);
        const double deviation = tg_running_deviation(&loss, 1);
        x[i] = (double)(i + 1);
        y[i] = tg_running_mean(&loss);
        low[i] = y[i] - deviation;
        high[i] = y[i] + deviation;
    }
    return (series){ .name = "validation, mean ± deviation", .n = points, .x = x, .y = y, .low = low, .high = high };
}

static void three_runs(lab *l)
{
    enum { RUNS = 3 };
    const task *t = mnist(l, 10000);
    const trained *runs[RUNS] = { 0 };
    for (int i = 0; i < RUNS; i++) {
        plan p = online(l, 0.03);
        p.name = lab_text(l, "run %d of %d", i + 1, RUNS);
        p.seed = (uint64_t)i;
        runs[i] = lab_train(l, t, &p);
    }
    const series s = band(l, runs, RUNS);
    if (!lab_good(l))
        return;
    lab_compare(l, "validation loss after the last epoch, mean of three runs", "%.4f", NO_FIGURE, s.y[s.n - 1], "",
                "the report shows the band only");
    lab_compare(l, "its standard deviation over the runs", "%.4f", NO_FIGURE, s.high[s.n - 1] - s.y[s.n - 1], "",
                "the report shows the band only");
    page_curves(
        l->page, "loss",
        &(curves){ .title = "Validation loss of three runs",
                   .caption = lab_text(l, "Mean and standard deviation over three seeds of weights and order. %s",
                                       lab_describe(l, t, runs[0]->plan)),
                   .x_label = "epoch",
                   .y_label = "loss",
                   .series = &s,
                   .n_series = 1 });
}

static void rates(lab *l)
{
    static const double rate[] = { 0.001, 0.003, 0.01, 0.03 }, theirs[] = { 89.82, 94.8, 92.60, 96.14 };
    enum { RATES = 4 };
    const task *t = mnist(l, 10000);
    series curve[RATES];
    plan plans[RATES];
    for (int i = 0; i < RATES; i++) {
        plans[i] = online(l, rate[i]);
        plans[i].name = lab_text(l, "rate %g", rate[i]);
        const trained *r = lab_train(l, t, &plans[i]);
        lab_compare(l, lab_text(l, "validation accuracy, rate %g", rate[i]), "%.2f", theirs[i],
                    100 * lab_last(r)->held_out_accuracy, "%",
                    i == 2 ? "the report's figure is lower than those of its two neighbours, by chance or by a slip"
                           : other_draws);
        curve[i] = lab_series(l, r, HELD_OUT_ACCURACY, plans[i].name, false);
    }
    page_curves(l->page, "accuracy",
                &(curves){ .title = "Validation accuracy by learning rate",
                           .caption = lab_describe_all(l, t, plans, RATES),
                           .x_label = "epoch",
                           .y_label = "accuracy (%)",
                           .series = curve,
                           .n_series = lab_good(l) ? RATES : 0 });
}

static void final_model(lab *l)
{
    const task *t = mnist(l, 0);
    const plan p = online(l, 0.03);
    const trained *r = lab_train(l, t, &p);
    if (!r)
        return;
    lab_compare(l, "test accuracy", "%.2f", 91.55, lab_score(l, r, &t->test, NULL).accuracy, "%", other_draws);
    lab_draw_run(l, r, "final", lab_text(l, "All %lld rows", (long long)t->train.n), "test");
    lab_draw_confusion(l, r, &t->test, "confusion", "Test rows by label and prediction");
    lab_draw_mistakes(l, r, &t->test, "mistakes", "Misclassified test pictures", 24);
    lab_draw_weights(l, r, "weights", "The weights of the first 30 hidden units", 30);
}

const experiment r3_mnist_experiments[] = {
    { "r3.3a", "MNIST, 784-300-10 sigmoid: training against validation loss",
      "SGD with one row a step, and with batches of 32, for 5 epochs.", 0, LAB_MNIST,
      losses_of_training_and_validation },
    { "r3.3b", "MNIST: three runs, mean and standard deviation of the loss",
      "The same network from three seeds; the loss of each epoch as mean and standard deviation.", 0, LAB_MNIST,
      three_runs },
    { "r3.3c", "MNIST: four learning rates", "The validation accuracy after 5 epochs at four learning rates.", 0,
      LAB_MNIST, rates },
    { "r3.3d", "MNIST: the final model on all the data",
      "Trained on all 60,000 rows and tested on the 10,000 of the test set.", 0, LAB_MNIST, final_model },
    { 0 },
};
