/* shown.h - numbers as the reader of a table sees them. */
#ifndef PAGE_SHOWN_H
#define PAGE_SHOWN_H

#include "output/text.h"

typedef struct shown_format {
    char letter; /* e, f or g */
    int digits;
} shown_format;

/* Reads "%.2f", "%g" and the like: '%', perhaps '.' and at most 17 as digits, and one of e, f and g. */
bool shown_format_of(const char *format, shown_format *f);

/* Sets *t to the number, with a true minus sign and, if `sign`, a plus; a dash for NaN. `unit` may be NULL. */
void shown_number(text *t, shown_format f, double x, bool sign, const char *unit);

#endif
