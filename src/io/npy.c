/* npy.c - NumPy's array format: 93 "NUMPY" major minor, the length of the header, and as the header, padded by blanks,
       {'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }
   and then the elements. */
#include "io/npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/convert.h"
#include "core/format.h"
#include "core/half.h"
#include "core/status.h"
#include "io/little.h"
#include "io/zip.h"

/* The stream ------------------------------------------------------------------------------------------------------- */

const char *tg_stream_text(const tg_stream *s, char *text, size_t size)
{
    if (s->array)
        tg_format(text, size, "%s, array '%.64s'", tg_path_end(s->file->path), s->array);
    else
        tg_format(text, size, "%s", tg_path_end(s->file->path));
    return text;
}

tg_status tg_stream_read(tg_stream *s, void *data, size_t size, const char *what, tg_error *err)
{
    char text[TG_STREAM_TEXT];
    if (size > s->left)
        return tg_error_raise(err, TG_ERR_FORMAT, "%s: the data end inside the %s: %" PRIu64 " bytes, expected %zu",
                              tg_stream_text(s, text, sizeof text), what, s->left, size);
    const tg_status status = tg_infile_read(s->file, data, size, what, err);
    if (status == TG_OK) {
        s->left -= size;
        if (s->array)
            s->crc = tg_crc32(s->crc, data, size);
    }
    return status;
}

/* The header's text ------------------------------------------------------------------------------------------------- */

/* Where the parser is. Each function below moves `at` past what it has taken, or leaves it and returns false. */
typedef struct reader {
    const char *at;
} reader;

static void skip_blanks(reader *r)
{
    while (*r->at == ' ' || *r->at == '\n' || *r->at == '\t')
        r->at++;
}

static bool take(reader *r, const char *word)
{
    skip_blanks(r);
    const size_t n = strlen(word);
    if (strncmp(r->at, word, n) != 0)
        return false;
    r->at += n;
    return true;
}

/* A string in either kind of quotes, without escapes. */
static bool take_string(reader *r, char *out, size_t size)
{
    skip_blanks(r);
    const char quote = *r->at;
    if (quote != '\'' && quote != '"')
        return false;
    const char *end = strchr(r->at + 1, quote);
    const size_t n = end ? (size_t)(end - r->at - 1) : 0;
    if (!end || n >= size)
        return false;
    memcpy(out, r->at + 1, n);
    out[n] = '\0';
    r->at = end + 1;
    return true;
}

static bool take_size(reader *r, int64_t *size)
{
    skip_blanks(r);
    if (*r->at < '0' || *r->at > '9')
        return false;
    for (*size = 0; *r->at >= '0' && *r->at <= '9'; r->at++) {
        if (*size > (INT64_MAX - 9) / 10)
            return false;
        *size = 10 * *size + (*r->at - '0');
    }
    take(r, "L"); /* Python 2 wrote long integers so */
    return true;
}

static bool take_shape(reader *r, tg_shape *shape)
{
    *shape = (tg_shape){ 0 };
    if (!take(r, "("))
        return false;
    while (!take(r, ")")) {
        if (shape->rank == TG_MAX_RANK || !take_size(r, &shape->dims[shape->rank++]))
            return false;
        if (!take(r, ","))
            return take(r, ")") && shape->rank > 1; /* a tuple of one has a comma */
    }
    return true;
}

/* '<f8': byte order, kind, width. */
static bool take_type(const char *descr, tg_npy *npy)
{
    static const char *const widths[] = { ['f'] = "248", ['i'] = "1248", ['u'] = "1248", ['b'] = "1" };
    const unsigned char kind = (unsigned char)descr[1];
    if (!descr[0] || !strchr("<>|=", descr[0]) || kind >= sizeof widths / sizeof *widths || !widths[kind] ||
        !descr[2] || !strchr(widths[kind], descr[2]) || descr[3])
        return false;
    npy->kind = (char)kind;
    npy->width = descr[2] - '0';
    npy->is_big_endian = descr[0] == '>' || (descr[0] == '=' && tg_is_big_endian());
    return descr[0] != '|' || npy->width == 1;
}

enum { DESCR = 1, ORDER = 2, SHAPE = 4 };

static bool parse(const char *text, tg_npy *npy, char *descr, size_t size)
{
    reader r = { text };
    char key[32];
    unsigned seen = 0;
    if (!take(&r, "{"))
        return false;
    while (!take(&r, "}")) {
        if (!take_string(&r, key, sizeof key) || !take(&r, ":"))
            return false;
        const unsigned field = !strcmp(key, "descr")           ? DESCR
                               : !strcmp(key, "fortran_order") ? ORDER
                               : !strcmp(key, "shape")         ? SHAPE
                                                               : 0;
        if (!field || seen & field)
            return false;
        seen |= field;
        if (field == DESCR && !take_string(&r, descr, size)) {
            tg_format(descr, size, "%.20s", r.at); /* a record's is a list; what follows it does not matter */
            return true;
        }
        if (field == ORDER && !(npy->is_column_major = take(&r, "True")) && !take(&r, "False"))
            return false;
        if (field == SHAPE && !take_shape(&r, &npy->shape))
            return false;
        take(&r, ",");
    }
    skip_blanks(&r);
    return seen == (DESCR | ORDER | SHAPE) && !*r.at;
}

/* The header of this many bytes, parsed, and checked against what is left. */
static tg_status read_text(tg_npy *npy, tg_stream *s, size_t size, tg_error *err)
{
    enum { MOST = 4096 };
    char text[MOST + 1], name[TG_STREAM_TEXT], descr[32] = "";
    tg_stream_text(s, name, sizeof name);
    if (size > MOST)
        return tg_error_raise(err, TG_ERR_FORMAT, "%s: header of %zu bytes, expected at most %d", name, size, MOST);
    const tg_status status = tg_stream_read(s, text, size, "header", err);
    if (status != TG_OK)
        return status;
    text[size] = '\0';
    if (strlen(text) != size || !parse(text, npy, descr, sizeof descr))
        return tg_error_raise(
            err, TG_ERR_FORMAT,
            "%s: header \"%.80s\", expected {'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), } "
            "with at most %d sizes",
            name, text, TG_MAX_RANK);
    if (!take_type(descr, npy))
        return tg_error_raise(
            err, TG_ERR_DTYPE,
            "%s: elements of type '%s', expected floats (f2, f4, f8), integers (i1 .. i8, u1 .. u8) "
            "or bool (b1)",
            name, descr);
    char shape[192];
    const int64_t count = tg_shape_size(&npy->shape);
    tg_shape_text(&npy->shape, shape, sizeof shape);
    if (count < 0 || count > INT64_MAX / npy->width)
        return tg_error_raise(err, TG_ERR_FORMAT, "%s: sizes %s overflow", name, shape);
    if (s->left != (uint64_t)count * (uint64_t)npy->width)
        return tg_error_raise(err, TG_ERR_FORMAT,
                              "%s: %" PRIu64 " bytes of elements, expected %" PRIu64 " for %s of '%s'", name, s->left,
                              (uint64_t)count * (uint64_t)npy->width, shape, descr);
    return TG_OK;
}

tg_status tg_npy_read_header(tg_npy *npy, tg_stream *s, tg_error *err)
{
    static const unsigned char magic[6] = { 0x93, 'N', 'U', 'M', 'P', 'Y' };
    unsigned char start[8], length[4] = { 0 };
    char name[TG_STREAM_TEXT];
    *npy = (tg_npy){ 0 };
    tg_status status = tg_stream_read(s, start, sizeof start, "magic number", err);
    if (status != TG_OK)
        return status;
    if (memcmp(start, magic, sizeof magic) != 0)
        return tg_error_raise(err, TG_ERR_FORMAT, "%s: no array of NumPy's: the magic number is missing",
                              tg_stream_text(s, name, sizeof name));
    const int version = start[6];
    if (version < 1 || version > 3 || start[7] != 0)
        return tg_error_raise(err, TG_ERR_FORMAT, "%s: format version %d.%d, expected 1.0, 2.0 or 3.0",
                              tg_stream_text(s, name, sizeof name), version, start[7]);
    status = tg_stream_read(s, length, version == 1 ? 2 : 4, "header's length", err);
    return status == TG_OK ? read_text(npy, s, tg_get_little(length, 4), err) : status;
}

/* The elements ------------------------------------------------------------------------------------------------------ */

static uint64_t bits_of(const tg_npy *npy, const unsigned char *bytes)
{
    unsigned char reversed[8];
    if (!npy->is_big_endian)
        return tg_get_little(bytes, (size_t)npy->width);
    for (int i = 0; i < npy->width; i++)
        reversed[i] = bytes[npy->width - 1 - i];
    return tg_get_little(reversed, (size_t)npy->width);
}

/* A signed integer of `width` bytes. */
static int64_t signed_of(uint64_t bits, int width)
{
    const uint64_t sign = UINT64_C(1) << (8 * width - 1);
    return (int64_t)((bits ^ sign) - sign);
}

static double value_of(const tg_npy *npy, const unsigned char *bytes)
{
    const uint64_t bits = bits_of(npy, bytes);
    if (npy->kind == 'i')
        return (double)signed_of(bits, npy->width);
    if (npy->kind == 'b')
        return bits != 0;
    if (npy->kind == 'u')
        return (double)bits;
    if (npy->width == 2)
        return tg_half_value((uint16_t)bits);
    float f;
    double d;
    if (npy->width == 4) {
        tg_set_bits(&f, bits, sizeof f);
        return (double)f;
    }
    tg_set_bits(&d, bits, sizeof d);
    return d;
}

/* Counts through the elements in the file's order: the place of each in row-major order. */
typedef struct places {
    bool is_column_major;
    tg_shape shape;
    int64_t at[TG_MAX_RANK], stride[TG_MAX_RANK];
    int64_t place;
} places;

static places first_place(const tg_npy *npy)
{
    places p = { .is_column_major = npy->is_column_major, .shape = npy->shape };
    int64_t stride = 1;
    for (int d = npy->shape.rank - 1; d >= 0; d--) {
        p.stride[d] = stride;
        stride *= npy->shape.dims[d];
    }
    return p;
}

static void next_place(places *p)
{
    if (!p->is_column_major) {
        p->place++;
        return;
    }
    for (int d = 0; d < p->shape.rank; d++) {
        p->place += p->stride[d];
        if (++p->at[d] < p->shape.dims[d])
            return;
        p->place -= p->stride[d] * p->shape.dims[d];
        p->at[d] = 0;
    }
}

/* Reads up to TG_NPY_AT_ONCE of the `left` elements. */
static tg_status read_some(const tg_npy *npy, tg_stream *s, unsigned char *bytes, int64_t left, int64_t *n,
                           tg_error *err)
{
    *n = left < TG_NPY_AT_ONCE ? left : TG_NPY_AT_ONCE;
    return tg_stream_read(s, bytes, (size_t)*n * (size_t)npy->width, "elements", err);
}

tg_status tg_npy_read_values(const tg_npy *npy, tg_stream *s, void *out, tg_dtype dtype, tg_error *err)
{
    unsigned char bytes[TG_NPY_AT_ONCE * 8];
    places p = first_place(npy);
    int64_t n;
    for (int64_t left = tg_shape_size(&npy->shape); left > 0; left -= n) {
        const tg_status status = read_some(npy, s, bytes, left, &n, err);
        if (status != TG_OK)
            return status;
        for (int64_t i = 0; i < n; i++, next_place(&p)) {
            const double x = value_of(npy, bytes + i * npy->width);
            if (dtype == TG_F64)
                ((double *)out)[p.place] = x;
            else
                ((float *)out)[p.place] = (float)x;
        }
    }
    return TG_OK;
}

tg_status tg_npy_read_labels(const tg_npy *npy, tg_stream *s, int32_t *out, int below, tg_error *err)
{
    unsigned char bytes[TG_NPY_AT_ONCE * 8];
    char name[TG_STREAM_TEXT];
    int64_t n, row = 0;
    for (int64_t left = tg_shape_size(&npy->shape); left > 0; left -= n) {
        const tg_status status = read_some(npy, s, bytes, left, &n, err);
        if (status != TG_OK)
            return status;
        for (int64_t i = 0; i < n; i++, row++) {
            const uint64_t bits = bits_of(npy, bytes + i * npy->width);
            const int64_t label = npy->kind == 'i' ? signed_of(bits, npy->width) : (int64_t)bits;
            if (label < 0 || label >= below)
                return tg_error_raise(err, TG_ERR_RANGE,
                                      "%s: label of row %" PRId64 " is %" PRId64 ", expected 0 .. %d",
                                      tg_stream_text(s, name, sizeof name), row, label, below - 1);
            out[row] = (int32_t)label;
        }
    }
    return TG_OK;
}

/* Writing ----------------------------------------------------------------------------------------------------------- */

size_t tg_npy_make_header(unsigned char header[TG_NPY_HEADER_MOST], tg_dtype dtype, const tg_shape *shape)
{
    enum { START = 10 }; /* magic number, version, length */
    char text[TG_NPY_HEADER_MOST - START];
    int n =
        snprintf(text, sizeof text, "{'descr': '<f%d', 'fortran_order': False, 'shape': (", dtype == TG_F64 ? 8 : 4);
    for (int i = 0; i < shape->rank; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, i ? ", %" PRId64 : "%" PRId64, shape->dims[i]);
    n += snprintf(text + n, sizeof text - (size_t)n, shape->rank == 1 ? ",), }" : "), }");
    const size_t size = (START + (size_t)n + 1 + 63) / 64 * 64;
    memset(header, ' ', size);
    memcpy(header, "\x93NUMPY\x01\x00", 8);
    tg_put_little(header + 8, size - START, 2);
    memcpy(header + START, text, (size_t)n);
    header[size - 1] = '\n';
    return size;
}

size_t tg_npy_encode(unsigned char *bytes, const void *values, int64_t first, int64_t count, tg_dtype dtype)
{
    const size_t width = tg_dtype_size(dtype);
    const int64_t n = count < TG_NPY_AT_ONCE ? count : TG_NPY_AT_ONCE;
    for (int64_t i = 0; i < n; i++)
        tg_put_little(bytes + (size_t)i * width,
                      tg_bits_of((const char *)values + (size_t)(first + i) * width, width), width);
    return (size_t)n * width;
}
