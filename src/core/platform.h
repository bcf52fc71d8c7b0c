/* platform.h - the one place that meets the operating system and the sanitizers. */
#ifndef TG_PLATFORM_H
#define TG_PLATFORM_H

#include <stdio.h>

#include "tapegrad/types.h"

/* What a message shows of a path: all of it, or the end of a long one. */
const char *tg_path_end(const char *path);

/* A regular file that is read from its start; its size is that of the file which was opened, whatever takes its name
   later. A missing or unreadable file and one that is not regular are TG_ERR_IO, one that ends early is
   TG_ERR_FORMAT, with a sentence that names the file. */
typedef struct tg_infile {
    FILE *stream;
    const char *path; /* borrowed */
    uint64_t size;
} tg_infile;

tg_status tg_infile_open(tg_infile *file, const char *path, tg_error *err);
tg_status tg_infile_read(tg_infile *file, void *data, size_t size, const char *what, tg_error *err);
tg_status tg_infile_seek(tg_infile *file, uint64_t at, tg_error *err); /* at <= size */
void tg_infile_close(tg_infile *file); /* takes one that is not open */

/* A function that a hot one calls in rare cases: kept out of it. */
#define TG_COLD __attribute__((cold, noinline))

/* A function that is not made part of a quick one, which would have to make room for it. */
#define TG_APART __attribute__((noinline))

/* One that is part of each function that calls it. */
#define TG_INLINE inline __attribute__((always_inline))

/* A file that appears under `path` only when it is complete: written beside it under a temporary name. A symbolic link
   is followed, and stays; the file that it leads to, or `path` itself, is replaced, and the new one gets its
   permissions and, where the system allows it, its owner and group. What is there and is no regular file, or may not
   be written, is refused.

   The temporary is locked as long as its process lives: whoever saves to the same path later removes those that are
   not. */
enum { TG_PATH_BYTES = 4096 };
typedef struct tg_outfile {
    FILE *stream;
    const char *path;              /* borrowed */
    char target[TG_PATH_BYTES];    /* the path, behind its links */
    char temporary[TG_PATH_BYTES]; /* "": none that is ours */
    bool replaces;                 /* a file is there, whose permissions and owner these are: */
    unsigned mode, owner, group;
} tg_outfile;

/* Opens the temporary; commit flushes, syncs, renames and closes it; discard closes and removes it. Each returns
   TG_ERR_IO with the reason in *err. After a failed open or commit nothing is left behind; after a failed write,
   discard. */
tg_status tg_outfile_open(tg_outfile *file, const char *path, tg_error *err);
tg_status tg_outfile_write(tg_outfile *file, const void *data, size_t size, tg_error *err);
tg_status tg_outfile_commit(tg_outfile *file, tg_error *err);
void tg_outfile_discard(tg_outfile *file);

/* Memory under AddressSanitizer: nothing without it. */
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
