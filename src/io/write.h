/* write.h - writing a safetensors file whose tensors and metadata a source supplies one by one. */
#ifndef TG_WRITE_H
#define TG_WRITE_H

#include "core/memory.h"
#include "nn/params.h"

/* Keys of metadata that the library itself writes begin with this. */
#define TG_OWN_KEYS "tapegrad."

/* A tensor: its name is `prefix` and `name`. */
typedef struct tg_content {
    const char *prefix, *name;
    tg_dtype dtype;
    tg_shape shape;
    const void *values;
    double number; /* for a source to point `values` to, */
    char text[64]; /* and `prefix` to */
} tg_content;

typedef struct tg_contents {
    const char *what; /* begins the sentences */
    const void *source;
    int64_t n;                                                 /* tensors */
    void (*get)(const void *source, int64_t i, tg_content *t); /* fills *t, whose prefix is "" */
    const char *const *metadata[2]; /* the caller's pairs, which are checked, and the library's own; NULL: none */
} tg_contents;

/* Writes the file whole or not at all. */
tg_status tg_contents_write(const tg_contents *contents, const char *path, const tg_allocator *allocator,
                            tg_error *err);

/* Whether the names of all parameters can be in a file. */
tg_status tg_params_check_names(const tg_params *params, const char *what, tg_error *err);

#endif
