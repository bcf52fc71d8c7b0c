/* gradcheck.h - the checker: gradients against finite differences, for functions, models and operations. */
#ifndef TAPEGRAD_GRADCHECK_H
#define TAPEGRAD_GRADCHECK_H

#include "op.h"
#include "params.h"
#include "rng.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How it works. y = f(x) is weighed by a random cotangent c, and each element of the gradient of <c, y> is compared
   with the slope of <c, f> along that element, or along random signed directions where an input is large.
   1. Slopes are of float64. A step is h times a power of two near |x_i|, which is raised towards the mean of |x| by up
      to 64 times (where x_i is 0: the mean, or 1 if that is less). Central differences D at h and h/2 are extrapolated
      (Richardson 1911): (4 D(h/2) - D(h)) / 3.
   2. The error estimate is what the two one-sided slopes, extrapolated likewise, differ from each other, plus what
      their mean differs from the slope; a kink within the step shows in it. h starts at 2^-8 and goes down by fours,
      or up where rounding is the trouble, until that is below 1e-5 of the slope, and rounding of y below 1e-6.
   3. An element passes if |analytic - numeric| <= tolerance max(|analytic|, |numeric|) + error estimate + rounding,
      where the error estimate is worth at most ten tolerances of float64, and rounding is that of y and of the
      gradient, by as much as its linearity in c shows, but no more than 64 epsilon times the root of the sum of
      (value times its cotangent)^2 over the values that move with x_i.
   4. It fails if the difference is the same at every smaller step, down to where rounding hides it. Kinks that a step
      crosses change with the step: where no step is free of them, the comparison is counted as a kink. At a kink of f
      itself the gradient is a convention, and fails if that beside the point is wrong; this is looked at where it is
      not between the slopes to the sides, or other elements were judged.
   5. In float32 the gradient of the float64 twin is judged so; that of float32 may differ from it by the tolerance, a
      tenth of that of the input's largest gradient, and what rounding and the last bits of x explain.
   Beyond elements: f gives the same bits twice, the gradient gives the same bits twice, tg_backward and tg_grad agree, a
   zero cotangent gives zeros, and the gradient is linear in the cotangent. */

/* A function to check: builds y, of any shape, from its inputs on the tape. It must be deterministic, and work on
   tapes of both dtypes where the check does. */
typedef tg_tensor tg_gradcheck_function(tg_tape *tape, const tg_tensor *inputs, void *context);

/* A model to check: builds y, of any shape, on the tape from the parameters of `params`, which is the set that is
   being checked or its twin in the tape's dtype: read it with tg_param(tape, params, i). */
typedef tg_tensor tg_gradcheck_model(tg_tape *tape, tg_params *params, void *context);

/* What may be checked instead of tg_grad (and tg_backward), as tg_grad is called. */
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
    int64_t index;   /* row-major; -1: along a random direction, whose steps are h in the mean */
    double analytic; /* the gradient */
    double numeric;  /* the slope */
    double absolute; /* |analytic - numeric| */
    double relative; /* |analytic - numeric| / max(epsilon, |analytic| + |numeric|) */
    double allowed;  /* what `absolute` may be */
    double step;     /* h, as x moves */
} tg_gradcheck_element;

/* All comparisons of one input. What cannot be judged is counted as a kink, and neither checked nor failed: at a point
   where the slopes to both sides differ and the gradient lies between them, bounds included (relu at 0), or, at order 2,
   where the gradient jumps; and among kinks so dense, or at numbers with bits so coarse, that no step is short enough. */
typedef struct tg_gradcheck_result {
    int64_t n_checked, n_failed; /* elements and directions compared; of these, beyond what is allowed */
    int64_t n_kinks;
    int64_t n_faint; /* of n_checked, those that pass because both sides are lost in rounding, though not zero */
    double max_absolute, max_relative;
    tg_gradcheck_element worst; /* the one whose error is largest against what is allowed */
    tg_gradcheck_element kink;  /* the first one */
} tg_gradcheck_result;

/* Why a check failed, the gravest first. */
typedef enum tg_gradcheck_fault {
    TG_FAULT_NONE = 0,
    TG_FAULT_FUNCTION_CHANGES, /* two evaluations at one point differ: nothing else was checked */
    TG_FAULT_NOT_FINITE,       /* the function's value is a NaN or an infinity: nothing else was checked */
    TG_FAULT_ELEMENT,          /* a gradient is wrong, or not finite */
    TG_FAULT_GRADIENT_CHANGES, /* two reverse passes differ in a bit */
    TG_FAULT_PATHS,            /* tg_backward and tg_grad differ */
    TG_FAULT_NOT_ZERO,         /* a zero cotangent does not give zeros */
    TG_FAULT_NOT_LINEAR,       /* the gradient is not linear in the cotangent */
    TG_FAULT_ONLY_KINKS,       /* of some input nothing but kinks was met: its gradient was not judged */
    TG_FAULT_FAINT             /* all comparisons, or those of some input, are lost in rounding: nothing was judged */
} tg_gradcheck_fault;

typedef struct tg_gradcheck_report {
    bool passed;
    tg_gradcheck_fault fault;
    tg_gradcheck_result all; /* over all inputs */
    char text[768];          /* all of this in a sentence; after an error, the error */
} tg_gradcheck_report;

typedef struct tg_gradcheck_config {
    uint64_t seed; /* of cotangents, samples and directions; 0 is a seed as any other */
    int order;     /* 1: the gradient. 2: the gradient of the gradient, <g, r> with a random r, by the inputs
                                 and by the cotangent of g, which is named "cotangent" */
    bool float32;  /* false: the gradient is computed in float64. true: in float32, and compared with slopes
                                 of the float64 twin at the same (rounded) values */
    bool forward_differences; /* central ones; true: (f(x + h) - f(x)) / h, from which 2 D(h/2) - D(h) */
    double step;              /* h suits the element (forward differences start at 2^-17). Else x moves by this; where
                                 smaller steps show another slope, that counts as a kink */
    double tolerance;         /* 1e-6; in float32 1e-4 */
    double epsilon;           /* 1e-8: the least denominator of the relative errors reported */
    int64_t max_elements;     /* 128: of a larger input, this many elements are drawn, ... */
    int directions;           /* 4: ... and this many random signed directions through all elements are added */
    bool evaluation;          /* the tape's mode is training */
    tg_rng *rng;              /* NULL; the generator that f draws from (dropout): put back before each evaluation, and
                                 at the end */
    tg_gradcheck_gradient *gradient; /* NULL: tg_backward, and tg_grad */
    void *gradient_context;
    tg_gradcheck_result *each;     /* NULL; else an array that gets one result for each input or parameter */
    const tg_allocator *allocator; /* NULL: the C library's, for everything but clones, which come from their set's */
} tg_gradcheck_config;

/* Checks f at n inputs. config NULL means defaults. TG_OK says that the check was carried out; whether it passed is
   report->passed. Otherwise the error, with its sentence in report->text: f's own (a tape's message), an allocation,
   NULL, a config out of its range, no input that takes a gradient. */
TG_API tg_status tg_gradcheck(tg_gradcheck_function *f, void *context, const tg_gradcheck_input *inputs, int n,
                              const tg_gradcheck_config *config, tg_gradcheck_report *report);

/* Checks a model at the values of a set; frozen parameters are left out. A set of float64 is checked itself
   (float32: a set of float32), so that a model may also hold it on its own, as an MLP does; else a twin is
   checked. Afterwards values, gradients and version of the set are what they were, bit for bit, also after an
   error. */
TG_API tg_status tg_gradcheck_params(tg_params *params, tg_gradcheck_model *model, void *context,
                                     const tg_gradcheck_config *config, tg_gradcheck_report *report);

/* Checks an operation, the library's or a user's own, on each of its samples: in float64 and float32, at order 1
   and, with TG_ORDER_ANY, 2 (config's order and float32 are not used). report->all is over all of these; its text
   begins with the operation and, after a fault, the sample, order and dtype. An operation without samples is
   TG_ERR_ARGUMENT, one with TG_ORDER_NONE TG_ERR_NOT_DIFFERENTIABLE. */
TG_API tg_status tg_check_op(const tg_op *op, const tg_gradcheck_config *config, tg_gradcheck_report *report);

#ifdef __cplusplus
}
#endif
#endif
