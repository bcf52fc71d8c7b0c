/* io.h - parameters in files: the safetensors format, which other frameworks read. */
#ifndef TAPEGRAD_IO_H
#define TAPEGRAD_IO_H

#include "params.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A file holds each parameter's name, shape, dtype (F32 or F64) and row-major values, little-endian, without padding;
   and pairs of strings about them, the metadata. Gradients and flags are not in it.

   Every file that the format's own reader accepts is read, also with fields that the format does not define, except
   these: values of other types than F32 and F64, and more than 8 axes, which a parameter cannot have; a name or key that
   occurs twice, of which that reader uses the last without an error; blanks before the header's '{', which the format's
   specification forbids. */

/* Writes the set to `path`. A file that is there is replaced by the complete new one; on failure it stays unchanged. To
   this end a temporary file is written in the same directory, named like the path with ".tapegrad-" and two numbers, and
   then renamed. A symbolic link is followed, also to a file that does not exist yet. The new file gets the permissions of
   the one that it replaces and, where the system allows it, its owner and group; access lists and other hard links are
   not kept. A directory, FIFO, socket or device is refused, and so is a file that may not be written. A process that is
   killed during a save leaves its temporary file; the next save to the same path removes those of ended processes. No
   memory is allocated. TG_ERR_ARGUMENT for a NULL or a name that is not UTF-8; TG_ERR_IO. */
TG_API tg_status tg_params_save(const tg_params *params, const char *path, tg_error *err);

/* The same with metadata: { "key", "value", "key", "value", ..., NULL }, UTF-8, no key twice. NULL means none. Memory is
   allocated to sort the keys (TG_ERR_MEMORY). */
TG_API tg_status tg_params_save_with(const tg_params *params, const char *path, const char *const *metadata,
                                     tg_error *err);

/* Reads all values of the set from `path` and raises its version. The names in the file must be the set's, in any
   order, and each shape the same; values of the other dtype are converted (a float64 beyond float32 becomes infinite).
   The whole file is read and checked first: on failure the set is unchanged. Other processes may save to the path
   meanwhile: the file that was opened is read to its end. TG_ERR_FORMAT for a file that is not a correct safetensors
   file, has values that are neither F32 nor F64, or has other names; TG_ERR_SHAPE for another shape; TG_ERR_ARGUMENT,
   TG_ERR_MEMORY, TG_ERR_IO. */
TG_API tg_status tg_params_load(tg_params *params, const char *path, tg_error *err);

/* Copies the file's metadata for `key` to value, which has `size` bytes, with a terminating zero: for example the sizes of
   the network that the file fits. The file's header is checked as above. TG_ERR_RANGE if there is no such key, if the
   value does not fit, or if it contains a zero character, which a C string cannot. On failure value is "". */
TG_API tg_status tg_params_read_metadata(const char *path, const char *key, char *value, size_t size, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
