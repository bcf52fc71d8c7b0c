/* cross_entropy_probs.c - l_i = -sum_j p_ij ln softmax(x_i)_j;
   dl_i/dx_ij = softmax(x_i)_j sum_k p_ik - p_ij, dl_i/dp_ij = -ln softmax(x_i)_j */
#include "ops/rows.h"

#ifdef TG_VECTOR_PASS

/* -p ln softmax(x), and 0 where p is 0, whatever x is. */
VLINE_INLINE vec term(vec p, vec x, vec peak, vec log_sum)
{
    const vec below = v_select(x == peak, v_set(0), peak - x);
    return v_select(p == 0, v_set(0), p * (below + log_sum));
}

ROWS(cross_entropy_probs)
{
    const vline s = vline_along(l, 0, l->cols);
    double sum = 0;
    for (int64_t i = 0; i < l->rows; i++) {
        const real *x = (const real *)l->in[0] + i * l->row[0], *p = (const real *)l->in[1] + i * l->row[1];
        const exponentials e = vline_exp(&s, x, NULL);
        const vec log_sum = vline_log(&s, x, &e);
        total loss = { .n = 0 };
        for (int64_t j = 0; j < s.steps; j++)
            total_add(&loss, term(vline_load(&s, p, j, 0), vline_load(&s, x, j, e.peak[0]), e.peak, log_sum));
        if (l->out_row)
            ((real *)l->out)[i] = (real)total_of(&loss);
        sum += total_of(&loss);
    }
    if (!l->out_row)
        *(double *)l->out = sum;
}

/* g (softmax(x) all - p) for rows whose largest softmax is close to 1: 1 - softmax is computed as the sum of the others. Where
   g is 0, so is the gradient; where `all`, the sum of p, is 0, softmax is left out. */
static __attribute__((noinline)) void grad_with_care(const vline *s, const real *x, const real *p, vec g, vec all,
                                                     real *y, const exponentials *e)
{
    const vec scale = all / e->sum, rest = v_select(all == 0, all, vline_rest(s, x, e) * scale);
    for (int64_t j = 0; j < s->steps; j++) {
        const vec v = vline_exp_at(s, e, y, j), q = vline_load(s, p, j, 0);
        const vec softmax = v_select(all == 0, all, v * scale);
        const vec slope = v_select(v == 1, (all - q) - rest, softmax - q);
        vline_store(s, y, j, v_select(g == 0, g, g * slope));
    }
}

/* p[0] g_i (softmax(x_i) sum of p_i - p_i) */
ROWS(cross_entropy_probs_grad)
{
    const vline s = vline_along(l, 0, l->cols);
    for (int64_t i = 0; i < l->rows; i++) {
        const real *p = (const real *)l->in[1] + i * l->row[1];
        const vec g = v_set((real)l->p[0] * ((const real *)l->in[2])[i * l->row[2]]);
        real *y = (real *)l->out + i * l->out_row;
        const real *x = (const real *)l->in[0] + i * l->row[0];
        const exponentials e = vline_exp(&s, x, y);
        total mass = { .n = 0 };
        for (int64_t j = 0; j < s.steps; j++)
            total_add(&mass, vline_load(&s, p, j, 0));
        const vec all = vline_total(&s, &mass), scale = all / e.sum;
        if (v_any(vline_lost(&e) | (g == 0) | (all == 0))) {
            grad_with_care(&s, x, p, g, all, y, &e);
            continue;
        }
        for (int64_t j = 0; j < s.steps; j++)
            vline_store(&s, y, j, g * (vline_exp_at(&s, &e, y, j) * scale - vline_load(&s, p, j, 0)));
    }
}

#else

#include "core/call.h"
#include "kernels/kernels.h"
#include "ops/derivatives.h"

static tg_reduction reduction_of(const void *attributes)
{
    return *(const tg_reduction *)attributes;
}

static tg_loop loop_of(const tg_call *c)
{
    const tg_shape s = tg_call_shape(c, 0);
    return (tg_loop){ .rows = s.dims[0],
                      .cols = s.dims[1],
                      .in = { tg_call_input(c, 0), tg_call_input(c, 1) },
                      .row = { s.dims[1], s.dims[1] } };
}

/* The derivative by the logits ------------------------------------------------------------------------------------ */

static tg_tensor probs_grad(tg_tensor x, tg_tensor p, tg_tensor g, tg_reduction r)
{
    return tg_apply(&tg_op_cross_entropy_probs_grad, (tg_tensor[]){ x, p, g }, 3, &r, sizeof r);
}

static tg_status grad_shape(tg_call *c, tg_shape *out)
{
    *out = tg_call_shape(c, 0);
    return TG_OK;
}

static tg_status grad_forward(tg_call *c)
{
    tg_loop l = loop_of(c);
    l.in[2] = tg_call_input(c, 2);
    l.row[2] = tg_call_shape(c, 2).rank;
    l.out = c->out;
    l.out_row = l.cols;
    l.p[0] = tg_loss_weight(reduction_of(tg_call_attributes(c)), l.rows);
    tg_rows_run(c, TG_INDEX_cross_entropy_probs_grad, &l, 0);
    return TG_OK;
}

/* w g, as a column beside the rows or one number for all. */
static tg_tensor weighted(const tg_vjp *v, tg_tensor g)
{
    const double w = tg_loss_weight(reduction_of(tg_vjp_attributes(v)), tg_dim(tg_input(v, 0), 0));
    return tg_scale(tg_rank(g) == 0 ? g : tg_reshape(g, TG_SHAPE(tg_size(g), 1)), w);
}

/* <c, w g (softmax(x) sum p - p)>, by x, p and g. */
static void grad_vjp(tg_vjp *v)
{
    const tg_tensor x = tg_input(v, 0), p = tg_input(v, 1), g = weighted(v, tg_input(v, 2)), c = tg_cotangent(v);
    const tg_tensor s = tg_softmax(x, 1), mass = tg_sum(p, 1, true), one = tg_full(x.tape, TG_SCALAR, 1);
    tg_give(v, 0, tg_weigh(tg_mul(mass, g), tg_softmax_grad(s, c, 1)));
    tg_give(v, 1, tg_weigh(g, tg_sub(tg_sum(tg_weigh(c, s), 1, true), c)));
    tg_give(v, 2, tg_sum(tg_weigh(c, probs_grad(x, p, one, reduction_of(tg_vjp_attributes(v)))), 1, false));
}

static const tg_sample grad_samples[] = {
    { .n = 3, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(0, 1), { .shape = { 0 } } }, TG_REDUCED_BY(TG_MEAN) },
    { .n = 3, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(0, 1), { .shape = { 1, { 3 } } } }, TG_REDUCED_BY(TG_NONE) },
};

const tg_op tg_op_cross_entropy_probs_grad = {
    .name = "cross_entropy_probs_grad",
    .arity = 3,
    .order = TG_ORDER_ANY,
    .shape = grad_shape,
    .forward = grad_forward,
    .vjp = grad_vjp,
    TG_SAMPLES(grad_samples),
};

/* The loss -------------------------------------------------------------------------------------------------------- */

static tg_status shape(tg_call *c, tg_shape *out)
{
    const tg_shape x = tg_call_shape(c, 0), p = tg_call_shape(c, 1);
    if (x.rank != 2 || !tg_shape_equal(&x, &p))
        return tg_call_fail(c, TG_ERR_SHAPE, "logits and probs must both be [n, classes]");
    return tg_shape_loss(c, reduction_of(tg_call_attributes(c)), &TG_SHAPE(x.dims[0]), out);
}

static tg_status forward(tg_call *c)
{
    tg_loop l = loop_of(c);
    return tg_forward_loss(c, TG_INDEX_cross_entropy_probs, &l, 0, reduction_of(tg_call_attributes(c)));
}

static void vjp(tg_vjp *v)
{
    const tg_tensor x = tg_input(v, 0), g = tg_cotangent(v);
    tg_give(v, 0, probs_grad(x, tg_input(v, 1), g, reduction_of(tg_vjp_attributes(v))));
    tg_give(v, 1, tg_neg(tg_weigh(weighted(v, g), tg_log_softmax(x, 1))));
}

static const tg_sample samples[] = {
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(0, 1) }, TG_REDUCED_BY(TG_MEAN) },
    { .n = 2, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(0, 1) }, TG_REDUCED_BY(TG_NONE) },
};

const tg_op tg_op_cross_entropy_probs = {
    .name = "cross_entropy_probs",
    .arity = 2,
    .order = TG_ORDER_ANY,
    .shape = shape,
    .forward = forward,
    .vjp = vjp,
    TG_SAMPLES(samples),
};

tg_tensor tg_cross_entropy_probs(tg_tensor logits, tg_tensor probs, tg_reduction reduction)
{
    return tg_apply2_with(&tg_op_cross_entropy_probs, logits, probs, &reduction, sizeof reduction);
}

#endif
