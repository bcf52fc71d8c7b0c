/* tape.h - the tape: its nodes, its memory, its state. */
#ifndef TG_TAPE_H
#define TG_TAPE_H

#include "core/arena.h"
#include "core/node.h"
#include "tapegrad/tape.h"

struct tg_kernels;
struct tg_bound_set;
struct tg_labels;
struct tg_slot;

/* What tg_apply does with the operation. */
enum tg_mode {
    TG_RECORDING, /* evaluates and records it */
    TG_PAUSED,    /* evaluates it; no gradient will flow through the result */
    /* While a vjp runs, its operations are deferred: only those that a needed gradient depends on are evaluated. */
    TG_DEFERRING,          /* first order: the nodes are reused after the vjp, values are buffers of the pool */
    TG_DEFERRING_RECORDING /* with TG_CREATE_GRAPH: the nodes stay on the tape, values are on the arena */
};

/* Why no tensors can be made or read; bits. */
enum tg_closed {
    TG_CLOSED_BY_ERROR = 1, /* status is not TG_OK */
    TG_CLOSED_IN_CALL = 2   /* the shape rule or forward of in_call is running */
};

/* The nodes first .. last, which the vjp of node `of` left on the tape when gradients were recorded. */
typedef struct tg_vjp_range {
    uint32_t first, last, of;
} tg_vjp_range;

enum { TG_TEXT_BYTES = 640 }; /* of a message, or of a part of one */

/* Nodes and slots are stored in chunks of TG_NODES_PER_CHUNK, which never move. They are allocated in blocks of as many
   chunks as there are already, but at most TG_MOST_BLOCK_CHUNKS. */
enum { TG_NODE_CHUNK_BITS = 10, TG_NODES_PER_CHUNK = 1 << TG_NODE_CHUNK_BITS, TG_MOST_BLOCK_CHUNKS = 1024 };

/* The number of chunks in the block that begins with chunk `first`. */
static inline uint32_t tg_block_chunks(uint32_t first)
{
    return first == 0 ? 1 : first < TG_MOST_BLOCK_CHUNKS ? first : TG_MOST_BLOCK_CHUNKS;
}

/* The nodes of a vjp in TG_DEFERRING have epochs from this one on. After a user's vjp the epoch is raised, so that a
   handle which it kept is stale in the next. */
#define TG_DEFERRED_EPOCH UINT32_C(0x80000000)

/* Added to the epoch of a node that is still counted, but that no handle is valid for any more. */
#define TG_DROPPED_EPOCH UINT32_C(0x40000000)

struct tg_tape {
    unsigned closed;    /* enum tg_closed; 0: open */
    tg_dtype dtype;     /* of every tensor on the tape */
    enum tg_mode mode;  /* what tg_apply does */
    bool in_evaluation; /* tg_tape_set_training(tape, false) */
    bool is_failed;     /* a constant that tg_tape_create returned in place of a tape: it only has an error */
    bool deferred_own_resources;       /* a deferred node may own a buffer or a name, or be a parameter's leaf */
    unsigned traps;                    /* TG_TRAP_... */
    uint32_t count;                    /* of nodes; their ids are 1 .. count */
    uint32_t epoch;                    /* of nodes made now; raised by reset and rewind */
    uint32_t deferred_from;            /* while deferring: the id of the first node of the vjp */
    size_t element;                    /* bytes of an element */
    const struct tg_kernels *kernels;  /* the loops for this dtype and CPU */
    tg_node **nodes;                   /* chunks of nodes */
    uint32_t n_chunks, chunk_capacity; /* of nodes */
    tg_arena arena;                    /* what stays until reset or rewind: values, extents, attributes, leaves */
    const tg_node *in_vjp;             /* the node whose vjp is running, or NULL */
    tg_status status;                  /* the first error since the last reset */
    const tg_op *in_call;              /* whose shape rule or forward is running, while TG_CLOSED_IN_CALL */
    int in_visit;                      /* calls of tg_tape_each that are running */
    tg_heap heap;                      /* where all memory of the tape is allocated */
    tg_pool pool;               /* buffers of the reverse pass, names, and gradients that tg_grad_of returned */
    struct tg_bound_set *bound; /* parameter sets with leaves on this tape, newest first */
    struct tg_tape *inner;      /* where checkpoints run their functions; made when first needed */
    struct tg_labels **labels;  /* names, by chunk of nodes; NULL where a chunk has none */
    uint32_t n_label_chunks, label_capacity;
    uint32_t last_label;      /* no node above it has a name */
    tg_vjp_range *vjp_ranges; /* ascending */
    uint32_t n_vjp_ranges, vjp_range_capacity;
    uint32_t *owners; /* ids of the nodes, not deferred, with TG_NODE_BUFFER; ascending */
    uint32_t n_owners, owner_capacity;
    struct tg_slot **slots; /* chunks of slots of the reverse pass, by node */
    uint32_t n_slot_chunks, slot_chunk_capacity;
    struct tg_slot *kept; /* gradients that the last backward kept for tg_grad_of, ids descending */
    uint32_t n_kept, kept_capacity;
    uint32_t resets, backwards;      /* how many so far: a mark compares them */
    uint32_t differentiated;         /* id of the tensor that the last backward started from */
    uint32_t deferred_epoch;         /* epoch with which the next first-order pass starts */
    bool has_gradients;              /* the last backward succeeded and was not rewound */
    bool some_retained_late;         /* a node may have TG_NODE_RETAINED_LATE */
    char message[2 * TG_TEXT_BYTES]; /* of the error; "" without one */
};

static inline tg_node *tg_node_at(const tg_tape *t, uint32_t id)
{
    return &t->nodes[id >> TG_NODE_CHUNK_BITS][id & (TG_NODES_PER_CHUNK - 1)];
}

/* Element i of `values`, which are of the tape's dtype. */
static inline double tg_element(const tg_tape *t, const void *values, int64_t i)
{
    return t->dtype == TG_F32 ? (double)((const float *)values)[i] : ((const double *)values)[i];
}

/* The invalid tensor of a failed call: it has a tape and no node. */
static inline tg_tensor tg_invalid(tg_tape *t)
{
    return (tg_tensor){ .tape = t };
}

/* The tensor of node `id`. */
static inline tg_tensor tg_handle(tg_tape *t, uint32_t id)
{
    return (tg_tensor){ .tape = t, .id = id, .epoch = tg_node_at(t, id)->epoch };
}

/* The node of a tensor of t; NULL if it has none: the null tensor, another tape's, a stale handle. */
static inline tg_node *tg_node_find(const tg_tape *t, tg_tensor x)
{
    if (x.tape != t || x.id - 1 >= t->count)
        return NULL;
    tg_node *n = tg_node_at(t, x.id);
    return n->epoch == x.epoch ? n : NULL;
}

/* Drops the gradients that a backward kept for tg_grad_of, of the nodes above `count`. */
void tg_tape_drop_kept(tg_tape *tape, uint32_t count);

/* Records that the nodes from `first` on are from the vjp of node `of`. False, with the error raised, out of memory. */
bool tg_tape_record_vjp_range(tg_tape *tape, uint32_t first, uint32_t of);

#endif
