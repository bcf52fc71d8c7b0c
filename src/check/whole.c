/* whole.c - what must hold for the whole gradient: the same bits twice, the same by both paths, zeros, linearity. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "check/check.h"
#include "tapegrad/grad.h"

/* Whether x and y + factor z are equal but for rounding. Numbers that are not finite fail later, by element. */
static bool is_near(const tg_checker *c, const double *x, const double *y, double factor, const double *z)
{
    const double eps = c->config.float32 ? (double)FLT_EPSILON : DBL_EPSILON;
    bool near = true;
    for (int k = 0; k < c->n; k++) {
        const tg_checked *in = &c->inputs[k];
        for (int64_t i = 0; i < in->size; i++) {
            const double largest = fabs(x[i]) + fabs(y[i]) + fabs(factor * z[i]);
            const double limit = eps * (1e4 * largest + 64 * c->trace.norm / tg_check_scale(in, i));
            near = near && !(fabs(x[i] - (y[i] + factor * z[i])) > limit && isfinite(largest));
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

/* The same bits twice, the same by tg_grad, zeros from zeros, and g(w - 2 v) = g(w) - 2 g(v). `g` has space for four
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

/* Moves every input of the exact side by a few last bits of float32; 0 restores them. */
static void perturb(tg_checker *c, double by)
{
    for (int k = 0; k < c->n; k++) {
        const tg_checked *in = &c->inputs[k];
        for (int64_t i = 0; i < in->size; i++)
            in->values[i] = by == 0 ? in->origin[i] : in->origin[i] * (1 + by * tg_check_weight(&c->rng));
        tg_params_touch(in->is_cotangent ? c->exact.cotangent : c->exact.set);
    }
}

/* The gradient in float64 at the same values, and how much it depends on bits that float32 does not have. */
static tg_status check_exactly(tg_checker *c, unsigned flags, double *again, double *scratch)
{
    const int64_t n = c->n_gradients;
    double *exact = c->inputs[0].exact, *perturbed = c->inputs[0].perturbed;
    tg_status status = tg_check_build(c, &c->exact, flags);
    if (status == TG_OK)
        status = tg_check_gradient(c, &c->exact, TG_BY_GRAD, c->weights, exact, scratch);
    for (int k = 0; k < 3 && status == TG_OK; k++) {
        perturb(c, (double)FLT_EPSILON / 2);
        status = tg_check_build(c, &c->exact, flags);
        if (status == TG_OK)
            status = tg_check_gradient(c, &c->exact, TG_BY_GRAD, c->weights, again, scratch);
        for (int64_t i = 0; i < n && status == TG_OK; i++)
            perturbed[i] = fmax(perturbed[i], fabs(again[i] - exact[i]));
        perturb(c, 0);
    }
    return status;
}

tg_status tg_check_whole(tg_checker *c)
{
    const unsigned flags = c->config.order == 2 ? TG_CREATE_GRAPH : 0;
    double *g = tg_check_allocate(c, c->n_gradients, 4 * sizeof *g);
    c->scratch = g; /* the first three; the fourth is the inputs' rounding */
    double *v = g ? tg_check_allocate(c, c->n_values, 2 * sizeof *v) : NULL;
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
