/* moments.c - means and standard deviations in one pass, and standardisation. */
#include <math.h>
#include <string.h>

#include "core/status.h"
#include "data/dataset.h"
#include "kernels/lesser.h"

static tg_status check(const tg_dataset *set, const double *mean, const double *deviation, const char *who,
                       tg_error *err)
{
    const tg_status status = tg_dataset_check_full(set, who, err);
    if (status == TG_OK && (!mean || !deviation))
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: %s is NULL", who, mean ? "deviation" : "mean");
    return status;
}

/* Welford's update, which never subtracts large squares: `deviation` accumulates the sum of squared distances. The
   distances from the first row are averaged, so that no digits are lost where all numbers are large. */
tg_status tg_dataset_moments(const tg_dataset *set, double *mean, double *deviation, tg_error *err)
{
    const tg_status status = check(set, mean, deviation, "dataset_moments", err);
    if (status != TG_OK)
        return status;
    const int64_t width = set->features;
    memset(mean, 0, (size_t)width * sizeof *mean);
    memset(deviation, 0, (size_t)width * sizeof *deviation);
    for (int64_t i = 0; i < set->n; i++) {
        const double count = (double)(i + 1);
        for (int64_t j = 0; j < width; j++) {
            const double x = tg_dataset_get(set, i * width + j) - tg_dataset_get(set, j), d = x - mean[j];
            mean[j] += d / count;
            deviation[j] += d * (x - mean[j]);
        }
    }
    for (int64_t j = 0; j < width; j++) {
        mean[j] += tg_dataset_get(set, j);
        deviation[j] = sqrt(deviation[j] / (double)set->n);
    }
    return tg_error_clear(err);
}

typedef struct moments {
    double count, mean, squares; /* squares: the sum of (x - mean)^2 */
} moments;

/* The moments of two samples together (Chan, Golub, LeVeque). */
static moments together(moments a, moments b)
{
    const double count = a.count + b.count, d = b.mean - a.mean;
    return (moments){ count, a.mean + d * (b.count / count),
                      a.squares + b.squares + d * d * (a.count * b.count / count) };
}

/* The moments of a block of distances from the first number; in the second pass the block is still in the cache. */
static moments of_block(const tg_dataset *set, int64_t start, int64_t stop)
{
    const double first = tg_dataset_get(set, 0);
    moments m = { .count = (double)(stop - start) };
    for (int64_t i = start; i < stop; i++)
        m.mean += tg_dataset_get(set, i) - first;
    m.mean /= m.count;
    for (int64_t i = start; i < stop; i++) {
        const double d = tg_dataset_get(set, i) - first - m.mean;
        m.squares += d * d;
    }
    return m;
}

tg_status tg_dataset_moments_overall(const tg_dataset *set, double *mean, double *deviation, tg_error *err)
{
    const tg_status status = check(set, mean, deviation, "dataset_moments_overall", err);
    if (status != TG_OK)
        return status;
    enum { BLOCK = 512 };
    const int64_t size = set->n * set->features;
    moments all = { 0 };
    for (int64_t i = 0; i < size; i += BLOCK)
        all = together(all, of_block(set, i, tg_lesser(i + BLOCK, size)));
    *mean = tg_dataset_get(set, 0) + all.mean;
    *deviation = sqrt(all.squares / all.count);
    return tg_error_clear(err);
}

tg_status tg_dataset_standardize(tg_dataset *set, const double *mean, const double *deviation, tg_error *err)
{
    const tg_status status = tg_dataset_check_full(set, "dataset_standardize", err);
    if (status != TG_OK)
        return status;
    const int64_t width = set->features;
    for (int64_t i = 0; i < set->n; i++)
        for (int64_t j = 0; j < width; j++) {
            const double m = mean ? mean[j] : 0, s = deviation && deviation[j] != 0 ? deviation[j] : 1;
            const int64_t k = i * width + j;
            tg_dataset_put(set, k, (tg_dataset_get(set, k) - m) / s);
        }
    return tg_error_clear(err);
}
