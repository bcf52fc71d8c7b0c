/* registry.c - the operations in the order of ops.list. */
#include "ops/registry.h"

#include <string.h>

static const tg_op *const ops[] = {
#define OP(file, name)   &tg_op_##name,
#define LOOP(file, name) &tg_op_##name,
#include "ops/ops.list"
#undef OP
#undef LOOP
};

int tg_op_count(void)
{
    return (int)(sizeof ops / sizeof ops[0]);
}

const tg_op *tg_op_at(int i)
{
    return i >= 0 && i < tg_op_count() ? ops[i] : NULL;
}

const tg_op *tg_op_find(const char *name)
{
    for (int i = 0; name && i < tg_op_count(); i++)
        if (!strcmp(ops[i]->name, name))
            return ops[i];
    return NULL;
}
