/* zip.c - the directory of a zip archive (PKWARE's APPNOTE 6.3), read and written. Numbers are little-endian. */
#include "io/zip.h"

#include <inttypes.h>
#include <string.h>

#include "core/status.h"
#include "io/little.h"

uint32_t tg_crc32(uint32_t crc, const void *data, size_t size)
{
    static const uint32_t of_half_byte[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    const unsigned char *bytes = data;
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ of_half_byte[crc & 15];
        crc = crc >> 4 ^ of_half_byte[crc & 15];
    }
    return ~crc;
}

/* Signatures of the parts. */
enum { LOCAL = 0x04034b50, RECORD = 0x02014b50, END = 0x06054b50, END64 = 0x06064b50, LOCATOR64 = 0x07064b50 };
enum { END64_SIZE = 56, LOCATOR64_SIZE = 20, ALL_ONES = 0xffff };

static uint64_t number(const unsigned char *bytes, size_t at, size_t width)
{
    return tg_get_little(bytes + at, width);
}

static tg_status damaged(const tg_zip *zip, const char *what, tg_error *err)
{
    return tg_error_raise(err, TG_ERR_FORMAT, "%s: no sound zip archive: %s", tg_path_end(zip->file->path), what);
}

/* Reads bytes from a place in the file. */
static tg_status read_at(const tg_zip *zip, uint64_t at, void *out, size_t size, const char *what, tg_error *err)
{
    if (at > zip->file->size || size > zip->file->size - at)
        return damaged(zip, what, err);
    const tg_status status = tg_infile_seek(zip->file, at, err);
    return status == TG_OK ? tg_infile_read(zip->file, out, size, "archive", err) : status;
}

/* The end record of an archive whose sizes or places need 64 bits, in front of the usual one at `end`. */
static tg_status read_end64(tg_zip *zip, uint64_t end, tg_error *err)
{
    unsigned char locator[LOCATOR64_SIZE], record[END64_SIZE];
    if (end < sizeof locator)
        return damaged(zip, "the locator of its 64-bit end record is missing", err);
    tg_status status = read_at(zip, end - sizeof locator, locator, sizeof locator, "its locator is cut", err);
    if (status != TG_OK)
        return status;
    if (number(locator, 0, 4) != LOCATOR64)
        return damaged(zip, "the locator of its 64-bit end record is missing", err);
    status = read_at(zip, number(locator, 8, 8), record, sizeof record, "its 64-bit end record is cut", err);
    if (status != TG_OK)
        return status;
    if (number(record, 0, 4) != END64)
        return damaged(zip, "its 64-bit end record is missing", err);
    zip->count = number(record, 32, 8);
    zip->directory_size = number(record, 40, 8);
    zip->directory = number(record, 48, 8);
    return TG_OK;
}

/* Where the end record begins: it is the last, in front of a comment that it says the length of. */
static tg_status find_end(const tg_zip *zip, uint64_t *end, unsigned char record[TG_ZIP_END], tg_error *err)
{
    enum { LONGEST_COMMENT = 65535 };
    const uint64_t size = zip->file->size;
    for (uint64_t comment = 0; comment <= LONGEST_COMMENT && comment + TG_ZIP_END <= size; comment++) {
        *end = size - comment - TG_ZIP_END;
        const tg_status status = read_at(zip, *end, record, TG_ZIP_END, "its end record is cut", err);
        if (status != TG_OK)
            return status;
        if (number(record, 0, 4) == END && number(record, 20, 2) == comment)
            return TG_OK;
    }
    return damaged(zip, "its end record is missing", err);
}

tg_status tg_zip_open(tg_zip *zip, tg_infile *file, tg_error *err)
{
    unsigned char record[TG_ZIP_END];
    uint64_t end = 0;
    *zip = (tg_zip){ .file = file };
    tg_status status = find_end(zip, &end, record, err);
    if (status != TG_OK)
        return status;
    zip->count = number(record, 10, 2);
    zip->directory_size = number(record, 12, 4);
    zip->directory = number(record, 16, 4);
    if (zip->count == ALL_ONES || zip->directory == UINT32_MAX || zip->directory_size == UINT32_MAX)
        status = read_end64(zip, end, err);
    if (status != TG_OK)
        return status;
    if (zip->directory > file->size || zip->directory_size > file->size - zip->directory)
        return damaged(zip, "its directory is not within the file", err);
    zip->next = zip->directory;
    return TG_OK;
}

/* Takes the 64-bit sizes and place from a record's extra fields, in the order in which the record lacks them. */
static bool take_extra64(const unsigned char *extra, size_t size, uint64_t *fields[3])
{
    for (size_t at = 0; at + 4 <= size;) {
        const size_t id = number(extra, at, 2), length = number(extra, at + 2, 2);
        if (length > size - at - 4)
            return false;
        size_t from = at + 4;
        for (int i = 0; id == 1 && i < 3; i++) {
            if (!fields[i])
                continue;
            if (from + 8 > at + 4 + length)
                return false;
            *fields[i] = number(extra, from, 8);
            from += 8;
        }
        if (id == 1)
            return true;
        at += 4 + length;
    }
    return false;
}

static tg_status read_extra(const tg_zip *zip, tg_zip_entry *e, uint64_t *whole, uint64_t at, size_t size,
                            tg_error *err)
{
    unsigned char extra[1024];
    uint64_t *fields[3] = {
        *whole == UINT32_MAX ? whole : NULL,
        e->size == UINT32_MAX ? &e->size : NULL,
        e->header == UINT32_MAX ? &e->header : NULL,
    };
    if (!fields[0] && !fields[1] && !fields[2])
        return TG_OK;
    if (size > sizeof extra)
        return damaged(zip, "an entry's extra fields are longer than any that hold sizes", err);
    const tg_status status = read_at(zip, at, extra, size, "an entry's extra fields are cut", err);
    if (status != TG_OK)
        return status;
    return take_extra64(extra, size, fields) ? TG_OK : damaged(zip, "an entry's 64-bit sizes are missing", err);
}

tg_status tg_zip_next(tg_zip *zip, tg_zip_entry *e, tg_error *err)
{
    unsigned char r[TG_ZIP_RECORD];
    if (zip->seen == zip->count)
        return TG_ERR_RANGE;
    tg_status status = read_at(zip, zip->next, r, sizeof r, "its directory is cut", err);
    if (status != TG_OK)
        return status;
    if (number(r, 0, 4) != RECORD)
        return damaged(zip, "an entry of its directory is missing", err);
    const size_t name = number(r, 28, 2), extra = number(r, 30, 2), comment = number(r, 32, 2);
    uint64_t whole = number(r, 24, 4);
    *e = (tg_zip_entry){
        .method = (unsigned)number(r, 10, 2),
        .crc = (uint32_t)number(r, 16, 4),
        .size = number(r, 20, 4),
        .header = number(r, 42, 4),
        .is_long = name >= sizeof e->name,
    };
    const uint64_t after = zip->next + sizeof r;
    status = read_at(zip, after, e->name, e->is_long ? sizeof e->name - 1 : name, "an entry's name is cut", err);
    if (status == TG_OK)
        status = read_extra(zip, e, &whole, after + name, extra, err);
    if (status == TG_OK && e->method == 0 && whole != e->size)
        status = damaged(zip, "an entry that is stored has two sizes", err);
    if (status == TG_OK && number(r, 8, 2) & 1)
        status = damaged(zip, "an entry is encrypted", err);
    zip->next = after + name + extra + comment;
    zip->seen++;
    return status;
}

tg_status tg_zip_seek(const tg_zip *zip, const tg_zip_entry *e, tg_error *err)
{
    unsigned char h[TG_ZIP_HEADER];
    const tg_status status = read_at(zip, e->header, h, sizeof h, "an entry is cut", err);
    if (status != TG_OK)
        return status;
    if (number(h, 0, 4) != LOCAL)
        return damaged(zip, "an entry's header is missing", err);
    const uint64_t start = e->header + sizeof h + number(h, 26, 2) + number(h, 28, 2);
    if (start > zip->file->size || e->size > zip->file->size - start)
        return damaged(zip, "an entry is cut", err);
    return tg_infile_seek(zip->file, start, err);
}

/* Writing ----------------------------------------------------------------------------------------------------------- */

enum {
    VERSION = 20,
    UTF8_NAME = 0x800,
    DATE = 0x21
}; /* the format's first day: files of the same arrays are equal */

/* What a header and a record share, from the version that is needed to read the entry on. */
static void put_common(unsigned char *out, size_t name, uint32_t crc, uint32_t size)
{
    memset(out, 0, 26);
    tg_put_little(out, VERSION, 2);
    tg_put_little(out + 2, UTF8_NAME, 2);
    tg_put_little(out + 8, DATE, 2);
    tg_put_little(out + 10, crc, 4);
    tg_put_little(out + 14, size, 4);
    tg_put_little(out + 18, size, 4);
    tg_put_little(out + 22, name, 2);
}

void tg_zip_put_header(unsigned char out[TG_ZIP_HEADER], size_t name, uint32_t crc, uint32_t size)
{
    tg_put_little(out, LOCAL, 4);
    put_common(out + 4, name, crc, size);
}

void tg_zip_put_record(unsigned char out[TG_ZIP_RECORD], size_t name, uint32_t crc, uint32_t size, uint32_t header)
{
    memset(out, 0, TG_ZIP_RECORD);
    tg_put_little(out, RECORD, 4);
    tg_put_little(out + 4, VERSION, 2);
    put_common(out + 6, name, crc, size);
    tg_put_little(out + 42, header, 4);
}

void tg_zip_put_end(unsigned char out[TG_ZIP_END], unsigned count, uint32_t directory, uint32_t directory_size)
{
    memset(out, 0, TG_ZIP_END);
    tg_put_little(out, END, 4);
    tg_put_little(out + 8, count, 2);
    tg_put_little(out + 10, count, 2);
    tg_put_little(out + 12, directory_size, 4);
    tg_put_little(out + 16, directory, 4);
}
