/* test_threads.c - the same bits at 1, 2, 3 and 7 threads: every kind of operation on tensors large enough to be
   cut, forwards and backwards, with sizes that no block divides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <tapegrad.h>

#include "threads.h"

enum { ROWS = 611, COLUMNS = 517, OUT = 301, CLASSES = 10, LONG = ROWS * COLUMNS };

static int32_t labels[LONG], picked[ROWS];

#define CALL(name, expression)                                                                                       \
    static tg_tensor name(const tg_tensor *x)                                                                        \
    {                                                                                                                \
        return expression;                                                                                           \
    }

static tg_tensor dropped(const tg_tensor *x)
{
    tg_rng rng = tg_rng_seed(3);
    return tg_dropout(x[0], 0.4, &rng);
}

CALL(tanh_of, tg_tanh(x[0]))
CALL(gelu_of, tg_gelu(x[0]))
CALL(product, tg_mul(x[0], x[1]))
CALL(quotient, tg_div(x[0], tg_exp(x[1])))
CALL(plus_row, tg_add(x[0], x[1]))
CALL(times_column, tg_mul(x[0], x[1]))
CALL(sum_all, tg_sum(x[0], TG_ALL, false))
CALL(sum_rows, tg_sum(x[0], 0, false))
CALL(sum_columns, tg_sum(x[0], 1, true))
CALL(mean_all, tg_mean(tg_square(x[0]), TG_ALL, false))
CALL(max_all, tg_max(x[0], TG_ALL, false))
CALL(max_rows, tg_max(x[0], 0, false))
CALL(logsumexp_of, tg_logsumexp(x[0], 0, false))
CALL(var_of, tg_var(x[0], 0, 1, false))
CALL(softmax_of, tg_softmax(x[0], 1))
CALL(softmax_down, tg_softmax(x[0], 0))
CALL(log_softmax_of, tg_log_softmax(x[0], 1))
CALL(layer_norm_of, tg_layer_norm(x[0], x[1], x[2], 1e-5))
CALL(cross_entropy_of, tg_cross_entropy(x[0], labels, TG_MEAN))
CALL(probs_of, tg_cross_entropy_probs(x[0], tg_softmax(x[1], 1), TG_SUM))
CALL(bce_of, tg_bce_with_logits(x[0], tg_sigmoid(x[1]), TG_MEAN))
CALL(mse_of, tg_mse_loss(x[0], x[1], TG_MEAN))
CALL(transposed, tg_transpose(x[0]))
CALL(permuted, tg_permute(x[0], (int[]){ 2, 0, 1 }))
CALL(sliced, tg_slice(x[0], 1, 3, 400))
CALL(joined, tg_concat(x, 2, 1))
CALL(gathered, tg_gather_rows(x[0], picked, ROWS))
CALL(matmul_of, tg_matmul(x[0], x[1]))
CALL(linear_of, tg_linear(x[0], x[1], x[2]))

#define TALL                                                                                                         \
    {                                                                                                                \
        2,                                                                                                           \
        {                                                                                                            \
            ROWS, COLUMNS                                                                                            \
        }                                                                                                            \
    }
#define SHAPE(rank, ...)                                                                                             \
    {                                                                                                                \
        rank,                                                                                                        \
        {                                                                                                            \
            __VA_ARGS__                                                                                              \
        }                                                                                                            \
    }

static const struct subject {
    const char *name;
    tg_tensor (*apply)(const tg_tensor *x);
    int n;
    tg_shape shapes[3];
} subjects[] = {
    { "tanh", tanh_of, 1, { TALL } },
    { "gelu", gelu_of, 1, { TALL } },
    { "mul", product, 2, { TALL, TALL } },
    { "div", quotient, 2, { TALL, TALL } },
    { "add a row", plus_row, 2, { TALL, SHAPE(1, COLUMNS) } },
    { "mul by a column", times_column, 2, { TALL, SHAPE(2, ROWS, 1) } },
    { "sum", sum_all, 1, { TALL } },
    { "sum over rows", sum_rows, 1, { TALL } },
    { "sum over columns", sum_columns, 1, { TALL } },
    { "sum of few long rows", sum_columns, 1, { SHAPE(2, 2, 300007) } },
    { "sum of a long column", sum_rows, 1, { SHAPE(2, 100003, 3) } },
    { "mean", mean_all, 1, { TALL } },
    { "max", max_all, 1, { TALL } },
    { "max over rows", max_rows, 1, { TALL } },
    { "logsumexp", logsumexp_of, 1, { TALL } },
    { "var", var_of, 1, { TALL } },
    { "softmax", softmax_of, 1, { TALL } },
    { "softmax over rows", softmax_down, 1, { TALL } },
    { "softmax of ten", softmax_of, 1, { SHAPE(2, 20011, CLASSES) } },
    { "log_softmax", log_softmax_of, 1, { TALL } },
    { "layer_norm", layer_norm_of, 3, { TALL, SHAPE(1, COLUMNS), SHAPE(1, COLUMNS) } },
    { "cross_entropy", cross_entropy_of, 1, { SHAPE(2, 20011, CLASSES) } },
    { "cross_entropy_probs", probs_of, 2, { TALL, TALL } },
    { "bce_with_logits", bce_of, 2, { TALL, TALL } },
    { "mse_loss", mse_of, 2, { TALL, TALL } },
    { "dropout", dropped, 1, { TALL } },
    { "transpose", transposed, 1, { TALL } },
    { "permute", permuted, 1, { SHAPE(3, 97, 31, 101) } },
    { "slice", sliced, 1, { TALL } },
    { "concat", joined, 2, { TALL, TALL } },
    { "gather_rows", gathered, 1, { TALL } },
    { "matmul", matmul_of, 2, { TALL, SHAPE(2, COLUMNS, OUT) } },
    { "linear", linear_of, 3, { TALL, SHAPE(2, COLUMNS, OUT), SHAPE(1, OUT) } },
};

/* FNV-1a over the 32-bit words of a tensor's values. */
static uint64_t digest(uint64_t h, tg_tensor x, tg_dtype dtype)
{
    const char *p = tg_data(x);
    assert_non_null(p);
    for (size_t i = 0; i < (size_t)tg_size(x) * tg_dtype_size(dtype); i += sizeof(uint32_t)) {
        uint32_t word;
        memcpy(&word, p + i, sizeof word);
        h = (h ^ word) * 1099511628211u;
    }
    return h;
}

static double drawn[2 * LONG + 3000];

/* The hash of the value and of the gradients by all inputs. */
static uint64_t run(const struct subject *s, tg_dtype dtype)
{
    tg_tape *t = tg_tape_create(dtype);
    tg_tensor x[3];
    for (int i = 0; i < s->n; i++)
        x[i] = tg_variable(t, s->shapes[i], drawn + 1000 * i);
    const tg_tensor y = s->apply(x);
    if (tg_backward_from(y, tg_constant(t, tg_shape_of(y), drawn + 3000)) != TG_OK)
        fail_msg("%s: %s", s->name, tg_tape_message(t));
    uint64_t h = digest(14695981039346656037u, y, dtype);
    for (int i = 0; i < s->n; i++)
        h = digest(h, tg_grad_of(x[i]), dtype);
    tg_tape_destroy(t);
    return h;
}

static void same_bits(void **state)
{
    (void)state;
    static const int threads[] = { 2, 3, 7 };
    const int before = tg_num_threads();
    tg_rng rng = tg_rng_seed(7);
    for (size_t i = 0; i < sizeof drawn / sizeof *drawn; i++)
        drawn[i] = tg_rng_between(&rng, -2, 2);
    for (int i = 0; i < LONG; i++)
        labels[i] = (int32_t)tg_rng_below(&rng, CLASSES);
    for (int i = 0; i < ROWS; i++)
        picked[i] = (int32_t)tg_rng_below(&rng, ROWS); /* some rows twice, some never */
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
        for (tg_dtype d = TG_F32; d <= TG_F64; d++) {
            use_threads(1);
            const uint64_t alone = run(&subjects[i], d);
            for (int k = 0; k < 3; k++) {
                use_threads(threads[k]);
                if (run(&subjects[i], d) != alone)
                    fail_msg("%s of float%d: other bits at %d threads", subjects[i].name, d == TG_F64 ? 64 : 32,
                             threads[k]);
            }
        }
    tg_set_num_threads(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(same_bits) };
    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
