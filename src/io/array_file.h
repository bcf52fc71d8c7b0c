/* array_file.h - an array of a .npy file or of an entry of a .npz file, opened up to its elements. */
#ifndef TG_ARRAY_FILE_H
#define TG_ARRAY_FILE_H

#include "io/npy.h"

typedef struct tg_array_file {
    tg_infile file;
    tg_stream stream;
    tg_npy npy;
    uint32_t crc; /* that the archive says */
} tg_array_file;

/* Open; whatever the result, close. `name` must stay until then. */
tg_status tg_array_open(tg_array_file *f, const char *path, tg_error *err);
tg_status tg_array_open_in(tg_array_file *f, const char *path, const char *name, tg_error *err);

/* Closes. Where all was read with TG_OK, the checksum is checked. Returns the status so far, or that of the check. */
tg_status tg_array_close(tg_array_file *f, tg_status status, tg_error *err);

#endif
