/* params.h - named parameters: all values of a set in one flat buffer, all gradients in another. */
#ifndef TAPEGRAD_PARAMS_H
#define TAPEGRAD_PARAMS_H

#include "rng.h"
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A set's layout is fixed when it is made: parameter i starts at a multiple of 64 bytes of both buffers, and the
   padding in between is always zero, so that an optimizer step, a norm and a sum over processes are each one pass over
   one array. Values and gradients do not depend on a tape's lifetime; a set belongs to the caller. */
typedef struct tg_params tg_params;

enum {
    TG_PARAM_NO_DECAY = 1, /* optimizers apply no weight decay (biases, gains) */
    TG_PARAM_FROZEN = 2    /* takes no gradient, and a step does not change it */
};

typedef struct tg_param_spec {
    const char *name; /* copied; not empty, unique in the set */
    tg_shape shape;
    unsigned flags;
} tg_param_spec;

/* A set of n >= 0 parameters, all values zero, all gradients unset. NULL and *err on failure. */
TG_API tg_params *tg_params_create(tg_dtype dtype, const tg_param_spec *specs, int n, tg_error *err);

/* The same with memory from `allocator` (copied; NULL for the C library). */
TG_API tg_params *tg_params_create_with(tg_dtype dtype, const tg_param_spec *specs, int n,
                                        const tg_allocator *allocator, tg_error *err);

/* A copy: the same names, shapes, flags and (rounded) values, in another dtype or the same; gradients unset. */
TG_API tg_params *tg_params_clone(const tg_params *params, tg_dtype dtype, tg_error *err);

/* Frees the set. Takes NULL. A tape that has its leaves must be reset or destroyed first. */
TG_API void tg_params_destroy(tg_params *params);

/* Number of parameters; dtype; number of elements of all parameters without padding. 0 / TG_F32 / 0 for NULL. */
TG_API int tg_params_count(const tg_params *params);
TG_API tg_dtype tg_params_dtype(const tg_params *params);
TG_API int64_t tg_params_size(const tg_params *params);

/* Name (owned by the set; as it was given, control characters included), shape and flags of parameter i; NULL, a scalar's
   shape, 0 if there is none. */
TG_API const char *tg_params_name(const tg_params *params, int i);
TG_API tg_shape tg_params_shape(const tg_params *params, int i);
TG_API unsigned tg_params_flags(const tg_params *params, int i);

/* The index of a name, or -1. */
TG_API int tg_params_find(const tg_params *params, const char *name);

/* Replaces the flags of parameter i. A leaf that is already on a tape stays frozen or not, as it was made. */
TG_API tg_status tg_params_set_flags(tg_params *params, int i, unsigned flags, tg_error *err);

/* The flat buffers, padding included; *count (may be NULL) gets their length in elements of the set's dtype. After
   writing through tg_params_values call tg_params_touch. Padding must stay zero. tg_params_grads first fills every unset
   gradient with zeros, and it then counts as set, so that a sum over processes can be written into it. NULL for NULL. */
TG_API void *tg_params_values(tg_params *params, int64_t *count);
TG_API void *tg_params_grads(tg_params *params, int64_t *count);

/* Where parameter i starts in the flat buffers, in elements; -1 if there is none. */
TG_API int64_t tg_params_offset(const tg_params *params, int i);

/* To be called after values were changed through tg_params_values: raises the version. */
TG_API void tg_params_touch(tg_params *params);

/* The version: raised by every step, load, write, average and touch. A backward through leaves that were recorded with an older
   version is the error TG_ERR_CHANGED. */
TG_API uint64_t tg_params_version(const tg_params *params);

/* Copies parameter i's values (or gradient, zeros if unset) to or from `n` = its size elements, converting. After a
   failed backward a gradient cannot be read: TG_ERR_STATE. */
TG_API tg_status tg_params_read_f32(const tg_params *params, int i, float *out, int64_t n, tg_error *err);
TG_API tg_status tg_params_read_f64(const tg_params *params, int i, double *out, int64_t n, tg_error *err);
TG_API tg_status tg_params_read_grad_f32(const tg_params *params, int i, float *out, int64_t n, tg_error *err);
TG_API tg_status tg_params_read_grad_f64(const tg_params *params, int i, double *out, int64_t n, tg_error *err);
TG_API tg_status tg_params_write_f32(tg_params *params, int i, const float *values, int64_t n, tg_error *err);
TG_API tg_status tg_params_write_f64(tg_params *params, int i, const double *values, int64_t n, tg_error *err);

/* Copies all values of `from` to `to`, converting; names and shapes must agree, in order. On an error nothing is
   copied. */
TG_API tg_status tg_params_copy(tg_params *to, const tg_params *from, tg_error *err);

/* Polyak averaging (Polyak, Juditsky 1992: Acceleration of stochastic approximation by averaging):
       to <- weight to + (1 - weight) from
   for all values, computed in double and rounded once; 0 <= weight <= 1. An exponential average has a constant weight
   such as 0.999, the mean of n sets the weights 0, 1/2, 2/3, ..., (n - 1) / n. Names and shapes must agree, in order;
   dtypes may differ. Weight 1 changes nothing; 0 copies, also over values that are not finite. Frozen parameters are
   averaged as well. Raises the version of `to`, except with weight 1. TG_ERR_ARGUMENT, TG_ERR_SHAPE; on an error nothing
   is changed. */
TG_API tg_status tg_params_average(tg_params *to, const tg_params *from, double weight, tg_error *err);

/* Draws parameter i's values in row-major order, in double and then rounded to the set's dtype: normal with mean 0 and
   the deviation std >= 0, or uniform in lo .. hi. */
TG_API tg_status tg_params_fill_normal(tg_params *params, int i, double std, tg_rng *rng, tg_error *err);
TG_API tg_status tg_params_fill_uniform(tg_params *params, int i, double lo, double hi, tg_rng *rng, tg_error *err);

/* The leaf of parameter i on this tape: it borrows the set's values, and tg_backward writes its gradient straight into
   the set (overwriting where unset, adding where set). A tape has one leaf for a parameter and version: a second call
   returns the same tensor. The tape's dtype must be the set's. Errors go to the tape. */
TG_API tg_tensor tg_param(tg_tape *tape, tg_params *params, int i);

/* Marks every gradient unset, at no cost, and clears the failure flag of a failed backward. Until this is called,
   gradients accumulate over calls of tg_backward: a parameter's gradient is their sum (a variable's, from tg_grad_of, is
   that of the last call alone). With NULL, a no-op. */
TG_API void tg_params_zero_grad(tg_params *params);

/* Whether parameter i has a gradient. */
TG_API bool tg_params_has_grad(const tg_params *params, int i);

/* Adds the values of `grad` (the parameter's shape and the set's dtype, from any tape) to parameter i's gradient: how
   the results of tg_grad in several threads are merged. Two threads must not call it for one set at the same time. */
TG_API tg_status tg_params_add_grad(tg_params *params, int i, tg_tensor grad, tg_error *err);

/* The Euclidean norm of all gradients together (frozen ones left out), accumulated in double, the same bits at every
   number of threads. 0 for NULL, NaN after a failed backward. */
TG_API double tg_params_grad_norm(const tg_params *params);

/* Scales all gradients by max_norm / norm if their norm is above max_norm > 0; *norm (may be NULL) gets the norm
   before. A norm that is not finite is TG_ERR_NONFINITE and scales nothing; after a failed backward TG_ERR_STATE. */
TG_API tg_status tg_params_clip_grad_norm(tg_params *params, double max_norm, double *norm, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
