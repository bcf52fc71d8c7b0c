/* error.c - why a check could not be carried out, in a sentence. */
#include <stdarg.h>

#include "check/check.h"
#include "core/format.h"

tg_status tg_check_fail(tg_gradcheck_report *report, tg_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tg_format_v(report->text, sizeof report->text, format, args);
    va_end(args);
    return status;
}
