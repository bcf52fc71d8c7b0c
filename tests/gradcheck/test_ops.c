/* test_ops.c - every operation of the library by its samples: both dtypes, orders 1 and 2, every kernel set. */
#include "check.h"

enum { SEEDS = 3 };

static void every_operation_has_the_gradient_of_its_value(void **state)
{
    (void)state;
    int checked = 0;
    for (int i = 0; tg_op_at(i); i++) {
        const tg_op *op = tg_op_at(i);
        if (op->order == TG_ORDER_NONE)
            continue;
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            tg_gradcheck_report report;
            const tg_status status = tg_check_op(op, &(tg_gradcheck_config){ .seed = seed }, &report);
            if (status != TG_OK || !report.passed)
                fail_msg("%s, kernel set %s, seed %d: %s", op->name, tg_kernel_set(), (int)seed, report.text);
            assert_true(report.all.n_checked > 0);
        }
        checked++;
    }
    assert_true(checked > 0);
    print_message("%d operations on %s\n", checked, tg_kernel_set());
}

static void every_operation_has_it_on_every_kernel_set(void **state)
{
    for (int i = 0; tg_kernel_set_at(i); i++) {
        assert_int_equal(tg_use_kernel_set(tg_kernel_set_at(i)), TG_OK);
        every_operation_has_the_gradient_of_its_value(state);
    }
    assert_int_equal(tg_use_kernel_set(NULL), TG_OK);
}

/* A derivative that does not exist is an error, never a zero. */
static void an_operation_says_how_often_it_can_be_differentiated(void **state)
{
    (void)state;
    for (int i = 0; tg_op_at(i); i++) {
        const tg_op *op = tg_op_at(i);
        assert_true(op->order == TG_ORDER_NONE || op->vjp != NULL);
        if (op->order == TG_ORDER_NONE) {
            tg_gradcheck_report report;
            assert_int_equal(tg_check_op(op, NULL, &report), TG_ERR_NOT_DIFFERENTIABLE);
            assert_non_null(strstr(report.text, op->name));
        }
    }
}

static void smooth_operations_are_compared_closely(void **state)
{
    (void)state;
    static const char *const smooth[] = { "exp", "tanh", "sigmoid", "mul", "div", "log", "sqrt", "sum" };
    for (int i = 0; i < COUNT(smooth); i++) {
        const tg_op *op = tg_op_find(smooth[i]);
        assert_non_null(op);
        tg_gradcheck_report report;
        assert_passed(tg_check_op(op, NULL, &report), &report);
        assert_int_equal(report.all.n_kinks, 0);
        assert_true(report.all.max_relative < 1e-5); /* float32 among them */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_has_it_on_every_kernel_set),
        cmocka_unit_test(an_operation_says_how_often_it_can_be_differentiated),
        cmocka_unit_test(smooth_operations_are_compared_closely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
