/* op.h - for those who add operations: what one is made of, and what its functions see. */
#ifndef TAPEGRAD_OP_H
#define TAPEGRAD_OP_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An operation is one constant struct. A user's own has the rights of the library's: fill in a tg_op, call it through
   tg_apply, hand it to tg_check_op. examples/custom_op.c is one from end to end. */
typedef struct tg_op tg_op;

/* Forward ---------------------------------------------------------------------------------------------------------
   A tg_call is what a shape rule and a forward see of one application; it is good until they return. Both work on memory:
   a call from them that makes, looks at or names tensors, or changes the tape, is the error TG_ERR_STATE. A NULL call is
   one without inputs. */
typedef struct tg_call tg_call;

TG_API int tg_call_count(const tg_call *call);              /* number of inputs */
TG_API bool tg_call_has(const tg_call *call, int i);        /* false where an optional input is absent */
TG_API tg_shape tg_call_shape(const tg_call *call, int i);  /* of input i; a scalar's where absent */
TG_API int64_t tg_call_size(const tg_call *call, int i);    /* elements of input i */
TG_API const void *tg_call_attributes(const tg_call *call); /* the node's copy of what tg_apply was given */
TG_API tg_dtype tg_call_dtype(const tg_call *call);

/* Forward only, from a shape rule the error TG_ERR_STATE: the row-major values of input i (NULL where absent), and the output to fill, which overlaps none. */
TG_API const void *tg_call_input(const tg_call *call, int i);
TG_API void *tg_call_output(const tg_call *call);
TG_API tg_shape tg_call_output_shape(const tg_call *call);
TG_API int64_t tg_call_output_size(const tg_call *call);

/* Forward of an operation with TG_OP_ACCUMULATES only: whether to add to the output instead of overwriting it. */
TG_API bool tg_call_accumulates(const tg_call *call);

/* Forward only: memory that is gone when the forward returns, at most 8 times; NULL (with the error raised) if there is
   none. */
TG_API void *tg_call_scratch(tg_call *call, size_t size);

/* Raises the tape's error and returns its status: `status`, one of TG_ERR_..., or an older error's. The text is prefixed
   with the operation and the inputs' names and shapes: `matmul: "x" [64, 784] x [300, 10]: ` followed by the format, which
   should say what would be right. A status that is none, TG_OK among them, is the error TG_ERR_ARGUMENT. */
TG_API tg_status tg_call_fail(tg_call *call, tg_status status, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* Turns an axis counted from the end into one counted from 0, in 0 .. rank - 1; at rank 0, 0 and -1 are legal and give
   0. Otherwise the error. TG_ALL is not handled here. */
TG_API tg_status tg_call_axis(tg_call *call, int rank, int axis, int *resolved);

/* Reverse ---------------------------------------------------------------------------------------------------------
   A vjp (vector-Jacobian product) is written with the library's own operations on tensors:
       tg_give(v, 0, tg_mul(tg_cotangent(v), tg_input(v, 1)));
   What it builds is computed only as far as it is needed, without recording for first-order backprop and recording for
   gradients of any order; the rule cannot tell. It may use inputs, output, cotangent and attributes; it may make and name
   tensors, which are forgotten with it, and may not reset, rewind, destroy or set modes, nor ask for gradients
   (TG_ERR_STATE). */
typedef struct tg_vjp tg_vjp;

TG_API tg_tensor tg_cotangent(const tg_vjp *v);    /* dE/d(output), of the output's shape */
TG_API tg_tensor tg_input(const tg_vjp *v, int i); /* the null tensor where absent */
TG_API tg_tensor tg_output(const tg_vjp *v);       /* the operation's result */
TG_API const void *tg_vjp_attributes(const tg_vjp *v);
TG_API int tg_vjp_count(const tg_vjp *v); /* number of inputs */

/* Whether input i needs a gradient: for rules with a loop worth skipping. tg_give decides by itself. */
TG_API bool tg_wants(const tg_vjp *v, int i);

/* Hands on dE/d(input i). Its shape is the input's, or one that the input broadcasts to: broadcasting is undone here,
   once, and never in a rule; any other is an error. Several for one input add up; an input that is given none gets
   zeros. */
TG_API void tg_give(tg_vjp *v, int i, tg_tensor gradient);

/* Samples ---------------------------------------------------------------------------------------------------------
   Inputs on which the checker tests an operation: drawn uniformly from lo .. hi, which is the safe domain. */
typedef struct tg_sample_input {
    tg_shape shape;
    double lo, hi; /* both 0: -2 .. 2 */
    enum tg_sample_kind {
        TG_SAMPLE_REAL = 0, /* drawn, and checked for its gradient */
        TG_SAMPLE_MASK,     /* drawn zeros and ones, takes no gradient */
        TG_SAMPLE_ABSENT    /* the null tensor */
    } kind;
} tg_sample_input;

typedef struct tg_sample {
    int n; /* inputs */
    tg_sample_input inputs[4];
    const void *attributes; /* as for tg_apply */
    size_t attribute_bytes;
} tg_sample;

/* The struct ------------------------------------------------------------------------------------------------------ */

#define TG_VARIADIC (-1) /* 1 .. 65535 inputs */

enum {
    TG_OP_ACCUMULATES = 1, /* forward honours tg_call_accumulates */
    TG_OP_ELEMENTWISE = 2, /* inputs of one shape give that shape: the shape rule is asked only if they differ */
    TG_OP_VIEW = 4 /* the output is input 0's memory under another shape of no more elements; forward is NULL */
};

/* How often an operation can be differentiated. */
enum { TG_ORDER_NONE = 0, TG_ORDER_ONCE = 1, TG_ORDER_ANY = 2 };

struct tg_op {
    const char *name;
    int arity;         /* inputs, or TG_VARIADIC */
    unsigned optional; /* bit i: input i may be the null tensor */
    unsigned flags;    /* TG_OP_... */
    int order;         /* TG_ORDER_...; a derivative beyond it is an error, never a zero */
    tg_status (*shape)(tg_call *call, tg_shape *out); /* checks the inputs, says the result's shape */
    tg_status (*forward)(tg_call *call);              /* fills the output */
    void (*vjp)(tg_vjp *v);                           /* NULL with TG_ORDER_NONE */
    const tg_sample *samples;
    int n_samples;
    const void *data; /* the operation's own */
};

/* The shape rule of elementwise operations: the inputs broadcast together as in NumPy. */
TG_API tg_status tg_shape_broadcast(tg_call *call, tg_shape *out);

/* Applies op to n tensors of one tape, 65,535 at most, with `bytes` bytes of attributes copied onto the tape (NULL and 0
   for none, an error where the samples have some).
   Errors go to the tape of the first tensor that has one, and give a bad tensor; without any tape, the null tensor. An
   operation trusts its attributes to be what its own function gives: call the library's through theirs. */
TG_API tg_tensor tg_apply(const tg_op *op, const tg_tensor *inputs, int n, const void *attributes, size_t bytes);

/* The library's own operations, in the order of ops.list: for i in 0 .. tg_op_count() - 1, else NULL. */
TG_API int tg_op_count(void);
TG_API const tg_op *tg_op_at(int i);

/* The same by name, or NULL. */
TG_API const tg_op *tg_op_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
