/* params.h - a parameter set's internals. */
#ifndef TG_NN_PARAMS_H
#define TG_NN_PARAMS_H

#include "core/memory.h"
#include "core/param.h"
#include "kernels/kernels.h"
#include "tapegrad/params.h"

typedef struct tg_parameter {
    const char *name;
    tg_extent extent;
    int64_t offset; /* in elements; padding follows up to the next one's offset */
    unsigned flags;
    unsigned char is_set; /* whether its gradient is set */
    tg_sink sink;
} tg_parameter;

typedef struct tg_named {
    const char *name;
    int i; /* the parameter's number */
} tg_named;

struct tg_params {
    tg_allocator allocator;
    const tg_kernels *kernels;
    tg_dtype dtype;
    int n;
    bool invalid; /* a backward failed: some gradients may be missing or incomplete */
    uint64_t version;
    int64_t size;   /* elements without padding */
    int64_t length; /* of each flat buffer, in elements */
    void *values, *grads;
    tg_parameter *at;
    tg_named *by_name; /* sorted */
    char *names;
    size_t name_bytes;
};

/* Whether there is a parameter i; the message begins with `what`. */
tg_status tg_params_check(const tg_params *params, int i, const char *what, tg_error *err);

/* Element `offset` of a flat buffer. */
static inline void *tg_params_element(const tg_params *p, void *buffer, int64_t offset)
{
    return (char *)buffer + (size_t)offset * tg_dtype_size(p->dtype);
}

/* Fills an unset gradient with zeros. It stays unset: the next backward overwrites it. */
void tg_params_zero_fill(tg_parameter *p, tg_dtype dtype);

/* TG_ERR_STATE while the gradients are those of a failed backward. */
tg_status tg_params_check_grads(const tg_params *params, const char *what, tg_error *err);

#endif
