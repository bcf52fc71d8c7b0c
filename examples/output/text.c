/* text.c - text that grows, the one place where numbers and foreign strings are written. */
#define _POSIX_C_SOURCE 200809L
#include "output/text.h"

#include <locale.h>
#if defined(__APPLE__)
#include <xlocale.h>
#endif
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES = 400, REPLACEMENT = 0xfffd };

void text_finish(text *t)
{
    free(t->data);
    if (t->locale)
        freelocale((locale_t)t->locale);
    *t = (text){ .failed = t->failed };
}

/* Grows the capacity by `size` bytes and a zero. */
static bool reserve(text *t, size_t size)
{
    if (t->failed || size >= SIZE_MAX / 2 - t->size) {
        t->failed = true;
        return false;
    }
    if (t->size + size < t->capacity)
        return true;
    size_t capacity = t->capacity ? t->capacity : 1024;
    while (capacity <= t->size + size)
        capacity *= 2;
    char *data = realloc(t->data, capacity);
    if (!data) {
        t->failed = true;
        return false;
    }
    t->data = data;
    t->capacity = capacity;
    return true;
}

void text_add(text *t, const void *bytes, size_t size)
{
    if (!reserve(t, size))
        return;
    if (size > 0)
        memcpy(t->data + t->size, bytes, size);
    t->size += size;
    t->data[t->size] = '\0';
}

void text_put(text *t, const char *string)
{
    text_add(t, string, strlen(string));
}

/* Makes "C" the thread's locale; the result is for leave_c. */
static locale_t enter_c(text *t)
{
    if (!t->locale)
        t->locale = (void *)newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (t->locale)
        return uselocale((locale_t)t->locale);
    t->failed = true;
    return (locale_t)0;
}

static void leave_c(locale_t before)
{
    if (before != (locale_t)0)
        uselocale(before);
}

void text_print_v(text *t, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    const locale_t before = enter_c(t);
    const int n = vsnprintf(NULL, 0, format, args);
    if (n < 0)
        t->failed = true;
    else if (reserve(t, (size_t)n)) {
        vsnprintf(t->data + t->size, (size_t)n + 1, format, again);
        t->size += (size_t)n;
    }
    leave_c(before);
    va_end(again);
}

void text_print(text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_print_v(t, format, args);
    va_end(args);
}

void text_number(text *t, double x)
{
    if (!isfinite(x)) {
        text_put(t, isnan(x) ? "nan" : x < 0 ? "-inf" : "inf");
        return;
    }
    char buffer[NUMBER_BYTES];
    const locale_t before = enter_c(t);
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buffer, sizeof buffer, "%.*g", digits, x);
        if (strtod(buffer, NULL) == x)
            break;
    }
    leave_c(before);
    text_put(t, buffer);
}

void text_coordinate(text *t, double x)
{
    char buffer[NUMBER_BYTES];
    const locale_t before = enter_c(t);
    int n = snprintf(buffer, sizeof buffer, "%.2f", x);
    leave_c(before);
    while (n > 0 && buffer[n - 1] == '0')
        n--;
    if (n > 0 && buffer[n - 1] == '.')
        n--;
    const bool zero = n == 2 && buffer[0] == '-' && buffer[1] == '0';
    text_add(t, zero ? "0" : buffer, zero ? 1 : (size_t)n);
}

/* How many bytes of UTF-8 begin here (RFC 3629: no overlong form, surrogate, or code above 10FFFF); 0: none do. */
static int sequence(const unsigned char *p)
{
    if (p[0] < 0x80)
        return 1;
    const int size = p[0] >= 0xc2 && p[0] < 0xe0   ? 2
                     : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
                     : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                                   : 0;
    const unsigned low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    const unsigned high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (size == 0 || p[1] < low || p[1] > high)
        return 0;
    for (int i = 2; i < size; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    return size;
}

uint32_t text_next(const char **string)
{
    const unsigned char *p = (const unsigned char *)*string;
    if (*p == 0)
        return 0;
    const int size = sequence(p);
    *string += size > 0 ? size : 1;
    static const unsigned char mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t code = size > 0 ? p[0] & mask[size] : REPLACEMENT;
    for (int i = 1; i < size; i++)
        code = code << 6 | (p[i] & 0x3f);
    return code;
}

static void add_code(text *t, uint32_t code)
{
    static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };
    const int rest = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    char bytes[4] = { (char)(lead[rest] | code >> 6 * rest) };
    for (int i = 1; i <= rest; i++)
        bytes[i] = (char)(0x80 | (code >> 6 * (rest - i) & 0x3f));
    text_add(t, bytes, (size_t)rest + 1);
}

void text_xml(text *t, const char *string)
{
    static const struct {
        uint32_t code;
        const char *entity;
    } entities[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" } };
    if (!string)
        return;
    for (uint32_t code; (code = text_next(&string)) != 0;) {
        const char *entity = NULL;
        for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
            if (entities[i].code == code)
                entity = entities[i].entity;
        const bool blank = code == '\n' || code == '\t' || code == '\r';
        const bool unfit = code < ' ' || (code >= 0x7f && code < 0xa0) || code == 0xfffe || code == 0xffff;
        if (entity)
            text_put(t, entity);
        else
            add_code(t, blank ? ' ' : unfit ? REPLACEMENT : code);
    }
}

void text_json(text *t, const char *string)
{
    if (!string)
        return;
    for (uint32_t code; (code = text_next(&string)) != 0;)
        if (code < ' ' || code == 0x7f)
            text_print(t, "\\u%04x", (unsigned)code);
        else {
            if (code == '"' || code == '\\')
                text_put(t, "\\");
            add_code(t, code);
        }
}

void text_csv(text *t, const char *string)
{
    if (!string)
        return;
    const bool quoted = strpbrk(string, "\",\r\n") != NULL;
    if (quoted)
        text_put(t, "\"");
    for (uint32_t code; (code = text_next(&string)) != 0;) {
        if (code == '"')
            text_put(t, "\"");
        add_code(t, code);
    }
    if (quoted)
        text_put(t, "\"");
}

double text_width(const char *string, size_t size)
{
    /* The widths of DejaVu Sans, one of the widest: rounded up, some letters a class. */
    static const struct {
        const char *letters;
        double width;
    } classes[] = {
        { "ijl'|,.:;I ", 0.34 }, { "()[]ftr/\\!-\"J", 0.42 }, { "mMW%@", 0.96 }, { "wOQGDHNUCAV&KX+=<>~", 0.84 }
    };
    const char *const end = string + size;
    double width = 0;
    for (uint32_t code; string < end && (code = text_next(&string)) != 0;) {
        double w = code >= 0x1100 && code != REPLACEMENT && !(code >= 0x2000 && code < 0x2e80) ? 1.05 : 0.66;
        for (size_t i = 0; code < 0x80 && i < sizeof classes / sizeof classes[0]; i++)
            if (strchr(classes[i].letters, (int)code))
                w = classes[i].width;
        width += w;
    }
    return width;
}
