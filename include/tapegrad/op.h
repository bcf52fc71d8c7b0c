/* op.h - adding operations: the struct tg_op, and what its functions can call. */
#ifndef TAPEGRAD_OP_H
#define TAPEGRAD_OP_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An operation is one constant struct. A user's operation can do what the library's can: fill in a tg_op, apply it with
   tg_apply, check it with tg_check_op. examples/custom_op.c is a complete one. */
typedef struct tg_op tg_op;

/* Forward ---------------------------------------------------------------------------------------------------------
   A tg_call is the argument of a shape rule and of a forward, valid until they return. Both work on memory: inside them a
   call that makes, reads or names tensors, or changes the tape, is the error TG_ERR_STATE. The functions below take NULL
   as a call without inputs. */
typedef struct tg_call tg_call;

TG_API int tg_call_count(const tg_call *call);              /* number of inputs */
TG_API bool tg_call_has(const tg_call *call, int i);        /* false where an optional input is absent */
TG_API tg_shape tg_call_shape(const tg_call *call, int i);  /* of input i; a scalar's if absent */
TG_API int64_t tg_call_size(const tg_call *call, int i);    /* elements of input i */
TG_API const void *tg_call_attributes(const tg_call *call); /* the copy on the tape of what tg_apply got */
TG_API tg_dtype tg_call_dtype(const tg_call *call);

/* Forward only (in a shape rule TG_ERR_STATE): the row-major values of input i, NULL if absent; the output to fill, which
   overlaps no input; its shape and number of elements. */
TG_API const void *tg_call_input(const tg_call *call, int i);
TG_API void *tg_call_output(const tg_call *call);
TG_API tg_shape tg_call_output_shape(const tg_call *call);
TG_API int64_t tg_call_output_size(const tg_call *call);

/* Forward of an operation with TG_OP_ACCUMULATES only: whether to add to the output instead of overwriting it. */
TG_API bool tg_call_accumulates(const tg_call *call);

/* Forward only: `size` bytes of memory, released when the forward returns. At most 8 times in one forward. NULL, with the
   error raised, if there is none. */
TG_API void *tg_call_scratch(tg_call *call, size_t size);

/* Raises the tape's error and returns its status: `status`, one of TG_ERR_..., or that of an older error. The message
   begins with the operation and the names and shapes of its inputs, `matmul: "x" [64, 784] x [300, 10]: `, followed by
   the formatted text, which should say what would be right. TG_OK and numbers that are no status become
   TG_ERR_ARGUMENT. */
TG_API tg_status tg_call_fail(tg_call *call, tg_status status, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* Sets *resolved to the axis counted from 0, in 0 .. rank - 1; a negative axis counts from the end. At rank 0, axes 0
   and -1 are valid and both mean 0. Any other axis raises an error, TG_ALL included. Returns the status. */
TG_API tg_status tg_call_axis(tg_call *call, int rank, int axis, int *resolved);

/* Reverse ---------------------------------------------------------------------------------------------------------
   A vjp (vector-Jacobian product) is written with the library's own operations on tensors:
       tg_give(v, 0, tg_mul(tg_cotangent(v), tg_input(v, 1)));
   Its operations are deferred: only those that a needed gradient depends on are evaluated. They are recorded for
   gradients of any order (TG_CREATE_GRAPH) and not recorded for first-order ones; the vjp is the same. It may use inputs,
   output, cotangent and attributes, and make and name tensors; unless recorded, these are removed when it returns. It may
   not reset, rewind or destroy the tape, set its modes, or ask for gradients (TG_ERR_STATE). */
typedef struct tg_vjp tg_vjp;

TG_API tg_tensor tg_cotangent(const tg_vjp *v);    /* dE/d(output); has the output's shape */
TG_API tg_tensor tg_input(const tg_vjp *v, int i); /* the null tensor if absent */
TG_API tg_tensor tg_output(const tg_vjp *v);       /* the operation's result */
TG_API const void *tg_vjp_attributes(const tg_vjp *v);
TG_API int tg_vjp_count(const tg_vjp *v); /* number of inputs */

/* Whether input i needs a gradient. tg_give checks this itself; it is for a vjp that can skip more than one tensor. */
TG_API bool tg_wants(const tg_vjp *v, int i);

/* Adds a contribution to dE/d(input i). Its shape is the input's, or one that the input broadcasts to: then it is
   summed to the input's shape, so that no vjp has to undo broadcasting. Any other shape is an error. Contributions to
   one input are added up; an input without any has the gradient zero. It is ignored if the input is absent or needs no
   gradient. */
TG_API void tg_give(tg_vjp *v, int i, tg_tensor gradient);

/* A scalar_vjp computes the contributions of the vjp for an output of one element as numbers, which costs less than
   deferred nodes. It is optional, and for an operation of 1 .. TG_SCALAR_INPUTS inputs, none optional, of which each has
   one element where the output has one. It sets dx[i] for every input i; rounded to the dtype, these are the bits that
   the vjp's tg_give gets, so in TG_F32 every intermediate result must be rounded to float. Returning false, it leaves
   these values to the vjp. The reverse pass calls it only for the library's own operations, applied by their own
   functions, and runs the vjp to record gradients, where an input is a parameter, and under traps. */
enum { TG_SCALAR_INPUTS = 3 };
typedef struct tg_scalar_vjp {
    tg_dtype dtype;
    double x[TG_SCALAR_INPUTS]; /* inputs */
    double y, g;                /* output, and its cotangent */
    const void *attributes;
    double dx[TG_SCALAR_INPUTS]; /* results */
} tg_scalar_vjp;

/* Samples ---------------------------------------------------------------------------------------------------------
   Inputs on which the checker tests an operation: drawn uniformly from lo .. hi, where it must be differentiable. */
typedef struct tg_sample_input {
    tg_shape shape;
    double lo, hi; /* both 0: -2 .. 2 */
    enum tg_sample_kind {
        TG_SAMPLE_REAL = 0, /* drawn; its gradient is checked */
        TG_SAMPLE_MASK,     /* drawn from 0 and 1; takes no gradient */
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
    TG_OP_ACCUMULATES = 1, /* the forward obeys tg_call_accumulates */
    TG_OP_ELEMENTWISE =
        2,         /* inputs of one shape give a result of that shape: the shape rule runs only if they differ */
    TG_OP_VIEW = 4 /* the result is the memory of input 0 with another shape of no more elements; forward is NULL */
};

/* How often an operation can be differentiated. */
enum { TG_ORDER_NONE = 0, TG_ORDER_ONCE = 1, TG_ORDER_ANY = 2 };

struct tg_op {
    const char *name;
    int arity;                                        /* inputs, or TG_VARIADIC */
    unsigned optional;                                /* bit i: input i may be the null tensor */
    unsigned flags;                                   /* TG_OP_... */
    int order;                                        /* TG_ORDER_...; a derivative beyond it is an error */
    tg_status (*shape)(tg_call *call, tg_shape *out); /* checks the inputs, sets the result's shape */
    tg_status (*forward)(tg_call *call);              /* fills the output */
    void (*vjp)(tg_vjp *v);                           /* NULL with TG_ORDER_NONE */
    const tg_sample *samples;
    int n_samples;
    const void *data;                     /* for the operation's own use */
    bool (*scalar_vjp)(tg_scalar_vjp *v); /* the vjp on numbers, or NULL; for at most TG_SCALAR_INPUTS inputs */
};

/* A shape rule for elementwise operations: the inputs are broadcast as in NumPy. */
TG_API tg_status tg_shape_broadcast(tg_call *call, tg_shape *out);

/* Applies op to n tensors of one tape, at most 65,535, with `bytes` bytes of attributes, which are copied onto the tape.
   NULL and 0 stand for no attributes, which is an error if the op's samples have some. Returns the result. Errors are
   raised on the tape of the first tensor that has one, and an invalid tensor is returned; without any tape, the null
   tensor. Attributes are not checked: apply the library's own operations through their functions in ops.h. */
TG_API tg_tensor tg_apply(const tg_op *op, const tg_tensor *inputs, int n, const void *attributes, size_t bytes);

/* The library's own operations, in the order of ops.list: operation i of 0 .. tg_op_count() - 1, else NULL. */
TG_API int tg_op_count(void);
TG_API const tg_op *tg_op_at(int i);

/* The library's operation with this name, or NULL. */
TG_API const tg_op *tg_op_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
