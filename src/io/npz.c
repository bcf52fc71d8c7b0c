/* npz.c - arrays from NumPy's files onto a tape, and from a tape into files. */
#include "tapegrad/npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/escape.h"
#include "core/format.h"
#include "core/status.h"
#include "core/error.h"
#include "core/lookup.h"
#include "io/array_file.h"
#include "io/zip.h"

/* Opening ----------------------------------------------------------------------------------------------------------- */

tg_status tg_array_open(tg_array_file *f, const char *path, tg_error *err)
{
    *f = (tg_array_file){ 0 };
    tg_status status = tg_infile_open(&f->file, path, err);
    if (status != TG_OK)
        return status;
    f->stream = (tg_stream){ .file = &f->file, .left = f->file.size };
    return tg_npy_read_header(&f->npy, &f->stream, err);
}

/* Whether the entry is array `name`: its file has the ending .npy, or, in archives of other programs, none. */
static bool is_array(const tg_zip_entry *e, const char *name)
{
    const size_t n = strlen(name);
    return !e->is_long && strncmp(e->name, name, n) == 0 && (!e->name[n] || strcmp(e->name + n, ".npy") == 0);
}

/* The names in an archive, as a list for a message. */
static void list_names(tg_infile *file, char *text, size_t size)
{
    tg_zip zip;
    tg_zip_entry e;
    size_t n = 0;
    *text = '\0';
    if (tg_zip_open(&zip, file, NULL) != TG_OK)
        return;
    while (n + 80 < size && tg_zip_next(&zip, &e, NULL) == TG_OK) {
        const size_t length = strlen(e.name), ending = length > 4 && !strcmp(e.name + length - 4, ".npy") ? 4 : 0;
        n += tg_format(text + n, size - n, "%s'%.*s'", n ? ", " : "",
                       (int)(length - ending < 60 ? length - ending : 60), e.name);
    }
    if (zip.seen < zip.count)
        tg_format(text + n, size - n, ", ...");
}

static tg_status find_entry(tg_zip *zip, const char *name, tg_zip_entry *e, tg_error *err)
{
    char names[400];
    tg_status status;
    while ((status = tg_zip_next(zip, e, err)) == TG_OK)
        if (is_array(e, name))
            return TG_OK;
    if (status != TG_ERR_RANGE)
        return status;
    list_names(zip->file, names, sizeof names);
    return tg_error_raise(err, TG_ERR_RANGE, "%s: no array '%.64s' among the %" PRIu64 " that are there: %s",
                          tg_path_end(zip->file->path), name, zip->count, names);
}

tg_status tg_array_open_in(tg_array_file *f, const char *path, const char *name, tg_error *err)
{
    tg_zip zip;
    tg_zip_entry e;
    *f = (tg_array_file){ 0 };
    tg_status status = tg_infile_open(&f->file, path, err);
    if (status == TG_OK)
        status = tg_zip_open(&zip, &f->file, err);
    if (status == TG_OK)
        status = find_entry(&zip, name, &e, err);
    if (status != TG_OK)
        return status;
    if (e.method != 0)
        return tg_error_raise(
            err, TG_ERR_FORMAT,
            "%s, array '%.64s': compressed (method %u), expected as numpy.savez writes it, uncompressed",
            tg_path_end(path), name, e.method);
    f->stream = (tg_stream){ .file = &f->file, .array = name, .left = e.size };
    f->crc = e.crc;
    status = tg_zip_seek(&zip, &e, err);
    return status == TG_OK ? tg_npy_read_header(&f->npy, &f->stream, err) : status;
}

tg_status tg_array_close(tg_array_file *f, tg_status status, tg_error *err)
{
    char text[TG_STREAM_TEXT];
    if (status == TG_OK && f->stream.array && f->stream.crc != f->crc)
        status = tg_error_raise(err, TG_ERR_FORMAT, "%s: checksum 0x%08" PRIx32 ", expected 0x%08" PRIx32,
                                tg_stream_text(&f->stream, text, sizeof text), f->stream.crc, f->crc);
    tg_infile_close(&f->file);
    return status;
}

/* Onto a tape ------------------------------------------------------------------------------------------------------- */

/* The array of an open file as a constant. Closes the file. */
static tg_tensor take_array(tg_tape *t, tg_array_file *f, tg_status status, tg_error *err, const char *what)
{
    const uint32_t before = t->count;
    tg_tensor x = tg_invalid(t);
    if (status == TG_OK) {
        x = tg_full(t, f->npy.shape, 0);
        status = t->status;
        if (x.id)
            status = tg_npy_read_values(&f->npy, &f->stream, tg_node_at(t, x.id)->value, t->dtype, err);
    }
    status = tg_array_close(f, status, err);
    if (status == TG_OK)
        return x;
    t->count = before;
    if (t->status == TG_OK)
        tg_tape_raise(t, status, "%s: %s", what, err->text);
    return tg_invalid(t);
}

tg_tensor tg_npy_read(tg_tape *t, const char *path)
{
    tg_array_file f;
    tg_error err = { 0 };
    if (!t || !tg_tape_is_open(t, "npy_read"))
        return tg_invalid(t);
    if (path)
        return take_array(t, &f, tg_array_open(&f, path, &err), &err, "npy_read");
    tg_tape_raise(t, TG_ERR_ARGUMENT, "npy_read: the path is NULL");
    return tg_invalid(t);
}

tg_tensor tg_npz_read(tg_tape *t, const char *path, const char *name)
{
    tg_array_file f;
    tg_error err = { 0 };
    if (!t || !tg_tape_is_open(t, "npz_read"))
        return tg_invalid(t);
    if (path && name)
        return take_array(t, &f, tg_array_open_in(&f, path, name, &err), &err, "npz_read");
    tg_tape_raise(t, TG_ERR_ARGUMENT, "npz_read: the %s is NULL", path ? "name" : "path");
    return tg_invalid(t);
}

/* Into a file ------------------------------------------------------------------------------------------------------- */

/* The node of a tensor to be written, or NULL with the error: the tape's own, or that there is no tensor. */
static const tg_node *to_write(tg_tensor x, const char *what, tg_status *status, tg_error *err)
{
    const tg_node *n = x.tape ? tg_node_with_value(x, what) : NULL;
    if (!x.tape)
        *status = tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the tensor is the null tensor", what);
    else if (!n)
        *status = tg_error_raise(err, tg_tape_status(x.tape), "%s", tg_tape_message(x.tape));
    return n;
}

/* Where an array's bytes go: to the file or, without one, only into their number and checksum. */
typedef struct sink {
    tg_outfile *file;
    uint64_t size;
    uint32_t crc;
    tg_status status;
    tg_error *err;
} sink;

static void put(sink *s, const void *data, size_t size)
{
    s->size += size;
    if (!s->file)
        s->crc = tg_crc32(s->crc, data, size);
    else if (s->status == TG_OK)
        s->status = tg_outfile_write(s->file, data, size, s->err);
}

static void put_array(sink *s, const tg_node *n, tg_dtype dtype)
{
    unsigned char header[TG_NPY_HEADER_MOST], bytes[8 * TG_NPY_AT_ONCE];
    put(s, header, tg_npy_make_header(header, dtype, &n->extent->shape));
    for (int64_t i = 0; i < n->extent->size && s->status == TG_OK; i += TG_NPY_AT_ONCE)
        put(s, bytes, tg_npy_encode(bytes, n->value, i, n->extent->size - i, dtype));
}

static tg_status finish(tg_outfile *file, tg_status status, tg_error *err)
{
    if (status == TG_OK)
        return tg_outfile_commit(file, err) == TG_OK ? tg_error_clear(err) : TG_ERR_IO;
    tg_outfile_discard(file);
    return status;
}

tg_status tg_npy_write(const char *path, tg_tensor x, tg_error *err)
{
    tg_status status = TG_OK;
    tg_outfile file;
    const tg_node *n = to_write(x, "npy_write", &status, err);
    if (!n)
        return status;
    if (!path)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "npy_write: the path is NULL");
    status = tg_outfile_open(&file, path, err);
    if (status != TG_OK)
        return status;
    sink s = { .file = &file, .err = err };
    put_array(&s, n, x.tape->dtype);
    return finish(&file, s.status, err);
}

/* Archives: written one entry after the other, and then the directory, for which all is computed again: nothing is
   kept. */

static bool is_utf8(const char *name)
{
    const char *end = name + strlen(name);
    while (name < end) {
        const size_t n = tg_utf8_size(name, end);
        if (!n)
            return false;
        name += n;
    }
    return true;
}

static tg_status check_names(const char *const *names, int n, tg_error *err)
{
    for (int i = 0; i < n; i++) {
        if (!names[i] || !*names[i] || strlen(names[i]) > 200 || !is_utf8(names[i]))
            return tg_error_raise(err, TG_ERR_ARGUMENT, "npz_write: name %d is %s, expected 1 to 200 bytes of UTF-8",
                                  i,
                                  !names[i]    ? "NULL"
                                  : !*names[i] ? "empty"
                                               : names[i]);
        for (int j = 0; j < i; j++)
            if (strcmp(names[i], names[j]) == 0)
                return tg_error_raise(err, TG_ERR_ARGUMENT, "npz_write: name '%.64s' is there twice, as %d and %d",
                                      names[i], j, i);
    }
    return TG_OK;
}

/* The sizes and checksum of entry i. */
typedef struct entry {
    char name[208];
    size_t name_size;
    uint32_t size, crc;
} entry;

static tg_status make_entry(entry *e, tg_tensor x, const char *name, tg_error *err)
{
    sink s = { 0 };
    tg_status status = TG_OK;
    const tg_node *n = to_write(x, "npz_write", &status, err);
    if (!n)
        return status;
    e->name_size = (size_t)snprintf(e->name, sizeof e->name, "%s.npy", name);
    if ((uint64_t)n->extent->size * x.tape->element > UINT32_MAX - TG_NPY_HEADER_MOST)
        return tg_error_raise(err, TG_ERR_SHAPE,
                              "npz_write: array '%.64s' of %" PRId64 " elements is one of 4 GiB or more; "
                              "tg_npy_write takes it",
                              name, n->extent->size);
    put_array(&s, n, x.tape->dtype);
    e->size = (uint32_t)s.size;
    e->crc = s.crc;
    return TG_OK;
}

static void put_entry(sink *s, const entry *e, tg_tensor x)
{
    unsigned char header[TG_ZIP_HEADER];
    tg_zip_put_header(header, e->name_size, e->crc, e->size);
    put(s, header, sizeof header);
    put(s, e->name, e->name_size);
    put_array(s, tg_node_at(x.tape, x.id), x.tape->dtype);
}

static void put_record(sink *s, const entry *e, uint64_t *at)
{
    unsigned char record[TG_ZIP_RECORD];
    tg_zip_put_record(record, e->name_size, e->crc, e->size, (uint32_t)*at);
    put(s, record, sizeof record);
    put(s, e->name, e->name_size);
    *at += TG_ZIP_HEADER + e->name_size + e->size;
}

static tg_status put_archive(sink *s, const tg_tensor *xs, const char *const *names, int n)
{
    entry e;
    for (int i = 0; i < n && s->status == TG_OK; i++) {
        s->status = make_entry(&e, xs[i], names[i], s->err);
        if (s->status == TG_OK)
            put_entry(s, &e, xs[i]);
    }
    const uint64_t directory = s->size;
    if (s->status == TG_OK && directory > UINT32_MAX)
        return tg_error_raise(s->err, TG_ERR_SHAPE,
                              "npz_write: %" PRIu64 " bytes of arrays, expected less than 4 GiB", directory);
    uint64_t at = 0;
    for (int i = 0; i < n && s->status == TG_OK; i++) {
        s->status = make_entry(&e, xs[i], names[i], s->err);
        put_record(s, &e, &at);
    }
    unsigned char end[TG_ZIP_END];
    tg_zip_put_end(end, (unsigned)n, (uint32_t)directory, (uint32_t)(s->size - directory));
    put(s, end, sizeof end);
    return s->status;
}

tg_status tg_npz_write(const char *path, const tg_tensor *xs, const char *const *names, int n, tg_error *err)
{
    if (!path || !xs || !names)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "npz_write: %s is NULL", !path ? "path" : !xs ? "xs" : "names");
    if (n < 1 || n >= UINT16_MAX)
        return tg_error_raise(err, n < 1 ? TG_ERR_ARGUMENT : TG_ERR_SHAPE, "npz_write: %d arrays, expected 1 .. %d",
                              n, UINT16_MAX);
    tg_status status = check_names(names, n, err);
    for (int i = 0; i < n && status == TG_OK; i++)
        to_write(xs[i], "npz_write", &status, err);
    if (status != TG_OK)
        return status;
    tg_outfile file;
    status = tg_outfile_open(&file, path, err);
    if (status != TG_OK)
        return status;
    sink s = { .file = &file, .err = err };
    return finish(&file, put_archive(&s, xs, names, n), err);
}
