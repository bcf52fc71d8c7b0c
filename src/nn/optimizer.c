/* optimizer.c - what all optimizers share: state, steps, rates; each one's formula is in its own file. */
#include "nn/optimizer.h"

#include <string.h>

#include "core/config.h"
#include "core/status.h"
#include "nn/cut.h"
#include "nn/params.h"

struct tg_optimizer {
    tg_params *params;
    tg_update_fn *update;
    void *config; /* a copy of the spec's */
    size_t config_bytes;
    double lr, weight_decay;
    int n_states;
    void *state[TG_UPDATE_STATES]; /* laid out as the set's flat buffers */
    int64_t *steps;                /* of each parameter */
    int64_t total;
    tg_error error;
};

/* A step ----------------------------------------------------------------------------------------------------------- */

/* Consecutive parameters that a step treats alike, as one array. */
typedef struct run {
    const tg_optimizer *of;
    int64_t start; /* in the flat buffers */
    tg_cut cut;
    int64_t step; /* of these parameters, from 1 */
    double weight_decay;
} run;

static bool decays(const tg_optimizer *o, int i)
{
    return o->weight_decay > 0 && !(o->params->at[i].flags & TG_PARAM_NO_DECAY);
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
    while (end < o->params->n && moves(o, end) == moves(o, i) && decays(o, end) == decays(o, i) &&
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
    for (int k = 0; k < o->n_states; k++)
        u.state[k] = tg_params_element(p, o->state[k], at);
    o->update(tg_cut_size(r->cut, i), &u);
}

static void update_run(tg_optimizer *o, int i, int end)
{
    const tg_params *p = o->params;
    for (int j = i; j < end; j++)
        o->steps[j]++;
    const int64_t start = p->at[i].offset, stop = end < p->n ? p->at[end].offset : p->length;
    run r = { .of = o,
              .start = start,
              .cut = tg_cut_flat(stop - start),
              .step = o->steps[i],
              .weight_decay = decays(o, i) ? o->weight_decay : 0 };
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

static tg_status check_number(const tg_number *n, double value, const char *what, tg_error *err)
{
    if (value >= n->lo && value < n->hi)
        return TG_OK;
    return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: %s = %g must be at least %g and below %g", what, n->name, value,
                          n->lo, n->hi);
}

tg_status tg_numbers_fill(void *config, const tg_number *numbers, int count, const char *what, tg_error *err)
{
    tg_status status = tg_error_clear(err);
    for (int i = 0; i < count && status == TG_OK; i++) {
        double *field = (double *)((char *)config + numbers[i].offset);
        *field = tg_config_number(*field, numbers[i].preset);
        status = check_number(&numbers[i], *field, what, err);
    }
    return status;
}

static tg_status check_rate(double lr, const char *what, tg_error *err)
{
    return check_number(&(tg_number){ .name = "lr", .hi = TG_RATE_LIMIT }, lr, what, err);
}

static tg_status check(const tg_optimizer_spec *s, const tg_params *p, tg_error *err)
{
    if (!p)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the parameter set is NULL", s->what);
    if (s->lr == 0) /* set to zero, or left out: the two look the same */
        return tg_error_raise(err, TG_ERR_ARGUMENT,
                              "%s: lr is 0 or was left out; %g is usual, and TG_ZERO asks for a rate of zero",
                              s->what, s->usual_lr);
    return check_rate(s->lr, s->what, err);
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
    for (int i = 0; i < o->n_states; i++)
        tg_release(&a, o->state[i], state_bytes(o->params));
    tg_release(&a, o->steps, (size_t)o->params->n * sizeof *o->steps);
    tg_release(&a, o->config, o->config_bytes);
    tg_release(&a, o, sizeof *o);
}

static bool allocate(tg_optimizer *o)
{
    const tg_params *p = o->params;
    o->steps = tg_allocate_zeroed(&p->allocator, (size_t)p->n * sizeof *o->steps);
    o->config = tg_allocate(&p->allocator, o->config_bytes);
    bool all = o->steps && o->config;
    for (int i = 0; i < o->n_states; i++)
        all = (o->state[i] = tg_allocate_zeroed(&p->allocator, state_bytes(p))) && all;
    return all;
}

tg_optimizer *tg_optimizer_create(const tg_optimizer_spec *s, tg_params *p, tg_error *err)
{
    if (check(s, p, err) != TG_OK)
        return NULL;
    tg_optimizer *o = tg_allocate(&p->allocator, sizeof *o);
    if (o) {
        *o = (tg_optimizer){ .params = p,
                             .update = tg_kernels_for(p->dtype)->update[s->update],
                             .config_bytes = s->config_bytes,
                             .lr = tg_config_number(s->lr, 0),
                             .weight_decay = s->weight_decay,
                             .n_states = s->n_states };
        if (allocate(o)) {
            memcpy(o->config, s->config, s->config_bytes);
            return o;
        }
        tg_optimizer_destroy(o);
    }
    tg_error_raise(err, TG_ERR_MEMORY, "%s: no memory for the state of %lld elements", s->what, (long long)p->size);
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
    if (check_rate(rate, "optimizer_set_lr", &o->error) != TG_OK)
        return TG_ERR_ARGUMENT;
    o->lr = rate;
    return tg_error_clear(&o->error);
}

int64_t tg_optimizer_steps(const tg_optimizer *o)
{
    return o ? o->total : 0;
}
