/* r4.c - report 4: a one-layer softmax classifier on CIFAR-10, and the check of its gradient. */
#include "lab.h"

/* R4.1 ------------------------------------------------------------------------------------------------------------- */

enum { CHECK_ROWS = 20 };

typedef struct checked {
    lab *l;
    tg_mlp *net;
    const tg_dataset *rows;
    double l2;
} checked;

static tg_tensor loss_of(tg_tape *tape, tg_params *params, void *context)
{
    const checked *c = context;
    (void)params; /* the network's own */
    const tg_tensor x = tg_wrap_dataset(tape, c->rows);
    return fit_loss(c->net, tg_mlp_forward(c->net, x), c->rows->labels, c->l2);
}

static void check(checked *c, const char *name, bool forward, double step)
{
    lab *l = c->l;
    tg_gradcheck_report r;
    const tg_gradcheck_config config = { .forward_differences = forward,
                                         .step = step,
                                         .max_elements = lab_size(l, 512, 64) };
    if (!lab_good(l))
        return;
    lab_progress(l, name, forward ? 0.1 : 0.6);
    if (tg_gradcheck_params(tg_mlp_params(c->net), loss_of, c, &config, &r) != TG_OK || !r.passed) {
        lab_fail(l, TG_ERR_STATE, "%s", r.text);
        return;
    }
    page_compare(l->page, lab_text(l, "largest absolute difference, %s", name), "%.2e", NO_FIGURE, r.all.max_absolute,
                 "", "the report prints no figure");
    page_compare(l->page, lab_text(l, "largest relative difference, %s", name), "%.2e", 1e-6, r.all.max_relative, "",
                 forward
                     ? "the report's figure is its threshold; the error of forward differences is of the order of "
                       "the step"
                     : "the report's figure is its threshold");
    page_text(l->page, "%s: %s", name, r.text);
}

static void gradient_check(lab *l)
{
    const task *t = lab_task(
        l,
        &(task_config){ .source = LAB_CIFAR10, .preparation = STANDARDISED, .train = CHECK_ROWS, .dtype = TG_F64 });
    if (!t)
        return;
    checked c = { .l = l, .rows = &t->train, .l2 = 0.1 };
    c.net = tg_mlp_create(&(tg_mlp_config){ .sizes = (int64_t[]){ t->train.features, 10 },
                                            .n_sizes = 2,
                                            .dtype = TG_F64,
                                            .init = TG_INIT_NORMAL,
                                            .seed = l->seed },
                          &l->err);
    page_setting(l->page, "network", "3072-10, softmax, lambda %g, weights 0.01 normal, float64, %d rows", c.l2,
                 CHECK_ROWS);
    check(&c, "forward differences", true, 0);
    check(&c, "central differences", false, 0);
    tg_mlp_destroy(c.net);
}

/* R4.2 ------------------------------------------------------------------------------------------------------------- */

typedef struct setting {
    double lambda, rate;
    double test, cost, validation_cost; /* the report's */
    const char *why;                    /* its training cost differs */
} setting;

static const setting settings[] = {
    { 0, 0.1, 27.84, 5.074, 7.526,
      "the rate overshoots: the cost jumps from epoch to epoch, and its last value with it" },
    { 0, 0.001, 39.08, 1.609, 1.791, NULL },
    { 0.1, 0.001, 39.46, 0.3908, 1.903,
      "the report's slip: its validation cost is 1.903, and a training cost cannot be a fifth of that here" },
    { 1, 0.001, 37.38, 1.899, 1.958, NULL },
};
enum { SETTINGS = sizeof settings / sizeof settings[0] };

static const char other_data[] = "another edition of the pictures, and other random numbers";

enum { RUNS = 3 };

/* What is compared with the report, over the runs. */
typedef struct outcome {
    tg_running test, cost, validation_cost;
} outcome;

static const trained *run(lab *l, const task *t, const setting *s, int number, outcome *o)
{
    const trained *r = lab_train(
        l, t,
        &(plan){ .name = lab_text(l, "lambda %g, rate %g, run %d of %d", s->lambda, s->rate, number + 1, RUNS),
                 .init = TG_INIT_NORMAL,
                 .init_std = 0.01,
                 .l2 = s->lambda,
                 .lr = s->rate,
                 .batch = 100,
                 .in_order = true,
                 .epochs = lab_size(l, 40, 3),
                 .seed = (uint64_t)number,
                 .measure_train = true });
    tg_running_add(&o->test, lab_score(l, r, &t->test, NULL).accuracy);
    tg_running_add(&o->cost, lab_last(r)->train_loss);
    tg_running_add(&o->validation_cost, lab_last(r)->held_out_loss);
    return r;
}

static void compare(lab *l, const setting *s, const outcome *o)
{
    const char *name = lab_text(l, "lambda %g, rate %g", s->lambda, s->rate);
    lab_compare(l, lab_text(l, "test accuracy, %s", name), "%.2f", s->test, tg_running_mean(&o->test), "%",
                other_data);
    lab_compare(l, lab_text(l, "final training cost, %s", name), "%.4f", s->cost, tg_running_mean(&o->cost), "",
                s->why ? s->why : other_data);
    lab_compare(l, lab_text(l, "final validation cost, %s", name), "%.4f", s->validation_cost,
                tg_running_mean(&o->validation_cost), "", s->why && s->rate > 0.01 ? s->why : other_data);
    page_text(
        l->page,
        "Means of %d runs from as many seeds; their standard deviations are %.2f points of test accuracy, %.4f of "
        "training cost and %.4f of validation cost. The curves and weights are those of the first run.",
        RUNS, tg_running_deviation(&o->test, 1), tg_running_deviation(&o->cost, 1),
        tg_running_deviation(&o->validation_cost, 1));
}

static void four_settings(lab *l)
{
    const task *t = lab_task(
        l, &(task_config){
               .source = LAB_CIFAR10, .preparation = STANDARDISED, .train = 10000, .validation = 10000, .test = -1 });
    for (int i = 0; t && i < SETTINGS; i++) {
        const setting *s = &settings[i];
        const char *name = lab_text(l, "setting%d", i + 1);
        const char *title = lab_text(l, "λ = %g, rate %g", s->lambda, s->rate);
        page_section(l->page, title);
        outcome o = { 0 };
        const trained *r = run(l, t, s, 0, &o);
        for (int number = 1; number < RUNS; number++)
            run(l, t, s, number, &o);
        if (!lab_good(l))
            return;
        compare(l, s, &o);
        lab_draw_run(l, r, name, title, "validation");
        lab_draw_weights(l, r, lab_text(l, "%s-weights", name), lab_text(l, "The weights of each class, %s", title),
                         10);
    }
}

const experiment r4_experiments[] = {
    { "r4.1", "One-layer classifier: the gradient against forward and central differences",
      "The report checks the gradient of a one-layer softmax classifier with forward and with central differences, "
      "by the absolute difference and by |a - n| / max(eps, |a| + |n|), against a threshold of 1e-6. Here the "
      "library's "
      "checker does the same in float64; its slopes are extrapolated from two steps.",
      400, LAB_CIFAR10, gradient_check },
    { "r4.2", "One-layer classifier on CIFAR-10: four settings of weight penalty and rate",
      "Batch 1 of CIFAR-10 for training, batch 2 for validation, the test batch for the test; batches of 100, 40 "
      "epochs, weights 0.01 normal, cost = cross-entropy + lambda |W|^2. At rate 0.1 the steps overshoot: the cost "
      "rises and jumps, and the accuracy is ten points below that at rate 0.001; where such a run ends is chance, so "
      "each setting is run from three seeds.",
      400, LAB_CIFAR10, four_settings },
    { 0 },
};
