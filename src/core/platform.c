/* platform.c - files: reading a regular file, and replacing one at once. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE /* flock */
#define _DARWIN_C_SOURCE
#define _FILE_OFFSET_BITS 64
#include "core/platform.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/format.h"
#include "core/status.h"

const char *tg_path_end(const char *path)
{
    enum { SHOWN = 120 };
    const size_t n = strlen(path);
    const char *end = n > SHOWN ? path + n - SHOWN : path;
    for (int i = 0; i < 3 && end > path && ((unsigned char)*end & 0xc0) == 0x80; i++)
        end++; /* not in the middle of a UTF-8 character */
    return end;
}

/* Raises TG_ERR_IO with "path: what: " and the text of a system error. strerror is not used: its text depends on the
   locale. */
static tg_status io_error(const char *path, const char *what, int error, tg_error *err)
{
    static const struct {
        int error;
        const char *text;
    } known[] = {
        { ENOENT, "No such file or directory" },
        { EACCES, "Permission denied" },
        { EPERM, "Operation not permitted" },
        { ENOTDIR, "Not a directory" },
        { EISDIR, "Is a directory" },
        { ENAMETOOLONG, "File name too long" },
        { ELOOP, "Too many levels of symbolic links" },
        { EROFS, "Read-only file system" },
        { ENOSPC, "No space left on device" },
        { EDQUOT, "Disk quota exceeded" },
        { EFBIG, "File too large" },
        { EIO, "Input/output error" },
        { EMFILE, "Too many open files" },
        { ENFILE, "Too many open files in system" },
        { ENOMEM, "Cannot allocate memory" },
        { EBUSY, "Device or resource busy" },
        { EINTR, "Interrupted system call" },
        { ESTALE, "Stale file handle" },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].error == error)
            return tg_error_raise(err, TG_ERR_IO, "%s: %s: %s", tg_path_end(path), what, known[i].text);
    return tg_error_raise(err, TG_ERR_IO, "%s: %s: system error %d", tg_path_end(path), what, error);
}

/* TG_OK for a regular file, else raises TG_ERR_IO. */
static tg_status check_regular(const struct stat *info, const char *path, tg_error *err)
{
    const mode_t mode = info->st_mode;
    if (S_ISREG(mode))
        return TG_OK;
    return tg_error_raise(err, TG_ERR_IO, "%s: is a %s, expected a regular file", tg_path_end(path),
                          S_ISDIR(mode)    ? "directory"
                          : S_ISFIFO(mode) ? "FIFO"
                          : S_ISSOCK(mode) ? "socket"
                                           : "device");
}

/* Reading --------------------------------------------------------------------------------------------------------- */

/* The path is checked before it is opened, because opening a device can have an effect. It is opened with O_NONBLOCK, so
   that a FIFO does not block, and checked again, because the path may name another file by then. */
tg_status tg_infile_open(tg_infile *file, const char *path, tg_error *err)
{
    *file = (tg_infile){ .path = path };
    struct stat info;
    if (stat(path, &info) != 0)
        return io_error(path, "cannot open", errno, err);
    tg_status status = check_regular(&info, path, err);
    if (status != TG_OK)
        return status;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return io_error(path, "cannot open", errno, err);
    if (fstat(fd, &info) != 0)
        status = io_error(path, "cannot open", errno, err);
    else
        status = check_regular(&info, path, err);
    if (status == TG_OK && !(file->stream = fdopen(fd, "rb")))
        status = io_error(path, "cannot open", errno, err);
    if (status != TG_OK)
        close(fd);
    file->size = (uint64_t)info.st_size;
    return status;
}

tg_status tg_infile_read(tg_infile *file, void *data, size_t size, const char *what, tg_error *err)
{
    const size_t got = fread(data, 1, size, file->stream);
    if (got == size)
        return TG_OK;
    char doing[64];
    tg_format(doing, sizeof doing, "cannot read the %s", what);
    if (ferror(file->stream))
        return io_error(file->path, doing, errno, err);
    return tg_error_raise(err, TG_ERR_FORMAT, "%s: the file ends inside the %s: %zu bytes, expected %zu",
                          tg_path_end(file->path), what, got, size);
}

tg_status tg_infile_seek(tg_infile *file, uint64_t at, tg_error *err)
{
    return fseeko(file->stream, (off_t)at, SEEK_SET) == 0 ? TG_OK : io_error(file->path, "cannot seek", errno, err);
}

void tg_infile_close(tg_infile *file)
{
    if (file->stream)
        fclose(file->stream);
    *file = (tg_infile){ 0 };
}

/* Writing: the target ----------------------------------------------------------------------------------------------- */

/* The last component of a path. */
static char *last_component(char *path)
{
    char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Replaces the link `target` by what it points to; a relative one is relative to the link's directory. */
static int follow_once(char target[TG_PATH_BYTES])
{
    char link[TG_PATH_BYTES];
    const ssize_t n = readlink(target, link, sizeof link);
    if (n < 0)
        return errno;
    char *at = n > 0 && link[0] == '/' ? target : last_component(target);
    if ((size_t)n >= (size_t)(target + TG_PATH_BYTES - at))
        return ENAMETOOLONG;
    memcpy(at, link, (size_t)n);
    at[n] = '\0';
    return 0;
}

/* Follows the links at `target`, also to a file that does not exist. */
static int follow(char target[TG_PATH_BYTES])
{
    enum { HOPS = 40 };
    struct stat info;
    int error = 0;
    for (int i = 0; i < HOPS && error == 0; i++) {
        if (lstat(target, &info) != 0)
            return errno == ENOENT ? 0 : errno;
        if (!S_ISLNK(info.st_mode))
            return 0;
        error = follow_once(target);
    }
    return error ? error : ELOOP;
}

/* Sets the target, and the permissions of a file that exists there. Another process may create or replace it at any
   time. */
static tg_status find_target(tg_outfile *file, tg_error *err)
{
    struct stat info;
    if (snprintf(file->target, sizeof file->target, "%s", file->path) >= TG_PATH_BYTES)
        return io_error(file->path, "cannot write", ENAMETOOLONG, err);
    const bool exists = stat(file->path, &info) == 0;
    if (!exists && errno != ENOENT)
        return io_error(file->path, "cannot write", errno, err);
    if (exists && check_regular(&info, file->path, err) != TG_OK)
        return TG_ERR_IO;
    const int error = follow(file->target);
    if (error != 0)
        return io_error(file->path, "cannot follow its link", error, err);
    file->replaces = lstat(file->target, &info) == 0;
    if (!file->replaces && exists) /* for example links of /proc to deleted files */
        return io_error(file->path, "cannot follow its link", ENOENT, err);
    if (!file->replaces)
        return TG_OK;
    if (check_regular(&info, file->path, err) != TG_OK)
        return TG_ERR_IO;
    if (faccessat(AT_FDCWD, file->target, W_OK, AT_EACCESS) != 0)
        return io_error(file->path, "cannot write", errno, err);
    file->mode = info.st_mode & 07777u;
    file->owner = info.st_uid;
    file->group = info.st_gid;
    return TG_OK;
}

/* Writing: the temporary file -------------------------------------------------------------------------------------- */

/* The name of a temporary file: that of the target, cut to KEPT_MOST bytes; MARK; process and time in hex. */
#define MARK ".tapegrad-"
enum { HEX = 8 + 1 + 16, NAME_MOST = 255, KEPT_MOST = NAME_MOST - (int)(sizeof MARK - 1) - HEX };

static int kept_bytes(const char *name)
{
    return (int)strnlen(name, KEPT_MOST);
}

static bool is_temporary_of(const char *target_name, const char *name)
{
    const size_t kept = (size_t)kept_bytes(target_name), mark = sizeof MARK - 1;
    return strlen(name) == kept + mark + HEX && memcmp(name, target_name, kept) == 0 &&
           memcmp(name + kept, MARK, mark) == 0 && strspn(name + kept + mark, "0123456789abcdef-") == HEX;
}

/* Removes a temporary file if it is not locked: then its process has ended. */
static void remove_if_unlocked(int directory, const char *name)
{
    struct stat ours, named;
    const int fd = openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &ours) == 0 && S_ISREG(ours.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
        fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_dev == ours.st_dev &&
        named.st_ino == ours.st_ino)
        unlinkat(directory, name, 0);
    close(fd);
}

static void remove_abandoned(char target[TG_PATH_BYTES])
{
    char directory[TG_PATH_BYTES] = ".";
    char *const name = last_component(target);
    if (name > target)
        snprintf(directory, sizeof directory, "%.*s", (int)(name - target), target);
    DIR *dir = opendir(directory);
    if (!dir)
        return;
    for (struct dirent *e; (e = readdir(dir));)
        if (is_temporary_of(name, e->d_name))
            remove_if_unlocked(dirfd(dir), e->d_name);
    closedir(dir);
}

/* Locks a new temporary file. False if another process removed it as abandoned before it was locked. A file system
   without locks is no failure: there nobody can lock, and so remove, an abandoned file. */
static bool lock(int fd)
{
    struct stat info;
    return (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) && fstat(fd, &info) == 0 && info.st_nlink > 0;
}

/* Creates and locks the temporary file; -1 with errno on failure. Not mkstemp, because the permissions of a new target
   should follow the umask. For a target that is replaced nobody else may read the file until commit sets its
   permissions. */
static int create_temporary(tg_outfile *file)
{
    enum { TRIES = 1000 };
    char *const name = last_component(file->target);
    for (int i = 0; i < TRIES; i++) {
        struct timespec t;
        clock_gettime(CLOCK_REALTIME, &t);
        const int n = snprintf(file->temporary, sizeof file->temporary, "%.*s" MARK "%08lx-%016llx",
                               (int)(name - file->target) + kept_bytes(name), file->target,
                               (unsigned long)getpid() & 0xffffffffu,
                               (unsigned long long)t.tv_sec * 1000000000u + (unsigned long long)t.tv_nsec);
        if (n < 0 || (size_t)n >= sizeof file->temporary) {
            errno = ENAMETOOLONG;
            return -1;
        }
        const int fd =
            open(file->temporary, O_RDWR | O_CREAT | O_EXCL | O_NOCTTY | O_CLOEXEC, file->replaces ? 0600 : 0666);
        if (fd < 0 && errno != EEXIST)
            return -1;
        if (fd >= 0 && lock(fd))
            return fd;
        if (fd >= 0)
            close(fd);
    }
    errno = EBUSY;
    return -1;
}

tg_status tg_outfile_open(tg_outfile *file, const char *path, tg_error *err)
{
    file->path = path;
    file->stream = NULL;
    file->temporary[0] = '\0';
    const tg_status status = find_target(file, err);
    if (status != TG_OK)
        return status;
    remove_abandoned(file->target);
    const int fd = create_temporary(file);
    if (fd >= 0)
        file->stream = fdopen(fd, "wb");
    if (file->stream)
        return TG_OK;
    const int error = errno;
    if (fd >= 0)
        close(fd);
    else
        file->temporary[0] = '\0'; /* there is none to remove */
    tg_outfile_discard(file);
    return io_error(path, "cannot create a temporary file in its directory", error, err);
}

tg_status tg_outfile_write(tg_outfile *file, const void *data, size_t size, tg_error *err)
{
    return fwrite(data, 1, size, file->stream) == size ? TG_OK : io_error(file->path, "cannot write", errno, err);
}

/* Gives the temporary file the owner, group and permissions of the file that it replaces. If the group cannot be set, the
   group's permissions are limited to those of others. */
static bool restore(const tg_outfile *file, int fd)
{
    struct stat info;
    unsigned mode = file->mode;
    if (fstat(fd, &info) != 0)
        return false;
    if (info.st_gid != file->group && fchown(fd, (uid_t)-1, (gid_t)file->group) != 0)
        mode = (mode & ~(unsigned)(S_IRWXG | S_ISGID)) | (mode & S_IRWXO) << 3;
    if (info.st_uid != file->owner && fchown(fd, (uid_t)file->owner, (gid_t)-1) != 0)
        mode &= ~(unsigned)S_ISUID;
    return (info.st_mode & 07777u) == mode || fchmod(fd, (mode_t)mode) == 0;
}

/* The sync before the rename makes sure that a crash leaves either the old file or the complete new one. The file stays
   locked until after the rename. */
tg_status tg_outfile_commit(tg_outfile *file, tg_error *err)
{
    const int fd = fileno(file->stream);
    tg_status status = TG_OK;
    if (fflush(file->stream) != 0 || (file->replaces && !restore(file, fd)) || fsync(fd) != 0 ||
        rename(file->temporary, file->target) != 0)
        status = io_error(file->path, "cannot write", errno, err);
    else
        file->temporary[0] = '\0'; /* renamed: nothing to remove */
    tg_outfile_discard(file);
    return status;
}

/* Removes the file before closing, which unlocks it. */
void tg_outfile_discard(tg_outfile *file)
{
    if (file->temporary[0])
        unlink(file->temporary);
    if (file->stream)
        fclose(file->stream);
    file->stream = NULL;
    file->temporary[0] = '\0';
}

/* Memory ---------------------------------------------------------------------------------------------------------- */

#ifdef MADV_HUGEPAGE
void tg_advise_huge_pages(void *p, size_t size)
{
    const int error = errno;
    if (madvise(p, size, MADV_HUGEPAGE) != 0)
        errno = error;
}
#else
void tg_advise_huge_pages(void *p, size_t size)
{
    (void)p, (void)size;
}
#endif
