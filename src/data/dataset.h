/* dataset.h - what the files that fill a set share. */
#ifndef TG_DATASET_H
#define TG_DATASET_H

#include "core/platform.h"
#include "tapegrad/data.h"

/* Whether `set` may be filled: not NULL, of a dtype that exists, and empty. `who` begins the sentence. */
tg_status tg_dataset_check_empty(const tg_dataset *set, const char *who, tg_error *err);

/* Whether a set may be read from: not NULL and not empty. */
tg_status tg_dataset_check_full(const tg_dataset *set, const char *who, tg_error *err);

/* tg_dataset_init for others: the same, with their name in the sentence. */
tg_status tg_dataset_fill(tg_dataset *set, int64_t n, int64_t features, int classes, const char *who, tg_error *err);

/* Number i of x. */
static inline double tg_dataset_get(const tg_dataset *set, int64_t i)
{
    return set->dtype == TG_F64 ? ((const double *)set->x)[i] : (double)((const float *)set->x)[i];
}

static inline void tg_dataset_put(tg_dataset *set, int64_t i, double value)
{
    if (set->dtype == TG_F64)
        ((double *)set->x)[i] = value;
    else
        ((float *)set->x)[i] = (float)value;
}

/* Where row i of x begins. */
static inline void *tg_dataset_row(const tg_dataset *set, int64_t i)
{
    return (char *)set->x + (size_t)(i * set->features) * tg_dtype_size(set->dtype);
}

/* The next `count` bytes of the file, over 255, to the numbers of x from `start` on. */
tg_status tg_dataset_read_pixels(tg_dataset *set, int64_t start, int64_t count, tg_infile *file, tg_error *err);

/* Whether a label read from a file is one of the set's; `row` counts from 0 within the file. */
tg_status tg_dataset_check_label(const tg_dataset *set, int label, int64_t row, const char *path, tg_error *err);

/* Whether these are a directory and a part, for the readers that take them. */
tg_status tg_dataset_check_part(const char *dir, tg_part part, const char *who, tg_error *err);

/* dir/name; TG_ERR_ARGUMENT if it does not fit. */
typedef struct tg_path {
    char text[4096];
} tg_path;
tg_status tg_path_join(tg_path *path, const char *dir, const char *name, tg_error *err);

#endif
