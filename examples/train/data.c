/* data.c - the data sets by name, read or generated, and brought to mean 0 and deviation 1. */
#include <stdlib.h>

#include "experiments/lab.h"
#include "train.h"

/* The generated sets are the same whatever the --seed, which is for weights and order: runs can be compared. */
enum { TRAIN_SEED = 1, TEST_SEED = 2 };

static uint64_t seed_of(tg_part part)
{
    return part == TG_TRAIN ? TRAIN_SEED : TEST_SEED;
}

static tg_status fill_digits(tg_dataset *set, const char *dir, tg_part part, tg_error *err)
{
    (void)dir;
    return tg_dataset_digits(set, part == TG_TRAIN ? 20000 : 5000, seed_of(part), err);
}

static tg_status fill_moons(tg_dataset *set, const char *dir, tg_part part, tg_error *err)
{
    (void)dir;
    return tg_dataset_moons(set, 2000, 0.2, seed_of(part), err);
}

static tg_status fill_spirals(tg_dataset *set, const char *dir, tg_part part, tg_error *err)
{
    (void)dir;
    return tg_dataset_spirals(set, 3000, 3, 0.03, seed_of(part), err);
}

static tg_status fill_ellipse(tg_dataset *set, const char *dir, tg_part part, tg_error *err)
{
    (void)dir;
    return tg_dataset_ellipse(set, 2000, seed_of(part), err);
}

static const source sources[] = {
    { "mnist", "MNIST", true, { 1, { 300 } }, 10, 1, tg_dataset_read_mnist, 1, 28, lab_digit_names },
    { "cifar10", "CIFAR-10", true, { 2, { 512, 256 } }, 10, 1, tg_dataset_read_cifar10, 3, 32, lab_cifar10_names },
    { "digits", "drawn digits", false, { 1, { 256 } }, 10, 1, fill_digits, 1, 28, lab_digit_names },
    { "moons", "two moons", false, { 2, { 32, 32 } }, 20, 2, fill_moons, 0, 0, lab_digit_names },
    { "spirals", "three spirals", false, { 2, { 64, 64 } }, 40, 2, fill_spirals, 0, 0, lab_digit_names },
    { "ellipse",
      "an ellipse and a circle that overlap",
      false,
      { 1, { 32 } },
      40,
      2,
      fill_ellipse,
      0,
      0,
      lab_digit_names },
};

const source *source_at(int i)
{
    return i >= 0 && (size_t)i < sizeof sources / sizeof sources[0] ? &sources[i] : NULL;
}

/* The library takes a mean and a deviation for each feature: the same ones, `features` times. */
static tg_status standardize(problem *p, tg_error *err)
{
    tg_status status = tg_dataset_moments_overall(&p->train, &p->mean, &p->deviation, err);
    if (status != TG_OK)
        return status;
    const int64_t n = p->train.features;
    double *moments = malloc(2 * (size_t)n * sizeof *moments);
    if (!moments) {
        *err = (tg_error){ TG_ERR_MEMORY, "no memory to standardise the data" };
        return TG_ERR_MEMORY;
    }
    for (int64_t i = 0; i < n; i++) {
        moments[i] = p->mean;
        moments[n + i] = p->deviation;
    }
    status = tg_dataset_standardize(&p->train, moments, moments + n, err);
    if (status == TG_OK)
        status = tg_dataset_standardize(&p->test, moments, moments + n, err);
    free(moments);
    return status;
}

tg_status problem_init(problem *p, const options *o, tg_error *err)
{
    const source *s = source_at(o->data);
    *p = (problem){ .train.dtype = (tg_dtype)o->dtype, .test.dtype = (tg_dtype)o->dtype };
    tg_status status = s->fill(&p->train, o->dir, TG_TRAIN, err);
    if (status == TG_OK)
        status = s->fill(&p->test, o->dir, TG_TEST, err);
    if (status == TG_OK)
        status = standardize(p, err);
    return status;
}

void problem_finish(problem *p)
{
    tg_dataset_finish(&p->train);
    tg_dataset_finish(&p->test);
}
