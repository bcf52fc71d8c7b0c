/* number.c - numbers from text: the C library's conversion, told the locale's decimal point. */
#include "core/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *skip_digits(const char *text)
{
    while (*text >= '0' && *text <= '9')
        text++;
    return text;
}

/* Whether text is digits with at most one point among them, and perhaps an exponent; *point is the point or NULL. */
static bool is_decimal(const char *text, const char **point)
{
    const char *whole = skip_digits(text), *end = whole;
    *point = *whole == '.' ? whole : NULL;
    if (*point)
        end = skip_digits(whole + 1);
    if (end - text - (*point != NULL) < 1)
        return false;
    if (*end == 'e' || *end == 'E') {
        const char *exponent = end + 1 + (end[1] == '+' || end[1] == '-');
        end = skip_digits(exponent);
        if (end == exponent)
            return false;
    }
    return !*end;
}

static bool is_word(const char *text, const char *word)
{
    for (; *word; text++, word++)
        if (*text != *word && *text != *word - 'a' + 'A')
            return false;
    return !*text;
}

bool tg_number_value(const char *text, double *x)
{
    enum { MOST = 300 };
    char copy[MOST + 16], half[16]; /* how the locale writes 0.5 */
    const bool negative = *text == '-';
    text += negative || *text == '+';
    const char *point;
    if (strlen(text) > MOST)
        return false;
    if (is_word(text, "nan"))
        *x = (double)NAN;
    else if (is_word(text, "inf") || is_word(text, "infinity"))
        *x = (double)INFINITY;
    else if (is_decimal(text, &point)) {
        const int n = snprintf(half, sizeof half, "%.1f", 0.5);
        const int before = point ? (int)(point - text) : (int)strlen(text);
        snprintf(copy, sizeof copy, "%.*s%.*s%s", before, text, point ? n - 2 : 0, half + 1, point ? point + 1 : "");
        *x = strtod(copy, NULL);
    } else {
        return false;
    }
    *x = negative ? -*x : *x;
    return true;
}
