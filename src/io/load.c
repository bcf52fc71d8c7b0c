/* load.c - a parameter set's values, read from a file; metadata, too. */
#include <inttypes.h>
#include <string.h>

#include "core/convert.h"
#include "core/status.h"
#include "io/header.h"
#include "io/json.h"
#include "io/little.h"
#include "kernels/lesser.h"
#include "nn/params.h"
#include "tapegrad/io.h"

/* Whether the file's names are the set's, and the shapes the same. */
static tg_status check_match(const tg_header *h, const tg_params *p, const char *path, tg_error *err)
{
    char in_file[200], in_set[200];
    for (int64_t i = 0; i < h->n_tensors; i++) {
        const tg_header_tensor *t = &h->tensors[i];
        const int at = tg_params_find(p, t->name);
        if (at < 0)
            return tg_error_raise(err, TG_ERR_FORMAT, "%s: tensor '%.64s' is not one of the set's %d parameters",
                                  tg_path_end(path), t->name, p->n);
        if (!tg_shape_equal(&t->shape, &p->at[at].extent.shape))
            return tg_error_raise(err, TG_ERR_SHAPE, "%s: tensor '%.64s' has shape %s, expected %s",
                                  tg_path_end(path), t->name, tg_shape_text(&t->shape, in_file, sizeof in_file),
                                  tg_shape_text(&p->at[at].extent.shape, in_set, sizeof in_set));
    }
    if (h->n_tensors != p->n)
        return tg_error_raise(err, TG_ERR_FORMAT, "%s: %" PRId64 " tensors, expected all %d parameters of the set",
                              tg_path_end(path), h->n_tensors, p->n);
    return TG_OK;
}

/* The next tensor of the file to `out`, in the set's dtype. */
static tg_status read_values(tg_infile *file, const tg_header_tensor *t, void *out, tg_dtype dtype, tg_error *err)
{
    enum { MANY = 512 };
    unsigned char bytes[MANY * sizeof(double)];
    union {
        float f32[MANY];
        double f64[MANY];
    } values;
    const size_t from = tg_dtype_size(t->dtype), to = tg_dtype_size(dtype);
    const int64_t size = tg_shape_size(&t->shape);
    for (int64_t done = 0; done < size;) {
        const int64_t n = tg_lesser(size - done, MANY);
        const tg_status status = tg_infile_read(file, bytes, (size_t)n * from, "values", err);
        if (status != TG_OK)
            return status;
        for (size_t i = 0; i < (size_t)n; i++)
            tg_set_bits((char *)&values + i * from, tg_get_little(bytes + i * from, from), from);
        tg_convert((char *)out + (size_t)done * to, dtype, &values, t->dtype, n);
        done += n;
    }
    return TG_OK;
}

/* Reads all values into a new buffer laid out as the set's, padding zero; copies it over the set's only when all were
   read. */
static tg_status read_all(tg_infile *file, const tg_header *h, tg_params *p, tg_error *err)
{
    const size_t bytes = (size_t)p->length * tg_dtype_size(p->dtype);
    void *values = tg_allocate_zeroed(&p->allocator, bytes);
    if (!values)
        return tg_error_raise(err, TG_ERR_MEMORY, "%s: no memory for %zu bytes of values", tg_path_end(file->path),
                              bytes);
    tg_status status = TG_OK;
    for (int64_t i = 0; i < h->n_tensors && status == TG_OK; i++) {
        const tg_parameter *q = &p->at[tg_params_find(p, h->tensors[i].name)];
        status = read_values(file, &h->tensors[i], tg_params_element(p, values, q->offset), p->dtype, err);
    }
    if (status == TG_OK) {
        memcpy(p->values, values, bytes);
        tg_params_touch(p);
    }
    tg_release(&p->allocator, values, bytes);
    return status;
}

tg_status tg_params_load(tg_params *p, const char *path, tg_error *err)
{
    if (!p || !path)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "params_load: %s is NULL", p ? "path" : "params");
    tg_infile file;
    tg_header header;
    tg_status status = tg_infile_open(&file, path, err);
    if (status != TG_OK)
        return status;
    status = tg_header_read(&header, &file, &p->allocator, err);
    if (status == TG_OK)
        status = check_match(&header, p, path, err);
    if (status == TG_OK)
        status = read_all(&file, &header, p, err);
    tg_header_finish(&header);
    tg_infile_close(&file);
    return status == TG_OK ? tg_error_clear(err) : status;
}

static tg_status find_value(const tg_header *h, const char *path, const char *key, char *value, size_t size,
                            tg_error *err)
{
    for (int64_t i = 0; i < h->n_pairs; i++) {
        if (strcmp(h->pairs[i].key, key) != 0)
            continue;
        if (strstr(h->pairs[i].value, TG_JSON_ZERO))
            return tg_error_raise(err, TG_ERR_RANGE,
                                  "%s: the metadata for '%.64s' contain a zero character, which a string of C cannot",
                                  tg_path_end(path), key);
        const size_t needed = strlen(h->pairs[i].value) + 1;
        if (needed > size)
            return tg_error_raise(err, TG_ERR_RANGE,
                                  "%s: the metadata for '%.64s' need %zu bytes, expected at most %zu",
                                  tg_path_end(path), key, needed, size);
        memcpy(value, h->pairs[i].value, needed);
        return tg_error_clear(err);
    }
    return tg_error_raise(err, TG_ERR_RANGE, "%s: no metadata for '%.64s' among %" PRId64 " keys", tg_path_end(path),
                          key, h->n_pairs);
}

tg_status tg_params_read_metadata(const char *path, const char *key, char *value, size_t size, tg_error *err)
{
    if (!path || !key || !value || size == 0)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "params_read_metadata: %s",
                              !path  ? "path is NULL"
                              : !key ? "key is NULL"
                                     : "value has no space");
    value[0] = '\0';
    tg_infile file;
    tg_header header;
    tg_status status = tg_infile_open(&file, path, err);
    if (status != TG_OK)
        return status;
    status = tg_header_read(&header, &file, NULL, err);
    if (status == TG_OK)
        status = find_value(&header, path, key, value, size, err);
    tg_header_finish(&header);
    tg_infile_close(&file);
    return status;
}
