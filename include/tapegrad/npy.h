/* npy.h - arrays in NumPy's files: .npy holds one array, .npz several by name. */
#ifndef TAPEGRAD_NPY_H
#define TAPEGRAD_NPY_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1.0 to 3.0. Read are
   numbers of any width and byte order, float16, float32, float64, signed and unsigned integers of 8 to 64 bits, and
   bool (0 and 1); both memory orders ("fortran_order"), at most 8 axes. Integers beyond 2^53 are rounded. Complex
   numbers, strings, dates, records and objects are TG_ERR_DTYPE.
   A .npz file is a zip archive of .npy files: those of numpy.savez are read; the compressed ones of
   numpy.savez_compressed are TG_ERR_FORMAT. Checksums are checked.
   A missing or unreadable file is TG_ERR_IO; one that is truncated, too long, or no such file TG_ERR_FORMAT; the
   sentence names the file, the array, and the values found and expected. */

/* Reading onto a tape: a constant of the file's shape, converted to the tape's dtype (what is beyond float32 becomes
   infinite). Errors are the tape's, and give a bad tensor. */
TG_API tg_tensor tg_npy_read(tg_tape *tape, const char *path);

/* The same of the array `name` of a .npz file; a name that is not there is TG_ERR_RANGE, with the names that are. */
TG_API tg_tensor tg_npz_read(tg_tape *tape, const char *path, const char *name);

/* Writes x as a .npy file of version 1.0, little-endian, of its tape's dtype, row-major. The file is replaced as
   tg_params_save replaces it (io.h). An error of the file's is in *err and not on the tape; a bad tensor's is its tape's
   status. */
TG_API tg_status tg_npy_write(const char *path, tg_tensor x, tg_error *err);

/* Writes n >= 1 tensors, of one tape or several, as a .npz file under their names, uncompressed. Names are not empty,
   unique, UTF-8 (TG_ERR_ARGUMENT); an array of 4 GiB and more and more than 65,535 arrays are TG_ERR_SHAPE. */
TG_API tg_status tg_npz_write(const char *path, const tg_tensor *xs, const char *const *names, int n, tg_error *err);

/* A data set from two .npy files: `features` of shape [n, ...], of any of the types above; `labels` of shape [n] or
   [n, 1], of any integer type or bool, each 0 .. classes - 1 (TG_ERR_RANGE). Else as the readers of data.h. */
TG_API tg_status tg_dataset_read_npy(tg_dataset *set, const char *features, const char *labels, int classes,
                                     tg_error *err);

/* The same from two arrays of one .npz file. */
TG_API tg_status tg_dataset_read_npz(tg_dataset *set, const char *path, const char *features, const char *labels,
                                     int classes, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
