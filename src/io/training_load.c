/* training_load.c - parameters, optimizer, generator and position of a training, read from one file. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/format.h"
#include "core/number.h"
#include "core/status.h"
#include "io/training.h"

/* What was read, until all is known to be correct. Arrays are laid out as the set's flat buffers. */
typedef struct loaded {
    tg_reading reading;
    tg_params *params; /* of the training or of its optimizer */
    int64_t epoch, batch;
    tg_rng rng;
    void *values;
    void *state[TG_UPDATE_STATES];
    double *steps; /* of each parameter */
    void *config;
    double lr;
    int64_t total;
} loaded;

static const char *path_of(const loaded *l)
{
    return tg_path_end(l->reading.file.path);
}

/* Numbers ---------------------------------------------------------------------------------------------------------- */

static tg_status find_text(const loaded *l, const char *key, const char **text, tg_error *err)
{
    *text = tg_header_value(&l->reading.header, key);
    return *text ? TG_OK : tg_error_raise(err, TG_ERR_FORMAT, "%s: no metadata for '%s'", path_of(l), key);
}

static tg_status read_whole(const loaded *l, const char *key, uint64_t most, uint64_t *value, tg_error *err)
{
    const char *text;
    const tg_status status = find_text(l, key, &text, err);
    if (status != TG_OK)
        return status;
    const char *at = text;
    uint64_t n = 0;
    while (*at >= '0' && *at <= '9' && n <= (most - (uint64_t)(*at - '0')) / 10)
        n = 10 * n + (uint64_t)(*at++ - '0');
    *value = n;
    if (at > text && !*at)
        return TG_OK;
    return tg_error_raise(err, TG_ERR_FORMAT,
                          "%s: the metadata for '%s' are '%.32s', expected an integer 0 .. %" PRIu64, path_of(l), key,
                          text, most);
}

static tg_status read_count(const loaded *l, const char *key, int64_t *value, tg_error *err)
{
    uint64_t n = 0;
    const tg_status status = read_whole(l, key, INT64_MAX, &n, err);
    *value = (int64_t)n;
    return status;
}

static tg_status read_real(const loaded *l, const char *key, double *value, tg_error *err)
{
    const char *text;
    const tg_status status = find_text(l, key, &text, err);
    if (status != TG_OK || tg_number_value(text, value))
        return status;
    return tg_error_raise(err, TG_ERR_FORMAT, "%s: the metadata for '%s' are '%.32s', expected a number", path_of(l),
                          key, text);
}

static tg_status read_numbers(loaded *l, const tg_training *t, tg_error *err)
{
    uint64_t format = 0;
    if (!tg_reading_is_training(&l->reading))
        return tg_error_raise(err, TG_ERR_FORMAT,
                              "%s: not the file of a training; tg_params_load reads parameters alone", path_of(l));
    tg_status status = read_whole(l, TG_TRAINING_KEY, UINT64_MAX, &format, err);
    if (status == TG_OK && format != TG_TRAINING_FORMAT)
        status = tg_error_raise(err, TG_ERR_FORMAT, "%s: a training in format %" PRIu64 ", this library reads %d",
                                path_of(l), format, TG_TRAINING_FORMAT);
    if (status == TG_OK)
        status = read_count(l, TG_KEY_EPOCH, &l->epoch, err);
    if (status == TG_OK)
        status = read_count(l, TG_KEY_BATCH, &l->batch, err);
    if (status == TG_OK && t->rng)
        status = read_whole(l, TG_KEY_SEED, UINT64_MAX, &l->rng.seed, err);
    if (status == TG_OK && t->rng)
        status = read_whole(l, TG_KEY_POSITION, UINT64_MAX, &l->rng.position, err);
    return status;
}

/* The optimizer ---------------------------------------------------------------------------------------------------- */

static tg_status check_kind(const loaded *l, const tg_optimizer *o, tg_error *err)
{
    const char *name = tg_header_value(&l->reading.header, TG_KEY_OPTIMIZER);
    if (name && strcmp(name, o->kind->name) == 0)
        return TG_OK;
    if (!name)
        return tg_error_raise(err, TG_ERR_FORMAT, "%s: the training has no optimizer, expected %s", path_of(l),
                              o->kind->name);
    return tg_error_raise(err, TG_ERR_FORMAT, "%s: the optimizer is %.32s, expected %s", path_of(l), name,
                          o->kind->name);
}

static tg_status read_settings(loaded *l, const tg_optimizer *o, tg_error *err)
{
    tg_status status = TG_OK;
    memcpy(l->config, o->config, o->kind->config_bytes);
    for (int i = 0; i < o->kind->n_settings && status == TG_OK; i++) {
        const tg_setting *s = &o->kind->settings[i];
        char key[64];
        double value = 0;
        tg_format(key, sizeof key, TG_KEY_SETTING "%s", s->name);
        status = read_real(l, key, &value, err);
        if (status == TG_OK)
            tg_setting_set(s, l->config, value);
    }
    return status;
}

/* Whether the settings are in range, and make the optimizer have the arrays that it has. */
static tg_status check_settings(const loaded *l, const tg_optimizer *o, tg_error *err)
{
    tg_error e;
    tg_status status = tg_settings_check(o->kind, l->config, l->params->dtype, path_of(l), &e);
    if (status == TG_OK)
        status = tg_rate_check(l->lr, path_of(l), &e);
    if (status != TG_OK)
        return tg_error_raise(err, TG_ERR_FORMAT, "%s", e.text);
    for (int k = 0; k < TG_UPDATE_STATES; k++) {
        const bool in_file = tg_optimizer_uses(o->kind, l->config, k);
        if (in_file != (o->state[k] != NULL))
            return tg_error_raise(
                err, TG_ERR_FORMAT, "%s: the %s of the file is one with%s the array '%s', this one %s", path_of(l),
                o->kind->name, in_file ? "" : "out", o->kind->states[k], in_file ? "has none" : "has it");
    }
    return TG_OK;
}

static tg_status read_optimizer(loaded *l, const tg_optimizer *o, tg_error *err)
{
    tg_status status = check_kind(l, o, err);
    if (status == TG_OK)
        status = read_settings(l, o, err);
    if (status == TG_OK)
        status = read_real(l, TG_KEY_LR, &l->lr, err);
    if (status == TG_OK)
        status = read_count(l, TG_KEY_STEPS, &l->total, err);
    return status == TG_OK ? check_settings(l, o, err) : status;
}

/* The array of the state that a tensor's name begins with: its index, -1 for the steps, -2 for none. *name gets the
   parameter's name. */
static int find_state(const tg_optimizer *o, const char *tensor, const char **name)
{
    const char *at = tensor + sizeof TG_STATE_PREFIX - 1;
    for (int k = -1; k < TG_UPDATE_STATES; k++) {
        const char *state = k < 0 ? TG_STATE_STEPS : o->state[k] ? o->kind->states[k] : NULL;
        const size_t length = state ? strlen(state) : 0;
        *name = at + length + 1;
        if (state && strncmp(at, state, length) == 0 && at[length] == '.')
            return k;
    }
    return -2;
}

static tg_status place_state(loaded *l, const tg_optimizer *o, int64_t i, tg_error *err)
{
    const tg_params *p = l->params;
    const char *tensor = l->reading.header.tensors[i].name, *name;
    const int k = find_state(o, tensor, &name), at = k < -1 ? -1 : tg_params_find(p, name);
    if (at < 0)
        return tg_error_raise(
            err, TG_ERR_FORMAT,
            "%s: tensor '%.64s' is not a part of the state of %s for one of the set's %d parameters", path_of(l),
            tensor, o->kind->name, p->n);
    const tg_shape scalar = TG_SCALAR;
    const tg_status status = tg_reading_check(&l->reading, i, k < 0 ? &scalar : &p->at[at].extent.shape, err);
    if (status == TG_OK)
        l->reading.places[i] =
            k < 0 ? (tg_place){ .to = &l->steps[at], .dtype = TG_F64 }
                  : (tg_place){ .to = tg_params_element(p, l->state[k], p->at[at].offset), .dtype = p->dtype };
    return status;
}

static tg_status place_states(loaded *l, const tg_optimizer *o, tg_error *err)
{
    int64_t found = 0, expected = l->params->n;
    tg_status status = TG_OK;
    for (int k = 0; k < TG_UPDATE_STATES; k++)
        expected += o->state[k] ? l->params->n : 0;
    for (int64_t i = 0; i < l->reading.header.n_tensors && status == TG_OK; i++)
        if (tg_reading_is_state(&l->reading, i)) {
            status = place_state(l, o, i, err);
            found++;
        }
    if (status == TG_OK && found != expected)
        status = tg_error_raise(err, TG_ERR_FORMAT,
                                "%s: the state of %s has %" PRId64 " tensors, expected %" PRId64 " for %d parameters",
                                path_of(l), o->kind->name, found, expected, l->params->n);
    return status;
}

static tg_status check_steps(const loaded *l, tg_error *err)
{
    const double most = 0x1p53;
    for (int i = 0; i < l->params->n; i++)
        if (!(l->steps[i] >= 0 && l->steps[i] <= most) || floor(l->steps[i]) != l->steps[i])
            return tg_error_raise(err, TG_ERR_FORMAT,
                                  "%s: %g steps of '%.64s', expected a whole number of at least 0", path_of(l),
                                  l->steps[i], l->params->at[i].name);
    return TG_OK;
}

/* Loading ---------------------------------------------------------------------------------------------------------- */

static size_t values_bytes(const tg_params *p)
{
    return (size_t)p->length * tg_dtype_size(p->dtype);
}

static bool allocate(loaded *l, const tg_training *t)
{
    const tg_params *p = l->params;
    const tg_optimizer *o = t->optimizer;
    bool all = !t->params || (l->values = tg_allocate_zeroed(&p->allocator, values_bytes(p)));
    if (!o)
        return all;
    l->steps = tg_allocate_zeroed(&p->allocator, (size_t)p->n * sizeof *l->steps);
    l->config = tg_allocate(&p->allocator, o->kind->config_bytes);
    all = all && l->steps && l->config;
    for (int k = 0; k < TG_UPDATE_STATES; k++)
        if (o->state[k])
            all = (l->state[k] = tg_allocate_zeroed(&p->allocator, values_bytes(p))) && all;
    return all;
}

static void release(loaded *l, const tg_training *t)
{
    const tg_params *p = l->params;
    tg_release(&p->allocator, l->values, values_bytes(p));
    tg_release(&p->allocator, l->steps, (size_t)p->n * sizeof *l->steps);
    tg_release(&p->allocator, l->config, t->optimizer ? t->optimizer->kind->config_bytes : 0);
    for (int k = 0; k < TG_UPDATE_STATES; k++)
        tg_release(&p->allocator, l->state[k], values_bytes(p));
}

/* Reads and checks everything, and changes nothing of the training. */
static tg_status read_all(loaded *l, const tg_training *t, tg_error *err)
{
    static const tg_load_config strict = { 0 };
    tg_load_report report = { 0 };
    tg_status status = read_numbers(l, t, err);
    if (status == TG_OK && !allocate(l, t))
        status = tg_error_raise(err, TG_ERR_MEMORY, "%s: no memory for what is read", path_of(l));
    if (status == TG_OK && t->optimizer)
        status = read_optimizer(l, t->optimizer, err);
    if (status == TG_OK && t->params)
        status = tg_reading_place(&l->reading, l->params, l->values, &strict, &report, err);
    if (status == TG_OK && t->optimizer)
        status = place_states(l, t->optimizer, err);
    if (status == TG_OK)
        status = tg_reading_run(&l->reading, err);
    return status == TG_OK && t->optimizer ? check_steps(l, err) : status;
}

static void take_optimizer(const loaded *l, tg_optimizer *o)
{
    memcpy(o->config, l->config, o->kind->config_bytes);
    o->lr = l->lr;
    o->total = l->total;
    for (int i = 0; i < l->params->n; i++)
        o->steps[i] = (int64_t)l->steps[i];
    for (int k = 0; k < TG_UPDATE_STATES; k++)
        if (o->state[k])
            memcpy(o->state[k], l->state[k], values_bytes(l->params));
}

static void take(const loaded *l, tg_training *t)
{
    if (t->params) {
        memcpy(t->params->values, l->values, values_bytes(t->params));
        tg_params_touch(t->params);
    }
    if (t->optimizer)
        take_optimizer(l, t->optimizer);
    if (t->rng)
        *t->rng = l->rng;
    t->epoch = l->epoch;
    t->batch = l->batch;
}

tg_status tg_training_load(tg_training *t, const char *path, tg_error *err)
{
    tg_status status = tg_training_check(t, path, "training_load", err);
    if (status != TG_OK)
        return status;
    loaded l = { .params = t->params ? t->params : t->optimizer->params };
    status = tg_reading_open(&l.reading, path, &l.params->allocator, err);
    if (status != TG_OK)
        return status;
    status = read_all(&l, t, err);
    if (status == TG_OK)
        take(&l, t);
    release(&l, t);
    tg_reading_close(&l.reading);
    return status == TG_OK ? tg_error_clear(err) : status;
}
