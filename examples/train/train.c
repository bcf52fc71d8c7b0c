/* train.c - trains a multi-layer perceptron on a data set. train --help lists the options. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "train.h"

enum { WRONG_USE = 2 };

typedef struct run {
    options o;
    problem data;
    record record;
    tg_mlp *net;
    tg_optimizer *optimizer;
    tg_gradcheck_report check;
    page *page;      /* of --report, until it is closed */
    char *arguments; /* as typed */
    int64_t count;   /* steps of an epoch */
    int64_t start;   /* steps made before */
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

/* Training --------------------------------------------------------------------------------------------------------- */

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

/* The state of a training that was saved. */
static bool resume(run *r, tg_error *err)
{
    tg_training t = { .params = tg_mlp_params(r->net), .optimizer = r->optimizer };
    if (tg_training_load(&t, r->o.resume, err) != TG_OK)
        return fail(r, err->text);
    if (t.epoch > r->o.epochs || t.batch >= r->count || (t.epoch == r->o.epochs && t.batch > 0))
        return fail(r, "the training to resume went on for longer than --epochs, or has other data");
    r->start = t.epoch * r->count + t.batch;
    return true;
}

static bool make(run *r)
{
    tg_error err = { 0 };
    if (r->o.threads > 0)
        tg_set_num_threads((int)r->o.threads);
    if (problem_init(&r->data, &r->o, &err) != TG_OK || !make_network(r, &err))
        return fail(r, err.text);
    r->optimizer = make_optimizer(&r->o, tg_mlp_params(r->net), &err);
    if (!r->optimizer)
        return fail(r, err.text);
    r->count = (r->data.train.n - 1) / r->o.batch + 1;
    if (r->o.resume && !resume(r, &err))
        return false;
    r->record.o = &r->o;
    r->record.data = &r->data;
    r->record.net = r->net;
    return true;
}

static void finish(run *r)
{
    page_abandon(r->page);
    free(r->arguments);
    fit_record_finish(&r->record.fit);
    tg_optimizer_destroy(r->optimizer);
    tg_mlp_destroy(r->net);
    problem_finish(&r->data);
}

/* A wrong gradient ends the run; a check that could not judge it does not. */
static bool check(run *r)
{
    check_gradient(r->net, &r->data.train, r->o.l2, &r->check);
    if (r->check.passed)
        print_check(&r->record, &r->check);
    else if (has_fault(&r->check))
        return fail(r, r->check.text);
    else
        fprintf(stderr, "train: warning: the gradient could not be judged: %s\n", r->check.text);
    return true;
}

/* Before the work, so that a folder that cannot be made is found in time. */
static bool begin_page(run *r)
{
    tg_error err = { 0 };
    if (!r->o.report)
        return true;
    r->page = open_page(&r->o, r->arguments, &err);
    return r->page || fail(r, err.text);
}

/* Training and testing --------------------------------------------------------------------------------------------- */

static bool watch(void *context, const fit_record *fit, const fit_point *now, bool closed)
{
    record *log = context;
    if (closed)
        print_epoch(log, fit, now);
    else
        print_progress(log, fit, now);
    return !stopped && now->steps != log->last_step;
}

static bool train(run *r)
{
    const options *o = &r->o;
    record *log = &r->record;
    tg_error err = { 0 };
    print_columns(log);
    log->last_step = o->stop > 0 ? r->start + o->stop : -1;
    const fit_config config = { .net = r->net,
                                .train = &r->data.train,
                                .held_out = &r->data.test,
                                .optimizer = r->optimizer,
                                .schedule = make_schedule(o, o->epochs * r->count),
                                .l2 = o->l2,
                                .clip = o->clip,
                                .batch = o->batch,
                                .seed = (uint64_t)o->seed,
                                .epochs = o->epochs,
                                .start = r->start,
                                .watch = watch,
                                .watch_context = log };
    if (fit_run(&config, &log->fit, &err))
        return true;
    return fail(r,
                err.status == TG_ERR_NONFINITE ? "the loss is no longer finite; a smaller --lr may help" : err.text);
}

static bool test(run *r)
{
    tg_error err = { 0 };
    record *log = &r->record;
    return fit_measure(r->net, &r->data.test, r->o.l2, &log->test_loss, &log->test_accuracy, NULL, &err) ||
           fail(r, err.text);
}

/* Saving ----------------------------------------------------------------------------------------------------------- */

/* With what is needed to go on, and to use the parameters: how the inputs were prepared. */
static bool save_training(const run *r)
{
    char mean[32], deviation[32], texts[OPTIONS_MOST][OPTION_BYTES];
    const char *about[2 * OPTIONS_MOST + 5];
    const options *o = &r->o;
    snprintf(mean, sizeof mean, "%.17g", r->data.mean);
    snprintf(deviation, sizeof deviation, "%.17g", r->data.deviation);
    const char *const prepared[] = { "mean", mean, "deviation", deviation, NULL };
    memcpy(about + 2 * option_pairs(o, about, texts), prepared, sizeof prepared);
    const fit_record *fit = &r->record.fit;
    const int64_t steps = fit->n > 0 ? fit->points[fit->n - 1].steps : r->start;
    const tg_training t = { .params = tg_mlp_params(r->net),
                            .optimizer = r->optimizer,
                            .epoch = steps / r->count,
                            .batch = steps % r->count,
                            .metadata = about };
    tg_error err;
    return !o->save || tg_training_save(&t, o->save, &err) == TG_OK || fail(r, err.text);
}

static bool save_page(run *r)
{
    tg_error err = { 0 };
    page *p = r->page;
    r->page = NULL;
    return !p || close_page(p, &r->record, r->net, &r->check, &err) || fail(r, err.text);
}

/* Each file for itself: where one cannot be written, the others are. */
static bool save(run *r)
{
    const bool params = save_training(r);
    const bool csv = write_csv(&r->record, r->o.csv);
    const bool json = write_json(&r->record, r->o.json);
    const bool shown = save_page(r);
    if (params && csv && json && shown)
        print_end(&r->record);
    return params && csv && json && shown;
}

static bool can_save(const options *o)
{
    return can_write(o->save) && can_write(o->csv) && can_write(o->json);
}

static int work(run *r)
{
    if (!can_save(&r->o) || !make(r) || !begin_page(r))
        return EXIT_FAILURE;
    catch_signals();
    print_heading(&r->record);
    if (!check(r))
        return EXIT_FAILURE;
    if ((r->start < r->o.epochs * r->count && !train(r)) || !test(r))
        return EXIT_FAILURE;
    const bool saved = save(r);
    printf("test accuracy %.2f %%\n", 100 * r->record.test_accuracy);
    return !saved ? EXIT_FAILURE : stopped ? 128 + stopped : EXIT_SUCCESS;
}

/* The command as it was typed, for the page. */
static char *join(int argc, char **argv)
{
    size_t size = 1;
    for (int i = 1; i < argc; i++)
        size += strlen(argv[i]) + 1;
    char *text = malloc(size + sizeof "train");
    if (text)
        strcpy(text, "train");
    for (int i = 1; text && i < argc; i++)
        strcat(strcat(text, " "), argv[i]);
    return text;
}

int main(int argc, char **argv)
{
    run r = { .arguments = join(argc, argv) };
    int status = WRONG_USE;
    if (read_options(&r.o, argc, argv)) {
        status = EXIT_SUCCESS;
        if (r.o.help)
            print_help();
        else
            status = work(&r);
    }
    finish(&r);
    return status;
}
