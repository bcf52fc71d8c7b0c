/* fit.c - the training loop: batches, gradient, step, measure, record. */
#define _POSIX_C_SOURCE 200809L
#include "fit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MEASURE_ROWS = 500 };

double fit_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool fail(tg_error *err, tg_status status, const char *text)
{
    tg_error e = { .status = status };
    snprintf(e.text, sizeof e.text, "%s", text);
    if (err)
        *err = e;
    return false;
}

tg_tensor fit_loss(tg_mlp *net, tg_tensor logits, const int32_t *labels, double l2)
{
    tg_tensor loss = tg_cross_entropy(logits, labels, TG_MEAN);
    return l2 > 0 ? tg_add(loss, tg_mlp_l2(net, logits.tape, l2)) : loss;
}

/* Measuring -------------------------------------------------------------------------------------------------------- */

/* Sums over the rows seen. */
typedef struct tally {
    int64_t rows, right;
    double loss;
} tally;

static int32_t largest(const double *row, int classes)
{
    int32_t best = 0;
    for (int32_t j = 1; j < classes; j++)
        if (row[j] > row[best])
            best = j;
    return best;
}

static void count(tally *t, const double *logits, int classes, double loss, const tg_batch *b)
{
    for (int64_t i = 0; i < b->n; i++)
        t->right += largest(logits + i * classes, classes) == b->labels[i];
    t->rows += b->n;
    t->loss += loss * (double)b->n;
}

static double mean_loss(const tally *t)
{
    return t->loss / (double)t->rows;
}

static double accuracy(const tally *t)
{
    return (double)t->right / (double)t->rows;
}

/* Runs of forward passes over a set, and memory for their logits. */
typedef struct measure {
    tg_mlp *net;
    tg_tape *tape;
    double l2;
    double *logits; /* of MEASURE_ROWS rows */
} measure;

static bool measure_batch(const measure *m, const tg_batch *b, int classes, int32_t *predicted, tally *t,
                          tg_error *err)
{
    const tg_tensor logits = tg_mlp_forward(m->net, tg_wrap_batch(m->tape, b));
    const double loss = tg_item(fit_loss(m->net, logits, b->labels, m->l2));
    const bool good = tg_read_f64(logits, m->logits, b->n * classes) == TG_OK ||
                      fail(err, tg_tape_status(m->tape), tg_tape_message(m->tape));
    if (good)
        count(t, m->logits, classes, loss, b);
    for (int64_t i = 0; good && predicted && i < b->n; i++)
        predicted[i] = largest(m->logits + i * classes, classes);
    tg_tape_reset(m->tape);
    return good;
}

static bool measure_set(const measure *m, const tg_dataset *set, double *loss, double *share, int32_t *predicted,
                        tg_error *err)
{
    tg_batch b;
    tally t = { 0 };
    tg_batches *batches = tg_batches_create(set, &(tg_batches_config){ .size = MEASURE_ROWS, .in_order = true }, err);
    bool good = batches;
    const bool recorded = tg_tape_set_recording(m->tape, false);
    while (good && tg_batches_next(batches, &b))
        good = measure_batch(m, &b, set->classes, predicted ? predicted + t.rows : NULL, &t, err);
    tg_tape_set_recording(m->tape, recorded);
    tg_batches_destroy(batches);
    *loss = mean_loss(&t);
    *share = accuracy(&t);
    return good;
}

bool fit_measure(tg_mlp *net, const tg_dataset *set, double l2, double *loss, double *share, int32_t *predicted,
                 tg_error *err)
{
    measure m = { .net = net, .l2 = l2, .tape = tg_tape_create(tg_params_dtype(tg_mlp_params(net))) };
    m.logits = malloc(MEASURE_ROWS * (size_t)set->classes * sizeof *m.logits);
    const bool good = (m.logits || fail(err, TG_ERR_MEMORY, "no memory to measure")) &&
                      measure_set(&m, set, loss, share, predicted, err);
    free(m.logits);
    tg_tape_destroy(m.tape);
    return good;
}

/* A run ------------------------------------------------------------------------------------------------------------ */

typedef struct run {
    const fit_config *c;
    fit_record *record;
    tg_params *params, *best; /* best: a copy, with keep_best */
    tg_batches *batches;
    int64_t steps; /* to make in all */
    tg_tape *tape;
    double *logits; /* of a batch */
    tally tally;    /* since the last point */
    fit_point now;
    tg_error *err;
} run;

/* The loss before the step, and the gradients of all parameters. */
static bool differentiate(run *r, const tg_batch *b, double *loss)
{
    const fit_config *c = r->c;
    if (c->gradient)
        return c->gradient(c->gradient_context, b, r->logits, loss, r->err) == TG_OK;
    const tg_tensor logits = tg_mlp_forward(c->net, tg_wrap_batch(r->tape, b));
    const tg_tensor total = fit_loss(c->net, logits, b->labels, c->l2);
    const bool good =
        tg_backward(total) == TG_OK && tg_read_f64(logits, r->logits, b->n * c->train->classes) == TG_OK;
    *loss = good ? tg_item(total) : nan("");
    if (!good)
        fail(r->err, tg_tape_status(r->tape), tg_tape_message(r->tape));
    tg_tape_reset(r->tape);
    return good;
}

static bool update(run *r)
{
    const fit_config *c = r->c;
    if (c->clip > 0 && tg_params_clip_grad_norm(r->params, c->clip, NULL, r->err) != TG_OK)
        return false;
    if (c->schedule.lr > 0)
        tg_optimizer_set_lr(c->optimizer, tg_schedule_lr(&c->schedule, r->now.steps));
    return tg_optimizer_step(c->optimizer) == TG_OK || fail(r->err, TG_ERR_STATE, tg_optimizer_message(c->optimizer));
}

static bool step(run *r, const tg_batch *b)
{
    double loss;
    tg_params_zero_grad(r->params);
    if (!differentiate(r, b, &loss))
        return false;
    if (!isfinite(loss))
        return fail(r->err, TG_ERR_NONFINITE, "the loss is no longer finite; a smaller learning rate may help");
    count(&r->tally, r->logits, r->c->train->classes, loss, b);
    return update(r);
}

/* Brings the open point up to date. */
static void add_to_point(run *r, const tg_batch *b, double seconds)
{
    fit_point *p = &r->now;
    p->steps++;
    p->samples += b->n;
    p->rows = r->tally.rows;
    p->epoch = (p->samples - 1) / r->c->train->n + 1;
    p->lr = tg_optimizer_lr(r->c->optimizer);
    p->loss = mean_loss(&r->tally);
    p->accuracy = accuracy(&r->tally);
    p->seconds += seconds;
    r->record->seconds += seconds;
}

static bool measure_point(run *r)
{
    const fit_config *c = r->c;
    fit_point *p = &r->now;
    const measure m = { .net = c->net, .tape = r->tape, .l2 = c->l2, .logits = r->logits };
    return (!c->measure_train || measure_set(&m, c->train, &p->train_loss, &p->train_accuracy, NULL, r->err)) &&
           (!c->held_out || measure_set(&m, c->held_out, &p->held_out_loss, &p->held_out_accuracy, NULL, r->err));
}

static bool keep_point(run *r)
{
    fit_record *record = r->record;
    if (record->n == record->capacity) {
        const int64_t capacity = record->capacity ? 2 * record->capacity : 64;
        fit_point *points = realloc(record->points, (size_t)capacity * sizeof *points);
        if (!points)
            return fail(r->err, TG_ERR_MEMORY, "no memory for the record of the training");
        record->points = points;
        record->capacity = capacity;
    }
    record->points[record->n++] = r->now;
    return true;
}

/* A point that was not measured, with accuracies of NaN, is never the best. */
static bool keep_if_best(run *r)
{
    fit_record *record = r->record;
    const int64_t last = record->n - 1;
    const double accuracy_now = record->points[last].held_out_accuracy;
    const double accuracy_best = record->points[record->best].held_out_accuracy;
    const bool best = r->best ? accuracy_now > accuracy_best || (isnan(accuracy_best) && !isnan(accuracy_now)) : true;
    if (!best)
        return true;
    record->best = last;
    return !r->best || tg_params_copy(r->best, r->params, r->err) == TG_OK;
}

static void open_point(run *r)
{
    fit_point *p = &r->now;
    r->tally = (tally){ 0 };
    p->rows = 0;
    p->seconds = 0;
    p->loss = p->accuracy = nan("");
    p->train_loss = p->train_accuracy = p->held_out_loss = p->held_out_accuracy = nan("");
}

/* What the stopping rule is given. */
static double watched(const run *r)
{
    const fit_point *p = &r->now;
    if (!r->c->held_out)
        return r->c->stopping->larger ? p->accuracy : p->loss;
    return r->c->stopping->larger ? p->held_out_accuracy : p->held_out_loss;
}

/* Measures where it is time to, and appends the point. `stop` says that it is the last one; it is set where the watch
   or the stopping rule ends the run. */
static bool close_point(run *r, bool *stop)
{
    const fit_config *c = r->c;
    fit_record *record = r->record;
    const int64_t every = c->measure_every > 0 ? c->measure_every : 1;
    const bool measured = *stop || (record->n + 1) % every == 0;
    if ((measured && !measure_point(r)) || !keep_point(r) || !keep_if_best(r))
        return false;
    if (record->n == 1)
        record->settled = tg_tape_memory(r->tape);
    if (measured && c->stopping && tg_stopping_update(c->stopping, watched(r)) && !*stop)
        *stop = record->stopped = true;
    if (c->watch && !c->watch(c->watch_context, record, &r->now, true) && !*stop)
        *stop = record->interrupted = true;
    open_point(r);
    return true;
}

/* One pass over the data, or its part until the run ends. */
static bool epoch(run *r, bool *stop)
{
    const fit_config *c = r->c;
    const int64_t count = tg_batches_count(r->batches);
    tg_batch b;
    while (!*stop) {
        const double started = fit_seconds();
        if (!tg_batches_next(r->batches, &b))
            return true;
        if (!step(r, &b))
            return false;
        add_to_point(r, &b, fit_seconds() - started);
        if (c->watch && !c->watch(c->watch_context, r->record, &r->now, false))
            *stop = r->record->interrupted = true;
        *stop = *stop || r->now.steps == r->steps;
        if ((*stop || r->now.steps % (c->record_every ? c->record_every : count) == 0) && !close_point(r, stop))
            return false;
    }
    return true;
}

static bool train(run *r)
{
    bool stop = false;
    open_point(r);
    while (!stop)
        if (!epoch(r, &stop))
            return false;
    const bool kept = r->best && !isnan(r->record->points[r->record->best].held_out_accuracy);
    return !kept || tg_params_copy(r->params, r->best, r->err) == TG_OK;
}

/* Moves to where the training stood: the order of an epoch depends on the seed and its number only. */
static void go_to_start(run *r, int64_t count, int64_t rows)
{
    tg_batch b;
    r->now.steps = r->c->start;
    r->now.samples = r->c->start / count * r->c->train->n + r->c->start % count * rows;
    tg_batches_start(r->batches, r->c->start / count);
    for (int64_t i = r->c->start % count; i > 0; i--)
        tg_batches_next(r->batches, &b);
}

static bool begin(run *r)
{
    const fit_config *c = r->c;
    const int64_t rows = c->batch > 0 ? c->batch : c->train->n;
    const int64_t capacity = rows > MEASURE_ROWS ? rows : MEASURE_ROWS;
    r->params = tg_mlp_params(c->net);
    r->batches = tg_batches_create(
        c->train,
        &(tg_batches_config){
            .size = rows, .seed = c->seed, .in_order = c->in_order || rows >= c->train->n, .augment = c->augment },
        r->err);
    if (!r->batches || (c->keep_best && !(r->best = tg_params_clone(r->params, tg_params_dtype(r->params), r->err))))
        return false;
    r->logits = malloc((size_t)capacity * (size_t)c->train->classes * sizeof *r->logits);
    if (!r->logits)
        return fail(r->err, TG_ERR_MEMORY, "no memory for the logits of a batch");
    r->tape = tg_tape_create(tg_params_dtype(r->params));
    const int64_t count = tg_batches_count(r->batches), n = c->train->n;
    r->steps = c->steps > 0 ? c->steps : c->epochs * count;
    r->record->steps_per_epoch = (double)count;
    r->record->total = r->steps / count * n + r->steps % count * rows;
    go_to_start(r, count, rows);
    return true;
}

bool fit_run(const fit_config *config, fit_record *record, tg_error *err)
{
    *record = (fit_record){ 0 };
    run r = { .c = config, .record = record, .err = err };
    const bool good = begin(&r) && train(&r);
    if (good)
        record->end = tg_tape_memory(r.tape);
    tg_tape_destroy(r.tape);
    tg_batches_destroy(r.batches);
    tg_params_destroy(r.best);
    free(r.logits);
    return good;
}

void fit_record_finish(fit_record *record)
{
    free(record->points);
    *record = (fit_record){ 0 };
}
