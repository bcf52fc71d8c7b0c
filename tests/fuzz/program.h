/* program.h - a program: bytes that are read as calls of the library, and what must hold after each of them. */
#ifndef TESTS_PROGRAM_H
#define TESTS_PROGRAM_H

#include "fuzz.h"
#include "strict_allocator.h"
#include "tapegrad.h"

enum { TAPES = 2, POOL = 16, MARKS = 4, STEPS_MOST = 40, DATA = 4096 };

typedef struct kept_tensor {
    tg_tensor x;
    uint64_t digest; /* of its values */
} kept_tensor;

typedef struct program {
    const uint8_t *at, *end; /* bytes not yet read */
    supply *supply;
    owner tape_memory[TAPES], object_memory;
    tg_tape *tapes[TAPES];
    int current;      /* the tape that steps work on */
    bool keeps_error; /* errors stay until a step of the program clears them */
    kept_tensor pool[POOL];
    int newest;
    tg_tensor remembered; /* by a vjp */
    tg_mark marks[MARKS];
    tg_rng rng;

    tg_params *params;
    tg_mlp *net;
    tg_optimizer *optimizer;
    uint64_t values_digest, grads_digest; /* of both sets */
    bool has_file;

    bool saw_error; /* this step reported one */
    unsigned may;   /* what this step may change */
    uint64_t step;  /* what it came to */
    uint64_t log[STEPS_MOST];
    int steps;
    int unharmed;        /* so many steps ended before an allocation failed */
    bool is_called_back; /* by a function of a user's operation, while a tape works */
} program;

extern program *running;

/* What a step may change; all else must stay as it is. */
enum { MAY_CHANGE_GRADS = 1, MAY_CHANGE_VALUES = 2 };

typedef void step_fn(program *p);
typedef struct step {
    step_fn *run;
    unsigned may;
    const char *name;
} step;
#define STEP(function, may)                                                                                          \
    {                                                                                                                \
        function, may, #function                                                                                     \
    }

/* The steps of one subject, and how many there are. */
extern const step leaf_steps[], op_steps[], tape_steps[], params_steps[], user_steps[];
extern const int n_leaf_steps, n_op_steps, n_tape_steps, n_params_steps, n_user_steps;

/* Draws, from the bytes: 0 where there are none left. */
static inline unsigned draw(program *p)
{
    return p->at < p->end ? *p->at++ : 0;
}
static inline unsigned draw_below(program *p, unsigned n)
{
    return draw(p) % n;
}
tg_shape draw_shape(program *p);
double draw_number(program *p);    /* any, also NaN and infinities */
int draw_axis(program *p);         /* mostly of a small tensor; TG_ALL and wrong ones, too */
const char *draw_name(program *p); /* any bytes; good until the next */
const double *draw_f64(program *p);
const float *draw_f32(program *p);       /* DATA numbers */
const int32_t *draw_indices(program *p); /* DATA mostly small ones */

static inline tg_tape *tape_of(const program *p)
{
    return p->tapes[p->current];
}

/* A tensor of the pool, mostly a valid one of the current tape; and any, also null, stale, or of another tape. */
tg_tensor pick(program *p);
tg_tensor pick_any(program *p);

/* Takes in what a call returned: a tensor, which must be valid or come with an error; a status, of a tape's or with a
   sentence; an object, which must be there or come with an error; anything else that a step came to. */
void take(program *p, tg_tensor x);
void take_status(program *p, const tg_tape *tape, tg_status status);
void take_error(program *p, tg_status status, const tg_error *err);
void take_bytes(program *p, const void *data, size_t bytes);

/* The flat values of a set that were changed on purpose: what the pool holds of them is what it is now. */
void refresh(program *p);

uint64_t digest_bytes(uint64_t digest, const void *data, size_t bytes);

/* Runs the bytes from the start, with tapes that are there or made now; frees the objects, not the tapes. */
void program_run(program *p, const uint8_t *data, size_t size);
void program_end(program *p);

#endif
