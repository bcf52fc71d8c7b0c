/* test_formulas.c - local derivatives, each written out, against autograd, against differences. */
#include "three_ways.h"

enum { N = 4, C = 5 };
static const int32_t labels[N] = { 3, 0, 4, 1 };

/* Softmax and cross-entropy: L = -(1/n) sum ln y_label, dL/dz = (y - t) / n -------------------------------------- */

static tg_tensor fused(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)tape, (void)context;
    return tg_cross_entropy(in[0], labels, TG_MEAN);
}

static void fused_cross_entropy_is_y_minus_t(void **state)
{
    (void)state;
    double z[N * C], y[N * C], delta[N * C];
    draw(z, N * C, -3, 3, 1);
    softmax_rows(N, C, z, y);
    output_delta(N, C, y, labels, delta);
    assert_three_ways(&(derivation){ .f = fused,
                                     .n = 1,
                                     .inputs = { { .name = "z", .shape = TG_SHAPE(N, C), .values = z } },
                                     .by_hand = { delta } });
}

/* The same from its parts: l = -sum t ln y of y = softmax(z), so that dl/dy_i = -1/y_i at the class and 0 elsewhere,
   and dl/dz = (diag(y) - y y^T) dl/dy. */
static tg_tensor one_hot(tg_tape *tape)
{
    double t[N * C] = { 0 };
    for (int i = 0; i < N; i++)
        t[i * C + labels[i]] = 1;
    return tg_constant(tape, TG_SHAPE(N, C), t);
}

static tg_tensor log_loss(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)context;
    return tg_scale(tg_sum(tg_mul(one_hot(tape), tg_log(in[0])), TG_ALL, false), -1.0 / N);
}

static tg_tensor in_parts(tg_tape *tape, const tg_tensor *in, void *context)
{
    return log_loss(tape, (tg_tensor[]){ tg_softmax(in[0], 1) }, context);
}

static void log_loss_by_hand(const double *y, double *dy)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < C; j++)
            dy[i * C + j] = labels[i] == j ? -1 / y[i * C + j] / N : 0;
}

/* dz_i = sum_j J_ij dy_j, J = diag(y) - y y^T */
static void through_jacobian(const double *y, const double *dy, double *dz)
{
    for (int r = 0; r < N; r++)
        for (int i = 0; i < C; i++) {
            double sum = 0;
            for (int j = 0; j < C; j++) {
                const double jacobian = (i == j ? y[r * C + i] : 0) - y[r * C + i] * y[r * C + j];
                sum += jacobian * dy[r * C + j];
            }
            dz[r * C + i] = sum;
        }
}

static void the_logarithm_of_the_class_is_minus_one_over_y(void **state)
{
    (void)state;
    double z[N * C], y[N * C], dy[N * C];
    draw(z, N * C, -2, 2, 2);
    softmax_rows(N, C, z, y);
    log_loss_by_hand(y, dy);
    assert_three_ways(&(derivation){ .f = log_loss,
                                     .n = 1,
                                     .inputs = { { .name = "y", .shape = TG_SHAPE(N, C), .values = y } },
                                     .by_hand = { dy } });
}

static void the_jacobian_of_softmax_gives_y_minus_t_too(void **state)
{
    (void)state;
    double z[N * C], y[N * C], dy[N * C], dz[N * C], delta[N * C];
    draw(z, N * C, -2, 2, 2);
    softmax_rows(N, C, z, y);
    log_loss_by_hand(y, dy);
    through_jacobian(y, dy, dz);
    output_delta(N, C, y, labels, delta);
    assert_agree("both routes", dz, delta, N * C);
    assert_three_ways(&(derivation){ .f = in_parts,
                                     .n = 1,
                                     .inputs = { { .name = "z", .shape = TG_SHAPE(N, C), .values = z } },
                                     .by_hand = { dz } });
}

/* Each row of the Jacobian is the gradient of one output. */
static void the_jacobian_of_softmax_is_diag_y_minus_y_yt(void **state)
{
    (void)state;
    double z[C], y[C], row[C], by_hand[C];
    draw(z, C, -2, 2, 3);
    softmax_rows(1, C, z, y);
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_tensor x = tg_variable(tape, TG_SHAPE(C), z), out = tg_softmax(x, 0);
    for (int i = 0; i < C; i++) {
        double unit[C] = { 0 };
        unit[i] = 1;
        for (int j = 0; j < C; j++)
            by_hand[j] = (i == j ? y[i] : 0) - y[i] * y[j];
        tg_tensor g;
        assert_int_equal(tg_grad(out, tg_constant(tape, TG_SHAPE(C), unit), &x, 1, &g, 0), TG_OK);
        assert_int_equal(tg_read(g, row, C), TG_OK);
        assert_agree("row", row, by_hand, C);
    }
    tg_tape_destroy(tape);
}

/* The naive softmax overflows, the stable one does not ----------------------------------------------------------- */

static const double far[] = { 1000, -1000, 999, 0, 5 };

static tg_tensor plain_loss(tg_tensor z)
{
    const tg_tensor e = tg_exp(z), y = tg_div(e, tg_sum(e, -1, true));
    return tg_neg(tg_slice(tg_log(y), 0, 0, 1));
}

static void the_naive_softmax_overflows_and_the_trap_names_it(void **state)
{
    (void)state;
    tg_tape *tape = tg_tape_create(TG_F64);
    assert_true(isnan(tg_item(plain_loss(tg_variable(tape, TG_SHAPE(5), far)))));
    assert_int_equal(tg_tape_status(tape), TG_OK);
    tg_tape_reset(tape);
    tg_tape_set_trap(tape, TG_TRAP_NONFINITE);
    plain_loss(tg_name(tg_variable(tape, TG_SHAPE(5), far), "logits"));
    assert_int_equal(tg_tape_status(tape), TG_ERR_NONFINITE);
    assert_string_equal(tg_tape_message(tape), "exp: \"logits\" [5]: the result is inf at [0]; input 0 is finite");
    tg_tape_destroy(tape);
}

static void the_stable_softmax_does_not(void **state)
{
    (void)state;
    const int32_t first = 0;
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_tape_set_trap(tape, TG_TRAP_NONFINITE);
    double y[5], by_hand[5];
    softmax_rows(1, 5, far, by_hand);
    assert_int_equal(tg_read(tg_softmax(tg_constant(tape, TG_SHAPE(5), far), 0), y, 5), TG_OK);
    assert_agree("softmax", y, by_hand, 5);
    tg_tensor z = tg_variable(tape, TG_SHAPE(1, 5), far), loss = tg_cross_entropy(z, &first, TG_MEAN);
    assert_true(fabs(tg_item(loss) - log1p(exp(-1))) < 1e-15);
    assert_int_equal(tg_backward(loss), TG_OK);
    assert_int_equal(tg_read(tg_grad_of(z), y, 5), TG_OK);
    by_hand[0] -= 1;
    assert_agree("y - t", y, by_hand, 5);
    tg_tape_destroy(tape);
}

/* Activations: dE/dx = r * h'(x) for E = r^T h(x) ---------------------------------------------------------------- */

enum { M = 12 };
static double r[M];

static tg_tensor weigh(tg_tape *tape, tg_tensor h)
{
    return tg_sum(tg_mul(tg_constant(tape, TG_SHAPE(M), r), h), TG_ALL, false);
}

static tg_tensor relu(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)context;
    return weigh(tape, tg_relu(in[0]));
}

static tg_tensor sigmoid(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)context;
    return weigh(tape, tg_sigmoid(in[0]));
}

static tg_tensor hyperbolic(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)context;
    return weigh(tape, tg_tanh(in[0]));
}

static void check_activation(tg_gradcheck_function *f, double (*slope)(double))
{
    double x[M], dx[M];
    draw(x, M, -3, 3, 4);
    draw(r, M, -1, 1, 5);
    for (int i = 0; i < M; i++)
        dx[i] = r[i] * slope(x[i]);
    assert_three_ways(&(derivation){
        .f = f, .n = 1, .inputs = { { .name = "x", .shape = TG_SHAPE(M), .values = x } }, .by_hand = { dx } });
}

/* 1 for x > 0, else 0 */
static double relu_slope(double x)
{
    return x > 0;
}

/* h (1 - h) */
static double sigmoid_slope(double x)
{
    const double h = logistic(x);
    return h * (1 - h);
}

/* 1 - h^2 */
static double tanh_slope(double x)
{
    return 1 - tanh(x) * tanh(x);
}

static void the_slope_of_relu_is_one_or_zero(void **state)
{
    (void)state;
    check_activation(relu, relu_slope);
}

static void the_slope_of_sigmoid_is_h_one_minus_h(void **state)
{
    (void)state;
    check_activation(sigmoid, sigmoid_slope);
}

static void the_slope_of_tanh_is_one_minus_h_squared(void **state)
{
    (void)state;
    check_activation(hyperbolic, tanh_slope);
}

/* The linear layer z = x W + b, E = <delta, z>: dW = x^T delta, db = sum of delta's rows, dx = delta W^T --------- */

enum { IN = 3 };

static tg_tensor linear(tg_tape *tape, const tg_tensor *in, void *context)
{
    const double *delta = context;
    return tg_sum(tg_mul(tg_constant(tape, TG_SHAPE(N, C), delta), tg_linear(in[0], in[1], in[2])), TG_ALL, false);
}

static void the_linear_layer_is_xt_delta(void **state)
{
    (void)state;
    double x[N * IN], w[IN * C], b[C], delta[N * C], dx[N * IN], dw[IN * C], db[C];
    draw(x, N * IN, -2, 2, 6);
    draw(w, IN * C, -1, 1, 7);
    draw(b, C, -1, 1, 8);
    draw(delta, N * C, -1, 1, 9);
    transposed_times(N, IN, C, x, delta, dw);
    column_sums(N, C, delta, db);
    times_transposed(N, C, IN, delta, w, dx);
    assert_three_ways(&(derivation){ .f = linear,
                                     .context = delta,
                                     .n = 3,
                                     .inputs = { { .name = "x", .shape = TG_SHAPE(N, IN), .values = x },
                                                 { .name = "w", .shape = TG_SHAPE(IN, C), .values = w },
                                                 { .name = "b", .shape = TG_SHAPE(C), .values = b } },
                                     .by_hand = { dx, dw, db } });
}

/* L2: R = lambda |W|^2, dR/dW = 2 lambda W ----------------------------------------------------------------------- */

static tg_tensor penalty(tg_tape *tape, const tg_tensor *in, void *context)
{
    (void)tape;
    const double *lambda = context;
    return tg_scale(tg_sum(tg_square(in[0]), TG_ALL, false), *lambda);
}

static void the_penalty_is_two_lambda_w(void **state)
{
    (void)state;
    double w[IN * C], dw[IN * C] = { 0 }, lambda = 0.05;
    draw(w, IN * C, -1, 1, 10);
    add_scaled(IN * C, dw, 2 * lambda, w);
    assert_three_ways(&(derivation){ .f = penalty,
                                     .context = &lambda,
                                     .n = 1,
                                     .inputs = { { .name = "w", .shape = TG_SHAPE(IN, C), .values = w } },
                                     .by_hand = { dw } });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fused_cross_entropy_is_y_minus_t),
        cmocka_unit_test(the_logarithm_of_the_class_is_minus_one_over_y),
        cmocka_unit_test(the_jacobian_of_softmax_gives_y_minus_t_too),
        cmocka_unit_test(the_jacobian_of_softmax_is_diag_y_minus_y_yt),
        cmocka_unit_test(the_naive_softmax_overflows_and_the_trap_names_it),
        cmocka_unit_test(the_stable_softmax_does_not),
        cmocka_unit_test(the_slope_of_relu_is_one_or_zero),
        cmocka_unit_test(the_slope_of_sigmoid_is_h_one_minus_h),
        cmocka_unit_test(the_slope_of_tanh_is_one_minus_h_squared),
        cmocka_unit_test(the_linear_layer_is_xt_delta),
        cmocka_unit_test(the_penalty_is_two_lambda_w),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
