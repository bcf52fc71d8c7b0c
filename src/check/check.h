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
    double *rounding; /* in it: by how much it misses linearity in the cotangent */
    double mean;      /* of the values' magnitudes */
    double steepest;  /* the largest |gradient| times unit of an element */
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

enum { TG_CHECK_BLOCKS = 8 };

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
    double largest;       /* magnitude among all that is computed on the way */
    struct tg_block {
        void *p;
        size_t size;
    } blocks[TG_CHECK_BLOCKS];
    int n_blocks;
    tg_gradcheck_report *report;
} tg_checker;

/* One comparison in the making. Along a probe, element i moves by t sign_i unit_i: units are powers of two that suit
   the values, so that every step is exact and t is without dimension. */
typedef struct tg_probe {
    tg_checked *input;
    int64_t index; /* -1: all elements, with signs drawn from `seed` */
    uint64_t seed;
} tg_probe;

/* subject.c */
tg_status tg_checker_init(tg_checker *c, tg_params *params, tg_gradcheck_model *model, void *context,
                          const tg_gradcheck_config *config, tg_gradcheck_report *report);
void tg_checker_finish(tg_checker *c);
void *tg_check_room(tg_checker *c, int64_t count, size_t element); /* NULL, with the error in the report */
double tg_check_weight(tg_rng *rng);
tg_status tg_check_fail(tg_gradcheck_report *report, tg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* evaluate.c */
tg_status tg_check_build(tg_checker *c, tg_side *side, unsigned flags);
tg_status tg_check_values(tg_checker *c, double *out);
enum tg_path { TG_BY_BACKWARD, TG_BY_GRAD };
/* The gradient of <weights, outputs> of what was built last on the typed side, in the order of the inputs. */
tg_status tg_check_gradient(tg_checker *c, enum tg_path path, const double *weights, double *out, double *scratch);
double tg_check_largest(const tg_tape *tape);

/* difference.c: compares gradient and slope along the probe, and notes it in the input's result. */
double tg_check_unit(const tg_checker *c, const tg_checked *in, int64_t i);
tg_status tg_check_probe(tg_checker *c, const tg_probe *probe);

/* report.c */
typedef struct tg_compared {
    double analytic, numeric, allowed, step;
    bool is_kink;
} tg_compared;
void tg_check_note(tg_checker *c, const tg_probe *probe, const tg_compared *found);
void tg_check_fault(tg_checker *c, tg_gradcheck_fault fault);
void tg_check_add(tg_gradcheck_result *sum, const tg_gradcheck_result *part);
void tg_check_say(tg_checker *c);

#endif
