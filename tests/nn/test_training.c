/* test_training.c - tape, network and optimizer together: runs that must learn, gradients that add up, failures. */
#include "nn.h"

#include "tapegrad/grad.h"
#include "tapegrad/mlp.h"
#include "tapegrad/ops.h"
#include "tapegrad/optim.h"
#include "tapegrad/tape.h"

static const double corners[8] = { 0, 0, 0, 1, 1, 0, 1, 1 };
static const int32_t parity[4] = { 0, 1, 1, 0 };

static tg_mlp *xor_net(tg_dtype dtype, tg_activation activation, const tg_allocator *a)
{
    const int64_t sizes[] = { 2, 16, 2 };
    return tg_mlp_create_with(
        &(tg_mlp_config){ .sizes = sizes, .n_sizes = 3, .activation = activation, .dtype = dtype, .seed = 6 }, a,
        NULL);
}

static tg_tensor xor_loss(tg_mlp *net, tg_tape *t)
{
    const tg_tensor x = tg_constant_f64(t, TG_SHAPE(4, 2), corners);
    return tg_cross_entropy(tg_mlp_forward(net, x), parity, TG_MEAN);
}

static tg_status train_step(tg_mlp *net, tg_optimizer *o, tg_tape *t, double *loss)
{
    tg_tape_reset(t);
    tg_params_zero_grad(tg_mlp_params(net));
    const tg_tensor y = xor_loss(net, t);
    const tg_status status = tg_backward(y);
    *loss = status == TG_OK ? tg_item(y) : nan("");
    return status == TG_OK ? tg_optimizer_step(o) : status;
}

/* Learning -------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    tg_optimizer *(*sgd)(tg_params *, const tg_sgd_config *, tg_error *);
    tg_optimizer *(*adam)(tg_params *, const tg_adam_config *, tg_error *);
    tg_sgd_config sgd_config;
    tg_adam_config adam_config;
} optimizers[] = {
    { .name = "sgd", .sgd = tg_sgd_create, .sgd_config = { .lr = 0.5 } },
    { .name = "momentum", .sgd = tg_sgd_create, .sgd_config = { .lr = 0.1, .momentum = 0.9 } },
    { .name = "nesterov", .sgd = tg_sgd_create, .sgd_config = { .lr = 0.1, .momentum = 0.9, .nesterov = true } },
    { .name = "adam", .adam = tg_adam_create, .adam_config = { .lr = 0.05 } },
    { .name = "adamw", .adam = tg_adamw_create, .adam_config = { .lr = 0.05, .weight_decay = 0.001 } },
};

static tg_optimizer *optimizer(int i, tg_params *p)
{
    return optimizers[i].sgd ? optimizers[i].sgd(p, &optimizers[i].sgd_config, NULL)
                             : optimizers[i].adam(p, &optimizers[i].adam_config, NULL);
}

static void every_optimizer_learns_exclusive_or(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        for (int activation = TG_RELU; activation <= TG_TANH; activation++) {
            tg_mlp *net = xor_net(TG_F32, (tg_activation)activation, NULL);
            tg_tape *t = tg_tape_create(TG_F32);
            tg_optimizer *o = optimizer(i, tg_mlp_params(net));
            double first = 0, loss = 1;
            for (int step = 0; step < 2000; step++) {
                assert_int_equal(train_step(net, o, t, &loss), TG_OK);
                first = step == 0 ? loss : first;
            }
            if (!(first > 0.3 && loss < 0.01))
                fail_msg("%s with %s: loss from %g to %g", optimizers[i].name,
                         tg_activation_name((tg_activation)activation), first, loss);
            int32_t labels[4];
            assert_int_equal(tg_mlp_predict(net, tg_constant_f64(t, TG_SHAPE(4, 2), corners), labels, 4), TG_OK);
            assert_memory_equal(labels, parity, sizeof labels);
            tg_optimizer_destroy(o);
            tg_tape_destroy(t);
            tg_mlp_destroy(net);
        }
}

static void a_linear_network_cannot(void **state)
{
    (void)state;
    tg_mlp *net = xor_net(TG_F64, TG_IDENTITY, NULL);
    tg_tape *t = tg_tape_create(TG_F64);
    tg_optimizer *o = optimizer(0, tg_mlp_params(net));
    double loss = 0;
    for (int step = 0; step < 1000; step++)
        assert_int_equal(train_step(net, o, t, &loss), TG_OK);
    assert_close(loss, log(2), 1e-3);
    tg_optimizer_destroy(o);
    tg_tape_destroy(t);
    tg_mlp_destroy(net);
}

static void a_steady_step_allocates_nothing(void **state)
{
    (void)state;
    tg_mlp *net = xor_net(TG_F32, TG_TANH, NULL);
    tg_tape *t = tg_tape_create(TG_F32);
    tg_optimizer *o = optimizer(3, tg_mlp_params(net));
    double loss;
    for (int step = 0; step < 3; step++)
        train_step(net, o, t, &loss);
    const tg_tape_usage before = tg_tape_memory(t);
    for (int step = 0; step < 50; step++)
        train_step(net, o, t, &loss);
    assert_true(tg_tape_memory(t).allocations == before.allocations && tg_tape_memory(t).bytes == before.bytes);
    tg_optimizer_destroy(o);
    tg_tape_destroy(t);
    tg_mlp_destroy(net);
}

static void a_run_can_be_repeated_bit_for_bit(void **state)
{
    (void)state;
    double losses[2][20];
    for (int run = 0; run < 2; run++) {
        tg_mlp *net = xor_net(TG_F32, TG_GELU, NULL);
        tg_tape *t = tg_tape_create(TG_F32);
        tg_optimizer *o = optimizer(4, tg_mlp_params(net));
        for (int step = 0; step < 20; step++)
            assert_int_equal(train_step(net, o, t, &losses[run][step]), TG_OK);
        tg_optimizer_destroy(o);
        tg_tape_destroy(t);
        tg_mlp_destroy(net);
    }
    assert_memory_equal(losses[0], losses[1], sizeof losses[0]);
    assert_true(losses[0][19] < losses[0][0]);
}

static void a_schedule_drives_the_rate(void **state)
{
    (void)state;
    tg_mlp *net = xor_net(TG_F64, TG_TANH, NULL);
    tg_tape *t = tg_tape_create(TG_F64);
    tg_optimizer *o = optimizer(0, tg_mlp_params(net));
    const tg_schedule s = { .kind = TG_SCHEDULE_COSINE, .lr = 0.5, .period = 4, .warmup = 2 };
    double loss, w[2][32];
    for (int step = 0; step < 8; step++) {
        assert_int_equal(tg_optimizer_set_lr(o, tg_schedule_lr(&s, step)), TG_OK);
        tg_params_read_f64(tg_mlp_params(net), 0, w[0], 32, NULL);
        assert_int_equal(train_step(net, o, t, &loss), TG_OK);
        tg_params_read_f64(tg_mlp_params(net), 0, w[1], 32, NULL);
        /* From step 6 on the rate is the floor, 0. */
        assert_int_equal(!memcmp(w[0], w[1], sizeof w[0]), step >= 6);
    }
    tg_optimizer_destroy(o);
    tg_tape_destroy(t);
    tg_mlp_destroy(net);
}

/* Gradients ------------------------------------------------------------------------------------------------------- */

static void read_grads(const tg_params *p, double *out)
{
    for (int i = 0; i < tg_params_count(p); i++) {
        const tg_shape shape = tg_params_shape(p, i);
        const int64_t n = tg_shape_size(&shape);
        assert_int_equal(tg_params_read_grad_f64(p, i, out, n, NULL), TG_OK);
        out += n;
    }
}

enum { XOR_SIZE = 2 * 16 + 16 + 16 * 2 + 2 };

static void half_batches_add_up(void **state)
{
    (void)state;
    tg_mlp *net = xor_net(TG_F64, TG_SIGMOID, NULL);
    tg_params *p = tg_mlp_params(net);
    tg_tape *t = tg_tape_create(TG_F64);
    double whole[XOR_SIZE], halves[XOR_SIZE];
    const tg_tensor x = tg_constant_f64(t, TG_SHAPE(4, 2), corners);
    assert_int_equal(tg_backward(tg_cross_entropy(tg_mlp_forward(net, x), parity, TG_SUM)), TG_OK);
    read_grads(p, whole);
    tg_params_zero_grad(p);
    for (int h = 0; h < 2; h++) {
        tg_tape_reset(t);
        const tg_tensor half = tg_constant_f64(t, TG_SHAPE(2, 2), corners + 4 * h);
        assert_int_equal(tg_backward(tg_cross_entropy(tg_mlp_forward(net, half), parity + 2 * h, TG_SUM)), TG_OK);
    }
    read_grads(p, halves);
    for (int i = 0; i < XOR_SIZE; i++)
        assert_close(halves[i], whole[i], 1e-15);
    tg_tape_destroy(t);
    tg_mlp_destroy(net);
}

static void a_frozen_layer_does_not_change(void **state)
{
    (void)state;
    tg_mlp *net = xor_net(TG_F32, TG_TANH, NULL);
    tg_params *p = tg_mlp_params(net);
    tg_tape *t = tg_tape_create(TG_F32);
    tg_params_set_flags(p, 0, TG_PARAM_FROZEN, NULL);
    tg_optimizer *o = tg_sgd_create(p, &(tg_sgd_config){ .lr = 0.1, .momentum = 0.9, .weight_decay = 0.1 }, NULL);
    float before[32], after[32], out[2][32];
    double loss;
    tg_params_read_f32(p, 0, before, 32, NULL);
    tg_params_read_f32(p, 2, out[0], 32, NULL);
    for (int step = 0; step < 5; step++)
        assert_int_equal(train_step(net, o, t, &loss), TG_OK);
    assert_false(tg_params_has_grad(p, 0));
    assert_true(tg_params_has_grad(p, 1));
    tg_params_read_f32(p, 0, after, 32, NULL);
    tg_params_read_f32(p, 2, out[1], 32, NULL);
    assert_memory_equal(before, after, sizeof before);
    assert_memory_not_equal(out[0], out[1], sizeof out[0]);
    /* No longer frozen, it learns from the next leaf on. */
    tg_params_set_flags(p, 0, 0, NULL);
    assert_int_equal(train_step(net, o, t, &loss), TG_OK);
    tg_params_read_f32(p, 0, after, 32, NULL);
    assert_memory_not_equal(before, after, sizeof before);
    tg_optimizer_destroy(o);
    tg_tape_destroy(t);
    tg_mlp_destroy(net);
}

/* Failures -------------------------------------------------------------------------------------------------------- */

static void a_failed_backward_is_refused_until_it_is_cleared(void **state)
{
    (void)state;
    tg_mlp *net = xor_net(TG_F64, TG_TANH, NULL);
    tg_params *p = tg_mlp_params(net);
    tg_tape *t = tg_tape_create(TG_F64);
    tg_optimizer *o = optimizer(0, p);
    double w[2][32], loss;
    assert_int_equal(train_step(net, o, t, &loss), TG_OK);
    tg_params_read_f64(p, 0, w[0], 32, NULL);
    /* The step has raised the version: what the tape recorded is of an older one. */
    const uint64_t version = tg_params_version(p);
    tg_tape_reset(t);
    const tg_tensor y = xor_loss(net, t);
    tg_params_touch(p);
    assert_int_equal(tg_backward(y), TG_ERR_CHANGED);
    ASSERT_SAYS(tg_optimizer_step(o), tg_optimizer_message(o), TG_ERR_STATE, "optimizer_step", "backward",
                "tg_params_zero_grad");
    tg_error err;
    tg_params_clip_grad_norm(p, 1, NULL, &err);
    ASSERT_ERROR(err, TG_ERR_STATE, "params_clip_grad_norm", "tg_params_zero_grad");
    tg_params_add_grad(p, 0, (tg_tensor){ 0 }, &err);
    ASSERT_ERROR(err, TG_ERR_STATE, "params_add_grad");
    tg_params_read_f64(p, 0, w[1], 32, NULL);
    assert_memory_equal(w[0], w[1], sizeof w[0]);
    assert_int_equal(tg_params_version(p), version + 1);
    assert_int_equal(train_step(net, o, t, &loss), TG_OK);
    assert_int_equal(tg_optimizer_steps(o), 2);
    tg_optimizer_destroy(o);
    tg_tape_destroy(t);
    tg_mlp_destroy(net);
}

/* Creates the objects one after the other and makes one step; allocation number `fail_at` fails. */
static bool whole_step(failing *f, double *loss)
{
    const tg_allocator a = failing_allocator(f);
    tg_mlp *net = xor_net(TG_F64, TG_GELU, &a);
    tg_params *p = tg_mlp_params(net);
    tg_optimizer *o = net ? tg_adam_create(p, NULL, NULL) : NULL;
    tg_tape *t = tg_tape_create_with(TG_F64, &a);
    bool good = false;
    if (o) {
        double w[2][32];
        tg_params_read_f64(p, 0, w[0], 32, NULL);
        const tg_status status = train_step(net, o, t, loss);
        tg_params_read_f64(p, 0, w[1], 32, NULL);
        good = status == TG_OK;
        assert_true(good || status == TG_ERR_MEMORY);
        assert_int_equal(!memcmp(w[0], w[1], sizeof w[0]), !good);
        assert_true(good || tg_optimizer_step(o) == TG_ERR_STATE);
    }
    tg_tape_destroy(t);
    tg_optimizer_destroy(o);
    tg_mlp_destroy(net);
    assert_true(f->outstanding == 0 && f->bytes == 0);
    return good;
}

static void every_allocation_of_a_step_may_fail(void **state)
{
    (void)state;
    failing f = { 0 };
    double expected, loss;
    assert_true(whole_step(&f, &expected));
    const long needed = f.calls;
    for (f.fail_at = 1; f.calls = 0, !whole_step(&f, &loss); f.fail_at++)
        assert_true(f.fail_at <= needed);
    assert_true(f.fail_at == needed + 1 && loss == expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_optimizer_learns_exclusive_or),
        cmocka_unit_test(a_linear_network_cannot),
        cmocka_unit_test(a_steady_step_allocates_nothing),
        cmocka_unit_test(a_run_can_be_repeated_bit_for_bit),
        cmocka_unit_test(a_schedule_drives_the_rate),
        cmocka_unit_test(half_batches_add_up),
        cmocka_unit_test(a_frozen_layer_does_not_change),
        cmocka_unit_test(a_failed_backward_is_refused_until_it_is_cleared),
        cmocka_unit_test(every_allocation_of_a_step_may_fail),
    };
    return cmocka_run_group_tests_name("training", tests, NULL, NULL);
}
