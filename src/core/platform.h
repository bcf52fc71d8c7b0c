/* platform.h - the one place that meets the operating system and the sanitizers. */
#ifndef TG_PLATFORM_H
#define TG_PLATFORM_H

#include <stdio.h>

#include "tapegrad/types.h"

/* A file that appears under `path` only when it is complete: written beside it under a temporary name. */
typedef struct tg_outfile {
    FILE *stream;
    const char *path; /* borrowed */
    char *temporary;  /* from malloc */
} tg_outfile;

/* Opens the temporary; commit flushes, syncs, closes and renames it; discard closes and removes it. Each returns
   TG_ERR_IO or TG_ERR_MEMORY with the reason in *err. Nothing is left behind on failure. */
tg_status tg_outfile_open(tg_outfile *file, const char *path, tg_error *err);
tg_status tg_outfile_commit(tg_outfile *file, tg_error *err);
void tg_outfile_discard(tg_outfile *file);

/* Memory under AddressSanitizer: nothing without it. */
void tg_poison(void *p, size_t size);
void tg_unpoison(void *p, size_t size);

#endif
