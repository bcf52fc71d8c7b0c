/* json.c - the strict reader of JSON. */
#include "io/json.h"

#include <stdarg.h>
#include <string.h>

#include "core/escape.h"
#include "core/format.h"
#include "core/platform.h"
#include "core/status.h"

void tg_json_fail(tg_json *j, const char *format, ...)
{
    if (j->status != TG_OK)
        return;
    char reason[200];
    va_list args;
    va_start(args, format);
    tg_format_v(reason, sizeof reason, format, args);
    va_end(args);
    j->status = tg_error_raise(j->err, TG_ERR_FORMAT, "%s: header byte %zu: %s", tg_path_end(j->path),
                               (size_t)(j->at - j->start), reason);
}

/* What is next in the text, for messages. */
static const char *found(const tg_json *j, char buffer[24])
{
    const unsigned char c = j->at < j->end ? (unsigned char)*j->at : 0;
    if (j->at == j->end)
        return "the end";
    tg_format(buffer, 24, c > ' ' && c < 127 ? "'%c'" : "byte 0x%02x", c);
    return buffer;
}

static void skip_blanks(tg_json *j)
{
    while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\n' || *j->at == '\r'))
        j->at++;
}

/* Takes `c` if it comes next. */
static bool take(tg_json *j, char c)
{
    if (j->status != TG_OK || j->at == j->end || *j->at != c)
        return false;
    j->at++;
    return true;
}

void tg_json_expect(tg_json *j, char c)
{
    char buffer[24];
    skip_blanks(j);
    if (!take(j, c))
        tg_json_fail(j, "%s, expected '%c'", found(j, buffer), c);
}

bool tg_json_more(tg_json *j, char close, int64_t i)
{
    skip_blanks(j);
    if (take(j, close))
        return false;
    if (i > 0)
        tg_json_expect(j, ',');
    return j->status == TG_OK;
}

void tg_json_finish(tg_json *j)
{
    char buffer[24];
    skip_blanks(j);
    if (j->at < j->end)
        tg_json_fail(j, "%s, expected nothing but blanks", found(j, buffer));
}

int64_t tg_json_integer(tg_json *j)
{
    char buffer[24];
    skip_blanks(j);
    const char *first = j->at;
    int64_t n = 0;
    for (; j->status == TG_OK && j->at < j->end && *j->at >= '0' && *j->at <= '9'; j->at++) {
        const int digit = *j->at - '0';
        if (n > (INT64_MAX - digit) / 10)
            tg_json_fail(j, "the number is above %lld", (long long)INT64_MAX);
        else
            n = 10 * n + digit;
    }
    if (j->at == first)
        tg_json_fail(j, "%s, expected an integer of 0 or more", found(j, buffer));
    else if (*first == '0' && j->at - first > 1)
        tg_json_fail(j, "a number with a leading 0, expected none");
    return j->status == TG_OK ? n : 0;
}

/* The four hexadecimal digits after \u. */
static uint32_t hex4(tg_json *j)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
        const char *digit = j->at < j->end && *j->at ? strchr(digits, *j->at) : NULL;
        if (!digit) {
            tg_json_fail(j, "\\u, expected four hexadecimal digits after it");
            return 0;
        }
        const uint32_t value = (uint32_t)(digit - digits);
        code = code << 4 | (value < 16 ? value : value - 6);
        j->at++;
    }
    return code;
}

/* The code after \u, which may be written as two surrogates. */
static uint32_t unicode(tg_json *j)
{
    const uint32_t code = hex4(j);
    if (code < 0xd800 || code > 0xdfff)
        return code;
    const bool pair = code < 0xdc00 && take(j, '\\') && take(j, 'u');
    const uint32_t low = pair ? hex4(j) : 0;
    if (low < 0xdc00 || low > 0xdfff)
        tg_json_fail(j, "the surrogate \\u%04x, expected a pair of them", (unsigned)code);
    return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

static char *put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    const int rest = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = { 0, 0xc0, 0xe0, 0xf0 };
    *out++ = (char)(lead[rest] | code >> 6 * rest);
    for (int i = rest - 1; i >= 0; i--)
        *out++ = (char)(0x80 | (code >> 6 * i & 0x3f));
    return out;
}

/* After a backslash. What is decoded is never longer than what was written. */
static char *unescape(tg_json *j, char *out)
{
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (take(j, 'u')) {
        const uint32_t code = unicode(j);
        if (j->status != TG_OK)
            return out;
        return code ? put_utf8(out, code) : (char *)memcpy(out, TG_JSON_ZERO, 2) + 2;
    }
    const char *name = j->at < j->end && *j->at ? strchr(names, *j->at) : NULL;
    char buffer[24];
    if (!name)
        tg_json_fail(j, "%s after a backslash, expected one of %su", found(j, buffer), names);
    else {
        *out++ = meanings[name - names];
        j->at++;
    }
    return out;
}

char *tg_json_string(tg_json *j)
{
    tg_json_expect(j, '"');
    char *const text = j->at, *out = text;
    while (j->status == TG_OK && !take(j, '"')) {
        if (j->at == j->end)
            tg_json_fail(j, "the end, expected '\"'");
        else if ((unsigned char)*j->at < ' ')
            tg_json_fail(j, "byte 0x%02x in a string, expected it escaped", (unsigned)*j->at);
        else if (take(j, '\\'))
            out = unescape(j, out);
        else
            *out++ = *j->at++;
    }
    if (j->status != TG_OK)
        return j->end;
    *out = '\0';
    return text;
}

/* Skipping --------------------------------------------------------------------------------------------------------- */

bool tg_json_word(tg_json *j, const char *word)
{
    const size_t n = strlen(word);
    skip_blanks(j);
    if (j->status != TG_OK || (size_t)(j->end - j->at) < n || memcmp(j->at, word, n) != 0)
        return false;
    j->at += n;
    return true;
}

static bool skip_digits(tg_json *j)
{
    const char *first = j->at;
    while (j->at < j->end && *j->at >= '0' && *j->at <= '9')
        j->at++;
    return j->at > first;
}

/* Digits, a fraction, an exponent. Digits after a leading 0 are left for the caller, who refuses them. */
static bool skip_number(tg_json *j)
{
    take(j, '-');
    bool valid = take(j, '0') || skip_digits(j);
    if (valid && take(j, '.'))
        valid = skip_digits(j);
    if (valid && (take(j, 'e') || take(j, 'E'))) {
        if (!take(j, '+'))
            take(j, '-');
        valid = skip_digits(j);
    }
    return valid;
}

static void skip_scalar(tg_json *j)
{
    char buffer[24];
    if (j->at < j->end && *j->at == '"')
        tg_json_string(j);
    else if (!tg_json_word(j, "null") && !tg_json_word(j, "true") && !tg_json_word(j, "false") && !skip_number(j))
        tg_json_fail(j, "%s, expected a value", found(j, buffer));
}

static void skip_key(tg_json *j, char close)
{
    if (close == '}') {
        tg_json_string(j);
        tg_json_expect(j, ':');
    }
}

void tg_json_skip(tg_json *j)
{
    enum { DEEPEST = 128 };
    char close[DEEPEST]; /* what ends each list and object that is open */
    int64_t count[DEEPEST];
    int depth = 0;
    do {
        skip_blanks(j);
        const bool list = take(j, '['), object = !list && take(j, '{');
        if (!list && !object) {
            skip_scalar(j);
        } else if (depth == DEEPEST) {
            tg_json_fail(j, "a value nested more than %d deep", DEEPEST);
        } else {
            close[depth] = list ? ']' : '}';
            count[depth++] = 0;
        }
        while (depth > 0 && !tg_json_more(j, close[depth - 1], count[depth - 1]++) && j->status == TG_OK)
            depth--;
        if (depth > 0)
            skip_key(j, close[depth - 1]);
    } while (depth > 0 && j->status == TG_OK);
}

/* UTF-8 ------------------------------------------------------------------------------------------------------------ */

bool tg_is_utf8(const char *text, size_t size)
{
    const char *const end = text + size;
    for (size_t n; text < end; text += n)
        if ((n = tg_utf8_size(text, end)) == 0)
            return false;
    return true;
}
