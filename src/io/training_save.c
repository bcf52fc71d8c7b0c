/* training_save.c - parameters, optimizer, generator and position of a training, written to one file. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/format.h"
#include "core/status.h"
#include "io/training.h"
#include "io/write.h"

/* Metadata --------------------------------------------------------------------------------------------------------- */

enum { PAIRS = 32, KEY_BYTES = 48 };

typedef struct own {
    int n;
    char key[PAIRS][KEY_BYTES], value[PAIRS][TG_NUMBER_BYTES];
    const char *pairs[2 * PAIRS + 1];
} own;

/* Adds a pair and returns the place of its value. */
static char *add(own *o, const char *key, const char *end)
{
    snprintf(o->key[o->n], KEY_BYTES, "%s%s", key, end);
    o->pairs[2 * o->n] = o->key[o->n];
    o->pairs[2 * o->n + 1] = o->value[o->n];
    return o->value[o->n++];
}

static void add_whole(own *o, const char *key, uint64_t value)
{
    snprintf(add(o, key, ""), TG_NUMBER_BYTES, "%" PRIu64, value);
}

static void add_optimizer(own *o, const tg_optimizer *optimizer)
{
    const tg_optimizer_kind *kind = optimizer->kind;
    snprintf(add(o, TG_KEY_OPTIMIZER, ""), TG_NUMBER_BYTES, "%s", kind->name);
    add_whole(o, TG_KEY_STEPS, (uint64_t)optimizer->total);
    tg_number_text(add(o, TG_KEY_LR, ""), optimizer->lr, 17);
    for (int i = 0; i < kind->n_settings; i++)
        tg_number_text(add(o, TG_KEY_SETTING, kind->settings[i].name),
                       tg_setting_value(&kind->settings[i], optimizer->config), 17);
}

static void fill_own(own *o, const tg_training *t)
{
    add_whole(o, TG_TRAINING_KEY, TG_TRAINING_FORMAT);
    add_whole(o, TG_KEY_EPOCH, (uint64_t)t->epoch);
    add_whole(o, TG_KEY_BATCH, (uint64_t)t->batch);
    if (t->rng) {
        add_whole(o, TG_KEY_SEED, t->rng->seed);
        add_whole(o, TG_KEY_POSITION, t->rng->position);
    }
    if (t->optimizer)
        add_optimizer(o, t->optimizer);
}

/* Tensors ---------------------------------------------------------------------------------------------------------- */

/* The parameters; then, for each parameter of the optimizer, its steps and its part of each array. */
static void get_tensor(const void *source, int64_t i, tg_content *out)
{
    const tg_training *t = source;
    const tg_optimizer *o = t->optimizer;
    const tg_params *p = t->params ? t->params : o->params;
    const int list = (int)(i / p->n) - (t->params ? 1 : 0); /* -1: the values */
    const tg_parameter *q = &p->at[i % p->n];
    out->name = q->name;
    out->dtype = p->dtype;
    out->shape = q->extent.shape;
    if (list < 0) {
        out->values = tg_params_element(p, p->values, q->offset);
    } else if (list == 0) {
        out->prefix = TG_STATE_PREFIX TG_STATE_STEPS ".";
        out->dtype = TG_F64;
        out->shape = TG_SCALAR;
        out->number = (double)o->steps[i % p->n];
        out->values = &out->number;
    } else {
        const int state = tg_training_state(o, list - 1);
        snprintf(out->text, sizeof out->text, TG_STATE_PREFIX "%s.", o->kind->states[state]);
        out->prefix = out->text;
        out->values = tg_params_element(p, o->state[state], q->offset);
    }
}

int tg_training_state(const tg_optimizer *o, int n)
{
    for (int k = 0; k < TG_UPDATE_STATES; k++)
        if (o->state[k] && n-- == 0)
            return k;
    return -1;
}

static int64_t count_tensors(const tg_training *t)
{
    int64_t lists = t->params ? 1 : 0;
    if (t->optimizer)
        for (lists++; tg_training_state(t->optimizer, (int)lists - 1 - (t->params ? 1 : 0)) >= 0;)
            lists++;
    return lists * (t->params ? t->params : t->optimizer->params)->n;
}

/* Arguments -------------------------------------------------------------------------------------------------------- */

tg_status tg_training_check(const tg_training *t, const char *path, const char *what, tg_error *err)
{
    if (!t || !path)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: %s is NULL", what, t ? "path" : "training");
    if (!t->params && !t->optimizer)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: params and optimizer are both NULL", what);
    if (t->params && t->optimizer && t->optimizer->params != t->params)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the optimizer is one of another parameter set", what);
    return TG_OK;
}

static tg_status check(const tg_training *t, const char *what, tg_error *err)
{
    if (t->epoch < 0 || t->batch < 0)
        return tg_error_raise(err, TG_ERR_ARGUMENT,
                              "%s: epoch %" PRId64 " and batch %" PRId64 ", expected at least 0", what, t->epoch,
                              t->batch);
    const tg_params *p = t->params ? t->params : t->optimizer->params;
    for (int i = 0; i < p->n; i++)
        if (strncmp(p->at[i].name, TG_STATE_PREFIX, sizeof TG_STATE_PREFIX - 1) == 0)
            return tg_error_raise(err, TG_ERR_ARGUMENT,
                                  "%s: the name of parameter %d begins with " TG_STATE_PREFIX
                                  ", which the state of optimizers has",
                                  what, i);
    return tg_params_check_names(p, what, err);
}

tg_status tg_training_save(const tg_training *t, const char *path, tg_error *err)
{
    const char *what = "training_save";
    tg_status status = tg_training_check(t, path, what, err);
    if (status == TG_OK)
        status = check(t, what, err);
    if (status != TG_OK)
        return status;
    own o = { 0 };
    fill_own(&o, t);
    const tg_contents contents = {
        .what = what, .source = t, .n = count_tensors(t), .get = get_tensor, .metadata = { t->metadata, o.pairs }
    };
    const tg_params *p = t->params ? t->params : t->optimizer->params;
    return tg_contents_write(&contents, path, &p->allocator, err);
}
