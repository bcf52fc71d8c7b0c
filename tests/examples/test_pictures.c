/* test_pictures.c - examples/picture: what the SVG shows is what was given and what the CSV says. */
#include "scratch.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "output/files.h"
#include "picture/axis.h"
#include "picture/picture.h"
#include "picture/png.h"
#include "xml.h"

static tg_error err;

/* Reading back ----------------------------------------------------------------------------------------------------- */

static const char *at(void **state, const char *name)
{
    return scratch_path(state, name);
}

/* The same, of a picture that is drawn many times: some file systems write out at once what replaces a file. */
static const char *again(void **state, const char *name)
{
    char file[64];
    snprintf(file, sizeof file, "%s.svg", name);
    remove(at(state, file));
    snprintf(file, sizeof file, "%s.csv", name);
    remove(at(state, file));
    return at(state, name);
}

static char *read_text(void **state, const char *name)
{
    size_t size;
    char *whole = (char *)scratch_read(at(state, name), &size);
    whole[size] = '\0';
    assert_int_equal(strlen(whole), size);
    return whole;
}

static xml *read_svg(void **state, const char *name)
{
    char reason[160];
    char *svg = read_text(state, name);
    xml *root = xml_parse(svg, reason);
    if (!root)
        fail_msg("%s: %s", name, reason);
    free(svg);
    assert_string_equal(root->name, "svg");
    assert_string_equal(xml_value(root, "xmlns"), "http://www.w3.org/2000/svg");
    assert_string_equal(xml_value(root, "role"), "img");
    assert_string_equal(root->child->name, "title");
    assert_string_equal(root->child->next->name, "desc");
    return root;
}

static bool has_class(const xml *x, const char *class)
{
    const char *value = xml_value(x, "class");
    return value && strncmp(value, class, strlen(class)) == 0 &&
           (value[strlen(class)] == ' ' || !value[strlen(class)]);
}

/* The i-th element of that name and first class. */
static const xml *find(const xml *root, const char *name, const char *class, int i)
{
    for (const xml *x = xml_next(root, NULL, name); x; x = xml_next(root, x, name))
        if (has_class(x, class) && i-- == 0)
            return x;
    fail_msg("no <%s class='%s'>", name, class);
    return NULL;
}

static int count(const char *string, char wanted)
{
    int n = 0;
    for (; *string; string++)
        n += *string == wanted;
    return n;
}

/* The scale of a drawn axis, from what the picture says of it. */
typedef struct scale {
    double low, high, from, to;
    bool log;
} scale;

static scale scale_of(const xml *root, bool y)
{
    const xml *plot = find(root, "svg", "plot", 0);
    scale s;
    double left, top, width, height;
    char kind[8];
    assert_int_equal(sscanf(xml_value(plot, y ? "data-y" : "data-x"), "%7s %lf %lf", kind, &s.low, &s.high), 3);
    assert_int_equal(sscanf(xml_value(plot, "data-frame"), "%lf %lf %lf %lf", &left, &top, &width, &height), 4);
    s.log = strcmp(kind, "log") == 0;
    s.from = y ? top + height : left;
    s.to = y ? top : left + width;
    return s;
}

static double pixel_of(const scale *s, double x)
{
    const double part = s->log ? log(x / s->low) / log(s->high / s->low) : (x - s->low) / (s->high - s->low);
    return s->from + part * (s->to - s->from);
}

/* The next place of a path, and the letter before it. */
static bool next_place(const char **path, char *letter, double *x, double *y)
{
    const char *start = *path + strcspn(*path, "MLl");
    int n;
    if (!*start)
        return false;
    *letter = *start;
    assert_int_equal(sscanf(start + 1, "%lf %lf%n", x, y, &n), 2);
    *path = start + 1 + n;
    return true;
}

/* Numbers ---------------------------------------------------------------------------------------------------------- */

static void test_numbers_read_back(void **state)
{
    (void)state;
    static const struct {
        double x;
        const char *wanted;
    } cases[] = { { 0.1, "0.1" },
                  { 1.0 / 3, "0.3333333333333333" },
                  { 100, "100" },
                  { -2.5, "-2.5" },
                  { 1e300, "1e+300" },
                  { DBL_MIN, "2.2250738585072014e-308" },
                  { 4e-323, "3.95252516672997e-323" },
                  { (double)NAN, "nan" },
                  { -HUGE_VAL, "-inf" },
                  { 0.30000000000000004, "0.30000000000000004" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        text t = { 0 };
        text_number(&t, cases[i].x);
        assert_string_equal(t.data, cases[i].wanted);
        assert_true(isnan(cases[i].x) || strtod(t.data, NULL) == cases[i].x);
        text_finish(&t);
    }
    static const struct {
        double x;
        const char *wanted;
    } places[] = { { 12.5, "12.5" }, { 0, "0" },          { -0.001, "0" },
                   { 100, "100" },   { 3.14159, "3.14" }, { -7.10, "-7.1" } };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        text t = { 0 };
        text_coordinate(&t, places[i].x);
        assert_string_equal(t.data, places[i].wanted);
        text_finish(&t);
    }
}

static void test_logarithm(void **state)
{
    (void)state;
    for (int k = -307; k <= 308; k++) {
        const double x = pow(10, k);
        assert_true(fabs(log_ten(x) - log10(x)) <= 5e-16 * fmax(1, fabs(log10(x))));
        assert_true(fabs(log_ten(0.925 * x) - log10(0.925 * x)) <= 5e-16 * fmax(1, fabs(log10(x))));
    }
    assert_true(log_ten(1) == 0);
}

/* Ticks ------------------------------------------------------------------------------------------------------------ */

static void test_ticks(void **state)
{
    (void)state;
    static const struct {
        double low, high;
        bool log, whole;
        int most, power;
        const char *labels;
    } cases[] = {
        { 0, 1, false, false, 5, 0, "0.0|0.2|0.4|0.6|0.8|1.0" },
        { 0, 100, false, false, 10, 0, "0|10|20|30|40|50|60|70|80|90|100" },
        { -3.2, 2.1, false, false, 6, 0, "−3|−2|−1|0|1|2" },
        { -1e-5, 3e-5, false, false, 5, -5, "−1|0|1|2|3" },
        { 2.5e9, 5e9, false, false, 5, 9, "2.5|3.0|3.5|4.0|4.5|5.0" },
        { 1, 4, false, true, 12, 0, "1|2|3|4" },
        { 1, 4, false, false, 6, 0, "1.0|1.5|2.0|2.5|3.0|3.5|4.0" },
        { 0.95, 1.05, false, false, 5, 0, "0.96|0.98|1.00|1.02|1.04" },
        { 1e6, 1.00004e6, false, false, 4, 6, "1.00000|1.00001|1.00002|1.00003|1.00004" },
        { -1.7e308, 1.7e308, false, false, 4, 308, "−1|0|1" },
        { 1e-300, 4e-300, false, false, 4, -300, "1|2|3|4" },
        { 1, 1000, true, false, 5, 0, "1||||||||||10||||||||||100||||||||||1000" },
        { 1e-6, 1e-2, true, false, 8, 0, "10⁻⁶|…|10⁻⁵|…|10⁻⁴|…|10⁻³|…|10⁻²" },
        { 1e-30, 1e30, true, false, 7, 0, "10⁻³⁰|10⁻²⁰|10⁻¹⁰|10⁰|10¹⁰|10²⁰|10³⁰" },
        { 0.3, 3, true, false, 6, 0, "0.3|0.4|0.5|0.6|0.7|0.8|0.9|1|2|3" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static ticks t;
        char labels[2000] = "";
        axis_ticks(
            &(axis){ .low = cases[i].low, .high = cases[i].high, .log = cases[i].log, .whole = cases[i].whole },
            cases[i].most, &t);
        const bool brief = strstr(cases[i].labels, "…") || !strstr(cases[i].labels, "||");
        for (int k = 0; k < t.n; k++)
            if (t.at[k].text[0] || !brief) {
                strcat(labels, k > 0 ? "|" : "");
                strcat(labels, t.at[k].text);
            } else if (strstr(cases[i].labels, "…") && t.at[k - 1].text[0])
                strcat(labels, "|…");
        char wanted[2000];
        snprintf(wanted, sizeof wanted, "%s", cases[i].labels);
        if (strstr(wanted, "||")) { /* written with a bar a minor tick, which the loop above writes as well */
            for (char *c; (c = strstr(wanted, "||||||||||"));)
                memmove(c + 9, c + 10, strlen(c + 10) + 1);
        }
        if (strcmp(labels, wanted) != 0)
            fail_msg("case %zu: \"%s\", expected \"%s\"", i, labels, wanted);
        assert_int_equal(t.power, cases[i].power);
        for (int k = 1; k < t.n; k++)
            assert_true(t.at[k].value > t.at[k - 1].value);
    }
}

/* A tick's value is what its label says, to the bit. */
static void test_ticks_are_their_labels(void **state)
{
    (void)state;
    for (int k = -20; k <= 20; k++)
        for (int most = 1; most < 12; most++) {
            static ticks t;
            const double low = -0.37 * pow(10, k), high = 1.91 * pow(10, k);
            axis_ticks(&(axis){ .low = low, .high = high }, most, &t);
            assert_true(t.n >= 1 && t.n <= most + 1);
            for (int i = 0; i < t.n; i++) {
                char number[80];
                const bool minus = strncmp(t.at[i].text, "−", 3) == 0;
                snprintf(number, sizeof number, "%s%se%d", minus ? "-" : "", t.at[i].text + (minus ? 3 : 0), t.power);
                assert_true(strtod(number, NULL) == t.at[i].value);
                assert_true(t.at[i].value >= low && t.at[i].value <= high);
            }
        }
}

/* Curves ----------------------------------------------------------------------------------------------------------- */

enum { N = 40 };
static double xs[N], ys[N], lows[N], highs[N];

static void fill(void)
{
    for (int i = 0; i < N; i++) {
        xs[i] = i + 1;
        ys[i] = 2.3 * exp(-0.1 * i) + 0.01 * ((i * 37) % 11);
        lows[i] = ys[i] - 0.1;
        highs[i] = ys[i] + 0.2;
    }
}

static bool is_shown(const scale *x, const scale *y, const series *s, int i)
{
    return isfinite(s->x[i]) && isfinite(s->y[i]) && (!x->log || s->x[i] > 0) && (!y->log || s->y[i] > 0);
}

/* The line's places are the points that can be drawn, each run of them one subpath. */
static void check_line(const xml *root, const series *s, int line)
{
    const scale x = scale_of(root, false), y = scale_of(root, true);
    const char *path = xml_value(find(find(root, "svg", "plot", 0), "path", "line", line), "d");
    double px, py;
    char letter;
    for (int i = 0; i < s->n; i++) {
        if (!is_shown(&x, &y, s, i))
            continue;
        assert_true(next_place(&path, &letter, &px, &py));
        assert_true(fabs(px - pixel_of(&x, s->x[i])) < 0.011);
        assert_true(fabs(py - pixel_of(&y, s->y[i])) < 0.011);
        assert_int_equal(letter, i == 0 || !is_shown(&x, &y, s, i - 1) ? 'M' : 'L');
    }
    assert_false(next_place(&path, &letter, &px, &py));
}

/* The CSV's rows are the series' numbers, to the bit. */
static void check_csv(const char *csv, const series *all, int n)
{
    assert_int_equal(strncmp(csv, "series,x,y,low,high\n", 20), 0);
    const char *row = csv + 20;
    for (int k = 0; k < n; k++)
        for (int64_t i = 0; i < all[k].n; i++) {
            const double *columns[] = { all[k].x, all[k].y, all[k].low, all[k].high };
            assert_int_equal(strncmp(row, all[k].name, strlen(all[k].name)), 0);
            row += strlen(all[k].name);
            for (int j = 0; j < 4; j++) {
                assert_int_equal(*row++, ',');
                if (!columns[j])
                    continue;
                char *end;
                const double value = strtod(row, &end), wanted = columns[j][i];
                assert_true(value == wanted || (isnan(value) && isnan(wanted)));
                row = end;
            }
            assert_int_equal(*row++, '\n');
        }
    assert_int_equal(*row, '\0');
}

static void test_curves(void **state)
{
    fill();
    static double gaps[N];
    memcpy(gaps, ys, sizeof gaps);
    gaps[0] = (double)NAN;
    gaps[7] = -HUGE_VAL;
    gaps[9] = (double)NAN; /* a single point between gaps */
    gaps[20] = HUGE_VAL;
    gaps[30] = -1; /* a gap on a log axis */
    const series all[] = { { "training", N, xs, ys, lows, highs, false, 0 },
                           { "test", N, xs, gaps, NULL, NULL, true, 0 } };
    for (int logs = 0; logs < 4; logs++) {
        const curves c = { "Loss", "Forty epochs.", "epoch", "loss (nats)", logs & 1, logs & 2, 0, 0, all, 2 };
        assert_true(draw_curves(at(state, "curves"), &c, &err));
        assert_int_equal(err.status, TG_OK);
        xml *root = read_svg(state, "curves.svg");
        check_line(root, &all[0], 0);
        check_line(root, &all[1], 1);
        assert_string_equal(root->child->text, "Loss");
        assert_non_null(strstr(root->child->next->text, "Forty epochs."));
        assert_non_null(strstr(xml_value(find(root, "path", "line", 1), "class"), "dashed"));
        xml_free(root);
        char *csv = read_text(state, "curves.csv");
        check_csv(csv, all, 2);
        free(csv);
    }
}

/* The band's outline: the upper side forward, the lower backward; on a log axis what is not positive ends at the bottom. */
static void test_band(void **state)
{
    fill();
    lows[5] = -0.5;
    lows[11] = (double)NAN;
    const series s = { "mean", N, xs, ys, lows, highs, false, 0 };
    for (int log = 0; log < 2; log++) {
        assert_true(draw_curves(at(state, "band"), &(curves){ .series = &s, .n_series = 1, .y_log = log }, &err));
        xml *root = read_svg(state, "band.svg");
        const scale x = scale_of(root, false), y = scale_of(root, true);
        const char *path = xml_value(find(root, "path", "band", 0), "d");
        double px, py;
        char letter;
        for (int run = 0; run < 2; run++) {
            const int from = run ? 12 : 0, to = run ? N : 11;
            for (int side = 0; side < 2; side++)
                for (int k = 0; k < to - from; k++) {
                    const int i = side ? to - 1 - k : from + k;
                    const double value = side ? lows[i] : highs[i];
                    assert_true(next_place(&path, &letter, &px, &py));
                    assert_int_equal(letter, side == 0 && k == 0 ? 'M' : 'L');
                    assert_true(fabs(px - pixel_of(&x, xs[i])) < 0.011);
                    assert_true(fabs(py - pixel_of(&y, log && value <= 0 ? y.low : value)) < 0.011);
                }
        }
        assert_false(next_place(&path, &letter, &px, &py));
        xml_free(root);
    }
}

static void test_fixed_range(void **state)
{
    fill();
    const series s = { "accuracy", N, xs, ys, NULL, NULL, false, 0 };
    const curves c = { .y_low = 0.5, .y_high = 2, .series = &s, .n_series = 1 };
    assert_true(draw_curves(at(state, "fixed"), &c, &err));
    xml *root = read_svg(state, "fixed.svg");
    const scale y = scale_of(root, true);
    assert_true(y.low == 0.5 && y.high == 2);
    check_line(root, &s, 0);
    xml_free(root);
}

/* Many points make a small picture with every extreme in it, and a CSV with all of them. */
static void test_many_points(void **state)
{
    enum { MANY = 400000 };
    double *x = malloc(MANY * sizeof *x), *y = malloc(MANY * sizeof *y);
    assert_true(x && y);
    for (int i = 0; i < MANY; i++) {
        x[i] = i;
        y[i] = sin(i * 1e-5) + (i % 1000 * 7919 % 1000) * 1e-3;
    }
    y[123456] = 9;
    y[365432] = -9;
    const series s = { "s", MANY, x, y, y, y, false, 0 };
    assert_true(draw_curves(at(state, "many"), &(curves){ .series = &s, .n_series = 1 }, &err));
    xml *root = read_svg(state, "many.svg");
    const scale sx = scale_of(root, false), sy = scale_of(root, true);
    const char *path = xml_value(find(root, "path", "line", 0), "d");
    double px, py, lowest = -HUGE_VAL, highest = HUGE_VAL, before = 0, low_x = 0, high_x = 0;
    char letter;
    int n = 0;
    for (; next_place(&path, &letter, &px, &py); n++, before = px) {
        assert_true(px >= before);
        high_x = py < highest ? px : high_x;
        low_x = py > lowest ? px : low_x;
        highest = fmin(highest, py);
        lowest = fmax(lowest, py);
    }
    assert_true(n > 600 && n < 4 * 720);
    assert_true(fabs(highest - pixel_of(&sy, 9)) < 0.011 && fabs(lowest - pixel_of(&sy, -9)) < 0.011);
    assert_true(fabs(high_x - pixel_of(&sx, 123456)) < 0.011 && fabs(low_x - pixel_of(&sx, 365432)) < 0.011);
    xml_free(root);
    size_t size;
    free(scratch_read(at(state, "many.svg"), &size));
    assert_true(size < 100000);
    char *csv = read_text(state, "many.csv");
    check_csv(csv, &s, 1);
    free(csv);
    free(x);
    free(y);
}

/* The series that break plots: each gives a picture whose places are finite and within reach. */
static void test_odd_series(void **state)
{
    static const double odd[][5] = { { 2, 2, 2, 2, 2 },
                                     { 0, 0, 0, 0, 0 },
                                     { (double)NAN, (double)NAN, (double)NAN, (double)NAN, (double)NAN },
                                     { HUGE_VAL, 1, -HUGE_VAL, 2, 3 },
                                     { -1.7e308, 1.7e308, 0, DBL_MAX, -DBL_MAX },
                                     { 4e-323, 8e-323, 0, 1e-322, 2e-322 },
                                     { 1, 1 + DBL_EPSILON, 1, 1, 1 },
                                     { 1e15, 1e15 + 1, 1e15 + 2, 1e15, 1e15 },
                                     { -1e-5, 2e-5, -3e-5, 1e-5, 0 },
                                     { 1e-300, 1e-100, 1, 1e100, 1e300 } };
    static const double five[] = { 1, 2, 3, 4, 5 };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        for (int variant = 0; variant < 12; variant++) {
            const double *x = variant / 4 == 1 ? odd[i] : five, *y = variant / 4 == 1 ? five : odd[i];
            const series s = { "odd", variant / 4 == 2 ? 1 : 5, x, y, y, y, false, 0 };
            const curves c = { .x_log = variant & 1, .y_log = variant & 2, .series = &s, .n_series = 1 };
            assert_true(draw_curves(again(state, "odd"), &c, &err));
            xml *root = read_svg(state, "odd.svg");
            const char *path = xml_value(find(root, "path", "line", 0), "d");
            double px, py;
            char letter;
            while (next_place(&path, &letter, &px, &py))
                assert_true(px >= 0 && px <= 720 && py >= 0 && py <= 500);
            find(root, "text", "tick", 0); /* there are ticks */
            xml_free(root);
        }
    assert_true(draw_curves(again(state, "odd"), &(curves){ 0 }, &err));
    char *svg = read_text(state, "odd.svg");
    assert_non_null(strstr(svg, "nothing to draw"));
    free(svg);
}

/* Layout ----------------------------------------------------------------------------------------------------------- */

typedef struct box {
    double left, right, top, bottom;
} box;

/* Where a line of text stands, by text_width, which is rather too wide; upright ones as well. */
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
                                      { 99990, 99999 }, { 1e-300, 1e300 }, { 2e-9, 1.1e-8 },  { 1.1, 95 },
                                      { 2, 30 },        { 0.001, 0.0012 } };
    fill();
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

/* Scatter ---------------------------------------------------------------------------------------------------------- */

/* The class whose rectangles hold the place; they must not overlap. */
static int region_at(const xml *root, double x, double y)
{
    int found = -1;
    for (const xml *p = xml_next(root, NULL, "path"); p; p = xml_next(root, p, "path")) {
        if (!has_class(p, "region"))
            continue;
        const char *path = xml_value(p, "d");
        double px[4], py[4];
        char letter;
        while (next_place(&path, &letter, &px[0], &py[0])) {
            for (int i = 1; i < 4; i++)
                assert_true(next_place(&path, &letter, &px[i], &py[i]));
            if (x > px[0] && x < px[2] && y < py[0] && y > py[2]) {
                assert_int_equal(found, -1);
                assert_int_equal(sscanf(xml_value(p, "class"), "region c%d", &found), 1);
            }
        }
    }
    return found - (found > 0);
}

static void test_scatter(void **state)
{
    enum { COLUMNS = 30, ROWS = 20, POINTS = 50 };
    static int32_t regions[ROWS * COLUMNS], labels[POINTS];
    static double x[POINTS], y[POINTS];
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        const double dx = i % COLUMNS - 14.5, dy = i / COLUMNS - 9.5;
        regions[i] = dx * dx + dy * dy < 40 ? 0 : dx > dy ? 1 : i % 97 == 0 ? -1 : 2;
    }
    for (int i = 0; i < POINTS; i++) {
        labels[i] = i % 3;
        x[i] = -2 + 5 * (i * 37 % 50) / 50.0;
        y[i] = -1 + 3 * (i * 11 % 50) / 50.0;
    }
    x[7] = (double)NAN;
    const scatter s = {
        "Regions", NULL, "x", "y", POINTS, x, y, labels, 3, NULL, COLUMNS, ROWS, regions, -2, 3, -1, 2
    };
    assert_true(draw_scatter(at(state, "regions"), &s, &err));
    xml *root = read_svg(state, "regions.svg");
    const scale sx = scale_of(root, false), sy = scale_of(root, true);
    for (int i = 0; i < ROWS * COLUMNS; i++)
        assert_int_equal(region_at(root, pixel_of(&sx, -2 + 5 * (i % COLUMNS + 0.5) / COLUMNS),
                                   pixel_of(&sy, -1 + 3 * (i / COLUMNS + 0.5) / ROWS)),
                         regions[i]);
    /* circles of class 0 begin at their left end */
    const char *path = xml_value(find(root, "path", "mark", 0), "d");
    double px, py;
    char letter;
    for (int i = 0; i < POINTS; i += 3) {
        assert_true(next_place(&path, &letter, &px, &py));
        assert_true(fabs(px + 4 - pixel_of(&sx, x[i])) < 0.011 && fabs(py - pixel_of(&sy, y[i])) < 0.011);
    }
    assert_false(next_place(&path, &letter, &px, &py));
    assert_int_equal(count(xml_value(find(root, "path", "mark", 1), "d"), 'M'), 16); /* one of 17 is not finite */
    xml_free(root);

    char *csv = read_text(state, "regions.csv");
    const char *row = strchr(csv, '\n') + 1;
    for (int i = 0; i < POINTS + ROWS * COLUMNS; i++, row = strchr(row, '\n') + 1) {
        char kind[8];
        double cx, cy;
        int class;
        assert_int_equal(sscanf(row, "%7[a-z],%lf,%lf,%d,", kind, &cx, &cy, &class), 4);
        assert_string_equal(kind, i < POINTS ? "point" : "region");
        assert_int_equal(class, i < POINTS ? labels[i] : regions[i - POINTS]);
        if (i < POINTS)
            assert_true((cx == x[i] || i == 7) && cy == y[i]);
    }
    assert_int_equal(*row, '\0');
    free(csv);
}

/* Without axes, both have one unit; many points stay a small file; ten classes differ in colour, six in shape. */
static void test_scatter_without_axes(void **state)
{
    enum { MANY = 200000 };
    double *x = malloc(MANY * sizeof *x), *y = malloc(MANY * sizeof *y);
    int32_t *labels = malloc(MANY * sizeof *labels);
    assert_true(x && y && labels);
    for (int i = 0; i < MANY; i++) {
        labels[i] = i % 10;
        x[i] = 10 * sin(i * 0.01) + i % 7;
        y[i] = 90 * cos(i * 0.013) + i % 10;
    }
    for (int n = 1000; n <= MANY; n *= 200) {
        assert_true(draw_scatter(at(state, "tsne"),
                                 &(scatter){ .n = n, .x = x, .y = y, .labels = labels, .classes = 10 }, &err));
        xml *root = read_svg(state, "tsne.svg");
        const scale sx = scale_of(root, false), sy = scale_of(root, true);
        assert_true(fabs((sx.high - sx.low) / (sx.to - sx.from) - (sy.high - sy.low) / (sy.from - sy.to)) < 1e-9);
        const char *class = n < MANY ? "mark" : "dots", *previous = "";
        for (int k = 0; k < 10; k++) {
            const xml *p = find(find(root, "svg", "plot", 0), "path", class, k);
            assert_string_not_equal(xml_value(p, "class"), previous);
            previous = xml_value(p, "class");
            if (n < MANY)
                assert_int_equal(count(xml_value(p, "d"), 'M'), n / 10);
        }
        xml_free(root);
        size_t size;
        free(scratch_read(at(state, "tsne.svg"), &size));
        assert_true(size < 3000000);
    }
    free(x);
    free(y);
    free(labels);
}

/* Heat map --------------------------------------------------------------------------------------------------------- */

static double linear(double c)
{
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* The contrast (WCAG 2) of black or white on a mixture of two colours. */
static double contrast(unsigned back, unsigned full, double share, bool white)
{
    const double weights[] = { 0.2126, 0.7152, 0.0722 };
    double light = 0;
    for (int c = 0; c < 3; c++) {
        const double a = (back >> (16 - 8 * c) & 255) / 255.0, b = (full >> (16 - 8 * c) & 255) / 255.0;
        light += weights[c] * linear(a + share * (b - a));
    }
    return white ? 1.05 / (light + 0.05) : (light + 0.05) / 0.05;
}

static void test_numbers_in_cells_are_readable(void **state)
{
    static double values[2 * 101];
    for (int i = 0; i <= 100; i++) {
        values[2 * i] = i;
        values[2 * i + 1] = 100 - i;
    }
    for (int part = 0; part < 101; part += 20) {
        const int rows = part + 20 > 101 ? 101 - part : 20;
        assert_true(draw_heatmap(again(state, "cells"),
                                 &(heatmap){ .rows = rows, .columns = 2, .values = values + 2 * part }, &err));
        char *svg = read_text(state, "cells.svg");
        assert_non_null(strstr(svg, ".cell{fill:#08519c"));
        assert_non_null(strstr(svg, ".cell{fill:#9ecff5"));
        assert_non_null(strstr(svg, ".back{fill:#fff}"));
        assert_non_null(strstr(svg, ".back{fill:#15181c}"));
        free(svg);
        xml *root = read_svg(state, "cells.svg");
        for (int i = 0; i < 2 * rows; i++) {
            const xml *cell = find(root, "rect", "cell", i), *number = cell->next;
            const double share = strtod(xml_value(cell, "fill-opacity"), NULL);
            const char *class = xml_value(number, "class");
            assert_true(fabs(share - values[2 * part + i] / 100) < 0.0006);
            assert_true(strtod(number->text, NULL) == values[2 * part + i]);
            assert_true(contrast(0xffffff, 0x08519c, share, strstr(class, "light-white") != NULL) >= 4.5);
            assert_true(contrast(0x15181c, 0x9ecff5, share, strstr(class, "dark-white") != NULL) >= 4.5);
        }
        xml_free(root);
    }
}

static void test_heatmap(void **state)
{
    static const double values[] = { 90, 10, 0, 2.5, (double)NAN, 1e9, 0, 0, 0 };
    static const char *const names[] = { "cat", "dog, small", "bird" }, *const shown[] = { "90",  "10", "0",
                                                                                           "2.5", "–",  "1e+09",
                                                                                           "0",   "0",  "0" };
    assert_true(draw_heatmap(at(state, "heat"),
                             &(heatmap){ "T", NULL, "true", "predicted", 3, 3, values, names, names }, &err));
    xml *root = read_svg(state, "heat.svg");
    for (int i = 0; i < 9; i++)
        assert_string_equal(find(root, "rect", "cell", i)->next->text, shown[i]);
    xml_free(root);
    char *csv = read_text(state, "heat.csv");
    assert_string_equal(csv,
                        "row,cat,\"dog, small\",bird\ncat,90,10,0\n\"dog, small\",2.5,nan,1000000000\nbird,0,0,0\n");
    free(csv);
    assert_true(draw_heatmap(at(state, "heat"), &(heatmap){ 0 }, &err));
    xml_free(read_svg(state, "heat.svg"));
}

/* Images ----------------------------------------------------------------------------------------------------------- */

/* Decodes base64; the bytes are to be freed. */
static unsigned char *from_base64(const char *code, size_t *size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char *bytes = malloc(strlen(code));
    assert_non_null(bytes);
    *size = 0;
    assert_int_equal(strlen(code) % 4, 0);
    for (; *code; code += 4) {
        uint32_t three = 0;
        for (int i = 0; i < 4; i++) {
            const char *digit = strchr(digits, code[i]);
            assert_true(digit || (code[i] == '=' && i >= 2 && !code[4]));
            three = three << 6 | (digit ? (uint32_t)(digit - digits) : 0);
        }
        for (int i = 0; i < 3; i++)
            if (code[i + 1] != '=')
                bytes[(*size)++] = (unsigned char)(three >> (16 - 8 * i));
    }
    return bytes;
}

static uint32_t big(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t slow_crc(const unsigned char *bytes, size_t size)
{
    uint32_t crc = UINT32_MAX; /* by long division, bit by bit */
    for (size_t i = 0; i < 8 * size; i++) {
        const uint32_t bit = (bytes[i / 8] >> i % 8 & 1u) ^ (crc & 1u);
        crc = crc >> 1 ^ (bit ? 0xedb88320u : 0);
    }
    return ~crc;
}

/* Checks a PNG of stored blocks strictly; returns its rows without their filter bytes, [height, width, channels]. */
static unsigned char *decode_png(const unsigned char *png, size_t size, int channels, int height, int width)
{
    static const char *const names[] = { "IHDR", "IDAT", "IEND" };
    assert_memory_equal(png, "\x89PNG\r\n\x1a\n", 8);
    const unsigned char *at = png + 8, *idat = NULL;
    for (int i = 0; i < 3; i++) {
        const uint32_t n = big(at);
        assert_memory_equal(at + 4, names[i], 4);
        assert_int_equal(slow_crc(at + 4, n + 4), big(at + 8 + n));
        if (i == 0) {
            const unsigned char kind[] = { 8, channels == 3 ? 2 : 0, 0, 0, 0 };
            assert_int_equal(big(at + 8), width);
            assert_int_equal(big(at + 12), height);
            assert_memory_equal(at + 16, kind, 5);
        }
        idat = i == 1 ? at : idat;
        at += 12 + n;
    }
    assert_int_equal(at - png, size);
    const size_t row = (size_t)width * (size_t)channels + 1, all = row * (size_t)height;
    unsigned char *raw = malloc(all), *pixels = malloc(all);
    assert_true(raw && pixels);
    const unsigned char *z = idat + 8;
    assert_int_equal((z[0] << 8 | z[1]) % 31, 0);
    assert_int_equal(z[0] & 15, 8);
    z += 2;
    size_t n = 0;
    for (bool last = false; !last;) {
        last = z[0] == 1;
        const unsigned length = z[1] | (unsigned)z[2] << 8;
        assert_int_equal(length ^ 0xffffu, z[3] | (unsigned)z[4] << 8);
        assert_true(n + length <= all);
        memcpy(raw + n, z + 5, length);
        n += length;
        z += 5 + length;
    }
    assert_int_equal(n, all);
    uint64_t a = 1, b = 0;
    for (size_t i = 0; i < all; i++)
        b += a += raw[i];
    assert_int_equal(big(z), (b % 65521) << 16 | a % 65521);
    assert_int_equal(z + 4 - (idat + 8), big(idat));
    for (int y = 0; y < height; y++) {
        assert_int_equal(raw[(size_t)y * row], 0);
        memcpy(pixels + (size_t)y * (row - 1), raw + (size_t)y * row + 1, row - 1);
    }
    free(raw);
    return pixels;
}

static unsigned char *image_at(const xml *root, int i, int channels, int height, int width)
{
    const char *href = xml_value(find(root, "image", "picture", i), "href");
    assert_int_equal(strncmp(href, "data:image/png;base64,", 22), 0);
    size_t size;
    unsigned char *png = from_base64(href + 22, &size), *pixels = decode_png(png, size, channels, height, width);
    free(png);
    return pixels;
}

/* Of several stored blocks, and of lengths with each rest of base64. */
static void test_png(void **state)
{
    (void)state;
    static const int sizes[][2] = {
        { 1, 1 }, { 1, 2 }, { 2, 1 }, { 3, 5 }, { 300, 400 }, { 1, 65534 }, { 1, 65535 }
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int channels = 1; channels <= 3; channels += 2) {
            const size_t n = (size_t)(sizes[i][0] * sizes[i][1] * channels);
            unsigned char *pixels = malloc(n);
            assert_non_null(pixels);
            for (size_t k = 0; k < n; k++)
                pixels[k] = (unsigned char)(k * 2654435761u >> 13);
            text t = { 0 };
            png_base64(&t, pixels, channels, sizes[i][0], sizes[i][1]);
            assert_false(t.failed);
            size_t size;
            unsigned char *png = from_base64(t.data, &size),
                          *back = decode_png(png, size, channels, sizes[i][0], sizes[i][1]);
            assert_memory_equal(back, pixels, n);
            free(back);
            free(png);
            free(pixels);
            text_finish(&t);
        }
}

static void test_images(void **state)
{
    enum { H = 5, W = 4 };
    static double pixels[2 * 3 * H * W];
    static const char *const labels[] = { "3, read as 8", NULL };
    for (int i = 0; i < 2 * 3 * H * W; i++)
        pixels[i] = (i % 23) / 11.0 - 1 + (i > 60 ? 0.25 : 0);
    pixels[3] = (double)NAN;
    for (int channels = 1; channels <= 3; channels += 2)
        for (int is_signed = 0; is_signed < 2; is_signed++) {
            const images all = { "Pictures", NULL, 2, channels, H, W, pixels, is_signed, labels, 0 };
            assert_true(draw_images(at(state, "images"), &all, &err));
            xml *root = read_svg(state, "images.svg");
            for (int k = 0; k < 2; k++) {
                const int drawn = is_signed ? 3 : channels, size = channels * H * W;
                unsigned char *bytes = image_at(root, k, drawn, H, W);
                double most = 0;
                for (int i = 0; i < size; i++)
                    most = fmax(most, fabs(pixels[k * size + i])); /* fmax passes over NaN */
                for (int i = 0; i < H * W; i++)
                    for (int c = 0; c < drawn; c++) {
                        double x = pixels[k * size + (channels == 3 ? c * H * W : 0) + i];
                        x = isnan(x) ? 0 : x;
                        static const double ends[2][3] = { { 0, 114, 178 }, { 213, 94, 0 } };
                        const double wanted = !is_signed      ? 255 * fmin(fmax(x, 0), 1)
                                              : channels == 3 ? 127.5 + 127.5 * x / most
                                                              : 255 + fabs(x / most) * (ends[x > 0][c] - 255);
                        assert_true(fabs(bytes[i * drawn + c] - wanted) <= 0.5 + 1e-9);
                    }
                free(bytes);
            }
            assert_string_equal(xml_value(find(root, "image", "picture", 0), "image-rendering"), "pixelated");
            assert_string_equal(find(root, "text", "small", 0)->text, "3, read as 8");
            xml_free(root);
            char *csv = read_text(state, "images.csv");
            assert_int_equal(count(csv, '\n'), 1 + 2 * channels * H);
            const char *row = strchr(csv, '\n') + 1;
            for (int i = 0; i < 2 * channels * H; i++, row = strchr(row, '\n') + 1) {
                char *end = strchr(row, '\n');
                for (int k = 0; k < W; k++)
                    do
                        end--;
                    while (end[-1] != ',');
                for (int k = 0; k < W; k++, end++) {
                    const double wanted = pixels[i * W + k], value = strtod(end, &end);
                    assert_true(value == wanted || (isnan(value) && isnan(wanted)));
                }
            }
            free(csv);
        }
    assert_true(draw_images(at(state, "images"), &(images){ .channels = 1, .height = 1, .width = 1 }, &err));
    xml_free(read_svg(state, "images.svg"));
}

/* Files ------------------------------------------------------------------------------------------------------------ */

static void draw_all(void **state, const char *prefix)
{
    static const int32_t labels[] = { 0, 1, 2, 0 }, regions[] = { 0, 1, 2, 1 };
    static const double four[] = { 0.5, 1.25, -3.75, 2 };
    char name[4][32];
    fill();
    for (int i = 0; i < 4; i++)
        snprintf(name[i], sizeof name[i], "%s%d", prefix, i);
    const series s = { "s", N, xs, ys, lows, highs, false, 0 };
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
    const series s = { "s", N, xs, highs, lows, highs, false, 0 };
    const bool drawn = draw_curves(at(state, "kept0"), &(curves){ .series = &s, .n_series = 1 }, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(drawn);
    assert_int_equal(err.status, TG_ERR_IO);
    assert_non_null(strstr(err.text, "kept0."));
    assert_non_null(strstr(err.text, strerror(EFBIG)));
    assert_int_equal(scratch_count(state, 0), files);
    check_same(state, "e", "kept");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_read_back),
        cmocka_unit_test(test_logarithm),
        cmocka_unit_test(test_ticks),
        cmocka_unit_test(test_ticks_are_their_labels),
        cmocka_unit_test(test_curves),
        cmocka_unit_test(test_band),
        cmocka_unit_test(test_fixed_range),
        cmocka_unit_test(test_many_points),
        cmocka_unit_test(test_odd_series),
        cmocka_unit_test(test_texts_do_not_overlap),
        cmocka_unit_test(test_hostile_strings),
        cmocka_unit_test(test_scatter),
        cmocka_unit_test(test_scatter_without_axes),
        cmocka_unit_test(test_numbers_in_cells_are_readable),
        cmocka_unit_test(test_heatmap),
        cmocka_unit_test(test_png),
        cmocka_unit_test(test_images),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_same_bytes_in_another_locale),
        cmocka_unit_test(test_wrong_arguments),
        cmocka_unit_test(test_failing_files),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
