/* difference.c - slopes by extrapolated differences, with their error; kinks; and the comparison with a gradient. */
#include <float.h>
#include <math.h>

#include "check/check.h"

/* Moving --------------------------------------------------------------------------------------------------------- */

static double power_of_two_near(double x)
{
    return x > 0 && isfinite(x) ? ldexp(1, ilogb(x)) : 1;
}

double tg_check_unit(const tg_checker *c, const tg_checked *in, int64_t i)
{
    if (c->config.step > 0)
        return 1;
    return power_of_two_near(i < 0 ? in->mean : fmax(fabs(in->origin[i]), in->mean));
}

static double sign_of(const tg_probe *p, int64_t i)
{
    return p->index < 0 && tg_rng_at(p->seed, (uint64_t)i) & 1 ? -1 : 1;
}

static int64_t first_of(const tg_probe *p)
{
    return p->index < 0 ? 0 : p->index;
}

static int64_t end_of(const tg_probe *p)
{
    return p->index < 0 ? p->input->size : p->index + 1;
}

/* Puts the probe's elements t units from where they were; 0 puts them back, bit for bit. */
static void move(tg_checker *c, const tg_probe *p, double t)
{
    const tg_checked *in = p->input;
    for (int64_t i = first_of(p); i < end_of(p); i++)
        in->values[i] = t == 0 ? in->origin[i] : in->origin[i] + t * sign_of(p, i) * tg_check_unit(c, in, i);
    tg_params_touch(in->is_cotangent ? c->exact.cotangent : c->exact.set);
}

/* The gradient along the probe, and its rounding. */
static double along(const tg_checker *c, const tg_probe *p, double *rounding)
{
    const tg_checked *in = p->input;
    double sum = 0;
    *rounding = 0;
    for (int64_t i = first_of(p); i < end_of(p); i++) {
        sum += in->gradient[i] * sign_of(p, i) * tg_check_unit(c, in, i);
        *rounding += in->rounding[i] * tg_check_unit(c, in, i);
    }
    return sum;
}

/* Slopes --------------------------------------------------------------------------------------------------------- */

typedef struct slope {
    double value;
    double noise; /* what rounding in the outputs may have made of it */
    double most;  /* what it would be if every output had moved */
} slope;

/* (S(t) - S(0)) / t of S = <weights, outputs>. Differences are taken output by output, so that those that do not move
   bring no rounding. */
static tg_status measure_slope(tg_checker *c, const tg_probe *p, double t, slope *s)
{
    move(c, p, t);
    tg_status status = tg_check_values(c, c->moved);
    move(c, p, 0);
    *s = (slope){ 0 };
    for (int64_t j = 0; j < c->n_values; j++) {
        const double w = c->weights[j], y = c->moved[j], y0 = c->base[j];
        const double rounding = 2 * DBL_EPSILON * fabs(w / t) * fmax(fabs(y), fabs(y0));
        s->most += rounding;
        if (y == y0)
            continue;
        s->noise += rounding;
        s->value += w * (y - y0) / t;
    }
    return status;
}

/* The slopes with the steps h and h/2, and what follows from them. */
typedef struct rung {
    double h;
    double value;       /* extrapolated */
    double error;       /* the difference of what was extrapolated */
    double noise;       /* of rounding */
    double left, right; /* one-sided slopes, extrapolated; NaN where the function is not there */
    double bend;        /* the error of these */
} rung;

static double error_of(const rung *r)
{
    const double e = r->error + r->noise;
    return isfinite(e) && isfinite(r->value) ? e : (double)INFINITY;
}

static rung extrapolate(bool forward, double h, const slope right[2], const slope left[2])
{
    const double whole = (right[0].value + left[0].value) / 2, half = (right[1].value + left[1].value) / 2;
    rung r = {
        .h = h,
        .value = half + (half - whole) / 3,
        .error = fabs(half - whole) / 3,
        .noise = right[1].noise + left[1].noise,
        .left = 2 * left[1].value - left[0].value,
        .right = 2 * right[1].value - right[0].value,
    };
    r.bend = fmax(fabs(r.right - right[1].value), fabs(r.left - left[1].value));
    if (forward) {
        r.value = r.right;
        r.error = fabs(right[1].value - right[0].value);
        r.noise = 4 * right[1].noise;
    }
    return r;
}

static tg_status measure(tg_checker *c, const tg_probe *p, double h, bool expects_motion, rung *r)
{
    slope right[2], left[2];
    tg_status status = TG_OK;
    for (int i = 0; i < 2 && status == TG_OK; i++) {
        status = measure_slope(c, p, ldexp(h, -i), &right[i]);
        if (status == TG_OK)
            status = measure_slope(c, p, -ldexp(h, -i), &left[i]);
    }
    if (status != TG_OK)
        return status;
    *r = extrapolate(c->config.forward_differences, h, right, left);
    if (expects_motion && r->noise == 0 && r->value == 0) /* a step may be too small to move the outputs */
        r->noise = right[1].most + left[1].most;
    return TG_OK;
}

/* Choosing the step ---------------------------------------------------------------------------------------------- */

/* How closely a slope should be known, relative to itself: slopes are of float64, whatever the gradient is. */
static double closeness(const tg_checker *c)
{
    return fmin(c->config.tolerance, 1e-6);
}

/* The rounding of what is computed on the way to the outputs, and may cancel in them. */
static double hidden_noise(const tg_checker *c, const rung *r)
{
    return 64 * DBL_EPSILON * c->largest / r->h;
}

/* Whether the slopes to both sides differ by more than a smooth function's would. */
static bool has_jump(const tg_checker *c, const rung *r)
{
    const double jump = fabs(r->right - r->left), steeper = fmax(fabs(r->right), fabs(r->left));
    return jump > 100 * closeness(c) * steeper + 16 * r->noise;
}

/* Whether the slope is known well. The error is that of one difference; what is extrapolated from two is closer by
   far, and gains from a larger step, which has less noise. */
static bool is_sharp(const tg_checker *c, const rung *r)
{
    const double close = closeness(c) * fabs(r->value);
    return isfinite(close) && r->error <= 10 * close && r->noise <= close && !has_jump(c, r);
}

/* The smallest step in units that is far above the last bit of what it is added to. */
static double smallest(const tg_checker *c, const tg_probe *p)
{
    const double x = p->index < 0 ? 0 : fabs(p->input->origin[p->index]);
    return x > 0 ? ldexp(x / tg_check_unit(c, p->input, p->index), -40) : ldexp(1, p->index < 0 ? -40 : -64);
}

/* Whether the rung's error is one of rounding, which smaller steps make worse. */
static bool is_noisy(const tg_checker *c, const rung *r)
{
    return r->error <= r->noise + hidden_noise(c, r);
}

/* All that may be wrong with a slope that is not sharp. */
static double doubt(const tg_checker *c, const rung *r)
{
    return error_of(r) + hidden_noise(c, r);
}

/* Whether gradient and slope are both lost in rounding. */
static bool is_faint(const tg_checker *c, const rung *r, double analytic)
{
    return fmax(fabs(r->value), fabs(analytic)) <= doubt(c, r) && isfinite(doubt(c, r));
}

/* Goes down to smaller steps, past what is not finite, not converged or bent, until a rung is sharp or rounding makes
   things worse. */
static tg_status descend(tg_checker *c, const tg_probe *p, double analytic, rung *best, bool *sharp)
{
    tg_status status = TG_OK;
    const double least = smallest(c, p);
    rung last = *best;
    int worse = 0;
    for (double h = best->h / 4; h >= least && worse < 2 && !*sharp; h /= 4) {
        rung r;
        status = measure(c, p, h, analytic != 0, &r);
        if (status != TG_OK)
            break;
        *sharp = is_sharp(c, &r);
        worse = error_of(&r) >= error_of(&last) && is_noisy(c, &r) && !has_jump(c, &r) ? worse + 1 : 0;
        if (*sharp || doubt(c, &r) < doubt(c, best))
            *best = r;
        last = r;
    }
    return status;
}

/* Goes up to larger steps, where rounding was the trouble, as long as the slope is what it was within that
   rounding. */
static tg_status ascend(tg_checker *c, const tg_probe *p, double analytic, rung *best, bool *sharp)
{
    tg_status status = TG_OK;
    const double most = ldexp(best->h, 32);
    for (double h = best->h * 4; h <= most && !*sharp && is_noisy(c, best) && !has_jump(c, best); h *= 4) {
        rung r;
        status = measure(c, p, h, analytic != 0, &r);
        if (status != TG_OK || !(doubt(c, &r) < doubt(c, best)) || fabs(r.value - best->value) > doubt(c, best))
            break;
        *sharp = is_sharp(c, &r);
        *best = r;
    }
    return status;
}

/* Looks for a sharp rung, and leaves the best. */
static tg_status search(tg_checker *c, const tg_probe *p, double analytic, rung *best, bool *sharp)
{
    const bool fixed = c->config.step > 0;
    const double first = fixed ? c->config.step : ldexp(1, c->config.forward_differences ? -17 : -8);
    tg_status status = measure(c, p, first, analytic != 0, best);
    *sharp = status == TG_OK && is_sharp(c, best);
    if (status == TG_OK && !*sharp && !fixed)
        status = descend(c, p, analytic, best, sharp);
    if (status == TG_OK && !*sharp && !fixed && !is_faint(c, best, analytic))
        status = ascend(c, p, analytic, best, sharp);
    return status;
}

/* Comparing ------------------------------------------------------------------------------------------------------ */

/* Where a function has a kink, its gradient jumps: at order 2 the slope to that side doubles when the step is halved, and
   extrapolates to three times what it was. */
static bool gradient_jumps(const tg_checker *c, const rung *r)
{
    const double steeper = fmax(fabs(r->right), fabs(r->left));
    return c->config.order == 2 && steeper > 3 * hidden_noise(c, r) && fabs(r->bend - steeper / 3) <= 0.02 * steeper;
}

/* Slopes that are there on both sides, differ, and have the gradient between them. */
static bool is_kink(const tg_checker *c, const rung *r, double analytic)
{
    const double jump = fabs(r->right - r->left), slack = 1e-3 * jump;
    return has_jump(c, r) && jump > hidden_noise(c, r) && r->bend <= 0.1 * jump &&
           analytic >= fmin(r->left, r->right) - slack && analytic <= fmax(r->left, r->right) + slack;
}

static double allowed(const tg_checker *c, const tg_probe *p, const rung *r, bool sharp, double analytic,
                      double rounding)
{
    const double tolerance = c->config.tolerance, m = fmax(fabs(analytic), fabs(r->value));
    double sum = tolerance * m + r->noise + fmin(r->error, 10 * closeness(c) * m);
    const double eps = c->config.float32 ? (double)FLT_EPSILON : DBL_EPSILON;
    sum += fmin(8 * rounding, 64 * eps * c->largest);
    if (r->value == 0) /* what rounding leaves of terms that cancel */
        sum += 4 * eps * c->largest;
    if (!sharp)
        sum += hidden_noise(c, r);
    if (c->config.float32) {
        const double count = (double)(end_of(p) - first_of(p));
        sum += 0.1 * tolerance * p->input->steepest * sqrt(count) + 64 * eps * c->largest;
    }
    return sum;
}

/* Whether what seems a fault is rounding that happens to lie on a line: then another step shows another slope. */
static tg_status is_accident(tg_checker *c, const tg_probe *p, const rung *r, double analytic, bool *accident)
{
    static const double steps[] = { 0.7, 0.45, 0.3 };
    const double error = fabs(analytic - r->value);
    const bool may_be = error <= hidden_noise(c, r) && !(c->config.step > 0);
    tg_status status = TG_OK;
    *accident = false;
    for (int i = 0; i < 3 && may_be && !*accident && status == TG_OK; i++) {
        rung other;
        status = measure(c, p, steps[i] * r->h, true, &other);
        *accident = status == TG_OK && fabs(other.value - r->value) > error / 2;
    }
    return status;
}

tg_status tg_check_probe(tg_checker *c, const tg_probe *p)
{
    double rounding;
    const double analytic = along(c, p, &rounding);
    rung r;
    bool sharp, accident = false;
    tg_status status = search(c, p, analytic, &r, &sharp);
    if (status == TG_OK && sharp && fabs(analytic - r.value) > allowed(c, p, &r, sharp, analytic, rounding))
        status = is_accident(c, p, &r, analytic, &accident);
    if (status != TG_OK)
        return status;
    tg_check_note(c, p,
                  &(tg_compared){
                      .analytic = analytic,
                      .numeric = r.value,
                      .allowed = allowed(c, p, &r, sharp && !accident, analytic, rounding),
                      .step = r.h,
                      .is_kink = !sharp && (is_kink(c, &r, analytic) || gradient_jumps(c, &r)),
                  });
    return TG_OK;
}
