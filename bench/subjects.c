/* subjects.c - operations that bench_ops cannot scale up from their samples, because their attributes contain shapes, axes
   or labels: they are called as by a user. */
#include "subjects.h"

enum { SIDE = 1000, ROWS = 100000, CLASSES = 10 };
#define SQUARE                                                                                                       \
    {                                                                                                                \
        2,                                                                                                           \
        {                                                                                                            \
            SIDE, SIDE                                                                                               \
        }                                                                                                            \
    }
#define LOGITS                                                                                                       \
    {                                                                                                                \
        2,                                                                                                           \
        {                                                                                                            \
            ROWS, CLASSES                                                                                            \
        }                                                                                                            \
    }

/* Labels and row numbers; the first is 0, which is also valid for a single one. */
static int32_t labels[ROWS], rows[SIDE];

void subjects_prepare(void)
{
    for (int i = 0; i < ROWS; i++)
        labels[i] = i * 7 % CLASSES;
    for (int i = 0; i < SIDE; i++)
        rows[i] = i * 617 % SIDE;
}

#define CALL(name, expression)                                                                                       \
    static tg_tensor name(const tg_tensor *x)                                                                        \
    {                                                                                                                \
        return expression;                                                                                           \
    }

CALL(sum_all, tg_sum(x[0], TG_ALL, false))
CALL(sum_rows, tg_sum(x[0], 0, false))
CALL(sum_columns, tg_sum(x[0], 1, false))
CALL(mean, tg_mean(x[0], 1, false))
CALL(max, tg_max(x[0], 1, false))
CALL(min, tg_min(x[0], 1, false))
CALL(logsumexp, tg_logsumexp(x[0], 1, false))
CALL(var, tg_var(x[0], 1, 0, false))
CALL(reshape, tg_reshape(x[0], TG_SHAPE(-1)))
CALL(transpose, tg_transpose(x[0]))
CALL(permute, tg_permute(x[0], (int[]){ 1, 0 }))
CALL(slice, tg_slice(x[0], 1, 0, (tg_dim(x[0], 1) + 1) / 2))
CALL(concat, tg_concat(x, 2, 1))
CALL(broadcast_to, tg_broadcast_to(x[0], TG_SHAPE(tg_dim(x[0], 0), tg_dim(x[0], 0))))
CALL(gather_rows, tg_gather_rows(x[0], rows, tg_dim(x[0], 0)))
CALL(matmul, tg_matmul(x[0], x[1]))
CALL(linear, tg_linear(x[0], x[1], x[2]))
CALL(softmax, tg_softmax(x[0], 1))
CALL(log_softmax, tg_log_softmax(x[0], 1))
CALL(cross_entropy, tg_cross_entropy(x[0], labels, TG_MEAN))
CALL(cross_entropy_of, tg_cross_entropy_probs(x[0], x[1], TG_MEAN))
CALL(mse_loss, tg_mse_loss(x[0], x[1], TG_MEAN))
CALL(bce, tg_bce_with_logits(x[0], x[1], TG_MEAN))
CALL(layer_norm, tg_layer_norm(x[0], x[1], x[2], 1e-5))
CALL(dropout, tg_dropout(x[0], 0.5, &(tg_rng){ 0 }))

const subject subjects[] = {
    { "sum", "", { SQUARE }, 1, sum_all },
    { "sum", " of columns", { SQUARE }, 1, sum_rows },
    { "sum", " of rows", { SQUARE }, 1, sum_columns },
    { "mean", "", { SQUARE }, 1, mean },
    { "max", "", { SQUARE }, 1, max },
    { "min", "", { SQUARE }, 1, min },
    { "logsumexp", "", { SQUARE }, 1, logsumexp },
    { "var", "", { SQUARE }, 1, var },
    { "reshape", "", { SQUARE }, 1, reshape },
    { "transpose", "", { SQUARE }, 1, transpose },
    { "permute", "", { SQUARE }, 1, permute },
    { "slice", "", { SQUARE }, 1, slice },
    { "concat", "", { { 2, { SIDE, SIDE / 2 } }, { 2, { SIDE, SIDE / 2 } } }, 2, concat },
    { "broadcast_to", "", { { 1, { SIDE } } }, 1, broadcast_to },
    { "gather_rows", "", { SQUARE }, 1, gather_rows },
    { "matmul", "", { SQUARE, { 2, { SIDE, 100 } } }, 2, matmul },
    { "linear", "", { SQUARE, { 2, { SIDE, 100 } }, { 1, { 100 } } }, 3, linear },
    { "softmax", "", { SQUARE }, 1, softmax },
    { "softmax", " of ten", { LOGITS }, 1, softmax },
    { "log_softmax", "", { SQUARE }, 1, log_softmax },
    { "cross_entropy", "", { LOGITS }, 1, cross_entropy },
    { "cross_entropy_probs", "", { LOGITS, LOGITS }, 2, cross_entropy_of },
    { "mse_loss", "", { SQUARE, SQUARE }, 2, mse_loss },
    { "bce_with_logits", "", { SQUARE, SQUARE }, 2, bce },
    { "layer_norm", "", { SQUARE, { 1, { SIDE } }, { 1, { SIDE } } }, 3, layer_norm },
    { "dropout", "", { SQUARE }, 1, dropout },
};
const int n_subjects = (int)(sizeof subjects / sizeof subjects[0]);
