/* cifar10.c - CIFAR-10's binary batches: records of a label and 3072 pixels, one byte each. */
#include <inttypes.h>

#include "core/memory.h"
#include "core/status.h"
#include "data/dataset.h"

enum { PIXELS = 3072, RECORD = 1 + PIXELS, CLASSES = 10, TRAIN_BATCHES = 5, ROWS = 10000 };

static int64_t records(const tg_infile *file)
{
    return (int64_t)(file->size / RECORD);
}

/* A batch of the published set (whole) has exactly ROWS records; a file of the caller's has one or more. */
static tg_status check_size(const tg_infile *file, bool whole, tg_error *err)
{
    if (whole && file->size != (uint64_t)ROWS * RECORD)
        return tg_error_raise(err, TG_ERR_FORMAT,
                              "%s: file of %" PRIu64 " bytes, expected %d (%d records of a label and %d pixels)",
                              tg_path_end(file->path), file->size, ROWS * RECORD, ROWS, PIXELS);
    if (file->size == 0 || file->size % RECORD != 0)
        return tg_error_raise(err, TG_ERR_FORMAT,
                              "%s: file of %" PRIu64 " bytes, expected a multiple of %d (a label and %d pixels)",
                              tg_path_end(file->path), file->size, RECORD, PIXELS);
    return TG_OK;
}

/* Opens and checks every file before memory is allocated; adds up their records. */
static tg_status open_all(tg_infile *files, const char *const *paths, int n, bool whole, int64_t *total,
                          tg_error *err)
{
    for (int i = 0; i < n; i++) {
        tg_status status = tg_infile_open(&files[i], paths[i], err);
        if (status == TG_OK)
            status = check_size(&files[i], whole, err);
        if (status != TG_OK)
            return status;
        *total += records(&files[i]);
    }
    return TG_OK;
}

static tg_status read_record(tg_dataset *set, int64_t row, tg_infile *file, int64_t number, tg_error *err)
{
    unsigned char label;
    tg_status status = tg_infile_read(file, &label, 1, "label", err);
    if (status == TG_OK)
        status = tg_dataset_check_label(set, label, number, file->path, err);
    if (status != TG_OK)
        return status;
    set->labels[row] = label;
    return tg_dataset_read_pixels(set, row * PIXELS, PIXELS, file, err);
}

static tg_status read_all(tg_dataset *set, tg_infile *files, int n, tg_error *err)
{
    int64_t row = 0;
    for (int i = 0; i < n; i++)
        for (int64_t j = 0; j < records(&files[i]); j++) {
            const tg_status status = read_record(set, row++, &files[i], j, err);
            if (status != TG_OK)
                return status;
        }
    return TG_OK;
}

static tg_status open_and_read(tg_dataset *set, tg_infile *files, const char *const *paths, int n, bool whole,
                               tg_error *err)
{
    int64_t total = 0;
    tg_status status = open_all(files, paths, n, whole, &total, err);
    if (status == TG_OK)
        status = tg_dataset_fill(set, total, PIXELS, CLASSES, "dataset_read_cifar10", err);
    if (status != TG_OK)
        return status;
    status = read_all(set, files, n, err);
    if (status != TG_OK)
        tg_dataset_finish(set);
    return status;
}

static tg_status read_batches(tg_dataset *set, const char *const *paths, int n, bool whole, tg_error *err)
{
    tg_status status = tg_dataset_check_empty(set, "dataset_read_cifar10", err);
    if (status != TG_OK)
        return status;
    if (!paths || n < 1)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "dataset_read_cifar10_files: %d paths%s, expected at least 1", n,
                              paths ? "" : " at NULL");
    for (int i = 0; i < n; i++)
        if (!paths[i])
            return tg_error_raise(err, TG_ERR_ARGUMENT, "dataset_read_cifar10_files: paths[%d] is NULL", i);
    const tg_allocator a = tg_allocator_or_default(set->allocator);
    const size_t bytes = (size_t)n * sizeof(tg_infile);
    tg_infile *files = tg_allocate_zeroed(&a, bytes);
    if (!files)
        return tg_error_raise(err, TG_ERR_MEMORY, "dataset_read_cifar10: no memory for %d files", n);
    status = open_and_read(set, files, paths, n, whole, err);
    for (int i = 0; i < n; i++)
        tg_infile_close(&files[i]);
    tg_release(&a, files, bytes);
    return status;
}

tg_status tg_dataset_read_cifar10_files(tg_dataset *set, const char *const *paths, int n, tg_error *err)
{
    return read_batches(set, paths, n, false, err);
}

tg_status tg_dataset_read_cifar10(tg_dataset *set, const char *dir, tg_part part, tg_error *err)
{
    static const char *const names[][TRAIN_BATCHES] = {
        [TG_TRAIN] = { "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
                       "data_batch_5.bin" },
        [TG_TEST] = { "test_batch.bin" },
    };
    tg_status status = tg_dataset_check_part(dir, part, "dataset_read_cifar10", err);
    tg_path joined[TRAIN_BATCHES];
    const char *paths[TRAIN_BATCHES];
    int n = 0;
    for (; status == TG_OK && n < TRAIN_BATCHES && names[part][n]; n++) {
        status = tg_path_join(&joined[n], dir, names[part][n], err);
        paths[n] = joined[n].text;
    }
    return status == TG_OK ? read_batches(set, paths, n, true, err) : status;
}
