/* train.c - trains a multi-layer perceptron on a data set: the main job. train --help lists the options. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <signal.h>
#include <stdlib.h>

#include "train.h"

enum { WRONG_USE = 2, TEST_ROWS = 500 };

typedef struct run {
    options o;
    problem data;
    record record;
    tg_mlp *net;
    tg_optimizer *optimizer;
    tg_schedule schedule;
    tg_batches *batches, *test_batches;
    tg_tape *tape;
    double *logits; /* of a batch */
} run;

static bool fail(const run *r, const char *text)
{
    end_progress(&r->record);
    fprintf(stderr, "train: %s\n", text);
    return false;
}

/* Ctrl-C ----------------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    stopped = signal;
}

/* The first signal ends the training, and what was learned is saved; a second one kills. */
static void catch_signals(void)
{
    struct sigaction action = { .sa_handler = stop, .sa_flags = (int)SA_RESETHAND | SA_RESTART };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* Making ----------------------------------------------------------------------------------------------------------- */

static bool make_network(run *r, tg_error *err)
{
    const options *o = &r->o;
    int64_t layers[HIDDEN_MOST + 2] = { r->data.train.features };
    for (int i = 0; i < o->hidden.n; i++)
        layers[i + 1] = o->hidden.size[i];
    layers[o->hidden.n + 1] = r->data.train.classes;
    r->net = tg_mlp_create(&(tg_mlp_config){ .sizes = layers,
                                             .n_sizes = o->hidden.n + 2,
                                             .activation = (tg_activation)o->activation,
                                             .dtype = (tg_dtype)o->dtype,
                                             .seed = (uint64_t)o->seed },
                           err);
    return r->net && (!o->load || tg_params_load(tg_mlp_params(r->net), o->load, err) == TG_OK);
}

static bool make_batches(run *r, tg_error *err)
{
    r->batches = tg_batches_create(&r->data.train,
                                   &(tg_batches_config){ .size = r->o.batch, .seed = (uint64_t)r->o.seed }, err);
    if (r->batches)
        r->test_batches =
            tg_batches_create(&r->data.test, &(tg_batches_config){ .size = TEST_ROWS, .in_order = true }, err);
    return r->test_batches;
}

static bool make_room(run *r, tg_error *err)
{
    const int64_t rows = r->o.batch > TEST_ROWS ? r->o.batch : TEST_ROWS;
    r->logits = calloc((size_t)rows * (size_t)r->data.train.classes, sizeof *r->logits);
    r->record.epochs = calloc((size_t)r->o.epochs + 1, sizeof *r->record.epochs);
    if (r->logits && r->record.epochs)
        return true;
    *err = (tg_error){ TG_ERR_MEMORY, "no memory" };
    return false;
}

static bool make(run *r)
{
    tg_error err = { 0 };
    if (r->o.threads > 0)
        tg_set_num_threads((int)r->o.threads);
    if (problem_init(&r->data, &r->o, &err) != TG_OK || !make_network(r, &err) || !make_batches(r, &err) ||
        !make_room(r, &err))
        return fail(r, err.text);
    r->optimizer = make_optimizer(&r->o, tg_mlp_params(r->net), &err);
    if (!r->optimizer)
        return fail(r, err.text);
    r->schedule = make_schedule(&r->o, r->o.epochs * tg_batches_count(r->batches));
    r->tape = tg_tape_create((tg_dtype)r->o.dtype);
    r->record.o = &r->o;
    r->record.data = &r->data;
    r->record.net = r->net;
    r->record.samples = r->o.epochs * r->data.train.n;
    return true;
}

static void finish(run *r)
{
    tg_tape_destroy(r->tape);
    tg_optimizer_destroy(r->optimizer);
    tg_batches_destroy(r->batches);
    tg_batches_destroy(r->test_batches);
    tg_mlp_destroy(r->net);
    problem_finish(&r->data);
    free(r->record.epochs);
    free(r->logits);
}

static bool check(const run *r)
{
    tg_gradcheck_report report;
    check_gradient(r->net, &r->data.train, r->o.l2, &report);
    if (!report.passed)
        return fail(r, report.text);
    print_check(&r->record, &report);
    return true;
}

/* Training and testing --------------------------------------------------------------------------------------------- */

/* Sums over the rows seen. */
typedef struct tally {
    int64_t rows, right;
    double loss;
} tally;

static bool count(run *r, tally *t, tg_tensor logits, double loss, const tg_batch *b)
{
    const int classes = r->data.train.classes;
    if (tg_read_f64(logits, r->logits, b->n * classes) != TG_OK)
        return fail(r, tg_tape_message(r->tape));
    for (int64_t i = 0; i < b->n; i++) {
        const double *row = r->logits + i * classes;
        int best = 0;
        for (int j = 1; j < classes; j++)
            if (row[j] > row[best])
                best = j;
        t->right += best == b->labels[i];
    }
    t->rows += b->n;
    t->loss += loss * (double)b->n;
    return true;
}

static bool test(run *r)
{
    tg_batch b;
    tally t = { 0 };
    bool good = true;
    tg_tape_set_recording(r->tape, false);
    while (good && tg_batches_next(r->test_batches, &b)) {
        const tg_tensor logits = tg_mlp_forward(r->net, tg_wrap_batch(r->tape, &b));
        const tg_tensor loss = tg_cross_entropy(logits, b.labels, TG_MEAN);
        good = count(r, &t, logits, tg_item(loss), &b);
        tg_tape_reset(r->tape);
    }
    tg_tape_set_recording(r->tape, true);
    r->record.test_loss = t.loss / (double)t.rows;
    r->record.test_accuracy = (double)t.right / (double)t.rows;
    return good;
}

static bool update(run *r)
{
    tg_error err;
    const double lr = tg_schedule_lr(&r->schedule, tg_optimizer_steps(r->optimizer));
    if (r->o.clip > 0 && tg_params_clip_grad_norm(tg_mlp_params(r->net), r->o.clip, NULL, &err) != TG_OK)
        return fail(r, err.text);
    if (tg_optimizer_set_lr(r->optimizer, lr) != TG_OK || tg_optimizer_step(r->optimizer) != TG_OK)
        return fail(r, tg_optimizer_message(r->optimizer));
    return true;
}

static bool step(run *r, tally *t, const tg_batch *b)
{
    tg_params_zero_grad(tg_mlp_params(r->net));
    const tg_tensor logits = tg_mlp_forward(r->net, tg_wrap_batch(r->tape, b));
    const tg_tensor loss = loss_of(r->net, logits, b->labels, r->o.l2);
    if (tg_backward(loss) != TG_OK)
        return fail(r, tg_tape_message(r->tape));
    const double value = tg_item(loss);
    if (!isfinite(value))
        return fail(r, "the loss is no longer finite; a smaller --lr may help");
    const bool good = count(r, t, logits, value, b) && update(r);
    tg_tape_reset(r->tape);
    return good;
}

static void note(run *r, const tally *t, epoch *e)
{
    e->lr = tg_optimizer_lr(r->optimizer);
    e->loss = t->loss / (double)t->rows;
    e->accuracy = (double)t->right / (double)t->rows;
    e->rows = t->rows;
}

/* One epoch, or its part until a signal comes. */
static bool train_epoch(run *r)
{
    record *const log = &r->record;
    epoch *const e = &log->epochs[log->n_epochs];
    const epoch before = { .samples = log->trained, .seconds = log->seconds };
    const double started = seconds_now();
    tg_batch b;
    tally t = { 0 };
    e->number = log->n_epochs + 1;
    while (!stopped && tg_batches_next(r->batches, &b)) {
        if (!step(r, &t, &b))
            return false;
        note(r, &t, e);
        e->seconds = seconds_now() - started;
        log->seconds = before.seconds + e->seconds;
        log->trained = e->samples = before.samples + e->rows;
        print_progress(log, e);
    }
    if (e->rows == 0)
        return true;
    log->n_epochs++;
    if (!test(r))
        return false;
    e->test_loss = log->test_loss;
    e->test_accuracy = log->test_accuracy;
    print_epoch(log, e);
    return true;
}

static bool train(run *r)
{
    if (r->o.epochs > 0)
        print_columns(&r->record);
    while (!stopped && r->record.n_epochs < r->o.epochs) {
        if (!train_epoch(r))
            return false;
        if (r->record.n_epochs == 1)
            r->record.settled = tg_tape_memory(r->tape);
    }
    r->record.interrupted = stopped != 0;
    r->record.end = tg_tape_memory(r->tape);
    return r->record.n_epochs > 0 || test(r);
}

/* Saving ----------------------------------------------------------------------------------------------------------- */

/* With what is needed to use the parameters: which network they fit, and how its inputs were prepared. */
static bool save_params(const run *r)
{
    char hidden[512], mean[32], deviation[32];
    const options *o = &r->o;
    snprintf(mean, sizeof mean, "%.17g", r->data.mean);
    snprintf(deviation, sizeof deviation, "%.17g", r->data.deviation);
    const char *const about[] = {
        /* clang-format off */
        "data", source_at(o->data)->name,
        "hidden", sizes_text(&o->hidden, hidden, sizeof hidden),
        "activation", tg_activation_name((tg_activation)o->activation),
        "mean", mean,
        "deviation", deviation,
        NULL,
        /* clang-format on */
    };
    tg_error err;
    return !o->save || tg_params_save_with(tg_mlp_params(r->net), o->save, about, &err) == TG_OK || fail(r, err.text);
}

/* Each file for itself: where one cannot be written, the others are. */
static bool save(const run *r)
{
    const bool params = save_params(r);
    const bool csv = write_csv(&r->record, r->o.csv);
    const bool json = write_json(&r->record, r->o.json);
    if (params && csv && json)
        print_end(&r->record);
    return params && csv && json;
}

static bool can_save(const options *o)
{
    return can_write(o->save) && can_write(o->csv) && can_write(o->json);
}

static int work(run *r)
{
    if (!can_save(&r->o) || !make(r))
        return EXIT_FAILURE;
    print_heading(&r->record);
    if (!check(r))
        return EXIT_FAILURE;
    catch_signals();
    if (!train(r))
        return EXIT_FAILURE;
    const bool saved = save(r);
    printf("test accuracy %.2f %%\n", 100 * r->record.test_accuracy);
    return !saved ? EXIT_FAILURE : stopped ? 128 + stopped : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    run r = { 0 };
    if (!read_options(&r.o, argc, argv))
        return WRONG_USE;
    if (r.o.help) {
        print_help();
        return EXIT_SUCCESS;
    }
    const int status = work(&r);
    finish(&r);
    return status;
}
