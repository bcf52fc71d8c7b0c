/* batches.c - the rows of a set in a new order each epoch, some at a time. */
#include <inttypes.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "data/augment.h"
#include "data/dataset.h"
#include "kernels/kernels.h"
#include "kernels/lesser.h"
#include "tapegrad/rng.h"

struct tg_batches {
    const tg_dataset *set;
    tg_allocator allocator;
    int64_t size, count; /* rows of a batch, batches of an epoch */
    uint64_t seed;
    int64_t epoch, next; /* of the next batch */
    bool ordered;        /* whether `order` is that of the epoch */
    bool augmented;
    tg_augment augment; /* if augmented */
    int64_t *order;     /* NULL without shuffling */
    void *x;            /* NULL where batches point into the set; labels likewise */
    int32_t *labels;
};

static size_t row_bytes(const tg_dataset *set)
{
    return (size_t)set->features * tg_dtype_size(set->dtype);
}

static size_t order_bytes(const tg_batches *b)
{
    return (size_t)b->set->n * sizeof *b->order;
}

static size_t x_bytes(const tg_batches *b)
{
    return (size_t)b->size * row_bytes(b->set);
}

static size_t label_bytes(const tg_batches *b)
{
    return (size_t)b->size * sizeof *b->labels;
}

static tg_status check(const tg_dataset *set, const tg_batches_config *c, tg_error *err)
{
    const tg_status status = tg_dataset_check_full(set, "batches_create", err);
    if (status != TG_OK)
        return status;
    if (c->size < 0)
        return tg_error_raise(err, TG_ERR_ARGUMENT,
                              "batches_create: size is %" PRId64 ", expected at least 1, or 0 for 64", c->size);
    if (c->drop_last && c->size > set->n)
        return tg_error_raise(err, TG_ERR_ARGUMENT,
                              "batches_create: size is %" PRId64 ", but with drop_last a set of %" PRId64
                              " rows has no such batch",
                              c->size, set->n);
    return c->augment ? tg_augment_check(c->augment, set, "batches_create", err) : TG_OK;
}

/* Allocates the buffers that the settings need. */
static bool allocate(tg_batches *b, bool in_order)
{
    const tg_allocator *a = &b->allocator;
    if (!in_order && (!(b->order = tg_allocate(a, order_bytes(b))) || !(b->labels = tg_allocate(a, label_bytes(b)))))
        return false;
    return (in_order && !b->augmented) || (b->x = tg_allocate(a, x_bytes(b)));
}

tg_batches *tg_batches_create(const tg_dataset *set, const tg_batches_config *config, tg_error *err)
{
    tg_batches_config c = config ? *config : (tg_batches_config){ 0 };
    if (c.size == 0)
        c.size = 64;
    if (check(set, &c, err) != TG_OK)
        return NULL;
    const tg_allocator a = tg_allocator_or_default(c.allocator);
    tg_batches *b = tg_allocate(&a, sizeof *b);
    if (!b) {
        tg_error_raise(err, TG_ERR_MEMORY, "batches_create: no memory");
        return NULL;
    }
    const int64_t size = tg_lesser(c.size, set->n);
    *b = (tg_batches){ .set = set, .allocator = a, .size = size, .seed = c.seed };
    b->count = c.drop_last ? set->n / size : (set->n - 1) / size + 1;
    b->augmented = c.augment;
    if (c.augment)
        b->augment = *c.augment;
    if (allocate(b, c.in_order)) {
        tg_error_clear(err);
        return b;
    }
    tg_error_raise(err, TG_ERR_MEMORY, "batches_create: no memory for batches of %" PRId64 " rows of %" PRId64, size,
                   set->n);
    tg_batches_destroy(b);
    return NULL;
}

void tg_batches_destroy(tg_batches *b)
{
    if (!b)
        return;
    const tg_allocator a = b->allocator;
    tg_release(&a, b->order, order_bytes(b));
    tg_release(&a, b->x, x_bytes(b));
    tg_release(&a, b->labels, label_bytes(b));
    tg_release(&a, b, sizeof *b);
}

/* Each epoch has a stream of its own, so that its order does not depend on other epochs. */
static tg_rng epoch_rng(const tg_batches *b)
{
    const tg_rng seed = tg_rng_seed(b->seed);
    return tg_rng_stream(&seed, (uint64_t)b->epoch);
}

static void shuffle(tg_batches *b)
{
    tg_rng rng = epoch_rng(b);
    tg_rng_permutation(&rng, b->order, b->set->n);
    b->ordered = true;
}

/* Rows start .. start + n - 1 of the epoch; a task gathers `some` of them. */
typedef struct gathering {
    const tg_batches *b;
    int64_t start, n, some;
    tg_rng epoch;
} gathering;

static void gather_some(void *context, int64_t task)
{
    const gathering *g = context;
    const tg_batches *b = g->b;
    const size_t bytes = row_bytes(b->set);
    const int64_t first = task * g->some, stop = tg_lesser(first + g->some, g->n);
    for (int64_t i = first; i < stop; i++) {
        const int64_t row = b->order ? b->order[g->start + i] : g->start + i;
        void *x = (char *)b->x + (size_t)i * bytes;
        if (b->augmented)
            tg_augment_row(&b->augment, b->set, row, &g->epoch, x);
        else
            memcpy(x, tg_dataset_row(b->set, row), bytes);
        if (b->labels)
            b->labels[i] = b->set->labels[row];
    }
}

static void gather(const tg_batches *b, int64_t start, int64_t n)
{
    enum { TASK_BYTES = 1 << 17 };
    gathering g = { .b = b, .start = start, .n = n, .epoch = epoch_rng(b) };
    g.some = TASK_BYTES / (int64_t)row_bytes(b->set) + 1;
    tg_parallel_brief((n - 1) / g.some + 1, gather_some, &g);
}

bool tg_batches_next(tg_batches *b, tg_batch *batch)
{
    if (!b || !batch)
        return false;
    if (b->next == b->count) {
        tg_batches_start(b, b->epoch + 1);
        return false;
    }
    const tg_dataset *set = b->set;
    const int64_t start = b->size * b->next++, n = tg_lesser(set->n - start, b->size);
    if (b->order && !b->ordered)
        shuffle(b);
    if (b->x)
        gather(b, start, n);
    *batch = (tg_batch){ .n = n,
                         .shape = TG_SHAPE(n, set->features),
                         .dtype = set->dtype,
                         .x = b->x ? b->x : tg_dataset_row(set, start),
                         .labels = b->labels ? b->labels : set->labels + start };
    return true;
}

void tg_batches_start(tg_batches *b, int64_t epoch)
{
    if (!b)
        return;
    b->epoch = epoch > 0 ? epoch : 0;
    b->next = 0;
    b->ordered = false;
}

int64_t tg_batches_epoch(const tg_batches *b)
{
    return b ? b->epoch : 0;
}

int64_t tg_batches_count(const tg_batches *b)
{
    return b ? b->count : 0;
}
