/* tree.h - removes a scratch folder with the folders in it. Needs _XOPEN_SOURCE 700 before the first header. */
#ifndef TG_TREE_H
#define TG_TREE_H

#include <ftw.h>

#include "scratch.h"

static inline int tree_remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

/* In place of scratch_close. */
static inline int tree_close(void **state)
{
    return nftw(((scratch *)*state)->dir, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
