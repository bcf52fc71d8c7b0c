/* data.h - data sets: read from files or generated from a seed, prepared, and divided into batches. */
#ifndef TAPEGRAD_DATA_H
#define TAPEGRAD_DATA_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sets ------------------------------------------------------------------------------------------------------------ */

/* n labelled rows of `features` numbers each. The caller sets dtype and allocator (`tg_dataset set = { 0 }` means float32
   and the C library). A function below fills in the rest, and tg_dataset_finish frees it:

       tg_dataset train = { .dtype = TG_F32 };
       if (tg_dataset_read_mnist(&train, "mnist", TG_TRAIN, &err) != TG_OK) ...
       tg_dataset_finish(&train);

   The set owns its arrays. They may be written in place; the other fields are for reading. Every function that fills a
   set needs an empty one (otherwise TG_ERR_STATE). On failure the set is empty again. The errors are TG_ERR_ARGUMENT for
   NULL, TG_ERR_MEMORY, and those named at the function. */
typedef struct tg_dataset {
    tg_dtype dtype;                /* of x */
    const tg_allocator *allocator; /* borrowed until the finish; NULL for the C library */
    int64_t n;                     /* rows */
    int64_t features;              /* numbers of a row */
    int classes;                   /* labels are 0 .. classes - 1 */
    void *x;                       /* [n, features], row-major */
    int32_t *labels;               /* [n] */
} tg_dataset;

/* Allocates n >= 1 rows of features >= 1 and classes >= 1, all zeros, for data from elsewhere. A size that overflows is
   TG_ERR_SHAPE. */
TG_API tg_status tg_dataset_init(tg_dataset *set, int64_t n, int64_t features, int classes, tg_error *err);

/* Frees the arrays and empties the set; dtype and allocator stay. Takes NULL and an empty set. */
TG_API void tg_dataset_finish(tg_dataset *set);

/* Files: a pixel's byte is divided by 255. A file that is missing or cannot be read is TG_ERR_IO; one that is truncated,
   too long, empty, or of another format is TG_ERR_FORMAT; a label beyond its classes is TG_ERR_RANGE. The sentence names
   the file, the field, and the values found and expected. How to add a reader: src/data/dataset.h. ----------------- */

typedef enum tg_part { TG_TRAIN = 0, TG_TEST = 1 } tg_part;

/* A pair of IDX files of unsigned bytes: `images` of rank 2 to 4, whose first axis is the rows and whose other axes are
   the features; `labels` of rank 1, one for each row, each below `classes`. */
TG_API tg_status tg_dataset_read_idx(tg_dataset *set, const char *images, const char *labels, int classes,
                                     tg_error *err);

/* MNIST, or a set with the same file names (Fashion-MNIST): train-images-idx3-ubyte and train-labels-idx1-ubyte in `dir`,
   or the two files t10k-...; 10 classes. The files give the number of rows, which may be any. */
TG_API tg_status tg_dataset_read_mnist(tg_dataset *set, const char *dir, tg_part part, tg_error *err);

/* CIFAR-10's binary batches: data_batch_1.bin to data_batch_5.bin in `dir`, or test_batch.bin, of 10000 rows each
   (otherwise TG_ERR_FORMAT). A row is 3072 pixels: 32 x 32 of red, then of green, then of blue. */
TG_API tg_status tg_dataset_read_cifar10(tg_dataset *set, const char *dir, tg_part part, tg_error *err);

/* The same from n_paths >= 1 batches of the caller's choice, in this order. Each may have any number of rows from 1, so a
   file that was truncated between two rows is read as a smaller one. */
TG_API tg_status tg_dataset_read_cifar10_files(tg_dataset *set, const char *const *paths, int n_paths, tg_error *err);

/* Generated sets: n >= 1 rows, the same on every machine. Row i depends on the seed and on i only, and its label is
   i mod classes. So a longer set begins with the rows of a shorter one; for a test set, use another seed. ---------- */

/* Two interleaved half circles of radius 1, around (0, 0) and (1, 0.5), with normal noise of standard deviation
   `noise` >= 0 on both coordinates. 2 classes. */
TG_API tg_status tg_dataset_moons(tg_dataset *set, int64_t n, double noise, uint64_t seed, tg_error *err);

/* `arms` >= 2 spirals from the origin to radius 1, three quarters of a turn each, with noise as above. Each arm is a class. */
TG_API tg_status tg_dataset_spirals(tg_dataset *set, int64_t n, int arms, double noise, uint64_t seed, tg_error *err);

/* Class 0 uniform in the ellipse x^2 / 4 + y^2 <= 1, class 1 in the circle (x - 1.5)^2 + (y - 1)^2 <= 1; they
   overlap. */
TG_API tg_status tg_dataset_ellipse(tg_dataset *set, int64_t n, uint64_t seed, tg_error *err);

/* Synthetic digits: 28 x 28 grey pictures of 0 to 9. Each is drawn from one of several glyphs, whose points are disturbed,
   with a pen of random thickness; it is slanted, scaled, rotated and shifted at random, and noise is added. Values
   0 .. 1, 10 classes. */
TG_API tg_status tg_dataset_digits(tg_dataset *set, int64_t n, uint64_t seed, tg_error *err);

/* Parts: rows are copied into the empty set `out` and converted to its dtype; values beyond float32 become
   infinite. -------------------------------------------------------------------------------------------------------- */

/* The n >= 1 rows whose numbers are in `rows`; a number outside 0 .. set->n - 1 is TG_ERR_RANGE. */
TG_API tg_status tg_dataset_take(const tg_dataset *set, const int64_t *rows, int64_t n, tg_dataset *out,
                                 tg_error *err);

/* Rows start .. stop - 1; 0 <= start < stop <= set->n, else TG_ERR_RANGE. */
TG_API tg_status tg_dataset_slice(const tg_dataset *set, int64_t start, int64_t stop, tg_dataset *out, tg_error *err);

/* The first `count` rows of a seeded random order are copied into `first`, the others into `second`. Both get at least
   one: 0 < count < set->n, else TG_ERR_RANGE. On failure neither is filled. */
TG_API tg_status tg_dataset_split(const tg_dataset *set, int64_t count, uint64_t seed, tg_dataset *first,
                                  tg_dataset *second, tg_error *err);

/* Mean and standard deviation, sqrt(sum (x - mean)^2 / count), in one pass and in double, also accurate where the mean is
   much larger than the deviation. They are fitted on the training set and applied to every set. To subtract the training
   set's mean image (or, with `deviation` in place of NULL, to standardise):

       tg_dataset_moments(&train, mean, deviation, &err);
       tg_dataset_standardize(&train, mean, NULL, &err);
       tg_dataset_standardize(&test, mean, NULL, &err);

   Principal axes are in pca.h. An empty set is TG_ERR_STATE. ------------------------------------------------------ */

/* Of each feature over all rows: `features` numbers each. */
TG_API tg_status tg_dataset_moments(const tg_dataset *set, double *mean, double *deviation, tg_error *err);

/* Of all numbers of the set: one number each. */
TG_API tg_status tg_dataset_moments_overall(const tg_dataset *set, double *mean, double *deviation, tg_error *err);

/* x = (x - mean) / deviation in place, feature by feature, with the moments of this set or of another. A deviation of 0
   counts as 1. mean NULL means zeros, deviation NULL means ones. */
TG_API tg_status tg_dataset_standardize(tg_dataset *set, const double *mean, const double *deviation, tg_error *err);

/* Batches --------------------------------------------------------------------------------------------------------- */

/* Some rows of a set, for tg_wrap_batch(tape, &b). Valid until the next call on the batches. */
typedef struct tg_batch {
    int64_t n;             /* rows */
    tg_shape shape;        /* [n, features] */
    tg_dtype dtype;        /* of x: the set's */
    const void *x;         /* row-major */
    const int32_t *labels; /* [n] */
} tg_batch;

/* The rows of a batch, or of a whole set, as a constant [n, features] that borrows them, as tg_wrap does: until the reset
   or rewind that removes it from the tape, the rows must not change (so no further call on the batches). TG_ERR_DTYPE if
   they are not of the tape's dtype, TG_ERR_ARGUMENT for NULL, TG_ERR_STATE for an empty set; errors go to the tape. */
TG_API tg_tensor tg_wrap_batch(tg_tape *tape, const tg_batch *batch);
TG_API tg_tensor tg_wrap_dataset(tg_tape *tape, const tg_dataset *set);

/* Augmentation: rows that are pictures [channels, height, width] are changed at random when they are copied into a batch.
   The change of a row depends only on the seed, the epoch, and the row's number in the set. The set is not changed. */
typedef struct tg_augment {
    int channels, height, width; /* at least 1 each; their product is the set's features */
    double flip_horizontal;      /* probability, 0 .. 1, that a row is mirrored left-right. 0: never */
    double flip_vertical;        /* probability, 0 .. 1, that a row is mirrored top-bottom. 0: never */
    double scale; /* 0 <= scale < 1: all pixels of a row are multiplied by a factor uniform in 1 - scale .. 1 + scale,
                     rounded to the set's dtype. 0: they are not */
} tg_augment;

typedef struct tg_batches_config {
    int64_t size;              /* rows of a batch, >= 1. 0 counts as left out: 64 */
    uint64_t seed;             /* of the shuffling and of the augmentation; 0 is a seed like any other */
    bool in_order;             /* false: shuffled. true: batches point into the set, except x if it is augmented */
    bool drop_last;            /* false: the last batch may have fewer rows. true: such a batch is left out */
    const tg_augment *augment; /* NULL: none; copied */
    const tg_allocator *allocator; /* copied; NULL for the C library */
} tg_batches_config;

/* Batches of a set, which must not change while they are used. NULL and *err on failure: a NULL or empty set, a negative
   size, no memory, an augmentation with a number out of range (TG_ERR_ARGUMENT) or whose pictures do not have the set's
   size (TG_ERR_SHAPE). NULL for config means all defaults. */
typedef struct tg_batches tg_batches;
TG_API tg_batches *tg_batches_create(const tg_dataset *set, const tg_batches_config *config, tg_error *err);
TG_API void tg_batches_destroy(tg_batches *batches); /* takes NULL */

/* Fills *batch and returns true. At the end of an epoch it returns false, and the next call begins the next epoch. The
   order of an epoch depends on the seed and the epoch's number only. No memory is allocated; rows are gathered by the
   library's threads (cpu.h). false for NULL. */
TG_API bool tg_batches_next(tg_batches *batches, tg_batch *batch);

/* The next batch becomes the first of this epoch, counted from 0: to begin again, or to resume. A negative epoch counts
   as 0. */
TG_API void tg_batches_start(tg_batches *batches, int64_t epoch);

/* The epoch of the next batch, counted from 0; the number of batches of an epoch. 0 for NULL. */
TG_API int64_t tg_batches_epoch(const tg_batches *batches);
TG_API int64_t tg_batches_count(const tg_batches *batches);

#ifdef __cplusplus
}
#endif
#endif
