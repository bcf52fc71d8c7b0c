/* test_curves.c - examples/picture: numbers, ticks, and curves that are what was given. */
#include "drawn.h"

#include <float.h>

#include "output/text.h"
#include "picture/axis.h"

static tg_error err;
static sample drawn;

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
    fill(&drawn);
    static double gaps[N];
    memcpy(gaps, drawn.y, sizeof gaps);
    gaps[0] = (double)NAN;
    gaps[7] = -HUGE_VAL;
    gaps[9] = (double)NAN; /* a single point between gaps */
    gaps[20] = HUGE_VAL;
    gaps[30] = -1; /* a gap on a log axis */
    const series all[] = { { "training", N, drawn.x, drawn.y, drawn.low, drawn.high, false, 0 },
                           { "test", N, drawn.x, gaps, NULL, NULL, true, 0 } };
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
    fill(&drawn);
    drawn.low[5] = -0.5;
    drawn.low[11] = (double)NAN;
    const series s = { "mean", N, drawn.x, drawn.y, drawn.low, drawn.high, false, 0 };
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
                    const double value = side ? drawn.low[i] : drawn.high[i];
                    assert_true(next_place(&path, &letter, &px, &py));
                    assert_int_equal(letter, side == 0 && k == 0 ? 'M' : 'L');
                    assert_true(fabs(px - pixel_of(&x, drawn.x[i])) < 0.011);
                    assert_true(fabs(py - pixel_of(&y, log && value <= 0 ? y.low : value)) < 0.011);
                }
        }
        assert_false(next_place(&path, &letter, &px, &py));
        xml_free(root);
    }
}

static void test_fixed_range(void **state)
{
    fill(&drawn);
    const series s = { "accuracy", N, drawn.x, drawn.y, NULL, NULL, false, 0 };
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
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
