/* layer.h - what layers share. */
#ifndef TG_LAYER_H
#define TG_LAYER_H

#include "core/error.h"

/* The error of `what`, which was given NULL for its layer. */
static inline tg_tensor tg_layer_is_null(tg_tape *t, const char *what)
{
    if (t)
        tg_tape_raise(t, TG_ERR_ARGUMENT, "%s: the layer is NULL", what);
    return tg_invalid(t);
}

#endif
