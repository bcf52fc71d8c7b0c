/* test_format.c - text for messages: printf's own cases, escaped strings, NaNs, cuts. */
#include "scratch.h"

#include <float.h>
#include <limits.h>
#include <inttypes.h>
#include <math.h>

#include "core/escape.h"
#include "core/format.h"

#define SAME(...)                                                                                                    \
    do {                                                                                                             \
        char ours[700], theirs[700];                                                                                 \
        const int n = snprintf(theirs, sizeof theirs, __VA_ARGS__);                                                  \
        assert_int_equal(tg_format(ours, sizeof ours, __VA_ARGS__), n);                                              \
        assert_string_equal(ours, theirs);                                                                           \
    } while (0)

static void numbers_are_printfs(void **state)
{
    (void)state;
    SAME("plain, %% and %c", 'x');
    SAME("%d %i %u %+d % d %05d %-5d| %5d %.3d", -7, 8, 9u, 10, 11, 12, 13, 14, 15);
    SAME("%hhd %hd %ld %lld %jd %td", (signed char)-1, (short)-2, -3L, INT64_MIN + 0LL, INTMAX_MIN, (ptrdiff_t)-5);
    SAME("%hhu %hu %lu %llu %ju %zu", (unsigned char)1, (unsigned short)2, ULONG_MAX, ULLONG_MAX, UINTMAX_MAX,
         SIZE_MAX);
    SAME("%x %#x %X %o %#o 0x%08" PRIx32 " %02x %#06x", 255u, 255u, 255u, 8u, 8u, (uint32_t)0xbeef, 10u, 5u);
    SAME("%" PRId64 " %" PRIu64 " %*d %-*d|", INT64_MAX, UINT64_MAX, 7, 1, 7, 2);
    SAME("%*d|", -7, 3);
    SAME("%g %.3g %.17g %10.2f %-10.2f| %e %.1e %E %G %a %+g % g %#g %010.3f", 0.1, 1234567., 0.1, 2.5, 2.5, 1e-9,
         12., 12., 1e-7, 1., 2., 3., 4., -5.25);
    SAME("%f", DBL_MAX);
    SAME("%.*g %.*g", 3, 3.14159, -1, 3.14159);
    SAME("%Lf", 1.5L);
    SAME("%g %f %e %+g %5g|", (double)INFINITY, -(double)INFINITY, (double)INFINITY, (double)INFINITY,
         (double)INFINITY);
    SAME("%p", (void *)&state);
}

static void a_nan_has_no_sign(void **state)
{
    char text[64];
    (void)state;
    const double nan_minus = copysign((double)NAN, -1.0);
    tg_format(text, sizeof text, "%g %f %.17g %5g %-5g|", nan_minus, nan_minus, (double)NAN, nan_minus, nan_minus);
    assert_string_equal(text, "nan nan nan   nan nan  |");
    assert_string_equal(tg_number_text(text, nan_minus, 6), "nan");
    assert_string_equal(tg_number_text(text, -(double)INFINITY, 6), "-inf");
    assert_string_equal(tg_number_text(text, 0.1, 17), "0.10000000000000001");
}

static const char *escaped(const char *text)
{
    static char out[256];
    assert_ptr_equal(tg_escape(out, sizeof out, text, text + strlen(text)), text + strlen(text));
    return out;
}

static void what_terminals_obey_is_escaped(void **state)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        { "layer0.weight", "layer0.weight" },
        { "\x1b[2J", "\\x1b[2J" },
        { "a\nb\tc\r\a\x7f", "a\\x0ab\\x09c\\x0d\\x07\\x7f" },
        { "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" }, /* é, euro, a face */
        { "\xc2\x9b"
          "2J",
          "\\xc2\\x9b2J" },  /* C1's CSI */
        { "\x9b", "\\x9b" }, /* the same, raw */
        { "\xff\xfe", "\\xff\\xfe" },
        { "\xc0\x80", "\\xc0\\x80" },                   /* overlong */
        { "\xed\xa0\x80", "\\xed\\xa0\\x80" },          /* a surrogate */
        { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* above 10FFFF */
        { "x\xe2\x82", "x\\xe2\\x82" },                 /* cut off */
        { "\xe2\x80\xae"
          "abc",
          "\\xe2\\x80\\xaeabc" },              /* right-to-left override */
        { "\xe2\x80\xa8", "\\xe2\\x80\\xa8" }, /* a line separator */
        { "", "" },
        { "C:\\x1b", "C:\\x1b" }, /* what is escaped already stays as it is */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(escaped(cases[i].from), cases[i].to);
        assert_string_equal(escaped(cases[i].to), cases[i].to);
        char text[256];
        tg_format(text, sizeof text, "[%s]", cases[i].from);
        assert_true(strlen(text) == strlen(cases[i].to) + 2 && strstr(text, cases[i].to));
    }
}

static void strings_are_cut_between_characters(void **state)
{
    char text[64];
    (void)state;
    tg_format(text, sizeof text, "%.3s|%.2s|%.0s|%5s|%-5s|%.9s", "a\xc3\xa9z", "a\xc3\xa9z", "abc", "ab", "ab",
              "abc");
    assert_string_equal(text, "a\xc3\xa9|a||   ab|ab   |abc");
    static const char unterminated[] = { 'a', 'b', 'c' };
    tg_format(text, sizeof text, "%.3s", unterminated);
    assert_string_equal(text, "abc");
    static const char cut[] = { 'a', '\xe2', '\x82' };
    tg_format(text, sizeof text, "%.3s|%.2s|%.1s", cut, cut, cut);
    assert_string_equal(text, "a|a|a");
    tg_format(text, sizeof text, "%.4s|%.3s|%.6s", "a\xe2\x82\xac", "\xe2\x82\xac", "\x82\x82\x82\x82\x82\x82");
    assert_string_equal(text, "a\xe2\x82\xac|\xe2\x82\xac|\\x82\\x82\\x82\\x82\\x82\\x82");
    for (size_t size = 1; size < 12; size++) { /* a buffer's end cuts no escape and no character */
        char small[16];
        memset(small, '#', sizeof small);
        const size_t n = tg_format(small, size, "%s",
                                   "\x1b\xe2\x82\xac"
                                   "b");
        assert_true(n == strlen(small) && n < size && small[size] == '#');
        assert_string_equal(small, size < 5   ? ""
                                   : size < 8 ? "\\x1b"
                                   : size < 9 ? "\\x1b\xe2\x82\xac"
                                              : "\\x1b\xe2\x82\xac"
                                                "b");
    }
    assert_int_equal(tg_format(text, 5, "%s%d", "ab", 12345), 4);
    assert_string_equal(text, "ab12");
    assert_int_equal(tg_format(text, 1, "abc"), 0);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_printfs),
        cmocka_unit_test(a_nan_has_no_sign),
        cmocka_unit_test(what_terminals_obey_is_escaped),
        cmocka_unit_test(strings_are_cut_between_characters),
    };
    return cmocka_run_group_tests_name("format", tests, NULL, NULL);
}
