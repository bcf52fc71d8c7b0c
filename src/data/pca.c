/* pca.c - the axes of largest variance of a set, and rows projected on them. */
#include "tapegrad/pca.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/convert.h"
#include "core/memory.h"
#include "core/status.h"
#include "data/dataset.h"
#include "data/eigen.h"
#include "kernels/lesser.h"

struct tg_pca {
    tg_allocator allocator;
    int64_t components, features;
    double *mean, *axes, *variances, *ratios; /* one array */
};

static size_t array_bytes(const tg_pca *pca)
{
    return (size_t)(pca->features + pca->components * (pca->features + 2)) * sizeof(double);
}

/* A part of a set's rows, in double, minus their mean. ------------------------------------------------------------- */

typedef struct part {
    const tg_dataset *set;
    const double *mean;
    int64_t start, n, most; /* rows */
    double *rows;           /* [most, features] */
} part;

/* Enough rows for an efficient product, and so few that they take about 32 megabytes. */
static int64_t rows_of_a_part(const tg_dataset *set)
{
    enum { NUMBERS = 1 << 22, LEAST = 64 };
    const int64_t fit = NUMBERS / set->features, most = fit > LEAST ? fit : LEAST;
    return tg_lesser(most, set->n);
}

enum { SOME = 16 };

static void center_some(void *context, int64_t task)
{
    const part *p = context;
    const int64_t stop = tg_lesser((task + 1) * SOME, p->n), width = p->set->features;
    for (int64_t i = task * SOME; i < stop; i++) {
        double *row = p->rows + i * width;
        tg_convert(row, TG_F64, tg_dataset_row(p->set, p->start + i), p->set->dtype, width);
        for (int64_t j = 0; j < width; j++)
            row[j] -= p->mean[j];
    }
}

/* Moves to the next part; false at the end. The first call is made with start = n = 0. */
static bool next_part(part *p)
{
    p->start += p->n;
    p->n = tg_lesser(p->set->n - p->start, p->most);
    if (p->n > 0)
        tg_parallel_brief((p->n - 1) / SOME + 1, center_some, p);
    return p->n > 0;
}

/* Fit -------------------------------------------------------------------------------------------------------------- */

typedef struct fit {
    tg_pca *pca;
    part part;
    double *block, *covariance; /* covariance [features, features] */
    size_t size;                /* of block, bytes */
    void *scratch;              /* of a large product, or NULL */
} fit;

/* Columns of the covariance that are computed together, in the rows of the upper triangle; all of a small one. */
enum { PANEL = 768 };

/* Adds the part's X^T X to the columns j .. j + width - 1 of the upper triangle. */
static tg_gemm product_of(const fit *f, int64_t j, int64_t width)
{
    const int64_t n = f->pca->features;
    double *x = f->part.rows, *c = f->covariance + j;
    return (tg_gemm){ .m = j + width,
                      .n = width,
                      .k = f->part.n,
                      .a = x,
                      .a_row = 1,
                      .a_col = n,
                      .b = x + j,
                      .b_row = n,
                      .b_col = 1,
                      .c = c,
                      .c_row = n,
                      .init = c,
                      .init_row = n };
}

static int64_t width_at(const fit *f, int64_t j)
{
    return tg_lesser(f->pca->features - j, PANEL);
}

static void add_part(const fit *f)
{
    const tg_kernels *k = tg_kernels_for(TG_F64);
    for (int64_t j = 0; j < f->pca->features; j += PANEL) {
        const tg_gemm g = product_of(f, j, width_at(f, j));
        tg_gemm_run(k, TG_F64, &g, tg_gemm_is_large(TG_F64, &g) ? f->scratch : NULL);
    }
}

/* Divides the sums of the upper triangle by n - 1, copies them to the lower triangle, and sums the diagonal. */
static tg_status finish_covariance(const fit *f, double *total, tg_error *err)
{
    const int64_t n = f->pca->features;
    const double count = (double)(f->part.set->n - 1);
    double *c = f->covariance;
    *total = 0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = i; j < n; j++)
            c[i * n + j] = c[j * n + i] = c[i * n + j] / count;
        *total += c[i * n + i];
        if (!isfinite(*total))
            return tg_error_raise(err, TG_ERR_RANGE,
                                  "pca_create: feature %" PRId64
                                  " has mean %g and variance %g, expected finite numbers whose squares are finite",
                                  i, f->pca->mean[i], c[i * n + i]);
    }
    return TG_OK;
}

static tg_status run_fit(fit *f, tg_error *err)
{
    tg_pca *pca = f->pca;
    double total;
    memset(f->covariance, 0, (size_t)(pca->features * pca->features) * sizeof *f->covariance);
    while (next_part(&f->part))
        add_part(f);
    tg_status status = finish_covariance(f, &total, err);
    if (status == TG_OK)
        status = tg_symmetric_eigen(f->covariance, pca->features, pca->components, pca->variances, pca->axes,
                                    &pca->allocator, err);
    for (int64_t i = 0; status == TG_OK && i < pca->components; i++) {
        pca->variances[i] = fmax(pca->variances[i], 0); /* rounding alone makes it negative */
        pca->ratios[i] = total > 0 ? pca->variances[i] / total : 0;
    }
    return status;
}

/* The largest scratch that a product of any part needs. */
static size_t scratch_bytes(fit *f)
{
    const int64_t last = f->part.set->n % f->part.most;
    size_t most = 0;
    for (int end = 0; end < 2; end++) {
        f->part.n = end ? last : f->part.most;
        for (int64_t j = 0; j < f->pca->features && f->part.n > 0; j += PANEL) {
            const tg_gemm g = product_of(f, j, width_at(f, j));
            const size_t bytes =
                tg_gemm_is_large(TG_F64, &g) ? tg_gemm_scratch_size(tg_kernels_for(TG_F64), TG_F64, &g) : 0;
            most = bytes > most ? bytes : most;
        }
    }
    f->part.n = 0;
    return most;
}

static tg_status fit_set(tg_pca *pca, const tg_dataset *set, tg_error *err)
{
    const int64_t n = pca->features;
    fit f = { .pca = pca, .part = { .set = set, .mean = pca->mean, .most = rows_of_a_part(set) } };
    const int64_t rows = f.part.most * n, square = n * n;
    const size_t scratch = scratch_bytes(&f);
    f.size = (size_t)(square + rows) * sizeof(double) + scratch;
    if (!(f.block = tg_allocate(&pca->allocator, f.size)))
        return tg_error_raise(err, TG_ERR_MEMORY, "pca_create: no memory for the covariance of %" PRId64 " features",
                              n);
    f.covariance = f.block;
    f.part.rows = f.covariance + square;
    f.scratch = scratch > 0 ? f.part.rows + rows : NULL;
    tg_status status =
        tg_dataset_moments(set, pca->mean, f.part.rows, err); /* and the deviation, which is not needed */
    if (status == TG_OK)
        status = run_fit(&f, err);
    tg_release(&pca->allocator, f.block, f.size);
    return status;
}

static tg_status check(const tg_dataset *set, int64_t components, tg_error *err)
{
    const tg_status status = tg_dataset_check_full(set, "pca_create", err);
    if (status != TG_OK)
        return status;
    if (set->n == 1)
        return tg_error_raise(err, TG_ERR_RANGE,
                              "pca_create: the set has one row, which does not vary; expected at least 2");
    const int64_t most = tg_lesser(set->n - 1, set->features);
    if (components < 1 || components > most)
        return tg_error_raise(err, TG_ERR_RANGE,
                              "pca_create: %" PRId64 " components of %" PRId64 " rows of %" PRId64
                              " features, expected 1 to min(rows - 1, features) = %" PRId64,
                              components, set->n, set->features, most);
    if (tg_shape_size(&TG_SHAPE(set->features, set->features, 256)) < 0)
        return tg_error_raise(err, TG_ERR_SHAPE,
                              "pca_create: a covariance of %" PRId64 " features is more than memory can address",
                              set->features);
    return TG_OK;
}

static tg_pca *make(int64_t components, int64_t features, const tg_allocator *allocator)
{
    const tg_allocator a = tg_allocator_or_default(allocator);
    tg_pca *pca = tg_allocate(&a, sizeof *pca);
    if (!pca)
        return NULL;
    *pca = (tg_pca){ .allocator = a, .components = components, .features = features };
    if (!(pca->mean = tg_allocate(&a, array_bytes(pca)))) {
        tg_pca_destroy(pca);
        return NULL;
    }
    pca->axes = pca->mean + features;
    pca->variances = pca->axes + components * features;
    pca->ratios = pca->variances + components;
    return pca;
}

tg_pca *tg_pca_create(const tg_dataset *set, int64_t components, const tg_allocator *allocator, tg_error *err)
{
    if (check(set, components, err) != TG_OK)
        return NULL;
    tg_pca *pca = make(components, set->features, allocator);
    if (!pca) {
        tg_error_raise(err, TG_ERR_MEMORY, "pca_create: no memory for %" PRId64 " axes of %" PRId64 " features",
                       components, set->features);
        return NULL;
    }
    if (fit_set(pca, set, err) == TG_OK)
        return pca;
    tg_pca_destroy(pca);
    return NULL;
}

void tg_pca_destroy(tg_pca *pca)
{
    if (!pca)
        return;
    const tg_allocator a = pca->allocator;
    tg_release(&a, pca->mean, array_bytes(pca));
    tg_release(&a, pca, sizeof *pca);
}

/* Apply ------------------------------------------------------------------------------------------------------------ */

static void project(const tg_pca *pca, part *p, double *projected, tg_dataset *out)
{
    const int64_t k = pca->components, width = pca->features;
    const tg_matrix rows = { p->rows, width, 1 }, axes = { pca->axes, 1, width };
    while (next_part(p)) {
        tg_multiply(p->n, k, width, rows, axes, (tg_matrix){ projected, k, 1 }, false);
        tg_convert(tg_dataset_row(out, p->start), out->dtype, projected, TG_F64, p->n * k);
    }
}

tg_status tg_pca_apply(const tg_pca *pca, const tg_dataset *set, tg_dataset *out, tg_error *err)
{
    if (!pca)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "pca_apply: the pca is NULL");
    tg_status status = tg_dataset_check_full(set, "pca_apply", err);
    if (status != TG_OK)
        return status;
    if (set->features != pca->features)
        return tg_error_raise(err, TG_ERR_SHAPE,
                              "pca_apply: rows of %" PRId64 " features, but the axes were found for %" PRId64,
                              set->features, pca->features);
    status = tg_dataset_fill(out, set->n, pca->components, set->classes, "pca_apply", err);
    if (status != TG_OK)
        return status;
    part p = { .set = set, .mean = pca->mean, .most = rows_of_a_part(set) };
    const size_t size = (size_t)(p.most * (pca->features + pca->components)) * sizeof *p.rows;
    if (!(p.rows = tg_allocate(&pca->allocator, size))) {
        tg_dataset_finish(out);
        return tg_error_raise(err, TG_ERR_MEMORY, "pca_apply: no memory for parts of %" PRId64 " rows", p.most);
    }
    project(pca, &p, p.rows + p.most * pca->features, out);
    memcpy(out->labels, set->labels, (size_t)set->n * sizeof *set->labels);
    tg_release(&pca->allocator, p.rows, size);
    return tg_error_clear(err);
}

int64_t tg_pca_components(const tg_pca *pca)
{
    return pca ? pca->components : 0;
}

int64_t tg_pca_features(const tg_pca *pca)
{
    return pca ? pca->features : 0;
}

const double *tg_pca_mean(const tg_pca *pca)
{
    return pca ? pca->mean : NULL;
}

const double *tg_pca_axes(const tg_pca *pca)
{
    return pca ? pca->axes : NULL;
}

const double *tg_pca_variances(const tg_pca *pca)
{
    return pca ? pca->variances : NULL;
}

const double *tg_pca_ratios(const tg_pca *pca)
{
    return pca ? pca->ratios : NULL;
}
