/* test_stopping.c - early stopping by patience, by the change, by both; the best value kept; NaNs. */
#include "metrics.h"

#define NONE ((double)NAN)

/* The update, counted from 1, at which these values stop; 0 if they do not. */
static int stops_at(tg_stopping *s, const double *values, int n)
{
    for (int i = 0; i < n; i++)
        if (tg_stopping_update(s, values[i]))
            return i + 1;
    return 0;
}
#define STOPS_AT(s, ...)                                                                                             \
    stops_at(s, (const double[]){ __VA_ARGS__ }, (int)(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double)))

static void patience_counts_updates_without_improvement(void **state)
{
    (void)state;
    tg_stopping s = { .patience = 3 };
    assert_int_equal(STOPS_AT(&s, 5, 4, 4, 4.5, 3, 3.5, 3, 3.1, 1), 8);
    assert_true(s.best == 3 && s.best_update == 5 && s.updates == 8 && !s.improved);
    s = (tg_stopping){ .patience = 1 };
    assert_int_equal(STOPS_AT(&s, 5, 4, 3, 3), 4);
    s = (tg_stopping){ .patience = 2 };
    assert_int_equal(STOPS_AT(&s, 3, 2, 1, 0, -1, -2), 0);
    assert_true(s.improved && s.best == -2 && s.best_update == 6);
}

/* 3.5 is not better than 4 by more than 0.5, so the next value is compared with 4. */
static void improvements_smaller_than_min_delta_do_not_count(void **state)
{
    (void)state;
    tg_stopping s = { .patience = 3, .min_delta = 0.5 };
    assert_int_equal(STOPS_AT(&s, 4, 3.75, 3.5, 3.25), 0);
    assert_true(s.best == 3.25 && s.best_update == 4);
    assert_int_equal(STOPS_AT(&s, 3, 2.9, 2.75), 3);
    assert_true(s.best == 3.25);
}

static void larger_may_be_better(void **state)
{
    (void)state;
    tg_stopping s = { .patience = 2, .larger = true, .min_delta = 0.125 };
    assert_int_equal(STOPS_AT(&s, 0.25, 0.5, 0.75, 0.875, 0.5), 5);
    assert_true(s.best == 0.75 && s.best_update == 3);
}

static void a_small_change_stops(void **state)
{
    (void)state;
    tg_stopping s = { .epsilon = 0.005 };
    assert_int_equal(STOPS_AT(&s, 1, 0.9, 0.95, 0.85, 0.846, 0.5), 5);
    assert_true(s.improved && s.best == 0.846 && s.previous == 0.846);
    s = (tg_stopping){ .epsilon = 0.25 };
    assert_int_equal(STOPS_AT(&s, 0, 0.25, 0.5, 0.25), 0); /* not less than epsilon */
    s = (tg_stopping){ .epsilon = 0.25 };
    assert_int_equal(STOPS_AT(&s, 0), 0); /* there is no previous value before the first, not 0 */
    s = (tg_stopping){ .epsilon = TG_ZERO };
    assert_int_equal(STOPS_AT(&s, 1, 0.5, 0.25, 0.25, 0.125), 4); /* no change at all */
}

static void whichever_rule_is_met_first_stops(void **state)
{
    (void)state;
    tg_stopping s = { .patience = 2, .epsilon = 0.01 };
    assert_int_equal(STOPS_AT(&s, 1, 2, 3), 3);
    s = (tg_stopping){ .patience = 2, .epsilon = 0.01 };
    assert_int_equal(STOPS_AT(&s, 1, 0.5, 0.495), 3);
}

static void without_a_rule_it_only_records(void **state)
{
    (void)state;
    tg_stopping s = { 0 };
    assert_int_equal(STOPS_AT(&s, 1, 1, 1, 2, NONE, 3, 0.5, 7), 0);
    assert_true(s.updates == 8 && s.best == 0.5 && s.best_update == 7 && s.previous == 7 && !s.improved);
}

static void a_nan_is_no_improvement_and_stops(void **state)
{
    (void)state;
    tg_stopping s = { .patience = 10 };
    assert_int_equal(STOPS_AT(&s, 1, 0.5, NONE), 3);
    assert_true(!s.improved && s.best == 0.5 && s.best_update == 2);
    s = (tg_stopping){ .epsilon = 0.1, .larger = true };
    assert_int_equal(STOPS_AT(&s, NONE), 1);
    assert_true(!s.improved && s.best_update == 0);
    assert_int_equal(STOPS_AT(&s, 1), 0); /* the first number after it is the best */
    assert_true(s.improved && s.best == 1 && s.best_update == 2);
}

static void infinities_are_numbers(void **state)
{
    (void)state;
    const double inf = (double)INFINITY;
    tg_stopping s = { .patience = 2, .epsilon = 0.1, .min_delta = 0.5 };
    assert_int_equal(STOPS_AT(&s, inf, 5), 0);
    assert_true(s.improved && s.best == 5);
    s = (tg_stopping){ .patience = 2, .epsilon = 0.1 };
    assert_int_equal(STOPS_AT(&s, inf, inf, inf), 3);
    assert_false(tg_stopping_update(NULL, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patience_counts_updates_without_improvement),
        cmocka_unit_test(improvements_smaller_than_min_delta_do_not_count),
        cmocka_unit_test(larger_may_be_better),
        cmocka_unit_test(a_small_change_stops),
        cmocka_unit_test(whichever_rule_is_met_first_stops),
        cmocka_unit_test(without_a_rule_it_only_records),
        cmocka_unit_test(a_nan_is_no_improvement_and_stops),
        cmocka_unit_test(infinities_are_numbers),
    };
    return cmocka_run_group_tests_name("stopping", tests, NULL, NULL);
}
