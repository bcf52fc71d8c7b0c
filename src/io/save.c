/* save.c - a parameter set's values, written to a file. */
#include <string.h>

#include "core/status.h"
#include "io/header.h"
#include "io/json.h"
#include "io/write.h"
#include "tapegrad/io.h"

tg_status tg_params_check_names(const tg_params *p, const char *what, tg_error *err)
{
    for (int i = 0; i < p->n; i++) {
        const char *name = p->at[i].name;
        if (strcmp(name, TG_METADATA) == 0)
            return tg_error_raise(err, TG_ERR_ARGUMENT,
                                  "%s: parameter %d is named " TG_METADATA ", which the format reserves", what, i);
        if (!tg_is_utf8(name, strlen(name)))
            return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the name of parameter %d is not UTF-8", what, i);
    }
    return TG_OK;
}

static void get_parameter(const void *source, int64_t i, tg_content *t)
{
    const tg_params *p = source;
    const tg_parameter *q = &p->at[i];
    t->name = q->name;
    t->dtype = p->dtype;
    t->shape = q->extent.shape;
    t->values = tg_params_element(p, p->values, q->offset);
}

tg_status tg_params_save_with(const tg_params *p, const char *path, const char *const *metadata, tg_error *err)
{
    if (!p || !path)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "params_save: %s is NULL", p ? "path" : "params");
    const tg_contents contents = {
        .what = "params_save", .source = p, .n = p->n, .get = get_parameter, .metadata = { metadata }
    };
    const tg_status status = tg_params_check_names(p, contents.what, err);
    return status == TG_OK ? tg_contents_write(&contents, path, &p->allocator, err) : status;
}

tg_status tg_params_save(const tg_params *p, const char *path, tg_error *err)
{
    return tg_params_save_with(p, path, NULL, err);
}
