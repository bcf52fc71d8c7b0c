/* optim.c - optimizers: one pass over the flat buffers of a parameter set. */
#include <float.h>
#include <math.h>

#include "core/config.h"
#include "core/status.h"
#include "nn/flat.h"
#include "nn/params.h"
#include "tapegrad/optim.h"

enum { STATES = 2 };

typedef struct hyper {
    double lr, weight_decay;
    double momentum, dampening;  /* SGD */
    double beta1, beta2, eps;    /* Adam */
    bool nesterov, is_decoupled; /* is_decoupled: AdamW */
} hyper;

/* Neighbours in the set that a step treats alike, as one array. */
typedef struct run {
    const tg_optimizer *of;
    int64_t start; /* in the flat buffers */
    tg_cut cut;
    int64_t step; /* which of these parameters' steps this is, from 1 */
    double weight_decay;
} run;

/* n elements of a run from `at` in the flat buffers. */
typedef void update(const run *r, int64_t at, int64_t n);

struct tg_optimizer {
    tg_params *params;
    const tg_kernels *kernels;
    update *update;
    hyper h;
    int n_states;
    void *state[STATES]; /* laid out as the set's flat buffers */
    int64_t *steps;      /* of each parameter */
    int64_t total;
    tg_error error;
};

/* The rules ------------------------------------------------------------------------------------------------------- */

static void sgd(const run *r, int64_t at, int64_t n)
{
    const tg_optimizer *o = r->of;
    const tg_params *p = o->params;
    o->kernels->sgd(n, &(tg_sgd_step){
                           .w = tg_params_element(p, p->values, at),
                           .velocity = o->n_states ? tg_params_element(p, o->state[0], at) : NULL,
                           .g = tg_params_element(p, p->grads, at),
                           .lr = o->h.lr,
                           .momentum = o->h.momentum,
                           .dampening = o->h.dampening,
                           .weight_decay = r->weight_decay,
                           .nesterov = o->h.nesterov,
                           .first = r->step == 1,
                       });
}

static void adam(const run *r, int64_t at, int64_t n)
{
    const tg_optimizer *o = r->of;
    const tg_params *p = o->params;
    o->kernels->adam(n, &(tg_adam_step){
                            .w = tg_params_element(p, p->values, at),
                            .m = tg_params_element(p, o->state[0], at),
                            .v = tg_params_element(p, o->state[1], at),
                            .g = tg_params_element(p, p->grads, at),
                            .lr = o->h.lr,
                            .beta1 = o->h.beta1,
                            .beta2 = o->h.beta2,
                            .eps = o->h.eps,
                            .weight_decay = o->h.is_decoupled ? 0 : r->weight_decay,
                            .decoupled_decay = o->h.is_decoupled ? r->weight_decay : 0,
                            .correction1 = 1 - pow(o->h.beta1, (double)r->step),
                            .correction2 = 1 - pow(o->h.beta2, (double)r->step),
                        });
}

/* A step ---------------------------------------------------------------------------------------------------------- */

static bool decays(const tg_optimizer *o, int i)
{
    return o->h.weight_decay > 0 && !(o->params->at[i].flags & TG_PARAM_NO_DECAY);
}

static bool is_frozen(const tg_optimizer *o, int i)
{
    return o->params->at[i].flags & TG_PARAM_FROZEN;
}

/* The parameter after the run that begins with parameter i. */
static int end_of_run(const tg_optimizer *o, int i)
{
    int end = i + 1;
    while (end < o->params->n && is_frozen(o, end) == is_frozen(o, i) && decays(o, end) == decays(o, i) &&
           o->steps[end] == o->steps[i])
        end++;
    return end;
}

static void update_block(void *context, int64_t i)
{
    const run *r = context;
    r->of->update(r, r->start + i * r->cut.block, tg_cut_size(r->cut, i));
}

static void update_run(tg_optimizer *o, int i, int end)
{
    const tg_params *p = o->params;
    for (int j = i; j < end; j++) {
        tg_params_zero_fill(&p->at[j], p->dtype);
        o->steps[j]++;
    }
    const int64_t start = p->at[i].offset, stop = end < p->n ? p->at[end].offset : p->length;
    run r = { .of = o,
              .start = start,
              .cut = tg_cut_flat(stop - start),
              .step = o->steps[i],
              .weight_decay = decays(o, i) ? o->h.weight_decay : 0 };
    tg_parallel_brief(r.cut.count, update_block, &r);
}

static bool has_any_grad(const tg_optimizer *o)
{
    for (int i = 0; i < o->params->n; i++)
        if (o->params->at[i].is_set && !is_frozen(o, i))
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
        if (!is_frozen(o, i))
            update_run(o, i, end);
    }
    o->total++;
    tg_params_touch(o->params);
    return tg_error_clear(&o->error);
}

/* Making ---------------------------------------------------------------------------------------------------------- */

/* lo <= value < hi. The bound of rates keeps products of two of them finite in float32, so that padding stays zero. */
typedef struct limit {
    const char *name;
    double value, lo, hi;
} limit;

static const double rate_limit = 1e18;

static tg_status check(const char *what, const tg_params *p, const limit *limits, int n, tg_error *err)
{
    if (!p)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the parameter set is NULL", what);
    for (const limit *l = limits; l < limits + n; l++)
        if (!(l->value >= l->lo && l->value < l->hi))
            return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: %s = %g must be at least %g and below %g", what, l->name,
                                  l->value, l->lo, l->hi);
    return tg_error_clear(err);
}

/* A rate of zero and one that was left out cannot be told apart, and so neither is taken. */
static tg_status check_rate(const char *what, double lr, double usual, tg_error *err)
{
    if (lr != 0)
        return TG_OK;
    return tg_error_raise(err, TG_ERR_ARGUMENT,
                          "%s: lr is 0 or was left out; %g is usual, and TG_ZERO asks for a rate of zero", what,
                          usual);
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
    tg_release(&a, o, sizeof *o);
}

static bool allocate(tg_optimizer *o)
{
    const tg_params *p = o->params;
    o->steps = tg_allocate_zeroed(&p->allocator, (size_t)p->n * sizeof *o->steps);
    for (int i = 0; i < o->n_states; i++)
        o->state[i] = tg_allocate_zeroed(&p->allocator, state_bytes(p));
    bool good = o->steps;
    for (int i = 0; i < o->n_states; i++)
        good = good && o->state[i];
    return good;
}

static tg_optimizer *create(const char *what, tg_params *p, update *rule, int n_states, hyper h, tg_error *err)
{
    tg_optimizer *o = tg_allocate(&p->allocator, sizeof *o);
    if (o) {
        *o = (tg_optimizer){
            .params = p, .kernels = tg_kernels_for(p->dtype), .update = rule, .n_states = n_states, .h = h
        };
        if (allocate(o))
            return o;
        tg_optimizer_destroy(o);
    }
    tg_error_raise(err, TG_ERR_MEMORY, "%s: no memory for the state of %lld elements", what, (long long)p->size);
    return NULL;
}

tg_optimizer *tg_sgd_create(tg_params *params, const tg_sgd_config *config, tg_error *err)
{
    const double usual_lr = 0.01;
    const tg_sgd_config c = config ? *config : (tg_sgd_config){ .lr = usual_lr };
    const hyper h = {
        .lr = tg_config_number(c.lr, 0),
        .momentum = tg_config_number(c.momentum, 0),
        .dampening = tg_config_number(c.dampening, 0),
        .weight_decay = tg_config_number(c.weight_decay, 0),
        .nesterov = c.nesterov,
    };
    const limit limits[] = {
        { "lr", h.lr, 0, rate_limit },
        { "momentum", h.momentum, 0, 1 },
        { "dampening", h.dampening, 0, 1 },
        { "weight_decay", h.weight_decay, 0, rate_limit },
    };
    if (check("sgd_create", params, limits, sizeof limits / sizeof limits[0], err) != TG_OK)
        return NULL;
    if (h.nesterov && (h.momentum == 0 || h.dampening != 0)) {
        tg_error_raise(err, TG_ERR_ARGUMENT,
                       "sgd_create: nesterov needs momentum and no dampening, these are %g and %g", h.momentum,
                       h.dampening);
        return NULL;
    }
    if (check_rate("sgd_create", c.lr, usual_lr, err) != TG_OK)
        return NULL;
    return create("sgd_create", params, sgd, h.momentum > 0, h, err);
}

static tg_optimizer *create_adam(const char *what, tg_params *params, const tg_adam_config *config,
                                 double weight_decay, bool is_decoupled, tg_error *err)
{
    const double usual_lr = 0.001;
    const tg_adam_config c = config ? *config : (tg_adam_config){ .lr = usual_lr };
    const hyper h = {
        .lr = tg_config_number(c.lr, 0),
        .beta1 = tg_config_number(c.beta1, 0.9),
        .beta2 = tg_config_number(c.beta2, 0.999),
        .eps = tg_config_number(c.eps, 1e-8),
        .weight_decay = tg_config_number(c.weight_decay, weight_decay),
        .is_decoupled = is_decoupled,
    };
    const limit limits[] = {
        { "lr", h.lr, 0, rate_limit },
        { "beta1", h.beta1, 0, 1 },
        { "beta2", h.beta2, 0, 1 },
        { "eps", h.eps, tg_params_dtype(params) == TG_F32 ? (double)FLT_MIN : DBL_MIN, rate_limit },
        { "weight_decay", h.weight_decay, 0, rate_limit },
    };
    if (check(what, params, limits, sizeof limits / sizeof limits[0], err) != TG_OK ||
        check_rate(what, c.lr, usual_lr, err) != TG_OK)
        return NULL;
    return create(what, params, adam, 2, h, err);
}

tg_optimizer *tg_adam_create(tg_params *params, const tg_adam_config *config, tg_error *err)
{
    return create_adam("adam_create", params, config, 0, false, err);
}

tg_optimizer *tg_adamw_create(tg_params *params, const tg_adam_config *config, tg_error *err)
{
    return create_adam("adamw_create", params, config, 0.01, true, err);
}

/* Asking ---------------------------------------------------------------------------------------------------------- */

const char *tg_optimizer_message(const tg_optimizer *o)
{
    return o ? o->error.text : "no optimizer";
}

double tg_optimizer_lr(const tg_optimizer *o)
{
    return o ? o->h.lr : 0;
}

tg_status tg_optimizer_set_lr(tg_optimizer *o, double lr)
{
    if (!o)
        return TG_ERR_ARGUMENT;
    const double rate = tg_config_number(lr, 0);
    const tg_status status =
        check("optimizer_set_lr", o->params, &(limit){ "lr", rate, 0, rate_limit }, 1, &o->error);
    if (status == TG_OK)
        o->h.lr = rate;
    return status;
}

int64_t tg_optimizer_steps(const tg_optimizer *o)
{
    return o ? o->total : 0;
}
