/* json.c - reads what page.c wrote. */
#include "page/json.h"

#include <string.h>

enum { DEPTH_MOST = 32 };

static const char *blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

static const char *skip_string(const char *at)
{
    static const char hex[] = "0123456789abcdefABCDEF";
    if (*at++ != '"')
        return NULL;
    while (*at != '"') {
        if ((unsigned char)*at < ' ')
            return NULL;
        if (*at++ != '\\')
            continue;
        if (*at == '\0' || !strchr("\"\\/bfnrtu", *at))
            return NULL;
        if (*at++ != 'u')
            continue;
        if (strspn(at, hex) < 4)
            return NULL;
        at += 4;
    }
    return at + 1;
}

static const char *skip_digits(const char *at)
{
    const size_t n = strspn(at, "0123456789");
    return n > 0 ? at + n : NULL;
}

static const char *skip_number(const char *at)
{
    at += *at == '-';
    at = *at == '0' ? at + 1 : skip_digits(at);
    if (at && *at == '.')
        at = skip_digits(at + 1);
    if (at && (*at == 'e' || *at == 'E')) {
        at++;
        at = skip_digits(at + (*at == '+' || *at == '-'));
    }
    return at;
}

static const char *skip_value(const char *at, int depth);

/* The members of an object, or the elements of a list. */
static const char *skip_all(const char *at, char close, int depth)
{
    at = blanks(at + 1);
    if (*at == close)
        return at + 1;
    for (;;) {
        if (close == '}') {
            at = skip_string(at);
            if (!at || *(at = blanks(at)) != ':')
                return NULL;
            at = blanks(at + 1);
        }
        at = skip_value(at, depth + 1);
        if (!at)
            return NULL;
        at = blanks(at);
        if (*at == close)
            return at + 1;
        if (*at != ',')
            return NULL;
        at = blanks(at + 1);
    }
}

/* Past a value; NULL if there is none. */
static const char *skip_value(const char *at, int depth)
{
    static const char *const words[] = { "true", "false", "null" };
    if (depth > DEPTH_MOST)
        return NULL;
    if (*at == '{' || *at == '[')
        return skip_all(at, *at == '{' ? '}' : ']', depth);
    if (*at == '"')
        return skip_string(at);
    for (int i = 0; i < 3; i++)
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return at + strlen(words[i]);
    return skip_number(at);
}

bool json_is_valid(const char *value)
{
    const char *end = skip_value(blanks(value), 0);
    return end && *blanks(end) == '\0';
}

const char *json_member(const char *value, const char *name)
{
    if (!value || *(value = blanks(value)) != '{')
        return NULL;
    const size_t size = strlen(name);
    for (const char *at = blanks(value + 1); *at == '"';) {
        const char *const end = skip_string(at), *const found = blanks(blanks(end) + 1);
        if ((size_t)(end - at) == size + 2 && strncmp(at + 1, name, size) == 0)
            return found;
        at = blanks(skip_value(found, 0));
        at = *at == ',' ? blanks(at + 1) : at;
    }
    return NULL;
}

const char *json_element(const char *list, const char *element)
{
    if (!list || *(list = blanks(list)) != '[')
        return NULL;
    const char *at = element ? blanks(skip_value(element, 0)) : list;
    if (element && *at == ']')
        return NULL;
    at = blanks(at + 1);
    return *at == ']' ? NULL : at;
}

/* The four digits after \u, as UTF-8; a zero is left out. */
static void add_escape(text *out, const char *digits)
{
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
        const char c = digits[i];
        code = code << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    if (code >= 0xd800 && code < 0xe000)
        code = 0xfffd;
    const char three[] = { (char)(0xe0 | code >> 12), (char)(0x80 | (code >> 6 & 63)), (char)(0x80 | (code & 63)) };
    const char two[] = { (char)(0xc0 | code >> 6), (char)(0x80 | (code & 63)) }, one[] = { (char)code };
    if (code >= 0x800)
        text_add(out, three, 3);
    else if (code >= 0x80)
        text_add(out, two, 2);
    else
        text_add(out, one, code > 0);
}

void json_string(const char *value, text *out)
{
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (!value || *(value = blanks(value)) != '"')
        return;
    for (const char *at = value + 1; *at != '"'; at++) {
        if (*at != '\\') {
            text_add(out, at, 1);
            continue;
        }
        at++;
        if (*at == 'u') {
            add_escape(out, at + 1);
            at += 4;
        } else
            text_add(out, &meanings[strchr(names, *at) - names], 1);
    }
}
