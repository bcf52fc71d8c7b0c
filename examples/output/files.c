/* files.c - files that are written whole or not at all, and folders. */
#define _POSIX_C_SOURCE 200809L
#include "output/files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool succeed(tg_error *err)
{
    if (err)
        *err = (tg_error){ 0 };
    return true;
}

bool fail_with(tg_error *err, tg_status status, const char *format, ...)
{
    va_list args;
    if (!err)
        return false;
    err->status = status;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    return false;
}

const char *path_end(const char *path)
{
    const size_t size = strlen(path), most = 160;
    return size > most ? path + (size - most) : path;
}

bool fail_io(tg_error *err, const char *doing, const char *path)
{
    return fail_with(err, TG_ERR_IO, "cannot %s \"%s\": %s", doing, path_end(path), strerror(errno));
}

/* A new file beside `path`, under a name that no other process uses. */
static FILE *open_beside(const char *path, text *name)
{
    text_print(name, "%s.%ld.part", path, (long)getpid());
    if (!name->failed)
        return fopen(name->data, "wb");
    errno = ENOMEM;
    return NULL;
}

bool file_can_write(const char *path, tg_error *err)
{
    text name = { 0 };
    FILE *file = open_beside(path, &name);
    if (!file)
        fail_io(err, "write", path);
    else {
        fclose(file);
        remove(name.data);
    }
    text_finish(&name);
    return file != NULL;
}

bool file_write(const char *path, const text *t, tg_error *err)
{
    if (t->failed)
        return fail_with(err, TG_ERR_MEMORY, "cannot write \"%s\": no memory for its text", path_end(path));
    text name = { 0 };
    FILE *file = open_beside(path, &name);
    bool done = file != NULL;
    if (file) {
        done = fwrite(t->size > 0 ? t->data : "", 1, t->size, file) == t->size && fflush(file) == 0;
        int reason = errno;
        if (fclose(file) != 0 && done) {
            done = false;
            reason = errno;
        }
        errno = reason;
        done = done && rename(name.data, path) == 0;
    }
    if (!done) {
        fail_io(err, "write", path);
        if (file)
            remove(name.data);
    }
    text_finish(&name);
    return done && succeed(err);
}

bool file_read(const char *path, text *t, size_t most, tg_error *err)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return fail_io(err, "read", path);
    char buffer[1 << 14];
    size_t n, all = 0;
    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0 && (all += n) <= most)
        text_add(t, buffer, n);
    const bool bad = ferror(file) != 0;
    const int reason = errno;
    fclose(file);
    errno = reason;
    if (bad)
        return fail_io(err, "read", path);
    if (all > most)
        return fail_with(err, TG_ERR_IO, "cannot read \"%s\": it has more than %zu bytes", path_end(path), most);
    if (t->failed)
        return fail_with(err, TG_ERR_MEMORY, "cannot read \"%s\": no memory", path_end(path));
    return true;
}

static bool make_one(const char *path, tg_error *err)
{
    struct stat s;
    if (mkdir(path, 0777) == 0)
        return true;
    const int reason = errno;
    if (stat(path, &s) == 0 && S_ISDIR(s.st_mode))
        return true;
    errno = reason;
    if (reason == EEXIST)
        return fail_with(err, TG_ERR_IO, "cannot make the folder \"%s\": a file of that name is in its place",
                         path_end(path));
    return fail_io(err, "make the folder", path);
}

bool folder_make(const char *path, tg_error *err)
{
    text part = { 0 };
    text_put(&part, path);
    if (part.failed)
        return fail_with(err, TG_ERR_MEMORY, "cannot make the folder \"%s\": no memory", path_end(path));
    bool made = true;
    for (size_t i = 1; made && i <= part.size; i++)
        if ((path[i] == '/' || path[i] == '\0') && path[i - 1] != '/') {
            part.data[i] = '\0';
            made = make_one(part.data, err);
            part.data[i] = path[i];
        }
    text_finish(&part);
    return made;
}
