/* name.c - naming a tensor. */
#include <string.h>

#include "core/error.h"
#include "core/label.h"
#include "core/lookup.h"

/* A copy of the name in a buffer of the pool; NULL, with the error raised, out of memory. */
static char *copy(tg_tape *t, const char *name)
{
    const size_t bytes = strlen(name) + 1;
    char *text = tg_buffer_take(&t->pool, &t->heap, bytes);
    if (!text)
        tg_tape_raise(t, TG_ERR_MEMORY, "name: no memory for a name of %zu bytes", bytes);
    return text ? memcpy(text, name, bytes) : NULL;
}

tg_tensor tg_name(tg_tensor x, const char *name)
{
    tg_tape *t = x.tape;
    if (!tg_node_of(x, "name"))
        return tg_invalid(t);
    if (!name) {
        tg_tape_raise(t, TG_ERR_ARGUMENT, "name: the name is NULL");
        return tg_invalid(t);
    }
    char *text = copy(t, name);
    if (text && tg_label_put(t, x.id, text))
        return x;
    if (text) {
        tg_buffer_release(&t->pool, text);
        tg_tape_raise(t, TG_ERR_MEMORY, "name: no memory for the name of tensor number %u", x.id);
    }
    return tg_invalid(t);
}
