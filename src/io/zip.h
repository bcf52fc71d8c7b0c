/* zip.h - zip archives whose entries are stored as they are, which is what a .npz file is. */
#ifndef TG_ZIP_H
#define TG_ZIP_H

#include "core/platform.h"

/* CRC-32 of the archive format (polynomial 0xEDB88320), continued from `crc`, which starts at 0. */
uint32_t tg_crc32(uint32_t crc, const void *data, size_t size);

/* An entry of the archive's directory. */
typedef struct tg_zip_entry {
    char name[256];  /* longer names are cut, and so are found by none */
    bool is_long;    /* it was cut */
    unsigned method; /* 0: stored, 8: deflated */
    uint32_t crc;
    uint64_t size;   /* bytes stored */
    uint64_t header; /* where its local header begins */
} tg_zip_entry;

typedef struct tg_zip {
    tg_infile *file;
    uint64_t directory, directory_size; /* bytes of the file */
    uint64_t count;                     /* entries */
    uint64_t next;                      /* where the next entry begins */
    uint64_t seen;
} tg_zip;

/* Finds the directory of an archive that is open. TG_ERR_FORMAT if there is none. */
tg_status tg_zip_open(tg_zip *zip, tg_infile *file, tg_error *err);

/* The next entry; TG_ERR_RANGE, without a sentence, after the last. */
tg_status tg_zip_next(tg_zip *zip, tg_zip_entry *entry, tg_error *err);

/* Moves the file to the entry's first byte. */
tg_status tg_zip_seek(const tg_zip *zip, const tg_zip_entry *entry, tg_error *err);

/* Writing: for each entry a header and its bytes, at the end the directory. The texts are of at most these bytes. */
enum { TG_ZIP_HEADER = 30, TG_ZIP_RECORD = 46, TG_ZIP_END = 22 };
void tg_zip_put_header(unsigned char out[TG_ZIP_HEADER], size_t name, uint32_t crc, uint32_t size);
void tg_zip_put_record(unsigned char out[TG_ZIP_RECORD], size_t name, uint32_t crc, uint32_t size, uint32_t header);
void tg_zip_put_end(unsigned char out[TG_ZIP_END], unsigned count, uint32_t directory, uint32_t directory_size);

#endif
