/* custom_op.c - an operation of one's own, from shape rule to samples; checked, then trained in a small model.

   rbf(x, c) = y,  y_ij = e^(-gamma |x_i - c_j|^2)  for n points x [n, d] and k centres c [k, d]: y is [n, k].
   Composed from the library's operations it would make an array [n, k, d]; as one operation it makes [n, k]. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <tapegrad.h>

/* The operation ---------------------------------------------------------------------------------------------------- */

typedef struct rbf_attributes {
    double gamma;
} rbf_attributes;

static tg_status rbf_shape(tg_call *call, tg_shape *out)
{
    const tg_shape x = tg_call_shape(call, 0), c = tg_call_shape(call, 1);
    if (x.rank != 2 || c.rank != 2)
        return tg_call_fail(call, TG_ERR_SHAPE, "points and centres are matrices");
    if (x.dims[1] != c.dims[1])
        return tg_call_fail(call, TG_ERR_SHAPE, "points have %lld coordinates, centres %lld", (long long)x.dims[1],
                            (long long)c.dims[1]);
    *out = TG_SHAPE(x.dims[0], c.dims[0]);
    return TG_OK;
}

/* The same loop for float and for double. */
#define RBF_LOOP(name, real)                                                                                         \
    static void name(int64_t n, int64_t k, int64_t d, double gamma, const real *x, const real *c, real *y)           \
    {                                                                                                                \
        for (int64_t i = 0; i < n; i++)                                                                              \
            for (int64_t j = 0; j < k; j++) {                                                                        \
                double square = 0;                                                                                   \
                for (int64_t l = 0; l < d; l++) {                                                                    \
                    const double distance = (double)x[i * d + l] - (double)c[j * d + l];                             \
                    square += distance * distance;                                                                   \
                }                                                                                                    \
                y[i * k + j] = (real)exp(-gamma * square);                                                           \
            }                                                                                                        \
    }
RBF_LOOP(rbf_f32, float)
RBF_LOOP(rbf_f64, double)

static tg_status rbf_forward(tg_call *call)
{
    const rbf_attributes *a = tg_call_attributes(call);
    const tg_shape x = tg_call_shape(call, 0), y = tg_call_output_shape(call);
    const int64_t n = y.dims[0], k = y.dims[1], d = x.dims[1];
    if (tg_call_dtype(call) == TG_F32)
        rbf_f32(n, k, d, a->gamma, tg_call_input(call, 0), tg_call_input(call, 1), tg_call_output(call));
    else
        rbf_f64(n, k, d, a->gamma, tg_call_input(call, 0), tg_call_input(call, 1), tg_call_output(call));
    return TG_OK;
}

/* With w_ij = -2 gamma g_ij y_ij, where g is the cotangent:
       dE/dx_i = sum_j w_ij (x_i - c_j) = (w 1)_i x_i - (w c)_i
       dE/dc_j = sum_i w_ij (c_j - x_i) = (w' 1)_j c_j - (w' x)_j
   Written with the library's operations, and so differentiable again. */
static void rbf_vjp(tg_vjp *v)
{
    const rbf_attributes *a = tg_vjp_attributes(v);
    tg_tensor x = tg_input(v, 0), c = tg_input(v, 1);
    tg_tensor w = tg_scale(tg_mul(tg_cotangent(v), tg_output(v)), -2 * a->gamma);
    tg_tensor wt = tg_transpose(w);
    tg_give(v, 0, tg_sub(tg_mul(tg_sum(w, 1, true), x), tg_matmul(w, c)));
    tg_give(v, 1, tg_sub(tg_mul(tg_sum(wt, 1, true), c), tg_matmul(wt, x)));
}

/* What it is checked on: several points and centres, one of each, none at all. */
static const rbf_attributes wide = { .gamma = 0.3 }, narrow = { .gamma = 2 };
static const tg_sample rbf_samples[] = {
    { 2, { { .shape = { 2, { 5, 3 } } }, { .shape = { 2, { 4, 3 } } } }, &wide, sizeof wide },
    { 2, { { .shape = { 2, { 1, 1 } } }, { .shape = { 2, { 1, 1 } } } }, &narrow, sizeof narrow },
    { 2, { { .shape = { 2, { 0, 2 } } }, { .shape = { 2, { 3, 2 } } } }, &wide, sizeof wide },
};

static const tg_op rbf_op = {
    .name = "rbf",
    .arity = 2,
    .order = TG_ORDER_ANY,
    .shape = rbf_shape,
    .forward = rbf_forward,
    .vjp = rbf_vjp,
    .samples = rbf_samples,
    .n_samples = sizeof rbf_samples / sizeof rbf_samples[0],
};

static tg_tensor rbf(tg_tensor x, tg_tensor c, double gamma)
{
    return tg_apply(&rbf_op, (tg_tensor[]){ x, c }, 2, &(rbf_attributes){ gamma }, sizeof(rbf_attributes));
}

/* A model that uses it: two moons told apart by their distances from 16 learned centres ------------------------------ */

enum { CENTRES, WEIGHT, BIAS, N_CENTRES = 16, ROWS = 500, STEPS = 300 };

static const tg_param_spec specs[] = {
    [CENTRES] = { "centres", { 2, { N_CENTRES, 2 } }, 0 },
    [WEIGHT] = { "weight", { 2, { N_CENTRES, 2 } }, 0 },
    [BIAS] = { "bias", { 1, { 2 } }, 0 },
};

static tg_tensor logits_of(tg_tape *tape, tg_params *params, const tg_dataset *set)
{
    tg_tensor x = tg_wrap_dataset(tape, set);
    tg_tensor near = rbf(x, tg_param(tape, params, CENTRES), 2);
    return tg_linear(near, tg_param(tape, params, WEIGHT), tg_param(tape, params, BIAS));
}

static double accuracy(tg_tape *tape, tg_params *params, const tg_dataset *set)
{
    float logits[2 * ROWS];
    int right = 0;
    tg_tape_reset(tape);
    if (tg_read(logits_of(tape, params, set), logits, 2 * ROWS) == TG_OK)
        for (int i = 0; i < ROWS; i++)
            right += (logits[2 * i + 1] > logits[2 * i]) == set->labels[i];
    return (double)right / ROWS;
}

static bool train(tg_tape *tape, tg_params *params, tg_optimizer *optimizer, const tg_dataset *set)
{
    for (int step = 1; step <= STEPS; step++) {
        tg_tape_reset(tape);
        tg_params_zero_grad(params);
        tg_tensor loss = tg_cross_entropy(logits_of(tape, params, set), set->labels, TG_MEAN);
        if (tg_backward(loss) != TG_OK || tg_optimizer_step(optimizer) != TG_OK)
            return false;
        if (step % 100 == 0)
            printf("step %d: loss %.4f\n", step, tg_item(loss));
    }
    return true;
}

static bool learn_moons(void)
{
    tg_error err = { 0 };
    tg_rng rng = tg_rng_seed(1);
    tg_dataset seen = { .dtype = TG_F32 }, unseen = { .dtype = TG_F32 };
    tg_tape *tape = tg_tape_create(TG_F32);
    tg_params *params = tg_params_create(TG_F32, specs, 3, &err);
    tg_optimizer *optimizer = params ? tg_adam_create(params, &(tg_adam_config){ .lr = 0.05 }, &err) : NULL;

    const bool good = optimizer && tg_params_fill_normal(params, CENTRES, 1, &rng, &err) == TG_OK &&
                      tg_dataset_moons(&seen, ROWS, 0.15, 1, &err) == TG_OK &&
                      tg_dataset_moons(&unseen, ROWS, 0.15, 2, &err) == TG_OK &&
                      train(tape, params, optimizer, &seen);
    if (good)
        printf("test accuracy %.2f %%\n", 100 * accuracy(tape, params, &unseen));
    else
        fprintf(stderr, "custom_op: %s%s%s\n", err.text, tg_tape_message(tape), tg_optimizer_message(optimizer));

    tg_tape_destroy(tape);
    tg_optimizer_destroy(optimizer);
    tg_params_destroy(params);
    tg_dataset_finish(&seen);
    tg_dataset_finish(&unseen);
    return good;
}

/* Values and gradients of first and second order in both dtypes, against finite differences. */
static bool check_rbf(void)
{
    tg_gradcheck_report report;
    const bool good = tg_check_op(&rbf_op, NULL, &report) == TG_OK && report.passed;
    fprintf(good ? stdout : stderr, "%s\n", report.text);
    return good;
}

int main(void)
{
    return check_rbf() && learn_moons() ? EXIT_SUCCESS : EXIT_FAILURE;
}
