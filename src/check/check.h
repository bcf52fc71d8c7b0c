/* check.h - the checker from inside: what is checked, where it is evaluated, and what is found. */
#ifndef TG_CHECK_H
#define TG_CHECK_H

#include "core/memory.h"
#include "nn/params.h"
#include "tapegrad/gradcheck.h"
#include "tapegrad/tape.h"

/* A tape and the parameters on it. The exact side is of float64 and is evaluated for slopes; the typed side is of the
   dtype whose gradient is checked. Both may use the same sets. */
typedef struct tg_side {
    tg_tape *tape;
    tg_params *set;
    tg_params *cotangent; /* at order 2, else NULL */
} tg_side;

/* One input: a parameter that takes a gradient, or the cotangent. */
typedef struct tg_checked {
    const char *name;
    tg_shape shape;
    int64_t size;
    bool is_cotangent;
    int at;                 /* its number in its set */
    double *values;         /* in the exact side's set */
    double *origin;         /* a copy of them */
    double *gradient;       /* as computed by the library */
    double *exact;          /* the same in float64, which slopes judge; `gradient` itself where that is of float64 */
    double *rounding;       /* in `gradient`: by how much it is not linear in the cotangent */
    double *perturbed;      /* how much `exact` changes with the last bits of float32 inputs; NULL in float64 */
    double mean;            /* of the values' magnitudes */
    double steepest;        /* the largest |gradient| times unit of an element */
    int64_t n_inconclusive; /* comparisons without a verdict: rounding is too large */
    int64_t n_zeros;        /* comparisons of zero with zero */
    int64_t n_beside;       /* kinks beside which the gradient was judged */
    uint64_t seed;          /* of the elements drawn */
    bool *kinks;            /* by element drawn: was one */
    tg_gradcheck_result result;
} tg_checked;

/* The state of a caller's set that is checked in place, to be restored. */
typedef struct tg_kept_set {
    tg_params *set; /* NULL: none */
    void *grads;
    unsigned char *is_set;
    bool invalid;
    uint64_t version;
} tg_kept_set;

/* What is computed between the inputs and the outputs, as it is on the exact side's tape. */
typedef struct tg_trace {
    int n;
    uint32_t *ids; /* of the nodes that a gradient can flow to, except leaves */
    int64_t n_values;
    double *values; /* of these nodes, at the origin */
    double *
        sensitivity; /* |value times cotangent|: how much <weights, outputs> changes by the value's relative rounding */
    double *differences; /* first and second differences of the values, for two steps; NULL until they are needed */
    double norm;         /* of `sensitivity`: the root of the sum of its squares */
} tg_trace;

enum { TG_CHECK_BLOCKS = 16 };

typedef struct tg_checker {
    tg_gradcheck_config config; /* with defaults */
    tg_allocator allocator;
    tg_gradcheck_model *model;
    void *context;
    tg_rng generator; /* the caller's, as it was */
    tg_rng rng;       /* the checker's own */
    tg_side exact, typed;
    tg_params *owned[4]; /* sets to destroy */
    int n_owned;
    tg_kept_set kept;
    int n, n_first;       /* inputs; inputs without the cotangent */
    tg_checked *inputs;   /* capacity: one more than the set has */
    tg_tensor *leaves;    /* by input */
    tg_tensor *gradients; /* by input */
    tg_tensor *outputs;   /* what was built last: y, or at order 2 its gradients */
    int n_outputs;
    int64_t n_values;     /* elements of all outputs */
    int64_t n_gradients;  /* elements of all inputs */
    double *weights;      /* by value: the cotangent of the outputs */
    double *base, *moved; /* by value: at the origin, and beside it */
    double *gradient;     /* by input and element */
    double *scratch;      /* as large as three of these */
    tg_trace trace;
    struct tg_block {
        void *p;
        size_t size;
    } blocks[TG_CHECK_BLOCKS];
    int n_blocks;
    tg_gradcheck_report *report;
} tg_checker;

/* The direction of one comparison. Element i moves by t sign_i unit_i: units are powers of two that suit the element's
   value, so that every step is exact and t has no dimension. */
typedef struct tg_probe {
    tg_checked *input;
    int64_t index; /* -1: all elements, with signs drawn from `seed` */
    uint64_t seed;
    double analytic; /* the gradient along the probe, of float64 */
} tg_probe;

/* The slope with the steps h and h/2, and what is known of its error. */
typedef struct tg_estimate {
    double h;
    double value;       /* extrapolated */
    double error;       /* the difference of what was extrapolated */
    double noise;       /* what rounding in the outputs may have changed in it */
    double sensitivity; /* of the values that move with the probe; see tg_trace */
    double inner_noise; /* what rounding before the outputs may have changed in it, where it may cancel */
    double left, right; /* one-sided slopes, extrapolated; NaN where the function has no value */
    double jump;        /* |right - left|: of third order in h where the function is smooth */
    double side_error;  /* the error of left and right */
} tg_estimate;

/* error.c: writes the sentence to the report; returns the status. */
tg_status tg_check_fail(tg_gradcheck_report *report, tg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* subject.c */
tg_status tg_checker_init(tg_checker *c, tg_params *params, tg_gradcheck_model *model, void *context,
                          const tg_gradcheck_config *config, tg_gradcheck_report *report);
void tg_checker_finish(tg_checker *c);
/* Zeroed memory until the checker is finished; NULL, with the error in the report. */
void *tg_check_allocate(tg_checker *c, int64_t count, size_t element);
double tg_check_weight(tg_rng *rng);

/* evaluate.c */
tg_status tg_check_status(const tg_checker *c, const tg_tape *tape); /* a tape's error becomes the check's */
tg_status tg_check_build(tg_checker *c, tg_side *side, unsigned flags);
tg_status tg_check_values(tg_checker *c, double *out); /* of the exact side, whose tape is left as built */
enum tg_path { TG_BY_BACKWARD, TG_BY_GRAD };
/* The gradient of <weights, outputs> of what was built last, on this side, in the order of the inputs. */
tg_status tg_check_gradient(tg_checker *c, tg_side *side, enum tg_path path, const double *weights, double *out,
                            double *scratch);

/* probe.c */
double tg_check_scale(const tg_checked *in, int64_t i); /* a power of two that suits element i; -1: their mean */
double tg_check_unit(const tg_checker *c, const tg_checked *in, int64_t i);
void tg_check_move(tg_checker *c, const tg_probe *probe, double t);
double tg_check_along(const tg_checker *c, const tg_probe *probe, const double *by_element, bool magnitudes);

/* trace.c */
tg_status tg_check_trace(tg_checker *c); /* of what the exact side built last */
/* The node of a trace whose values begin at `at`, as it was built last; NULL if the graph is another one by now. */
const struct tg_node *tg_check_node(const tg_checker *c, int i, int64_t at);
/* The norm of the sensitivities of those values that have changed since. */
double tg_check_sensitivity(const tg_checker *c);

/* kink.c: whether some values between inputs and outputs have a kink at the origin, along the probe. */
tg_status tg_check_kinked(tg_checker *c, const tg_probe *probe, bool *kinked);

/* slope.c: the estimate with steps h and h / 2. */
tg_status tg_check_estimate(tg_checker *c, const tg_probe *probe, double h, tg_estimate *estimate);

/* tolerance.c: the verdict of an estimate, and by how much it and a gradient may differ. */
double tg_check_closeness(const tg_checker *c);
double tg_check_first_step(const tg_checker *c);
bool tg_check_has_jump(const tg_checker *c, const tg_estimate *r);
double tg_check_disagreement(const tg_estimate *r);
double tg_check_mismatch(const tg_probe *p, const tg_estimate *r);
double tg_check_allowed(const tg_checker *c, const tg_probe *p, const tg_estimate *r, bool converged);
double tg_check_allowed_in_float32(const tg_checker *c, const tg_probe *p, const tg_estimate *r);

/* search.c: looks for a step at which gradient and slope can be compared. */
typedef enum tg_verdict { TG_OPEN, TG_RIGHT, TG_WRONG, TG_UNJUDGED } tg_verdict;
typedef struct tg_found_step {
    tg_verdict verdict;   /* not TG_OPEN */
    tg_estimate estimate; /* at that step */
    bool converged;
    bool by_jumps; /* the function itself jumps */
} tg_found_step;
tg_status tg_check_search(tg_checker *c, const tg_probe *probe, tg_found_step *found);

/* compare.c: compares gradient and slope along the probe; fills in probe->analytic. */
typedef struct tg_compared {
    double analytic, numeric, allowed, step;
    bool is_kink;         /* not judged */
    bool is_below_noise;  /* passes because both sides are below noise */
    bool is_inconclusive; /* ... and a wrong gradient of usual size would be, too */
} tg_compared;
tg_status tg_check_compare(tg_checker *c, tg_probe *probe, tg_compared *found);
/* The same of the probe's element when it is moved a little to this side (-1 or 1), in float64. */
tg_status tg_check_beside(tg_checker *c, const tg_probe *probe, int side, tg_compared *found);

/* whole.c: what must hold for the complete gradient; stores it in the inputs. */
tg_status tg_check_whole(tg_checker *c);

/* report.c */
void tg_check_count(tg_checker *c, const tg_probe *probe, const tg_compared *found);
void tg_check_fault(tg_checker *c, tg_gradcheck_fault fault);
void tg_check_add(tg_gradcheck_result *sum, const tg_gradcheck_result *part);
void tg_check_describe(tg_checker *c);

#endif
