/* test_drawing.c - examples/picture: what all pictures share: no text over another, safe strings, the same bytes, whole files. */
#include "drawn.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <signal.h>
#include <sys/resource.h>

#include "output/text.h"

static tg_error err;
static sample drawn;

/* Layout ----------------------------------------------------------------------------------------------------------- */

typedef struct box {
    double left, right, top, bottom;
} box;

/* The rectangle of a line of text, horizontal or vertical, by text_width, which overestimates. */
static box box_of(const xml *x)
{
    double px, py,
        size = has_class(x, "title")                              ? 16
               : has_class(x, "label") || has_class(x, "caption") ? 13
               : has_class(x, "small")                            ? 11
                                                                  : 12;
    int angle = 0;
    if (xml_value(x, "transform"))
        assert_int_equal(sscanf(xml_value(x, "transform"), "translate(%lf %lf) rotate(%d)", &px, &py, &angle), 3);
    else {
        px = strtod(xml_value(x, "x"), NULL);
        py = strtod(xml_value(x, "y"), NULL);
    }
    if (xml_value(x, "font-size"))
        size = strtod(xml_value(x, "font-size"), NULL);
    const double width = size * text_width(x->text, strlen(x->text));
    const char *anchor = xml_value(x, "text-anchor");
    const double before = strcmp(anchor, "start") == 0 ? 0 : strcmp(anchor, "end") == 0 ? width : width / 2;
    if (angle == -90)
        return (box){ px - 0.75 * size, px + 0.1 * size, py - width + before, py + before };
    return (box){ px - before, px - before + width, py - 0.75 * size, py + 0.1 * size };
}

/* No two texts overlap, and none leaves the picture. */
static void check_texts(void **state, const char *name)
{
    xml *root = read_svg(state, name);
    double width, height;
    assert_int_equal(sscanf(xml_value(root, "viewBox"), "0 0 %lf %lf", &width, &height), 2);
    for (const xml *a = xml_next(root, NULL, "text"); a; a = xml_next(root, a, "text")) {
        if (xml_value(a, "transform") && strstr(xml_value(a, "transform"), "-45"))
            continue;
        const box p = box_of(a);
        if (p.left < 0 || p.right > width || p.top < 0 || p.bottom > height)
            fail_msg("%s: \"%s\" leaves the picture", name, a->text);
        for (const xml *b = xml_next(root, a, "text"); b; b = xml_next(root, b, "text")) {
            if (xml_value(b, "transform") && strstr(xml_value(b, "transform"), "-45"))
                continue;
            const box q = box_of(b);
            if (p.left < q.right && q.left < p.right && p.top < q.bottom && q.top < p.bottom)
                fail_msg("%s: \"%s\" and \"%s\" overlap", name, a->text, b->text);
        }
    }
    xml_free(root);
}

static const char long_text[] = "A text that is too long for any line of the picture, so that it must be wrapped, or "
                                "cut where it has one line only, "
                                "and-then-a-word-without-a-single-blank-that-is-longer-than-a-line-of-its-own-could-"
                                "be-at-this-size-in-any-font-there-is";

static void test_texts_do_not_overlap(void **state)
{
    static const double ends[][2] = { { 0, 1 },         { -1e-5, 1e-5 },   { 1e6, 1.0001e6 }, { -123456, 654321 },
                                      { 1e-9, 1e9 },    { 0.3, 3 },        { 1, 1 },          { -1.7e308, 1.7e308 },
                                      { 99990, 99999 }, { 1e-300, 1e300 }, { 2e-9, 1.1e-8 },  { 1.3, 70 },
                                      { 2, 30 },        { 0.001, 0.0012 } };
    fill(&drawn);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        for (size_t j = 0; j < sizeof ends / sizeof ends[0]; j++)
            for (int logs = 0; logs < 4; logs++) {
                const series s = { i % 2 ? long_text : "training", 2, ends[i], ends[j], NULL, NULL, false, 0 };
                const series all[] = { s, s, { .name = "another" }, s, { .name = "ein dritter, schräger Name" } };
                const curves c = { long_text, long_text, "x", j % 2 ? "y (units)" : long_text, logs & 1, logs & 2, 0,
                                   0,         all,       5 };
                assert_true(draw_curves(again(state, "texts"), &c, &err));
                check_texts(state, "texts.svg");
            }
    static double values[400];
    for (int i = 0; i < 400; i++)
        values[i] = i * 1234.5 - 1e5;
    static const int sizes[][2] = { { 1, 1 }, { 2, 2 }, { 10, 10 }, { 20, 20 }, { 4, 25 }, { 25, 4 } };
    const char *names[25];
    for (int i = 0; i < 25; i++)
        names[i] = i % 3 ? "automobile" : long_text;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int named = 0; named < 2; named++) {
            const heatmap h = { "Title",
                                long_text,
                                "the class of the picture",
                                "the class that was predicted",
                                sizes[i][0],
                                sizes[i][1],
                                values,
                                named ? names : NULL,
                                named ? names : NULL };
            assert_true(draw_heatmap(again(state, "texts"), &h, &err));
            check_texts(state, "texts.svg");
        }
    static const double pixels[25 * 4];
    for (int columns = 0; columns <= 12; columns++) {
        assert_true(draw_images(again(state, "texts"),
                                &(images){ "Title", long_text, 25, 1, 2, 2, pixels, false, names, columns }, &err));
        check_texts(state, "texts.svg");
    }
}

/* What strings hold ------------------------------------------------------------------------------------------------ */

static void test_hostile_strings(void **state)
{
    static const char hostile[] =
        "</text><script>a('x')&amp; \"q\" \x01\x7f\xff\xc0\xaf\xed\xa0\x80 ]]> \xef\xbf\xbf λ\n,=1";
    static const char shown[] =
        "</text><script>a('x')&amp; \"q\" "
        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd ]]> "
        "\xef\xbf\xbd λ ,=1";
    static const double two[] = { 1, 2, 3, 4 };
    static const int32_t labels[] = { 0, 1 };
    const char *const names[] = { hostile, hostile, hostile, hostile };
    const series s = { hostile, 2, two, two, NULL, NULL, false, 0 };
    assert_true(draw_curves(at(state, "h0"),
                            &(curves){ hostile, hostile, hostile, hostile, false, false, 0, 0, &s, 1 }, &err));
    assert_true(draw_scatter(at(state, "h1"),
                             &(scatter){ .title = hostile,
                                         .caption = hostile,
                                         .x_label = hostile,
                                         .n = 2,
                                         .x = two,
                                         .y = two,
                                         .labels = labels,
                                         .classes = 2,
                                         .class_names = names },
                             &err));
    assert_true(draw_heatmap(at(state, "h2"),
                             &(heatmap){ hostile, hostile, hostile, hostile, 2, 2, two, names, names }, &err));
    assert_true(draw_images(at(state, "h3"), &(images){ hostile, hostile, 4, 1, 1, 1, two, true, names, 0 }, &err));
    for (int i = 0; i < 4; i++) {
        char name[32];
        snprintf(name, sizeof name, "h%d.svg", i);
        xml *root = read_svg(state, name);
        assert_string_equal(root->child->text, shown);
        assert_null(xml_next(root, NULL, "script"));
        xml_free(root);
    }
    char *csv = read_text(state, "h2.csv");
    assert_non_null(strstr(csv, "a('x')&amp; \"\"q\"\" "));
    free(csv);
}

/* Files ------------------------------------------------------------------------------------------------------------ */

static void draw_all(void **state, const char *prefix)
{
    static const int32_t labels[] = { 0, 1, 2, 0 }, regions[] = { 0, 1, 2, 1 };
    static const double four[] = { 0.5, 1.25, -3.75, 2 };
    char name[4][32];
    fill(&drawn);
    for (int i = 0; i < 4; i++)
        snprintf(name[i], sizeof name[i], "%s%d", prefix, i);
    const series s = { "s", N, drawn.x, drawn.y, drawn.low, drawn.high, false, 0 };
    assert_true(draw_curves(at(state, name[0]), &(curves){ "Curves", "c", "x", "y", true, true, 0, 0, &s, 1 }, &err));
    assert_true(draw_scatter(
        at(state, name[1]),
        &(scatter){ "Points", "c", "x", "y", 4, four, four, labels, 3, NULL, 2, 2, regions, 0, 0, 0, 0 }, &err));
    assert_true(draw_heatmap(at(state, name[2]), &(heatmap){ "Heat", "c", "x", "y", 2, 2, four, NULL, NULL }, &err));
    assert_true(draw_images(at(state, name[3]), &(images){ "Images", "c", 4, 1, 1, 1, four, true, NULL, 0 }, &err));
}

static void check_same(void **state, const char *a, const char *b)
{
    for (int i = 0; i < 8; i++) {
        char first[32], second[32];
        snprintf(first, sizeof first, "%s%d.%s", a, i / 2, i % 2 ? "svg" : "csv");
        snprintf(second, sizeof second, "%s%d.%s", b, i / 2, i % 2 ? "svg" : "csv");
        char *one = read_text(state, first), *two = read_text(state, second);
        assert_string_equal(one, two);
        free(one);
        free(two);
    }
}

static void test_same_bytes(void **state)
{
    draw_all(state, "a");
    draw_all(state, "b");
    check_same(state, "a", "b");
}

static void test_same_bytes_in_another_locale(void **state)
{
    static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8",  "de_DE",
                                         "fr_FR.UTF-8", "ru_RU.UTF-8", "pt_BR.UTF-8" };
    char buffer[16];
    size_t i = 0;
    while (i < sizeof names / sizeof names[0] && !setlocale(LC_ALL, names[i]))
        i++;
    if (i == sizeof names / sizeof names[0])
        skip();
    snprintf(buffer, sizeof buffer, "%.1f", 0.5);
    assert_string_equal(buffer, "0,5");
    draw_all(state, "d");
    snprintf(buffer, sizeof buffer, "%.1f", 0.5);
    assert_string_equal(buffer, "0,5"); /* the caller's locale is as it was */
    setlocale(LC_ALL, "C");
    draw_all(state, "c");
    check_same(state, "c", "d");
}

static void test_wrong_arguments(void **state)
{
    static const double two[] = { 1, 2 };
    static const int32_t labels[] = { 0, 2 };
    const series whole = { .n = 2, .x = two, .y = two };
    const series wrong[] = { { .n = -1 },
                             { .n = 2, .x = two },
                             { .n = 2, .x = two, .y = two, .low = two },
                             { .n = 2, .x = two, .y = two, .color = -1 } };
    const curves ranges[] = { { .y_low = 2, .y_high = 1 },
                              { .y_low = 0, .y_high = 1, .y_log = true },
                              { .y_low = (double)NAN, .y_high = 1 },
                              { .n_series = -1 },
                              { .n_series = 1 } };
    for (int i = 0; i < 9; i++) {
        curves c = i < 4 ? (curves){ .series = &wrong[i], .n_series = 1 } : ranges[i - 4];
        if (i >= 4 && i < 7) {
            c.series = &whole;
            c.n_series = 1;
        }
        assert_false(draw_curves(at(state, "wrong"), &c, &err));
        assert_int_equal(err.status, TG_ERR_ARGUMENT);
        assert_non_null(strstr(err.text, "wrong"));
    }
    const scatter points[] = { { .n = 2, .x = two, .y = two, .labels = labels, .classes = 2 },
                               { .n = -1, .classes = 1 },
                               { .classes = 0 },
                               { .n = 2, .classes = 3 },
                               { .classes = 2, .regions = labels, .rows = 1, .columns = 2 },
                               { .classes = 3, .regions = labels, .rows = 0, .columns = 2 },
                               { .classes = 3, .regions = labels, .rows = 1, .columns = 2, .left = 1 } };
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        assert_false(draw_scatter(at(state, "wrong"), &points[i], &err));
        assert_int_equal(err.status, TG_ERR_ARGUMENT);
    }
    assert_false(draw_heatmap(at(state, "wrong"), &(heatmap){ .rows = 1, .columns = 1 }, &err));
    assert_int_equal(err.status, TG_ERR_ARGUMENT);
    assert_false(draw_images(at(state, "wrong"),
                             &(images){ .n = 1, .channels = 2, .height = 1, .width = 1, .pixels = two }, &err));
    assert_int_equal(err.status, TG_ERR_ARGUMENT);
    assert_false(draw_images(at(state, "wrong"), &(images){ .n = 1, .channels = 1, .height = 1, .width = 1 }, NULL));
    assert_int_not_equal(access(at(state, "wrong.svg"), F_OK), 0);
    assert_int_not_equal(access(at(state, "wrong.csv"), F_OK), 0);
}

/* A folder that is not there, and a file that outgrows what the disk has left: what stood there stays. */
static void test_failing_files(void **state)
{
    assert_false(draw_curves(at(state, "nowhere/curves"), &(curves){ 0 }, &err));
    assert_int_equal(err.status, TG_ERR_IO);
    assert_non_null(strstr(err.text, "nowhere/curves.csv"));
    assert_non_null(strstr(err.text, strerror(ENOENT)));

    draw_all(state, "e");
    draw_all(state, "kept");
    const int files = scratch_count(state, 0);
    struct rlimit before, limit;
    getrlimit(RLIMIT_FSIZE, &before);
    limit = before;
    limit.rlim_cur = 2000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    const series s = { "s", N, drawn.x, drawn.high, drawn.low, drawn.high, false, 0 };
    const bool done = draw_curves(at(state, "kept0"), &(curves){ .series = &s, .n_series = 1 }, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(done);
    assert_int_equal(err.status, TG_ERR_IO);
    assert_non_null(strstr(err.text, "kept0."));
    assert_non_null(strstr(err.text, strerror(EFBIG)));
    assert_int_equal(scratch_count(state, 0), files);
    check_same(state, "e", "kept");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts_do_not_overlap), cmocka_unit_test(test_hostile_strings),
        cmocka_unit_test(test_same_bytes),           cmocka_unit_test(test_same_bytes_in_another_locale),
        cmocka_unit_test(test_wrong_arguments),      cmocka_unit_test(test_failing_files),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
