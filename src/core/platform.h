/* platform.h - what depends on the operating system, the compiler and the sanitizers. */
#ifndef TG_PLATFORM_H
#define TG_PLATFORM_H

#include <stdio.h>

#include "tapegrad/types.h"

/* The part of a path for a message: all of it, or the end of a long one. */
const char *tg_path_end(const char *path);

/* A regular file that is read from its start. `size` is that of the opened file, even if another file gets its name
   later. A file that is missing, unreadable or not regular is TG_ERR_IO; one that ends early is TG_ERR_FORMAT. The
   message names the file. */
typedef struct tg_infile {
    FILE *stream;
    const char *path; /* borrowed */
    uint64_t size;
} tg_infile;

tg_status tg_infile_open(tg_infile *file, const char *path, tg_error *err);
tg_status tg_infile_read(tg_infile *file, void *data, size_t size, const char *what, tg_error *err);
tg_status tg_infile_seek(tg_infile *file, uint64_t at, tg_error *err); /* at <= size */
void tg_infile_close(tg_infile *file);                                 /* a file that is not open is a no-op */

/* A function that runs rarely, and is not inlined into the hot path. */
#define TG_COLD __attribute__((cold, noinline))

/* A function that is not inlined into the fast path, which would have to save more registers with it. */
#define TG_NOINLINE __attribute__((noinline))

/* A function that is inlined into each of its callers. */
#define TG_INLINE inline __attribute__((always_inline))

/* A file that gets the name `path` only when it is complete: it is written to a temporary file in the same directory. A
   symbolic link is followed and kept: the file that it points to is replaced. The new file gets the permissions of the
   replaced one and, where the system allows it, its owner and group. A path that exists and is not a regular file, or may
   not be written, is an error.

   The temporary file is locked until its process ends. Whoever saves to the same path later removes temporary files
   without a lock. */
enum { TG_PATH_BYTES = 4096 };
typedef struct tg_outfile {
    FILE *stream;
    const char *path;              /* borrowed */
    char target[TG_PATH_BYTES];    /* `path` with its links resolved */
    char temporary[TG_PATH_BYTES]; /* "" if there is none to remove */
    bool replaces;                 /* `target` exists, with these: */
    unsigned mode, owner, group;
} tg_outfile;

/* open creates the temporary file; commit flushes, syncs, renames and closes it; discard closes and removes it. On
   failure they return TG_ERR_IO with the reason in *err. A failed open or commit leaves no file; after a failed write
   the caller calls discard. */
tg_status tg_outfile_open(tg_outfile *file, const char *path, tg_error *err);
tg_status tg_outfile_write(tg_outfile *file, const void *data, size_t size, tg_error *err);
tg_status tg_outfile_commit(tg_outfile *file, tg_error *err);
void tg_outfile_discard(tg_outfile *file);

/* Asks the system to back the memory p .. p + size, whole pages, with huge pages. It may refuse; nothing depends on it. */
void tg_advise_huge_pages(void *p, size_t size);

/* Makes memory unusable, or usable again, under AddressSanitizer; a no-op without it. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TG_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(TG_ASAN)
#include <sanitizer/asan_interface.h>
#define TG_POISON(p, size)   ASAN_POISON_MEMORY_REGION(p, size)
#define TG_UNPOISON(p, size) ASAN_UNPOISON_MEMORY_REGION(p, size)
#else
#define TG_POISON(p, size)   ((void)(p), (void)(size))
#define TG_UNPOISON(p, size) ((void)(p), (void)(size))
#endif

#endif
