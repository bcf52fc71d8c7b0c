/* probe.c - moving inputs along a probe: by which units, in which direction. */
#include <math.h>

#include "check/check.h"

static double power_of_two_near(double x)
{
    return x > 0 && isfinite(x) ? ldexp(1, ilogb(x)) : 1;
}

/* An element's own magnitude, raised to the mean's where that is near, since a larger step has less rounding. For a zero
   the other elements decide. */
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

/* One draw gives 64 signs. */
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

/* Moves the probe's elements t units from the origin; 0 restores them, bit for bit. */
void tg_check_move(tg_checker *c, const tg_probe *p, double t)
{
    const tg_checked *in = p->input;
    uint64_t signs = 0;
    for (int64_t i = first_of(p); i < end_of(p); i++)
        in->values[i] = t == 0 ? in->origin[i] : in->origin[i] + t * sign_of(p, i, &signs) * tg_check_unit(c, in, i);
    tg_params_touch(in->is_cotangent ? c->exact.cotangent : c->exact.set);
}

/* The sum of numbers by element along the probe: with the signs of its steps, or as magnitudes. */
double tg_check_along(const tg_checker *c, const tg_probe *p, const double *by_element, bool magnitudes)
{
    double sum = 0;
    uint64_t signs = 0;
    for (int64_t i = first_of(p); i < end_of(p); i++)
        sum += by_element[i] * (magnitudes ? 1 : sign_of(p, i, &signs)) * tg_check_unit(c, p->input, i);
    return sum;
}
