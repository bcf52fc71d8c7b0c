/* types.h - the vocabulary that every other header uses: status, error, dtype, shape, tensor, allocator. */
#ifndef TAPEGRAD_TYPES_H
#define TAPEGRAD_TYPES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define TG_API
#else
#define TG_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What a call came to. No call of this library exits, aborts or prints. */
typedef enum tg_status {
    TG_OK = 0,
    TG_ERR_ARGUMENT,           /* NULL, a null tensor, a number out of its range */
    TG_ERR_SHAPE,              /* wrong rank, axis or sizes; an element count that overflows */
    TG_ERR_DTYPE,              /* float32 met float64 */
    TG_ERR_RANGE,              /* a label, a row number outside its table */
    TG_ERR_STALE,              /* a handle or mark from before a reset or rewind */
    TG_ERR_TAPE,               /* tensors of two tapes in one operation */
    TG_ERR_STATE,              /* right call, wrong moment: no gradient yet, backward inside a vjp, ... */
    TG_ERR_NOT_DIFFERENTIABLE, /* a derivative was asked for that does not exist or is not written */
    TG_ERR_CHANGED,            /* parameter values changed since they were recorded */
    TG_ERR_NONFINITE,          /* the trap of tg_tape_set_trap caught a NaN or an infinity */
    TG_ERR_MEMORY,             /* an allocation failed */
    TG_ERR_IO,                 /* the operating system refused a file */
    TG_ERR_FORMAT              /* a file is not what its name promises */
} tg_status;

/* The name of a status, "TG_ERR_SHAPE"; never NULL. Static memory. */
TG_API const char *tg_status_name(tg_status status);

/* The error of a function that has no tape to keep it: a status and one sentence, by value. Every function that
   takes `tg_error *err` accepts NULL, sets status TG_OK and an empty text on success, and the reason on failure. */
typedef struct tg_error {
    tg_status status;
    char text[320];
} tg_error;

/* A dtype belongs to a tape and to a parameter set; there is no promotion and no mixed operation. */
typedef enum tg_dtype { TG_F32 = 0, TG_F64 = 1 } tg_dtype;

/* Bytes of one element: 4 or 8. */
TG_API size_t tg_dtype_size(tg_dtype dtype);

#define TG_MAX_RANK 8

/* Sizes along the axes, row-major: the last axis is contiguous. Rank 0 is a scalar. A size may be 0 or 1. */
typedef struct tg_shape {
    int rank;
    int64_t dims[TG_MAX_RANK];
} tg_shape;

/* TG_SHAPE(2, 3) and TG_SCALAR are shapes by value, in C11 and in C++17. */
#ifndef __cplusplus
#define TG_SHAPE(...)                                                                                                \
    ((tg_shape){ .rank = (int)(sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t)), .dims = { __VA_ARGS__ } })
#define TG_SCALAR ((tg_shape){ .rank = 0 })
#endif

/* The number of elements, or -1 if a size is negative, the rank is not in 0..8 or the product of the sizes that are not 0
   overflows PTRDIFF_MAX bytes of float64. */
TG_API int64_t tg_shape_size(const tg_shape *shape);

TG_API bool tg_shape_equal(const tg_shape *a, const tg_shape *b);

/* Writes "[64, 784]" (at most `size` bytes with the terminating zero) and returns buffer. */
TG_API char *tg_shape_text(const tg_shape *shape, char *buffer, size_t size);

/* A field of a config that is zero counts as left out; beside the field stands what that means, mostly a default. Where
   this is not zero and zero itself is wanted, TG_ZERO asks for it in a field of type double: it is DBL_MIN, which nobody
   means as a number. Every other number is taken as it is, or refused with a sentence. */
#define TG_ZERO 2.2250738585072014e-308

/* All axes, where an axis is asked for. */
#define TG_ALL INT_MIN

/* How a loss over n rows becomes one number; TG_NONE leaves a loss for each. */
typedef enum tg_reduction { TG_MEAN = 0, TG_SUM = 1, TG_NONE = 2 } tg_reduction;

/* A tape owns every tensor made on it; a tensor is a handle of 16 bytes, copied freely, never freed. After a reset or
   a rewind that removed it, its use is the error TG_ERR_STALE. {0} is the null tensor: "absent" where a function says
   that it may be. After tg_tape_destroy, using a handle is undefined, as after free. */
typedef struct tg_tape tg_tape;

typedef struct tg_tensor {
    tg_tape *tape;
    uint32_t id;
    uint32_t epoch;
} tg_tensor;

/* Memory from elsewhere: alloc returns `size` bytes aligned to `align` (a power of two) or NULL; free takes what alloc
   gave. A NULL tg_allocator pointer means the C library. Both must be safe from the threads that use the objects. */
typedef struct tg_allocator {
    void *(*alloc)(void *ctx, size_t size, size_t align);
    void (*free)(void *ctx, void *p, size_t size);
    void *ctx;
} tg_allocator;

#ifdef __cplusplus
}

/* The C++ spelling of TG_SHAPE and TG_SCALAR. */
template <typename... Sizes> constexpr tg_shape tg_shape_from_sizes(Sizes... sizes)
{
    static_assert(sizeof...(sizes) <= TG_MAX_RANK, "a shape has at most 8 axes");
    return tg_shape{ static_cast<int>(sizeof...(sizes)), { static_cast<int64_t>(sizes)... } };
}
#define TG_SHAPE(...) (tg_shape_from_sizes(__VA_ARGS__))
#define TG_SCALAR     (tg_shape_from_sizes())
#endif

#endif
