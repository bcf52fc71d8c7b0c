/* gradcheck.c - a complete check: the function, the gradient as a whole, then its elements. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "kernels/lesser.h"

/* Elements --------------------------------------------------------------------------------------------------------- */

static int64_t n_drawn(const tg_checker *c, const tg_checked *in)
{
    return tg_lesser(in->size, c->config.max_elements);
}

/* The k-th element: one of each of max_elements equal ranges is drawn, or all are taken. */
static int64_t element(const tg_checker *c, const tg_checked *in, int64_t k)
{
    const int64_t n = n_drawn(c, in);
    tg_rng rng = tg_rng_seed(tg_rng_at(in->seed, (uint64_t)k));
    const int64_t drawn = (int64_t)(((double)k + tg_rng_uniform(&rng)) * (double)in->size / (double)n);
    return n == in->size ? k : tg_lesser(drawn, in->size - 1);
}

static tg_status check_probe(tg_checker *c, tg_probe *p, bool *kink)
{
    tg_compared found;
    const tg_status status = tg_check_compare(c, p, &found);
    if (status != TG_OK)
        return status;
    tg_check_count(c, p, &found);
    *kink = found.is_kink;
    return TG_OK;
}

/* Elements, and directions where some elements are left out. */
static tg_status check_input(tg_checker *c, tg_checked *in)
{
    const int64_t n = n_drawn(c, in);
    tg_status status = TG_OK;
    in->seed = tg_rng_u64(&c->rng);
    for (int64_t k = 0; k < n && status == TG_OK; k++)
        status = check_probe(c, &(tg_probe){ .input = in, .index = element(c, in, k) }, &in->kinks[k]);
    bool kink;
    for (int k = 0; k < c->config.directions && in->size > n && status == TG_OK; k++)
        status = check_probe(c, &(tg_probe){ .input = in, .index = -1, .seed = tg_rng_u64(&c->rng) }, &kink);
    return status;
}

/* The gradient at a kink is wrong if the gradient beside it, on either side, is. */
static tg_status check_beside(tg_checker *c, tg_checked *in)
{
    const int64_t n = n_drawn(c, in);
    tg_status status = TG_OK;
    for (int64_t k = 0; k < 2 * n && status == TG_OK; k++) {
        if (!in->kinks[k / 2])
            continue;
        tg_compared found;
        const tg_probe probe = { .input = in, .index = element(c, in, k / 2) };
        status = tg_check_beside(c, &probe, k % 2 ? 1 : -1, &found);
        if (status != TG_OK || found.is_kink)
            continue;
        in->n_beside++;
        if (!(fabs(found.analytic - found.numeric) <= found.allowed))
            tg_check_count(c, &probe, &found);
    }
    return status;
}

/* Raises a fault where an input is left unjudged. After a row of zeros, all biases of zero are at kinks: they are judged
   beside the point, if other elements were judged at it. */
static tg_status check_judged(tg_checker *c, tg_checked *in, bool others)
{
    const tg_status status = others ? check_beside(c, in) : TG_OK;
    const tg_gradcheck_result *r = &in->result;
    if (r->n_checked == 0 && r->n_kinks > 0 && in->n_beside == 0)
        tg_check_fault(c, TG_FAULT_ONLY_KINKS);
    if (in->n_inconclusive > 0 && in->n_inconclusive + in->n_zeros == r->n_checked)
        tg_check_fault(c, TG_FAULT_BELOW_NOISE);
    return status;
}

static tg_status check_elements(tg_checker *c)
{
    int64_t drawn = 0, checked = 0;
    for (int k = 0; k < c->n; k++)
        drawn += n_drawn(c, &c->inputs[k]);
    bool *kinks = tg_check_allocate(c, drawn, sizeof *kinks);
    tg_status status = kinks ? TG_OK : TG_ERR_MEMORY;
    for (int k = 0; k < c->n && status == TG_OK; k++) {
        c->inputs[k].kinks = kinks;
        kinks += n_drawn(c, &c->inputs[k]);
        status = check_input(c, &c->inputs[k]);
        checked += c->inputs[k].result.n_checked;
    }
    tg_gradcheck_result *all = &c->report->all;
    for (int k = 0; k < c->n && status == TG_OK; k++) {
        tg_checked *in = &c->inputs[k];
        status = check_judged(c, in, checked > 0);
        tg_check_add(all, &in->result);
        if (c->config.each && !in->is_cotangent)
            c->config.each[in->at] = in->result;
    }
    if (all->n_below_noise > 0 && all->n_below_noise == all->n_checked)
        tg_check_fault(c, TG_FAULT_BELOW_NOISE);
    return status;
}

/* Whether the values are numbers, and a second evaluation gives the bits of the first. */
static tg_status check_function(tg_checker *c)
{
    tg_status status = tg_check_values(c, c->base);
    if (status == TG_OK)
        status = tg_check_values(c, c->moved);
    if (status == TG_OK && memcmp(c->base, c->moved, (size_t)c->n_values * sizeof(double)))
        tg_check_fault(c, TG_FAULT_FUNCTION_CHANGES);
    for (int64_t j = 0; j < c->n_values && status == TG_OK; j++)
        if (!isfinite(c->base[j]))
            tg_check_fault(c, TG_FAULT_NOT_FINITE);
    return status;
}

static tg_status check(tg_checker *c)
{
    tg_status status = check_function(c);
    const bool valid = c->report->fault == TG_FAULT_NONE;
    if (status == TG_OK && valid)
        status = tg_check_whole(c);
    if (status == TG_OK && valid)
        status = check_elements(c);
    if (status == TG_OK)
        tg_check_describe(c);
    return status;
}

/* Public ----------------------------------------------------------------------------------------------------------- */

tg_status tg_gradcheck_params(tg_params *params, tg_gradcheck_model *model, void *context,
                              const tg_gradcheck_config *config, tg_gradcheck_report *report)
{
    if (!report)
        return TG_ERR_ARGUMENT;
    *report = (tg_gradcheck_report){ 0 };
    if (!params || !model)
        return tg_check_fail(report, TG_ERR_ARGUMENT, "gradcheck: the %s is NULL",
                             params ? "function" : "parameter set");
    for (int i = 0; config && config->each && i < tg_params_count(params); i++)
        config->each[i] = (tg_gradcheck_result){ 0 };
    tg_checker c;
    tg_status status = tg_checker_init(&c, params, model, context, config, report);
    if (status == TG_OK)
        status = check(&c);
    tg_checker_finish(&c);
    report->passed = status == TG_OK && report->fault == TG_FAULT_NONE;
    return status;
}

/* A function's inputs become a set of parameters, in which the constant ones are frozen. */
typedef struct function {
    tg_gradcheck_function *f;
    void *context;
    int n;
    tg_tensor *leaves;
    tg_param_spec *specs;
    char (*names)[24];
} function;

static tg_tensor call_function(tg_tape *tape, tg_params *params, void *context)
{
    const function *p = context;
    for (int i = 0; i < p->n; i++)
        p->leaves[i] = tg_param(tape, params, i);
    return p->f(tape, p->leaves, p->context);
}

static tg_status make_set(const function *p, const tg_gradcheck_input *inputs, const tg_allocator *allocator,
                          tg_params **set, tg_gradcheck_report *report)
{
    tg_error err;
    for (int i = 0; i < p->n; i++) {
        snprintf(p->names[i], sizeof p->names[i], "input %d", i);
        p->specs[i] = (tg_param_spec){
            .name = inputs[i].name ? inputs[i].name : p->names[i],
            .shape = inputs[i].shape,
            .flags = inputs[i].constant ? TG_PARAM_FROZEN : 0,
        };
    }
    *set = tg_params_create_with(TG_F64, p->specs, p->n, allocator, &err);
    for (int i = 0; i < p->n && err.status == TG_OK; i++)
        tg_params_write_f64(*set, i, inputs[i].values, tg_shape_size(&inputs[i].shape), &err);
    if (err.status == TG_OK)
        return TG_OK;
    tg_params_destroy(*set);
    *set = NULL;
    return tg_check_fail(report, err.status, "gradcheck: %s", err.text);
}

tg_status tg_gradcheck(tg_gradcheck_function *f, void *context, const tg_gradcheck_input *inputs, int n,
                       const tg_gradcheck_config *config, tg_gradcheck_report *report)
{
    if (!report)
        return TG_ERR_ARGUMENT;
    *report = (tg_gradcheck_report){ 0 };
    if (!f || !inputs || n < 1)
        return tg_check_fail(report, TG_ERR_ARGUMENT, "gradcheck: %s",
                             !f        ? "the function is NULL"
                             : !inputs ? "the inputs are NULL"
                                       : "a function of no inputs");
    if (config && !tg_allocator_is_complete(config->allocator))
        return tg_check_fail(report, TG_ERR_ARGUMENT, "gradcheck: the allocator's alloc or free is NULL");
    const tg_allocator allocator = tg_allocator_or_default(config ? config->allocator : NULL);
    const size_t bytes = (size_t)n * (sizeof(tg_tensor) + sizeof(tg_param_spec) + sizeof(char[24]));
    tg_param_spec *specs = tg_allocate_zeroed(&allocator, bytes);
    if (!specs)
        return tg_check_fail(report, TG_ERR_MEMORY, "gradcheck: no memory for %d inputs", n);
    function p = { .f = f, .context = context, .n = n, .specs = specs, .leaves = (tg_tensor *)(specs + n) };
    p.names = (char(*)[24])(p.leaves + n);
    tg_params *set;
    tg_status status = make_set(&p, inputs, &allocator, &set, report);
    if (status == TG_OK)
        status = tg_gradcheck_params(set, call_function, &p, config, report);
    tg_params_destroy(set);
    tg_release(&allocator, specs, bytes);
    return status;
}
