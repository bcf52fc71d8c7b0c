/* node.h - a node of the tape: one tensor, and the operation that computed it. */
#ifndef TG_NODE_H
#define TG_NODE_H

#include "core/shape.h"
#include "tapegrad/op.h"

enum tg_node_flag {
    TG_NODE_NEEDS_GRAD = 1,       /* it depends, by recorded operations, on a leaf that takes a gradient */
    TG_NODE_RETAIN = 2,           /* tg_grad_of can return its gradient: a variable, a parameter, tg_retain_grad */
    TG_NODE_ON_PATH = 4,          /* during tg_grad: it depends on one of the inputs */
    TG_NODE_GRAD_INPUT = 8,       /* during tg_grad: it is one of the inputs */
    TG_NODE_BUFFER = 16,          /* its value is a buffer of the tape's pool, of which it owns one reference */
    TG_NODE_UNRECORDED = 32,      /* detached, or computed while recording was off: no gradient flows through it */
    TG_NODE_PARAM = 64,           /* a parameter's leaf: its attributes are a tg_binding */
    TG_NODE_PENDING = 128,        /* deferred, and needed by the node that is being evaluated */
    TG_NODE_DEFERRED = 256,       /* made by a vjp: its value may not have been computed yet */
    TG_NODE_USES_DEFERRED = 512,  /* at least one of its inputs has TG_NODE_DEFERRED */
    TG_NODE_RETAINED_LATE = 1024, /* TG_NODE_RETAIN was set after the last backward, which kept no gradient for it */
    TG_NODE_USER_OP = 2048        /* applied by tg_apply: the operation's functions may be a user's */
};

/* The value of a node of one element. */
typedef union tg_one {
    double f64;
    float f32;
} tg_one;

enum {
    TG_INLINE_INPUTS = 4,              /* so many ids of inputs fit in a node, */
    TG_INLINE_INPUTS_BESIDE_NUMBER = 2 /* so many beside attributes of up to 8 bytes */
};

/* Nodes are numbered from 1 in the order in which they were made; this number is the id of the tensor. Id 0 stands for an
   absent input. */
typedef struct tg_node {
    const tg_op *op;         /* what computed the value; a leaf's has only a name */
    void *value;             /* row-major; NULL while deferred */
    const tg_extent *extent; /* the shape */
    tg_one one;              /* where `value` points if there is one element */
    union {
        uint32_t few[TG_INLINE_INPUTS]; /* ids of at most TG_INLINE_INPUTS inputs */
        uint32_t *many;                 /* ids of more, on the arena */
        struct {
            uint32_t ids[TG_INLINE_INPUTS_BESIDE_NUMBER];
            double number;
        } with_number; /* at most two ids, and attributes of at most 8 bytes */
    } inputs;
    void *attributes;  /* the copy of the operation's attributes: in `inputs`, on the arena, or NULL */
    uint32_t epoch;    /* of the tape when the node was made; a handle of another epoch is stale */
    uint16_t n_inputs; /* absent ones included */
    uint16_t flags;    /* enum tg_node_flag */
} tg_node;
_Static_assert(sizeof(tg_node) == 64, "a node is one cache line");

/* The ids of a node's inputs. */
static inline const uint32_t *tg_node_inputs(const tg_node *n)
{
    return n->n_inputs <= TG_INLINE_INPUTS ? n->inputs.few : n->inputs.many;
}

/* Whether no operation computed the node. */
static inline bool tg_node_is_leaf(const tg_node *n)
{
    return !n->op->shape && n->n_inputs == 0;
}

#endif
