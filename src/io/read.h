/* read.h - the values of a safetensors file's tensors, read to where they belong. */
#ifndef TG_READ_H
#define TG_READ_H

#include "io/header.h"
#include "tapegrad/io.h"

/* Tensors of a whole training that are the optimizer's state: this, the name of the array, a point, and the name of the
   parameter. The numbers are metadata. */
#define TG_STATE_PREFIX "__optimizer__."
#define TG_TRAINING_KEY "tapegrad.training"

/* Where a tensor's values go. */
typedef struct tg_place {
    void *to; /* NULL: they are passed over */
    tg_dtype dtype;
    bool transposed; /* a matrix [r, c] of the file becomes [c, r] */
} tg_place;

typedef struct tg_reading {
    tg_infile file;
    tg_header header;
    tg_place *places; /* of the header's tensors; at first they are all passed over */
} tg_reading;

/* Open; if that was TG_OK, close. */
tg_status tg_reading_open(tg_reading *r, const char *path, const tg_allocator *allocator, tg_error *err);
tg_status tg_reading_run(tg_reading *r, tg_error *err);
void tg_reading_close(tg_reading *r);

/* Whether the file is a whole training, and tensor i a part of its optimizer's state. */
bool tg_reading_is_training(const tg_reading *r);
bool tg_reading_is_state(const tg_reading *r, int64_t i);

/* TG_ERR_FORMAT if the values of tensor i are not numbers of a set, TG_ERR_SHAPE if the shape is another one. */
tg_status tg_reading_check(const tg_reading *r, int64_t i, const tg_shape *expected, tg_error *err);

/* Places the tensors that are parameters of the set into `values`, laid out as the set's flat buffers. */
tg_status tg_reading_place(tg_reading *r, const tg_params *params, void *values, const tg_load_config *config,
                           tg_load_report *report, tg_error *err);

#endif
