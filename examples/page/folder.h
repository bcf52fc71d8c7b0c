/* folder.h - a folder that is filled beside its place, and then put there in one step. */
#ifndef PAGE_FOLDER_H
#define PAGE_FOLDER_H

#include <stdio.h>

#include "output/files.h"

typedef struct folder {
    text dir, partial, old; /* DIR, DIR.partial, DIR.old */
    text path;              /* of the last file */
    FILE *list;             /* DIR.partial/files.txt: what may be removed; NULL: there is no DIR.partial of ours */
} folder;

/* Makes DIR.partial, empty but for its list. Refuses a DIR, DIR.partial or DIR.old that holds a file which its list does
   not name. folder_discard is due whatever comes of it. */
bool folder_begin(folder *f, const char *dir, tg_error *err);

/* Lists the file, before it is made, and returns its path in DIR.partial: valid until the next call; NULL on failure. */
const char *folder_file(folder *f, const char *name, tg_error *err);

/* Puts the folder in its place: DIR becomes DIR.old, DIR.partial DIR, and DIR.old is removed. If that fails, DIR stays.
   What an interruption between these steps leaves, the next folder_begin mends. */
bool folder_commit(folder *f, tg_error *err);

/* Removes what is left of DIR.partial, frees. */
void folder_discard(folder *f);

#endif
