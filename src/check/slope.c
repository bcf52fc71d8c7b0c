/* slope.c - the slope along a probe at one step: extrapolated from two differences, with all that tells its error. */
#include <float.h>
#include <math.h>

#include "check/check.h"

/* Moving --------------------------------------------------------------------------------------------------------- */

static double power_of_two_near(double x)
{
    return x > 0 && isfinite(x) ? ldexp(1, ilogb(x)) : 1;
}

/* An element's own magnitude; raised to the mean's where that is near, since a larger step has less rounding. Of a zero
   the others tell. */
double tg_check_scale(const tg_checked *in, int64_t i)
{
    if (i < 0)
        return power_of_two_near(in->mean);
    const double x = fabs(in->origin[i]), near = x > 0 ? fmin(in->mean, 64 * x) : fmin(in->mean, 1);
    return fmax(power_of_two_near(fmax(x, near)), 0x1p-960);
}

double tg_check_unit(const tg_checker *c, const tg_checked *in, int64_t i)
{
    return c->config.step > 0 ? 1 : tg_check_scale(in, i);
}

/* 64 signs are one draw. */
static double sign_of(const tg_probe *p, int64_t i, uint64_t *signs)
{
    if (p->index >= 0)
        return 1;
    if (i % 64 == 0)
        *signs = tg_rng_at(p->seed, (uint64_t)i / 64);
    return *signs >> i % 64 & 1 ? -1 : 1;
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
void tg_check_move(tg_checker *c, const tg_probe *p, double t)
{
    const tg_checked *in = p->input;
    uint64_t signs = 0;
    for (int64_t i = first_of(p); i < end_of(p); i++)
        in->values[i] = t == 0 ? in->origin[i] : in->origin[i] + t * sign_of(p, i, &signs) * tg_check_unit(c, in, i);
    tg_params_touch(in->is_cotangent ? c->exact.cotangent : c->exact.set);
}

/* What is known by element, along the probe: signed as its steps are, or as magnitudes. */
double tg_check_along(const tg_checker *c, const tg_probe *p, const double *by_element, bool magnitudes)
{
    double sum = 0;
    uint64_t signs = 0;
    for (int64_t i = first_of(p); i < end_of(p); i++)
        sum += by_element[i] * (magnitudes ? 1 : sign_of(p, i, &signs)) * tg_check_unit(c, p->input, i);
    return sum;
}

/* One slope ------------------------------------------------------------------------------------------------------- */

typedef struct slope {
    double value;
    double noise; /* what rounding in the outputs may have made of it */
    double most;  /* what it would be if every output had moved */
} slope;

/* (S(t) - S(0)) / t of S = <weights, outputs>. Differences are taken output by output, so that those that do not move
   bring no rounding. */
static tg_status measure(tg_checker *c, const tg_probe *p, double t, slope *s)
{
    tg_check_move(c, p, t);
    tg_status status = tg_check_values(c, c->moved);
    tg_check_move(c, p, 0);
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

/* Two steps to both sides ----------------------------------------------------------------------------------------- */

static tg_rung extrapolate(bool forward, double h, const slope right[2], const slope left[2])
{
    const double whole = (right[0].value + left[0].value) / 2, half = (right[1].value + left[1].value) / 2;
    tg_rung r = {
        .h = h,
        .value = half + (half - whole) / 3,
        .error = 2 * fabs(half - whole) / 3, /* to (left + right) / 2: exact where only the curvature jumps */
        .noise = right[1].noise + left[1].noise,
        .left = 2 * left[1].value - left[0].value,
        .right = 2 * right[1].value - right[0].value,
    };
    r.bend = fmax(fabs(r.right - right[1].value), fabs(r.left - left[1].value));
    if (forward) {
        r.error = isfinite(r.value) ? fabs(r.right - r.value) : fabs(right[1].value - right[0].value);
        r.value = r.right;
        r.noise = 4 * right[1].noise;
        if (!isfinite(r.left)) /* the function may end here */
            r.left = r.right;
    }
    r.jump = fabs(r.right - r.left);
    return r;
}

tg_status tg_check_rung(tg_checker *c, const tg_probe *p, double h, tg_rung *r)
{
    slope right[2], left[2];
    double reach = 0;
    tg_status status = TG_OK;
    for (int i = 0; i < 2 && status == TG_OK; i++) {
        status = measure(c, p, ldexp(h, -i), &right[i]);
        if (i == 0 && status == TG_OK)
            reach = tg_check_reach(c);
        if (status == TG_OK)
            status = measure(c, p, -ldexp(h, -i), &left[i]);
    }
    if (status != TG_OK)
        return status;
    *r = extrapolate(c->config.forward_differences, h, right, left);
    r->reach = reach;
    r->hidden = 64 * DBL_EPSILON * reach / h;
    if (p->analytic != 0 && r->noise == 0 && r->value == 0) /* the step may be too small to move the outputs */
        r->noise = right[1].most + left[1].most + r->hidden;
    return TG_OK;
}
