/* fuzz.h - what the fuzzers share: a file of given bytes, and what must hold whatever the bytes are. */
#ifndef TG_FUZZ_H
#define TG_FUZZ_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/escape.h"
#include "failing_allocator.h"
#include "tapegrad/types.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition)                                                                                        \
    do {                                                                                                             \
        if (!(condition)) {                                                                                          \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                  \
            abort();                                                                                                 \
        }                                                                                                            \
    } while (0)

/* A file that is written again and again, in memory where there is a file system for that. */
typedef struct fuzz_file {
    char path[64];
    int fd;
} fuzz_file;

static const fuzz_file *fuzz_opened[4];

static inline void fuzz_remove_all(void)
{
    for (int i = 0; i < 4 && fuzz_opened[i]; i++)
        unlink(fuzz_opened[i]->path);
}

static inline void fuzz_open(fuzz_file *f)
{
    int i = 0;
    while (fuzz_opened[i])
        i++;
    fuzz_opened[i] = f;
    FUZZ_CHECK(i > 0 || atexit(fuzz_remove_all) == 0);
    strcpy(f->path, "/dev/shm/tapegrad-fuzz-XXXXXX");
    if ((f->fd = mkstemp(f->path)) < 0) {
        strcpy(f->path, "/tmp/tapegrad-fuzz-XXXXXX");
        f->fd = mkstemp(f->path);
    }
    FUZZ_CHECK(f->fd >= 0);
}

static inline void fuzz_write(const fuzz_file *f, const uint8_t *data, size_t size)
{
    FUZZ_CHECK(ftruncate(f->fd, 0) == 0);
    FUZZ_CHECK(pwrite(f->fd, data, size, 0) == (ssize_t)size);
}

/* A status with a sentence, or none, which a terminal can be shown. */
static inline void fuzz_check_error(tg_status status, const tg_error *err)
{
    FUZZ_CHECK(err->status == status && status >= TG_OK && status <= TG_ERR_FORMAT);
    FUZZ_CHECK((status == TG_OK) == (err->text[0] == '\0'));
    const char *end = err->text + strlen(err->text);
    for (const char *p = err->text; p < end; p += tg_utf8_size(p, end))
        FUZZ_CHECK(tg_utf8_size(p, end) > 0 && (unsigned char)*p >= ' ' && *p != 0x7f);
}

/* Of the numbers 0 .. n - 1, one that the bytes decide (FNV-1a). */
static inline unsigned fuzz_draw(const uint8_t *data, size_t size, unsigned n)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ data[i]) * 16777619u;
    return (hash >> 8) % n;
}

#endif
