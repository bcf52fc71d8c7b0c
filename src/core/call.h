/* call.h - one run of a shape rule or of a forward, inside the library. */
#ifndef TG_CALL_H
#define TG_CALL_H

#include "core/tape.h"

enum { TG_SCRATCH = 8 }; /* most buffers that one forward may take */

struct tg_call {
    tg_tape *tape;
    const tg_node *node;
    void *out;                 /* where the forward writes; NULL in a shape rule */
    bool accumulate;           /* add to `out` instead of overwriting it */
    void *scratch[TG_SCRATCH]; /* buffers of the pool, taken so far */
    int n_scratch;
};

/* Input i, which must be there: its node, its shape. */
static inline const tg_node *tg_call_node(const tg_call *c, int i)
{
    return tg_node_at(c->tape, tg_node_inputs(c->node)[i]);
}
static inline const tg_shape *tg_call_dims(const tg_call *c, int i)
{
    return &tg_call_node(c, i)->extent->shape;
}

/* The values of input i < n_inputs; NULL where it is absent. */
static inline const void *tg_call_value(const tg_call *c, int i)
{
    const uint32_t id = tg_node_inputs(c->node)[i];
    return id ? tg_node_at(c->tape, id)->value : NULL;
}

/* Runs the shape rule (out is not NULL) or the forward of an operation that may be a user's: the tape is closed while it
   runs. */
tg_status tg_call_run_closed(tg_call *call, tg_shape *out);

#endif
