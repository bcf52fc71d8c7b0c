/* files.c - what the readers of files share: pixels, labels, paths. */
#include <inttypes.h>
#include <stdio.h>

#include "core/status.h"
#include "data/dataset.h"
#include "kernels/lesser.h"

tg_status tg_dataset_read_pixels(tg_dataset *set, int64_t start, int64_t count, tg_infile *file, tg_error *err)
{
    unsigned char bytes[4096];
    for (int64_t done = 0; done < count;) {
        const int64_t n = tg_lesser(count - done, sizeof bytes);
        const tg_status status = tg_infile_read(file, bytes, (size_t)n, "pixels", err);
        if (status != TG_OK)
            return status;
        for (int64_t i = 0; i < n; i++)
            tg_dataset_put(set, start + done + i, bytes[i] / 255.);
        done += n;
    }
    return TG_OK;
}

tg_status tg_dataset_check_label(const tg_dataset *set, int label, int64_t row, const char *path, tg_error *err)
{
    if (label < set->classes)
        return TG_OK;
    return tg_error_raise(err, TG_ERR_RANGE, "%s: label of row %" PRId64 " is %d, expected 0 .. %d",
                          tg_path_end(path), row, label, set->classes - 1);
}

tg_status tg_path_join(tg_path *path, const char *dir, const char *name, tg_error *err)
{
    const int n = snprintf(path->text, sizeof path->text, "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= sizeof path->text)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the path of %s has %d bytes, expected less than %zu",
                              tg_path_end(dir), name, n, sizeof path->text);
    return TG_OK;
}

tg_status tg_dataset_check_part(const char *dir, tg_part part, const char *who, tg_error *err)
{
    if (!dir)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: dir is NULL", who);
    if (part != TG_TRAIN && part != TG_TEST)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: part is %d, expected TG_TRAIN or TG_TEST", who, (int)part);
    return TG_OK;
}
