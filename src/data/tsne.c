/* tsne.c - t-SNE: gradient descent on the divergence of a map, with momentum and gains. */
#include "data/tsne.h"

#include <float.h>
#include <inttypes.h>

#include "core/config.h"
#include "core/status.h"
#include "kernels/lesser.h"
#include "tapegrad/rng.h"

/* Config ----------------------------------------------------------------------------------------------------------- */

static void fill_defaults(tg_tsne_config *c, int64_t n)
{
    c->dims = c->dims ? c->dims : 2;
    c->perplexity = tg_config_number(c->perplexity, 30);
    c->iterations = c->iterations ? c->iterations : 1000;
    c->exaggeration = tg_config_number(c->exaggeration, 12);
    c->learning_rate = tg_config_number(c->learning_rate, fmax((double)n / c->exaggeration / 4, 50));
    c->exaggeration_steps = c->exaggeration_steps ? c->exaggeration_steps : tg_lesser(c->iterations / 4, 250);
    c->early_momentum = tg_config_number(c->early_momentum, 0.5);
    c->momentum = tg_config_number(c->momentum, 0.8);
    c->progress_every = c->progress_every ? c->progress_every : 50;
}

typedef struct field {
    const char *name;
    double value, low, high; /* low <= value < high */
    const char *expected;    /* the same in words */
} field;

static tg_status check_config(const tg_tsne_config *c, tg_error *err)
{
    const double inf = (double)INFINITY;
    const field fields[] = {
        { "dims", c->dims, 1, TG_TSNE_MOST_DIMS + 1, "1 .. 8" },
        { "iterations", (double)c->iterations, 1, inf, "at least 1" },
        { "exaggeration", c->exaggeration, 1, inf, "at least 1 and finite" },
        { "learning_rate", c->learning_rate, DBL_MIN, inf, "positive and finite" },
        { "exaggeration_steps", (double)c->exaggeration_steps, 0, inf, "at least 0" },
        { "early_momentum", c->early_momentum, 0, 1, "0 <= momentum < 1" },
        { "momentum", c->momentum, 0, 1, "0 <= momentum < 1" },
        { "progress_every", (double)c->progress_every, 1, inf, "at least 1" },
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (!(fields[i].value >= fields[i].low && fields[i].value < fields[i].high))
            return tg_error_raise(err, TG_ERR_ARGUMENT, "tsne: %s is %g, expected %s", fields[i].name,
                                  fields[i].value, fields[i].expected);
    return TG_OK;
}

/* The descent ------------------------------------------------------------------------------------------------------ */

typedef struct descent {
    tg_tsne_config config;
    tg_tsne_map map;
    double *step, *gain; /* [dims, n] each, as map.y */
} descent;

static int64_t size_of(const descent *r)
{
    return r->map.n * r->map.dims;
}

static void begin(descent *r)
{
    const int64_t n = r->map.n, dims = r->map.dims;
    tg_rng rng = tg_rng_seed(r->config.seed);
    for (int64_t k = 0; k < n * dims; k++) {
        r->map.y[k % dims * n + k / dims] = 1e-4 * tg_rng_normal(&rng);
        r->step[k] = 0;
        r->gain[k] = 1;
    }
}

static void centre(double *y, int64_t n)
{
    double mean = 0;
    for (int64_t i = 0; i < n; i++)
        mean += y[i] / (double)n;
    for (int64_t i = 0; i < n; i++)
        y[i] -= mean;
}

static void move(descent *r, int64_t iteration)
{
    const tg_tsne_config *c = &r->config;
    const bool early = iteration < c->exaggeration_steps;
    const double exaggeration = early ? c->exaggeration : 1, momentum = early ? c->early_momentum : c->momentum;
    for (int64_t k = 0; k < size_of(r); k++) {
        const double g = tg_tsne_slope(&r->map, k, exaggeration);
        r->gain[k] = (g > 0) != (r->step[k] > 0) ? r->gain[k] + 0.2 : fmax(0.8 * r->gain[k], 0.01);
        r->step[k] = momentum * r->step[k] - c->learning_rate * r->gain[k] * g;
        r->map.y[k] += r->step[k];
    }
    for (int d = 0; d < r->map.dims; d++)
        centre(r->map.y + d * r->map.n, r->map.n);
}

/* Whether the caller's progress function says to go on; true where it is not due. */
static bool continues(descent *r, int64_t iteration)
{
    const tg_tsne_config *c = &r->config;
    const bool is_due = iteration == c->iterations || (iteration > 0 && iteration % c->progress_every == 0);
    return !c->progress || !is_due || c->progress(c->context, iteration, tg_tsne_divergence(&r->map));
}

static tg_status descend(descent *r, tg_error *err)
{
    begin(r);
    for (int64_t iteration = 0;; iteration++) {
        tg_tsne_find_forces(&r->map);
        if (!(r->map.total > 0))
            return tg_error_raise(err, TG_ERR_NONFINITE,
                                  "tsne: the map diverged in iteration %" PRId64
                                  " with learning_rate %g; a smaller one helps",
                                  iteration, r->config.learning_rate);
        if (!continues(r, iteration) || iteration == r->config.iterations)
            return TG_OK;
        move(r, iteration);
    }
}

/* The map of the affinities p [n, n]. */
static tg_status run(const tg_tsne_config *config, const double *p, int64_t n, double *y, const tg_allocator *a,
                     tg_error *err)
{
    descent r = { .config = *config };
    tg_status status = tg_tsne_init_map(&r.map, p, n, config->dims, a, "tsne", err);
    if (status != TG_OK)
        return status;
    const size_t bytes = (size_t)size_of(&r) * 2 * sizeof *r.step;
    r.step = tg_allocate(a, bytes);
    if (r.step) {
        r.gain = r.step + size_of(&r);
        status = descend(&r, err);
    } else
        status = tg_error_raise(err, TG_ERR_MEMORY, "tsne: no memory for the steps of %" PRId64 " points", n);
    for (int64_t k = 0; status == TG_OK && k < size_of(&r); k++)
        y[k] = r.map.y[k % config->dims * n + k / config->dims];
    tg_release(a, r.step, bytes);
    tg_tsne_finish_map(&r.map, a);
    return status;
}

static tg_status tsne(const tg_points *points, const tg_tsne_config *config, double *y, tg_error *err)
{
    tg_tsne_config c = config ? *config : (tg_tsne_config){ 0 };
    fill_defaults(&c, points->n);
    tg_status status = check_config(&c, err);
    if (status != TG_OK)
        return status;
    if (!y)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "tsne: y is NULL");
    const tg_allocator a = tg_allocator_or_default(c.allocator);
    const int64_t size = tg_shape_size(&TG_SHAPE(points->n, points->n));
    const size_t bytes = size > 0 ? (size_t)size * sizeof(double) : 0;
    double *p = tg_allocate(&a, bytes);
    if (!p)
        return tg_error_raise(err, TG_ERR_MEMORY, "tsne: no memory for the affinities of %" PRId64 " points",
                              points->n);
    status = tg_tsne_find_affinities(points, c.perplexity, p, &a, "tsne", err);
    if (status == TG_OK)
        status = run(&c, p, points->n, y, &a, err);
    tg_release(&a, p, bytes);
    return status;
}

tg_status tg_tsne_f32(const float *x, int64_t n, int64_t d, const tg_tsne_config *config, double *y, tg_error *err)
{
    return tsne(&(tg_points){ x, TG_F32, n, d }, config, y, err);
}

tg_status tg_tsne_f64(const double *x, int64_t n, int64_t d, const tg_tsne_config *config, double *y, tg_error *err)
{
    return tsne(&(tg_points){ x, TG_F64, n, d }, config, y, err);
}
