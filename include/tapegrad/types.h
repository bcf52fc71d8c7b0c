/* types.h - the types that every other header uses: status, error, dtype, shape, tensor, allocator. */
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

/* The result of a call. No call of this library exits, aborts or prints. */
typedef enum tg_status {
    TG_OK = 0,
    TG_ERR_ARGUMENT,           /* NULL, a null tensor, a number out of its range */
    TG_ERR_SHAPE,              /* wrong rank, axis or sizes; an element count that overflows */
    TG_ERR_DTYPE,              /* float32 and float64 mixed */
    TG_ERR_RANGE,              /* a label or row number outside its range */
    TG_ERR_STALE,              /* a handle or mark from before a reset or rewind */
    TG_ERR_TAPE,               /* tensors of two tapes in one operation */
    TG_ERR_STATE,              /* a call that is not allowed now: no gradient yet, backward inside a vjp */
    TG_ERR_NOT_DIFFERENTIABLE, /* the derivative does not exist or is not implemented */
    TG_ERR_CHANGED,            /* parameter values changed since they were recorded */
    TG_ERR_NONFINITE,          /* a NaN or an infinity, with the trap of tg_tape_set_trap */
    TG_ERR_MEMORY,             /* an allocation failed */
    TG_ERR_IO,                 /* the operating system could not open, read or write a file */
    TG_ERR_FORMAT              /* a file does not have the expected format */
} tg_status;

/* The name of a status, "TG_ERR_SHAPE"; never NULL. Static memory. */
TG_API const char *tg_status_name(tg_status status);

/* The error of a function without a tape: a status and one sentence, by value. Every function with a parameter
   `tg_error *err` accepts NULL; it sets TG_OK and an empty text on success, and the reason on failure. */
typedef struct tg_error {
    tg_status status;
    char text[320];
} tg_error;

/* A tape and a parameter set each have one dtype. There is no promotion, and no operation on mixed dtypes. */
typedef enum tg_dtype { TG_F32 = 0, TG_F64 = 1 } tg_dtype;

/* Bytes of one element: 4 or 8. */
TG_API size_t tg_dtype_size(tg_dtype dtype);

#define TG_MAX_RANK 8

/* The sizes along the axes. Data are row-major: the last axis is contiguous. Rank 0 is a scalar. A size may be 0. */
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

/* The number of elements, or -1 if a size is negative, the rank is not in 0 .. 8, or the product of the sizes that are not
   0 is more float64 elements than PTRDIFF_MAX bytes hold. */
TG_API int64_t tg_shape_size(const tg_shape *shape);

/* Whether ranks and sizes are equal; false if a pointer is NULL. */
TG_API bool tg_shape_equal(const tg_shape *a, const tg_shape *b);

/* Writes "[64, 784]" (at most `size` bytes with the terminating zero) and returns buffer. */
TG_API char *tg_shape_text(const tg_shape *shape, char *buffer, size_t size);

/* A field of a config that is 0 has its default, which is documented beside the field. In a field of type double whose
   default is not 0, TG_ZERO stands for 0: it is DBL_MIN, which is of no use as a setting. Every other number is used as
   it is, or is an error. */
#define TG_ZERO 2.2250738585072014e-308

/* All axes, as an axis argument. */
#define TG_ALL INT_MIN

/* How a loss reduces the losses of n rows to one number; TG_NONE returns all n. */
typedef enum tg_reduction { TG_MEAN = 0, TG_SUM = 1, TG_NONE = 2 } tg_reduction;

/* A tensor is a handle of 16 bytes, copied by value and never freed: its tape owns the values. Using it after a reset
   or a rewind that removed it is the error TG_ERR_STALE; using it after tg_tape_destroy is undefined, as after free.
   {0} is the null tensor, which stands for an absent argument where a function allows one. A function that fails returns
   an invalid tensor, which has its tape but no values. */
typedef struct tg_tape tg_tape;

typedef struct tg_tensor {
    tg_tape *tape;
    uint32_t id;
    uint32_t epoch;
} tg_tensor;

/* A user's allocator. alloc returns `size` bytes aligned to `align` (a power of two), or NULL; free gets a pointer that
   alloc returned, and its size. Both must be safe to call from every thread that uses an object with this allocator. A
   NULL pointer to a tg_allocator stands for the C library. */
typedef struct tg_allocator {
    void *(*alloc)(void *ctx, size_t size, size_t align);
    void (*free)(void *ctx, void *p, size_t size);
    void *ctx;
} tg_allocator;

#ifdef __cplusplus
}

/* TG_SHAPE and TG_SCALAR in C++. */
template <typename... Sizes> constexpr tg_shape tg_shape_from_sizes(Sizes... sizes)
{
    static_assert(sizeof...(sizes) <= TG_MAX_RANK, "a shape has at most 8 axes");
    return tg_shape{ static_cast<int>(sizeof...(sizes)), { static_cast<int64_t>(sizes)... } };
}
#define TG_SHAPE(...) (tg_shape_from_sizes(__VA_ARGS__))
#define TG_SCALAR     (tg_shape_from_sizes())
#endif

#endif
