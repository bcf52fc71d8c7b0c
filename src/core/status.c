/* status.c - names of statuses; errors of functions without a tape. */
#include "core/status.h"

#include "core/format.h"

const char *tg_status_name(tg_status status)
{
    static const char *const names[] = {
        [TG_OK] = "TG_OK",
        [TG_ERR_ARGUMENT] = "TG_ERR_ARGUMENT",
        [TG_ERR_SHAPE] = "TG_ERR_SHAPE",
        [TG_ERR_DTYPE] = "TG_ERR_DTYPE",
        [TG_ERR_RANGE] = "TG_ERR_RANGE",
        [TG_ERR_STALE] = "TG_ERR_STALE",
        [TG_ERR_TAPE] = "TG_ERR_TAPE",
        [TG_ERR_STATE] = "TG_ERR_STATE",
        [TG_ERR_NOT_DIFFERENTIABLE] = "TG_ERR_NOT_DIFFERENTIABLE",
        [TG_ERR_CHANGED] = "TG_ERR_CHANGED",
        [TG_ERR_NONFINITE] = "TG_ERR_NONFINITE",
        [TG_ERR_MEMORY] = "TG_ERR_MEMORY",
        [TG_ERR_IO] = "TG_ERR_IO",
        [TG_ERR_FORMAT] = "TG_ERR_FORMAT",
    };
    return (unsigned)status < sizeof names / sizeof names[0] ? names[status] : "unknown status";
}

tg_status tg_error_raise_v(tg_error *err, tg_status status, const char *format, va_list args)
{
    if (err) {
        err->status = status;
        tg_format_v(err->text, sizeof err->text, format, args);
    }
    return status;
}

tg_status tg_error_raise(tg_error *err, tg_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tg_error_raise_v(err, status, format, args);
    va_end(args);
    return status;
}

tg_status tg_error_clear(tg_error *err)
{
    if (err) {
        err->status = TG_OK;
        err->text[0] = '\0';
    }
    return TG_OK;
}
