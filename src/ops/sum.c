/* sum.c - y = the sum of x over axes, or that divided by their number;  dy/dx = 1, or 1/n. Broadcasting backwards
   (sum_to) is the same operation. */
#include "ops/reduce.h"

#ifdef TG_VECTOR_PASS

STRIP_INLINE vec sum_strip(const strip *s)
{
    const real *x = strip_in(s, 0);
    total t = { .n = 0 };
    int64_t i = 0;
    for (; i + 4 <= s->steps; i += 4)
        total_add(&t, (strip_load(s, x, i, 0) + strip_load(s, x, i + 1, 0)) +
                          (strip_load(s, x, i + 2, 0) + strip_load(s, x, i + 3, 0)));
    for (; i < s->steps; i++)
        total_add(&t, strip_load(s, x, i, 0));
    return strip_total(s, &t);
}

STRIP_INLINE void sum_into(const strip *s)
{
    strip_put(s, sum_strip(s));
}

STRIP_INLINE void mean_into(const strip *s)
{
    strip_put(s, sum_strip(s) / (real)s->l->p[0]);
}

ROWS(sum)
{
    each_strip(l, sum_into);
}

ROWS(mean)
{
    each_strip(l, mean_into);
}

#else

#include "core/tape.h"

static tg_tensor spread(const tg_vjp *v, tg_tensor g)
{
    return tg_broadcast_to(tg_unreduced(v, g), tg_shape_of(tg_input(v, 0)));
}

static void sum_vjp(tg_vjp *v)
{
    tg_give(v, 0, spread(v, tg_cotangent(v)));
}

static void mean_vjp(tg_vjp *v)
{
    tg_give(v, 0, spread(v, tg_scale(tg_cotangent(v), 1 / tg_reduced_count(v))));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, TG_OVER(2, { 2, { 2, 4 } }) },
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, TG_OVER(5, { 3, { 1, 3, 1 } }) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, TG_OVER(3, { 0 }) },
};

const tg_op tg_op_sum = { TG_REDUCTION(sum, sum), .vjp = sum_vjp, TG_SAMPLES(samples) };
const tg_op tg_op_mean = { TG_REDUCTION(mean, sum), .vjp = mean_vjp, TG_SAMPLES(samples) };

tg_tensor tg_sum(tg_tensor x, int axis, bool keepdim)
{
    return tg_reduce(&tg_op_sum, x, axis, keepdim, 0, false);
}

tg_tensor tg_mean(tg_tensor x, int axis, bool keepdim)
{
    return tg_reduce(&tg_op_mean, x, axis, keepdim, 0, false);
}

tg_tensor tg_sum_to(tg_tensor x, tg_shape shape)
{
    const tg_node *n = tg_node_of(x, "sum_to");
    if (!n)
        return tg_bad(x.tape);
    const tg_shape *s = &n->extent->shape;
    tg_reduction_of r = { .result = shape };
    const int more = s->rank - shape.rank;
    bool fits = more >= 0 && tg_shape_size(&shape) >= 0;
    for (int d = 0; fits && d < s->rank; d++) {
        int64_t wanted = d < more ? 1 : shape.dims[d - more];
        fits = wanted == s->dims[d] || wanted == 1;
        if (d < more || wanted != s->dims[d])
            r.axes |= 1u << d;
    }
    if (fits)
        return tg_apply(&tg_op_sum, &x, 1, &r, sizeof r);
    char from[192], to[192];
    tg_tape_raise(x.tape, TG_ERR_SHAPE, "sum_to: %s does not broadcast to %s", tg_shape_text(&shape, to, sizeof to),
                  tg_shape_text(s, from, sizeof from));
    return tg_bad(x.tape);
}

#endif
