/* params_copy.c - a parameter set's values: read, written, copied to another set, averaged. */
#include <string.h>

#include "core/convert.h"
#include "core/status.h"
#include "nn/cut.h"
#include "nn/params.h"

void *tg_params_values(tg_params *p, int64_t *count)
{
    if (count)
        *count = p ? p->length : 0;
    return p ? p->values : NULL;
}

/* Whether there is a parameter i, and `buffer` has its n elements. */
static tg_status check(const tg_params *p, int i, const void *buffer, int64_t n, const char *what, tg_error *err)
{
    const tg_status status = tg_params_check(p, i, what, err);
    if (status != TG_OK)
        return status;
    const tg_parameter *q = &p->at[i];
    char text[192];
    if (n != q->extent.size)
        return tg_error_raise(err, TG_ERR_SHAPE, "%s: a buffer of %lld elements for %s of shape %s, which has %lld",
                              what, (long long)n, q->name, tg_shape_text(&q->extent.shape, text, sizeof text),
                              (long long)q->extent.size);
    if (!buffer && n > 0)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the buffer for %s is NULL", what, q->name);
    return tg_error_clear(err);
}

static tg_status read(const tg_params *p, int i, void *out, tg_dtype dtype, int64_t n, tg_error *err)
{
    const tg_status status = check(p, i, out, n, "params_read", err);
    if (status == TG_OK)
        tg_convert(out, dtype, tg_params_element(p, p->values, p->at[i].offset), p->dtype, n);
    return status;
}

tg_status tg_params_read_f32(const tg_params *p, int i, float *out, int64_t n, tg_error *err)
{
    return read(p, i, out, TG_F32, n, err);
}

tg_status tg_params_read_f64(const tg_params *p, int i, double *out, int64_t n, tg_error *err)
{
    return read(p, i, out, TG_F64, n, err);
}

static tg_status read_grad(const tg_params *p, int i, void *out, tg_dtype dtype, int64_t n, tg_error *err)
{
    tg_status status = check(p, i, out, n, "params_read_grad", err);
    if (status == TG_OK)
        status = tg_params_check_grads(p, "params_read_grad", err);
    if (status == TG_OK && p->at[i].is_set)
        tg_convert(out, dtype, p->at[i].sink.grad, p->dtype, n);
    else if (status == TG_OK && n > 0)
        memset(out, 0, (size_t)n * tg_dtype_size(dtype));
    return status;
}

tg_status tg_params_read_grad_f32(const tg_params *p, int i, float *out, int64_t n, tg_error *err)
{
    return read_grad(p, i, out, TG_F32, n, err);
}

tg_status tg_params_read_grad_f64(const tg_params *p, int i, double *out, int64_t n, tg_error *err)
{
    return read_grad(p, i, out, TG_F64, n, err);
}

static tg_status write(tg_params *p, int i, const void *values, tg_dtype dtype, int64_t n, tg_error *err)
{
    const tg_status status = check(p, i, values, n, "params_write", err);
    if (status != TG_OK)
        return status;
    tg_convert(tg_params_element(p, p->values, p->at[i].offset), p->dtype, values, dtype, n);
    tg_params_touch(p);
    return status;
}

tg_status tg_params_write_f32(tg_params *p, int i, const float *values, int64_t n, tg_error *err)
{
    return write(p, i, values, TG_F32, n, err);
}

tg_status tg_params_write_f64(tg_params *p, int i, const double *values, int64_t n, tg_error *err)
{
    return write(p, i, values, TG_F64, n, err);
}

/* Between sets ----------------------------------------------------------------------------------------------------- */

/* Copies all values between sets of the same names and shapes, converting. */
static void transfer(tg_params *to, const tg_params *from)
{
    for (int i = 0; i < to->n; i++)
        tg_convert(tg_params_element(to, to->values, to->at[i].offset), to->dtype,
                   tg_params_element(from, from->values, from->at[i].offset), from->dtype, to->at[i].extent.size);
}

tg_params *tg_params_clone(const tg_params *p, tg_dtype dtype, tg_error *err)
{
    if (!p) {
        tg_error_raise(err, TG_ERR_ARGUMENT, "params_clone: the parameter set is NULL");
        return NULL;
    }
    const size_t bytes = (size_t)p->n * sizeof(tg_param_spec);
    tg_param_spec *specs = tg_allocate(&p->allocator, bytes);
    if (!specs) {
        tg_error_raise(err, TG_ERR_MEMORY, "params_clone: no memory for the specs of %d parameters", p->n);
        return NULL;
    }
    for (int i = 0; i < p->n; i++)
        specs[i] = (tg_param_spec){ .name = p->at[i].name, .shape = p->at[i].extent.shape, .flags = p->at[i].flags };
    tg_params *copy = tg_params_create_with(dtype, specs, p->n, &p->allocator, err);
    tg_release(&p->allocator, specs, bytes);
    if (copy)
        transfer(copy, p);
    return copy;
}

/* Whether a parameter has the same name and shape in both sets. */
static tg_status check_equal(const tg_parameter *a, const tg_parameter *b, const char *what, tg_error *err)
{
    char text[192], other[192];
    if (strcmp(a->name, b->name))
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: %s to %s; the names must be the same, in order", what,
                              b->name, a->name);
    if (!tg_shape_equal(&a->extent.shape, &b->extent.shape))
        return tg_error_raise(err, TG_ERR_SHAPE, "%s: %s has shape %s here and %s there", what, a->name,
                              tg_shape_text(&a->extent.shape, text, sizeof text),
                              tg_shape_text(&b->extent.shape, other, sizeof other));
    return TG_OK;
}

static tg_status check_pair(const tg_params *to, const tg_params *from, const char *what, tg_error *err)
{
    if (!to || !from)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the set %s is NULL", what, to ? "from" : "to");
    if (to->n != from->n)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: a set of %d parameters to one of %d", what, from->n, to->n);
    tg_status status = tg_error_clear(err);
    for (int i = 0; i < to->n && status == TG_OK; i++)
        status = check_equal(&to->at[i], &from->at[i], what, err);
    return status;
}

tg_status tg_params_copy(tg_params *to, const tg_params *from, tg_error *err)
{
    const tg_status status = check_pair(to, from, "params_copy", err);
    if (status != TG_OK || to == from)
        return status;
    transfer(to, from);
    tg_params_touch(to);
    return TG_OK;
}

/* Averaging -------------------------------------------------------------------------------------------------------- */

typedef struct averaging {
    void *to;
    const void *from;
    tg_dtype to_dtype, from_dtype;
    tg_cut cut;
    double weight;
} averaging;

#define AVERAGE(to_type, from_type)                                                                                  \
    do {                                                                                                             \
        to_type *to = (to_type *)a->to + start;                                                                      \
        const from_type *from = (const from_type *)a->from + start;                                                  \
        for (int64_t k = 0; k < n; k++)                                                                              \
            to[k] = (to_type)(a->weight * (double)to[k] + (1 - a->weight) * (double)from[k]);                        \
    } while (0)

static void average_block(void *context, int64_t i)
{
    const averaging *a = context;
    const int64_t start = i * a->cut.block, n = tg_cut_size(a->cut, i);
    if (a->to_dtype == TG_F32 && a->from_dtype == TG_F32)
        AVERAGE(float, float);
    else if (a->to_dtype == TG_F32)
        AVERAGE(float, double);
    else if (a->from_dtype == TG_F32)
        AVERAGE(double, float);
    else
        AVERAGE(double, double);
}

tg_status tg_params_average(tg_params *to, const tg_params *from, double weight, tg_error *err)
{
    const tg_status status = check_pair(to, from, "params_average", err);
    if (status != TG_OK)
        return status;
    if (!(weight >= 0 && weight <= 1))
        return tg_error_raise(err, TG_ERR_ARGUMENT, "params_average: weight = %g is not in 0 .. 1", weight);
    if (to == from || weight == 1)
        return TG_OK;
    if (weight == 0)
        transfer(to, from);
    for (int i = 0; weight > 0 && i < to->n; i++) {
        averaging a = { .to = tg_params_element(to, to->values, to->at[i].offset),
                        .from = tg_params_element(from, from->values, from->at[i].offset),
                        .to_dtype = to->dtype,
                        .from_dtype = from->dtype,
                        .cut = tg_cut_flat(to->at[i].extent.size),
                        .weight = weight };
        tg_parallel_brief(a.cut.count, average_block, &a);
    }
    tg_params_touch(to);
    return TG_OK;
}
