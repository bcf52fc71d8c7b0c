/* test_optim_refusals.c - what optimizers refuse: numbers out of range, steps without gradients, rates, NULL. */
#include "nn.h"

#include "tapegrad/optim.h"
#include "tapegrad/tape.h"

static const tg_param_spec one = { .name = "w", .shape = { 1, { 4 } } };

#define REFUSED(rule, type, word, ...)                                                                               \
    do {                                                                                                             \
        tg_error e;                                                                                                  \
        assert_null(tg_##rule##_create(p, &(type){ __VA_ARGS__ }, &e));                                              \
        assert_null(tg_##rule##_create(p, &(type){ __VA_ARGS__ }, NULL));                                            \
        ASSERT_ERROR(e, TG_ERR_ARGUMENT, #rule "_create", word);                                                     \
    } while (0)

static void numbers_out_of_range_are_refused(void **state)
{
    (void)state;
    tg_params *p = tg_params_create(TG_F32, &one, 1, NULL);
    const double inf = (double)INFINITY, none = nan("");
    REFUSED(sgd, tg_sgd_config, "lr", .lr = inf);
    REFUSED(sgd, tg_sgd_config, "lr", .lr = none);
    REFUSED(sgd, tg_sgd_config, "lr = -0.1", .lr = -0.1);
    REFUSED(sgd, tg_sgd_config, "lr", .lr = 1e38);
    REFUSED(sgd, tg_sgd_config, "momentum = 1", .momentum = 1);
    REFUSED(sgd, tg_sgd_config, "momentum = -0.9", .momentum = -0.9);
    REFUSED(sgd, tg_sgd_config, "dampening", .momentum = 0.9, .dampening = 1.5);
    REFUSED(sgd, tg_sgd_config, "weight_decay", .weight_decay = -0.01);
    REFUSED(sgd, tg_sgd_config, "nesterov", .nesterov = true);
    REFUSED(sgd, tg_sgd_config, "nesterov", .nesterov = true, .momentum = 0.9, .dampening = 0.1);
    REFUSED(adam, tg_adam_config, "beta1 = 1", .beta1 = 1);
    REFUSED(adam, tg_adam_config, "beta2", .beta2 = 1.001);
    REFUSED(adam, tg_adam_config, "beta2", .beta2 = -0.5);
    REFUSED(adam, tg_adam_config, "eps", .eps = -1e-8);
    REFUSED(adam, tg_adam_config, "eps = 0", .eps = TG_ZERO);
    REFUSED(adam, tg_adam_config, "eps = 1e-60", .eps = 1e-60); /* zero in float32 */
    REFUSED(adamw, tg_adam_config, "weight_decay", .weight_decay = none);
    REFUSED(rmsprop, tg_rmsprop_config, "alpha = 1", .alpha = 1);
    REFUSED(rmsprop, tg_rmsprop_config, "momentum = 1", .momentum = 1);
    REFUSED(rmsprop, tg_rmsprop_config, "eps = 0", .eps = TG_ZERO);
    REFUSED(rmsprop, tg_rmsprop_config, "weight_decay", .weight_decay = none);
    REFUSED(rmsprop, tg_rmsprop_config, "lr is 0 or was left out; 0.01", .alpha = 0.9);
    REFUSED(adagrad, tg_adagrad_config, "lr_decay = -0.1", .lr_decay = -0.1);
    REFUSED(adagrad, tg_adagrad_config, "initial = -1", .initial = -1);
    REFUSED(adagrad, tg_adagrad_config, "eps = 1e-60", .eps = 1e-60);
    REFUSED(adagrad, tg_adagrad_config, "weight_decay", .weight_decay = inf);
    tg_error err;
    assert_null(tg_sgd_create(NULL, NULL, &err));
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "sgd_create", "NULL");
    assert_null(tg_adam_create(NULL, NULL, &err));
    assert_null(tg_adamw_create(NULL, NULL, &err));
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "adamw_create", "NULL");
    tg_params_destroy(p);
}

/* No number that is set in a config becomes another one in silence: it is used or refused, and TG_ZERO is zero. */
static void a_number_that_is_set_is_used_or_refused(void **state)
{
    (void)state;
    tg_params *p = tg_params_create(TG_F64, &one, 1, NULL);
    REFUSED(sgd, tg_sgd_config, "lr is 0 or was left out; 0.01 is usual, and TG_ZERO asks", .lr = 0);
    REFUSED(sgd, tg_sgd_config, "lr is 0 or was left out", .momentum = 0.9);
    REFUSED(adam, tg_adam_config, "lr is 0 or was left out; 0.001 is usual, and TG_ZERO asks", .lr = 0.0);
    REFUSED(adamw, tg_adam_config, "lr is 0 or was left out", .weight_decay = 0.1);
    REFUSED(sgd, tg_sgd_config, "lr = -1 ", .lr = -1);
    REFUSED(sgd, tg_sgd_config, "momentum = -1 ", .lr = 0.1, .momentum = -1);
    REFUSED(sgd, tg_sgd_config, "dampening = -1 ", .lr = 0.1, .momentum = 0.9, .dampening = -1);
    REFUSED(sgd, tg_sgd_config, "weight_decay = -1 ", .lr = 0.1, .weight_decay = -1);
    REFUSED(adam, tg_adam_config, "lr = -1 ", .lr = -1);
    REFUSED(adam, tg_adam_config, "beta1 = -1 ", .lr = 0.1, .beta1 = -1);
    REFUSED(adam, tg_adam_config, "beta2 = -1 ", .lr = 0.1, .beta2 = -1);
    REFUSED(adam, tg_adam_config, "eps = -1 ", .lr = 0.1, .eps = -1);
    REFUSED(adamw, tg_adam_config, "weight_decay = -1 ", .lr = 0.1, .weight_decay = -1);
    tg_optimizer *o = tg_sgd_create(p, &(tg_sgd_config){ .lr = TG_ZERO, .momentum = TG_ZERO }, NULL);
    assert_true(tg_optimizer_lr(o) == 0);
    assert_int_equal(tg_optimizer_set_lr(o, TG_ZERO), TG_OK);
    assert_true(tg_optimizer_lr(o) == 0);
    assert_int_equal(tg_optimizer_set_lr(o, -1), TG_ERR_ARGUMENT);
    assert_true(TG_ZERO > 0 && TG_ZERO < 1e-300);
    tg_optimizer_destroy(o);
    tg_params_destroy(p);
}

static void a_step_without_gradients_is_refused(void **state)
{
    (void)state;
    const tg_param_spec two[] = { one, { .name = "frozen", .shape = { 1, { 2 } }, .flags = TG_PARAM_FROZEN } };
    tg_params *p = tg_params_create(TG_F32, two, 2, NULL);
    tg_optimizer *o = tg_adam_create(p, NULL, NULL);
    tg_tape *t = tg_tape_create(TG_F32);
    tg_params_add_grad(p, 1, tg_full(t, TG_SHAPE(2), 1), NULL);
    const uint64_t version = tg_params_version(p);
    ASSERT_SAYS(tg_optimizer_step(o), tg_optimizer_message(o), TG_ERR_STATE, "optimizer_step", "tg_backward");
    assert_int_equal(tg_params_version(p), version);
    assert_int_equal(tg_optimizer_steps(o), 0);
    tg_params_add_grad(p, 0, tg_full(t, TG_SHAPE(4), 1), NULL);
    assert_int_equal(tg_optimizer_step(o), TG_OK);
    assert_string_equal(tg_optimizer_message(o), "");
    assert_int_equal(tg_optimizer_steps(o), 1);
    tg_tape_destroy(t);
    tg_optimizer_destroy(o);
    tg_params_destroy(p);
}

static void the_rate_can_be_set(void **state)
{
    (void)state;
    tg_params *p = tg_params_create(TG_F64, &one, 1, NULL);
    tg_optimizer *o = tg_sgd_create(p, NULL, NULL);
    double *g = tg_params_grads(p, NULL);
    const double *w = tg_params_values(p, NULL);
    assert_true(tg_optimizer_lr(o) == 0.01);
    for (int i = 0; i < 4; i++)
        g[i] = 1;
    assert_int_equal(tg_optimizer_set_lr(o, 0), TG_OK);
    assert_int_equal(tg_optimizer_step(o), TG_OK);
    assert_true(w[0] == 0 && tg_optimizer_lr(o) == 0);
    assert_int_equal(tg_optimizer_set_lr(o, 0.5), TG_OK);
    const double bad[] = { nan(""), (double)INFINITY, -1, 1e30 };
    for (int i = 0; i < 4; i++)
        ASSERT_SAYS(tg_optimizer_set_lr(o, bad[i]), tg_optimizer_message(o), TG_ERR_ARGUMENT, "optimizer_set_lr",
                    "lr");
    assert_int_equal(tg_optimizer_step(o), TG_OK);
    assert_true(w[3] == -0.5);
    tg_optimizer_destroy(o);
    o = tg_adamw_create(p, NULL, NULL);
    assert_true(tg_optimizer_lr(o) == 0.001);
    tg_optimizer_destroy(o);
    tg_params_destroy(p);
}

static void null_is_handled_everywhere(void **state)
{
    (void)state;
    tg_optimizer_destroy(NULL);
    assert_int_equal(tg_optimizer_step(NULL), TG_ERR_ARGUMENT);
    assert_int_equal(tg_optimizer_set_lr(NULL, 1), TG_ERR_ARGUMENT);
    assert_true(tg_optimizer_lr(NULL) == 0 && tg_optimizer_steps(NULL) == 0);
    assert_non_null(tg_optimizer_message(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(a_number_that_is_set_is_used_or_refused),
        cmocka_unit_test(a_step_without_gradients_is_refused),
        cmocka_unit_test(the_rate_can_be_set),
        cmocka_unit_test(null_is_handled_everywhere),
    };
    return cmocka_run_group_tests_name("optim_refusals", tests, NULL, NULL);
}
