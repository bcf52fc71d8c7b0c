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
        const tg_checked *in = &c->inputs[k];
        for (int64_t i = 0; i < in->size; i++) {
            const double most = fabs(x[i]) + fabs(y[i]) + fabs(factor * z[i]);
            const double limit = eps * (1e4 * most + 64 * c->trace.whole / tg_check_scale(in, i));
            near = near && !(fabs(x[i] - (y[i] + factor * z[i])) > limit && isfinite(most));
        }
        x += in->size;
        y += in->size;
        z += in->size;
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

/* The same bits twice, the same by tg_grad, zeros from zeros, and g(w - 2 v) = g(w) - 2 g(v). `g` is room for four
   gradients, of which the last becomes the inputs' rounding, `v` for two cotangents. */
static tg_status check_whole(tg_checker *c, double *g, double *v)
{
    const int64_t n = c->n_gradients;
    double *again = g, *other = g + n, *scratch = g + 2 * n, *mixed = v + c->n_values;
    const size_t bytes = (size_t)n * sizeof(double);
    tg_status status = tg_check_gradient(c, &c->typed, TG_BY_BACKWARD, c->weights, c->gradient, scratch);
    if (status == TG_OK)
        status = tg_check_gradient(c, &c->typed, TG_BY_BACKWARD, c->weights, again, scratch);
    if (status == TG_OK && memcmp(c->gradient, again, bytes))
        tg_check_fault(c, TG_FAULT_GRADIENT_CHANGES);
    if (status == TG_OK)
        status = tg_check_gradient(c, &c->typed, TG_BY_GRAD, c->weights, again, scratch);
    if (status == TG_OK && !is_near(c, again, c->gradient, 0, c->gradient))
        tg_check_fault(c, TG_FAULT_PATHS);
    if (status == TG_OK)
        status = tg_check_gradient(c, &c->typed, TG_BY_GRAD, v, again, scratch); /* still zeros */
    if (status == TG_OK && !are_zeros(again, n))
        tg_check_fault(c, TG_FAULT_NOT_ZERO);
    for (int64_t j = 0; j < c->n_values; j++) {
        v[j] = tg_check_weight(&c->rng);
        mixed[j] = c->weights[j] - 2 * v[j];
    }
    if (status == TG_OK)
        status = tg_check_gradient(c, &c->typed, TG_BY_GRAD, v, again, scratch);
    if (status == TG_OK)
        status = tg_check_gradient(c, &c->typed, TG_BY_GRAD, mixed, other, scratch);
    if (status == TG_OK && !is_near(c, other, c->gradient, -2, again))
        tg_check_fault(c, TG_FAULT_NOT_LINEAR);
    double *rounding = g + 3 * n;
    for (int64_t i = 0; i < n; i++)
        rounding[i] = fabs(other[i] - (c->gradient[i] - 2 * again[i]));
    for (int k = 0; k < c->n; k++)
        c->inputs[k].rounding = rounding + (c->inputs[k].gradient - c->gradient);
    return status;
}

static void find_steepest(const tg_checker *c, tg_checked *in)
{
    for (int64_t i = 0; i < in->size; i++)
        if (isfinite(in->gradient[i]))
            in->steepest = fmax(in->steepest, fabs(in->gradient[i]) * tg_check_unit(c, in, i));
}

/* Moves every input of the exact side by a few last bits of float32; 0 puts them back. */
static void shake(tg_checker *c, double by)
{
    for (int k = 0; k < c->n; k++) {
        const tg_checked *in = &c->inputs[k];
        for (int64_t i = 0; i < in->size; i++)
            in->values[i] = by == 0 ? in->origin[i] : in->origin[i] * (1 + by * tg_check_weight(&c->rng));
        tg_params_touch(in->is_cotangent ? c->exact.cotangent : c->exact.set);
    }
}

/* The gradient in float64 at the same values, and how much of it hangs on bits that float32 does not have. */
static tg_status check_exactly(tg_checker *c, unsigned flags, double *again, double *scratch)
{
    const int64_t n = c->n_gradients;
    double *exact = c->inputs[0].exact, *shaken = c->inputs[0].shaken;
    tg_status status = tg_check_build(c, &c->exact, flags);
    if (status == TG_OK)
        status = tg_check_gradient(c, &c->exact, TG_BY_GRAD, c->weights, exact, scratch);
    for (int k = 0; k < 3 && status == TG_OK; k++) {
        shake(c, (double)FLT_EPSILON / 2);
        status = tg_check_build(c, &c->exact, flags);
        if (status == TG_OK)
            status = tg_check_gradient(c, &c->exact, TG_BY_GRAD, c->weights, again, scratch);
        for (int64_t i = 0; i < n && status == TG_OK; i++)
            shaken[i] = fmax(shaken[i], fabs(again[i] - exact[i]));
        shake(c, 0);
    }
    return status;
}

static tg_status check_gradient(tg_checker *c)
{
    const unsigned flags = c->config.order == 2 ? TG_CREATE_GRAPH : 0;
    double *g = tg_check_room(c, c->n_gradients, 4 * sizeof *g);
    c->scratch = g; /* the first three; the fourth is the inputs' rounding */
    double *v = g ? tg_check_room(c, c->n_values, 2 * sizeof *v) : NULL;
    if (!v)
        return TG_ERR_MEMORY;
    tg_status status = tg_check_trace(c);
    if (status == TG_OK && c->config.float32)
        status = check_exactly(c, flags, g, g + c->n_gradients);
    if (status == TG_OK)
        status = tg_check_build(c, &c->typed, flags);
    if (status == TG_OK)
        status = check_whole(c, g, v);
    for (int k = 0; k < c->n; k++)
        find_steepest(c, &c->inputs[k]);
    return status;
}

/* Its elements --------------------------------------------------------------------------------------------------- */

static int64_t n_drawn(const tg_checker *c, const tg_checked *in)
{
    return in->size < c->config.max_elements ? in->size : c->config.max_elements;
}

/* The k-th element: one of each of max_elements equal stretches is drawn, or all are taken. */
static int64_t element(const tg_checker *c, const tg_checked *in, int64_t k)
{
    const int64_t n = n_drawn(c, in);
    tg_rng rng = tg_rng_seed(tg_rng_at(in->seed, (uint64_t)k));
    const int64_t drawn = (int64_t)(((double)k + tg_rng_uniform(&rng)) * (double)in->size / (double)n);
    return n == in->size ? k : drawn < in->size ? drawn : in->size - 1;
}

static tg_status check_probe(tg_checker *c, tg_probe *p, bool *kink)
{
    tg_compared found;
    const tg_status status = tg_check_compare(c, p, &found);
    if (status != TG_OK)
        return status;
    tg_check_note(c, p, &found);
    *kink = found.is_kink;
    return TG_OK;
}

/* Elements, and directions where not all of them are taken. */
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

/* The gradient at a kink is wrong if that beside it, to either side, is. */
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
            tg_check_note(c, &probe, &found);
    }
    return status;
}

/* What leaves an input unjudged. All biases of zero lie on kinks behind a row of zeros: they are judged beside the point,
   if others were at it. */
static tg_status check_judged(tg_checker *c, tg_checked *in, bool others)
{
    const tg_status status = others ? check_beside(c, in) : TG_OK;
    const tg_gradcheck_result *r = &in->result;
    if (r->n_checked == 0 && r->n_kinks > 0 && in->n_beside == 0)
        tg_check_fault(c, TG_FAULT_ONLY_KINKS);
    if (in->n_blind > 0 && in->n_blind + in->n_zeros == r->n_checked)
        tg_check_fault(c, TG_FAULT_FAINT);
    return status;
}

static tg_status check_elements(tg_checker *c)
{
    int64_t drawn = 0, checked = 0;
    for (int k = 0; k < c->n; k++)
        drawn += n_drawn(c, &c->inputs[k]);
    bool *kinks = tg_check_room(c, drawn, sizeof *kinks);
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
    if (all->n_faint > 0 && all->n_faint == all->n_checked)
        tg_check_fault(c, TG_FAULT_FAINT);
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
    if (config && !tg_allocator_is_complete(config->allocator))
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
