/* status.h - raising the errors of functions without a tape, which have a tg_error parameter. */
#ifndef TG_STATUS_H
#define TG_STATUS_H

#include <stdarg.h>

#include "tapegrad/types.h"

/* Fills *err (if not NULL) with the status and the formatted sentence, and returns the status. */
tg_status tg_error_raise(tg_error *err, tg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
tg_status tg_error_raise_v(tg_error *err, tg_status status, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* TG_OK and an empty text; returns TG_OK. */
tg_status tg_error_clear(tg_error *err);

#endif
