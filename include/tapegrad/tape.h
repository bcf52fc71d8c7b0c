/* tape.h - the tape: it records operations as they run, owns their tensors, and keeps the first error. */
#ifndef TAPEGRAD_TAPE_H
#define TAPEGRAD_TAPE_H

#include <stdio.h>

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Create and destroy --------------------------------------------------------------------------------------------- */

/* A tape whose tensors all have this dtype. Never NULL: out of memory, for an invalid dtype, or for an allocator without
   its functions it returns a static tape that only has this error. A tape is used by one thread at a time; several tapes
   may be used in several threads. */
TG_API tg_tape *tg_tape_create(tg_dtype dtype);

/* The same with memory from `allocator`, which is copied; NULL for the C library. */
TG_API tg_tape *tg_tape_create_with(tg_dtype dtype, const tg_allocator *allocator);

/* Frees the tape and all that it owns; NULL is a no-op. Its tensors must not be used again. Inside a function of an
   operation (op.h) and inside a visit of tg_tape_each, destroy, reset and rewind raise TG_ERR_STATE and do nothing
   else. */
TG_API void tg_tape_destroy(tg_tape *tape);

TG_API tg_dtype tg_tape_dtype(const tg_tape *tape);

/* Errors --------------------------------------------------------------------------------------------------------- */

/* The first error is kept until reset or rewind: the call that failed returns an invalid tensor, and all later operations
   are no-ops that return invalid tensors. So one check, at tg_backward, is enough for a whole model. Returns TG_OK while
   nothing has failed; TG_ERR_ARGUMENT for NULL. With tensors of two tapes, the tape of the first argument gets the
   error. */
TG_API tg_status tg_tape_status(const tg_tape *tape);

/* The error as one sentence, `matmul: "x" [64, 784] x "layer1.weight" [300, 10]: inner sizes 784 and 300 differ`: tensors
   are shown by name, if they have one, and shape. If a derivative fails, the message begins with the operation that is
   differentiated: `in the reverse pass of log: "p" [2]: div: ...`. "" while nothing has failed. Owned by the tape, valid
   until the next reset or rewind. */
TG_API const char *tg_tape_message(const tg_tape *tape);

/* Memory --------------------------------------------------------------------------------------------------------- */

/* Removes every tensor and clears the error. Keeps the memory, so that after the first steps a training step allocates
   nothing. NULL is a no-op. */
TG_API void tg_tape_reset(tg_tape *tape);

/* tg_tape_mark returns the present position of the tape. tg_tape_rewind to it removes all tensors made after the mark,
   clears an error raised after it, and drops the gradients of a backward after it. Older tensors stay, with their names,
   even names given after the mark, and so do the gradients of an older backward if no other followed. Marks nest.
   Rewinding to a mark that a reset or an earlier rewind has passed is TG_ERR_STALE, to one that was taken inside a
   function of an operation (op.h) TG_ERR_STATE; both change nothing else. */
typedef struct tg_mark {
    const tg_tape *tape;
    void *position; /* this and the rest are private */
    size_t offset;
    uint32_t id, epoch, resets, backwards, status;
} tg_mark;
TG_API tg_mark tg_tape_mark(const tg_tape *tape);
TG_API tg_status tg_tape_rewind(tg_tape *tape, tg_mark mark);

/* The memory of a tape. */
typedef struct tg_tape_usage {
    int64_t nodes;         /* tensors on the tape now */
    size_t bytes;          /* allocated now, in all */
    size_t gradient_bytes; /* of these, the buffers of the reverse pass, of scratch and of names; they are kept,
                              so this is their peak */
    uint64_t allocations;  /* calls of the allocator since the tape was made */
} tg_tape_usage;
TG_API tg_tape_usage tg_tape_memory(const tg_tape *tape);

/* Modes ---------------------------------------------------------------------------------------------------------- */

/* Turns recording on (the default) or off: what is computed while it is off is a constant to the reverse pass. Returns
   the previous setting; false for NULL. No mode can be set inside a function of an operation (TG_ERR_STATE). */
TG_API bool tg_tape_set_recording(tg_tape *tape, bool on);

/* Sets training (the default) or evaluation: in evaluation dropout returns its input. Returns the previous setting. */
TG_API bool tg_tape_set_training(tg_tape *tape, bool on);
TG_API bool tg_tape_training(const tg_tape *tape);

/* With TG_TRAP_NONFINITE, the first operation, forward or backward, whose result has a NaN or an infinity raises
   TG_ERR_NONFINITE. The message names the operation and, for the result and each input, the first such value and its
   index. Costs a pass over every result. 0 (the default): no trap. */
enum { TG_TRAP_NONFINITE = 1 };
TG_API void tg_tape_set_trap(tg_tape *tape, unsigned traps);

/* Leaves --------------------------------------------------------------------------------------------------------- */

/* A leaf that takes a gradient (variable) or none (constant). Copies the row-major values and converts them to the tape's
   dtype. `data` is a pointer to float or double; it may be NULL if the shape has no elements. After several backwards
   tg_grad_of returns a variable's gradient of the last one; a parameter's (tg_param) is the sum over all. */
TG_API tg_tensor tg_variable_f32(tg_tape *tape, tg_shape shape, const float *data);
TG_API tg_tensor tg_variable_f64(tg_tape *tape, tg_shape shape, const double *data);
TG_API tg_tensor tg_constant_f32(tg_tape *tape, tg_shape shape, const float *data);
TG_API tg_tensor tg_constant_f64(tg_tape *tape, tg_shape shape, const double *data);
/* What the macros below choose for a void pointer: an error, unless it is NULL and the shape has no elements. */
TG_API tg_tensor tg_variable_untyped(tg_tape *tape, tg_shape shape, const void *data);
TG_API tg_tensor tg_constant_untyped(tg_tape *tape, tg_shape shape, const void *data);

/* `data` is variadic, so that it may be (float[]){ 3, -2 }, which has a comma. */
#ifndef __cplusplus
#define TG_BY_TYPE(name, ...)                                                                                        \
    _Generic((__VA_ARGS__),                                                                                          \
        float *: name##_f32, const float *: name##_f32, double *: name##_f64, const double *: name##_f64,            \
        void *: name##_untyped, const void *: name##_untyped)
#define tg_variable(tape, shape, ...) TG_BY_TYPE(tg_variable, __VA_ARGS__)(tape, shape, __VA_ARGS__)
#define tg_constant(tape, shape, ...) TG_BY_TYPE(tg_constant, __VA_ARGS__)(tape, shape, __VA_ARGS__)
#endif

/* A constant all of whose elements are `value`. */
TG_API tg_tensor tg_full(tg_tape *tape, tg_shape shape, double value);

/* A constant that borrows `data`, the row-major values of the shape, without copying. They must stay valid and unchanged
   until the reset or rewind that removes the tensor. They are never written, need only the alignment of their type, and
   must have the tape's dtype (else TG_ERR_DTYPE; tg_constant converts). The macro tg_wrap chooses by the type of the
   pointer, as those above. A void pointer is an error: for the rows of a batch or of a data set there are tg_wrap_batch
   and tg_wrap_dataset in data.h. */
TG_API tg_tensor tg_wrap_f32(tg_tape *tape, tg_shape shape, const float *data);
TG_API tg_tensor tg_wrap_f64(tg_tape *tape, tg_shape shape, const double *data);
TG_API tg_tensor tg_wrap_untyped(tg_tape *tape, tg_shape shape, const void *data);
#ifndef __cplusplus
#define tg_wrap(tape, shape, ...) TG_BY_TYPE(tg_wrap, __VA_ARGS__)(tape, shape, __VA_ARGS__)
#endif

/* The same values as a constant, through which no gradient flows. Shares the memory of x. */
TG_API tg_tensor tg_detach(tg_tensor x);

/* Queries and values --------------------------------------------------------------------------------------------- */

/* Whether the tape of x has no error, and x is on it. */
TG_API bool tg_is_valid(tg_tensor x);

/* The shape; the number of axes; the size along one axis; the number of elements. For an invalid tensor: the shape of a
   scalar, 0, -1, 0, and the error is on the tape. Axes count from 0, or from the end if negative; an axis that does not
   exist is an error. */
TG_API tg_shape tg_shape_of(tg_tensor x);
TG_API int tg_rank(tg_tensor x);
TG_API int64_t tg_dim(tg_tensor x, int axis);
TG_API int64_t tg_size(tg_tensor x);

/* Whether a gradient can flow to x: it depends on a variable or a trainable parameter by recorded operations. */
TG_API bool tg_needs_grad(tg_tensor x);

/* The value of a tensor of one element. For any other: an error on the tape, and NaN. */
TG_API double tg_item(tg_tensor x);

/* Copies all elements, row-major and converted to the type of `out`. n must be tg_size(x). Returns the tape's status. A
   void pointer is an error. */
TG_API tg_status tg_read_f32(tg_tensor x, float *out, int64_t n);
TG_API tg_status tg_read_f64(tg_tensor x, double *out, int64_t n);
TG_API tg_status tg_read_untyped(tg_tensor x, void *out, int64_t n);
#ifndef __cplusplus
#define tg_read(x, out, n)                                                                                           \
    _Generic((out), float * : tg_read_f32, double * : tg_read_f64, void * : tg_read_untyped)(x, out, n)
#endif

/* The values themselves, row-major, of the tape's dtype, read-only, valid until the reset or rewind that removes the
   tensor. NULL for an invalid tensor. */
TG_API const void *tg_data(tg_tensor x);

/* Writes the tensor to `out` as NumPy does, in nested rows, followed by its name, shape and dtype. Above 1000 elements,
   only the first and last three along each longer axis are written. For an invalid tensor the message of its tape is
   written. Returns the tape's status; TG_ERR_IO if writing failed. */
TG_API tg_status tg_print(FILE *out, tg_tensor x);

/* Names the tensor in messages, prints and visits, as long as it is on the tape. `name` is copied, and replaces an older
   name. Returns x, or an invalid tensor on an error. */
TG_API tg_tensor tg_name(tg_tensor x, const char *name);

/* What tg_tape_each passes to a visit: one tensor of the tape. The pointers are valid during the visit. Names are as they
   were given or read from a file, control characters included: a program that prints them escapes them, as the library's
   own messages do. */
typedef struct tg_visit {
    tg_tensor tensor;
    const char *op;   /* "tanh"; "variable", "constant", "param", "gradient" (unrecorded) for leaves */
    const char *name; /* from tg_name or the parameter set; NULL if none */
    tg_shape shape;
    int n_inputs;
    const tg_tensor *inputs; /* null tensors where absent */
    bool needs_grad;
} tg_visit;

/* Calls `visit` for every tensor on the tape, in the order in which they were made, until it returns false. Tensors that
   visits make are not visited. Returns the tape's status. */
TG_API tg_status tg_tape_each(tg_tape *tape, bool (*visit)(void *context, const tg_visit *v), void *context);

#ifdef __cplusplus
}

inline tg_tensor tg_variable(tg_tape *tape, tg_shape shape, const float *data)
{
    return tg_variable_f32(tape, shape, data);
}
inline tg_tensor tg_variable(tg_tape *tape, tg_shape shape, const double *data)
{
    return tg_variable_f64(tape, shape, data);
}
inline tg_tensor tg_constant(tg_tape *tape, tg_shape shape, const float *data)
{
    return tg_constant_f32(tape, shape, data);
}
inline tg_tensor tg_constant(tg_tape *tape, tg_shape shape, const double *data)
{
    return tg_constant_f64(tape, shape, data);
}
inline tg_tensor tg_wrap(tg_tape *tape, tg_shape shape, const float *data)
{
    return tg_wrap_f32(tape, shape, data);
}
inline tg_tensor tg_wrap(tg_tape *tape, tg_shape shape, const double *data)
{
    return tg_wrap_f64(tape, shape, data);
}
/* For nullptr, allowed if the shape has no elements. */
inline tg_tensor tg_variable(tg_tape *tape, tg_shape shape, decltype(nullptr))
{
    return tg_variable_untyped(tape, shape, nullptr);
}
inline tg_tensor tg_constant(tg_tape *tape, tg_shape shape, decltype(nullptr))
{
    return tg_constant_untyped(tape, shape, nullptr);
}
inline tg_tensor tg_wrap(tg_tape *tape, tg_shape shape, decltype(nullptr))
{
    return tg_wrap_untyped(tape, shape, nullptr);
}
inline tg_status tg_read(tg_tensor x, float *out, int64_t n)
{
    return tg_read_f32(x, out, n);
}
inline tg_status tg_read(tg_tensor x, double *out, int64_t n)
{
    return tg_read_f64(x, out, n);
}
#endif

#endif
