/* shown.c - numbers as the reader of a table sees them. */
#include "page/shown.h"

#include <math.h>
#include <string.h>

enum { DIGITS_MOST = 17 };

bool shown_format_of(const char *format, shown_format *f)
{
    *f = (shown_format){ .digits = 6 };
    if (!format || *format++ != '%')
        return false;
    if (*format == '.') {
        f->digits = 0;
        for (format++; *format >= '0' && *format <= '9' && f->digits <= DIGITS_MOST; format++)
            f->digits = 10 * f->digits + (*format - '0');
    }
    f->letter = *format;
    return f->digits <= DIGITS_MOST && *format && strchr("efg", *format) && format[1] == '\0';
}

void shown_number(text *t, shown_format f, double x, bool sign, const char *unit)
{
    text digits = { 0 };
    t->size = 0;
    if (isnan(x)) {
        text_put(t, "–");
        return;
    }
    if (isinf(x))
        text_put(&digits, "∞");
    else if (f.letter == 'f')
        text_print(&digits, "%.*f", f.digits, fabs(x));
    else if (f.letter == 'e')
        text_print(&digits, "%.*e", f.digits, fabs(x));
    else
        text_print(&digits, "%.*g", f.digits, fabs(x));
    const char *const shown = digits.data ? digits.data : "";
    const char digit = shown[strcspn(shown, "123456789e")];
    const bool zero = isfinite(x) && (!digit || digit == 'e'); /* as rounded: it has no sign */
    text_put(t, zero ? "" : x < 0 ? "\xe2\x88\x92" : sign ? "+" : "");
    text_put(t, shown);
    t->failed |= digits.failed;
    text_finish(&digits);
    if (unit && *unit)
        text_print(t, "\xc2\xa0%s", unit);
}
