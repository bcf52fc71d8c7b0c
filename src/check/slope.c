/* slope.c - the slope along a probe at one step, extrapolated from two differences, and what is known of its error. */
#include <float.h>
#include <math.h>

#include "check/check.h"

/* One slope -------------------------------------------------------------------------------------------------------- */

typedef struct slope {
    double value;
    double noise; /* what rounding in the outputs may have changed in it */
    double most;  /* what `noise` would be if every output had moved */
} slope;

/* (S(t) - S(0)) / t of S = <weights, outputs>. Differences are taken output by output, so that outputs that do not move
   add no rounding. */
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

/* Two steps to both sides ------------------------------------------------------------------------------------------ */

static tg_estimate extrapolate(bool forward, double h, const slope right[2], const slope left[2])
{
    const double whole = (right[0].value + left[0].value) / 2, half = (right[1].value + left[1].value) / 2;
    tg_estimate r = {
        .h = h,
        .value = half + (half - whole) / 3,
        .error = 2 * fabs(half - whole) / 3, /* to (left + right) / 2: exact where only the curvature jumps */
        .noise = right[1].noise + left[1].noise,
        .left = 2 * left[1].value - left[0].value,
        .right = 2 * right[1].value - right[0].value,
    };
    r.side_error = fmax(fabs(r.right - right[1].value), fabs(r.left - left[1].value));
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

tg_status tg_check_estimate(tg_checker *c, const tg_probe *p, double h, tg_estimate *r)
{
    slope right[2], left[2];
    double sensitivity = 0;
    tg_status status = TG_OK;
    for (int i = 0; i < 2 && status == TG_OK; i++) {
        status = measure(c, p, ldexp(h, -i), &right[i]);
        if (i == 0 && status == TG_OK)
            sensitivity = tg_check_sensitivity(c);
        if (status == TG_OK)
            status = measure(c, p, -ldexp(h, -i), &left[i]);
    }
    if (status != TG_OK)
        return status;
    *r = extrapolate(c->config.forward_differences, h, right, left);
    r->sensitivity = sensitivity;
    r->inner_noise = 64 * DBL_EPSILON * sensitivity / h;
    if (p->analytic != 0 && r->noise == 0 && r->value == 0) /* the step may be too small to move the outputs */
        r->noise = right[1].most + left[1].most + r->inner_noise;
    return TG_OK;
}
