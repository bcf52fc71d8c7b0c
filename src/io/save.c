/* save.c - a parameter set's values, written to a file. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "io/header.h"
#include "io/json.h"
#include "io/little.h"
#include "kernels/lesser.h"
#include "nn/params.h"
#include "tapegrad/io.h"

/* Counts the text and writes it to the file, if there is one. The first error sticks. */
typedef struct sink {
    tg_outfile *file;
    uint64_t size;
    tg_status status;
    tg_error *err;
} sink;

static void put(sink *s, const void *data, size_t size)
{
    s->size += size;
    if (s->file && s->status == TG_OK)
        s->status = tg_outfile_write(s->file, data, size, s->err);
}

static void put_text(sink *s, const char *text)
{
    put(s, text, strlen(text));
}

static void put_number(sink *s, int64_t n)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, n);
    put_text(s, text);
}

static void put_string(sink *s, const char *text)
{
    put_text(s, "\"");
    for (; *text; text++) {
        char escape[8];
        if (*text == '"' || *text == '\\')
            put_text(s, "\\");
        if ((unsigned char)*text < ' ') {
            snprintf(escape, sizeof escape, "\\u%04x", (unsigned)*text);
            put_text(s, escape);
        } else {
            put(s, text, 1);
        }
    }
    put_text(s, "\"");
}

/* The header ------------------------------------------------------------------------------------------------------- */

static void put_metadata(sink *s, const char *const *metadata)
{
    put_text(s, "\"" TG_METADATA "\":{");
    for (const char *const *pair = metadata; *pair; pair += 2) {
        if (pair > metadata)
            put_text(s, ",");
        put_string(s, pair[0]);
        put_text(s, ":");
        put_string(s, pair[1]);
    }
    put_text(s, "}");
}

/* Returns the end of the parameter's bytes. */
static int64_t put_parameter(sink *s, const tg_params *p, int i, int64_t begin)
{
    const tg_parameter *q = &p->at[i];
    const int64_t end = begin + q->extent.size * (int64_t)tg_dtype_size(p->dtype);
    put_string(s, q->name);
    put_text(s, ":{\"dtype\":\"");
    put_text(s, tg_header_dtype(p->dtype));
    put_text(s, "\",\"shape\":[");
    for (int k = 0; k < q->extent.shape.rank; k++) {
        if (k > 0)
            put_text(s, ",");
        put_number(s, q->extent.shape.dims[k]);
    }
    put_text(s, "],\"data_offsets\":[");
    put_number(s, begin);
    put_text(s, ",");
    put_number(s, end);
    put_text(s, "]}");
    return end;
}

/* Blanks extend it to a multiple of 8 bytes, so that the data are aligned. */
static void put_header(sink *s, const tg_params *p, const char *const *metadata)
{
    int64_t end = 0;
    put_text(s, "{");
    if (metadata)
        put_metadata(s, metadata);
    for (int i = 0; i < p->n; i++) {
        if (i > 0 || metadata)
            put_text(s, ",");
        end = put_parameter(s, p, i, end);
    }
    put_text(s, "}");
    while (s->size % 8 != 0)
        put_text(s, " ");
}

/* The data --------------------------------------------------------------------------------------------------------- */

static void put_values(sink *s, const char *values, int64_t n, size_t width)
{
    enum { MANY = 512 };
    unsigned char bytes[MANY * sizeof(double)];
    for (int64_t done = 0; done < n && s->status == TG_OK; done += MANY) {
        const size_t count = (size_t)tg_lesser(n - done, MANY);
        for (size_t i = 0; i < count; i++)
            tg_put_little(bytes + i * width, tg_bits_of(values + ((size_t)done + i) * width, width), width);
        put(s, bytes, count * width);
    }
}

static tg_status write_file(tg_outfile *file, const tg_params *p, const char *const *metadata, tg_error *err)
{
    sink length = { 0 }, s = { .file = file, .err = err };
    put_header(&length, p, metadata);
    if (length.size > TG_HEADER_MOST)
        return tg_error_raise(err, TG_ERR_ARGUMENT,
                              "params_save: names and metadata make a header of %" PRIu64
                              " bytes, expected at most %d",
                              length.size, TG_HEADER_MOST);
    unsigned char bytes[8];
    tg_put_little(bytes, length.size, sizeof bytes);
    put(&s, bytes, sizeof bytes);
    put_header(&s, p, metadata);
    for (int i = 0; i < p->n; i++)
        put_values(&s, tg_params_element(p, p->values, p->at[i].offset), p->at[i].extent.size,
                   tg_dtype_size(p->dtype));
    return s.status;
}

/* Arguments -------------------------------------------------------------------------------------------------------- */

static tg_status check_names(const tg_params *p, tg_error *err)
{
    for (int i = 0; i < p->n; i++) {
        const char *name = p->at[i].name;
        if (strcmp(name, TG_METADATA) == 0)
            return tg_error_raise(err, TG_ERR_ARGUMENT,
                                  "params_save: parameter %d is named " TG_METADATA ", which the format reserves", i);
        if (!tg_is_utf8(name, strlen(name)))
            return tg_error_raise(err, TG_ERR_ARGUMENT, "params_save: the name of parameter %d is not UTF-8", i);
    }
    return TG_OK;
}

/* *n gets the number of pairs. */
static tg_status check_metadata(const char *const *metadata, size_t *n, tg_error *err)
{
    *n = 0;
    for (const char *const *pair = metadata; pair && *pair; pair += 2) {
        if (!pair[1])
            return tg_error_raise(err, TG_ERR_ARGUMENT, "params_save: the metadata key '%.64s' has no value",
                                  pair[0]);
        if (!tg_is_utf8(pair[0], strlen(pair[0])) || !tg_is_utf8(pair[1], strlen(pair[1])))
            return tg_error_raise(err, TG_ERR_ARGUMENT, "params_save: the metadata of key number %d are not UTF-8",
                                  (int)(pair - metadata) / 2);
        (*n)++;
    }
    return TG_OK;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts the n keys, so that equal ones are adjacent. */
static tg_status check_keys(const char *const *metadata, size_t n, const tg_allocator *allocator, tg_error *err)
{
    const size_t bytes = n * sizeof(char *);
    const char **keys = n > 1 ? tg_allocate(allocator, bytes) : NULL;
    if (n > 1 && !keys)
        return tg_error_raise(err, TG_ERR_MEMORY, "params_save: no memory for the order of %zu metadata keys", n);
    tg_status status = TG_OK;
    for (size_t i = 0; keys && i < n; i++)
        keys[i] = metadata[2 * i];
    if (keys)
        qsort(keys, n, sizeof *keys, compare_keys);
    for (size_t i = 1; keys && i < n && status == TG_OK; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0)
            status =
                tg_error_raise(err, TG_ERR_ARGUMENT, "params_save: the metadata key '%.64s' occurs twice", keys[i]);
    tg_release(allocator, keys, bytes);
    return status;
}

tg_status tg_params_save_with(const tg_params *p, const char *path, const char *const *metadata, tg_error *err)
{
    if (!p || !path)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "params_save: %s is NULL", p ? "path" : "params");
    tg_outfile file;
    size_t n_pairs = 0;
    tg_status status = check_names(p, err);
    if (status == TG_OK)
        status = check_metadata(metadata, &n_pairs, err);
    if (status == TG_OK)
        status = check_keys(metadata, n_pairs, &p->allocator, err);
    if (status == TG_OK)
        status = tg_outfile_open(&file, path, err);
    if (status != TG_OK)
        return status;
    status = write_file(&file, p, metadata, err);
    if (status != TG_OK) {
        tg_outfile_discard(&file);
        return status;
    }
    status = tg_outfile_commit(&file, err);
    return status == TG_OK ? tg_error_clear(err) : status;
}

tg_status tg_params_save(const tg_params *p, const char *path, tg_error *err)
{
    return tg_params_save_with(p, path, NULL, err);
}
