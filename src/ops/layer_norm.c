/* layer_norm.c - y = gain n + bias, n = (x - mean) rstd, rstd = 1 / sqrt(var + eps) over the last axis;
   dx = rstd (h - mean h - n mean(h n)) with h = g gain, dgain = sum g n, dbias = sum g over the rows */
#include "ops/lines.h"

#ifdef TG_VECTOR_PASS

/* What makes a line standard: n_i = (x_i scale - mean - rest) rstd. The moments are those of the elements times `scale`, a power
   of two, which is 1 except for very large and very small elements. p[0] is eps. */
typedef struct standard {
    const real *x;
    vec scale, mean, rest, rstd; /* rest: the rounding error of mean */
    double spread;               /* var + eps */
} standard;

VLINE_INLINE standard standard_by(const vline *s, real scale)
{
    const real *x = vline_in(s, 0);
    const moments m = vline_moments(s, x, scale);
    const double eps = s->l->p[0] * (double)scale * (double)scale;
    const double spread = (double)m.squares[0] / (double)s->l->rows + eps;
    return (standard){ x, v_set(scale), m.mean, m.rest, v_set((real)(1 / sqrt(spread))), spread };
}

/* For lines whose squares overflow, or lose digits by underflow. */
static __attribute__((noinline)) standard standard_again(const vline *s, bool smaller)
{
    return smaller ? standard_by(s, 1 / SCALE) : standard_by(s, SCALE);
}

VLINE_INLINE standard standard_of(const vline *s)
{
    const standard k = standard_by(s, 1);
    return k.spread < (double)INFINITY && k.spread > LEAST_SQUARE ? k : standard_again(s, !(k.spread < 1));
}

VLINE_INLINE vec normal(const vline *s, const standard *k, int64_t i)
{
    return (v_fma(vline_load(s, k->x, i, 0), k->scale, -k->mean) - k->rest) * k->rstd;
}

VLINE_INLINE void layer_norm_vline(const vline *s)
{
    const real *gain = s->l->in[1], *bias = s->l->in[2];
    const standard k = standard_of(s);
    for (int64_t i = 0; i < s->steps; i++) {
        vec y = normal(s, &k, i);
        if (gain)
            y *= vline_load(s, gain, i, 0);
        if (bias)
            y += vline_load(s, bias, i, 0);
        vline_store(s, vline_out(s), i, y);
    }
}

/* h_i; 0 in unused lanes. */
VLINE_INLINE vec gained(const vline *s, int64_t i)
{
    const real *gain = s->l->in[2];
    const vec g = vline_load(s, vline_in(s, 1), i, 0);
    return gain ? g * vline_load(s, gain, i, 0) : g;
}

VLINE_INLINE void layer_norm_grad_vline(const vline *s)
{
    const double n = (double)s->l->rows;
    const standard k = standard_of(s);
    total h = { .n = 0 }, hn = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++) {
        total_add(&h, gained(s, i));
        total_add(&hn, gained(s, i) * normal(s, &k, i));
    }
    const vec rstd = k.rstd * k.scale; /* of the unscaled elements */
    const vec mean_h = v_set((real)(total_of(&h) / n)), mean_hn = v_set((real)(total_of(&hn) / n));
    for (int64_t i = 0; i < s->steps; i++)
        vline_store(s, vline_out(s), i, rstd * (gained(s, i) - mean_h - normal(s, &k, i) * mean_hn));
}

ROWS(layer_norm)
{
    each_vline(l, layer_norm_vline);
}

ROWS(layer_norm_grad)
{
    each_vline(l, layer_norm_grad_vline);
}

#else

#include "core/call.h"
#include "kernels/kernels.h"

/* Runs the operation's loop over the rows. The first `rows` inputs are read row by row, the others are one row for all. */
static tg_status run(tg_call *c, int rows)
{
    const tg_map *map = c->node->op->data;
    tg_lines l = tg_lines_along(&c->node->extent->shape, -1);
    l.run = c->tape->kernels->loop[map->loop];
    l.element = c->tape->element;
    l.inputs = rows;
    for (int i = 0; i < tg_call_count(c); i++)
        l.loop.in[i] = tg_call_input(c, i);
    l.loop.out = c->out;
    l.loop.p[0] = *(const double *)tg_call_attributes(c);
    tg_lines_run(&l);
    return TG_OK;
}

/* The derivative by x --------------------------------------------------------------------------------------------- */

static tg_tensor norm_grad(tg_tensor x, tg_tensor g, tg_tensor gain, double eps)
{
    return tg_apply(&tg_op_layer_norm_grad, (tg_tensor[]){ x, g, gain }, 3, &eps, sizeof eps);
}

static tg_status grad_shape(tg_call *c, tg_shape *out)
{
    *out = tg_call_shape(c, 0);
    return TG_OK;
}

static tg_status grad_forward(tg_call *c)
{
    return run(c, 2);
}

static tg_tensor mean_of(tg_tensor a, tg_tensor b)
{
    return tg_mean(tg_mul(a, b), -1, true);
}

/* D(h) = rstd (h - mean h - n mean(h n)) is linear and symmetric in h. The gradient of <c, D(h)> by h is D(c), by x
   -rstd (n mean(c D(h)) + D(c) mean(h n) + D(h) mean(c n)). */
static void grad_vjp(tg_vjp *v)
{
    const double eps = tg_number(v);
    const tg_tensor none = { 0 };
    const tg_tensor x = tg_input(v, 0), g = tg_input(v, 1), gain = tg_input(v, 2), c = tg_cotangent(v);
    const tg_tensor dh = tg_output(v), dc = norm_grad(x, c, none, eps), n = tg_layer_norm(x, none, none, eps);
    const tg_tensor h = gain.tape ? tg_mul(g, gain) : g;
    const tg_tensor rstd = tg_pow_scalar(tg_shift(tg_var(x, -1, 0, true), eps), -0.5);
    const tg_tensor along = tg_add(tg_mul(dc, mean_of(h, n)), tg_mul(dh, mean_of(c, n)));
    tg_give(v, 0, tg_neg(tg_mul(rstd, tg_add(tg_mul(n, mean_of(c, dh)), along))));
    tg_give(v, 1, gain.tape ? tg_mul(dc, gain) : dc);
    if (gain.tape)
        tg_give(v, 2, tg_mul(dc, g));
}

#define EPS(value) TG_NUMBERS(value)
#define ROW(n)                                                                                                       \
    {                                                                                                                \
        .shape = { 1, { n } }                                                                                        \
    }

static const tg_sample grad_samples[] = {
    { .n = 3, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2), ROW(4) }, EPS(1e-2) },
    { .n = 3, .inputs = { TG_MATRIX(-2, 2), TG_MATRIX(-2, 2), { .kind = TG_SAMPLE_ABSENT } }, EPS(1e-2) },
};

const tg_op tg_op_layer_norm_grad = {
    .name = "layer_norm_grad",
    .arity = 3,
    .optional = 1u << 2,
    .order = TG_ORDER_ANY,
    .shape = grad_shape,
    .forward = grad_forward,
    .vjp = grad_vjp,
    TG_SAMPLES(grad_samples),
    .data = TG_MAP(layer_norm_grad, 1),
};

/* The norm -------------------------------------------------------------------------------------------------------- */

static tg_status shape(tg_call *c, tg_shape *out)
{
    static const char *const names[] = { "x", "gain", "bias" };
    const double eps = *(const double *)tg_call_attributes(c);
    *out = tg_call_shape(c, 0);
    if (out->rank == 0)
        return tg_call_fail(c, TG_ERR_SHAPE, "x is a scalar; it must have rank 1 or more");
    const int64_t last = out->dims[out->rank - 1];
    for (int i = 1; i < 3; i++) {
        const tg_shape s = tg_call_shape(c, i);
        if (tg_call_has(c, i) && (s.rank != 1 || s.dims[0] != last))
            return tg_call_fail(c, TG_ERR_SHAPE, "the %s must be [%lld] or absent", names[i], (long long)last);
    }
    if (!(eps >= 0))
        return tg_call_fail(c, TG_ERR_ARGUMENT, "eps is %g; it must be 0 or more", eps);
    return TG_OK;
}

static tg_status forward(tg_call *c)
{
    return run(c, 1);
}

static void vjp(tg_vjp *v)
{
    const double eps = tg_number(v);
    const tg_tensor none = { 0 };
    const tg_tensor x = tg_input(v, 0), g = tg_cotangent(v);
    tg_give(v, 0, norm_grad(x, g, tg_input(v, 1), eps));
    tg_give(v, 1, tg_mul(g, tg_layer_norm(x, none, none, eps)));
    tg_give(v, 2, g);
}

static const tg_sample samples[] = {
    { .n = 3, .inputs = { TG_MATRIX(-2, 2), ROW(4), ROW(4) }, EPS(1e-5) },
    { .n = 3,
      .inputs = { { .shape = { 3, { 2, 2, 3 } } }, { .kind = TG_SAMPLE_ABSENT }, { .kind = TG_SAMPLE_ABSENT } },
      EPS(1e-2) },
};

const tg_op tg_op_layer_norm = {
    .name = "layer_norm",
    .arity = 3,
    .optional = 1u << 1 | 1u << 2,
    .order = TG_ORDER_ANY,
    .shape = shape,
    .forward = forward,
    .vjp = vjp,
    TG_SAMPLES(samples),
    .data = TG_MAP(layer_norm, 1),
};

tg_tensor tg_layer_norm(tg_tensor x, tg_tensor gain, tg_tensor bias, double eps)
{
    return tg_apply(&tg_op_layer_norm, (tg_tensor[]){ x, gain, bias }, 3, &eps, sizeof eps);
}

#endif
