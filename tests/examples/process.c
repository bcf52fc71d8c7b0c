/* process.c - runs a program as a user does, and keeps what it prints. */
#define _POSIX_C_SOURCE 200809L
#include "process.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void give_up(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

pid_t tg_start(const char *const *argv)
{
    pid_t pid;
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "stdout", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "stderr", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    union {
        const char *const *given;
        char *const *taken; /* posix_spawn changes nothing, but does not say so */
    } arguments = { argv };
    if (posix_spawn(&pid, argv[0], &files, NULL, arguments.taken, environ) != 0)
        give_up(argv[0]);
    posix_spawn_file_actions_destroy(&files);
    return pid;
}

static void read_text(const char *path, char *text)
{
    FILE *file = fopen(path, "rb");
    const size_t n = file ? fread(text, 1, PRINTED_MOST - 1, file) : 0;
    text[n] = '\0';
    if (file)
        fclose(file);
}

const tg_run *tg_wait(pid_t pid)
{
    static tg_run run;
    int status;
    if (waitpid(pid, &status, 0) != pid)
        give_up("waitpid");
    run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    read_text("stdout", run.out);
    read_text("stderr", run.err);
    return &run;
}

const char *tg_text_of(const char *path)
{
    static char text[PRINTED_MOST];
    read_text(path, text);
    return text;
}
