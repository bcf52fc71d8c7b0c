/* idx.c - IDX files of unsigned bytes: a magic number 00 00 08 rank, the sizes (32 bits, big-endian), the bytes. */
#include <inttypes.h>

#include "core/status.h"
#include "data/dataset.h"

typedef struct idx {
    tg_infile file;
    int64_t count, width; /* the first size, and the product of the others */
} idx;

static tg_status read_word(tg_infile *file, uint32_t *word, const char *what, tg_error *err)
{
    unsigned char b[4];
    const tg_status status = tg_infile_read(file, b, sizeof b, what, err);
    if (status == TG_OK)
        *word = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    return status;
}

static tg_status read_sizes(tg_infile *file, int least, int most, tg_shape *shape, tg_error *err)
{
    uint32_t magic, size;
    tg_status status = read_word(file, &magic, "magic number", err);
    if (status != TG_OK)
        return status;
    const uint32_t low = 0x800u + (uint32_t)least, high = 0x800u + (uint32_t)most;
    if (magic >> 16 == 0x1f8b)
        return tg_error_raise(err, TG_ERR_FORMAT,
                              "%s: magic number 0x%08" PRIx32
                              " of a gzip file, expected an IDX file: unpack it first",
                              tg_path_end(file->path), magic);
    if ((magic < low || magic > high) && least == most)
        return tg_error_raise(err, TG_ERR_FORMAT,
                              "%s: magic number 0x%08" PRIx32 ", expected 0x%08" PRIx32
                              " (unsigned bytes of rank %d)",
                              tg_path_end(file->path), magic, low, least);
    if (magic < low || magic > high)
        return tg_error_raise(err, TG_ERR_FORMAT,
                              "%s: magic number 0x%08" PRIx32 ", expected 0x%08" PRIx32 " to 0x%08" PRIx32
                              " (unsigned bytes of rank %d to %d)",
                              tg_path_end(file->path), magic, low, high, least, most);
    shape->rank = (int)(magic & 0xff);
    for (int i = 0; i < shape->rank; i++) {
        status = read_word(file, &size, "sizes", err);
        if (status != TG_OK)
            return status;
        shape->dims[i] = size;
    }
    return TG_OK;
}

/* The sizes are valid only if the file is exactly as long as they say. */
static tg_status check_sizes(const tg_infile *file, const tg_shape *shape, tg_error *err)
{
    char text[96];
    const int64_t size = tg_shape_size(shape);
    tg_shape_text(shape, text, sizeof text);
    if (size < 0)
        return tg_error_raise(err, TG_ERR_FORMAT, "%s: sizes %s overflow, expected a product of %" PRIu64,
                              tg_path_end(file->path), text, file->size);
    if (size == 0)
        return tg_error_raise(err, TG_ERR_FORMAT, "%s: sizes %s make no element, expected at least 1 of each",
                              tg_path_end(file->path), text);
    const uint64_t expected = 4 + 4 * (uint64_t)shape->rank + (uint64_t)size;
    if (file->size != expected)
        return tg_error_raise(err, TG_ERR_FORMAT, "%s: file of %" PRIu64 " bytes, expected %" PRIu64 " for sizes %s",
                              tg_path_end(file->path), file->size, expected, text);
    return TG_OK;
}

static tg_status idx_open(idx *f, const char *path, int least, int most, tg_error *err)
{
    tg_shape shape = { 0 };
    tg_status status = tg_infile_open(&f->file, path, err);
    if (status == TG_OK)
        status = read_sizes(&f->file, least, most, &shape, err);
    if (status == TG_OK)
        status = check_sizes(&f->file, &shape, err);
    if (status != TG_OK)
        return status;
    f->count = shape.dims[0];
    f->width = tg_shape_size(&shape) / f->count;
    return TG_OK;
}

static tg_status read_labels(tg_dataset *set, tg_infile *file, tg_error *err)
{
    for (int64_t i = 0; i < set->n; i++) {
        unsigned char label;
        tg_status status = tg_infile_read(file, &label, 1, "labels", err);
        if (status == TG_OK)
            status = tg_dataset_check_label(set, label, i, file->path, err);
        if (status != TG_OK)
            return status;
        set->labels[i] = label;
    }
    return TG_OK;
}

static tg_status read_pair(tg_dataset *set, idx *images, idx *labels, int classes, tg_error *err)
{
    if (images->count != labels->count)
        return tg_error_raise(err, TG_ERR_FORMAT, "%s: count of labels is %" PRId64 ", but %s has %" PRId64 " images",
                              tg_path_end(labels->file.path), labels->count, tg_path_end(images->file.path),
                              images->count);
    tg_status status = tg_dataset_fill(set, images->count, images->width, classes, "dataset_read_idx", err);
    if (status != TG_OK)
        return status;
    status = tg_dataset_read_pixels(set, 0, set->n * set->features, &images->file, err);
    if (status == TG_OK)
        status = read_labels(set, &labels->file, err);
    if (status != TG_OK)
        tg_dataset_finish(set);
    return status;
}

tg_status tg_dataset_read_idx(tg_dataset *set, const char *images_path, const char *labels_path, int classes,
                              tg_error *err)
{
    tg_status status = tg_dataset_check_empty(set, "dataset_read_idx", err);
    if (status != TG_OK)
        return status;
    if (!images_path || !labels_path)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "dataset_read_idx: the path of the %s is NULL",
                              images_path ? "labels" : "images");
    if (classes < 1)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "dataset_read_idx: %d classes, expected at least 1", classes);
    idx images = { 0 }, labels = { 0 };
    status = idx_open(&images, images_path, 2, 4, err);
    if (status == TG_OK)
        status = idx_open(&labels, labels_path, 1, 1, err);
    if (status == TG_OK)
        status = read_pair(set, &images, &labels, classes, err);
    tg_infile_close(&images.file);
    tg_infile_close(&labels.file);
    return status;
}

tg_status tg_dataset_read_mnist(tg_dataset *set, const char *dir, tg_part part, tg_error *err)
{
    static const char *const names[][2] = {
        [TG_TRAIN] = { "train-images-idx3-ubyte", "train-labels-idx1-ubyte" },
        [TG_TEST] = { "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte" },
    };
    tg_path images, labels;
    tg_status status = tg_dataset_check_part(dir, part, "dataset_read_mnist", err);
    if (status == TG_OK)
        status = tg_path_join(&images, dir, names[part][0], err);
    if (status == TG_OK)
        status = tg_path_join(&labels, dir, names[part][1], err);
    return status == TG_OK ? tg_dataset_read_idx(set, images.text, labels.text, 10, err) : status;
}
