/* data.c - what data sets and batches refuse. */
#include "refusals.h"

#include "tapegrad/data.h"

static tg_dataset none, full, odd = { .dtype = (tg_dtype)2 };
static const tg_allocator no_allocator;
static tg_dataset unallocated = { .allocator = &no_allocator };

static tg_dataset *filled(void)
{
    if (!full.n)
        tg_dataset_init(&full, 4, 2, 3, NULL);
    return &full;
}
static void finish(void)
{
    tg_dataset_finish(&full);
}

REFUSALS(tg_dataset_init)
{
    FAILS(TG_ERR_ARGUMENT, tg_dataset_init(NULL, 1, 1, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_init(&none, 0, 1, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_init(&none, 1, -1, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_init(&none, 1, 1, 0, e));
    FAILS(TG_ERR_SHAPE, tg_dataset_init(&none, INT64_MAX, INT64_MAX, 1, e));
    FAILS(TG_ERR_DTYPE, tg_dataset_init(&odd, 1, 1, 1, e));
    FAILS(TG_ERR_STATE, tg_dataset_init(filled(), 1, 1, 1, e));
    FAILS(TG_ERR_MEMORY, tg_dataset_init(&unallocated, 1, 1, 1, e));
    finish();
}
REFUSALS(tg_dataset_finish)
{
    tg_dataset_finish(NULL);
    tg_dataset_finish(&none);
    HOLDS(true);
}
REFUSALS(tg_dataset_read_idx)
{
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_idx(NULL, "x", "y", 10, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_idx(&none, NULL, "y", 10, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_idx(&none, "x", NULL, 10, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_idx(&none, "no/such/x", "no/such/y", 0, e)); /* before the files */
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_idx(&none, "no/such/x", "no/such/y", -1, e));
    FAILS(TG_ERR_IO, tg_dataset_read_idx(&none, "no/such/x", "no/such/y", 10, e));
    FAILS(TG_ERR_STATE, tg_dataset_read_idx(filled(), "x", "y", 10, e));
    finish();
}
#define FOLDER(f)                                                                                                    \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        FAILS(TG_ERR_ARGUMENT, f(NULL, "no/such", TG_TRAIN, e));                                                     \
        FAILS(TG_ERR_ARGUMENT, f(&none, NULL, TG_TRAIN, e));                                                         \
        FAILS(TG_ERR_ARGUMENT, f(&none, "no/such", (tg_part)2, e));                                                  \
        FAILS(TG_ERR_IO, f(&none, "no/such", TG_TEST, e));                                                           \
        FAILS(TG_ERR_STATE, f(filled(), "no/such", TG_TEST, e));                                                     \
        finish();                                                                                                    \
    }
FOLDER(tg_dataset_read_mnist)
FOLDER(tg_dataset_read_cifar10)

REFUSALS(tg_dataset_read_cifar10_files)
{
    static const char *const files[] = { "no/such/batch" }, *const null_file[] = { "no/such/batch", NULL };
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_cifar10_files(NULL, files, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_cifar10_files(&none, NULL, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_cifar10_files(&none, files, 0, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_cifar10_files(&none, files, -1, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_read_cifar10_files(&none, null_file, 2, e));
    FAILS(TG_ERR_IO, tg_dataset_read_cifar10_files(&none, files, 1, e));
    FAILS(TG_ERR_STATE, tg_dataset_read_cifar10_files(filled(), files, 1, e));
    finish();
}
REFUSALS(tg_dataset_moons)
{
    FAILS(TG_ERR_ARGUMENT, tg_dataset_moons(NULL, 1, 0, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_moons(&none, 0, 0, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_moons(&none, 1, -1, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_moons(&none, 1, (double)NAN, 1, e));
    FAILS(TG_ERR_STATE, tg_dataset_moons(filled(), 1, 0, 1, e));
    finish();
}
REFUSALS(tg_dataset_spirals)
{
    FAILS(TG_ERR_ARGUMENT, tg_dataset_spirals(NULL, 1, 2, 0, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_spirals(&none, -1, 2, 0, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_spirals(&none, 1, 1, 0, 1, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_spirals(&none, 1, 2, -1, 1, e));
    FAILS(TG_ERR_STATE, tg_dataset_spirals(filled(), 1, 2, 0, 1, e));
    finish();
}
#define GENERATED(f)                                                                                                 \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        FAILS(TG_ERR_ARGUMENT, f(NULL, 1, 1, e));                                                                    \
        FAILS(TG_ERR_ARGUMENT, f(&none, 0, 1, e));                                                                   \
        FAILS(TG_ERR_SHAPE, f(&none, INT64_MAX, 1, e));                                                              \
        FAILS(TG_ERR_STATE, f(filled(), 1, 1, e));                                                                   \
        finish();                                                                                                    \
    }
GENERATED(tg_dataset_ellipse)
GENERATED(tg_dataset_digits)

REFUSALS(tg_dataset_take)
{
    static const int64_t good[] = { 1 }, far[] = { 4 }, negative[] = { -1 };
    FAILS(TG_ERR_ARGUMENT, tg_dataset_take(NULL, good, 1, &none, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_take(filled(), NULL, 1, &none, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_take(filled(), good, 0, &none, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_take(filled(), good, -1, &none, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_take(filled(), good, 1, NULL, e));
    FAILS(TG_ERR_RANGE, tg_dataset_take(filled(), far, 1, &none, e));
    FAILS(TG_ERR_RANGE, tg_dataset_take(filled(), negative, 1, &none, e));
    FAILS(TG_ERR_STATE, tg_dataset_take(&none, good, 1, &none, e));
    FAILS(TG_ERR_STATE, tg_dataset_take(filled(), good, 1, &full, e));
    finish();
}
REFUSALS(tg_dataset_slice)
{
    FAILS(TG_ERR_ARGUMENT, tg_dataset_slice(NULL, 0, 1, &none, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_slice(filled(), 0, 1, NULL, e));
    FAILS(TG_ERR_RANGE, tg_dataset_slice(filled(), -1, 1, &none, e));
    FAILS(TG_ERR_RANGE, tg_dataset_slice(filled(), 0, 5, &none, e));
    FAILS(TG_ERR_RANGE, tg_dataset_slice(filled(), 2, 2, &none, e));
    FAILS(TG_ERR_STATE, tg_dataset_slice(&none, 0, 1, &none, e));
    FAILS(TG_ERR_STATE, tg_dataset_slice(filled(), 0, 1, &full, e));
    finish();
}
REFUSALS(tg_dataset_split)
{
    static tg_dataset second;
    FAILS(TG_ERR_ARGUMENT, tg_dataset_split(NULL, 1, 1, &none, &second, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_split(filled(), 1, 1, NULL, &second, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_split(filled(), 1, 1, &none, NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_dataset_split(filled(), 1, 1, &none, &none, e));
    FAILS(TG_ERR_RANGE, tg_dataset_split(filled(), 0, 1, &none, &second, e));
    FAILS(TG_ERR_RANGE, tg_dataset_split(filled(), 4, 1, &none, &second, e));
    FAILS(TG_ERR_STATE, tg_dataset_split(&none, 1, 1, &none, &second, e));
    FAILS(TG_ERR_STATE, tg_dataset_split(filled(), 1, 1, &full, &second, e));
    finish();
}
#define MOMENTS(f)                                                                                                   \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        double mean[2], deviation[2];                                                                                \
        FAILS(TG_ERR_ARGUMENT, f(NULL, mean, deviation, e));                                                         \
        FAILS(TG_ERR_ARGUMENT, f(filled(), NULL, deviation, e));                                                     \
        FAILS(TG_ERR_ARGUMENT, f(filled(), mean, NULL, e));                                                          \
        FAILS(TG_ERR_STATE, f(&none, mean, deviation, e));                                                           \
        finish();                                                                                                    \
    }
MOMENTS(tg_dataset_moments)
MOMENTS(tg_dataset_moments_overall)

REFUSALS(tg_dataset_standardize)
{
    FAILS(TG_ERR_ARGUMENT, tg_dataset_standardize(NULL, NULL, NULL, e));
    FAILS(TG_ERR_STATE, tg_dataset_standardize(&none, NULL, NULL, e));
}

REFUSALS(tg_batches_create)
{
    static const tg_augment square = { .channels = 1, .height = 2, .width = 2 };
    static const tg_augment sure = { .channels = 1, .height = 1, .width = 2, .flip_horizontal = 2 };
    NO_OBJECT(TG_ERR_ARGUMENT, tg_batches_create(NULL, NULL, e));
    NO_OBJECT(TG_ERR_STATE, tg_batches_create(&none, NULL, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_batches_create(filled(), &(tg_batches_config){ .size = -1 }, e));
    NO_OBJECT(TG_ERR_SHAPE, tg_batches_create(filled(), &(tg_batches_config){ .augment = &square }, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_batches_create(filled(), &(tg_batches_config){ .augment = &sure }, e));
    NO_OBJECT(TG_ERR_MEMORY, tg_batches_create(filled(), &(tg_batches_config){ .allocator = &no_allocator }, e));
    finish();
}
REFUSALS(tg_batches_destroy)
{
    tg_batches_destroy(NULL);
    HOLDS(true);
}
REFUSALS(tg_batches_next)
{
    tg_batch batch;
    tg_batches *batches = tg_batches_create(filled(), NULL, NULL);
    HOLDS(!tg_batches_next(NULL, &batch));
    HOLDS(!tg_batches_next(batches, NULL));
    tg_batches_destroy(batches);
    finish();
}
/* A batch of float32 and one without rows, to t, which is of float64. */
REFUSALS(tg_wrap_batch)
{
    static const float x[2] = { 1, 2 };
    const tg_batch batch = { .n = 1, .shape = { 2, { 1, 2 } }, .dtype = TG_F32, .x = x };
    const tg_batch odd_shape = { .n = 1, .shape = { -1, { 1 } }, .dtype = TG_F64, .x = x };
    HOLDS(!tg_wrap_batch(NULL, &batch).tape);
    HOLDS(!tg_wrap_batch(NULL, NULL).tape);
    TAPE(TG_ERR_ARGUMENT, tg_wrap_batch(t, NULL));
    TAPE(TG_ERR_DTYPE, tg_wrap_batch(t, &batch));
    TAPE(TG_ERR_SHAPE, tg_wrap_batch(t, &odd_shape));
}
REFUSALS(tg_wrap_dataset)
{
    HOLDS(!tg_wrap_dataset(NULL, &none).tape);
    TAPE(TG_ERR_ARGUMENT, tg_wrap_dataset(t, NULL));
    TAPE(TG_ERR_STATE, tg_wrap_dataset(t, &none));
    TAPE(TG_ERR_DTYPE, tg_wrap_dataset(t, filled()));
    finish();
}
REFUSALS(tg_batches_start)
{
    tg_batches_start(NULL, 1);
    HOLDS(true);
}
REFUSALS(tg_batches_epoch)
{
    HOLDS(tg_batches_epoch(NULL) == 0);
}
REFUSALS(tg_batches_count)
{
    HOLDS(tg_batches_count(NULL) == 0);
}
