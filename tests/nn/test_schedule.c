/* test_schedule.c - learning-rate schedules against PyTorch's values and their own formulas. */
#include "nn.h"

#include "tapegrad/optim.h"

/* torch 1.13: StepLR(3, 0.25), ExponentialLR(0.9), CosineAnnealingLR(7, 0.01), from 0.5. */
static void rates_are_those_of_pytorch(void **state)
{
    (void)state;
    static const struct {
        tg_schedule schedule;
        double expected[8];
    } figures[] = {
        { { .kind = TG_SCHEDULE_STEP, .lr = 0.5, .period = 3, .factor = 0.25 },
          { 0.5, 0.5, 0.5, 0.125, 0.125, 0.125, 0.03125, 0.03125 } },
        { { .kind = TG_SCHEDULE_EXPONENTIAL, .lr = 0.5, .factor = 0.9 },
          { 0x1p-1, 0x1.ccccccccccccdp-2, 0x1.9eb851eb851ecp-2, 0x1.753f7ced91688p-2, 0x1.4fec56d5cfaaep-2,
            0x1.2e54b48d3ae6ap-2, 0x1.101908e581cf9p-2, 0x1.e9c6a99d1cdc0p-3 } },
        { { .kind = TG_SCHEDULE_COSINE, .lr = 0.5, .period = 7, .floor = 0.01 },
          { 0x1p-1, 0x1.e727b2a3d3f37p-2, 0x1.a18a86f020155p-2, 0x1.3cf2307541e47p-2, 0x1.9a96805d2a4bdp-3,
            0x1.a2cba6cedbd3ep-4, 0x1.18adf00018b68p-5, 0x1.47ae147ae147bp-7 } },
    };
    for (size_t f = 0; f < sizeof figures / sizeof figures[0]; f++)
        for (int step = 0; step < 8; step++)
            assert_close(tg_schedule_lr(&figures[f].schedule, step), figures[f].expected[step], 1e-15);
}

static void defaults_are_as_documented(void **state)
{
    (void)state;
    const tg_schedule constant = { .lr = 0.25 }, step = { .kind = TG_SCHEDULE_STEP, .lr = 1 },
                      fading = { .kind = TG_SCHEDULE_EXPONENTIAL, .lr = 1 },
                      cosine = { .kind = TG_SCHEDULE_COSINE, .lr = 1 };
    assert_true(tg_schedule_lr(&constant, 0) == 0.25 && tg_schedule_lr(&constant, INT64_MAX) == 0.25);
    assert_close(tg_schedule_lr(&step, 2), 0.01, 1e-16);
    assert_close(tg_schedule_lr(&fading, 2), 0.95 * 0.95, 1e-15);
    assert_true(tg_schedule_lr(&cosine, 0) == 1 && tg_schedule_lr(&cosine, 1) == 0);
    assert_true(tg_schedule_lr(&(tg_schedule){ 0 }, 5) == 0);
}

static void tg_zero_means_zero(void **state)
{
    (void)state;
    const tg_schedule step = { .kind = TG_SCHEDULE_STEP, .lr = 1, .factor = TG_ZERO },
                      fading = { .kind = TG_SCHEDULE_EXPONENTIAL, .lr = 1, .factor = TG_ZERO },
                      cosine = { .kind = TG_SCHEDULE_COSINE, .lr = 1, .period = 2, .floor = TG_ZERO };
    assert_true(tg_schedule_lr(&step, 0) == 1 && tg_schedule_lr(&step, 1) == 0);
    assert_true(tg_schedule_lr(&fading, 0) == 1 && tg_schedule_lr(&fading, 3) == 0);
    assert_close(tg_schedule_lr(&cosine, 1), 0.5, 1e-15);
    assert_true(tg_schedule_lr(&cosine, 2) == 0);
    for (int kind = 0; kind < 4; kind++)
        for (int t = 0; t < 3; t++)
            assert_true(
                tg_schedule_lr(&(tg_schedule){ .kind = (tg_schedule_kind)kind, .lr = TG_ZERO, .warmup = 1 }, t) == 0);
}

static void a_period_slows_the_exponential(void **state)
{
    (void)state;
    const tg_schedule s = { .kind = TG_SCHEDULE_EXPONENTIAL, .lr = 2, .factor = 0.25, .period = 4 };
    assert_close(tg_schedule_lr(&s, 2), 1, 1e-15);
    assert_close(tg_schedule_lr(&s, 4), 0.5, 1e-15);
}

static void the_cosine_ends_at_its_floor(void **state)
{
    (void)state;
    const tg_schedule s = { .kind = TG_SCHEDULE_COSINE, .lr = 1, .period = 10, .floor = 0.125 };
    assert_close(tg_schedule_lr(&s, 5), 0.125 + 0.875 / 2, 1e-15);
    assert_true(tg_schedule_lr(&s, 10) == 0.125 && tg_schedule_lr(&s, 1000000) == 0.125);
}

/* 49,000 pictures in batches of 200: 245 steps an epoch, and 0.95 of the rate after each. */
static void a_decay_by_epochs_is_counted_in_batches(void **state)
{
    (void)state;
    const tg_schedule at_once = { .kind = TG_SCHEDULE_STEP, .lr = 1e-4, .factor = 0.95, .period = 245 };
    const tg_schedule in_parts = { .kind = TG_SCHEDULE_EXPONENTIAL, .lr = 1e-4, .factor = 0.95, .period = 245 };
    double rate = 1e-4;
    for (int epoch = 0; epoch < 5; epoch++, rate *= 0.95) {
        assert_true(fabs(tg_schedule_lr(&at_once, 245 * epoch) - rate) < 1e-18);
        assert_true(tg_schedule_lr(&at_once, 245 * epoch + 244) == tg_schedule_lr(&at_once, 245 * epoch));
        assert_true(fabs(tg_schedule_lr(&in_parts, 245 * epoch) - rate) < 1e-18);
    }
    const double each = tg_schedule_lr(&in_parts, 1) / tg_schedule_lr(&in_parts, 0);
    assert_close(tg_schedule_lr(&in_parts, 701) / tg_schedule_lr(&in_parts, 700), each, 1e-15);
    assert_close(pow(each, 245), 0.95, 1e-13);
}

static void every_schedule_can_follow_a_warm_up(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        const tg_schedule cold = { .kind = (tg_schedule_kind)kind, .lr = 0.8, .period = 3, .factor = 0.5 };
        tg_schedule warm = cold;
        warm.warmup = 4;
        for (int step = 0; step < 4; step++)
            assert_close(tg_schedule_lr(&warm, step), 0.2 * (step + 1), 1e-15);
        for (int step = 0; step < 9; step++)
            assert_true(tg_schedule_lr(&warm, 4 + step) == tg_schedule_lr(&cold, step));
    }
}

static void invalid_schedules_are_nan(void **state)
{
    (void)state;
    assert_true(isnan(tg_schedule_lr(NULL, 0)));
    assert_true(isnan(tg_schedule_lr(&(tg_schedule){ .lr = 1 }, -1)));
    assert_true(isnan(tg_schedule_lr(&(tg_schedule){ .lr = 1, .warmup = -1 }, 0)));
    assert_true(isnan(tg_schedule_lr(&(tg_schedule){ .lr = 1, .period = -1 }, 0)));
    assert_true(isnan(tg_schedule_lr(&(tg_schedule){ .lr = 1, .kind = (tg_schedule_kind)9 }, 0)));
    for (int kind = 0; kind < 4; kind++)
        for (int sign = 0; sign < 2; sign++) {
            const double bad = sign ? -1 : (double)INFINITY;
            const tg_schedule s = { .kind = (tg_schedule_kind)kind, .lr = 1 };
            tg_schedule lr = s, factor = s, floor = s;
            lr.lr = factor.factor = floor.floor = bad;
            assert_true(isnan(tg_schedule_lr(&lr, 1)) && isnan(tg_schedule_lr(&factor, 1)));
            assert_true(isnan(tg_schedule_lr(&floor, 1)) && !isnan(tg_schedule_lr(&s, 1)));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_those_of_pytorch),
        cmocka_unit_test(defaults_are_as_documented),
        cmocka_unit_test(tg_zero_means_zero),
        cmocka_unit_test(a_period_slows_the_exponential),
        cmocka_unit_test(the_cosine_ends_at_its_floor),
        cmocka_unit_test(a_decay_by_epochs_is_counted_in_batches),
        cmocka_unit_test(every_schedule_can_follow_a_warm_up),
        cmocka_unit_test(invalid_schedules_are_nan),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
