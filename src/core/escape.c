/* escape.c - escaping text from users and files in messages. */
#include "core/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* UTF-8 by lead byte: how many bytes follow, and the range of the first of these; further ones are in 80 .. BF. */
static const struct lead {
    unsigned char first, last;
    unsigned char rest, low, high;
} leads[] = {
    { 0x00, 0x7f, 0, 0, 0 },       { 0xc2, 0xdf, 1, 0x80, 0xbf }, { 0xe0, 0xe0, 2, 0xa0, 0xbf },
    { 0xe1, 0xec, 2, 0x80, 0xbf }, { 0xed, 0xed, 2, 0x80, 0x9f }, { 0xee, 0xef, 2, 0x80, 0xbf },
    { 0xf0, 0xf0, 3, 0x90, 0xbf }, { 0xf1, 0xf3, 3, 0x80, 0xbf }, { 0xf4, 0xf4, 3, 0x80, 0x8f },
};

size_t tg_utf8_size(const char *text, const char *end)
{
    const unsigned char *p = (const unsigned char *)text;
    const struct lead *l = leads, *const last = leads + sizeof leads / sizeof leads[0];
    if (text == end)
        return 0;
    while (l < last && !(*p >= l->first && *p <= l->last))
        l++;
    if (l == last || end - text <= l->rest)
        return 0;
    for (int i = 1; i <= l->rest; i++)
        if (p[i] < (i == 1 ? l->low : 0x80) || p[i] > (i == 1 ? l->high : 0xbf))
            return 0;
    return 1u + l->rest;
}

/* The code point of a character of `size` bytes. */
static uint32_t code_of(const char *text, size_t size)
{
    uint32_t code = (unsigned char)text[0] & (size == 1 ? 0x7fu : 0xffu >> (size + 1));
    for (size_t i = 1; i < size; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3fu);
    return code;
}

static bool is_shown(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        { 0x00, 0x1f },     { 0x7f, 0x9f },     { 0x061c, 0x061c }, { 0x200b, 0x200f },
        { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff },
    };
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        if (code >= hidden[i].first && code <= hidden[i].last)
            return false;
    return true;
}

const char *tg_escape(char *out, size_t size, const char *text, const char *end)
{
    static const char digits[] = "0123456789abcdef";
    char *const last = out + size - 1;
    while (text < end) {
        const size_t bytes = tg_utf8_size(text, end), taken = bytes ? bytes : 1;
        const bool shown = bytes && is_shown(code_of(text, bytes));
        if ((size_t)(last - out) < (shown ? taken : 4 * taken))
            break;
        for (size_t i = 0; i < taken; i++) {
            const unsigned char c = (unsigned char)text[i];
            if (shown)
                *out++ = text[i];
            else
                out = (char *)memcpy(out, (char[]){ '\\', 'x', digits[c >> 4], digits[c & 15] }, 4) + 4;
        }
        text += taken;
    }
    *out = '\0';
    return text;
}
