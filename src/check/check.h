/* check.h - the checker from inside: what is checked, where it is evaluated, and what is found. */
#ifndef TG_CHECK_H
#define TG_CHECK_H

#include "core/memory.h"
#include "nn/params.h"
#include "tapegrad/gradcheck.h"
#include "tapegrad/tape.h"

/* A tape and the parameters on it. The exact side is of float64 and is evaluated for slopes, the typed one is of the
   dtype whose gradient is checked; both may hold the same sets. */
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
    int at;           /* in its set */
    double *values;   /* in the exact side's set */
    double *origin;   /* a copy of them */
    double *gradient; /* as computed by the library */
    double *exact;    /* the same in float64, which slopes judge; `gradient` itself where that is of float64 */
    double *rounding; /* in `gradient`: by how much it misses linearity in the cotangent */
    double *shaken;   /* of `exact`: what last bits of float32 in the inputs change; NULL in float64 */
    double mean;      /* of the values' magnitudes */
    double steepest;  /* the largest |gradient| times unit of an element */
    int64_t n_blind;  /* of the comparisons, those whose rounding is so large that they say nothing */
    int64_t n_zeros;  /* ... and those of zero with zero */
    int64_t n_beside; /* kinks beside which the gradient was judged */
    uint64_t seed;    /* of the elements drawn */
    bool *kinks;      /* by element drawn: was one */
    tg_gradcheck_result result;
} tg_checked;

/* What is left of a caller's set that is checked in place. */
typedef struct tg_kept_set {
    tg_params *set; /* NULL: none */
    void *grads;
    unsigned char *is_set;
    bool invalid;
    uint64_t version;
} tg_kept_set;

/* What is computed between the inputs and the outputs, as the exact side's tape holds it. */
typedef struct tg_trace {
    int n;
    uint32_t *ids; /* of the nodes that a gradient can flow to, leaves left out */
    int64_t n_values;
    double *values; /* of these nodes, at the origin */
    double *reach;  /* |value times cotangent|: a value's relative rounding changes <weights, outputs> by so much */
    double *differences; /* of these, first and second, for two steps; NULL until they are wanted */
    double whole;        /* the root of the sum of its squares */
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
    int n, n_first;       /* inputs; of these, those that are no cotangent */
    tg_checked *inputs;   /* room for one more than the set has */
    tg_tensor *leaves;    /* by input */
    tg_tensor *gradients; /* by input */
    tg_tensor *outputs;   /* what was built last: y, or at order 2 its gradients */
    int n_outputs;
    int64_t n_values;     /* elements of all outputs */
    int64_t n_gradients;  /* elements of all inputs */
    double *weights;      /* by value: the cotangent of the outputs */
    double *base, *moved; /* by value: at the origin, and beside it */
    double *gradient;     /* by input and element */
    double *scratch;      /* room for three of these */
    tg_trace trace;
    struct tg_block {
        void *p;
        size_t size;
    } blocks[TG_CHECK_BLOCKS];
    int n_blocks;
    tg_gradcheck_report *report;
} tg_checker;

/* One comparison in the making. Along a probe, element i moves by t sign_i unit_i: units are powers of two that suit
   the element's value, so that every step is exact and t is without dimension. */
typedef struct tg_probe {
    tg_checked *input;
    int64_t index; /* -1: all elements, with signs drawn from `seed` */
    uint64_t seed;
    bool is_beside;  /* a kink; see tg_check_beside */
    double analytic; /* the gradient along the probe, of float64 */
} tg_probe;

/* The slope with the steps h and h/2, and what is known of its error. */
typedef struct tg_rung {
    double h;
    double value;       /* extrapolated */
    double error;       /* the difference of what was extrapolated */
    double noise;       /* what rounding in the outputs may have made of it */
    double reach;       /* of the values that move with the probe; see tg_trace */
    double hidden;      /* the same of rounding on the way to them, where it may cancel */
    double left, right; /* one-sided slopes, extrapolated; NaN where the function is not there */
    double jump;        /* between these: of third order in h where the function is smooth */
    double bend;        /* the error of these */
} tg_rung;

/* subject.c */
tg_status tg_checker_init(tg_checker *c, tg_params *params, tg_gradcheck_model *model, void *context,
                          const tg_gradcheck_config *config, tg_gradcheck_report *report);
void tg_checker_finish(tg_checker *c);
void *tg_check_room(tg_checker *c, int64_t count, size_t element); /* NULL, with the error in the report */
double tg_check_weight(tg_rng *rng);
tg_status tg_check_fail(tg_gradcheck_report *report, tg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* evaluate.c */
tg_status tg_check_settle(const tg_checker *c, const tg_tape *tape); /* its error becomes the check's */
tg_status tg_check_build(tg_checker *c, tg_side *side, unsigned flags);
tg_status tg_check_values(tg_checker *c, double *out); /* of the exact side, whose tape is left as built */
enum tg_path { TG_BY_BACKWARD, TG_BY_GRAD };
/* The gradient of <weights, outputs> of what was built last, on this side, in the order of the inputs. */
tg_status tg_check_gradient(tg_checker *c, tg_side *side, enum tg_path path, const double *weights, double *out,
                            double *scratch);

/* trace.c: takes the trace of what the exact side built last; what of it moved in what was built since. */
tg_status tg_check_trace(tg_checker *c);
double tg_check_reach(const tg_checker *c);
/* Whether some of these values have a kink at the origin, along the probe. */
tg_status tg_check_kinked(tg_checker *c, const tg_probe *probe, bool *kinked);

/* slope.c */
double tg_check_scale(const tg_checked *in, int64_t i); /* a power of two that suits element i; -1: their mean */
double tg_check_unit(const tg_checker *c, const tg_checked *in, int64_t i);
void tg_check_move(tg_checker *c, const tg_probe *probe, double t);
double tg_check_along(const tg_checker *c, const tg_probe *probe, const double *by_element, bool magnitudes);
tg_status tg_check_rung(tg_checker *c, const tg_probe *probe, double h, tg_rung *rung);

typedef struct tg_compared {
    double analytic, numeric, allowed, step;
    bool is_kink;  /* not judged */
    bool is_faint; /* passes because both sides are lost in rounding */
    bool is_blind; /* ... so that a wrong gradient of usual size would be, too */
} tg_compared;

/* difference.c: compares gradient and slope along the probe. */
tg_status tg_check_compare(tg_checker *c, tg_probe *probe, tg_compared *found);

/* beside.c: the same of the probe's element when it is moved a little to this side (-1 or 1), in float64. */
tg_status tg_check_beside(tg_checker *c, const tg_probe *probe, int side, tg_compared *found);

/* report.c */
void tg_check_note(tg_checker *c, const tg_probe *probe, const tg_compared *found);
void tg_check_fault(tg_checker *c, tg_gradcheck_fault fault);
void tg_check_add(tg_gradcheck_result *sum, const tg_gradcheck_result *part);
void tg_check_say(tg_checker *c);

#endif
