/* platform.c - the operating system and the sanitizers. */
#define _POSIX_C_SOURCE 200809L
#include "core/platform.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/status.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TG_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define TG_ASAN 1
#endif

#ifdef TG_ASAN
#include <sanitizer/asan_interface.h>
void tg_poison(void *p, size_t size)
{
    ASAN_POISON_MEMORY_REGION(p, size);
}
void tg_unpoison(void *p, size_t size)
{
    ASAN_UNPOISON_MEMORY_REGION(p, size);
}
#else
void tg_poison(void *p, size_t size)
{
    (void)p, (void)size;
}
void tg_unpoison(void *p, size_t size)
{
    (void)p, (void)size;
}
#endif

tg_status tg_outfile_open(tg_outfile *file, const char *path, tg_error *err)
{
    static const char suffix[] = ".XXXXXX";
    *file = (tg_outfile){ .path = path };
    file->temporary = malloc(strlen(path) + sizeof suffix);
    if (!file->temporary)
        return tg_error_raise(err, TG_ERR_MEMORY, "%s: no memory for a temporary name", path);
    strcpy(file->temporary, path);
    strcat(file->temporary, suffix);
    int fd = mkstemp(file->temporary);
    if (fd < 0) {
        tg_error_raise(err, TG_ERR_IO, "%s: cannot create %s: %s", path, file->temporary, strerror(errno));
        free(file->temporary);
        *file = (tg_outfile){ 0 };
        return TG_ERR_IO;
    }
    /* mkstemp makes the file private; what the user will find gets what the umask allows, as from fopen. */
    mode_t mask = umask(0);
    umask(mask);
    fchmod(fd, 0666 & ~mask);
    file->stream = fdopen(fd, "wb");
    if (!file->stream) {
        tg_error_raise(err, TG_ERR_IO, "%s: cannot open %s: %s", path, file->temporary, strerror(errno));
        close(fd);
        tg_outfile_discard(file);
        return TG_ERR_IO;
    }
    return TG_OK;
}

tg_status tg_outfile_commit(tg_outfile *file, tg_error *err)
{
    bool good = !ferror(file->stream) && fflush(file->stream) == 0 && fsync(fileno(file->stream)) == 0;
    int reason = errno;
    if (fclose(file->stream) != 0 && good) {
        good = false;
        reason = errno;
    }
    file->stream = NULL;
    if (good && rename(file->temporary, file->path) != 0) {
        good = false;
        reason = errno;
    }
    tg_status status = TG_OK;
    if (!good)
        status = tg_error_raise(err, TG_ERR_IO, "%s: cannot write: %s", file->path, strerror(reason));
    else
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
    free(file->temporary);
    *file = (tg_outfile){ 0 };
}
