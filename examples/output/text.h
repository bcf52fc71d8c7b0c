/* text.h - text that grows: what a file will hold, with numbers and foreign strings written safely into it. */
#ifndef OUTPUT_TEXT_H
#define OUTPUT_TEXT_H

#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Begin with { 0 }. Where memory ends, `failed` is set and stays; text is then added no more. Whatever the program's
   locale, numbers have a decimal point, and the same call writes the same bytes. */
typedef struct text {
    char *data; /* `size` bytes and a zero; NULL as long as nothing was added */
    size_t size, capacity;
    bool failed;
    void *locale; /* "C", made when it is first needed */
} text;

void text_finish(text *t);

void text_add(text *t, const void *bytes, size_t size);
void text_put(text *t, const char *string);
void text_print(text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_print_v(text *t, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* With as few of 15, 16 or 17 digits as read back to the same double; "nan", "inf", "-inf". */
void text_number(text *t, double x);

/* With two decimals, less the zeros at the end: "12.5", "0". */
void text_coordinate(text *t, double x);

/* What a string says, for a file of the kind: XML (and HTML) content or attribute; the inside of a JSON string; a field
   of CSV. Invalid UTF-8 and what the kind cannot hold become U+FFFD; for XML, line ends and tabs are spaces. NULL is
   the empty string. */
void text_xml(text *t, const char *string);
void text_json(text *t, const char *string);
void text_csv(text *t, const char *string);

/* The code point at *string, past which it moves; U+FFFD for a byte that is not UTF-8, 0 at the end (it stays). */
uint32_t text_next(const char **string);

/* The width in pixels, rather too large than too small, of `size` bytes in a sans-serif font of 1 pixel. */
double text_width(const char *string, size_t size);

#endif
