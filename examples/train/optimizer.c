/* optimizer.c - optimizers and schedules by name, with learning rates that suit them. */
#include <math.h>

#include "train.h"

static tg_optimizer *make_sgd(const options *o, tg_params *params, tg_error *err)
{
    return tg_sgd_create(
        params, &(tg_sgd_config){ .lr = o->lr, .momentum = o->momentum, .weight_decay = o->weight_decay }, err);
}

static tg_optimizer *make_nesterov(const options *o, tg_params *params, tg_error *err)
{
    return tg_sgd_create(
        params,
        &(tg_sgd_config){ .lr = o->lr, .momentum = o->momentum, .weight_decay = o->weight_decay, .nesterov = true },
        err);
}

static tg_optimizer *make_adam(const options *o, tg_params *params, tg_error *err)
{
    return tg_adam_create(params, &(tg_adam_config){ .lr = o->lr, .weight_decay = o->weight_decay }, err);
}

static tg_optimizer *make_adamw(const options *o, tg_params *params, tg_error *err)
{
    const double decay = o->weight_decay > 0 ? o->weight_decay : TG_ZERO;
    return tg_adamw_create(params, &(tg_adam_config){ .lr = o->lr, .weight_decay = decay }, err);
}

/* `lr` suits batches of 64 and no momentum. With n times the rows in a batch, fewer steps with less noise are made:
   SGD then takes n times the rate, as long as it stays stable, and Adam sqrt n times. */
static const struct method {
    const char *name;
    double lr, power, most; /* most: the largest factor that a batch is worth */
    double momentum, weight_decay;
    bool has_momentum;
    tg_optimizer *(*make)(const options *o, tg_params *params, tg_error *err);
} methods[] = {
    { "sgd", 0.3, 1, 8, 0.9, 0, true, make_sgd },
    { "nesterov", 0.3, 1, 8, 0.9, 0, true, make_nesterov },
    { "adam", 0.002, 0.5, 4, 0, 0, false, make_adam },
    { "adamw", 0.002, 0.5, 4, 0, 0.01, false, make_adamw },
};

static const char *const schedules[] = {
    [TG_SCHEDULE_CONSTANT] = "constant",
    [TG_SCHEDULE_STEP] = "step",
    [TG_SCHEDULE_EXPONENTIAL] = "exponential",
    [TG_SCHEDULE_COSINE] = "cosine",
};

const char *optimizer_name(int i)
{
    return (size_t)i < sizeof methods / sizeof methods[0] ? methods[i].name : NULL;
}

const char *schedule_name(int i)
{
    return (size_t)i < sizeof schedules / sizeof schedules[0] ? schedules[i] : NULL;
}

bool optimizer_has_momentum(int i)
{
    return methods[i].has_momentum;
}

void suit_optimizer(options *o)
{
    const struct method *m = &methods[o->optimizer];
    if (o->momentum < 0)
        o->momentum = m->momentum;
    if (o->weight_decay < 0)
        o->weight_decay = m->weight_decay;
    if (o->lr < 0)
        o->lr = m->lr * (1 - o->momentum) * source_at(o->data)->pace *
                fmin(m->most, pow((double)o->batch / 64, m->power));
}

tg_optimizer *make_optimizer(const options *o, tg_params *params, tg_error *err)
{
    return methods[o->optimizer].make(o, params, err);
}

/* Over all the steps of the run: a twentieth of them to warm up, which large rates need; then a step down to a tenth
   after each third, an exponential down to a hundredth, or a half cosine down to 0. */
tg_schedule make_schedule(const options *o, int64_t steps)
{
    const bool stairs = o->schedule == TG_SCHEDULE_STEP;
    const int64_t warmup = steps / 20, rest = steps - warmup, period = stairs ? (rest + 2) / 3 : rest;
    return (tg_schedule){
        .kind = (tg_schedule_kind)o->schedule,
        .lr = o->lr,
        .warmup = warmup,
        .period = period > 0 ? period : 1,
        .factor = stairs ? 0.1 : 0.01,
    };
}
