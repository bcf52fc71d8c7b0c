/* format.h - printf for messages, independent of the locale and without control characters. */
#ifndef TG_FORMAT_H
#define TG_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* As snprintf with these differences: strings are escaped (escape.h), and cut between characters, not inside one; the
   decimal point is a point whatever the locale; a NaN has no sign. Returns the bytes written without the zero, always
   less than `size` >= 1: text that does not fit is cut, and n += tg_format(text + n, sizeof text - n, ...) appends.
   %n, %ls and %lc are not supported. */
size_t tg_format(char *buffer, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
size_t tg_format_v(char *buffer, size_t size, const char *format, va_list args) __attribute__((format(printf, 3, 0)));

/* A number of up to 17 digits, as %.<digits>g writes it, with the differences above. */
enum { TG_NUMBER_BYTES = 32 };
char *tg_number_text(char text[TG_NUMBER_BYTES], double x, int digits);

#endif
