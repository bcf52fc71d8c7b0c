/* axis.c - scales and their ticks. */
#include "picture/axis.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Tiny differences of large numbers are drawn as none: ticks could not tell them apart. */
#define TELLABLE 1e-9
#define FAR      9999.0

double log_ten(double x)
{
    /* x = m 2^e, ln m = 2 artanh(s), s = (m - 1) / (m + 1), |s| < 0.172 */
    int e;
    double m = frexp(x, &e);
    if (m < 0.70710678118654752) {
        m *= 2;
        e--;
    }
    const double s = (m - 1) / (m + 1);
    double sum = 0;
    for (int i = 25; i >= 1; i -= 2)
        sum = sum * (s * s) + 1.0 / i;
    return (2 * s * sum + e * 0.69314718055994531) / 2.3025850929940457;
}

/* mantissa * 10^power, correctly rounded for |power| <= 22 and mantissas below 2^53. */
static double scaled(int64_t mantissa, int power)
{
    double x = (double)mantissa, ten = 1;
    for (; power > 22; power -= 22)
        x *= 1e22;
    for (; power < -22; power += 22)
        x /= 1e22;
    for (int i = 0; i < (power < 0 ? -power : power); i++)
        ten *= 10;
    return power < 0 ? x / ten : x * ten;
}

void range_add(range *r, double x, bool log)
{
    if (!isfinite(x) || (log && x <= 0))
        return;
    const bool first = r->low > r->high;
    r->low = first || x < r->low ? x : r->low;
    r->high = first || x > r->high ? x : r->high;
    r->whole = r->whole && x == floor(x) && fabs(x) < 1e15;
}

static double within(double x)
{
    return fmin(fmax(x, -DBL_MAX), DBL_MAX);
}

axis axis_of(range r, bool log, double pad)
{
    axis a = { .low = r.low, .high = r.high, .log = log, .whole = r.whole && r.low <= r.high };
    if (r.low > r.high) {
        a.low = log ? 1 : 0;
        a.high = log ? 10 : 1;
    }
    if (log) {
        const double low = log_ten(a.low), high = log_ten(a.high), width = high - low;
        const double more = width > TELLABLE ? pad * width : 0.3;
        /* exp of a margin by powers of two: a few pixels need no more digits */
        const double factor = 1 + more * 2.302585 * (1 + more * 1.151293);
        a.low = fmax(a.low / factor, DBL_TRUE_MIN);
        a.high = fmin(a.high * factor, DBL_MAX);
        return a;
    }
    const double size = fmax(fabs(a.low), fabs(a.high)), width = a.high / 4 - a.low / 4;
    double more = 4 * pad * width;
    if (width <= TELLABLE * size / 4)
        more = size > 0 ? fmax(0.05 * size, 1e-300) : 1;
    const double low = a.low, high = a.high;
    a.low = low >= 0 && low < more && more < 4 * width ? fmin(low, 0) : within(low - more);
    a.high = high <= 0 && -high < more && more < 4 * width ? fmax(high, 0) : within(high + more);
    return a;
}

bool axis_has(const axis *a, double x)
{
    return isfinite(x) && (!a->log || x > 0);
}

double axis_at(const axis *a, double x)
{
    /* Quarters, so that a difference of the largest numbers is finite. */
    const double part = a->log ? (log_ten(x) - log_ten(a->low)) / (log_ten(a->high) - log_ten(a->low))
                               : (x / 4 - a->low / 4) / (a->high / 4 - a->low / 4);
    return fmin(fmax(a->from + part * (a->to - a->from), -FAR), FAR);
}

void raised_text(char *text, size_t size, int power)
{
    static const char *const digits[] = { "⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹" };
    char plain[16];
    snprintf(plain, sizeof plain, "%d", power);
    text[0] = '\0';
    for (const char *c = plain; *c; c++)
        strncat(text, *c == '-' ? "⁻" : digits[*c - '0'], size - strlen(text) - 1);
}

/* mantissa * 10^power without an exponent, with all its -power decimals. */
static void put_plain(char text[TICK_BYTES], int64_t mantissa, int power)
{
    char digits[TICK_BYTES]; /* the last first */
    int n = 0;
    uint64_t left = mantissa < 0 ? 0 - (uint64_t)mantissa : (uint64_t)mantissa;
    for (int place = power < 0 ? power : 0; n < TICK_BYTES - 8 && (left > 0 || place <= 0); place++) {
        if (place == 0 && n > 0)
            digits[n++] = '.';
        digits[n++] = (char)('0' + left % 10);
        left /= 10;
    }
    char *out = text;
    if (mantissa < 0)
        out += snprintf(out, 4, "\xe2\x88\x92");
    while (n > 0)
        *out++ = digits[--n];
    for (; power > 0 && mantissa != 0 && out < text + TICK_BYTES - 1; power--)
        *out++ = '0';
    *out = '\0';
}

static void add_tick(ticks *t, double value, int rank, const char *text)
{
    if (t->n == TICKS_MOST)
        return;
    tick *next = &t->at[t->n++];
    next->value = value;
    next->rank = rank;
    snprintf(next->text, sizeof next->text, "%s", text);
}

/* The least step of 1, 2 or 5 times 10^*power that makes at most `most` steps; returns the 1, 2 or 5. */
static int round_step(const axis *a, int most, int *power)
{
    const double least = 4 * ((a->high / 4 - a->low / 4) / most);
    static const int steps[] = { 1, 2, 5 };
    for (*power = (int)floor(log_ten(fmax(least, DBL_MIN))) - 1;; ++*power)
        for (int i = 0; i < 3; i++)
            if (scaled(steps[i], *power) >= least * (1 - 1e-12) && (!a->whole || *power >= 0))
                return steps[i];
}

static void linear_ticks(const axis *a, int most, ticks *t)
{
    int power;
    const int step = round_step(a, most, &power);
    const double width = scaled(step, power), slack = 1e-9;
    const int64_t first = (int64_t)ceil(a->low / width - slack), last = (int64_t)floor(a->high / width + slack);
    const double size = fmax(fabs(a->low), fabs(a->high));
    const int top = (int)floor(log_ten(size) + slack);
    t->power = top >= 6 || top < -3 ? top : 0;
    for (int64_t i = first; i <= last && t->n < TICKS_MOST; i++) {
        char text[TICK_BYTES];
        put_plain(text, i * step, power - t->power);
        add_tick(t, scaled(i * step, power), 0, text);
    }
}

/* mantissa * 10^power on a log axis. */
static void put_log(char text[TICK_BYTES], int mantissa, int power, bool plain)
{
    char raised[24];
    if (plain) {
        put_plain(text, mantissa, power);
        return;
    }
    raised_text(raised, sizeof raised, power);
    if (mantissa == 1)
        snprintf(text, TICK_BYTES, "10%s", raised);
    else
        snprintf(text, TICK_BYTES, "%d×10%s", mantissa, raised);
}

/* The number of decades between labels, so that there are at most `most` labels. */
static int decades_a_label(int decades, int most)
{
    static const int steps[] = { 1, 2, 5, 10, 20, 50, 100, 200 };
    int i = 0;
    while (i < 7 && decades > most * steps[i])
        i++;
    return steps[i];
}

static void log_ticks(const axis *a, int most, ticks *t)
{
    const double slack = 1e-9, low = log_ten(a->low), high = log_ten(a->high);
    const int first = (int)floor(low + slack), last = (int)floor(high + slack);
    const int decades = last - (int)ceil(low - slack) + 1, every = decades_a_label(decades, most);
    const bool plain = low > -3 - slack && high < 4 + slack;
    static const int ranks[] = { [1] = 0, 1, 2, 3, 1, 3, 3, 3, 3 };
    for (int power = first; power <= last; power++)
        for (int m = 1; m <= 9; m++) {
            const double value = scaled(m, power);
            if (value < a->low * (1 - slack) || value > a->high * (1 + slack) || (m > 1 && decades > 10) ||
                (every > 5 && power % every != 0))
                continue;
            const bool labelled = m == 1 ? every < 2 || power % every == 0
                                         : decades <= 1 || (decades == 2 && 6 <= most && (m == 2 || m == 5));
            char text[TICK_BYTES] = "";
            if (labelled)
                put_log(text, m, power, plain);
            add_tick(t, value, ranks[m], text);
        }
}

void axis_ticks(const axis *a, int most, ticks *t)
{
    t->n = t->power = 0;
    most = most < 1 ? 1 : most;
    if (a->log && log_ten(a->high) - log_ten(a->low) > 0.5)
        log_ticks(a, most, t);
    else
        linear_ticks(a, most, t);
}
