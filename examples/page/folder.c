/* folder.c - a folder that is filled beside its place, and then put there in one step. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "page/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LIST_MOST = 1 << 24 };

static const char list_name[] = "files.txt";
static const char list_head[] = "the files of this folder, which a later run may remove\n";

/* Adds DIR/NAME. */
static const char *join(text *path, const char *dir, const char *name)
{
    path->size = 0;
    text_print(path, "%s/%s", dir, name);
    return path->failed ? "" : path->data;
}

/* Reads a folder's list; list->data stays NULL where there is none, or a file of that name that is none of ours. A list
   that was cut off in its first line is ours, and names nothing. */
static void read_list(const char *dir, text *list)
{
    text path = { 0 };
    const size_t head = strlen(list_head);
    const bool read = file_read(join(&path, dir, list_name), list, LIST_MOST, NULL);
    text_put(list, "");
    if (!read || list->failed || strncmp(list->data, list_head, list->size < head ? list->size : head) != 0)
        text_finish(list);
    text_finish(&path);
}

/* Whether `rest` is what file_write adds to the name of a file it is writing, or nothing: ".PID.part". */
static bool is_end(const char *rest)
{
    if (*rest == '\0')
        return true;
    const size_t digits = *rest == '.' ? strspn(rest + 1, "0123456789") : 0;
    return digits > 0 && strcmp(rest + 1 + digits, ".part") == 0;
}

static bool is_listed(const text *list, const char *name)
{
    if (strcmp(name, list_name) == 0)
        return list->data != NULL;
    const char *line = list->size > 0 ? strchr(list->data, '\n') : NULL, *end;
    for (; line && (end = strchr(line + 1, '\n')); line = end) { /* a line cut off names a file not yet begun */
        const size_t size = (size_t)(end - line - 1);
        if (size > 0 && strncmp(name, line + 1, size) == 0 && is_end(name + size))
            return true;
    }
    return false;
}

typedef enum state { ABSENT, OURS, EMPTY, FOREIGN, UNREADABLE } state;

/* What is at `dir`. Of a folder that is not ours, *foreign is the name that shows it, the first in the alphabet. */
static state look(const char *dir, text *foreign)
{
    DIR *d = opendir(dir);
    if (!d)
        return errno == ENOENT ? ABSENT : UNREADABLE;
    text list = { 0 };
    read_list(dir, &list);
    int n = 0;
    for (struct dirent *e; (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        n++;
        if (!is_listed(&list, e->d_name) && (foreign->size == 0 || strcmp(e->d_name, foreign->data) < 0)) {
            foreign->size = 0;
            text_put(foreign, e->d_name);
        }
    }
    closedir(d);
    text_finish(&list);
    return foreign->size > 0 || foreign->failed ? FOREIGN : n > 0 ? OURS : EMPTY;
}

/* The same, where only a folder that is ours or empty, or none, is right. */
static bool check(const char *dir, state *found, tg_error *err)
{
    text foreign = { 0 };
    *found = look(dir, &foreign);
    const int reason = errno;
    if (*found == FOREIGN)
        fail_with(err, TG_ERR_ARGUMENT,
                  "the folder \"%s\" holds \"%s\", which no run has written; expected "
                  "another folder, or one of an earlier run",
                  path_end(dir), foreign.size > 0 ? foreign.data : "?");
    text_finish(&foreign);
    if (*found == UNREADABLE && reason == ENOTDIR && access(dir, F_OK) == 0)
        return fail_with(err, TG_ERR_IO, "cannot make the folder \"%s\": a file of that name is in its place",
                         path_end(dir));
    errno = reason;
    if (*found == UNREADABLE)
        return fail_io(err, "make the folder", dir);
    return *found != FOREIGN;
}

/* Removes a folder of ours: its list last, so that an interruption leaves it ours. */
static void remove_ours(const char *dir)
{
    text list = { 0 }, path = { 0 };
    DIR *d = opendir(dir);
    read_list(dir, &list);
    for (struct dirent *e; d && (e = readdir(d));)
        if (strcmp(e->d_name, list_name) != 0 && is_listed(&list, e->d_name))
            unlink(join(&path, dir, e->d_name));
    if (d)
        closedir(d);
    if (list.data)
        unlink(join(&path, dir, list_name));
    rmdir(dir);
    text_finish(&path);
    text_finish(&list);
}

/* DIR without slashes at its end; of a link to a folder, that folder. */
static bool set_paths(folder *f, const char *dir, tg_error *err)
{
    char *real = realpath(dir, NULL);
    text_put(&f->dir, real ? real : dir);
    free(real);
    while (!f->dir.failed && f->dir.size > 1 && f->dir.data[f->dir.size - 1] == '/')
        f->dir.data[--f->dir.size] = '\0';
    const char *const name = f->dir.failed ? "" : strrchr(f->dir.data, '/');
    const char *const last = name ? name + (name[0] == '/') : f->dir.data;
    if (!f->dir.failed && (strcmp(last, "") == 0 || strcmp(last, ".") == 0 || strcmp(last, "..") == 0))
        return fail_with(err, TG_ERR_ARGUMENT, "the folder \"%s\" has no name of its own, expected one to be made",
                         dir);
    text_print(&f->partial, "%s.partial", f->dir.failed ? "" : f->dir.data);
    text_print(&f->old, "%s.old", f->dir.failed ? "" : f->dir.data);
    if (f->dir.failed || f->partial.failed || f->old.failed)
        return fail_with(err, TG_ERR_MEMORY, "the folder \"%s\": no memory for its name", path_end(dir));
    return true;
}

bool folder_begin(folder *f, const char *dir, tg_error *err)
{
    state now, old, partial;
    *f = (folder){ 0 };
    if (!dir || !*dir)
        return fail_with(err, TG_ERR_ARGUMENT, "the folder \"\" has no name, expected one");
    if (!set_paths(f, dir, err) || !check(f->dir.data, &now, err) || !check(f->old.data, &old, err) ||
        !check(f->partial.data, &partial, err))
        return false;
    if (now == ABSENT && old == OURS && rename(f->old.data, f->dir.data) != 0)
        return fail_io(err, "put back the folder", f->dir.data);
    if (partial != ABSENT)
        remove_ours(f->partial.data);
    text path = { 0 };
    if (!folder_make(f->partial.data, err))
        return false;
    f->list = fopen(join(&path, f->partial.data, list_name), "wb");
    if (!f->list || fputs(list_head, f->list) < 0 || fflush(f->list) != 0)
        fail_io(err, "write", path.failed ? f->partial.data : path.data);
    const bool begun = f->list && !ferror(f->list);
    if (!f->list)
        rmdir(f->partial.data);
    text_finish(&path);
    return begun;
}

const char *folder_file(folder *f, const char *name, tg_error *err)
{
    if (fprintf(f->list, "%s\n", name) < 0 || fflush(f->list) != 0) {
        fail_io(err, "write", join(&f->path, f->partial.data, list_name));
        return NULL;
    }
    join(&f->path, f->partial.data, name);
    if (f->path.failed)
        fail_with(err, TG_ERR_MEMORY, "\"%s\": no memory for its name", name);
    return f->path.failed ? NULL : f->path.data;
}

bool folder_commit(folder *f, tg_error *err)
{
    state now, old;
    if (!check(f->dir.data, &now, err) || !check(f->old.data, &old, err))
        return false;
    if (old != ABSENT)
        remove_ours(f->old.data);
    if (now != ABSENT && rename(f->dir.data, f->old.data) != 0)
        return fail_io(err, "move away the folder", f->dir.data);
    if (rename(f->partial.data, f->dir.data) != 0) {
        fail_io(err, "put in its place the folder", f->dir.data);
        if (now != ABSENT)
            rename(f->old.data, f->dir.data);
        return false;
    }
    fclose(f->list);
    f->list = NULL;
    if (now != ABSENT)
        remove_ours(f->old.data);
    return true;
}

void folder_discard(folder *f)
{
    if (f->list) {
        fclose(f->list);
        remove_ours(f->partial.data);
    }
    text *const all[] = { &f->dir, &f->partial, &f->old, &f->path };
    for (int i = 0; i < 4; i++)
        text_finish(all[i]);
    f->list = NULL;
}
