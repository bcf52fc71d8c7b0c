/* test_toy.c - the toy network: scores, loss and gradients to the last digits, gradient check, overfitting. */
#include "three_ways.h"
#include "../../examples/experiments/toy.h"

enum { N = 5, D = 4, H = 10, C = 3 };
static const double lambda = 0.05;

/* The network as parameters "layer0.weight", "layer0.bias", "layer1.weight", "layer1.bias". */
static tg_mlp *make_net(void)
{
    tg_error err;
    tg_mlp *net =
        tg_mlp_create(&(tg_mlp_config){ .sizes = (const int64_t[]){ D, H, C }, .n_sizes = 3, .dtype = TG_F64 }, &err);
    if (!net)
        fail_msg("%s", err.text);
    tg_params *params = tg_mlp_params(net);
    assert_int_equal(tg_params_write_f64(params, 0, toy_w1, D * H, NULL), TG_OK);
    assert_int_equal(tg_params_write_f64(params, 2, toy_w2, H * C, NULL), TG_OK);
    return net;
}

static tg_tensor loss_of(tg_tape *tape, tg_mlp *net, double weight_of_squares)
{
    const tg_tensor logits = tg_mlp_forward(net, tg_constant(tape, TG_SHAPE(N, D), toy_x));
    return tg_add(tg_cross_entropy(logits, toy_labels, TG_MEAN), tg_mlp_l2(net, tape, weight_of_squares));
}

static void assert_one(double a, double b)
{
    assert_agree("value", &a, &b, 1);
}

static void scores_and_loss_are_met(void **state)
{
    (void)state;
    tg_mlp *net = make_net();
    tg_tape *tape = tg_tape_create(TG_F64);
    double scores[N * C];
    const tg_tensor logits = tg_mlp_forward(net, tg_constant(tape, TG_SHAPE(N, D), toy_x));
    assert_int_equal(tg_read(tg_softmax(logits, -1), scores, N * C), TG_OK);
    assert_agree("scores", scores, toy_scores, N * C);
    assert_one(tg_item(tg_cross_entropy(logits, toy_labels, TG_MEAN)), toy_cross_entropy);
    assert_one(tg_item(loss_of(tape, net, lambda)), toy_loss);
    assert_true(fabs(tg_item(loss_of(tape, net, lambda)) - 1.30378789133) < 2e-13 + 5e-12); /* as printed */
    tg_tape_destroy(tape);
    tg_mlp_destroy(net);
}

static void gradients_are_met(void **state)
{
    (void)state;
    tg_mlp *net = make_net();
    tg_tape *tape = tg_tape_create(TG_F64);
    double g[D * H];
    tg_tensor x = tg_variable(tape, TG_SHAPE(N, D), toy_x);
    tg_tensor loss =
        tg_add(tg_cross_entropy(tg_mlp_forward(net, x), toy_labels, TG_MEAN), tg_mlp_l2(net, tape, lambda));
    assert_int_equal(tg_backward(loss), TG_OK);
    assert_int_equal(tg_read(tg_grad_of(x), g, N * D), TG_OK);
    assert_agree("x", g, toy_grad_x, N * D);
    const double *const golden[] = { toy_grad_w1, toy_grad_b1, toy_grad_w2, toy_grad_b2 };
    const int64_t sizes[] = { D * H, H, H * C, C };
    for (int i = 0; i < 4; i++) {
        assert_int_equal(tg_params_read_grad_f64(tg_mlp_params(net), i, g, sizes[i], NULL), TG_OK);
        assert_agree(tg_params_name(tg_mlp_params(net), i), g, golden[i], sizes[i]);
    }
    tg_tape_destroy(tape);
    tg_mlp_destroy(net);
}

static tg_tensor model(tg_tape *tape, tg_params *params, void *context)
{
    (void)params; /* the network has it */
    return loss_of(tape, context, lambda);
}

/* The largest relative errors |a - n| / max(1e-8, |a| + |n|) that the report prints for each parameter. */
static void the_gradient_check_is_at_or_below_the_printed_one(void **state)
{
    (void)state;
    static const double printed[] = { 3.561318e-09, 1.555470e-09, 3.440708e-09, 3.865070e-11 };
    tg_mlp *net = make_net();
    tg_gradcheck_result each[4];
    tg_gradcheck_report report;
    const tg_gradcheck_config config = { .each = each };
    assert_int_equal(tg_gradcheck_params(tg_mlp_params(net), model, net, &config, &report), TG_OK);
    if (!report.passed)
        fail_msg("%s", report.text);
    for (int i = 0; i < 4; i++) {
        print_message("%s %.3g, printed %.3g\n", tg_params_name(tg_mlp_params(net), i), each[i].max_relative,
                      printed[i]);
        assert_true(each[i].max_relative <= printed[i]);
        assert_int_equal(each[i].n_kinks, 0);
    }
    assert_int_equal(report.all.n_checked, D * H + H + H * C + C);
    tg_mlp_destroy(net);
}

/* Gradient descent without momentum on five observations. */
static void the_toy_is_overfitted(void **state)
{
    (void)state;
    tg_mlp *net = make_net();
    tg_params *params = tg_mlp_params(net);
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_optimizer *opt = tg_sgd_create(params, &(tg_sgd_config){ .lr = 0.1 }, NULL);
    double loss = 0;
    for (int step = 0; step <= 200; step++) {
        const tg_tensor l = loss_of(tape, net, 5e-6);
        loss = tg_item(l);
        tg_params_zero_grad(params);
        assert_int_equal(tg_backward(l), TG_OK);
        assert_int_equal(tg_optimizer_step(opt), TG_OK);
        tg_tape_reset(tape);
    }
    print_message("loss %g after 200 steps\n", loss);
    assert_true(loss < 0.02);
    tg_optimizer_destroy(opt);
    tg_tape_destroy(tape);
    tg_mlp_destroy(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_and_loss_are_met),
        cmocka_unit_test(gradients_are_met),
        cmocka_unit_test(the_gradient_check_is_at_or_below_the_printed_one),
        cmocka_unit_test(the_toy_is_overfitted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
