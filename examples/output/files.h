/* files.h - files that are written whole or not at all, and folders. */
#ifndef OUTPUT_FILES_H
#define OUTPUT_FILES_H

#include <stdarg.h>
#include <stdbool.h>
#include <tapegrad.h>

#include "output/text.h"

/* Sets *err (which may be NULL) to a status and a sentence. Returns false. */
bool fail_with(tg_error *err, tg_status status, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The end of a path that is so long that it would crowd the reason out of a sentence; else all of it. */
const char *path_end(const char *path);

/* TG_ERR_IO: "cannot write "PATH": " and what errno says. `doing` is "write", "make the folder", ... Returns false. */
bool fail_io(tg_error *err, const char *doing, const char *path);

/* Writes the text to "PATH.part" and then puts it in its place; links are followed, and the permissions of a file that is
   replaced are kept. On failure what stood there stays and nothing is left beside it. TG_ERR_IO, also where `path` is no
   regular file; TG_ERR_MEMORY if the text could not be made. */
bool file_write(const char *path, const text *t, tg_error *err);

/* Whether a file can be made at `path`: asked before the work that it is to keep. */
bool file_can_write(const char *path, tg_error *err);

/* The file's bytes, added to *t. false and TG_ERR_IO if it cannot be read or has more than `most` bytes. */
bool file_read(const char *path, text *t, size_t most, tg_error *err);

/* Makes a folder, and the folders above it. One that is there is as good. */
bool folder_make(const char *path, tg_error *err);

#endif
