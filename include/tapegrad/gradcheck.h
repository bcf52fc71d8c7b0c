/* gradcheck.h - the checker: gradients against finite differences, for functions, models and operations. */
#ifndef TAPEGRAD_GRADCHECK_H
#define TAPEGRAD_GRADCHECK_H

#include "op.h"
#include "params.h"
#include "rng.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How it works. y = f(x) is weighted by a random cotangent c. Each element of the gradient of <c, y> is compared with the
   slope of <c, f> along that element, or, where an input is large, along random signed directions.
   1. Slopes are computed in float64. A step is h times a power of two near |x_i|; that power is raised towards the mean
      of |x|, by up to 64 times (where x_i is 0: it is the mean, but at most 1). Central differences D at h and h/2 are
      extrapolated (Richardson 1911): (4 D(h/2) - D(h)) / 3.
   2. The error estimate is the difference between the two one-sided slopes, extrapolated in the same way, plus the
      difference between their mean and the slope; a kink within the step makes it large. h starts at 2^-8. It is divided
      by 4, or made larger where rounding dominates, until the estimate has converged: the error estimate is below 1e-5
      of the slope, and the rounding of y below 1e-6 of it.
   3. An element passes if |analytic - numeric| <= tolerance max(|analytic|, |numeric|) + error estimate + rounding. The
      error estimate counts for at most ten tolerances of float64. Rounding is that of y and of the gradient. The
      gradient's is taken from its deviation from linearity in c, but is at most 64 epsilon times the root of the sum of
      (value times its cotangent)^2 over the values between x and y that move with x_i.
   4. An element fails if the difference is the same at every smaller step, down to where rounding hides it. Kinks that a
      step crosses change the difference: where no step is free of them, the comparison is counted as a kink. At a kink of
      f itself the gradient is a convention: it fails if the gradient beside the point is wrong. That is tested where the
      gradient is not between the slopes to the two sides, or where other elements were judged.
   5. In float32, the gradient of the float64 copy is judged in this way. The gradient of float32 may differ from it by the
      tolerance, plus a tenth of the tolerance of the input's largest gradient, plus what rounding and the last bits of x
      explain.
   Beyond elements, it is checked that f gives the same bits twice, that the gradient gives the same bits twice, that
   tg_backward and tg_grad agree, that a zero cotangent gives zeros, and that the gradient is linear in the cotangent. */

/* A function to check: builds y, of any shape, from its inputs on the tape. It must be deterministic. With `float32` it is
   called on tapes of both dtypes. */
typedef tg_tensor tg_gradcheck_function(tg_tape *tape, const tg_tensor *inputs, void *context);

/* A model to check: builds y, of any shape, on the tape from the parameters of `params`, which is the set that is
   being checked or its copy in the tape's dtype: read it with tg_param(tape, params, i). */
typedef tg_tensor tg_gradcheck_model(tg_tape *tape, tg_params *params, void *context);

/* A function to be checked in place of tg_grad and tg_backward; it is called as tg_grad is. */
typedef tg_status tg_gradcheck_gradient(tg_tensor y, tg_tensor cotangent, const tg_tensor *inputs, int n,
                                        tg_tensor *out, unsigned flags, void *context);

typedef struct tg_gradcheck_input {
    const char *name; /* NULL: "input 0", ...; unique */
    tg_shape shape;
    const double *values; /* row-major, borrowed */
    bool constant;        /* data or a mask: takes no gradient and is not checked */
} tg_gradcheck_input;

/* One comparison. The name is as messages show it: control characters are escaped, a long one is cut. */
typedef struct tg_gradcheck_element {
    char name[64];   /* of the input or parameter; "" if there is no such element */
    int64_t index;   /* row-major; -1: along a random direction, where elements move by h on average */
    double analytic; /* the gradient */
    double numeric;  /* the slope */
    double absolute; /* |analytic - numeric| */
    double relative; /* |analytic - numeric| / max(epsilon, |analytic| + |numeric|) */
    double allowed;  /* what `absolute` may be */
    double step;     /* h, as x moves */
} tg_gradcheck_element;

/* All comparisons of one input. A comparison that cannot be judged is counted as a kink, and neither as checked nor as
   failed. That is so where the slopes to the two sides differ and the gradient is between them, bounds included (relu at
   0); at order 2, where the gradient jumps; and where kinks are so dense, or the last bit of x is so large, that no step
   is short enough. */
typedef struct tg_gradcheck_result {
    int64_t n_checked, n_failed; /* elements and directions compared; those whose error is not allowed */
    int64_t n_kinks;
    int64_t n_below_noise; /* of n_checked: pass because both sides are below the noise of rounding, and not zero */
    double max_absolute, max_relative;
    tg_gradcheck_element worst; /* the one whose error is largest in relation to what is allowed */
    tg_gradcheck_element kink;  /* the first one */
} tg_gradcheck_result;

/* Why a check failed, the most serious reason first. */
typedef enum tg_gradcheck_fault {
    TG_FAULT_NONE = 0,
    TG_FAULT_FUNCTION_CHANGES, /* two evaluations at one point differ: nothing else was checked */
    TG_FAULT_NOT_FINITE,       /* the function's value is a NaN or an infinity: nothing else was checked */
    TG_FAULT_ELEMENT,          /* a gradient is wrong, or not finite */
    TG_FAULT_GRADIENT_CHANGES, /* two reverse passes differ in a bit */
    TG_FAULT_PATHS,            /* tg_backward and tg_grad differ */
    TG_FAULT_NOT_ZERO,         /* a zero cotangent does not give zeros */
    TG_FAULT_NOT_LINEAR,       /* the gradient is not linear in the cotangent */
    TG_FAULT_ONLY_KINKS,       /* all comparisons of some input met kinks: its gradient was not judged */
    TG_FAULT_BELOW_NOISE /* all comparisons, or all of some input, are below the noise of rounding: not judged */
} tg_gradcheck_fault;

typedef struct tg_gradcheck_report {
    bool passed;
    tg_gradcheck_fault fault;
    tg_gradcheck_result all; /* over all inputs */
    char text[768];          /* all of this in a sentence; after an error, the error */
} tg_gradcheck_report;

/* 0 in a number counts as left out, and means what is said beside it; none of these numbers can usefully be zero, and
   TG_ZERO is refused. A value out of its range is TG_ERR_ARGUMENT. */
typedef struct tg_gradcheck_config {
    uint64_t seed; /* of cotangents, samples and directions; 0 is a seed like any other */
    int order;     /* 0 or 1: the gradient. 2: the gradient of the gradient, that of <g, r> with a random r, by
                      the inputs and by the cotangent of g, which is named "cotangent" */
    bool float32;  /* false: the gradient is computed in float64. true: it is computed in float32, and compared
                      with slopes of the float64 copy at the same (rounded) values */
    bool forward_differences; /* false: central ones. true: (f(x + h) - f(x)) / h, extrapolated as 2 D(h/2) - D(h) */
    double step;          /* > 0. 0: h suits the element (forward differences start at 2^-17). Otherwise x moves by
                             this step; where smaller steps show another slope, that counts as a kink */
    double tolerance;     /* > 0. 0: 1e-6, in float32 1e-4 */
    double epsilon;       /* > 0. 0: 1e-8. The least denominator of the relative errors reported */
    int64_t max_elements; /* >= 1. 0: 128. Of a larger input, this many elements are drawn, ... */
    int directions;       /* >= 1. 0: 4. ... and this many random signed directions through all elements are added */
    bool evaluation;      /* the tape's mode; false: training */
    tg_rng *rng;          /* the generator that f draws from (dropout), or NULL; it is restored before each
                             evaluation, and at the end */
    tg_gradcheck_gradient *gradient; /* NULL: tg_backward, and tg_grad */
    void *gradient_context;
    tg_gradcheck_result *each;     /* NULL, or an array that gets one result for each input or parameter */
    const tg_allocator *allocator; /* NULL: the C library's. Copies of a set use that of the set */
} tg_gradcheck_config;

/* Checks f at n inputs. config NULL means all defaults. TG_OK says that the check was carried out; report->passed says
   whether f passed. Any other status is an error, with its sentence in report->text: f's own (a tape's message), memory, a
   NULL, a config out of its range, no input that takes a gradient. */
TG_API tg_status tg_gradcheck(tg_gradcheck_function *f, void *context, const tg_gradcheck_input *inputs, int n,
                              const tg_gradcheck_config *config, tg_gradcheck_report *report);

/* Checks a model at the values of a set; frozen parameters are left out. The set itself is used if it is of float64 (with
   config->float32: of float32), so that a model may have its own pointer to the set, as an MLP does. Otherwise a copy in
   that dtype is checked. Afterwards, also after an error, the values, gradients and version of the set are what they were,
   bit for bit. */
TG_API tg_status tg_gradcheck_params(tg_params *params, tg_gradcheck_model *model, void *context,
                                     const tg_gradcheck_config *config, tg_gradcheck_report *report);

/* Checks an operation, the library's or a user's own, on each of its samples: in float64 and float32, at order 1 and, with
   TG_ORDER_ANY, at order 2 (config's order and float32 are not used). report->all is over all of these. report->text
   begins with the operation's name and, after a fault, the sample, order and dtype. An operation without samples is
   TG_ERR_ARGUMENT, one with TG_ORDER_NONE is TG_ERR_NOT_DIFFERENTIABLE. */
TG_API tg_status tg_check_op(const tg_op *op, const tg_gradcheck_config *config, tg_gradcheck_report *report);

#ifdef __cplusplus
}
#endif
#endif
