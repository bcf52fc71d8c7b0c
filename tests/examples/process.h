/* process.h - runs a program as a user does, and keeps what it prints. */
#ifndef TG_PROCESS_H
#define TG_PROCESS_H

#include <sys/types.h>

enum { PRINTED_MOST = 1 << 16 };

typedef struct tg_run {
    int status; /* of its exit; -1 if a signal ended it */
    char out[PRINTED_MOST], err[PRINTED_MOST];
} tg_run;

/* Starts a program; argv ends with NULL. Its output goes to the files "stdout" and "stderr" in the working directory. */
pid_t tg_start(const char *const *argv);

/* Waits for its end. The result is valid until the next call. */
const tg_run *tg_wait(pid_t pid);

/* The text of a file, "" if there is none, in a static buffer: valid until the next call. */
const char *tg_text_of(const char *path);

#endif
