/* arrays.c - data sets from NumPy's files. */
#include <inttypes.h>

#include "core/status.h"
#include "data/dataset.h"
#include "io/array_file.h"
#include "tapegrad/npy.h"

/* Whether `labels` are integers, one for each row of `features`, which has rows. */
static tg_status check_pair(const tg_array_file *features, const tg_array_file *labels, tg_error *err)
{
    const tg_shape *x = &features->npy.shape, *y = &labels->npy.shape;
    char of_x[TG_STREAM_TEXT], of_y[TG_STREAM_TEXT], shape[192];
    tg_stream_text(&features->stream, of_x, sizeof of_x);
    tg_stream_text(&labels->stream, of_y, sizeof of_y);
    if (x->rank < 1 || tg_shape_size(x) == 0)
        return tg_error_raise(err, TG_ERR_SHAPE,
                              "%s: features of shape %s, expected [n, ...] with at least one element", of_x,
                              tg_shape_text(x, shape, sizeof shape));
    if (!(y->rank == 1 || (y->rank == 2 && y->dims[1] == 1)) || y->dims[0] != x->dims[0])
        return tg_error_raise(err, TG_ERR_SHAPE,
                              "%s: labels of shape %s, expected [%" PRId64 "], one for each row of %s", of_y,
                              tg_shape_text(y, shape, sizeof shape), x->dims[0], of_x);
    if (labels->npy.kind == 'f')
        return tg_error_raise(err, TG_ERR_DTYPE, "%s: labels are floats, expected integers", of_y);
    return TG_OK;
}

static tg_status read_pair(tg_dataset *set, tg_array_file *features, tg_array_file *labels, int classes,
                           const char *who, tg_error *err)
{
    tg_status status = check_pair(features, labels, err);
    if (status == TG_OK) {
        const int64_t n = features->npy.shape.dims[0];
        status = tg_dataset_fill(set, n, tg_shape_size(&features->npy.shape) / n, classes, who, err);
    }
    if (status != TG_OK)
        return status;
    status = tg_npy_read_values(&features->npy, &features->stream, set->x, set->dtype, err);
    if (status == TG_OK)
        status = tg_npy_read_labels(&labels->npy, &labels->stream, set->labels, classes, err);
    return status;
}

/* Two arrays: of a .npz file at `path` by name or, without one, of two .npy files. */
static tg_status read_set(tg_dataset *set, const char *path, const char *features, const char *labels, int classes,
                          const char *who, tg_error *err)
{
    tg_status status = tg_dataset_check_empty(set, who, err);
    if (status != TG_OK)
        return status;
    if (!features || !labels)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the %s are NULL", who, features ? "labels" : "features");
    if (classes < 1)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: %d classes, expected at least 1", who, classes);
    tg_array_file x = { 0 }, y = { 0 };
    status = path ? tg_array_open_in(&x, path, features, err) : tg_array_open(&x, features, err);
    if (status == TG_OK)
        status = path ? tg_array_open_in(&y, path, labels, err) : tg_array_open(&y, labels, err);
    if (status == TG_OK)
        status = read_pair(set, &x, &y, classes, who, err);
    status = tg_array_close(&x, status, err);
    status = tg_array_close(&y, status, err);
    if (status == TG_OK)
        return tg_error_clear(err);
    tg_dataset_finish(set);
    return status;
}

tg_status tg_dataset_read_npy(tg_dataset *set, const char *features, const char *labels, int classes, tg_error *err)
{
    return read_set(set, NULL, features, labels, classes, "dataset_read_npy", err);
}

tg_status tg_dataset_read_npz(tg_dataset *set, const char *path, const char *features, const char *labels,
                              int classes, tg_error *err)
{
    if (!path)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "dataset_read_npz: the path is NULL");
    return read_set(set, path, features, labels, classes, "dataset_read_npz", err);
}
