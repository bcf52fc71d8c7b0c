/* write.c - tensors and metadata, written to a safetensors file. */
#include "io/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/platform.h"
#include "core/status.h"
#include "io/header.h"
#include "io/json.h"
#include "io/little.h"
#include "kernels/lesser.h"

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

static void put_escaped(sink *s, const char *text)
{
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
}

static void put_string(sink *s, const char *text)
{
    put_text(s, "\"");
    put_escaped(s, text);
    put_text(s, "\"");
}

/* The header ------------------------------------------------------------------------------------------------------- */

static void put_metadata(sink *s, const tg_contents *c)
{
    put_text(s, "\"" TG_METADATA "\":{");
    const char *comma = "";
    for (int list = 0; list < 2; list++)
        for (const char *const *pair = c->metadata[list]; pair && *pair; pair += 2) {
            put_text(s, comma);
            put_string(s, pair[0]);
            put_text(s, ":");
            put_string(s, pair[1]);
            comma = ",";
        }
    put_text(s, "}");
}

/* Returns the end of the tensor's bytes. */
static int64_t put_tensor(sink *s, const tg_content *t, int64_t begin)
{
    const int64_t end = begin + tg_shape_size(&t->shape) * (int64_t)tg_dtype_size(t->dtype);
    put_text(s, "\"");
    put_escaped(s, t->prefix);
    put_escaped(s, t->name);
    put_text(s, "\":{\"dtype\":\"");
    put_text(s, tg_header_dtype(t->dtype));
    put_text(s, "\",\"shape\":[");
    for (int k = 0; k < t->shape.rank; k++) {
        if (k > 0)
            put_text(s, ",");
        put_number(s, t->shape.dims[k]);
    }
    put_text(s, "],\"data_offsets\":[");
    put_number(s, begin);
    put_text(s, ",");
    put_number(s, end);
    put_text(s, "]}");
    return end;
}

/* Blanks extend it to a multiple of 8 bytes, so that the data are aligned. */
static void put_header(sink *s, const tg_contents *c)
{
    int64_t end = 0;
    const bool metadata = c->metadata[0] || c->metadata[1];
    put_text(s, "{");
    if (metadata)
        put_metadata(s, c);
    for (int64_t i = 0; i < c->n; i++) {
        tg_content t = { .prefix = "" };
        c->get(c->source, i, &t);
        if (i > 0 || metadata)
            put_text(s, ",");
        end = put_tensor(s, &t, end);
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

static tg_status write_file(tg_outfile *file, const tg_contents *c, tg_error *err)
{
    sink length = { 0 }, s = { .file = file, .err = err };
    put_header(&length, c);
    if (length.size > TG_HEADER_MOST)
        return tg_error_raise(err, TG_ERR_ARGUMENT,
                              "%s: names and metadata make a header of %" PRIu64 " bytes, expected at most %d",
                              c->what, length.size, TG_HEADER_MOST);
    unsigned char bytes[8];
    tg_put_little(bytes, length.size, sizeof bytes);
    put(&s, bytes, sizeof bytes);
    put_header(&s, c);
    for (int64_t i = 0; i < c->n; i++) {
        tg_content t = { .prefix = "" };
        c->get(c->source, i, &t);
        put_values(&s, t.values, tg_shape_size(&t.shape), tg_dtype_size(t.dtype));
    }
    return s.status;
}

/* Metadata --------------------------------------------------------------------------------------------------------- */

/* *n gets the number of pairs. */
static tg_status check_metadata(const char *const *metadata, size_t *n, const char *what, tg_error *err)
{
    *n = 0;
    for (const char *const *pair = metadata; pair && *pair; pair += 2) {
        if (!pair[1])
            return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the metadata key '%.64s' has no value", what, pair[0]);
        if (!tg_is_utf8(pair[0], strlen(pair[0])) || !tg_is_utf8(pair[1], strlen(pair[1])))
            return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the metadata of key number %d are not UTF-8", what,
                                  (int)(pair - metadata) / 2);
        if (strncmp(pair[0], TG_OWN_KEYS, sizeof TG_OWN_KEYS - 1) == 0)
            return tg_error_raise(err, TG_ERR_ARGUMENT,
                                  "%s: the metadata key '%.64s' begins with '" TG_OWN_KEYS
                                  "', which the library reserves",
                                  what, pair[0]);
        (*n)++;
    }
    return TG_OK;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts the n keys, so that equal ones are adjacent. */
static tg_status check_keys(const char *const *metadata, size_t n, const tg_allocator *allocator, const char *what,
                            tg_error *err)
{
    const size_t bytes = n * sizeof(char *);
    const char **keys = n > 1 ? tg_allocate(allocator, bytes) : NULL;
    if (n > 1 && !keys)
        return tg_error_raise(err, TG_ERR_MEMORY, "%s: no memory for the order of %zu metadata keys", what, n);
    tg_status status = TG_OK;
    for (size_t i = 0; keys && i < n; i++)
        keys[i] = metadata[2 * i];
    if (keys)
        qsort(keys, n, sizeof *keys, compare_keys);
    for (size_t i = 1; keys && i < n && status == TG_OK; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0)
            status = tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the metadata key '%.64s' occurs twice", what, keys[i]);
    tg_release(allocator, keys, bytes);
    return status;
}

/* Of the caller's metadata. */
static tg_status check(const tg_contents *c, const tg_allocator *allocator, tg_error *err)
{
    size_t n = 0;
    const tg_status status = check_metadata(c->metadata[0], &n, c->what, err);
    return status == TG_OK ? check_keys(c->metadata[0], n, allocator, c->what, err) : status;
}

tg_status tg_contents_write(const tg_contents *c, const char *path, const tg_allocator *allocator, tg_error *err)
{
    tg_outfile file;
    tg_status status = check(c, allocator, err);
    if (status == TG_OK)
        status = tg_outfile_open(&file, path, err);
    if (status != TG_OK)
        return status;
    status = write_file(&file, c, err);
    if (status != TG_OK) {
        tg_outfile_discard(&file);
        return status;
    }
    status = tg_outfile_commit(&file, err);
    return status == TG_OK ? tg_error_clear(err) : status;
}
