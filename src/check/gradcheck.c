/* gradcheck.c - a check from end to end: what holds for the whole gradient, then its elements. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "core/status.h"
#include "tapegrad/grad.h"

/* The whole gradient --------------------------------------------------------------------------------------------- */

/* Whether x and y + factor z are one gradient but for rounding. What is not finite is left to the elements. */
static bool is_near(const tg_checker *c, const double *x, const double *y, double factor, const double *z)
{
    const double eps = c->config.float32 ? (double)FLT_EPSILON : DBL_EPSILON;
    bool near = true;
    for (int k = 0; k < c->n; k++) {
        const int64_t n = c->inputs[k].size;
        double most = 0;
        for (int64_t i = 0; i < n; i++)
            if (isfinite(x[i]) && isfinite(y[i]))
                most = fmax(most, fmax(fabs(x[i]), fabs(y[i])));
        const double limit = eps * (1e4 * most + 64 * c->largest / tg_check_unit(c, &c->inputs[k], -1));
        for (int64_t i = 0; i < n; i++)
            near = near && !(fabs(x[i] - (y[i] + factor * z[i])) > limit);
        x += n;
        y += n;
        z += n;
    }
    return near;
}

static bool are_zeros(const double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (x[i] != 0)
            return false;
    return true;
}

/* The same bits twice, the same by tg_grad, zeros from zeros, and g(w - 2 v) = g(w) - 2 g(v). `g` is room for three
   gradients, `v` for two cotangents. */
static tg_status check_whole(tg_checker *c, double *g, double *v)
{
    const int64_t n = c->n_gradients;
    double *again = g, *other = g + n, *scratch = g + 2 * n, *mixed = v + c->n_values;
    const size_t bytes = (size_t)n * sizeof(double);
    tg_status status = tg_check_gradient(c, TG_BY_BACKWARD, c->weights, c->gradient, scratch);
    if (status == TG_OK)
        status = tg_check_gradient(c, TG_BY_BACKWARD, c->weights, again, scratch);
    if (status == TG_OK && memcmp(c->gradient, again, bytes))
        tg_check_fault(c, TG_FAULT_GRADIENT_CHANGES);
    if (status == TG_OK)
        status = tg_check_gradient(c, TG_BY_GRAD, c->weights, again, scratch);
    if (status == TG_OK && !is_near(c, again, c->gradient, 0, c->gradient))
        tg_check_fault(c, TG_FAULT_PATHS);
    if (status == TG_OK)
        status = tg_check_gradient(c, TG_BY_GRAD, v, again, scratch); /* still zeros */
    if (status == TG_OK && !are_zeros(again, n))
        tg_check_fault(c, TG_FAULT_NOT_ZERO);
    for (int64_t j = 0; j < c->n_values; j++) {
        v[j] = tg_check_weight(&c->rng);
        mixed[j] = c->weights[j] - 2 * v[j];
    }
    if (status == TG_OK)
        status = tg_check_gradient(c, TG_BY_GRAD, v, again, scratch);
    if (status == TG_OK)
        status = tg_check_gradient(c, TG_BY_GRAD, mixed, other, scratch);
    if (status == TG_OK && !is_near(c, other, c->gradient, -2, again))
        tg_check_fault(c, TG_FAULT_NOT_LINEAR);
    for (int64_t i = 0; i < n; i++)
        scratch[i] = fabs(other[i] - (c->gradient[i] - 2 * again[i]));
    for (int k = 0; k < c->n; k++)
        c->inputs[k].rounding = scratch + (c->inputs[k].gradient - c->gradient);
    return status;
}

static void find_steepest(const tg_checker *c, tg_checked *in)
{
    for (int64_t i = 0; i < in->size; i++)
        if (isfinite(in->gradient[i]))
            in->steepest = fmax(in->steepest, fabs(in->gradient[i]) * tg_check_unit(c, in, i));
}

static tg_status check_gradient(tg_checker *c)
{
    double *g = tg_check_room(c, c->n_gradients, 3 * sizeof *g);
    double *v = g ? tg_check_room(c, c->n_values, 2 * sizeof *v) : NULL;
    if (!v)
        return TG_ERR_MEMORY;
    tg_status status = tg_check_build(c, &c->typed, c->config.order == 2 ? TG_CREATE_GRAPH : 0);
    c->largest = tg_check_largest(c->typed.tape);
    if (status == TG_OK)
        status = check_whole(c, g, v);
    for (int k = 0; k < c->n; k++)
        find_steepest(c, &c->inputs[k]);
    return status;
}

/* Its elements --------------------------------------------------------------------------------------------------- */

/* All elements; or one drawn from each of max_elements equal stretches, and directions. */
static tg_status check_input(tg_checker *c, tg_checked *in)
{
    const int64_t most = c->config.max_elements, n = in->size < most ? in->size : most;
    tg_status status = TG_OK;
    for (int64_t k = 0; k < n && status == TG_OK; k++) {
        const double stretch = (double)in->size / (double)n;
        const int64_t drawn = (int64_t)(((double)k + tg_rng_uniform(&c->rng)) * stretch);
        const tg_probe probe = { .input = in, .index = n == in->size ? k : drawn < in->size ? drawn : in->size - 1 };
        status = tg_check_probe(c, &probe);
    }
    for (int k = 0; k < c->config.directions && in->size > n && status == TG_OK; k++)
        status = tg_check_probe(c, &(tg_probe){ .input = in, .index = -1, .seed = tg_rng_u64(&c->rng) });
    if (in->result.n_checked == 0 && in->result.n_kinks > 0)
        tg_check_fault(c, TG_FAULT_ONLY_KINKS);
    return status;
}

static tg_status check_elements(tg_checker *c)
{
    tg_status status = TG_OK;
    for (int k = 0; k < c->n && status == TG_OK; k++) {
        tg_checked *in = &c->inputs[k];
        status = check_input(c, in);
        tg_check_add(&c->report->all, &in->result);
        if (c->config.each && !in->is_cotangent)
            c->config.each[in->at] = in->result;
    }
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
    const bool steady = c->report->fault == TG_FAULT_NONE;
    if (status == TG_OK && steady)
        status = check_gradient(c);
    if (status == TG_OK && steady)
        status = check_elements(c);
    if (status == TG_OK)
        tg_check_say(c);
    return status;
}

/* Public --------------------------------------------------------------------------------------------------------- */

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

/* A function's inputs are a set of parameters: those that are constant, frozen ones. */
typedef struct plain {
    tg_gradcheck_function *f;
    void *context;
    int n;
    tg_tensor *leaves;
    tg_param_spec *specs;
    char (*names)[24];
} plain;

static tg_tensor call_function(tg_tape *tape, tg_params *params, void *context)
{
    const plain *p = context;
    for (int i = 0; i < p->n; i++)
        p->leaves[i] = tg_param(tape, params, i);
    return p->f(tape, p->leaves, p->context);
}

static tg_status make_set(const plain *p, const tg_gradcheck_input *inputs, const tg_allocator *allocator,
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
    if (config && !tg_allocator_is_whole(config->allocator))
        return tg_check_fail(report, TG_ERR_ARGUMENT, "gradcheck: the allocator's alloc or free is NULL");
    const tg_allocator allocator = tg_allocator_or_default(config ? config->allocator : NULL);
    const size_t bytes = (size_t)n * (sizeof(tg_tensor) + sizeof(tg_param_spec) + sizeof(char[24]));
    tg_param_spec *specs = tg_allocate_zeroed(&allocator, bytes);
    if (!specs)
        return tg_check_fail(report, TG_ERR_MEMORY, "gradcheck: no memory for %d inputs", n);
    plain p = { .f = f, .context = context, .n = n, .specs = specs, .leaves = (tg_tensor *)(specs + n) };
    p.names = (char(*)[24])(p.leaves + n);
    tg_params *set;
    tg_status status = make_set(&p, inputs, &allocator, &set, report);
    if (status == TG_OK)
        status = tg_gradcheck_params(set, call_function, &p, config, report);
    tg_params_destroy(set);
    tg_release(&allocator, specs, bytes);
    return status;
}
