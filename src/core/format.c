/* format.c - printf for messages, independent of the locale and without control characters. */
#include "core/format.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/escape.h"

/* Formats of single conversions are built from the caller's format, which the compiler has checked. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

/* One conversion of a format, as %-8.3f. */
typedef struct conversion {
    char flags[6];
    int width, precision; /* 0 and -1 where not given */
    char size;            /* 'H' for hh, 'q' for ll, or h l z j t L; 0: none */
    char kind;
} conversion;

/* va_list in a struct, which can be passed by pointer whatever type va_list is. */
typedef struct arguments {
    va_list list;
} arguments;

enum { BODY = 512 }; /* bytes of one number: %f of DBL_MAX fits */

static int read_count(const char **at, arguments *a)
{
    int n = 0;
    if (**at == '*') {
        (*at)++;
        return va_arg(a->list, int);
    }
    for (; **at >= '0' && **at <= '9'; (*at)++)
        n = n < BODY ? 10 * n + (**at - '0') : n;
    return n;
}

static char read_size(const char **at)
{
    static const char sizes[] = "hlzjtL";
    if (!**at || !strchr(sizes, **at))
        return 0;
    const char size = *(*at)++;
    if ((size != 'h' && size != 'l') || **at != size)
        return size;
    (*at)++;
    return size == 'h' ? 'H' : 'q';
}

/* Parses the conversion after a '%'. */
static conversion read_conversion(const char **at, arguments *a)
{
    conversion c = { .precision = -1 };
    for (size_t n = 0; **at && strchr("-+ #0", **at); (*at)++)
        if (n + 1 < sizeof c.flags)
            c.flags[n++] = **at;
    c.width = read_count(at, a);
    if (c.width < 0) {
        c.flags[strlen(c.flags) < sizeof c.flags - 1 ? strlen(c.flags) : 0] = '-';
        c.width = -c.width;
    }
    if (**at == '.') {
        (*at)++;
        c.precision = read_count(at, a);
    }
    c.size = read_size(at);
    c.kind = **at;
    if (c.kind)
        (*at)++;
    return c;
}

static intmax_t signed_argument(char size, arguments *a)
{
    switch (size) {
    case 'H':
        return (signed char)va_arg(a->list, int);
    case 'h':
        return (short)va_arg(a->list, int);
    case 'l':
        return va_arg(a->list, long);
    case 'q':
        return va_arg(a->list, long long);
    case 'j':
        return va_arg(a->list, intmax_t);
    case 'z':
    case 't':
        return va_arg(a->list, ptrdiff_t);
    default:
        return va_arg(a->list, int);
    }
}

static uintmax_t unsigned_argument(char size, arguments *a)
{
    switch (size) {
    case 'H':
        return (unsigned char)va_arg(a->list, unsigned);
    case 'h':
        return (unsigned short)va_arg(a->list, unsigned);
    case 'l':
        return va_arg(a->list, unsigned long);
    case 'q':
        return va_arg(a->list, unsigned long long);
    case 'j':
        return va_arg(a->list, uintmax_t);
    case 'z':
    case 't':
        return va_arg(a->list, size_t);
    default:
        return va_arg(a->list, unsigned);
    }
}

/* Formats one number by snprintf: "%<flags>*.*<size><kind>". */
static void print_number(char body[BODY], const conversion *c, const char *size, ...)
{
    char format[16];
    va_list args;
    snprintf(format, sizeof format, "%%%s*.*%s%c", c->flags, size, c->kind);
    va_start(args, size);
    vsnprintf(body, BODY, format, args);
    va_end(args);
}

/* Replaces the locale's decimal point by '.': every byte that the C locale does not use in a number belongs to it. */
static void set_point(char *body)
{
    char *out = body;
    for (const char *p = body; *p; p++) {
        const bool is_ours =
            (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || strchr("+- ", *p);
        if (is_ours)
            *out++ = *p;
        else if (out == body || out[-1] != '.')
            *out++ = '.';
    }
    *out = '\0';
}

static void print_real(char body[BODY], const conversion *c, double x)
{
    print_number(body, c, "", c->width, c->precision, isnan(x) ? fabs(x) : x);
    set_point(body);
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* The bytes of a string up to its end or to the precision, without cutting inside a UTF-8 character. Does not read beyond
   the precision. */
static size_t shown_bytes(const char *text, int limit)
{
    size_t n = 0;
    while ((limit < 0 || n < (size_t)limit) && text[n])
        n++;
    if (n == 0 || limit < 0 || n < (size_t)limit)
        return n;
    size_t last = n - 1; /* start of the last character */
    while (last > 0 && n - last < 4 && is_continuation(text[last]))
        last--;
    const unsigned char lead = (unsigned char)text[last];
    const size_t size = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    return n - last < size ? last : n;
}

static size_t fill(char *out, char *last, int64_t n)
{
    const size_t space = (size_t)(last - out), count = n < 0 ? 0 : (size_t)n < space ? (size_t)n : space;
    memset(out, ' ', count);
    return count;
}

/* Copies text .. end to out .. last, escaped and padded to the width; returns the end of the output. */
static char *put_text(char *out, char *last, const conversion *c, const char *text, const char *end)
{
    const bool left = strchr(c->flags, '-');
    char *const start = out;
    if (!left)
        out += fill(out, last, c->width - (end - text));
    tg_escape(out, (size_t)(last - out) + 1, text, end);
    out += strlen(out);
    if (left)
        out += fill(out, last, c->width - (out - start));
    return out;
}

static char *put(char *out, char *last, const conversion *c, arguments *a)
{
    char body[BODY] = { 0 };
    const char *text = body;
    size_t n = 0;
    conversion unpadded = *c;
    unpadded.width = 0;
    switch (c->kind) {
    case 'd':
    case 'i':
        print_number(body, c, "j", c->width, c->precision, signed_argument(c->size, a));
        break;
    case 'u':
    case 'o':
    case 'x':
    case 'X':
        print_number(body, c, "j", c->width, c->precision, unsigned_argument(c->size, a));
        break;
    case 'p':
        print_number(body, c, "", c->width, c->precision, va_arg(a->list, void *));
        break;
    case 'c':
        body[0] = (char)va_arg(a->list, int);
        return put_text(out, last, c, body, body + 1);
    case 's':
        text = va_arg(a->list, const char *);
        text = text ? text : "(null)";
        n = shown_bytes(text, c->precision);
        return put_text(out, last, c, text, text + n);
    case '%':
        return put_text(out, last, &unpadded, "%", &"%"[1]);
    default: /* a double; the compiler rejects unknown conversions */
        print_real(body, c, c->size == 'L' ? (double)va_arg(a->list, long double) : va_arg(a->list, double));
        break;
    }
    return put_text(out, last, &unpadded, body, body + strlen(body));
}

size_t tg_format_v(char *buffer, size_t size, const char *format, va_list args)
{
    char *out = buffer, *const last = buffer + size - 1;
    arguments a;
    va_copy(a.list, args);
    while (*format && out < last) {
        if (*format != '%') {
            *out++ = *format++;
            continue;
        }
        format++;
        const conversion c = read_conversion(&format, &a);
        out = put(out, last, &c, &a);
    }
    va_end(a.list);
    *out = '\0';
    return (size_t)(out - buffer);
}

size_t tg_format(char *buffer, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const size_t n = tg_format_v(buffer, size, format, args);
    va_end(args);
    return n;
}

char *tg_number_text(char text[TG_NUMBER_BYTES], double x, int digits)
{
    tg_format(text, TG_NUMBER_BYTES, "%.*g", digits, x);
    return text;
}
