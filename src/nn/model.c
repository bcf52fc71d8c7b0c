/* model.c - declarations of parameters, and the set that is made of them. */
#include "tapegrad/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "core/status.h"

enum { NAME_BYTES = 128 };

/* A parameter that was declared. */
typedef struct declared {
    char name[NAME_BYTES];
    tg_shape shape;
    unsigned flags;
    tg_draw draw;
} declared;

struct tg_model {
    tg_allocator allocator;
    tg_dtype dtype;
    uint64_t seed;
    declared *at;
    int n, capacity;
    tg_params *params; /* NULL before tg_model_params */
    tg_error err;      /* the first error of a declaration */
};

tg_model *tg_model_create_with(tg_dtype dtype, uint64_t seed, const tg_allocator *allocator)
{
    if (tg_allocator_check(allocator, "model_create", NULL) != TG_OK)
        return NULL;
    const tg_allocator a = tg_allocator_or_default(allocator);
    tg_model *m = tg_allocate(&a, sizeof *m);
    if (!m)
        return NULL;
    *m = (tg_model){ .allocator = a, .dtype = dtype, .seed = seed };
    return m;
}

tg_model *tg_model_create(tg_dtype dtype, uint64_t seed)
{
    return tg_model_create_with(dtype, seed, NULL);
}

void tg_model_destroy(tg_model *m)
{
    if (!m)
        return;
    const tg_allocator a = m->allocator;
    tg_params_destroy(m->params);
    tg_release(&a, m->at, (size_t)m->capacity * sizeof *m->at);
    tg_release(&a, m, sizeof *m);
}

/* Makes space for one more; false out of memory. */
static bool grow(tg_model *m)
{
    if (m->n < m->capacity)
        return true;
    const int capacity = m->capacity ? 2 * m->capacity : 16;
    declared *at = tg_allocate(&m->allocator, (size_t)capacity * sizeof *at);
    if (!at)
        return false;
    if (m->n)
        memcpy(at, m->at, (size_t)m->n * sizeof *at);
    tg_release(&m->allocator, m->at, (size_t)m->capacity * sizeof *at);
    m->at = at;
    m->capacity = capacity;
    return true;
}

static bool is_draw(const tg_draw *d)
{
    return d->kind <= TG_DRAW_NORMAL && isfinite(d->scale) && (d->kind == TG_DRAW_CONSTANT || d->scale >= 0);
}

/* Whether a parameter can be declared; else the model's error. */
static bool check(tg_model *m, const char *name, const tg_shape *shape, const tg_draw *draw)
{
    char text[192];
    tg_shape_text(shape, text, sizeof text);
    if (m->err.status != TG_OK)
        return false;
    if (m->params)
        tg_error_raise(&m->err, TG_ERR_STATE, "model_add: %s is declared after tg_model_params made the set", name);
    else if (tg_shape_size(shape) < 1)
        tg_error_raise(&m->err, TG_ERR_SHAPE, "model_add: %s of shape %s; each size is at least 1", name, text);
    else if (!is_draw(draw))
        tg_error_raise(
            &m->err, TG_ERR_ARGUMENT,
            "model_add: %s with draw kind %d, scale %g; a scale is finite, and not negative but for constants", name,
            (int)draw->kind, draw->scale);
    else if (!grow(m))
        tg_error_raise(&m->err, TG_ERR_MEMORY, "model_add: no memory for parameter %d, %s", m->n, name);
    return m->err.status == TG_OK;
}

int tg_model_add(tg_model *m, const char *layer, const char *name, tg_shape shape, tg_draw draw, unsigned flags)
{
    char full[NAME_BYTES];
    if (!m)
        return -1;
    const bool has_layer = layer && *layer;
    const int bytes =
        snprintf(full, sizeof full, "%s%s%s", has_layer ? layer : "", has_layer ? "." : "", name ? name : "");
    if (m->err.status == TG_OK && (!name || bytes >= NAME_BYTES))
        tg_error_raise(&m->err, TG_ERR_ARGUMENT, "model_add: %s",
                       !name ? "the name is NULL" : "a name has at most 127 bytes");
    if (!check(m, full, &shape, &draw))
        return -1;
    m->at[m->n] = (declared){ .shape = shape, .flags = flags, .draw = draw };
    memcpy(m->at[m->n].name, full, sizeof full);
    return m->n++;
}

/* The set ----------------------------------------------------------------------------------------------------------- */

static void draw_values(const tg_model *m, int i)
{
    const tg_draw *d = &m->at[i].draw;
    const tg_rng rng = tg_rng_seed(m->seed);
    tg_rng stream = tg_rng_stream(&rng, (uint64_t)i);
    if (d->kind == TG_DRAW_NORMAL)
        tg_params_fill_normal(m->params, i, d->scale, &stream, NULL);
    else
        tg_params_fill_uniform(m->params, i, d->kind == TG_DRAW_UNIFORM ? -d->scale : d->scale, d->scale, &stream,
                               NULL);
}

static tg_params *make_set(tg_model *m, tg_error *err)
{
    const size_t bytes = (size_t)m->n * sizeof(tg_param_spec);
    tg_param_spec *specs = tg_allocate(&m->allocator, bytes);
    if (!specs) {
        tg_error_raise(err, TG_ERR_MEMORY, "model_params: no memory for %d parameters", m->n);
        return NULL;
    }
    for (int i = 0; i < m->n; i++)
        specs[i] = (tg_param_spec){ .name = m->at[i].name, .shape = m->at[i].shape, .flags = m->at[i].flags };
    tg_params *p = tg_params_create_with(m->dtype, specs, m->n, &m->allocator, err);
    tg_release(&m->allocator, specs, bytes);
    return p;
}

tg_params *tg_model_params(tg_model *m, tg_error *err)
{
    tg_error_clear(err);
    if (!m || m->err.status != TG_OK) {
        tg_error_raise(err, m ? m->err.status : TG_ERR_MEMORY, "%s",
                       m ? m->err.text
                         : "model_params: the model is NULL: no memory for it, or an incomplete allocator");
        return NULL;
    }
    if (!m->params && (m->params = make_set(m, err)))
        for (int i = 0; i < m->n; i++)
            draw_values(m, i);
    return m->params;
}
