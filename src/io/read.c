/* read.c - the values of a safetensors file's tensors, read to where they belong. */
#include "io/read.h"

#include <string.h>

#include "core/convert.h"
#include "core/half.h"
#include "core/status.h"
#include "io/little.h"
#include "kernels/lesser.h"

enum { MANY = 512 };

typedef union numbers {
    float f32[MANY];
    double f64[MANY];
} numbers;

/* n values of the file as numbers of the dtype that is returned, which has them exactly. */
static tg_dtype decode(const unsigned char *bytes, const tg_file_dtype *dtype, int64_t n, numbers *out)
{
    const size_t width = (size_t)dtype->width;
    const bool single = dtype->decoding == TG_DECODE_F32;
    for (size_t i = 0; i < (size_t)n; i++) {
        const uint64_t bits = tg_get_little(bytes + i * width, width);
        if (dtype->decoding == TG_DECODE_F16)
            out->f64[i] = tg_half_value((uint16_t)bits);
        else if (dtype->decoding == TG_DECODE_BF16)
            out->f64[i] = tg_bfloat_value((uint16_t)bits);
        else
            tg_set_bits((char *)out + i * width, bits, width);
    }
    return single ? TG_F32 : TG_F64;
}

/* Values done .. done + n - 1 of the file's matrix, each to its place in the transposed one. */
static void scatter(const tg_header_tensor *t, const tg_place *place, const void *values, int64_t done, int64_t n)
{
    const size_t width = tg_dtype_size(place->dtype);
    const int64_t rows = t->shape.dims[0], columns = t->shape.dims[1];
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = (done + i) / columns, column = (done + i) % columns;
        memcpy((char *)place->to + (size_t)(column * rows + row) * width, (const char *)values + (size_t)i * width,
               width);
    }
}

static tg_status read_tensor(tg_infile *file, const tg_header_tensor *t, const tg_place *place, tg_error *err)
{
    unsigned char bytes[MANY * sizeof(double)];
    numbers values, converted;
    const size_t width = (size_t)t->dtype->width;
    const int64_t size = tg_shape_size(&t->shape);
    for (int64_t done = 0; done < size;) {
        const int64_t n = tg_lesser(size - done, MANY);
        const tg_status status = tg_infile_read(file, bytes, (size_t)n * width, "values", err);
        if (status != TG_OK)
            return status;
        const tg_dtype dtype = decode(bytes, t->dtype, n, &values);
        void *out =
            place->transposed ? (char *)&converted : (char *)place->to + (size_t)done * tg_dtype_size(place->dtype);
        tg_convert(out, place->dtype, &values, dtype, n);
        if (place->transposed)
            scatter(t, place, &converted, done, n);
        done += n;
    }
    return TG_OK;
}

static tg_status seek_tensor(tg_reading *r, int64_t i, tg_error *err)
{
    return tg_infile_seek(&r->file, 8 + r->header.size + (uint64_t)r->header.tensors[i].begin, err);
}

tg_status tg_reading_run(tg_reading *r, tg_error *err)
{
    const tg_header *h = &r->header;
    tg_status status = TG_OK;
    bool skipped = false;
    for (int64_t i = 0; i < h->n_tensors && status == TG_OK; i++) {
        const bool skip = !r->places[i].to;
        if (!skip && skipped)
            status = seek_tensor(r, i, err);
        if (!skip && status == TG_OK)
            status = read_tensor(&r->file, &h->tensors[i], &r->places[i], err);
        skipped = skip;
    }
    return status;
}

static size_t places_bytes(const tg_reading *r)
{
    return (size_t)r->header.n_tensors * sizeof *r->places;
}

tg_status tg_reading_open(tg_reading *r, const char *path, const tg_allocator *allocator, tg_error *err)
{
    *r = (tg_reading){ 0 };
    tg_status status = tg_infile_open(&r->file, path, err);
    if (status != TG_OK)
        return status;
    status = tg_header_read(&r->header, &r->file, allocator, err);
    if (status != TG_OK) {
        tg_infile_close(&r->file);
        return status;
    }
    r->places = tg_allocate_zeroed(&r->header.allocator, places_bytes(r));
    if (r->places)
        return TG_OK;
    tg_reading_close(r);
    return tg_error_raise(err, TG_ERR_MEMORY, "%s: no memory to read its tensors", tg_path_end(path));
}

void tg_reading_close(tg_reading *r)
{
    tg_release(&r->header.allocator, r->places, places_bytes(r));
    tg_header_finish(&r->header);
    tg_infile_close(&r->file);
}

bool tg_reading_is_training(const tg_reading *r)
{
    return tg_header_value(&r->header, TG_TRAINING_KEY);
}

bool tg_reading_is_state(const tg_reading *r, int64_t i)
{
    return strncmp(r->header.tensors[i].name, TG_STATE_PREFIX, sizeof TG_STATE_PREFIX - 1) == 0 &&
           tg_reading_is_training(r);
}

tg_status tg_reading_check(const tg_reading *r, int64_t i, const tg_shape *expected, tg_error *err)
{
    char in_file[200], in_set[200];
    const tg_header_tensor *t = &r->header.tensors[i];
    const char *path = tg_path_end(r->file.path);
    if (t->dtype->decoding == TG_DECODE_NONE)
        return tg_error_raise(err, TG_ERR_FORMAT, "%s: tensor '%.64s' has dtype '%s', expected F32, F64, F16 or BF16",
                              path, t->name, t->dtype->name);
    if (!tg_shape_equal(&t->shape, expected))
        return tg_error_raise(err, TG_ERR_SHAPE, "%s: tensor '%.64s' has shape %s, expected %s", path, t->name,
                              tg_shape_text(&t->shape, in_file, sizeof in_file),
                              tg_shape_text(expected, in_set, sizeof in_set));
    return TG_OK;
}
