/* lab_train.c - plans of the experiments carried out: a network, an optimizer, a run of the training loop. */
#include <stdio.h>
#include <stdlib.h>

#include "lab.h"

static void free_net(void *net)
{
    tg_mlp_destroy(net);
}

static void free_record(void *record)
{
    fit_record_finish(record);
}

static tg_mlp *make_net(lab *l, const task *t, const plan *p)
{
    int64_t sizes[LAB_HIDDEN_MOST + 2] = { t->train.features };
    int n = 1;
    while (n <= LAB_HIDDEN_MOST && p->hidden[n - 1] > 0) {
        sizes[n] = p->hidden[n - 1];
        n++;
    }
    sizes[n++] = t->train.classes;
    return tg_mlp_create(&(tg_mlp_config){ .sizes = sizes,
                                           .n_sizes = n,
                                           .activation = p->activation,
                                           .dtype = t->train.dtype,
                                           .init = p->init,
                                           .init_std = p->init_std,
                                           .seed = l->seed + p->seed },
                         &l->err);
}

static tg_optimizer *make_optimizer(lab *l, const plan *p, tg_params *params)
{
    return p->method == ADAM ? tg_adam_create(params, &(tg_adam_config){ .lr = p->lr }, &l->err)
                             : tg_sgd_create(params, &(tg_sgd_config){ .lr = p->lr }, &l->err);
}

/* The rate times `decay` after each epoch. */
static tg_schedule make_schedule(const task *t, const plan *p)
{
    const int64_t rows = p->batch > 0 ? p->batch : t->train.n, count = (t->train.n - 1) / rows + 1;
    if (p->decay == 0)
        return (tg_schedule){ .lr = p->lr };
    return (tg_schedule){ .kind = TG_SCHEDULE_STEP, .lr = p->lr, .period = count, .factor = p->decay };
}

typedef struct watcher {
    lab *l;
    const char *name;
} watcher;

static bool watch(void *context, const fit_record *record, const fit_point *now, bool closed)
{
    const watcher *w = context;
    (void)closed;
    lab_progress(w->l, w->name, (double)now->samples / (double)record->total);
    return !lab_interrupted();
}

static void run(lab *l, trained *r, tg_optimizer *optimizer, by_hand *hand)
{
    const plan *p = r->plan;
    const task *t = r->task;
    tg_stopping stopping = p->stopping;
    watcher w = { l, p->name ? p->name : l->experiment->title };
    fit_run(
        &(fit_config){
            .net = r->net,
            .train = &t->train,
            .held_out = p->no_held_out    ? NULL
                        : t->validation.n ? &t->validation
                        : t->test.n       ? &t->test
                                          : NULL,
            .optimizer = optimizer,
            .schedule = make_schedule(t, p),
            .l2 = p->l2,
            .batch = p->batch,
            .in_order = p->in_order,
            .augment = p->augment,
            .seed = l->seed + p->seed,
            .epochs = p->epochs,
            .steps = p->steps,
            .record_every = p->record_every,
            .measure_every = p->measure_every,
            .measure_train = p->measure_train,
            .stopping = p->stopping.patience > 0 || p->stopping.epsilon > 0 ? &stopping : NULL,
            .keep_best = p->keep_best,
            .gradient = hand ? by_hand_gradient : NULL,
            .gradient_context = hand,
            .watch = watch,
            .watch_context = &w,
        },
        &r->record, &l->err);
    lab_keep(l, &r->record, free_record);
    if (r->record.interrupted)
        lab_fail(l, TG_ERR_STATE, "interrupted");
}

const trained *lab_train(lab *l, const task *t, const plan *p)
{
    trained *r = lab_room(l, 1, sizeof *r);
    plan *copy = lab_room(l, 1, sizeof *copy);
    if (!r || !copy || !t)
        return NULL;
    *copy = *p;
    *r = (trained){ .plan = copy, .task = t, .net = make_net(l, t, p), .caption = lab_describe(l, t, p) };
    if (!r->net || !lab_keep(l, r->net, free_net))
        return NULL;
    if (p->set_weights && p->set_weights(r->net, &l->err) != TG_OK)
        return NULL;
    tg_optimizer *optimizer = make_optimizer(l, p, tg_mlp_params(r->net));
    by_hand *hand = p->by_hand ? by_hand_create(r->net, p->l2, &l->err) : NULL;
    if (lab_good(l))
        run(l, r, optimizer, hand);
    by_hand_destroy(hand);
    tg_optimizer_destroy(optimizer);
    return lab_good(l) ? r : NULL;
}

const fit_point *lab_last(const trained *t)
{
    static const fit_point none = { .loss = NO_FIGURE,
                                    .accuracy = NO_FIGURE,
                                    .train_loss = NO_FIGURE,
                                    .train_accuracy = NO_FIGURE,
                                    .held_out_loss = NO_FIGURE,
                                    .held_out_accuracy = NO_FIGURE };
    return t && t->record.n > 0 ? &t->record.points[t->record.n - 1] : &none;
}

score lab_score(lab *l, const trained *t, const tg_dataset *set, int32_t *predicted)
{
    score s = { NO_FIGURE, NO_FIGURE };
    if (lab_good(l) && t && fit_measure(t->net, set, t->plan->l2, &s.loss, &s.accuracy, predicted, &l->err))
        s.accuracy *= 100;
    return s;
}
