/* compare.c - one comparison of a gradient with finite differences, from the search for a step to what is reported.

   The algorithm, for one element or direction:
       analytic = the gradient along it;  h = 2^-8 units
       repeat
           estimate = the slope from central differences at h and h / 2, extrapolated            (slope.c)
           if it is converged: its error, its rounding and the difference of the two sides are small
               if |analytic - slope| <= allowed (tolerance.c): right
               if the difference is the same at every smaller step: wrong
               otherwise go on below the step that showed another slope
           otherwise h = h / 4, or a larger h where rounding is what makes the estimate uncertain
       until h leaves its range; then the best estimate decides: right, wrong, or a kink, not judged  (search.c)
       if wrong, but some value before the outputs has a kink here (kink.c):
           not judged, unless the gradient a little to the left or right is wrong, too */
#include <math.h>

#include "check/check.h"

/* The search, in float64. */
static tg_status find_step(tg_checker *c, tg_probe *p, tg_found_step *found)
{
    p->analytic = tg_check_along(c, p, p->input->exact, false);
    return tg_check_search(c, p, found);
}

/* Whether the comparison says nothing: the rounding allowed for a slope, times a change of the element by itself or by
   one, is not small against the sensitivity of the outputs. */
static bool is_inconclusive(const tg_checker *c, const tg_probe *p, const tg_estimate *r, const tg_compared *found)
{
    const double change = fmax(tg_check_scale(p->input, p->index), 1) / tg_check_unit(c, p->input, p->index);
    return found->is_below_noise && found->allowed * change > c->config.tolerance * r->sensitivity;
}

static tg_compared result_of(const tg_checker *c, const tg_probe *p, const tg_found_step *s)
{
    const tg_estimate *r = &s->estimate;
    tg_compared found = {
        .analytic = p->analytic,
        .numeric = r->value,
        .allowed = tg_check_allowed(c, p, r, s->converged),
        .step = r->h,
        .is_kink = s->verdict == TG_UNJUDGED,
    };
    const double larger = fmax(fabs(p->analytic), fabs(r->value));
    found.is_below_noise = s->verdict == TG_RIGHT && larger <= found.allowed && tg_check_mismatch(p, r) > 0;
    found.is_inconclusive = is_inconclusive(c, p, r, &found);
    if (c->config.float32 && s->verdict == TG_RIGHT) { /* and now the gradient of float32 */
        found.analytic = tg_check_along(c, p, p->input->gradient, false);
        found.allowed += tg_check_allowed_in_float32(c, p, r);
    }
    return found;
}

/* Beside a point --------------------------------------------------------------------------------------------------- */

static void place(tg_checker *c, tg_checked *in, int64_t i, double x)
{
    in->values[i] = in->origin[i] = x;
    tg_params_touch(in->is_cotangent ? c->exact.cotangent : c->exact.set);
}

/* The point that was built last becomes the one from which slopes are taken, with its gradient in float64. */
static tg_status take_point(tg_checker *c, tg_checked *in, int64_t i)
{
    const tg_status status = tg_check_values(c, c->base);
    if (status != TG_OK)
        return status;
    double *all = c->scratch;
    const tg_status done = tg_check_gradient(c, &c->exact, TG_BY_GRAD, c->weights, all, all + c->n_gradients);
    in->exact[i] = in->gradient[i] = all[in->exact + i - c->inputs[0].exact];
    return done;
}

tg_status tg_check_beside(tg_checker *c, const tg_probe *p, int side, tg_compared *found)
{
    tg_checked *in = p->input;
    const int64_t i = p->index;
    const double x = in->origin[i], exact = in->exact[i], gradient = in->gradient[i];
    const double distance = tg_check_scale(in, i) / 1024;
    tg_probe beside = { .input = in, .index = i };
    tg_found_step step;
    place(c, in, i, x + side * distance);
    tg_status status = take_point(c, in, i);
    if (status == TG_OK)
        status = find_step(c, &beside, &step);
    if (status == TG_OK)
        *found = result_of(c, &beside, &step);
    place(c, in, i, x);
    in->exact[i] = exact;
    in->gradient[i] = gradient;
    return status == TG_OK ? tg_check_values(c, c->base) : status;
}

/* The comparison --------------------------------------------------------------------------------------------------- */

/* A gradient at a kink is a convention. After a chain of kinks it need not be between the slopes to the sides, and these
   need not differ: leaky_relu(-leaky_relu(x)) has one slope at 0, and another gradient. It is wrong if that beside the
   point is; along a direction it is not judged. */
static tg_status judge_convention(tg_checker *c, const tg_probe *p, tg_verdict *verdict)
{
    bool kinked, wrong = false;
    tg_status status = tg_check_kinked(c, p, &kinked);
    if (status != TG_OK || !kinked)
        return status;
    for (int side = -1; side < 2 && !wrong && p->index >= 0 && status == TG_OK; side += 2) {
        tg_compared found;
        status = tg_check_beside(c, p, side, &found);
        wrong = status == TG_OK && !found.is_kink && !(fabs(found.analytic - found.numeric) <= found.allowed);
    }
    *verdict = wrong ? TG_WRONG : TG_UNJUDGED;
    return status;
}

tg_status tg_check_compare(tg_checker *c, tg_probe *p, tg_compared *found)
{
    tg_found_step step;
    tg_status status = find_step(c, p, &step);
    const bool is_finite = isfinite(tg_check_mismatch(p, &step.estimate));
    if (status == TG_OK && step.verdict == TG_WRONG && is_finite && !step.by_jumps)
        status = judge_convention(c, p, &step.verdict);
    if (status == TG_OK)
        *found = result_of(c, p, &step);
    return status;
}
