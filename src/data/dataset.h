/* dataset.h - what the readers and generators of data sets share, and how to add one.

   To add a reader of a format NAME:
   1. include/tapegrad/data.h, under "Files": the prototype of tg_dataset_read_NAME, which files it reads, which rows and
      labels result, which errors there are.
   2. src/data/NAME.c, modelled on idx.c: tg_dataset_check_empty; tg_infile_open (core/platform.h); compare the sizes in
      the file with file.size before memory is allocated by them; tg_dataset_fill; read the rows with tg_infile_read or
      tg_dataset_read_pixels, each label through tg_dataset_check_label. On an error tg_dataset_finish, so that the set is
      empty again; tg_infile_close in every case. A message is "FILE: what is wrong, expected ...", with values.
   3. src/data/meson.build: the file's name.
   4. tests/data/test_files.c: a correct file, and a wrong one for each message; tests/refusals/data.c: rows for the new
      function, without which the build fails; tests/fuzz/: fuzz_NAME.c modelled on fuzz_idx.c, its name in meson.build
      and in .ci/run, and a small corpus.

   Numbers in text do not depend on the locale: they are not read with strtod or scanf, nor written with printf, but with
   core/format.h. */
#ifndef TG_DATASET_H
#define TG_DATASET_H

#include "core/platform.h"
#include "tapegrad/data.h"

/* Whether `set` may be filled: not NULL, of a dtype that exists, and empty. `who` begins the message. */
tg_status tg_dataset_check_empty(const tg_dataset *set, const char *who, tg_error *err);

/* Whether a set may be read from: not NULL and not empty. */
tg_status tg_dataset_check_full(const tg_dataset *set, const char *who, tg_error *err);

/* tg_dataset_init with the caller's name in the message. */
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

/* The start of row i of x. */
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
