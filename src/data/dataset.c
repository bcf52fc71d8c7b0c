/* dataset.c - data sets: create and destroy, copies of some rows. */
#include "data/dataset.h"

#include <inttypes.h>

#include "core/convert.h"
#include "core/memory.h"
#include "core/status.h"
#include "tapegrad/rng.h"

tg_status tg_dataset_check_empty(const tg_dataset *set, const char *who, tg_error *err)
{
    if (!set)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the set to fill is NULL", who);
    if (set->dtype != TG_F32 && set->dtype != TG_F64)
        return tg_error_raise(err, TG_ERR_DTYPE, "%s: the set's dtype is %d, expected TG_F32 or TG_F64", who,
                              (int)set->dtype);
    if (set->x || set->labels)
        return tg_error_raise(err, TG_ERR_STATE, "%s: the set already has %" PRId64 " rows, expected an empty one",
                              who, set->n);
    return TG_OK;
}

tg_status tg_dataset_check_full(const tg_dataset *set, const char *who, tg_error *err)
{
    if (!set)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the set is NULL", who);
    if (set->n < 1 || set->features < 1 || !set->x || !set->labels)
        return tg_error_raise(err, TG_ERR_STATE, "%s: the set is empty, expected at least one row", who);
    return TG_OK;
}

static size_t x_bytes(const tg_dataset *set)
{
    return (size_t)(set->n * set->features) * tg_dtype_size(set->dtype);
}

static size_t label_bytes(const tg_dataset *set)
{
    return (size_t)set->n * sizeof(int32_t);
}

tg_status tg_dataset_fill(tg_dataset *set, int64_t n, int64_t features, int classes, const char *who, tg_error *err)
{
    const tg_status status = tg_dataset_check_empty(set, who, err);
    if (status != TG_OK)
        return status;
    if (n < 1 || features < 1 || classes < 1)
        return tg_error_raise(err, TG_ERR_ARGUMENT,
                              "%s: %" PRId64 " rows of %" PRId64
                              " features in %d classes, expected at least 1 of each",
                              who, n, features, classes);
    if (tg_shape_size(&TG_SHAPE(n, features)) < 0)
        return tg_error_raise(err, TG_ERR_SHAPE,
                              "%s: %" PRId64 " rows of %" PRId64 " features are more than memory can address", who, n,
                              features);
    const tg_allocator a = tg_allocator_or_default(set->allocator);
    set->n = n;
    set->features = features;
    set->classes = classes;
    set->x = tg_allocate_zeroed(&a, x_bytes(set));
    set->labels = tg_allocate_zeroed(&a, label_bytes(set));
    if (set->x && set->labels)
        return tg_error_clear(err);
    tg_dataset_finish(set);
    return tg_error_raise(err, TG_ERR_MEMORY, "%s: no memory for %" PRId64 " rows of %" PRId64 " features", who, n,
                          features);
}

tg_status tg_dataset_init(tg_dataset *set, int64_t n, int64_t features, int classes, tg_error *err)
{
    return tg_dataset_fill(set, n, features, classes, "dataset_init", err);
}

void tg_dataset_finish(tg_dataset *set)
{
    if (!set)
        return;
    const tg_allocator a = tg_allocator_or_default(set->allocator);
    tg_release(&a, set->x, x_bytes(set));
    tg_release(&a, set->labels, label_bytes(set));
    *set = (tg_dataset){ .dtype = set->dtype, .allocator = set->allocator };
}

/* Copies the rows numbered in `rows`, or, where it is NULL, n rows from `start` on. */
static tg_status copy_rows(const tg_dataset *set, const int64_t *rows, int64_t start, int64_t n, tg_dataset *out,
                           const char *who, tg_error *err)
{
    const tg_status status = tg_dataset_fill(out, n, set->features, set->classes, who, err);
    if (status != TG_OK)
        return status;
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = rows ? rows[i] : start + i;
        out->labels[i] = set->labels[row];
        tg_convert(tg_dataset_row(out, i), out->dtype, tg_dataset_row(set, row), set->dtype, set->features);
    }
    return TG_OK;
}

tg_status tg_dataset_take(const tg_dataset *set, const int64_t *rows, int64_t n, tg_dataset *out, tg_error *err)
{
    const tg_status status = tg_dataset_check_full(set, "dataset_take", err);
    if (status != TG_OK)
        return status;
    if (!rows)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "dataset_take: rows is NULL");
    for (int64_t i = 0; i < n; i++)
        if (rows[i] < 0 || rows[i] >= set->n)
            return tg_error_raise(err, TG_ERR_RANGE,
                                  "dataset_take: rows[%" PRId64 "] is %" PRId64 ", expected 0 .. %" PRId64, i,
                                  rows[i], set->n - 1);
    return copy_rows(set, rows, 0, n, out, "dataset_take", err);
}

tg_status tg_dataset_slice(const tg_dataset *set, int64_t start, int64_t stop, tg_dataset *out, tg_error *err)
{
    const tg_status status = tg_dataset_check_full(set, "dataset_slice", err);
    if (status != TG_OK)
        return status;
    if (start < 0 || start >= stop || stop > set->n)
        return tg_error_raise(err, TG_ERR_RANGE,
                              "dataset_slice: start %" PRId64 ", stop %" PRId64
                              ", expected 0 <= start < stop <= %" PRId64,
                              start, stop, set->n);
    return copy_rows(set, NULL, start, stop - start, out, "dataset_slice", err);
}

static tg_status split_by(const tg_dataset *set, const int64_t *order, int64_t count, tg_dataset *first,
                          tg_dataset *second, tg_error *err)
{
    tg_status status = copy_rows(set, order, 0, count, first, "dataset_split", err);
    if (status != TG_OK)
        return status;
    status = copy_rows(set, order + count, 0, set->n - count, second, "dataset_split", err);
    if (status != TG_OK)
        tg_dataset_finish(first);
    return status;
}

tg_status tg_dataset_split(const tg_dataset *set, int64_t count, uint64_t seed, tg_dataset *first, tg_dataset *second,
                           tg_error *err)
{
    tg_status status = tg_dataset_check_full(set, "dataset_split", err);
    if (status == TG_OK)
        status = tg_dataset_check_empty(first, "dataset_split", err);
    if (status == TG_OK)
        status = tg_dataset_check_empty(second, "dataset_split", err);
    if (status != TG_OK)
        return status;
    if (first == second)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "dataset_split: first and second are the same set, expected two");
    if (count <= 0 || count >= set->n)
        return tg_error_raise(err, TG_ERR_RANGE, "dataset_split: count is %" PRId64 ", expected 1 .. %" PRId64, count,
                              set->n - 1);
    const tg_allocator a = tg_allocator_or_default(first->allocator);
    const size_t bytes = (size_t)set->n * sizeof(int64_t);
    int64_t *order = tg_allocate(&a, bytes);
    if (!order)
        return tg_error_raise(err, TG_ERR_MEMORY, "dataset_split: no memory for the order of %" PRId64 " rows",
                              set->n);
    tg_rng rng = tg_rng_seed(seed);
    tg_rng_permutation(&rng, order, set->n);
    status = split_by(set, order, count, first, second, err);
    tg_release(&a, order, bytes);
    return status;
}
