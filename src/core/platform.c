/* platform.c - the operating system and the sanitizers. */
#define _POSIX_C_SOURCE   200809L
#define _FILE_OFFSET_BITS 64
#include "core/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/memory.h"
#include "core/status.h"

const char *tg_path_end(const char *path)
{
    enum { SHOWN = 120 };
    const size_t n = strlen(path);
    const char *end = n > SHOWN ? path + n - SHOWN : path;
    for (int i = 0; i < 3 && end > path && ((unsigned char)*end & 0xc0) == 0x80; i++)
        end++; /* not from the middle of a character */
    return end;
}

/* Looked at before it is opened: opening a pipe would wait for its writer. */
tg_status tg_infile_open(tg_infile *file, const char *path, tg_error *err)
{
    *file = (tg_infile){ .path = path };
    struct stat info;
    const bool exists = stat(path, &info) == 0;
    if (exists && !S_ISREG(info.st_mode))
        return tg_error_raise(err, TG_ERR_IO, "%s: is a %s, expected a regular file", tg_path_end(path),
                              S_ISDIR(info.st_mode) ? "directory" : "device or pipe");
    if (exists)
        file->stream = fopen(path, "rb");
    if (!file->stream)
        return tg_error_raise(err, TG_ERR_IO, "%s: cannot open: %s", tg_path_end(path), strerror(errno));
    file->size = (uint64_t)info.st_size;
    return TG_OK;
}

tg_status tg_infile_read(tg_infile *file, void *data, size_t size, const char *what, tg_error *err)
{
    const size_t got = fread(data, 1, size, file->stream);
    if (got == size)
        return TG_OK;
    if (ferror(file->stream))
        return tg_error_raise(err, TG_ERR_IO, "%s: cannot read the %s: %s", tg_path_end(file->path), what,
                              strerror(errno));
    return tg_error_raise(err, TG_ERR_FORMAT, "%s: the file ends inside the %s: %zu bytes, expected %zu",
                          tg_path_end(file->path), what, got, size);
}

void tg_infile_close(tg_infile *file)
{
    if (file->stream)
        fclose(file->stream);
    *file = (tg_infile){ 0 };
}

/* A new file beside `path`: the first of path.0.tmp, path.1.tmp, ... that is nobody's. open(2) applies the umask, as
   mkstemp would not. */
static int create_temporary(tg_outfile *file)
{
    int fd = -1;
    for (int i = 0; i < 1000 && fd < 0; i++) {
        snprintf(file->temporary, file->temporary_size, "%s.%d.tmp", file->path, i);
        fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

tg_status tg_outfile_open(tg_outfile *file, const char *path, const tg_allocator *allocator, tg_error *err)
{
    *file = (tg_outfile){ .path = path, .allocator = allocator, .temporary_size = strlen(path) + sizeof ".999.tmp" };
    file->temporary = tg_allocate(allocator, file->temporary_size);
    if (!file->temporary)
        return tg_error_raise(err, TG_ERR_MEMORY, "%s: no memory for a temporary name of %zu bytes",
                              tg_path_end(path), file->temporary_size);
    const int fd = create_temporary(file);
    if (fd >= 0)
        file->stream = fdopen(fd, "wb");
    if (file->stream)
        return TG_OK;
    tg_error_raise(err, TG_ERR_IO, "%s: cannot create: %s", tg_path_end(file->temporary), strerror(errno));
    if (fd >= 0)
        close(fd);
    else
        file->temporary[0] = '\0'; /* not ours to remove */
    tg_outfile_discard(file);
    return TG_ERR_IO;
}

static tg_status cannot_write(const tg_outfile *file, tg_error *err)
{
    return tg_error_raise(err, TG_ERR_IO, "%s: cannot write: %s", tg_path_end(file->path), strerror(errno));
}

tg_status tg_outfile_write(tg_outfile *file, const void *data, size_t size, tg_error *err)
{
    return fwrite(data, 1, size, file->stream) == size ? TG_OK : cannot_write(file, err);
}

/* Synced before it is renamed: a crash leaves the old file or the whole new one. */
tg_status tg_outfile_commit(tg_outfile *file, tg_error *err)
{
    tg_status status = TG_OK;
    if (fflush(file->stream) != 0 || fsync(fileno(file->stream)) != 0)
        status = cannot_write(file, err);
    if (fclose(file->stream) != 0 && status == TG_OK)
        status = cannot_write(file, err);
    file->stream = NULL;
    if (status == TG_OK && rename(file->temporary, file->path) != 0)
        status = cannot_write(file, err);
    if (status == TG_OK)
        file->temporary[0] = '\0'; /* renamed: nothing to remove */
    tg_outfile_discard(file);
    return status;
}

void tg_outfile_discard(tg_outfile *file)
{
    if (file->stream)
        fclose(file->stream);
    if (file->temporary && file->temporary[0])
        remove(file->temporary);
    tg_release(file->allocator, file->temporary, file->temporary_size);
    *file = (tg_outfile){ 0 };
}
