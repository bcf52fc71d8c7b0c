/* tolerance.c - what an estimate of a slope says, and by how much it and a gradient may differ. */
#include <float.h>
#include <math.h>

#include "check/check.h"

/* How closely a slope should be known, relative to itself: slopes are of float64, whatever the gradient is. */
double tg_check_closeness(const tg_checker *c)
{
    return fmin(c->config.tolerance, 1e-6);
}

/* The first step, in units. */
double tg_check_first_step(const tg_checker *c)
{
    return c->config.step > 0 ? c->config.step : ldexp(1, c->config.forward_differences ? -17 : -8);
}

/* Whether the slopes to both sides differ by more than a smooth function's would. */
bool tg_check_has_jump(const tg_checker *c, const tg_estimate *r)
{
    return r->jump > 10 * tg_check_closeness(c) * fmax(fabs(r->right), fabs(r->left)) + 16 * r->noise;
}

/* By how much the two steps and the two sides differ. */
double tg_check_disagreement(const tg_estimate *r)
{
    const double s = r->error + r->jump;
    return isfinite(s) && isfinite(r->value) ? s : (double)INFINITY;
}

double tg_check_mismatch(const tg_probe *p, const tg_estimate *r)
{
    return fabs(p->analytic - r->value);
}

/* What rounding of this dtype may have changed in a gradient along the probe: it comes from the values between inputs and
   outputs, which change over a length given by the element's magnitude, or by the step that was found to suit. */
static double gradient_rounding(const tg_checker *c, const tg_probe *p, const tg_estimate *r, double eps)
{
    const double length = tg_check_scale(p->input, p->index) / tg_check_unit(c, p->input, p->index);
    return 64 * eps * r->sensitivity / (c->config.step > 0 ? length : fmax(length, r->h / tg_check_first_step(c)));
}

double tg_check_allowed(const tg_checker *c, const tg_probe *p, const tg_estimate *r, bool converged)
{
    const double m = fmax(fabs(p->analytic), fabs(r->value)), rounding = gradient_rounding(c, p, r, DBL_EPSILON);
    const double unsure = converged ? 0 : 4 * (r->noise + r->inner_noise); /* steps differ by a factor of 4 */
    double sum = c->config.tolerance * m + r->noise +
                 fmin(tg_check_disagreement(r), fmax(10 * tg_check_closeness(c) * m, unsure));
    sum += c->config.float32 ? rounding : fmin(8 * tg_check_along(c, p, p->input->rounding, true), rounding);
    if (r->value == 0) /* what rounding leaves of terms that cancel */
        sum += rounding / 16;
    return converged ? sum : sum + r->inner_noise;
}

/* What rounding in float32 adds to that. */
double tg_check_allowed_in_float32(const tg_checker *c, const tg_probe *p, const tg_estimate *r)
{
    const double count = p->index < 0 ? (double)p->input->size : 1;
    const double smallest = (double)FLT_MIN * count * tg_check_unit(c, p->input, p->index);
    return 0.1 * c->config.tolerance * p->input->steepest * sqrt(count) + smallest +
           gradient_rounding(c, p, r, (double)FLT_EPSILON) + 2 * tg_check_along(c, p, p->input->perturbed, true);
}
