/* header.c - the header of a safetensors file, read and checked. */
#include "io/header.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/status.h"
#include "io/json.h"
#include "io/little.h"

/* The fewest bytes that describe a tensor, and a pair: they bound how many there can be. */
enum {
    LEAST_TENSOR = sizeof "'':{'dtype':'I8','shape':[],'data_offsets':[0,0]}" - 1,
    LEAST_PAIR = sizeof "'':''," - 1
};

static size_t tensors_bytes(const tg_header *h)
{
    return (h->size / LEAST_TENSOR + 1) * sizeof *h->tensors;
}

static size_t pairs_bytes(const tg_header *h)
{
    return (h->size / LEAST_PAIR + 1) * sizeof *h->pairs;
}

static const tg_file_dtype dtypes[] = {
    { "F32", 4, TG_DECODE_F32 },   { "F64", 8, TG_DECODE_F64 },      { "F16", 2, TG_DECODE_F16 },
    { "BF16", 2, TG_DECODE_BF16 }, { "BOOL", 1, TG_DECODE_NONE },    { "U8", 1, TG_DECODE_NONE },
    { "I8", 1, TG_DECODE_NONE },   { "F8_E5M2", 1, TG_DECODE_NONE }, { "F8_E4M3", 1, TG_DECODE_NONE },
    { "I16", 2, TG_DECODE_NONE },  { "U16", 2, TG_DECODE_NONE },     { "I32", 4, TG_DECODE_NONE },
    { "U32", 4, TG_DECODE_NONE },  { "I64", 8, TG_DECODE_NONE },     { "U64", 8, TG_DECODE_NONE },
};

const char *tg_header_dtype(tg_dtype dtype)
{
    return dtypes[dtype == TG_F64].name;
}

/* Parsing ---------------------------------------------------------------------------------------------------------- */

static void parse_dtype(tg_json *j, tg_header_tensor *t)
{
    const char *text = tg_json_string(j);
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
        if (strcmp(text, dtypes[i].name) == 0)
            t->dtype = &dtypes[i];
    if (!t->dtype)
        tg_json_fail(j, "tensor '%.64s' has dtype '%.16s', expected 'F32', 'F64', or another one of the format",
                     t->name, text);
}

static void parse_shape(tg_json *j, tg_header_tensor *t)
{
    tg_json_expect(j, '[');
    for (int64_t i = 0; tg_json_more(j, ']', i); i++)
        if (i < TG_MAX_RANK)
            t->shape.dims[t->shape.rank++] = tg_json_integer(j);
        else
            tg_json_fail(j, "tensor '%.64s' has more than %d axes", t->name, TG_MAX_RANK);
}

static void parse_offsets(tg_json *j, tg_header_tensor *t)
{
    tg_json_expect(j, '[');
    t->begin = tg_json_integer(j);
    tg_json_expect(j, ',');
    t->end = tg_json_integer(j);
    tg_json_expect(j, ']');
}

static void parse_tensor(tg_json *j, tg_header_tensor *t)
{
    static const struct {
        const char *key;
        void (*parse)(tg_json *j, tg_header_tensor *t);
    } fields[] = { { "dtype", parse_dtype }, { "shape", parse_shape }, { "data_offsets", parse_offsets } };
    enum { N = sizeof fields / sizeof fields[0] };
    unsigned seen = 0;
    tg_json_expect(j, '{');
    for (int64_t i = 0; tg_json_more(j, '}', i); i++) {
        const char *key = tg_json_string(j);
        tg_json_expect(j, ':');
        int k = 0;
        while (k < N && strcmp(key, fields[k].key) != 0)
            k++;
        if (k == N)
            tg_json_skip(j); /* a later version of the format may define it */
        else if (seen & 1u << k)
            tg_json_fail(j, "tensor '%.64s' has the field '%s' twice", t->name, key);
        else
            fields[k].parse(j, t);
        seen |= 1u << k;
    }
    for (int k = 0; k < N; k++)
        if (!(seen & 1u << k))
            tg_json_fail(j, "tensor '%.64s' has no field '%s'", t->name, fields[k].key);
}

static void parse_metadata(tg_json *j, tg_header *h)
{
    if (tg_json_word(j, "null"))
        return;
    tg_json_expect(j, '{');
    for (int64_t i = 0; tg_json_more(j, '}', i); i++) {
        tg_header_pair *p = &h->pairs[h->n_pairs++];
        p->key = tg_json_string(j);
        tg_json_expect(j, ':');
        p->value = tg_json_string(j);
    }
}

static tg_status parse(tg_header *h, const char *path, tg_error *err)
{
    tg_json j = { .at = h->text, .end = h->text + h->size, .start = h->text, .path = path, .err = err };
    bool metadata = false;
    if (!tg_is_utf8(h->text, h->size))
        tg_json_fail(&j, "the header is not UTF-8");
    if (h->text[0] != '{')
        tg_json_fail(&j, "byte 0x%02x, expected '{'", (unsigned char)h->text[0]);
    tg_json_expect(&j, '{');
    for (int64_t i = 0; tg_json_more(&j, '}', i); i++) {
        const char *name = tg_json_string(&j);
        tg_json_expect(&j, ':');
        if (strcmp(name, TG_METADATA) != 0) {
            tg_header_tensor *t = &h->tensors[h->n_tensors++];
            *t = (tg_header_tensor){ .name = name };
            parse_tensor(&j, t);
        } else if (metadata) {
            tg_json_fail(&j, TG_METADATA " occurs twice");
        } else {
            metadata = true;
            parse_metadata(&j, h);
        }
    }
    tg_json_finish(&j);
    return j.status;
}

/* Checking --------------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const tg_header_tensor *)a)->name, ((const tg_header_tensor *)b)->name);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const tg_header_pair *)a)->key, ((const tg_header_pair *)b)->key);
}

/* An empty tensor comes before another one that begins at the same byte. */
static int by_offset(const void *a, const void *b)
{
    const tg_header_tensor *s = a, *t = b;
    return s->begin != t->begin ? (s->begin > t->begin) - (s->begin < t->begin)
                                : (s->end > t->end) - (s->end < t->end);
}

static tg_status check_names(tg_header *h, const char *path, tg_error *err)
{
    qsort(h->tensors, (size_t)h->n_tensors, sizeof *h->tensors, by_name);
    for (int64_t i = 1; i < h->n_tensors; i++)
        if (by_name(&h->tensors[i - 1], &h->tensors[i]) == 0)
            return tg_error_raise(err, TG_ERR_FORMAT, "%s: header: two tensors are named '%.64s'", tg_path_end(path),
                                  h->tensors[i].name);
    qsort(h->pairs, (size_t)h->n_pairs, sizeof *h->pairs, by_key);
    for (int64_t i = 1; i < h->n_pairs; i++)
        if (by_key(&h->pairs[i - 1], &h->pairs[i]) == 0)
            return tg_error_raise(err, TG_ERR_FORMAT, "%s: header: the metadata have the key '%.64s' twice",
                                  tg_path_end(path), h->pairs[i].key);
    return TG_OK;
}

static tg_status check_extent(const tg_header_tensor *t, const char *path, tg_error *err)
{
    char shape[200];
    const int64_t size = tg_shape_size(&t->shape), width = t->dtype->width;
    tg_shape_text(&t->shape, shape, sizeof shape);
    if (size < 0)
        return tg_error_raise(err, TG_ERR_FORMAT,
                              "%s: header: tensor '%.64s' of shape %s is more than memory can hold",
                              tg_path_end(path), t->name, shape);
    if (t->end < t->begin || t->end - t->begin != size * width)
        return tg_error_raise(err, TG_ERR_FORMAT,
                              "%s: header: tensor '%.64s' has data_offsets %" PRId64 " .. %" PRId64
                              ", expected %" PRId64 " bytes for %s of shape %s",
                              tg_path_end(path), t->name, t->begin, t->end, size * width, t->dtype->name, shape);
    return TG_OK;
}

static tg_status check_places(tg_header *h, uint64_t data_size, const char *path, tg_error *err)
{
    int64_t end = 0;
    qsort(h->tensors, (size_t)h->n_tensors, sizeof *h->tensors, by_offset);
    for (int64_t i = 0; i < h->n_tensors; i++) {
        const tg_header_tensor *t = &h->tensors[i];
        const tg_status status = check_extent(t, path, err);
        if (status != TG_OK)
            return status;
        if (t->begin != end)
            return tg_error_raise(err, TG_ERR_FORMAT,
                                  "%s: header: tensor '%.64s' begins at byte %" PRId64
                                  " of the data, expected %" PRId64 ", where the one before ends",
                                  tg_path_end(path), t->name, t->begin, end);
        end = t->end;
    }
    if ((uint64_t)end != data_size)
        return tg_error_raise(err, TG_ERR_FORMAT, "%s: %" PRIu64 " bytes of data, expected %" PRId64 " by the header",
                              tg_path_end(path), data_size, end);
    return TG_OK;
}

/* Reading ---------------------------------------------------------------------------------------------------------- */

static tg_status read_size(tg_header *h, tg_infile *file, tg_error *err)
{
    unsigned char bytes[8];
    const tg_status status = tg_infile_read(file, bytes, sizeof bytes, "header's length", err);
    if (status != TG_OK)
        return status;
    const uint64_t size = tg_get_little(bytes, sizeof bytes), left = file->size - sizeof bytes;
    if (size < 2 || size > left || size > TG_HEADER_MOST)
        return tg_error_raise(err, TG_ERR_FORMAT,
                              "%s: header of %" PRIu64 " bytes in the %" PRIu64
                              " that follow its length, expected 2 .. %d",
                              tg_path_end(file->path), size, left, TG_HEADER_MOST);
    h->size = (size_t)size;
    return TG_OK;
}

static tg_status read_text(tg_header *h, tg_infile *file, tg_error *err)
{
    h->text = tg_allocate(&h->allocator, h->size + 1);
    h->tensors = tg_allocate(&h->allocator, tensors_bytes(h));
    h->pairs = tg_allocate(&h->allocator, pairs_bytes(h));
    if (!h->text || !h->tensors || !h->pairs)
        return tg_error_raise(err, TG_ERR_MEMORY, "%s: no memory for a header of %zu bytes", tg_path_end(file->path),
                              h->size);
    h->text[h->size] = '\0';
    return tg_infile_read(file, h->text, h->size, "header", err);
}

tg_status tg_header_read(tg_header *h, tg_infile *file, const tg_allocator *allocator, tg_error *err)
{
    *h = (tg_header){ .allocator = tg_allocator_or_default(allocator) };
    tg_status status = read_size(h, file, err);
    if (status == TG_OK)
        status = read_text(h, file, err);
    if (status == TG_OK)
        status = parse(h, file->path, err);
    if (status == TG_OK)
        status = check_names(h, file->path, err);
    if (status == TG_OK)
        status = check_places(h, file->size - 8 - h->size, file->path, err);
    if (status != TG_OK)
        tg_header_finish(h);
    return status;
}

void tg_header_finish(tg_header *h)
{
    tg_release(&h->allocator, h->text, h->size + 1);
    tg_release(&h->allocator, h->tensors, tensors_bytes(h));
    tg_release(&h->allocator, h->pairs, pairs_bytes(h));
    *h = (tg_header){ .allocator = h->allocator };
}

const char *tg_header_value(const tg_header *h, const char *key)
{
    for (int64_t i = 0; i < h->n_pairs; i++)
        if (strcmp(h->pairs[i].key, key) == 0)
            return h->pairs[i].value;
    return NULL;
}
