/* npy.h - one array of NumPy's format, in a file of its own or in a part of one. */
#ifndef TG_IO_NPY_H
#define TG_IO_NPY_H

#include "core/platform.h"
#include "tapegrad/types.h"

/* The bytes of one array: a whole file, or an entry of an archive. */
typedef struct tg_stream {
    tg_infile *file;
    const char *array; /* the entry's name; NULL for a whole file */
    uint64_t left;     /* bytes */
    uint32_t crc;      /* of the bytes that were read (zip.h) */
} tg_stream;

/* How messages name it: `data.npz, array 'x'`. */
const char *tg_stream_text(const tg_stream *s, char *text, size_t size);
tg_status tg_stream_read(tg_stream *s, void *data, size_t size, const char *what, tg_error *err);

/* An array's element type and layout. */
typedef struct tg_npy {
    char kind; /* 'f' float, 'i' signed, 'u' unsigned, 'b' bool */
    int width; /* bytes of an element: 1, 2, 4, 8 */
    bool is_big_endian, is_column_major;
    tg_shape shape;
} tg_npy;

/* Reads and checks the header, after which just the elements are left. */
tg_status tg_npy_read_header(tg_npy *npy, tg_stream *s, tg_error *err);

/* Reads all elements into `out`, row-major, converted. Nothing is left then. */
tg_status tg_npy_read_values(const tg_npy *npy, tg_stream *s, void *out, tg_dtype dtype, tg_error *err);

/* The same of integers, each of which must be 0 .. below - 1. */
tg_status tg_npy_read_labels(const tg_npy *npy, tg_stream *s, int32_t *out, int below, tg_error *err);

/* The bytes of a header of version 1.0, a multiple of 64. */
enum { TG_NPY_HEADER_MOST = 512 };
size_t tg_npy_make_header(unsigned char header[TG_NPY_HEADER_MOST], tg_dtype dtype, const tg_shape *shape);

/* Values of this dtype as bytes, little-endian, up to `count` of them at a time: bytes holds 8 * TG_NPY_AT_ONCE. */
enum { TG_NPY_AT_ONCE = 512, TG_STREAM_TEXT = 320 };
size_t tg_npy_encode(unsigned char *bytes, const void *values, int64_t first, int64_t count, tg_dtype dtype);

#endif
