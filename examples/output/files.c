/* files.c - files that are written whole or not at all, and folders. */
#define _DEFAULT_SOURCE /* realpath, flock */
#define _DARWIN_C_SOURCE
#include "output/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
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

/* A file that is written as `name` and then takes the place of `target`, to which a link at the path has led. One name
   is enough: who finds it in use waits, and what a killed run has left is used again. */
typedef struct output {
    FILE *file;
    text target, name;
    mode_t mode; /* of the file that is replaced; 0: there is none */
} output;

static void finish(output *out)
{
    text_finish(&out->target);
    text_finish(&out->name);
}

static bool find_target(output *out, const char *path, tg_error *err)
{
    struct stat info;
    char *real = realpath(path, NULL);
    text_put(&out->target, real ? real : path);
    free(real);
    text_print(&out->name, "%s.part", out->target.data ? out->target.data : "");
    if (out->target.failed || out->name.failed)
        return fail_with(err, TG_ERR_MEMORY, "cannot write \"%s\": no memory for its name", path_end(path));
    if (lstat(out->target.data, &info) != 0)
        return true;
    out->mode = info.st_mode & 07777;
    return S_ISREG(info.st_mode) ||
           fail_with(err, TG_ERR_IO, "cannot write \"%s\": %s", path_end(path),
                     S_ISLNK(info.st_mode) ? "the link leads nowhere" : "it is no regular file");
}

/* Whether the name still is the file's: the process that had it before may have put it in place meanwhile. */
static bool is_named(const char *name, int fd)
{
    struct stat named, ours;
    return lstat(name, &named) == 0 && fstat(fd, &ours) == 0 && named.st_ino == ours.st_ino &&
           named.st_dev == ours.st_dev;
}

static bool open_output(output *out, const char *path, tg_error *err)
{
    if (!find_target(out, path, err))
        return false;
    for (;;) {
        const int fd = open(out->name.data, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd < 0)
            return fail_io(err, "write", path);
        flock(fd, LOCK_EX); /* where there are no locks, without */
        const bool ours = is_named(out->name.data, fd);
        if (ours && ftruncate(fd, 0) == 0 && (out->file = fdopen(fd, "wb")))
            return true;
        const int reason = errno;
        close(fd);
        errno = reason;
        if (ours)
            return fail_io(err, "write", path);
    }
}

bool file_can_write(const char *path, tg_error *err)
{
    output out = { 0 };
    const bool opened = open_output(&out, path, err);
    if (opened) {
        remove(out.name.data);
        fclose(out.file);
    }
    finish(&out);
    return opened;
}

static bool put_in_place(const output *out, const text *t)
{
    return fwrite(t->size > 0 ? t->data : "", 1, t->size, out->file) == t->size && fflush(out->file) == 0 &&
           (out->mode == 0 || fchmod(fileno(out->file), out->mode) == 0) &&
           rename(out->name.data, out->target.data) == 0;
}

bool file_write(const char *path, const text *t, tg_error *err)
{
    output out = { 0 };
    if (t->failed)
        return fail_with(err, TG_ERR_MEMORY, "cannot write \"%s\": no memory for its text", path_end(path));
    bool done = open_output(&out, path, err);
    if (done && !(done = put_in_place(&out, t))) {
        fail_io(err, "write", path);
        remove(out.name.data);
    }
    if (out.file)
        fclose(out.file);
    finish(&out);
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
