/* difference.c - the search for a step at which a slope can be trusted, and the comparison with a gradient. */
#include <float.h>
#include <math.h>

#include "check/check.h"

/* What a rung tells ----------------------------------------------------------------------------------------------- */

/* How closely a slope should be known, relative to itself: slopes are of float64, whatever the gradient is. */
static double closeness(const tg_checker *c)
{
    return fmin(c->config.tolerance, 1e-6);
}

static double steeper(const tg_rung *r)
{
    return fmax(fabs(r->right), fabs(r->left));
}

/* Whether the slopes to both sides differ by more than a smooth function's would. */
static bool has_jump(const tg_checker *c, const tg_rung *r)
{
    return r->jump > 10 * closeness(c) * steeper(r) + 16 * r->noise;
}

/* Whether the slope is known well. The error is that of one difference; what is extrapolated from two is closer by
   far, and gains from a larger step, which has less noise. */
static bool is_sharp(const tg_checker *c, const tg_rung *r)
{
    const double close = closeness(c) * fabs(r->value);
    return isfinite(close) && r->error <= 10 * close && r->noise <= close && !has_jump(c, r);
}

/* Whether something else than rounding makes the slope uncertain: a step too large, or kinks on its way. */
static bool is_rough(const tg_checker *c, const tg_rung *r)
{
    return !(r->error <= r->noise + r->hidden) || (has_jump(c, r) && r->jump > r->hidden);
}

/* By how much the two steps and the two sides disagree. */
static double spread(const tg_rung *r)
{
    const double s = r->error + r->jump;
    return isfinite(s) && isfinite(r->value) ? s : (double)INFINITY;
}

/* All that may be wrong with a slope. */
static double doubt(const tg_rung *r)
{
    return spread(r) + r->noise + r->hidden;
}

/* Where a function jumps, its slope to that side doubles when the step is halved, and extrapolates to three times what
   it was. At order 2 that is a kink, where the gradient jumps. */
static bool leaps(const tg_rung *r)
{
    return steeper(r) > 3 * r->hidden && fabs(r->bend - steeper(r) / 3) <= 0.02 * steeper(r);
}

/* Comparing ------------------------------------------------------------------------------------------------------ */

/* The first step in units. */
static double first_step(const tg_checker *c)
{
    return c->config.step > 0 ? c->config.step : ldexp(1, c->config.forward_differences ? -17 : -8);
}

/* What rounding of this dtype may have made of a gradient along the probe, from the values on the way to it, which change
   over a length that the element's magnitude tells, or the step that was found to suit. */
static double gradient_rounding(const tg_checker *c, const tg_probe *p, const tg_rung *r, double eps)
{
    const double length = tg_check_scale(p->input, p->index) / tg_check_unit(c, p->input, p->index);
    return 64 * eps * r->reach / (c->config.step > 0 ? length : fmax(length, r->h / first_step(c)));
}

static double allowed(const tg_checker *c, const tg_probe *p, const tg_rung *r, bool sharp)
{
    const double m = fmax(fabs(p->analytic), fabs(r->value)), rounding = gradient_rounding(c, p, r, DBL_EPSILON);
    const double unsure = sharp ? 0 : 4 * (r->noise + r->hidden); /* steps are a factor of 4 apart */
    double sum = c->config.tolerance * m + r->noise + fmin(spread(r), fmax(10 * closeness(c) * m, unsure));
    sum += c->config.float32 ? rounding : fmin(8 * tg_check_along(c, p, p->input->rounding, true), rounding);
    if (r->value == 0) /* what rounding leaves of terms that cancel */
        sum += rounding / 16;
    return sharp ? sum : sum + r->hidden;
}

/* What rounding in float32 adds to that. */
static double allowed_in_float32(const tg_checker *c, const tg_probe *p, const tg_rung *r)
{
    const double count = p->index < 0 ? (double)p->input->size : 1;
    const double smallest = (double)FLT_MIN * count * tg_check_unit(c, p->input, p->index);
    return 0.1 * c->config.tolerance * p->input->steepest * sqrt(count) + smallest +
           gradient_rounding(c, p, r, (double)FLT_EPSILON) + 2 * tg_check_along(c, p, p->input->shaken, true);
}

static double mismatch(const tg_probe *p, const tg_rung *r)
{
    return fabs(p->analytic - r->value);
}

static bool agrees(const tg_checker *c, const tg_probe *p, const tg_rung *r, bool sharp)
{
    return mismatch(p, r) <= allowed(c, p, r, sharp);
}

/* Choosing the step ---------------------------------------------------------------------------------------------- */

enum verdict { OPEN, RIGHT, WRONG, UNJUDGED };

typedef struct search {
    tg_probe *p;
    double least, most;
    double suits; /* the step up to which even a slope that is lost in rounding is looked for */
    double h;     /* the next step */
    tg_rung best; /* of the least doubt, or the one that decided */
    tg_rung last;
    bool disturbed; /* a slope that seemed sharp was not the same at smaller steps */
    int worse;      /* how many of the last rungs were worse than the one before, by rounding */
    int leaps;      /* ... and how many show a jump */
    enum verdict verdict;
} search;

/* The smallest step in units that is above the last bit of what it is added to. */
static double smallest(const tg_checker *c, const tg_probe *p)
{
    const double x = p->index < 0 ? 0 : fabs(p->input->origin[p->index]);
    return x > 0 ? ldexp(x / tg_check_unit(c, p->input, p->index), -49) : ldexp(1, p->index < 0 ? -40 : -64);
}

/* A fault shows the same difference at every smaller step, down to where rounding hides it; kinks that a step crosses,
   a scale that it does not see, and rounding that happens to lie on a line do not. */
static tg_status confirm(tg_checker *c, search *s, const tg_rung *claim)
{
    const double half = mismatch(s->p, claim) / 2;
    int agreeing = 0;
    bool rough = false;
    tg_rung r = *claim;
    s->h = claim->h / 4;
    for (double h = 0.75 * claim->h; h >= s->least && r.noise < half && isfinite(half);
         h *= agreeing < 2 ? 0.4375 : 0.0625) {
        const tg_status status = tg_check_rung(c, s->p, h, &r);
        if (status != TG_OK)
            return status;
        s->leaps = leaps(&r) ? s->leaps + 1 : 0;
        if (!(spread(&r) + r.noise < half))
            rough = rough || is_rough(c, &r);
        else if (fabs(r.value - claim->value) <= half)
            agreeing++;
        else {
            s->disturbed = true;
            s->best = r;
            s->h = ldexp(1, ilogb(h));
            return TG_OK;
        }
    }
    s->disturbed = s->disturbed || (agreeing < 2 && rough);
    s->verdict = agreeing < 2 && rough ? OPEN : WRONG;
    return TG_OK;
}

/* How much larger a step should be for rounding to matter no more. */
static double growth(const tg_checker *c, const search *s, const tg_rung *r)
{
    const double wanted = r->noise / (closeness(c) * fmax(fabs(r->value), fabs(s->p->analytic)));
    const double factor = fmin(wanted, s->suits / r->h);
    return factor > 4 && isfinite(factor) ? ldexp(1, ilogb(factor)) : 4;
}

/* Whether gradient and slope are both lost in rounding. */
static bool is_faint(const tg_probe *p, const tg_rung *r)
{
    return fmax(fabs(r->value), fabs(p->analytic)) <= doubt(r) && isfinite(doubt(r));
}

/* Takes in a rung that decides nothing, and says where to go on: to smaller steps past what is not finite, not converged
   or bent; to larger ones where rounding is the trouble, as long as the slope is what it was within that rounding. */
static bool move_on(const tg_checker *c, search *s, const tg_rung *r, bool *rising)
{
    const bool first = s->last.h == 0, rough = is_rough(c, r);
    const tg_rung before = s->best;
    s->worse = !rough && !first && r->error + r->noise >= s->last.error + s->last.noise ? s->worse + 1 : 0;
    s->last = *r;
    s->leaps = leaps(r) ? s->leaps + 1 : 0;
    if (first || doubt(r) < doubt(&before))
        s->best = *r;
    if (first)
        *rising = !rough;
    else if (*rising && rough && r->h > 4 * before.h) /* a leap to a step too large: back, by small ones */
        *rising = false;
    if (!*rising) {
        s->h = r->h / 4;
        return s->worse < 2 && s->h >= s->least;
    }
    s->h = r->h * growth(c, s, r);
    return !rough && s->h <= (is_faint(s->p, r) ? s->suits : s->most) &&
           (first || (doubt(r) < doubt(&before) && fabs(r->value - before.value) <= doubt(&before)));
}

/* Looks for a step at which the slope is sharp, and decides there if it can. */
static tg_status look(tg_checker *c, search *s)
{
    const bool fixed = c->config.step > 0;
    bool rising = false, more = true;
    while (more && s->verdict == OPEN) {
        tg_rung r;
        tg_status status = tg_check_rung(c, s->p, s->h, &r);
        if (status != TG_OK)
            return status;
        if (is_sharp(c, &r)) {
            s->last = s->best = r;
            rising = false;
            if (agrees(c, s->p, &r, true))
                s->verdict = RIGHT;
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

/* Slopes that are there on both sides, differ, and have the gradient between them. */
static bool is_kink(const tg_probe *p, const tg_rung *r)
{
    const double slack = 1e-3 * r->jump;
    return p->analytic >= fmin(r->left, r->right) - slack && p->analytic <= fmax(r->left, r->right) + slack;
}

/* What no step could decide. */
static enum verdict judge(const tg_checker *c, const search *s, bool jumps)
{
    const tg_rung *r = &s->best;
    const bool rough = is_rough(c, r), one_kink = rough && r->bend <= 0.1 * r->jump;
    if ((one_kink && is_kink(s->p, r)) || (jumps && c->config.order == 2))
        return UNJUDGED;
    if (agrees(c, s->p, r, false))
        return RIGHT;
    if (jumps || !isfinite(s->p->analytic) || !isfinite(r->value))
        return WRONG;
    if (s->disturbed || (rough && s->p->index < 0))
        return UNJUDGED;
    if (!rough || one_kink)
        return WRONG;
    return mismatch(s->p, r) <= 2 * spread(r) || s->last.h < 4 * s->least ? UNJUDGED : WRONG;
}

/* Whether the comparison says nothing: the rounding allowed for a slope, times a change of the element by itself or by
   one, is not small against all that reaches the outputs. */
static bool is_blind(const tg_checker *c, const tg_probe *p, const tg_rung *r, const tg_compared *found)
{
    const double change = fmax(tg_check_scale(p->input, p->index), 1) / tg_check_unit(c, p->input, p->index);
    return found->is_faint && found->allowed * change > c->config.tolerance * r->reach;
}

/* A gradient at a kink is a convention, which a chain of kinks need not leave between the slopes to the sides, nor need
   they differ: leaky_relu(-leaky_relu(x)) has one slope at 0, and another gradient. It is wrong if that beside the point
   is; along a direction it is not judged. */
static tg_status excuse_convention(tg_checker *c, search *s)
{
    bool kinked, wrong = false;
    tg_status status = tg_check_kinked(c, s->p, &kinked);
    if (status != TG_OK || !kinked || s->p->is_beside)
        return status;
    for (int side = -1; side < 2 && !wrong && s->p->index >= 0 && status == TG_OK; side += 2) {
        tg_compared found;
        status = tg_check_beside(c, s->p, side, &found);
        wrong = status == TG_OK && !found.is_kink && !(fabs(found.analytic - found.numeric) <= found.allowed);
    }
    s->verdict = wrong ? WRONG : UNJUDGED;
    return status;
}

/* A fault that was seen at the caller's step alone: smaller ones may not show it. */
static tg_status excuse_step(tg_checker *c, search *s)
{
    const tg_rung claim = s->best;
    const tg_status status = confirm(c, s, &claim);
    s->best = claim;
    s->verdict = s->disturbed && s->leaps < 3 ? UNJUDGED : WRONG;
    return status;
}

tg_status tg_check_compare(tg_checker *c, tg_probe *p, tg_compared *found)
{
    p->analytic = tg_check_along(c, p, p->input->exact, false);
    const double first = first_step(c), unit = tg_check_unit(c, p->input, p->index);
    search s = {
        .p = p,
        .h = first,
        .least = smallest(c, p),
        .most = fmax(ldexp(first, 32), 1 / unit),
        .suits = first * fmax(1, fmax(tg_check_scale(p->input, -1), 1) / unit),
    };
    tg_status status = look(c, &s);
    const bool decided = s.verdict != OPEN, jumps = s.leaps >= (c->config.step > 0 ? 1 : 3);
    if (!decided)
        s.verdict = judge(c, &s, jumps);
    const bool is_finite = isfinite(mismatch(p, &s.best));
    if (status == TG_OK && s.verdict == WRONG && is_finite && !decided && c->config.step > 0)
        status = excuse_step(c, &s);
    if (status == TG_OK && s.verdict == WRONG && is_finite && s.leaps < 3)
        status = excuse_convention(c, &s);
    if (status != TG_OK)
        return status;
    *found = (tg_compared){
        .analytic = p->analytic,
        .numeric = s.best.value,
        .allowed = allowed(c, p, &s.best, decided),
        .step = s.best.h,
        .is_kink = s.verdict == UNJUDGED,
    };
    found->is_faint = s.verdict == RIGHT && fmax(fabs(p->analytic), fabs(s.best.value)) <= found->allowed &&
                      mismatch(p, &s.best) > 0;
    found->is_blind = is_blind(c, p, &s.best, found);
    if (c->config.float32 && s.verdict == RIGHT) { /* and now that of float32 */
        found->analytic = tg_check_along(c, p, p->input->gradient, false);
        found->allowed += allowed_in_float32(c, p, &s.best);
    }
    return TG_OK;
}
