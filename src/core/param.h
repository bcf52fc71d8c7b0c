/* param.h - parameters as the tape sees them: where their values and gradients are, and their leaves on the tape. */
#ifndef TG_PARAM_H
#define TG_PARAM_H

#include "core/shape.h"
#include "tapegrad/types.h"

/* One parameter of a set. A sink is valid as long as its set. */
typedef struct tg_sink {
    const char *name;
    const tg_extent *extent;
    void *value;             /* what the leaf's value points to */
    void *grad;              /* where the reverse pass writes the gradient: */
    unsigned char *is_set;   /* 0: the first contribution overwrites *grad; 1: it is added */
    bool *invalid;           /* of the set: a failed backward sets it */
    const uint64_t *version; /* of the set's values: raised whenever they change */
} tg_sink;

/* The attributes of a parameter's leaf. */
typedef struct tg_binding {
    const tg_sink *sink;
    uint64_t version; /* of the values when the leaf was made */
} tg_binding;

/* The leaves of one version of one set on one tape. */
typedef struct tg_bound_set {
    struct tg_bound_set *next; /* an older one */
    uint32_t first;            /* id of its first leaf; a rewind below it removes the bound set */
    const void *set;           /* the tg_params, compared by address only */
    uint64_t version;          /* of the set's values */
    uint32_t n;                /* parameters */
    uint32_t *ids;             /* of the leaves, by parameter; 0 where there is no leaf yet */
    tg_binding bindings[];     /* by parameter */
} tg_bound_set;

/* The leaf of parameter i of the `count` parameters of this dtype in `set`: one leaf for each tape, set and version.
   `takes_grad` is false for a frozen parameter. An invalid tensor, with the error raised, where the dtypes of set and
   tape differ or memory is out. */
tg_tensor tg_tape_bind(tg_tape *tape, const void *set, int count, tg_dtype dtype, int i, const tg_sink *sink,
                       bool takes_grad);

/* Drops the leaves above id `count` from the bound sets. */
void tg_tape_unbind(tg_tape *tape, uint32_t count);

#endif
