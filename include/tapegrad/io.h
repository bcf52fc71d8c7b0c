/* io.h - parameters and whole trainings in files: the safetensors format, which other frameworks read. */
#ifndef TAPEGRAD_IO_H
#define TAPEGRAD_IO_H

#include "optim.h"
#include "params.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A file holds each parameter's name, shape, dtype (F32 or F64) and row-major values, little-endian, without padding;
   and pairs of strings about them, the metadata. Gradients and flags are not in it.

   Every file that the format's own reader accepts is read, also with fields that the format does not define, except
   these: parameters whose values are not F32, F64, F16 or BF16; more than 8 axes, which a parameter cannot have; a name or key that
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

/* The same with metadata: { "key", "value", "key", "value", ..., NULL }, UTF-8, no key twice, none that begins with
   "tapegrad.", which the library reserves. NULL means none. Memory is allocated to sort the keys (TG_ERR_MEMORY). */
TG_API tg_status tg_params_save_with(const tg_params *params, const char *path, const char *const *metadata,
                                     tg_error *err);

/* Reads all values of the set from `path` and raises its version. The names in the file must be the set's, in any
   order, and each shape the same; values of another dtype are converted (F16 and BF16 exactly; a float64 beyond float32
   becomes infinite). From the file of a whole training (below) the parameters are read.
   The whole file is read and checked first: on failure the set is unchanged. Other processes may save to the path
   meanwhile: the file that was opened is read to its end. TG_ERR_FORMAT for a file that is not a correct safetensors
   file, has values that are not F32, F64, F16 or BF16, or has other names; TG_ERR_SHAPE for another shape; TG_ERR_ARGUMENT,
   TG_ERR_MEMORY, TG_ERR_IO. */
TG_API tg_status tg_params_load(tg_params *params, const char *path, tg_error *err);

/* How a file of another program fits a set. Zero in any field means the default in its comment. */
typedef struct tg_load_config {
    const char *const *prefixes; /* { "in the file", "in the set", ..., NULL }: where a tensor's name begins with the
                                      first, it is replaced by the second; of several pairs, the first that fits. "" fits
                                      every name. NULL: the names are the same */
    const char *const
        *transposed; /* { "weight", ..., NULL }: parameters with 2 axes whose name (in the set) ends with
                                      one of these are stored transposed, [c, r] in the file for [r, c] in the set, as
                                      PyTorch stores weights of linear layers; "" fits every name. NULL: none */
    bool partial;    /* false: the names must be the same. true: tensors that are no parameter are passed over, and
                     parameters that the file does not have keep their values (PyTorch's strict=False); a shape that
                     differs is an error all the same, and so is a file with no parameter of a set that has any */
} tg_load_config;

/* What a load found. The names are those in the set, of the unexpected ones those in the file, as "a, b, c": as many as
   fit. */
enum { TG_LOAD_NAMES = 256 };
typedef struct tg_load_report {
    int64_t loaded, missing, unexpected; /* parameters read; not in the file; tensors that are no parameter */
    char missing_names[TG_LOAD_NAMES], unexpected_names[TG_LOAD_NAMES];
} tg_load_report;

/* Reads a file as tg_params_load does, with these differences. NULL for config means all defaults. *report (may be NULL) is
   filled in any case, after an error with what was found until then. Two tensors for one parameter are TG_ERR_FORMAT, a
   prefix without its replacement TG_ERR_ARGUMENT. Weights that PyTorch saved from an nn.Sequential of linear layers, for
   a set with the names layer0.weight, layer0.bias, ... whose weights are [inputs, outputs]:

       tg_params_load_with(params, path,
                           &(tg_load_config){ .prefixes = (const char *const[]){ "0.", "layer0.", "2.", "layer1.", NULL },
                                              .transposed = (const char *const[]){ "weight", NULL } },
                           NULL, &err); */
TG_API tg_status tg_params_load_with(tg_params *params, const char *path, const tg_load_config *config,
                                     tg_load_report *report, tg_error *err);

/* Copies the file's metadata for `key` to value, which has `size` bytes, with a terminating zero: for example the sizes of
   the network that the file fits. The file's header is checked as above. TG_ERR_RANGE if there is no such key, if the
   value does not fit, or if it contains a zero character, which a C string cannot. On failure value is "". */
TG_API tg_status tg_params_read_metadata(const char *path, const char *key, char *value, size_t size, tg_error *err);

/* A whole training in one file ------------------------------------------------------------------------------------ */

/* What a training needs to go on as if it had not stopped, with the same bits. One of params and optimizer is set. */
typedef struct tg_training {
    tg_params *params;       /* NULL: the optimizer's state alone */
    tg_optimizer *optimizer; /* of these params. NULL: none */
    tg_rng *rng;             /* NULL: none */
    int64_t epoch,
        batch; /* where the training stands, >= 0: for example epochs completed, and batches of the next one */
    const char *const *metadata; /* of a save, as for tg_params_save_with; a load leaves it as it is */
} tg_training;

/* Writes the training to `path`, whole or not at all, as tg_params_save does. The optimizer's state is its kind, settings,
   learning rate, numbers of steps, and arrays. It is a safetensors file: the parameters are under their names, the arrays
   of the optimizer are tensors "__optimizer__.ARRAY.PARAMETER", and numbers are metadata whose keys begin with
   "tapegrad.". TG_ERR_ARGUMENT: NULL, an optimizer of another set, a negative epoch or batch, a parameter whose name
   begins with "__optimizer__.", a name or metadata as for tg_params_save_with; TG_ERR_MEMORY, TG_ERR_IO. */
TG_API tg_status tg_training_save(const tg_training *training, const char *path, tg_error *err);

/* Reads what the training has: params (names and shapes as for tg_params_load), optimizer (of the same kind, with the
   same arrays; its settings and rate become those of the file), rng, and always epoch and batch. What is NULL is passed
   over. All is read and checked first: on failure nothing is changed. Values of another dtype are converted. Gradients
   are not in the file and stay as they are. TG_ERR_FORMAT for a file that is no training, lacks what is to be read, has
   another kind of optimizer or numbers out of range; otherwise as tg_params_load and tg_training_save. */
TG_API tg_status tg_training_load(tg_training *training, const char *path, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
