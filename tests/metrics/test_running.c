/* test_running.c - means and deviations of numbers that are added one at a time. */
#include "metrics.h"

static tg_running of(const double *x, int n)
{
    tg_running r = { 0 };
    for (int i = 0; i < n; i++)
        tg_running_add(&r, x[i]);
    return r;
}

static void mean_and_deviation_are_right(void **state)
{
    (void)state;
    const tg_running r = of((const double[]){ 2, 4, 4, 4, 5, 5, 7, 9 }, 8);
    assert_int_equal(r.count, 8);
    assert_true(fabs(tg_running_mean(&r) - 5) < 1e-15);
    assert_true(fabs(tg_running_deviation(&r, 0) - 2) < 1e-15);
    assert_true(fabs(tg_running_deviation(&r, 1) - sqrt(32.0 / 7)) < 1e-15);
}

/* Here a sum of squares minus the square of the sum would have no correct digit. */
static void a_large_mean_loses_no_digits(void **state)
{
    (void)state;
    const tg_running r = of((const double[]){ 1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16 }, 4);
    assert_true(tg_running_mean(&r) == 1e9 + 10);
    assert_true(fabs(tg_running_deviation(&r, 1) - sqrt(30)) < 1e-9);
}

static void few_numbers_give_what_var_gives(void **state)
{
    (void)state;
    const tg_running none = { 0 }, one = of((const double[]){ 3 }, 1), two = of((const double[]){ 3, 5 }, 2);
    assert_true(isnan(tg_running_mean(&none)) && isnan(tg_running_deviation(&none, 0)));
    assert_true(tg_running_mean(&one) == 3 && tg_running_deviation(&one, 0) == 0);
    assert_true(isnan(tg_running_deviation(&one, 1)));
    assert_true(tg_running_deviation(&two, 2) == (double)INFINITY &&
                tg_running_deviation(&two, 3) == (double)INFINITY);
}

static void null_is_a_no_op_and_nan_stays(void **state)
{
    (void)state;
    tg_running_add(NULL, 1);
    assert_true(isnan(tg_running_mean(NULL)) && isnan(tg_running_deviation(NULL, 0)));
    tg_running r = of((const double[]){ 1, (double)NAN, 2 }, 3);
    assert_true(isnan(tg_running_mean(&r)) && isnan(tg_running_deviation(&r, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_and_deviation_are_right),
        cmocka_unit_test(a_large_mean_loses_no_digits),
        cmocka_unit_test(few_numbers_give_what_var_gives),
        cmocka_unit_test(null_is_a_no_op_and_nan_stays),
    };
    return cmocka_run_group_tests_name("running", tests, NULL, NULL);
}
