/* optimizer.c - what all optimizers share: state, steps, rates; each one's formula is in its own file. */
#include "nn/optimizer.h"

#include <float.h>
#include <string.h>

#include "core/config.h"
#include "core/format.h"
#include "core/status.h"
#include "nn/cut.h"
#include "nn/params.h"

/* A step ----------------------------------------------------------------------------------------------------------- */

/* Consecutive parameters that a step treats alike, as one array. */
typedef struct run {
    const tg_optimizer *of;
    int64_t start; /* in the flat buffers */
    tg_cut cut;
    int64_t step; /* of these parameters, from 1 */
    double weight_decay;
} run;

static double decay_of(const tg_optimizer *o, int i)
{
    const double *decay = (const double *)((const char *)o->config + o->kind->weight_decay);
    return o->params->at[i].flags & TG_PARAM_NO_DECAY ? 0 : *decay;
}

/* Whether the step changes parameter i: not if it has no gradient, and not if it is frozen. */
static bool moves(const tg_optimizer *o, int i)
{
    const tg_parameter *q = &o->params->at[i];
    return q->is_set && !(q->flags & TG_PARAM_FROZEN);
}

/* The parameter after the run that begins with parameter i. */
static int end_of_run(const tg_optimizer *o, int i)
{
    int end = i + 1;
    while (end < o->params->n && moves(o, end) == moves(o, i) && decay_of(o, end) == decay_of(o, i) &&
           o->steps[end] == o->steps[i])
        end++;
    return end;
}

static void update_block(void *context, int64_t i)
{
    const run *r = context;
    const tg_optimizer *o = r->of;
    const tg_params *p = o->params;
    const int64_t at = r->start + i * r->cut.block;
    tg_update u = { .w = tg_params_element(p, p->values, at),
                    .g = tg_params_element(p, p->grads, at),
                    .lr = o->lr,
                    .weight_decay = r->weight_decay,
                    .step = r->step,
                    .config = o->config };
    for (int k = 0; k < TG_UPDATE_STATES; k++)
        u.state[k] = o->state[k] ? tg_params_element(p, o->state[k], at) : NULL;
    p->kernels->update[o->kind->update](tg_cut_size(r->cut, i), &u);
}

static void update_run(tg_optimizer *o, int i, int end)
{
    const tg_params *p = o->params;
    for (int j = i; j < end; j++)
        o->steps[j]++;
    const int64_t start = p->at[i].offset, stop = end < p->n ? p->at[end].offset : p->length;
    run r = {
        .of = o, .start = start, .cut = tg_cut_flat(stop - start), .step = o->steps[i], .weight_decay = decay_of(o, i)
    };
    tg_parallel_brief(r.cut.count, update_block, &r);
}

static bool has_any_grad(const tg_optimizer *o)
{
    for (int i = 0; i < o->params->n; i++)
        if (moves(o, i))
            return true;
    return false;
}

tg_status tg_optimizer_step(tg_optimizer *o)
{
    if (!o)
        return TG_ERR_ARGUMENT;
    if (tg_params_check_grads(o->params, "optimizer_step", &o->error) != TG_OK)
        return TG_ERR_STATE;
    if (!has_any_grad(o))
        return tg_error_raise(
            &o->error, TG_ERR_STATE,
            "optimizer_step: no parameter that is not frozen has a gradient; call tg_backward first");
    for (int i = 0, end; i < o->params->n; i = end) {
        end = end_of_run(o, i);
        if (moves(o, i))
            update_run(o, i, end);
    }
    o->total++;
    tg_params_touch(o->params);
    return tg_error_clear(&o->error);
}

/* Create and destroy ----------------------------------------------------------------------------------------------- */

double tg_setting_value(const tg_setting *s, const void *config)
{
    const char *field = (const char *)config + s->offset;
    return s->is_flag ? (double)*(const bool *)field : *(const double *)field;
}

void tg_setting_set(const tg_setting *s, void *config, double value)
{
    char *field = (char *)config + s->offset;
    if (s->is_flag)
        *(bool *)field = value != 0;
    else
        *(double *)field = value;
}

static tg_status check_range(const char *name, double value, double lo, double hi, const char *what, tg_error *err)
{
    if (value >= lo && value < hi)
        return TG_OK;
    return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: %s = %g must be at least %g and below %g", what, name, value, lo,
                          hi);
}

tg_status tg_rate_check(double lr, const char *what, tg_error *err)
{
    return check_range("lr", lr, 0, TG_RATE_LIMIT, what, err);
}

tg_status tg_settings_check(const tg_optimizer_kind *kind, const void *config, tg_dtype dtype, const char *what,
                            tg_error *err)
{
    const double normal = dtype == TG_F32 ? (double)FLT_MIN : DBL_MIN;
    tg_status status = TG_OK;
    for (int i = 0; i < kind->n_settings && status == TG_OK; i++) {
        const tg_setting *s = &kind->settings[i];
        if (!s->is_flag)
            status =
                check_range(s->name, tg_setting_value(s, config), s->is_normal ? normal : s->lo, s->hi, what, err);
    }
    return status == TG_OK && kind->check ? kind->check(config, what, err) : status;
}

/* The config with its defaults: the caller's, or that of the usual rate. Returns the rate, which may be out of range. */
static double fill_config(const tg_optimizer_kind *kind, void *config, const void *given)
{
    if (!given) {
        memset(config, 0, kind->config_bytes);
        *(double *)config = kind->usual_lr;
    } else {
        memcpy(config, given, kind->config_bytes);
    }
    for (int i = 0; i < kind->n_settings; i++) {
        const tg_setting *s = &kind->settings[i];
        if (!s->is_flag)
            tg_setting_set(s, config, tg_config_number(tg_setting_value(s, config), s->preset));
    }
    return *(const double *)config;
}

bool tg_optimizer_uses(const tg_optimizer_kind *kind, const void *config, int state)
{
    return kind->states[state] && (!kind->uses || kind->uses(config, state));
}

static size_t state_bytes(const tg_params *p)
{
    return (size_t)p->length * tg_dtype_size(p->dtype);
}

void tg_optimizer_destroy(tg_optimizer *o)
{
    if (!o)
        return;
    const tg_allocator a = o->params->allocator;
    for (int i = 0; i < TG_UPDATE_STATES; i++)
        tg_release(&a, o->state[i], state_bytes(o->params));
    tg_release(&a, o->steps, (size_t)o->params->n * sizeof *o->steps);
    tg_release(&a, o->config, o->kind->config_bytes);
    tg_release(&a, o, sizeof *o);
}

static bool allocate_state(tg_optimizer *o)
{
    const tg_params *p = o->params;
    bool all = (o->steps = tg_allocate_zeroed(&p->allocator, (size_t)p->n * sizeof *o->steps));
    for (int i = 0; i < TG_UPDATE_STATES; i++)
        if (tg_optimizer_uses(o->kind, o->config, i))
            all = (o->state[i] = tg_allocate_zeroed(&p->allocator, state_bytes(p))) && all;
    return all;
}

static tg_status no_memory(const char *what, const tg_params *p, tg_error *err)
{
    return tg_error_raise(err, TG_ERR_MEMORY, "%s: no memory for the state of %lld elements", what,
                          (long long)p->size);
}

/* Completes an optimizer of which only kind and set are known. */
static tg_status set_up(tg_optimizer *o, const void *config, const char *what, tg_error *err)
{
    const tg_params *p = o->params;
    o->config = tg_allocate(&p->allocator, o->kind->config_bytes);
    if (!o->config)
        return no_memory(what, p, err);
    const double lr = fill_config(o->kind, o->config, config);
    tg_status status = tg_settings_check(o->kind, o->config, p->dtype, what, err);
    if (status != TG_OK)
        return status;
    if (lr == 0) /* set to zero, or left out: the two look the same */
        return tg_error_raise(err, TG_ERR_ARGUMENT,
                              "%s: lr is 0 or was left out; %g is usual, and TG_ZERO asks for a rate of zero", what,
                              o->kind->usual_lr);
    o->lr = tg_config_number(lr, 0);
    status = tg_rate_check(o->lr, what, err);
    if (status != TG_OK)
        return status;
    return allocate_state(o) ? tg_error_clear(err) : no_memory(what, p, err);
}

tg_optimizer *tg_optimizer_create(const tg_optimizer_kind *kind, tg_params *p, const void *config, tg_error *err)
{
    char what[32];
    tg_format(what, sizeof what, "%s_create", kind->name);
    if (!p) {
        tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the parameter set is NULL", what);
        return NULL;
    }
    tg_optimizer *o = tg_allocate(&p->allocator, sizeof *o);
    if (!o) {
        no_memory(what, p, err);
        return NULL;
    }
    *o = (tg_optimizer){ .kind = kind, .params = p };
    if (set_up(o, config, what, err) == TG_OK)
        return o;
    tg_optimizer_destroy(o);
    return NULL;
}

/* Queries and the rate --------------------------------------------------------------------------------------------- */

const char *tg_optimizer_message(const tg_optimizer *o)
{
    return o ? o->error.text : "no optimizer";
}

double tg_optimizer_lr(const tg_optimizer *o)
{
    return o ? o->lr : 0;
}

tg_status tg_optimizer_set_lr(tg_optimizer *o, double lr)
{
    if (!o)
        return TG_ERR_ARGUMENT;
    const double rate = tg_config_number(lr, 0);
    if (tg_rate_check(rate, "optimizer_set_lr", &o->error) != TG_OK)
        return TG_ERR_ARGUMENT;
    o->lr = rate;
    return tg_error_clear(&o->error);
}

int64_t tg_optimizer_steps(const tg_optimizer *o)
{
    return o ? o->total : 0;
}
