/* test_fit.c - the training loop of the examples: what it measures, when it ends, and which parameters it keeps. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "training/fit.h"

enum { ROWS = 60, EPOCHS = 40 };

typedef struct fixture {
    tg_dataset train, held_out;
    tg_mlp *net;
    tg_optimizer *optimizer;
    fit_config config;
    fit_record record;
} fixture;

/* Few rows, much noise and a high rate: the held-out accuracy rises and falls from epoch to epoch. */
static void open_fixture(fixture *f)
{
    *f = (fixture){ .train = { .dtype = TG_F64 }, .held_out = { .dtype = TG_F64 } };
    assert_int_equal(tg_dataset_moons(&f->train, ROWS, 0.3, 1, NULL), TG_OK);
    assert_int_equal(tg_dataset_moons(&f->held_out, 200, 0.3, 2, NULL), TG_OK);
    f->net = tg_mlp_create(&(tg_mlp_config){ .sizes = (int64_t[]){ 2, 16, 2 }, .n_sizes = 3, .dtype = TG_F64 }, NULL);
    f->optimizer = tg_sgd_create(tg_mlp_params(f->net), &(tg_sgd_config){ .lr = 1 }, NULL);
    assert_non_null(f->optimizer);
    f->config = (fit_config){ .net = f->net,
                              .train = &f->train,
                              .held_out = &f->held_out,
                              .optimizer = f->optimizer,
                              .batch = 8,
                              .epochs = EPOCHS };
}

static void run(fixture *f)
{
    tg_error err = { 0 };
    if (!fit_run(&f->config, &f->record, &err))
        fail_msg("%s", err.text);
}

static void close_fixture(fixture *f)
{
    fit_record_finish(&f->record);
    tg_optimizer_destroy(f->optimizer);
    tg_mlp_destroy(f->net);
    tg_dataset_finish(&f->train);
    tg_dataset_finish(&f->held_out);
}

static double held_out_accuracy(const fixture *f)
{
    double loss, accuracy;
    assert_true(fit_measure(f->net, &f->held_out, 0, &loss, &accuracy, NULL, NULL));
    return accuracy;
}

/* With `every` from 1 on, the first points may be ones that were not measured. */
static void check_best(int64_t every)
{
    fixture f;
    open_fixture(&f);
    f.config.keep_best = true;
    f.config.measure_every = every;
    run(&f);
    const fit_point *const points = f.record.points;
    double best = -1;
    int64_t at = -1;
    assert_int_equal(f.record.n, EPOCHS);
    for (int64_t i = 0; i < f.record.n; i++) {
        const bool measured = (i + 1) % every == 0 || i == EPOCHS - 1;
        assert_int_equal(!isnan(points[i].held_out_accuracy), measured);
        if (points[i].held_out_accuracy > best) {
            best = points[i].held_out_accuracy;
            at = i;
        }
    }
    assert_true(best > 0.8 && at < EPOCHS - 1);
    assert_true(points[EPOCHS - 1].held_out_accuracy < best);
    assert_int_equal(f.record.best, at);
    assert_true(held_out_accuracy(&f) == best);
    close_fixture(&f);
}

static void test_the_best_parameters_are_kept(void **state)
{
    (void)state;
    check_best(1);
    check_best(3);
    check_best(2);
}

/* Where nothing is measured there is no best: the last parameters stay. */
static void test_no_best_without_a_held_out_set(void **state)
{
    (void)state;
    fixture f, plain;
    open_fixture(&f);
    open_fixture(&plain);
    f.config.held_out = plain.config.held_out = NULL;
    f.config.keep_best = true;
    run(&f);
    run(&plain);
    assert_true(held_out_accuracy(&f) == held_out_accuracy(&plain));
    close_fixture(&f);
    close_fixture(&plain);
}

static void test_patience(void **state)
{
    (void)state;
    fixture f;
    tg_stopping stopping = { .patience = 5 };
    open_fixture(&f);
    f.config.epochs = 1000;
    f.config.stopping = &stopping;
    run(&f);
    const int64_t n = f.record.n;
    assert_true(f.record.stopped && !f.record.interrupted && n > 5 && n < 1000);
    for (int64_t i = n - 5; i < n; i++)
        assert_true(f.record.points[i].held_out_loss >= f.record.points[n - 6].held_out_loss);
    close_fixture(&f);
}

/* With nothing held out, the loss of the rows trained on decides. */
static void test_a_loss_that_stays(void **state)
{
    (void)state;
    fixture f;
    tg_stopping stopping = { .epsilon = 0.001 };
    open_fixture(&f);
    f.config.epochs = 5000;
    f.config.batch = 0;
    f.config.held_out = NULL;
    f.config.stopping = &stopping;
    run(&f);
    const fit_point *const p = f.record.points;
    const int64_t n = f.record.n;
    assert_true(f.record.stopped && n > 2 && n < 5000);
    for (int64_t i = 1; i < n; i++)
        assert_int_equal(fabs(p[i].loss - p[i - 1].loss) < 0.001, i == n - 1);
    close_fixture(&f);
}

/* Full batch, mini-batches and one row a step: the steps that an epoch has, and the rows that a point counts. */
static void test_sizes_of_a_batch(void **state)
{
    (void)state;
    static const struct {
        int64_t batch, steps;
    } cases[] = { { 0, 1 }, { 8, 8 }, { 1, ROWS } };
    for (int i = 0; i < 3; i++) {
        fixture f;
        open_fixture(&f);
        f.config.batch = cases[i].batch;
        f.config.epochs = 2;
        run(&f);
        assert_int_equal(f.record.n, 2);
        assert_int_equal(f.record.points[1].steps, 2 * cases[i].steps);
        assert_int_equal(f.record.points[1].rows, ROWS);
        assert_int_equal(f.record.points[1].samples, 2 * ROWS);
        assert_int_equal(f.record.points[1].epoch, 2);
        close_fixture(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_best_parameters_are_kept),
        cmocka_unit_test(test_no_best_without_a_held_out_set),
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_a_loss_that_stays),
        cmocka_unit_test(test_sizes_of_a_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
