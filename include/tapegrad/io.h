/* io.h - parameters in files: the safetensors format, which other frameworks read. */
#ifndef TAPEGRAD_IO_H
#define TAPEGRAD_IO_H

#include "params.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A file holds each parameter's name, shape, dtype (F32 or F64) and row-major values, little-endian, without padding;
   and pairs of strings about them, the metadata. Gradients and flags are not in it.

   What the format's own reader takes is read, fields that it does not know among it, except: values of other types than
   F32 and F64, and more than 8 axes, which a parameter cannot have; a name or key that is there twice, of which that
   reader takes the last without a word; blanks before the header's '{', which the format's text forbids. */

/* Writes the set to `path`. What was there is replaced by the whole new file or, on failure, stays as it was: the
   file is written beside it, under the path with ".tapegrad-" and two numbers, and then renamed. A symbolic link is
   followed, also to a file that does not exist yet. The new file gets the permissions of the one that it replaces and,
   where the system allows it, its owner and group; access lists and other hard links are not kept. A directory, FIFO,
   socket or device is refused, and so is a file that may not be written. A process that is killed within leaves its
   temporary file; the next save to the same path removes those that no process works on. Takes no memory. A NULL or a
   name that is not UTF-8 is TG_ERR_ARGUMENT; else TG_ERR_IO. */
TG_API tg_status tg_params_save(const tg_params *params, const char *path, tg_error *err);

/* The same with metadata: { "key", "value", "key", "value", ..., NULL }, UTF-8, no key twice. NULL means none.
   Takes memory for the order of the keys (TG_ERR_MEMORY). */
TG_API tg_status tg_params_save_with(const tg_params *params, const char *path, const char *const *metadata,
                                     tg_error *err);

/* Reads all values of the set from `path` and raises its version. The names in the file must be the set's, in any
   order, and each shape the same; values of the other dtype are converted (a float64 beyond float32 becomes infinite).
   The whole file is read and checked first: on failure the set is unchanged. Other processes may save to the path
   meanwhile: what is read is the file that was there when it was opened. TG_ERR_FORMAT for a file that is no sound
   safetensors file, has values that are neither F32 nor F64, or has other names; TG_ERR_SHAPE for another shape;
   TG_ERR_ARGUMENT, TG_ERR_MEMORY, TG_ERR_IO. */
TG_API tg_status tg_params_load(tg_params *params, const char *path, tg_error *err);

/* Copies the file's metadata for `key` to value, `size` bytes with the terminating zero: what is needed to make the set
   that the file fits. The file's header is checked as above. TG_ERR_RANGE if there is no such key or the value does
   not fit, or holds a zero character, which no string of C can; then, and on every other failure, value is "". */
TG_API tg_status tg_params_read_metadata(const char *path, const char *key, char *value, size_t size, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
