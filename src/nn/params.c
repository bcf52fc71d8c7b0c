/* params.c - a parameter set: creation, layout, queries, leaves. */
#include "nn/params.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/platform.h"
#include "core/status.h"

enum { KNOWN_FLAGS = TG_PARAM_NO_DECAY | TG_PARAM_FROZEN };

/* Create and destroy ----------------------------------------------------------------------------------------------- */

static tg_status check_spec(const tg_param_spec *specs, int i, tg_error *err)
{
    const tg_param_spec *s = &specs[i];
    char text[192];
    if (!s->name || !*s->name)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "params_create: parameter %d has no name", i);
    if (s->flags & ~(unsigned)KNOWN_FLAGS)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "params_create: %s has the flags %#x, known are %#x", s->name,
                              s->flags, (unsigned)KNOWN_FLAGS);
    if (s->shape.rank < 0 || s->shape.rank > TG_MAX_RANK)
        return tg_error_raise(err, TG_ERR_SHAPE, "params_create: %s has rank %d, which is not in 0 .. %d", s->name,
                              s->shape.rank, TG_MAX_RANK);
    if (tg_shape_size(&s->shape) < 0)
        return tg_error_raise(
            err, TG_ERR_SHAPE,
            "params_create: %s of shape %s has a negative size or more elements than memory can hold", s->name,
            tg_shape_text(&s->shape, text, sizeof text));
    return TG_OK;
}

static tg_status check_specs(tg_dtype dtype, const tg_param_spec *specs, int n, tg_error *err)
{
    if (dtype != TG_F32 && dtype != TG_F64)
        return tg_error_raise(err, TG_ERR_DTYPE, "params_create: dtype %d is neither TG_F32 nor TG_F64", (int)dtype);
    if (n < 0)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "params_create: a set of %d parameters", n);
    if (!specs && n > 0)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "params_create: the specs of %d parameters are NULL", n);
    tg_status status = TG_OK;
    for (int i = 0; i < n && status == TG_OK; i++)
        status = check_spec(specs, i, err);
    return status;
}

/* A parameter's size in the flat buffers with its padding: a multiple of TG_ALIGN bytes. */
static int64_t padded(int64_t size, tg_dtype dtype)
{
    const int64_t unit = TG_ALIGN / (int64_t)tg_dtype_size(dtype);
    return (size + unit - 1) / unit * unit;
}

/* Adds up the sizes of the set's arrays; false where the flat buffers would be larger than memory can be. */
static bool measure(tg_params *p, const tg_param_spec *specs)
{
    const int64_t limit = PTRDIFF_MAX / (int64_t)sizeof(double);
    for (int i = 0; i < p->n; i++) {
        const int64_t size = tg_shape_size(&specs[i].shape), length = padded(size, p->dtype);
        if (length > limit - p->length)
            return false;
        p->size += size;
        p->length += length;
        p->name_bytes += strlen(specs[i].name) + 1;
    }
    return true;
}

static size_t bytes_of(const tg_params *p)
{
    return (size_t)p->length * tg_dtype_size(p->dtype);
}

static bool allocate(tg_params *p)
{
    p->at = tg_allocate_zeroed(&p->allocator, (size_t)p->n * sizeof *p->at);
    p->by_name = tg_allocate(&p->allocator, (size_t)p->n * sizeof *p->by_name);
    p->names = tg_allocate(&p->allocator, p->name_bytes);
    p->values = tg_allocate_zeroed(&p->allocator, bytes_of(p));
    p->grads = tg_allocate_zeroed(&p->allocator, bytes_of(p));
    return p->at && p->by_name && p->names && p->values && p->grads;
}

static void lay_out(tg_params *p, const tg_param_spec *specs)
{
    int64_t offset = 0;
    char *name = p->names;
    for (int i = 0; i < p->n; i++) {
        tg_parameter *q = &p->at[i];
        q->name = strcpy(name, specs[i].name);
        q->extent = (tg_extent){ .size = tg_shape_size(&specs[i].shape), .shape = specs[i].shape };
        p->by_name[i] = (tg_named){ .name = name, .i = i };
        q->offset = offset;
        q->flags = specs[i].flags;
        q->sink = (tg_sink){ .name = q->name,
                             .extent = &q->extent,
                             .value = tg_params_element(p, p->values, offset),
                             .grad = tg_params_element(p, p->grads, offset),
                             .is_set = &q->is_set,
                             .invalid = &p->invalid,
                             .version = &p->version };
        offset += padded(q->extent.size, p->dtype);
        name += strlen(name) + 1;
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const tg_named *)a)->name, ((const tg_named *)b)->name);
}

/* Sorts the names, so that equal ones are adjacent. */
static tg_status index_names(tg_params *p, tg_error *err)
{
    if (p->n > 0)
        qsort(p->by_name, (size_t)p->n, sizeof *p->by_name, compare_names);
    for (int i = 1; i < p->n; i++)
        if (compare_names(&p->by_name[i - 1], &p->by_name[i]) == 0)
            return tg_error_raise(err, TG_ERR_ARGUMENT, "params_create: two parameters are named %s",
                                  p->by_name[i].name);
    return TG_OK;
}

static tg_params *new_set(tg_params layout)
{
    tg_params *p = tg_allocate(&layout.allocator, sizeof *p);
    if (!p)
        return NULL;
    *p = layout;
    if (allocate(p))
        return p;
    tg_params_destroy(p);
    return NULL;
}

tg_params *tg_params_create_with(tg_dtype dtype, const tg_param_spec *specs, int n, const tg_allocator *allocator,
                                 tg_error *err)
{
    tg_error_clear(err);
    if (tg_allocator_check(allocator, "params_create", err) != TG_OK || check_specs(dtype, specs, n, err) != TG_OK)
        return NULL;
    tg_params layout = { .allocator = tg_allocator_or_default(allocator),
                         .kernels = tg_kernels_for(dtype),
                         .dtype = dtype,
                         .n = n,
                         .version = 1 };
    if (!measure(&layout, specs)) {
        tg_error_raise(err, TG_ERR_SHAPE, "params_create: the %d parameters together are larger than memory can be",
                       n);
        return NULL;
    }
    tg_params *p = new_set(layout);
    if (!p) {
        tg_error_raise(err, TG_ERR_MEMORY, "params_create: no memory for %d parameters of %lld elements", n,
                       (long long)layout.size);
        return NULL;
    }
    lay_out(p, specs);
    if (index_names(p, err) == TG_OK)
        return p;
    tg_params_destroy(p);
    return NULL;
}

tg_params *tg_params_create(tg_dtype dtype, const tg_param_spec *specs, int n, tg_error *err)
{
    return tg_params_create_with(dtype, specs, n, NULL, err);
}

void tg_params_destroy(tg_params *p)
{
    if (!p)
        return;
    const tg_allocator a = p->allocator;
    tg_release(&a, p->at, (size_t)p->n * sizeof *p->at);
    tg_release(&a, p->by_name, (size_t)p->n * sizeof *p->by_name);
    tg_release(&a, p->names, p->name_bytes);
    tg_release(&a, p->values, bytes_of(p));
    tg_release(&a, p->grads, bytes_of(p));
    tg_release(&a, p, sizeof *p);
}

/* Queries ---------------------------------------------------------------------------------------------------------- */

static const tg_parameter *find(const tg_params *p, int i)
{
    return p && i >= 0 && i < p->n ? &p->at[i] : NULL;
}

tg_status tg_params_check(const tg_params *p, int i, const char *what, tg_error *err)
{
    if (!p)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the parameter set is NULL", what);
    if (!find(p, i))
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: there is no parameter %d, the set has %d, counted from 0",
                              what, i, p->n);
    return TG_OK;
}

int tg_params_count(const tg_params *p)
{
    return p ? p->n : 0;
}

tg_dtype tg_params_dtype(const tg_params *p)
{
    return p ? p->dtype : TG_F32;
}

int64_t tg_params_size(const tg_params *p)
{
    return p ? p->size : 0;
}

const char *tg_params_name(const tg_params *p, int i)
{
    const tg_parameter *q = find(p, i);
    return q ? q->name : NULL;
}

tg_shape tg_params_shape(const tg_params *p, int i)
{
    const tg_parameter *q = find(p, i);
    return q ? q->extent.shape : TG_SCALAR;
}

unsigned tg_params_flags(const tg_params *p, int i)
{
    const tg_parameter *q = find(p, i);
    return q ? q->flags : 0;
}

int64_t tg_params_offset(const tg_params *p, int i)
{
    const tg_parameter *q = find(p, i);
    return q ? q->offset : -1;
}

int tg_params_find(const tg_params *p, const char *name)
{
    if (tg_params_count(p) == 0 || !name)
        return -1;
    const tg_named key = { .name = name },
                   *found = bsearch(&key, p->by_name, (size_t)p->n, sizeof key, compare_names);
    return found ? found->i : -1;
}

tg_status tg_params_set_flags(tg_params *p, int i, unsigned flags, tg_error *err)
{
    if (tg_params_check(p, i, "params_set_flags", err) != TG_OK)
        return TG_ERR_ARGUMENT;
    if (flags & ~(unsigned)KNOWN_FLAGS)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "params_set_flags: %s with the flags %#x, known are %#x",
                              p->at[i].name, flags, (unsigned)KNOWN_FLAGS);
    p->at[i].flags = flags;
    return tg_error_clear(err);
}

uint64_t tg_params_version(const tg_params *p)
{
    return p ? p->version : 0;
}

void tg_params_touch(tg_params *p)
{
    if (p)
        p->version++;
}

/* On a tape -------------------------------------------------------------------------------------------------------- */

static TG_COLD tg_tensor no_param(tg_tape *tape, const tg_params *p, int i)
{
    tg_error err;
    if (tape && tg_params_check(p, i, "param", &err) != TG_OK)
        tg_tape_raise(tape, err.status, "%s", err.text);
    return (tg_tensor){ .tape = tape };
}

tg_tensor tg_param(tg_tape *tape, tg_params *p, int i)
{
    const tg_parameter *q = tape ? find(p, i) : NULL;
    return q ? tg_tape_bind(tape, p, p->n, p->dtype, i, &q->sink, !(q->flags & TG_PARAM_FROZEN))
             : no_param(tape, p, i);
}
