/* generate.c - sets of points in the plane, from a seed. */
#include <math.h>

#include "core/portable.h"
#include "core/status.h"
#include "data/dataset.h"
#include "tapegrad/rng.h"

typedef struct point {
    double x, y;
} point;

/* Draws a point of class `label`. */
typedef point point_fn(tg_rng *rng, int label, int classes, double noise);

static tg_status generate(tg_dataset *set, int64_t n, int classes, double noise, uint64_t seed, point_fn *draw,
                          const char *who, tg_error *err)
{
    if (!(noise >= 0) || !isfinite(noise))
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: noise is %g, expected at least 0 and finite", who, noise);
    const tg_status status = tg_dataset_fill(set, n, 2, classes, who, err);
    if (status != TG_OK)
        return status;
    const tg_rng all = tg_rng_seed(seed);
    for (int64_t i = 0; i < n; i++) {
        tg_rng rng = tg_rng_stream(&all, (uint64_t)i);
        const int label = (int)(i % classes);
        const point p = draw(&rng, label, classes, noise);
        tg_dataset_put(set, 2 * i, p.x);
        tg_dataset_put(set, 2 * i + 1, p.y);
        set->labels[i] = label;
    }
    return TG_OK;
}

static point blurred(tg_rng *rng, point p, double noise)
{
    const double dx = noise * tg_rng_normal(rng), dy = noise * tg_rng_normal(rng);
    return (point){ p.x + dx, p.y + dy };
}

static point on_circle(double radius, double turns)
{
    return (point){ radius * tg_portable_cos_turns(turns), radius * tg_portable_sin_turns(turns) };
}

static point moon(tg_rng *rng, int label, int classes, double noise)
{
    (void)classes;
    const point upper = on_circle(1, tg_rng_between(rng, 0, 0.5)), lower = { 1 - upper.x, 0.5 - upper.y };
    return blurred(rng, label == 0 ? upper : lower, noise);
}

static point on_spiral(tg_rng *rng, int label, int classes, double noise)
{
    const double radius = tg_rng_between(rng, 0.1, 1);
    return blurred(rng, on_circle(radius, (double)label / classes + 0.75 * radius), noise);
}

static point in_ellipse_or_circle(tg_rng *rng, int label, int classes, double noise)
{
    (void)classes, (void)noise;
    const double radius = sqrt(tg_rng_uniform(rng)); /* uniform in area */
    const point p = on_circle(radius, tg_rng_uniform(rng));
    return label == 0 ? (point){ 2 * p.x, p.y } : (point){ p.x + 1.5, p.y + 1 };
}

tg_status tg_dataset_moons(tg_dataset *set, int64_t n, double noise, uint64_t seed, tg_error *err)
{
    return generate(set, n, 2, noise, seed, moon, "dataset_moons", err);
}

tg_status tg_dataset_spirals(tg_dataset *set, int64_t n, int arms, double noise, uint64_t seed, tg_error *err)
{
    if (arms < 2)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "dataset_spirals: %d arms, expected at least 2", arms);
    return generate(set, n, arms, noise, seed, on_spiral, "dataset_spirals", err);
}

tg_status tg_dataset_ellipse(tg_dataset *set, int64_t n, uint64_t seed, tg_error *err)
{
    return generate(set, n, 2, 0, seed, in_ellipse_or_circle, "dataset_ellipse", err);
}
