/* tape.h - the tape: it records operations as they run, owns their tensors, and keeps the first error. */
#ifndef TAPEGRAD_TAPE_H
#define TAPEGRAD_TAPE_H

#include <stdio.h>

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Life ----------------------------------------------------------------------------------------------------------- */

/* A tape whose tensors are all of this dtype. Never NULL: out of memory, a dtype that is none, or an allocator without its
   functions gives a tape that only carries that error. A tape is used by one thread at a time; several tapes may run in
   several threads. */
TG_API tg_tape *tg_tape_create(tg_dtype dtype);

/* The same with memory from `allocator` (copied; NULL for the C library). */
TG_API tg_tape *tg_tape_create_with(tg_dtype dtype, const tg_allocator *allocator);

/* Frees the tape and all that it owns. Takes NULL. Its handles must not be used again. Inside a function of an operation's
   (op.h) and inside a visit of tg_tape_each, destroy, reset and rewind are the error TG_ERR_STATE and do nothing. */
TG_API void tg_tape_destroy(tg_tape *tape);

TG_API tg_dtype tg_tape_dtype(const tg_tape *tape);

/* Errors --------------------------------------------------------------------------------------------------------- */

/* The first error sticks: what failed returned a bad tensor, operations on a bad tensor do nothing, and so a whole
   model can be checked once, at tg_backward. TG_OK while nothing failed; NULL gives TG_ERR_ARGUMENT. With tensors of
   two tapes, the first argument's tape gets the error. */
TG_API tg_status tg_tape_status(const tg_tape *tape);

/* The error as one sentence, `matmul: "x" [64, 784] x "layer1.weight" [300, 10]: inner sizes 784 and 300 differ`: tensors
   are shown by name, if they have one, and shape. What fails within a derivative is named behind the operation that is
   differentiated: `in the reverse pass of log: "p" [2]: div: ...`. "" while nothing failed. Owned by the tape, good until
   the next reset or rewind. */
TG_API const char *tg_tape_message(const tg_tape *tape);

/* Memory --------------------------------------------------------------------------------------------------------- */

/* Forgets every tensor and the error; keeps the memory, so that after the first steps a training step allocates
   nothing. NULL is nothing. */
TG_API void tg_tape_reset(tg_tape *tape);

/* Where the tape stands now. tg_tape_rewind forgets all tensors made since, an error that was raised since, and the
   gradients of a backward since. What is older stays: tensors, their names, also those that were given since, and the
   gradients of an older backward if there was none since. Marks nest. Rewinding to a mark that a reset or an earlier
   rewind has passed is TG_ERR_STALE, to one that was taken inside a function of an operation's (op.h) TG_ERR_STATE; both
   change nothing. */
typedef struct tg_mark {
    const tg_tape *tape;
    void *position; /* these are the tape's own */
    size_t offset;
    uint32_t id, epoch, resets, backwards, status;
} tg_mark;
TG_API tg_mark tg_tape_mark(const tg_tape *tape);
TG_API tg_status tg_tape_rewind(tg_tape *tape, tg_mark mark);

/* What a tape holds, in bytes taken from the allocator, and how often it was asked. */
typedef struct tg_tape_usage {
    int64_t nodes;         /* tensors on the tape now */
    size_t bytes;          /* taken from the allocator, all together */
    size_t gradient_bytes; /* of these, the buffers of the reverse pass, operations' scratch and names: their peak,
                              since they are kept */
    uint64_t allocations;  /* calls of the allocator since the tape was made */
} tg_tape_usage;
TG_API tg_tape_usage tg_tape_memory(const tg_tape *tape);

/* Modes ---------------------------------------------------------------------------------------------------------- */

/* Recording on (the default) or off: what is computed while off is a constant to the reverse pass. Returns the setting
   before; NULL gives false. Modes cannot be set inside a function of an operation's. */
TG_API bool tg_tape_set_recording(tg_tape *tape, bool on);

/* Training (the default) or evaluation: dropout passes its input through in evaluation. Returns the setting before. */
TG_API bool tg_tape_set_training(tg_tape *tape, bool on);
TG_API bool tg_tape_training(const tg_tape *tape);

/* TG_TRAP_NONFINITE: the first operation, forward or backward, that yields a NaN or an infinity is an error that names
   it, and the first such value with its index, in the result and in each input. Costs a pass over every result. 0 (the default): no trap. */
enum { TG_TRAP_NONFINITE = 1 };
TG_API void tg_tape_set_trap(tg_tape *tape, unsigned traps);

/* Leaves --------------------------------------------------------------------------------------------------------- */

/* A leaf that takes a gradient (variable) or none (constant): copies the row-major values and converts them to the
   tape's dtype. `data` is a pointer to float or double; it may be NULL where the shape has no elements. Of several
   backwards, tg_grad_of gives a variable's gradient of the last; a parameter's (tg_param) is their sum. */
TG_API tg_tensor tg_variable_f32(tg_tape *tape, tg_shape shape, const float *data);
TG_API tg_tensor tg_variable_f64(tg_tape *tape, tg_shape shape, const double *data);
TG_API tg_tensor tg_constant_f32(tg_tape *tape, tg_shape shape, const float *data);
TG_API tg_tensor tg_constant_f64(tg_tape *tape, tg_shape shape, const double *data);
/* What the macros below choose for a void pointer: NULL where the shape has no elements, else an error that says what is
   missing. */
TG_API tg_tensor tg_variable_untyped(tg_tape *tape, tg_shape shape, const void *data);
TG_API tg_tensor tg_constant_untyped(tg_tape *tape, tg_shape shape, const void *data);

/* The macros take `data` as all that follows, so that it may be (float[]){ 3, -2 }. */
#ifndef __cplusplus
#define TG_BY_TYPE(name, ...)                                                                                        \
    _Generic((__VA_ARGS__),                                                                                          \
        float *: name##_f32, const float *: name##_f32, double *: name##_f64, const double *: name##_f64,            \
        void *: name##_untyped, const void *: name##_untyped)
#define tg_variable(tape, shape, ...) TG_BY_TYPE(tg_variable, __VA_ARGS__)(tape, shape, __VA_ARGS__)
#define tg_constant(tape, shape, ...) TG_BY_TYPE(tg_constant, __VA_ARGS__)(tape, shape, __VA_ARGS__)
#endif

/* A constant that is the same value everywhere. */
TG_API tg_tensor tg_full(tg_tape *tape, tg_shape shape, double value);

/* A constant that borrows `data`, as many row-major values as the shape has, without copying: they must stay and keep
   their values until the reset or rewind that forgets the tensor. They are never written, may have any alignment of
   their type, and must be of the tape's own dtype (TG_ERR_DTYPE): tg_constant converts. tg_wrap chooses by the
   pointer's type, as the macros above do; what a void pointer leads to, a batch's or a data set's rows, is borrowed
   with tg_wrap_batch and tg_wrap_dataset of data.h. */
TG_API tg_tensor tg_wrap_f32(tg_tape *tape, tg_shape shape, const float *data);
TG_API tg_tensor tg_wrap_f64(tg_tape *tape, tg_shape shape, const double *data);
TG_API tg_tensor tg_wrap_untyped(tg_tape *tape, tg_shape shape, const void *data);
#ifndef __cplusplus
#define tg_wrap(tape, shape, ...) TG_BY_TYPE(tg_wrap, __VA_ARGS__)(tape, shape, __VA_ARGS__)
#endif

/* The same values as a constant: no gradient flows through. Shares the memory. */
TG_API tg_tensor tg_detach(tg_tensor x);

/* Looking -------------------------------------------------------------------------------------------------------- */

/* Whether the handle is good: its tape is without error and the tensor is on it. */
TG_API bool tg_is_valid(tg_tensor x);

/* Shape queries. On a bad tensor: a scalar's shape, 0, 0, -1; the error is on the tape. Axes count from 0, or from the
   end if negative; an axis that does not exist is an error. */
TG_API tg_shape tg_shape_of(tg_tensor x);
TG_API int tg_rank(tg_tensor x);
TG_API int64_t tg_dim(tg_tensor x, int axis);
TG_API int64_t tg_size(tg_tensor x);

/* Whether a gradient can flow to x. */
TG_API bool tg_needs_grad(tg_tensor x);

/* The value of a tensor of one element; NaN and an error on the tape for any other. */
TG_API double tg_item(tg_tensor x);

/* Copies the n = size elements, row-major, converted to the buffer's type. */
TG_API tg_status tg_read_f32(tg_tensor x, float *out, int64_t n);
TG_API tg_status tg_read_f64(tg_tensor x, double *out, int64_t n);
TG_API tg_status tg_read_untyped(tg_tensor x, void *out, int64_t n);
#ifndef __cplusplus
#define tg_read(x, out, n)                                                                                           \
    _Generic((out), float * : tg_read_f32, double * : tg_read_f64, void * : tg_read_untyped)(x, out, n)
#endif

/* The values themselves, of the tape's dtype, read-only, good until the tensor is forgotten; NULL on a bad tensor. */
TG_API const void *tg_data(tg_tensor x);

/* Writes the tensor to `out` as NumPy would: nested rows, beyond 1000 elements each long axis shortened to its first and
   last three, and its name, shape and dtype; a bad tensor as its tape's message. The status of the tape, or TG_ERR_IO. */
TG_API tg_status tg_print(FILE *out, tg_tensor x);

/* Names the tensor in messages, prints and visits, for as long as it is on the tape; `name` is copied, and replaces an
   older one. Returns x. */
TG_API tg_tensor tg_name(tg_tensor x, const char *name);

/* One tensor of the tape, as tg_tape_each shows it. Pointers are good during the visit. Names are as they were given or
   read from a file, control characters included: whoever prints them escapes them, as the library's own messages do. */
typedef struct tg_visit {
    tg_tensor tensor;
    const char *op;   /* "tanh"; "variable", "constant", "param", "gradient" (unrecorded) for leaves */
    const char *name; /* from tg_name or the parameter set; NULL if none */
    tg_shape shape;
    int n_inputs;
    const tg_tensor *inputs; /* null tensors where absent */
    bool needs_grad;
} tg_visit;

/* Calls visit for every tensor on the tape in the order in which they were made, until it returns false. Those that a
   visit makes are not visited. */
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
/* nullptr, where the shape has no elements. */
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
