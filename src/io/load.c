/* load.c - a parameter set's values, read from a file; metadata, too. */
#include <inttypes.h>
#include <string.h>

#include "core/format.h"
#include "core/status.h"
#include "io/json.h"
#include "io/read.h"
#include "nn/params.h"
#include "tapegrad/io.h"

/* A load: what goes where, and what was found. */
typedef struct load {
    tg_reading *reading;
    const tg_params *params;
    const tg_load_config *config;
    tg_load_report *report;
    void *values; /* laid out as the set's */
    char *name;   /* of a tensor as the set has it */
    size_t name_size;
} load;

static const char *path_of(const load *l)
{
    return tg_path_end(l->reading->file.path);
}

/* Names ------------------------------------------------------------------------------------------------------------ */

/* The name of a tensor in the set: with the first prefix that fits replaced. */
static const char *map_name(const load *l, const char *name)
{
    for (const char *const *pair = l->config->prefixes; pair && *pair; pair += 2) {
        const size_t length = strlen(pair[0]);
        if (strncmp(name, pair[0], length) == 0)
            return strcat(strcpy(l->name, pair[1]), name + length);
    }
    return name;
}

static bool is_transposed(const load *l, const tg_parameter *q)
{
    const size_t length = strlen(q->name);
    for (const char *const *end = l->config->transposed; end && *end; end++)
        if (q->extent.shape.rank == 2 && strlen(*end) <= length && strcmp(q->name + length - strlen(*end), *end) == 0)
            return true;
    return false;
}

static void list_name(char text[TG_LOAD_NAMES], int64_t before, const char *name)
{
    const size_t used = strlen(text);
    tg_format(text + used, TG_LOAD_NAMES - used, before > 0 ? ", %s" : "%s", name);
}

/* Matching --------------------------------------------------------------------------------------------------------- */

static tg_status place_unexpected(const load *l, const char *name, tg_error *err)
{
    list_name(l->report->unexpected_names, l->report->unexpected++, name);
    return l->config->partial
               ? TG_OK
               : tg_error_raise(err, TG_ERR_FORMAT, "%s: tensor '%.64s' is not one of the set's %d parameters",
                                path_of(l), name, l->params->n);
}

static tg_status place(const load *l, int64_t i, unsigned char *seen, tg_error *err)
{
    const char *in_file = l->reading->header.tensors[i].name;
    const int at = tg_params_find(l->params, map_name(l, in_file));
    if (at < 0)
        return place_unexpected(l, in_file, err);
    const tg_parameter *q = &l->params->at[at];
    const bool transposed = is_transposed(l, q);
    const tg_shape *shape = &q->extent.shape;
    const tg_shape expected = transposed ? TG_SHAPE(shape->dims[1], shape->dims[0]) : *shape;
    const tg_status status = tg_reading_check(l->reading, i, &expected, err);
    if (status != TG_OK)
        return status;
    if (seen[at]++)
        return tg_error_raise(err, TG_ERR_FORMAT, "%s: tensor '%.64s' and another one are both mapped to '%.64s'",
                              path_of(l), in_file, q->name);
    l->reading->places[i] = (tg_place){ .to = tg_params_element(l->params, l->values, q->offset),
                                        .dtype = l->params->dtype,
                                        .transposed = transposed };
    l->report->loaded++;
    return TG_OK;
}

static tg_status check_missing(const load *l, const unsigned char *seen, tg_error *err)
{
    for (int i = 0; i < l->params->n; i++)
        if (!seen[i])
            list_name(l->report->missing_names, l->report->missing++, l->params->at[i].name);
    if (l->report->missing > 0 && !l->config->partial)
        return tg_error_raise(err, TG_ERR_FORMAT,
                              "%s: %" PRId64 " tensors, expected all %d parameters of the set; without: %.128s",
                              path_of(l), l->report->loaded, l->params->n, l->report->missing_names);
    if (l->report->loaded == 0 && l->params->n > 0)
        return tg_error_raise(err, TG_ERR_FORMAT, "%s: no tensor is a parameter of the set; its names are %.128s",
                              path_of(l), l->report->unexpected_names);
    return TG_OK;
}

static tg_status place_all(const load *l, unsigned char *seen, tg_error *err)
{
    tg_status status = TG_OK;
    for (int64_t i = 0; i < l->reading->header.n_tensors && status == TG_OK; i++)
        if (!tg_reading_is_state(l->reading, i))
            status = place(l, i, seen, err);
    return status == TG_OK ? check_missing(l, seen, err) : status;
}

tg_status tg_reading_place(tg_reading *reading, const tg_params *p, void *values, const tg_load_config *config,
                           tg_load_report *report, tg_error *err)
{
    load l = { .reading = reading, .params = p, .config = config, .report = report, .values = values };
    for (const char *const *pair = config->prefixes; pair && *pair; pair += 2)
        l.name_size = strlen(pair[1]) > l.name_size ? strlen(pair[1]) : l.name_size;
    l.name_size += reading->header.size + 1;
    l.name = tg_allocate(&p->allocator, l.name_size);
    unsigned char *seen = tg_allocate_zeroed(&p->allocator, (size_t)p->n);
    const tg_status status =
        l.name && seen ? place_all(&l, seen, err)
                       : tg_error_raise(err, TG_ERR_MEMORY, "%s: no memory for names of its tensors", path_of(&l));
    tg_release(&p->allocator, seen, (size_t)p->n);
    tg_release(&p->allocator, l.name, l.name_size);
    return status;
}

/* Loading ---------------------------------------------------------------------------------------------------------- */

/* Reads into a copy of the values, which replaces them only when all were read. */
static tg_status read_all(tg_reading *r, tg_params *p, const tg_load_config *config, tg_load_report *report,
                          tg_error *err)
{
    const size_t bytes = (size_t)p->length * tg_dtype_size(p->dtype);
    void *values = tg_allocate(&p->allocator, bytes);
    if (!values)
        return tg_error_raise(err, TG_ERR_MEMORY, "%s: no memory for %zu bytes of values", tg_path_end(r->file.path),
                              bytes);
    memcpy(values, p->values, bytes);
    tg_status status = tg_reading_place(r, p, values, config, report, err);
    if (status == TG_OK)
        status = tg_reading_run(r, err);
    if (status == TG_OK) {
        memcpy(p->values, values, bytes);
        tg_params_touch(p);
    }
    tg_release(&p->allocator, values, bytes);
    return status;
}

static tg_status check_prefixes(const tg_load_config *c, tg_error *err)
{
    for (const char *const *pair = c->prefixes; pair && *pair; pair += 2)
        if (!pair[1])
            return tg_error_raise(err, TG_ERR_ARGUMENT, "params_load: the prefix '%.64s' has none to replace it",
                                  pair[0]);
    return TG_OK;
}

tg_status tg_params_load_with(tg_params *p, const char *path, const tg_load_config *config, tg_load_report *report,
                              tg_error *err)
{
    const tg_load_config c = config ? *config : (tg_load_config){ 0 };
    tg_load_report found = { 0 };
    tg_reading reading;
    if (report)
        *report = found;
    if (!p || !path)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "params_load: %s is NULL", p ? "path" : "params");
    tg_status status = check_prefixes(&c, err);
    if (status == TG_OK)
        status = tg_reading_open(&reading, path, &p->allocator, err);
    if (status != TG_OK)
        return status;
    status = read_all(&reading, p, &c, &found, err);
    tg_reading_close(&reading);
    if (report)
        *report = found;
    return status == TG_OK ? tg_error_clear(err) : status;
}

tg_status tg_params_load(tg_params *p, const char *path, tg_error *err)
{
    return tg_params_load_with(p, path, NULL, NULL, err);
}

/* Metadata --------------------------------------------------------------------------------------------------------- */

static tg_status find_value(const tg_header *h, const char *path, const char *key, char *value, size_t size,
                            tg_error *err)
{
    for (int64_t i = 0; i < h->n_pairs; i++) {
        if (strcmp(h->pairs[i].key, key) != 0)
            continue;
        if (strstr(h->pairs[i].value, TG_JSON_ZERO))
            return tg_error_raise(err, TG_ERR_RANGE,
                                  "%s: the metadata for '%.64s' contain a zero character, which a string of C cannot",
                                  tg_path_end(path), key);
        const size_t needed = strlen(h->pairs[i].value) + 1;
        if (needed > size)
            return tg_error_raise(err, TG_ERR_RANGE,
                                  "%s: the metadata for '%.64s' need %zu bytes, expected at most %zu",
                                  tg_path_end(path), key, needed, size);
        memcpy(value, h->pairs[i].value, needed);
        return tg_error_clear(err);
    }
    return tg_error_raise(err, TG_ERR_RANGE, "%s: no metadata for '%.64s' among %" PRId64 " keys", tg_path_end(path),
                          key, h->n_pairs);
}

tg_status tg_params_read_metadata(const char *path, const char *key, char *value, size_t size, tg_error *err)
{
    if (!path || !key || !value || size == 0)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "params_read_metadata: %s",
                              !path  ? "path is NULL"
                              : !key ? "key is NULL"
                                     : "value has no space");
    value[0] = '\0';
    tg_infile file;
    tg_header header;
    tg_status status = tg_infile_open(&file, path, err);
    if (status != TG_OK)
        return status;
    status = tg_header_read(&header, &file, NULL, err);
    if (status == TG_OK)
        status = find_value(&header, path, key, value, size, err);
    tg_header_finish(&header);
    tg_infile_close(&file);
    return status;
}
