/* wrap.c - rows of data on a tape. */
#include "core/error.h"
#include "data/dataset.h"

static tg_tensor fail(tg_tape *tape, tg_status status, const char *text)
{
    tg_tape_raise(tape, status, "%s", text);
    return (tg_tensor){ .tape = tape };
}

static tg_tensor wrap(tg_tape *tape, tg_shape shape, tg_dtype dtype, const void *x, const char *who)
{
    if (tape && dtype != tg_tape_dtype(tape)) {
        tg_tape_raise(
            tape, TG_ERR_DTYPE,
            "%s: rows of %s on a tape of %s; fill a set of the tape's dtype, or copy with tg_dataset_slice, "
            "which converts",
            who, dtype == TG_F64 ? "float64" : "float32", dtype == TG_F64 ? "float32" : "float64");
        return (tg_tensor){ .tape = tape };
    }
    return dtype == TG_F64 ? tg_wrap_f64(tape, shape, x) : tg_wrap_f32(tape, shape, x);
}

tg_tensor tg_wrap_batch(tg_tape *tape, const tg_batch *batch)
{
    if (!batch || !batch->x)
        return fail(tape, TG_ERR_ARGUMENT,
                    batch ? "wrap_batch: the batch has no rows; tg_batches_next fills it"
                          : "wrap_batch: the batch is NULL");
    return wrap(tape, batch->shape, batch->dtype, batch->x, "wrap_batch");
}

tg_tensor tg_wrap_dataset(tg_tape *tape, const tg_dataset *set)
{
    tg_error err;
    const tg_status status = tg_dataset_check_full(set, "wrap_dataset", &err);
    if (status != TG_OK)
        return fail(tape, status, err.text);
    return wrap(tape, TG_SHAPE(set->n, set->features), set->dtype, set->x, "wrap_dataset");
}
