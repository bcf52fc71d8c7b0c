/* test_json.c - the strict reader of JSON, and UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "io/json.h"

typedef struct text {
    char bytes[128];
    tg_error err;
    tg_json json;
} text;

static tg_json *reader(text *t, const char *s)
{
    snprintf(t->bytes, sizeof t->bytes, "%s", s);
    t->err = (tg_error){ 0 };
    t->json =
        (tg_json){ .at = t->bytes, .end = t->bytes + strlen(s), .start = t->bytes, .path = "file", .err = &t->err };
    return &t->json;
}

static void strings_are_decoded(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "\"\"", "" },
        { " \t\r\n\"a b\"", "a b" },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
        { "\"\\u0041\\u00e9\\u00E9\"", "A\xc3\xa9\xc3\xa9" },
        { "\"\\u20ac\\uffff\"", "\xe2\x82\xac\xef\xbf\xbf" },
        { "\"\\ud83d\\ude00x\"", "\xf0\x9f\x98\x80x" },
        { "\"\\ud800\\udc00\\udbff\\udfff\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
        { "\"\\u007f\\u0080\\u07ff\\u0800\"", "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80" },
        { "\"\xe2\x82\xac\"", "\xe2\x82\xac" },
        { "\"a\\u0000\"", "a" TG_JSON_ZERO },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text t;
        tg_json *j = reader(&t, cases[i][0]);
        assert_string_equal(tg_json_string(j), cases[i][1]);
        tg_json_finish(j);
        assert_int_equal(j->status, TG_OK);
    }
}

static void bad_strings_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "", "byte 0: the end, expected '\"'" },      { "x", "byte 0: 'x', expected '\"'" },
        { "\"abc", "byte 4: the end, expected '\"'" }, { "\"a\nb\"", "byte 2: byte 0x0a in a string" },
        { "\"\\", "the end after a backslash" },       { "\"\\x\"", "'x' after a backslash" },
        { "\"\\u12", "four hexadecimal digits" },      { "\"\\u12g4\"", "four hexadecimal digits" },
        { "\"\\ud800\"", "surrogate \\ud800" },        { "\"\\ud800x\"", "surrogate \\ud800" },
        { "\"\\ud800\\n\"", "surrogate \\ud800" },     { "\"\\ud800\\u0041\"", "surrogate \\ud800" },
        { "\"\\udc00\\ud800\"", "surrogate \\udc00" }, { "\"\\udfff\"", "surrogate \\udfff" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text t;
        tg_json *j = reader(&t, cases[i][0]);
        assert_string_equal(tg_json_string(j), "");
        assert_int_equal(t.err.status, TG_ERR_FORMAT);
        if (!strstr(t.err.text, cases[i][1]))
            fail_msg("\"%s\" does not say \"%s\"", t.err.text, cases[i][1]);
    }
}

static void integers_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t n;
    } cases[] = { { "0", 0 }, { " 7 ", 7 }, { "10", 10 }, { "9223372036854775807", INT64_MAX } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text t;
        tg_json *j = reader(&t, cases[i].text);
        assert_true(tg_json_integer(j) == cases[i].n);
        tg_json_finish(j);
        assert_int_equal(j->status, TG_OK);
    }
    static const char *const bad[] = {
        "",    "-1", "+1",  "01", "00",   "9223372036854775808", "99999999999999999999", "1.0",
        "1e3", ".5", "0x1", "x",  "\"1\""
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        text t;
        tg_json *j = reader(&t, bad[i]);
        tg_json_integer(j);
        tg_json_finish(j);
        assert_int_equal(j->status, TG_ERR_FORMAT);
    }
}

/* The number of integers in a list, -1 if it is refused. */
static int64_t list(const char *s)
{
    text t;
    tg_json *j = reader(&t, s);
    int64_t n = 0;
    tg_json_expect(j, '[');
    while (tg_json_more(j, ']', n)) {
        tg_json_integer(j);
        n++;
    }
    tg_json_finish(j);
    return j->status == TG_OK ? n : -1;
}

static void lists_are_strict(void **state)
{
    (void)state;
    assert_true(list("[]") == 0 && list(" [ ] ") == 0 && list("[5]") == 1 && list("[ 1 ,2\n, 3\t]") == 3);
    static const char *const bad[] = { "[",    "[1",    "[1,", "[1,]",  "[,1]", "[1 2]", "[1,,2]",
                                       "[1]]", "[1] x", "1]",  "[[1]]", "[1}",  "[}",    "" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (list(bad[i]) != -1)
            fail_msg("%s is taken", bad[i]);
}

static void the_first_error_sticks(void **state)
{
    (void)state;
    text t;
    tg_json *j = reader(&t, "12 34");
    tg_json_expect(j, '{');
    const char *first = "file: header byte 0: '1', expected '{'";
    assert_string_equal(t.err.text, first);
    assert_true(tg_json_integer(j) == 0);
    assert_false(tg_json_more(j, '}', 0));
    assert_string_equal(tg_json_string(j), "");
    tg_json_expect(j, '1');
    tg_json_finish(j);
    tg_json_fail(j, "later");
    assert_string_equal(t.err.text, first);
    assert_ptr_equal(j->at, t.bytes);
}

/* Every code as one to four bytes is taken exactly where it is the shortest form and no surrogate. */
static void utf8_is_strict(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 0x120000; code += code < 0x11000 ? 1 : 251)
        for (int size = 1; size <= 4; size++) {
            static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
            static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 },
                                  room[] = { 0, 0x80, 0x800, 0x10000, 0x200000 };
            if (code >= room[size])
                continue;
            char bytes[4];
            for (int i = size - 1, rest = (int)code; i >= 0; i--, rest >>= 6)
                bytes[i] = (char)(i ? 0x80 | (rest & 0x3f) : lead[size] | rest);
            const bool good = code >= least[size] && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
            if (tg_is_utf8(bytes, (size_t)size) != good)
                fail_msg("code %x in %d bytes", (unsigned)code, size);
            if (size > 1)
                assert_false(tg_is_utf8(bytes, (size_t)size - 1));
        }
    for (int c = 0x80; c < 0x100; c++) {
        const char alone = (char)c, followed[] = { (char)c, 'a', 'a', 'a' },
                   late[] = { '\xf0', '\x90', '\x80', (char)(c ^ 0x80) };
        assert_false(tg_is_utf8(&alone, 1));
        assert_false(tg_is_utf8(followed, 4));
        assert_false(tg_is_utf8(late, 4));
    }
    assert_true(tg_is_utf8("", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings_are_decoded),    cmocka_unit_test(bad_strings_are_refused),
        cmocka_unit_test(integers_are_read),      cmocka_unit_test(lists_are_strict),
        cmocka_unit_test(the_first_error_sticks), cmocka_unit_test(utf8_is_strict),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
