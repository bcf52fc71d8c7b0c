/* vjp.h - one reverse pass, and the vjp that it is running: what a vjp sees as its tg_vjp. */
#ifndef TG_VJP_H
#define TG_VJP_H

#include "core/param.h"
#include "core/tape.h"

struct tg_vjp {
    tg_tape *tape;
    bool records;           /* TG_CREATE_GRAPH: the gradients are recorded */
    bool is_backward;       /* tg_backward: parameters' gradients go to their sets, others to tape->kept */
    unsigned gradient_flag; /* the nodes with this flag take a gradient in this pass */
    unsigned keep_flag;     /* the gradients of the nodes with this flag are kept */
    uint32_t id;            /* the node whose vjp is running: */
    const tg_node *node;
    uint32_t cotangent; /* id of its cotangent; 0: out of memory */
};

/* The id of input i; 0 where it is absent or, with the error raised, there is no input i. */
uint32_t tg_vjp_raise_no_input(const struct tg_vjp *v, int i);
static inline uint32_t tg_vjp_input_id(const struct tg_vjp *v, int i)
{
    return i >= 0 && i < v->node->n_inputs ? tg_node_inputs(v->node)[i] : tg_vjp_raise_no_input(v, i);
}

/* Raises the error of a reverse pass through a parameter whose values have changed since they were recorded. */
void tg_raise_param_changed(tg_tape *tape, const tg_sink *sink);

#endif
