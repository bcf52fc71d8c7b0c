/* npy.h - arrays in NumPy's files: .npy holds one array, .npz several by name. */
#ifndef TAPEGRAD_NPY_H
#define TAPEGRAD_NPY_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1.0 to 3.0. These are read:
   float16, float32, float64, signed and unsigned integers of 8 to 64 bits, and bool (as 0 and 1), in both byte orders and
   both memory orders ("fortran_order"), with at most 8 axes. Integers beyond 2^53 are rounded. Complex numbers, strings,
   dates, records and objects are TG_ERR_DTYPE.
   A .npz file is a zip archive of .npy files. Those that numpy.savez writes are read, and their checksums are checked;
   the compressed ones of numpy.savez_compressed are TG_ERR_FORMAT.
   A file that is missing or cannot be read is TG_ERR_IO; one that is truncated, too long, or of another format is
   TG_ERR_FORMAT. The sentence names the file, the array, and the values found and expected. */

/* The array as a constant of the file's shape, converted to the tape's dtype (a value beyond float32 becomes infinite). On
   an error, which is on the tape, the result is an invalid tensor. */
TG_API tg_tensor tg_npy_read(tg_tape *tape, const char *path);

/* The same for the array `name` of a .npz file. A name that is not in the file is TG_ERR_RANGE; the message lists the names
   that are. */
TG_API tg_tensor tg_npz_read(tg_tape *tape, const char *path, const char *name);

/* Writes x as a .npy file of version 1.0, little-endian, of its tape's dtype, row-major. The file is replaced as
   tg_params_save replaces it (io.h). Errors of the file are in *err and not on the tape. For an invalid tensor the status
   is its tape's. */
TG_API tg_status tg_npy_write(const char *path, tg_tensor x, tg_error *err);

/* Writes n >= 1 tensors, of one tape or several, under these names to a .npz file, uncompressed. Names must be unique, not
   empty, and UTF-8, else TG_ERR_ARGUMENT. 65,535 arrays or more, and 4 GiB or more, are TG_ERR_SHAPE; a name has at most 200 bytes. */
TG_API tg_status tg_npz_write(const char *path, const tg_tensor *xs, const char *const *names, int n, tg_error *err);

/* A data set from two .npy files: `features` of shape [n, ...], of any of the types above; `labels` of shape [n] or
   [n, 1], of any integer type or bool, each in 0 .. classes - 1, else TG_ERR_RANGE. The rest is as for the readers of
   data.h. */
TG_API tg_status tg_dataset_read_npy(tg_dataset *set, const char *features, const char *labels, int classes,
                                     tg_error *err);

/* The same from two arrays of one .npz file. */
TG_API tg_status tg_dataset_read_npz(tg_dataset *set, const char *path, const char *features, const char *labels,
                                     int classes, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
