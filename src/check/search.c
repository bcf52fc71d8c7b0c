/* search.c - the search for a step at which a slope can be trusted, and the verdict at that step. */
#include <math.h>

#include "check/check.h"

/* What an estimate says -------------------------------------------------------------------------------------------- */

/* Whether the slope is known well. `error` is that of one difference; the extrapolated value is much closer, and a
   larger step, which has less noise, makes it better. */
static bool is_converged(const tg_checker *c, const tg_estimate *r)
{
    const double close = tg_check_closeness(c) * fabs(r->value);
    return isfinite(close) && r->error <= 10 * close && r->noise <= close && !tg_check_has_jump(c, r);
}

/* Whether something other than rounding makes the slope uncertain: a step that is too large, or that crosses kinks. */
static bool is_unresolved(const tg_checker *c, const tg_estimate *r)
{
    return !(r->error <= r->noise + r->inner_noise) || (tg_check_has_jump(c, r) && r->jump > r->inner_noise);
}

/* All that may be wrong with a slope. */
static double uncertainty(const tg_estimate *r)
{
    return tg_check_disagreement(r) + r->noise + r->inner_noise;
}

/* Where a function jumps, its slope to that side doubles when the step is halved, and extrapolates to three times its
   value. At order 2 that is a kink of y, where the gradient jumps. */
static bool is_discontinuous(const tg_estimate *r)
{
    const double steeper = fmax(fabs(r->right), fabs(r->left));
    return steeper > 3 * r->inner_noise && fabs(r->side_error - steeper / 3) <= 0.02 * steeper;
}

static bool agrees(const tg_checker *c, const tg_probe *p, const tg_estimate *r, bool converged)
{
    return tg_check_mismatch(p, r) <= tg_check_allowed(c, p, r, converged);
}

/* Whether gradient and slope are both below noise. */
static bool is_below_noise(const tg_probe *p, const tg_estimate *r)
{
    return fmax(fabs(r->value), fabs(p->analytic)) <= uncertainty(r) && isfinite(uncertainty(r));
}

/* Choosing the step ------------------------------------------------------------------------------------------------ */

typedef struct search {
    const tg_probe *p;
    double least, most;
    double most_below_noise; /* the largest step that is tried while the slope is below noise */
    double h;                /* the next step */
    tg_estimate best;        /* of the least uncertainty, or the one that decided */
    tg_estimate last;
    bool inconsistent;   /* a slope that seemed converged was not the same at smaller steps */
    int worse;           /* how many of the last estimates were worse than the one before, by rounding */
    int n_discontinuous; /* how many of the last estimates show that the function jumps */
    tg_verdict verdict;
} search;

/* The smallest step in units that is above the last bit of what it is added to. */
static double smallest(const tg_checker *c, const tg_probe *p)
{
    const double x = p->index < 0 ? 0 : fabs(p->input->origin[p->index]);
    return x > 0 ? ldexp(x / tg_check_unit(c, p->input, p->index), -49) : ldexp(1, p->index < 0 ? -40 : -64);
}

static search begin(const tg_checker *c, const tg_probe *p)
{
    const double first = tg_check_first_step(c), unit = tg_check_unit(c, p->input, p->index);
    return (search){
        .p = p,
        .h = first,
        .least = smallest(c, p),
        .most = fmax(ldexp(first, 32), 1 / unit),
        .most_below_noise = first * fmax(1, fmax(tg_check_scale(p->input, -1), 1) / unit),
    };
}

/* A wrong gradient shows the same difference at every smaller step, down to where rounding hides it. Kinks that a step
   crosses, a scale that it does not resolve, and rounding that happens to fit a line do not. */
static tg_status confirm(tg_checker *c, search *s, const tg_estimate *claim)
{
    const double half = tg_check_mismatch(s->p, claim) / 2;
    int agreeing = 0;
    bool unresolved = false;
    tg_estimate r = *claim;
    s->h = claim->h / 4;
    for (double h = 0.75 * claim->h; h >= s->least && r.noise < half && isfinite(half);
         h *= agreeing < 2 ? 0.4375 : 0.0625) {
        const tg_status status = tg_check_estimate(c, s->p, h, &r);
        if (status != TG_OK)
            return status;
        s->n_discontinuous = is_discontinuous(&r) ? s->n_discontinuous + 1 : 0;
        if (!(tg_check_disagreement(&r) + r.noise < half))
            unresolved = unresolved || is_unresolved(c, &r);
        else if (fabs(r.value - claim->value) <= half)
            agreeing++;
        else {
            s->inconsistent = true;
            s->best = r;
            s->h = ldexp(1, ilogb(h));
            return TG_OK;
        }
    }
    s->inconsistent = s->inconsistent || (agreeing < 2 && unresolved);
    s->verdict = agreeing < 2 && unresolved ? TG_OPEN : TG_WRONG;
    return TG_OK;
}

/* By how much a step should be larger, so that rounding does not matter. */
static double growth(const tg_checker *c, const search *s, const tg_estimate *r)
{
    const double needed = r->noise / (tg_check_closeness(c) * fmax(fabs(r->value), fabs(s->p->analytic)));
    const double factor = fmin(needed, s->most_below_noise / r->h);
    return factor > 4 && isfinite(factor) ? ldexp(1, ilogb(factor)) : 4;
}

/* Records an inconclusive estimate, and chooses the next step: a smaller one where the estimate is not finite,
   not converged, or has a jump; a larger one where rounding is the cause, as long as the slope does not change by
   more than that rounding. False: no further step. */
static bool move_on(const tg_checker *c, search *s, const tg_estimate *r, bool *rising)
{
    const bool first = s->last.h == 0, unresolved = is_unresolved(c, r);
    const tg_estimate before = s->best;
    s->worse = !unresolved && !first && r->error + r->noise >= s->last.error + s->last.noise ? s->worse + 1 : 0;
    s->last = *r;
    s->n_discontinuous = is_discontinuous(r) ? s->n_discontinuous + 1 : 0;
    if (first || uncertainty(r) < uncertainty(&before))
        s->best = *r;
    if (first)
        *rising = !unresolved;
    else if (*rising && unresolved && r->h > 4 * before.h) /* the step grew too much: back, by small factors */
        *rising = false;
    if (!*rising) {
        s->h = r->h / 4;
        return s->worse < 2 && s->h >= s->least;
    }
    s->h = r->h * growth(c, s, r);
    return !unresolved && s->h <= (is_below_noise(s->p, r) ? s->most_below_noise : s->most) &&
           (first ||
            (uncertainty(r) < uncertainty(&before) && fabs(r->value - before.value) <= uncertainty(&before)));
}

/* Looks for a step at which the slope is converged, and decides there if it can. */
static tg_status look(tg_checker *c, search *s)
{
    const bool fixed = c->config.step > 0;
    bool rising = false, more = true;
    while (more && s->verdict == TG_OPEN) {
        tg_estimate r;
        tg_status status = tg_check_estimate(c, s->p, s->h, &r);
        if (status != TG_OK)
            return status;
        if (is_converged(c, &r)) {
            s->last = s->best = r;
            rising = false;
            if (agrees(c, s->p, &r, true))
                s->verdict = TG_RIGHT;
            else
                status = confirm(c, s, &r);
            if (status != TG_OK)
                return status;
            more = !fixed && s->h >= s->least;
        } else
            more = move_on(c, s, &r, &rising) && !fixed;
    }
    return TG_OK;
}

/* Judging ---------------------------------------------------------------------------------------------------------- */

/* Whether there are slopes on both sides that differ, and the gradient is between them. */
static bool is_kink(const tg_probe *p, const tg_estimate *r)
{
    const double slack = 1e-3 * r->jump;
    return p->analytic >= fmin(r->left, r->right) - slack && p->analytic <= fmax(r->left, r->right) + slack;
}

/* The verdict where no step could decide. */
static tg_verdict judge(const tg_checker *c, const search *s, bool jumps)
{
    const tg_estimate *r = &s->best;
    const bool unresolved = is_unresolved(c, r), one_kink = unresolved && r->side_error <= 0.1 * r->jump;
    if ((one_kink && is_kink(s->p, r)) || (jumps && c->config.order == 2))
        return TG_UNJUDGED;
    if (agrees(c, s->p, r, false))
        return TG_RIGHT;
    if (jumps || !isfinite(s->p->analytic) || !isfinite(r->value))
        return TG_WRONG;
    if (s->inconsistent || (unresolved && s->p->index < 0))
        return TG_UNJUDGED;
    if (!unresolved || one_kink)
        return TG_WRONG;
    const bool is_close = tg_check_mismatch(s->p, r) <= 2 * tg_check_disagreement(r);
    return is_close || s->last.h < 4 * s->least ? TG_UNJUDGED : TG_WRONG;
}

/* A fault that was seen at the caller's step alone: smaller steps may not show it. */
static tg_status try_smaller_steps(tg_checker *c, search *s)
{
    const tg_estimate claim = s->best;
    const tg_status status = confirm(c, s, &claim);
    s->best = claim;
    s->verdict = s->inconsistent && s->n_discontinuous < 3 ? TG_UNJUDGED : TG_WRONG;
    return status;
}

tg_status tg_check_search(tg_checker *c, const tg_probe *p, tg_found_step *found)
{
    const bool fixed = c->config.step > 0;
    search s = begin(c, p);
    tg_status status = look(c, &s);
    const bool converged = s.verdict != TG_OPEN;
    if (!converged)
        s.verdict = judge(c, &s, s.n_discontinuous >= (fixed ? 1 : 3));
    if (status == TG_OK && s.verdict == TG_WRONG && !converged && fixed && isfinite(tg_check_mismatch(p, &s.best)))
        status = try_smaller_steps(c, &s);
    *found = (tg_found_step){
        .verdict = s.verdict, .estimate = s.best, .converged = converged, .by_jumps = s.n_discontinuous >= 3
    };
    return status;
}
