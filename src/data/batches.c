/* batches.c - the rows of a set in a new order each epoch, some at a time. */
#include <inttypes.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"
#include "data/dataset.h"
#include "tapegrad/rng.h"

struct tg_batches {
    const tg_dataset *set;
    tg_allocator allocator;
    int64_t size, count; /* rows of a batch, batches of an epoch */
    uint64_t seed;
    int64_t epoch, next; /* the batch that comes next */
    bool ordered;        /* `order` is the epoch's */
    int64_t *order;      /* this and the buffers below: NULL without shuffling */
    void *x;
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
    return TG_OK;
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
    const int64_t size = c.size < set->n ? c.size : set->n;
    *b = (tg_batches){ .set = set, .allocator = a, .size = size, .seed = c.seed };
    b->count = c.drop_last ? set->n / size : (set->n - 1) / size + 1;
    if (!c.in_order) {
        b->order = tg_allocate(&a, order_bytes(b));
        b->x = tg_allocate(&a, x_bytes(b));
        b->labels = tg_allocate(&a, label_bytes(b));
    }
    if (c.in_order || (b->order && b->x && b->labels)) {
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

/* Each epoch has a stream of its own, so that its order depends on no other epoch's. */
static void shuffle(tg_batches *b)
{
    const tg_rng seed = tg_rng_seed(b->seed);
    tg_rng rng = tg_rng_stream(&seed, (uint64_t)b->epoch);
    tg_rng_permutation(&rng, b->order, b->set->n);
    b->ordered = true;
}

static void gather(tg_batches *b, int64_t start, int64_t n)
{
    const size_t bytes = row_bytes(b->set);
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = b->order[start + i];
        memcpy((char *)b->x + (size_t)i * bytes, tg_dataset_row(b->set, row), bytes);
        b->labels[i] = b->set->labels[row];
    }
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
    const int64_t start = b->size * b->next++, left = set->n - start, n = left < b->size ? left : b->size;
    *batch = (tg_batch){
        .n = n, .shape = TG_SHAPE(n, set->features), .dtype = set->dtype, .x = b->x, .labels = b->labels
    };
    if (b->order) {
        if (!b->ordered)
            shuffle(b);
        gather(b, start, n);
    } else {
        batch->x = tg_dataset_row(set, start);
        batch->labels = set->labels + start;
    }
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
