/* test_tsne_affinities.c - joint probabilities against hand-made cases and the definition, at ties, outliers and scales. */
#include "tsne.h"

static void check_form(const double *p, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        double row = 0;
        for (int j = 0; j < n; j++) {
            assert_true(p[i * n + j] >= 0 && p[i * n + j] == p[j * n + i]);
            row += p[i * n + j];
        }
        assert_true(p[i * n + i] == 0);
        assert_true(row >= 0.5 / n * (1 - 1e-12));
        sum += row;
    }
    assert_near(sum, 1, 1e-13);
}

static void find(const double *x, int n, int d, double perplexity, double *p)
{
    tg_error err = { .status = TG_ERR_IO };
    if (tg_tsne_affinities(x, n, d, perplexity, p, NULL, &err) != TG_OK)
        fail_msg("%s", err.text);
    assert_int_equal(err.status, TG_OK);
    check_form(p, n);
}

/* Of three points each has a nearer and a farther neighbour, and the entropy alone says how they share: at that of 0.8
   and 0.2, whatever the distances. */
static void three_points_by_hand(void **state)
{
    (void)state;
    const double perplexity = exp2(-0.8 * log2(0.8) - 0.2 * log2(0.2));
    double p[9];
    find((const double[]){ 0, 1, 3 }, 3, 1, perplexity, p);
    assert_near(p[0 * 3 + 1], (0.8 + 0.8) / 6, 1e-5);
    assert_near(p[0 * 3 + 2], (0.2 + 0.2) / 6, 1e-5);
    assert_near(p[1 * 3 + 2], (0.2 + 0.8) / 6, 1e-5);
    find((const double[]){ 1, 0, 5, 0, 2, 0 }, 3, 2, perplexity, p);
    assert_near(p[0 * 3 + 1], (0.2 + 0.2) / 6, 1e-5);
    assert_near(p[0 * 3 + 2], (0.8 + 0.8) / 6, 1e-5);
    assert_near(p[1 * 3 + 2], (0.8 + 0.2) / 6, 1e-5);
}

static void all_neighbours_share_equally_at_the_largest_perplexity(void **state)
{
    (void)state;
    double p[16];
    find((const double[]){ 0, 1, 3, 7 }, 4, 1, 3, p);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++)
            assert_near(p[i * 4 + j], 1.0 / 12, 1e-3);
    find((const double[]){ 0, 1 }, 2, 1, 1, p);
    assert_true(p[1] == 0.5);
}

/* A row whose entropy is off by the 1e-5 bits allowed differs by less than this. */
static void every_row_has_the_perplexity(void **state)
{
    (void)state;
    static double x[MOST_POINTS * 5], p[MOST_POINTS * MOST_POINTS], expected[MOST_POINTS * MOST_POINTS];
    static const double perplexities[] = { 1.5, 5, 30, 48 };
    for (int n = 50; n < 52; n++)
        for (size_t c = 0; c < 4; c++) {
            draw_groups(x, n, 5, 2, 7);
            find(x, n, 5, perplexities[c], p);
            naive_affinities(x, n, 5, perplexities[c], expected);
            for (int k = 0; k < n * n; k++)
                assert_near(p[k], expected[k], 1e-4 * expected[k] + 1e-9);
        }
}

static void float_points_are_those_in_double(void **state)
{
    (void)state;
    float narrow[20 * 3];
    double x[20 * 3], p[400], q[400];
    draw_groups(x, 20, 3, 2, 5);
    for (int k = 0; k < 60; k++)
        x[k] = (double)(narrow[k] = (float)x[k]);
    find(x, 20, 3, 6, p);
    assert_int_equal(tg_tsne_affinities(narrow, 20, 3, 6, q, NULL, NULL), TG_OK);
    assert_memory_equal(p, q, sizeof p);
}

/* Three copies of a point are at distance 0 from each other, and no precision makes of two neighbours less than two. */
static void copies_share_equally(void **state)
{
    (void)state;
    double p[64];
    find((const double[]){ 1, 1, 1, 5, 6, 8, 20, 30 }, 8, 1, 1.5, p);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < i; j++)
            assert_near(p[i * 8 + j], 2 * 0.5 / 16, 1e-15);
    const double same[24] = { 0 };
    find(same, 8, 3, 4, p);
    for (int i = 0; i < 8; i++)
        for (int j = 0; j < i; j++)
            assert_true(p[i * 8 + j] == 1.0 / 56);
}

/* Copies among others, and a perplexity that their number does not reach. */
static void copies_are_neighbours_among_others(void **state)
{
    (void)state;
    const double x[] = { 1, 1, 1, 2, 3, 5, 8, 13 };
    double p[64], expected[64];
    find(x, 8, 1, 4, p);
    naive_affinities(x, 8, 1, 4, expected);
    for (int k = 0; k < 64; k++)
        assert_near(p[k], expected[k], 1e-5);
}

/* e^-d is 0 for all neighbours of the last point, unless distances are taken from the nearest. */
static void an_outlier_keeps_its_share(void **state)
{
    (void)state;
    double p[36];
    find((const double[]){ 0, 1, 2, 3, 4, 1e9 }, 6, 1, 2, p);
    double share = 0;
    for (int j = 0; j < 5; j++)
        share += p[5 * 6 + j];
    assert_near(share, 1.0 / 12, 1e-12);
    find((const double[]){ 0, 1e-170, 2e-170, 1, 1e30, 1e150 }, 6, 1, 2, p);
    find((const double[]){ 0, 1e-140, 3e-140, 1, 1 + 1e-15, 7 }, 6, 1, 1.7, p);
    find((const double[]){ 0, 1e-160, 3e-160, 1, 1 + 1e-15, 7 }, 6, 1, 1.7, p);
}

static void the_scale_does_not_matter(void **state)
{
    (void)state;
    double x[12 * 3], scaled[12 * 3], p[144], q[144];
    draw_groups(x, 12, 3, 2, 5);
    find(x, 12, 3, 4, p);
    for (int power = -900; power <= 900; power += 300) {
        for (int k = 0; k < 36; k++)
            scaled[k] = ldexp(x[k], power);
        find(scaled, 12, 3, 4, q);
        assert_memory_equal(p, q, sizeof p);
    }
    for (int k = 0; k < 36; k++) /* differences, not squares, of large numbers */
        scaled[k] = (double)(float)x[k] + 0x1p20;
    for (int k = 0; k < 36; k++)
        x[k] = scaled[k] - 0x1p20;
    find(x, 12, 3, 4, p);
    find(scaled, 12, 3, 4, q);
    for (int k = 0; k < 144; k++)
        assert_near(p[k], q[k], 1e-6);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    double x[] = { 0, 1, 2, 3 }, p[16];
    tg_error e;
    assert_refused(tg_tsne_affinities_f64(NULL, 4, 1, 2, p, NULL, &e), &e, TG_ERR_ARGUMENT, "x is NULL");
    assert_refused(tg_tsne_affinities(x, 4, 1, 2, NULL, NULL, &e), &e, TG_ERR_ARGUMENT, "p is NULL");
    assert_refused(tg_tsne_affinities(x, 1, 4, 1, p, NULL, &e), &e, TG_ERR_ARGUMENT,
                   "tsne_affinities: x is [1, 4], expected at least 2 points of at least 1 number");
    assert_refused(tg_tsne_affinities(x, 4, 0, 1, p, NULL, &e), &e, TG_ERR_ARGUMENT, "x is [4, 0]");
    assert_refused(tg_tsne_affinities(x, INT64_MAX / 2, 1, 1, p, NULL, &e), &e, TG_ERR_SHAPE, "overflow");
    const double perplexities[] = { 3.5, 0.5, -1, (double)NAN, (double)INFINITY };
    for (int i = 0; i < 5; i++)
        assert_refused(tg_tsne_affinities(x, 4, 1, perplexities[i], p, NULL, &e), &e, TG_ERR_ARGUMENT,
                       "expected 1 .. 3, since each of 4 points has so many neighbours");
    x[3] = (double)NAN;
    assert_refused(tg_tsne_affinities(x, 2, 2, 1, p, NULL, &e), &e, TG_ERR_ARGUMENT,
                   "tsne_affinities: x[1][1] is nan, expected a finite number");
    assert_int_equal(tg_tsne_affinities(x, 4, 1, 2, p, NULL, NULL), TG_ERR_ARGUMENT);
}

static void out_of_memory_leaks_nothing(void **state)
{
    (void)state;
    const double x[] = { 0, 1, 2, 3 };
    double p[16];
    failing f = { .fail_at = 1 };
    const tg_allocator a = failing_allocator(&f);
    tg_error e;
    assert_refused(tg_tsne_affinities(x, 4, 1, 2, p, &a, &e), &e, TG_ERR_MEMORY, "no memory for a copy of 4 points");
    f = (failing){ 0 };
    assert_int_equal(tg_tsne_affinities(x, 4, 1, 2, p, &a, &e), TG_OK);
    assert_true(f.calls == 1 && f.outstanding == 0 && f.bytes == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_points_by_hand),
        cmocka_unit_test(all_neighbours_share_equally_at_the_largest_perplexity),
        cmocka_unit_test(every_row_has_the_perplexity),
        cmocka_unit_test(float_points_are_those_in_double),
        cmocka_unit_test(copies_share_equally),
        cmocka_unit_test(copies_are_neighbours_among_others),
        cmocka_unit_test(an_outlier_keeps_its_share),
        cmocka_unit_test(the_scale_does_not_matter),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(out_of_memory_leaks_nothing),
    };
    return cmocka_run_group_tests_name("tsne_affinities", tests, NULL, NULL);
}
