/* tape.h - the tape from inside: nodes, modes, raising errors, and what the reverse pass and the operations need. */
#ifndef TG_TAPE_H
#define TG_TAPE_H

#include <stdarg.h>

#include "core/arena.h"
#include "core/shape.h"
#include "kernels/kernels.h"
#include "tapegrad/op.h"
#include "tapegrad/tape.h"

/* Nodes ----------------------------------------------------------------------------------------------------------- */

typedef struct tg_extent {
    int64_t size; /* elements */
    tg_shape shape;
} tg_extent;

enum tg_node_flag {
    TG_NODE_NEEDS_GRAD = 1, /* a gradient can flow to it */
    TG_NODE_RETAIN = 2,     /* tg_grad_of was promised it: a variable, a parameter's leaf, tg_retain_grad */
    TG_NODE_ON_PATH = 4,    /* during tg_grad: depends on an input */
    TG_NODE_ASKED = 8,      /* during tg_grad: is an input */
    TG_NODE_BUFFER = 16,    /* its value is a buffer of the tape's store, and it is one of its holders */
    TG_NODE_CUT = 32,       /* computed without recording: no gradient flows through */
    TG_NODE_PARAM = 64,     /* attributes is a tg_binding */
    TG_NODE_TO_DO = 128,    /* noted, and needed by what is being computed */
    TG_NODE_NOTED = 256,    /* made while noting: its value may not be there */
    TG_NODE_ON_NOTES = 512, /* it has an input that was noted */
    TG_NODE_LATE = 1024,    /* its TG_NODE_RETAIN is younger than the last backward */
    TG_NODE_GUARDED = 2048  /* its functions may be a user's */
};

/* One cache line. Nodes are numbered from 1 in the order in which they were made; 0 is "absent". */
typedef struct tg_node {
    const tg_op *op;
    void *value; /* NULL while only noted */
    const tg_extent *extent;
    union tg_one {
        double f64;
        float f32;
    } one; /* the value itself, if there is one element */
    union {
        uint32_t few[4];
        uint32_t *many;
        struct {
            uint32_t two[2];
            double number; /* attributes of its size, beside one input or two */
        } and;
    } inputs;
    void *attributes;
    uint32_t epoch;
    uint16_t n_inputs;
    uint16_t flags;
} tg_node;
_Static_assert(sizeof(tg_node) == 64, "a node is one cache line");

/* Notes have epochs of their own, from here on, a new one for each rule: a handle that a rule kept to one of its notes is
   stale in the next. */
#define TG_NOTES_EPOCH UINT32_C(0x80000000)

/* Added to the epoch of a node that no handle is valid for any more, though it is still counted. */
#define TG_FORGOTTEN_EPOCH UINT32_C(0x40000000)

enum { TG_TEXT = 640 }; /* bytes of a message, or of a part of one */

enum { TG_TWO = 2, TG_FEW = 4, TG_NODES_BITS = 10, TG_NODES = 1 << TG_NODES_BITS };

static inline const uint32_t *tg_node_inputs(const tg_node *n)
{
    return n->n_inputs <= TG_FEW ? n->inputs.few : n->inputs.many;
}

/* Parameters, as the tape knows them ------------------------------------------------------------------------------- */

/* A parameter: its values, and where the reverse pass puts its gradient: it overwrites where *is_set is 0 and
   accumulates where it is 1. A failed backward sets *invalid. A sink lives as long as its set. */
typedef struct tg_sink {
    const char *name;
    const tg_extent *extent;
    void *value, *grad;
    unsigned char *is_set;
    bool *invalid;
    const uint64_t *version; /* of the values */
} tg_sink;

/* A parameter's leaf: what its node's attributes are. */
typedef struct tg_binding {
    const tg_sink *sink;
    uint64_t version; /* of the values when the leaf was made */
} tg_binding;

/* The leaves of one set on one tape. */
typedef struct tg_bound_set {
    struct tg_bound_set *next;
    uint32_t first; /* leaf: the set is forgotten with it */
    const void *set;
    uint64_t version;
    uint32_t n;
    uint32_t *ids; /* by parameter; 0 where there is no leaf yet */
    tg_binding bindings[];
} tg_bound_set;

/* The leaf of parameter i of `count` of this dtype in `set`; made once for a tape, set and version. `takes_grad` is false
   for a frozen parameter. */
tg_tensor tg_tape_bind(tg_tape *tape, const void *set, int count, tg_dtype dtype, int i, const tg_sink *sink,
                       bool takes_grad);

/* The tape ---------------------------------------------------------------------------------------------------------- */

/* What applying an operation does. Noting is laziness for the length of one vjp: its operations are noted, and the
   engine computes what the gradients that it gives turn out to need. */
enum tg_mode {
    TG_RECORDING,
    TG_PAUSED,
    TG_NOTING,          /* in a first-order vjp: notes are recycled, values are buffers of the store */
    TG_NOTING_RECORDING /* in a vjp whose gradients are to be differentiable: notes stay on the tape */
};

enum tg_shut { TG_SHUT_BY_ERROR = 1, TG_SHUT_IN_CALL = 2 };

/* The names of TG_NODES nodes, in buffers of the store: a name may be younger than a mark that its tensor is older than. */
typedef struct tg_labels {
    char *text[TG_NODES]; /* NULL: none */
    uint32_t n;
} tg_labels;

/* The nodes first .. last, which the vjp of node `of` left on the tape while its gradients were recorded. */
typedef struct tg_made {
    uint32_t first, last, of;
} tg_made;

/* A gradient between its making and its use. */
typedef struct tg_slot {
    enum tg_slot_kind {
        TG_SLOT_EMPTY = 0,
        TG_SLOT_ONE,      /* one element, in the slot */
        TG_SLOT_BORROWED, /* the memory of a node below */
        TG_SLOT_BUFFER,   /* a buffer of the store, of which the slot is a holder */
        TG_SLOT_NODE,     /* a recorded tensor */
        /* float32, of many contributions, whose sum tg_settle will round: */
        TG_SLOT_WIDE,    /* a buffer as above, for sums in double and the latest contributions */
        TG_SLOT_ONE_WIDE /* one element, in double, in the slot */
    } kind;
    uint32_t id; /* TG_SLOT_NODE: the tensor; in tape->kept: whose gradient it is; else it counts contributions */
    union {
        union tg_one one;
        void *value;
    } at;
} tg_slot;

struct tg_tape {
    unsigned shut; /* enum tg_shut: why no tensors can be made or looked at */
    tg_dtype dtype;
    enum tg_mode mode;
    bool in_evaluation, is_nil;
    bool notes_hold; /* a note may hold a buffer or a name, or be a parameter's leaf */
    unsigned traps;
    uint32_t count; /* nodes 1 .. count */
    uint32_t epoch;
    uint32_t notes_from; /* while noting: nodes from here on are the vjp's */
    size_t element;      /* bytes */
    const tg_kernels *kernels;
    tg_node **nodes; /* by TG_NODES */
    uint32_t n_chunks, chunk_capacity;
    tg_arena arena;
    const tg_node *in_vjp; /* whose vjp is running */
    tg_status status;
    const tg_op *in_call; /* whose shape rule or forward is running, while TG_SHUT_IN_CALL */
    int in_visit;         /* calls of tg_tape_each that are running */
    tg_heap heap;
    tg_store store;
    struct tg_tape *inner; /* where checkpoints run their functions; made when first needed */
    tg_bound_set *bound;   /* newest first */
    tg_labels **labels;    /* by TG_NODES, as nodes; NULL where there is no name */
    uint32_t n_label_chunks, label_capacity;
    uint32_t last_label; /* no node above has a name */
    tg_made *made;       /* ascending */
    uint32_t n_made, made_capacity;
    uint32_t *held; /* ids of the recorded nodes with TG_NODE_BUFFER, ascending */
    uint32_t n_held, held_capacity;
    tg_slot **slots; /* of the reverse pass, by TG_NODES, as nodes */
    uint32_t n_slot_chunks, slot_chunk_capacity;
    tg_slot *kept; /* for tg_grad_of, ids descending */
    uint32_t n_kept, kept_capacity;
    uint32_t resets, backwards; /* so far */
    uint32_t differentiated;    /* by the last backward */
    uint32_t notes_epoch;       /* of the next pass that notes */
    bool has_gradients;         /* the last backward succeeded, and is still on the tape */
    bool some_late;             /* a node may be TG_NODE_LATE */
    char message[2 * TG_TEXT];
};

static inline tg_node *tg_node_at(const tg_tape *t, uint32_t id)
{
    return &t->nodes[id >> TG_NODES_BITS][id & (TG_NODES - 1)];
}

static inline double tg_element(const tg_tape *t, const void *values, int64_t i)
{
    return t->dtype == TG_F32 ? (double)((const float *)values)[i] : ((const double *)values)[i];
}

static inline tg_tensor tg_bad(tg_tape *t)
{
    return (tg_tensor){ .tape = t };
}

static inline tg_tensor tg_handle(tg_tape *t, uint32_t id)
{
    return (tg_tensor){ .tape = t, .id = id, .epoch = tg_node_at(t, id)->epoch };
}

/* The one place where a tape's error is raised; the first sticks. Returns the tape's status. */
tg_status tg_tape_raise(tg_tape *tape, tg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
tg_status tg_tape_raise_v(tg_tape *tape, tg_status status, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* What the functions of an operation's author may do with the tape: a shape rule and a forward work on memory, and may do
   nothing; a vjp makes tensors. tg_tape_is_open says whether tensors can be made and looked at: there is no error, and
   no shape rule or forward is running. tg_tape_is_free says whether the tape itself can be changed, or gradients be
   asked for: no function of an operation is running. What is not allowed is raised as the error of `what`. */
bool tg_tape_refuse(tg_tape *tape, const char *what);
static inline bool tg_tape_is_open(tg_tape *t, const char *what)
{
    return !t->shut || tg_tape_refuse(t, what);
}
static inline bool tg_tape_is_free(tg_tape *t, const char *what)
{
    return (!(t->shut & TG_SHUT_IN_CALL) && !t->in_vjp) || tg_tape_refuse(t, what);
}

/* Puts a place in front of the message of an error that has just been raised: "mlp_forward: layer1: ". */
void tg_tape_locate(tg_tape *tape, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The node of a tensor of t; NULL if it has none: the null tensor, another tape's, a stale handle. */
static inline tg_node *tg_node_if(const tg_tape *t, tg_tensor x)
{
    if (x.tape != t || x.id - 1 >= t->count)
        return NULL;
    tg_node *n = tg_node_at(t, x.id);
    return n->epoch == x.epoch ? n : NULL;
}

/* What is said of a stale handle, whose tensor is no longer known. */
#define TG_STALE_TEXT "is from before a reset or rewind of its tape: make it again, or take the mark after it"

/* The node of a tensor, or NULL with the error raised: null tensor, stale handle; `what` names the caller. */
tg_node *tg_node_of(tg_tensor x, const char *what);

/* The node of a tensor whose value is there, computing it if it was only noted; else NULL. */
tg_node *tg_value_of(tg_tensor x, const char *what);

const char *tg_label_of(const tg_tape *tape, uint32_t id); /* or NULL */

/* How messages show a tensor, `"hidden" [64, 784]`, and an operation on its inputs, `matmul: "hidden" [64, 784] x [300, 10]: `,
   behind the name, if any, of its result, which is tensor `id` or 0. Both return the bytes written. */
size_t tg_tensor_text(const tg_tape *tape, uint32_t id, char *text, size_t size);
size_t tg_application_text(const tg_tape *tape, const tg_node *node, uint32_t id, char *text, size_t size);

/* The same for handles that may be null, stale or of another tape; without the inputs if none on `tape` has a name. */
size_t tg_handles_text(const tg_tape *tape, const tg_op *op, const tg_tensor *inputs, int n, char *text, size_t size);

/* Notes what the vjp of node `of` left on the tape: the nodes from `first` on. False, with the error raised, out of
   memory. */
bool tg_tape_note_made(tg_tape *tape, uint32_t first, uint32_t of);

/* How a message begins that is raised while a vjp runs: `in the reverse pass of log: "p" [2]: `. If the vjp is of what
   another vjp made, that of the operation which was called comes first. Returns the bytes written. */
size_t tg_place_text(const tg_tape *tape, char *text, size_t size);

/* Raises an error about x, which is on its tape: `read: "hidden" [64, 784]: ` and the format. Returns the tape's status. */
tg_status tg_tensor_fail(tg_tensor x, tg_status status, const char *what, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Forget the names, and the parameters' bindings, of nodes above `count`; and free what names are kept in. */
void tg_labels_drop(tg_tape *tape, uint32_t count);
void tg_labels_finish(tg_tape *tape);
void tg_tape_unbind(tg_tape *tape, uint32_t count);

/* Whether a shape is one: rank, sizes, element count. Else the error of `what`. */
bool tg_tape_check_shape(tg_tape *tape, const tg_shape *shape, const char *what);

/* A scalar's extent; and a shape's, on the arena, NULL out of memory or (raised) where it is none. */
extern const tg_extent tg_scalar_extent;
const tg_extent *tg_tape_extent(tg_tape *tape, const tg_shape *shape, const char *what);

/* Makes room for one more node; false, with the error of `what` raised, out of memory. */
bool tg_tape_grow(tg_tape *tape, const char *what);

/* The next node, zeroed but for its operation and epoch; NULL, with the error raised, out of memory. */
static inline tg_node *tg_tape_push(tg_tape *t, const tg_op *op)
{
    const uint32_t id = t->count + 1;
    if (id >> TG_NODES_BITS >= t->n_chunks && !tg_tape_grow(t, op->name))
        return NULL;
    t->count = id;
    tg_node *n = tg_node_at(t, id);
    *n = (tg_node){ .op = op, .epoch = t->epoch };
    return n;
}

/* Memory until reset; NULL, with the error of `what` raised. */
void *tg_tape_alloc(tg_tape *tape, size_t size, const char *what);

/* Drops the gradients that a backward kept for tg_grad_of, of nodes above `count`. */
void tg_tape_drop_kept(tg_tape *tape, uint32_t count);

/* Forgets nodes above `count`, with their names and bindings; the arena is the caller's. */
void tg_tape_truncate(tg_tape *tape, uint32_t count);

/* Gives node a place for its value: in the node for one element, else on the arena or (noting) from the store. */
bool tg_tape_place_many(tg_tape *tape, tg_node *node);
static inline bool tg_tape_place(tg_tape *t, tg_node *n)
{
    if (n->extent->size > 1)
        return tg_tape_place_many(t, n);
    n->value = &n->one;
    return true;
}

/* Makes a node a holder of the buffer that its value is. */
static inline void tg_tape_set_holder(tg_tape *t, tg_node *n)
{
    n->flags |= TG_NODE_BUFFER;
    t->notes_hold = true;
}

/* Whether a buffer of the tape's store stays alive with node `id`: it is dropped at rewind and reset. */
bool tg_tape_hold(tg_tape *tape, uint32_t id);

/* Leaves' operations: names only. */
extern const tg_op tg_leaf_variable, tg_leaf_constant, tg_leaf_param, tg_leaf_gradient;
extern const tg_op tg_detach_op;
/* What a leaf of tg_leaf_gradient is the gradient of. */
static inline uint32_t tg_gradient_source(const tg_node *n)
{
    return n->inputs.few[0];
}
static inline void tg_set_gradient_source(tg_node *n, uint32_t y)
{
    n->op = &tg_leaf_gradient;
    n->inputs.few[0] = y;
}
static inline bool tg_is_leaf(const tg_node *n)
{
    return !n->op->shape && n->n_inputs == 0;
}

/* A leaf over memory that somebody keeps. */
static inline tg_tensor tg_tape_leaf(tg_tape *t, const tg_op *op, const tg_extent *extent, void *value,
                                     unsigned flags)
{
    tg_node *n = tg_tape_push(t, op);
    if (!n)
        return tg_bad(t);
    n->extent = extent;
    n->value = value;
    n->flags = (uint16_t)flags;
    return (tg_tensor){ .tape = t, .id = t->count, .epoch = t->epoch };
}

/* Applying ---------------------------------------------------------------------------------------------------------- */

enum { TG_SCRATCH = 8 };

struct tg_call {
    tg_tape *tape;
    const tg_node *node;
    void *out;
    bool accumulate;
    void *scratch[TG_SCRATCH]; /* buffers of the store */
    int n_scratch;
};

/* Of input i, which the operation has: the node of one that is there, its shape, and the values or NULL. */
static inline const tg_node *tg_call_node(const tg_call *c, int i)
{
    return tg_node_at(c->tape, tg_node_inputs(c->node)[i]);
}
static inline const tg_shape *tg_call_dims(const tg_call *c, int i)
{
    return &tg_call_node(c, i)->extent->shape;
}
static inline const void *tg_call_value(const tg_call *c, int i)
{
    const uint32_t id = tg_node_inputs(c->node)[i];
    return id ? tg_node_at(c->tape, id)->value : NULL;
}

/* Runs a forward that may be a user's, which may call nothing of the tape; or under a trap. */
bool tg_node_run_watched(tg_call *call);

/* What is left to do after a forward in rare cases: scratch to let go, a failure. */
bool tg_node_finish_run(tg_call *call, tg_status status);

/* Runs node's forward into `out`, whose element count is the node's. */
static inline bool tg_node_run(tg_tape *t, const tg_node *n, void *out, bool accumulate)
{
    if (n->extent->size == 0)
        return true;
    tg_call c; /* not zeroed: its scratch is longer than a small operation takes */
    c.tape = t;
    c.node = n;
    c.out = out;
    c.accumulate = accumulate;
    c.n_scratch = 0;
    if ((n->flags & TG_NODE_GUARDED) | t->traps)
        return tg_node_run_watched(&c);
    const tg_status status = n->op->forward(&c);
    return (status == TG_OK && !c.n_scratch) || tg_node_finish_run(&c, status);
}

/* Computes what a noted node needs; and the node itself, to a place of its own. */
bool tg_node_compute_notes(tg_tape *tape, uint32_t id);
static inline bool tg_node_compute_inputs(tg_tape *t, uint32_t id)
{
    return !(tg_node_at(t, id)->flags & TG_NODE_ON_NOTES) || tg_node_compute_notes(t, id);
}
bool tg_node_compute(tg_tape *tape, uint32_t id);

#endif
