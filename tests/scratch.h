/* scratch.h - a folder for the files of a test program, and files of given bytes in it. Include it first. */
#ifndef TG_SCRATCH_H
#define TG_SCRATCH_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <dirent.h>

#include <cmocka.h>

typedef struct scratch {
    char dir[64];
} scratch;

/* A group's setup and teardown: *state is the scratch. */
static inline int scratch_open(void **state)
{
    static scratch s;
    strcpy(s.dir, "/tmp/tapegrad-test-XXXXXX");
    *state = &s;
    return mkdtemp(s.dir) ? 0 : -1;
}

/* The path of a file in the folder; good until the eighth call after. */
static inline const char *scratch_path(void **state, const char *name)
{
    static char paths[8][384];
    static int next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", ((scratch *)*state)->dir, name);
    return path;
}

/* How many files the folder holds; with `wipe`, removes them, too. */
static inline int scratch_count(void **state, int wipe)
{
    DIR *dir = opendir(((scratch *)*state)->dir);
    int n = 0;
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (e->d_name[0] == '.')
            continue;
        n++;
        if (wipe)
            remove(scratch_path(state, e->d_name));
    }
    if (dir)
        closedir(dir);
    return n;
}

static inline int scratch_close(void **state)
{
    scratch_count(state, 1);
    return rmdir(((scratch *)*state)->dir);
}

static inline void scratch_write(const char *path, const void *data, size_t size)
{
    remove(path); /* a file that is truncated in place is written out at once by some file systems: slow */
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_true(fwrite(data, 1, size, f) == size);
    assert_int_equal(fclose(f), 0);
}

/* The file's bytes, to be freed, and their number. */
static inline unsigned char *scratch_read(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    unsigned char *data = malloc(*size + 1);
    assert_non_null(data);
    assert_true(fread(data, 1, *size, f) == *size);
    fclose(f);
    return data;
}

#endif
