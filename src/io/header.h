/* header.h - the header of a safetensors file: 8 bytes of its length, little-endian; then, as JSON,
       { "__metadata__": { "key": "value", ... },
         "name": { "dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end] }, ... }
   and blanks. Then come the data: the tensors in order, without gaps. */
#ifndef TG_HEADER_H
#define TG_HEADER_H

#include "core/memory.h"
#include "core/platform.h"

#define TG_METADATA "__metadata__"
enum { TG_HEADER_MOST = 100000000 }; /* bytes: the format's limit */

/* A dtype of the format. Values of those that are numbers of a set are read; others are passed over. */
typedef enum tg_decoding { TG_DECODE_NONE, TG_DECODE_F32, TG_DECODE_F64, TG_DECODE_F16, TG_DECODE_BF16 } tg_decoding;
typedef struct tg_file_dtype {
    const char *name;
    int width; /* bytes of a value */
    tg_decoding decoding;
} tg_file_dtype;

typedef struct tg_header_tensor {
    const char *name;
    const tg_file_dtype *dtype;
    tg_shape shape;
    int64_t begin, end; /* bytes of the data */
} tg_header_tensor;

typedef struct tg_header_pair {
    const char *key, *value;
} tg_header_pair;

typedef struct tg_header {
    tg_allocator allocator;
    size_t size; /* of the text; the capacity of the next two follows from it */
    char *text;  /* decoded in place: names, keys and values point into it */
    tg_header_tensor *tensors;
    tg_header_pair *pairs;
    int64_t n_tensors, n_pairs;
} tg_header;

/* The name of a dtype in the file: "F32" or "F64". */
const char *tg_header_dtype(tg_dtype dtype);

/* Reads the header and checks it: each tensor's offsets suit its shape and dtype, together the tensors fill the data, no
   name occurs twice. The tensors are sorted by the offset of their data. After a failure the header holds no memory, and
   tg_header_finish need not be called. */
tg_status tg_header_read(tg_header *h, tg_infile *file, const tg_allocator *allocator, tg_error *err);
void tg_header_finish(tg_header *h);

/* The metadata's value for a key, or NULL. */
const char *tg_header_value(const tg_header *h, const char *key);

#endif
