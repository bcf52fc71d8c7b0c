/* cross_entropy.c - l_i = ln sum_j e^(x_ij) - x_i,label(i);  dl_i/dx_ij = softmax(x_i)_j - (1 where j is the label) */
#include "ops/rows.h"

#ifdef TG_VECTOR_PASS

#include "ops/short_lines.h"

/* Each row's peak, and the logarithm of the sum of its exponentials. */
typedef struct peaks {
    vec peak, log_sum;
} peaks;

/* The peaks of the n rows that start at x, each row's in its lane. */
VLINE_INLINE peaks peaks_of_rows(const tg_loop *l, int64_t n, const real *x)
{
    peaks rows = { .peak = v_set(0) };
    vec sum = v_set(1), rest = v_set(0);
    if (is_short(l->cols)) {
        transposed t = { 0 };
        const vline s = vline_transposed(l, l->cols);
        transpose_in(n, l->cols, x, l->row[0], t);
        const exponentials e = vline_exp(&s, t, NULL);
        return (peaks){ e.peak, vline_log(&s, t, &e) };
    }
    const vline s = vline_along(l, 0, l->cols);
    for (int64_t j = 0; j < n; j++) {
        const exponentials e = vline_exp(&s, x + j * l->row[0], NULL);
        rows.peak[j] = e.peak[0];
        if (vline_lost(&e)[0])
            rest[j] = vline_rest(&s, x + j * l->row[0], &e)[0];
        else
            sum[j] = e.sum[0];
    }
    rows.log_sum = v_select(sum == 1, v_log1p(rest), v_log(sum));
    return rows;
}

/* The labels of the rows are l->attributes. */
ROWS(cross_entropy)
{
    const int32_t *labels = l->attributes;
    double sum = 0;
    for (int64_t i = 0; i < l->rows; i += VL) {
        const real *x = (const real *)l->in[0] + i * l->row[0];
        const int64_t n = l->rows - i < VL ? l->rows - i : VL;
        const peaks p = peaks_of_rows(l, n, x);
        for (int64_t j = 0; j < n; j++) {
            const double below = (double)p.peak[j] - (double)x[j * l->row[0] + labels[i + j]];
            const double loss = (below == below ? below : 0) + (double)p.log_sum[j]; /* infinity - infinity is 0 */
            if (l->out_row)
                ((real *)l->out)[i + j] = (real)loss;
            sum += loss;
        }
    }
    if (!l->out_row)
        *(double *)l->out = sum;
}

/* For rows whose softmax at the label is close to 1: 1 - softmax is computed as the sum of the others. Where g is 0, so is the
   gradient. */
static __attribute__((noinline)) void cross_entropy_grad_with_care(const vline *s, const real *x, mask label, vec g,
                                                                   real *y, const exponentials *e)
{
    const vec scale = g / e->sum, rest = vline_rest(s, x, e) * scale;
    for (int64_t j = 0; j < s->steps; j++) {
        const vec v = vline_exp_at(s, e, y, j), softmax = v * scale;
        const vec at_label = v_select(v == 1, -rest, softmax - g);
        const vec slope = v_select(vline_is(s, j, label), at_label, softmax);
        vline_store(s, y, j, v_select(g == 0, g, slope));
    }
}

VLINE_INLINE void cross_entropy_grad_of(const vline *s, const real *x, mask label, vec g, real *y)
{
    const exponentials e = vline_exp(s, x, y);
    const vec scale = g / e.sum;
    if (v_any(vline_lost(&e) | (g == 0))) {
        cross_entropy_grad_with_care(s, x, label, g, y, &e);
        return;
    }
    for (int64_t j = 0; j < s->steps; j++) {
        const vec at_label = v_select(vline_is(s, j, label), g, v_set(0));
        vline_store(s, y, j, vline_exp_at(s, &e, y, j) * scale - at_label);
    }
}

/* p[0] g_i (softmax(x_i) - one at the label) */
ROWS(cross_entropy_grad)
{
    const int32_t *labels = l->attributes;
    const real *x = l->in[0], *g = l->in[1];
    real *y = l->out;
    int64_t i = 0;
    for (; is_short(l->cols) && i + VL <= l->rows; i += VL) {
        transposed in, out;
        mask label;
        vec row_g;
        const vline s = vline_transposed(l, l->cols);
        transpose_in(VL, l->cols, x + i * l->row[0], l->row[0], in);
        EACH (j, VL) {
            label[j] = labels[i + j];
            row_g[j] = g[(i + j) * l->row[1]];
        }
        cross_entropy_grad_of(&s, in, label, (real)l->p[0] * row_g, out);
        transpose_out(VL, l->cols, out, y + i * l->out_row, l->out_row);
    }
    const vline s = vline_along(l, 0, l->cols);
    for (; i < l->rows; i++)
        cross_entropy_grad_of(&s, x + i * l->row[0], v_whole((whole)labels[i]),
                              v_set((real)l->p[0] * g[i * l->row[1]]), y + i * l->out_row);
}

#else

#include "core/call.h"
#include "core/lookup.h"
#include "ops/blocks.h"
#include "ops/derivatives.h"

typedef struct target {
    const int32_t *labels;
    tg_reduction reduction;
} target;

static const target *target_of(const tg_vjp *v)
{
    return tg_vjp_attributes(v);
}

/* g as a column beside the rows, where it is not one number for all. */
static tg_tensor column(tg_tensor g)
{
    return tg_rank(g) == 0 ? g : tg_reshape(g, TG_SHAPE(tg_size(g), 1));
}

/* The logits and the labels, row by row. */
static tg_loop loop_of(const tg_call *c, const target *t)
{
    const tg_shape *s = tg_call_dims(c, 0);
    return (tg_loop){ .rows = s->dims[0],
                      .cols = s->dims[1],
                      .in = { tg_call_value(c, 0) },
                      .row = { s->dims[1] },
                      .attributes = t->labels };
}

/* The derivative ------------------------------------------------------------------------------------------------- */

static tg_tensor cross_entropy_grad(tg_tensor logits, tg_tensor g, const target *t)
{
    return tg_apply2_with(&tg_op_cross_entropy_grad, logits, g, t, sizeof *t);
}

static tg_status grad_shape(tg_call *c, tg_shape *out)
{
    tg_copy_shape(tg_call_dims(c, 0), out);
    return TG_OK;
}

static tg_status grad_forward(tg_call *c)
{
    const target *t = tg_call_attributes(c);
    tg_loop l = loop_of(c, t);
    l.in[1] = tg_call_value(c, 1);
    l.row[1] = tg_call_dims(c, 1)->rank;
    l.out = c->out;
    l.out_row = l.cols;
    l.p[0] = tg_loss_weight(t->reduction, l.rows);
    tg_rows_run(c, TG_INDEX_cross_entropy_grad, &l, sizeof(int32_t));
    return TG_OK;
}

/* <c, w g (softmax(x) - label)>, by x and by g. */
static void grad_vjp(tg_vjp *v)
{
    const target *t = target_of(v);
    const tg_tensor x = tg_input(v, 0), g = tg_input(v, 1), c = tg_cotangent(v);
    const tg_tensor one = tg_full(x.tape, TG_SCALAR, 1);
    const tg_tensor through_softmax = tg_softmax_grad(tg_softmax(x, 1), c, 1);
    tg_give(v, 0, tg_scale(tg_weigh(column(g), through_softmax), tg_loss_weight(t->reduction, tg_dim(x, 0))));
    tg_give(v, 1, tg_sum(tg_weigh(c, cross_entropy_grad(x, one, t)), 1, false));
}

static const int32_t sample_labels[] = { 2, 0, 3 };
#define TARGET(how) .attributes = &(const target){ sample_labels, how }, .attribute_bytes = sizeof(target)

static const tg_sample grad_samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), { .shape = { 0 } } }, TARGET(TG_MEAN) },
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), { .shape = { 1, { 3 } } } }, TARGET(TG_NONE) },
};

const tg_op tg_op_cross_entropy_grad = {
    .name = "cross_entropy_grad",
    .arity = 2,
    .order = TG_ORDER_ANY,
    .shape = grad_shape,
    .forward = grad_forward,
    .vjp = grad_vjp,
    TG_SAMPLES(grad_samples),
};

/* The loss -------------------------------------------------------------------------------------------------------- */

static tg_status shape(tg_call *c, tg_shape *out)
{
    const target *t = tg_call_attributes(c);
    const tg_shape *s = tg_call_dims(c, 0);
    if (s->rank != 2)
        return tg_call_fail(c, TG_ERR_SHAPE, "the logits have rank %d; they must be [n, classes]", s->rank);
    if (!t->labels && s->dims[0] > 0)
        return tg_call_fail(c, TG_ERR_ARGUMENT, "labels is NULL, not %lld labels", (long long)s->dims[0]);
    if (s->dims[0] > 0 && s->dims[1] == 0)
        return tg_call_fail(c, TG_ERR_SHAPE, "there are no classes for the labels to name");
    for (int64_t i = 0; i < s->dims[0]; i++)
        if (t->labels[i] < 0 || t->labels[i] >= s->dims[1])
            return tg_call_fail(c, TG_ERR_RANGE, "label %d of row %lld is not in 0 .. %lld", (int)t->labels[i],
                                (long long)i, (long long)s->dims[1] - 1);
    return tg_shape_loss(c, t->reduction, &TG_SHAPE(s->dims[0]), out);
}

static tg_status forward(tg_call *c)
{
    const target *t = tg_call_attributes(c);
    tg_loop l = loop_of(c, t);
    return tg_forward_loss(c, TG_INDEX_cross_entropy, &l, sizeof(int32_t), t->reduction);
}

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, cross_entropy_grad(tg_input(v, 0), tg_cotangent(v), target_of(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) }, TARGET(TG_MEAN) },
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) }, TARGET(TG_SUM) },
    { .n = 1, .inputs = { TG_MATRIX(-2, 2) }, TARGET(TG_NONE) },
};

const tg_op tg_op_cross_entropy = {
    .name = "cross_entropy",
    .arity = 1,
    .order = TG_ORDER_ANY,
    .shape = shape,
    .forward = forward,
    .vjp = vjp,
    TG_SAMPLES(samples),
};

tg_tensor tg_cross_entropy(tg_tensor logits, const int32_t *labels, tg_reduction reduction)
{
    const tg_node *n = tg_node_of(logits, "cross_entropy");
    if (!n)
        return tg_invalid(logits.tape);
    const int64_t rows = n->extent->shape.rank == 2 ? n->extent->shape.dims[0] : 0; /* else refused */
    const target t = { tg_keep_numbers(logits.tape, labels, rows, "cross_entropy"), reduction };
    return tg_apply1_with(&tg_op_cross_entropy, logits, &t, sizeof t);
}

#endif
