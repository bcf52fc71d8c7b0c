/* max.c - y = the largest or the smallest x over axes;  dy/dx = 1/n at each of the n elements that are y, else 0 */
#include "ops/reduce.h"

#ifdef TG_VECTOR_PASS

/* A NaN is larger than everything, and smaller than everything. */
VLINE_INLINE vec larger(vec a, vec b)
{
    return v_select((a > b) | (a != a), a, b);
}

VLINE_INLINE vec smaller(vec a, vec b)
{
    return v_select((a < b) | (a != a), a, b);
}

VLINE_INLINE void max_into(const vline *s)
{
    vline_put(s, vline_fold(s, vline_in(s, 0), -(real)INFINITY, larger));
}

VLINE_INLINE void min_into(const vline *s)
{
    vline_put(s, vline_fold(s, vline_in(s, 0), (real)INFINITY, smaller));
}

ROWS(max)
{
    each_vline(l, max_into);
}

ROWS(min)
{
    each_vline(l, min_into);
}

/* g where x is the extreme y, else 0. A NaN is the extreme. */
MAP3(extreme_grad, x, y, g, v_select((x == y) | (x != x), g, v_set(0)))

#else

static const tg_sample grad_samples[] = {
    { .n = 3,
      .inputs = { { .shape = { 2, { 3, 4 } }, .kind = TG_SAMPLE_MASK },
                  { .shape = { 2, { 3, 1 } }, .kind = TG_SAMPLE_MASK },
                  { .shape = { 2, { 3, 1 } } } } },
};

/* g where x is the extreme y, else 0: linear in g, constant in x and y. */
static tg_tensor extreme_grad(tg_tensor x, tg_tensor y, tg_tensor g)
{
    return tg_apply3(&tg_op_extreme_grad, x, y, g);
}

static void grad_vjp(tg_vjp *v)
{
    tg_give(v, 2, extreme_grad(tg_input(v, 0), tg_input(v, 1), tg_cotangent(v)));
}

const tg_op tg_op_extreme_grad = { TG_ELEMENTWISE(extreme_grad, 3, 0), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    const tg_tensor x = tg_input(v, 0), y = tg_unreduced(v, tg_output(v));
    const tg_tensor one = tg_full(x.tape, TG_SCALAR, 1);
    const tg_tensor ties = tg_sum_to(extreme_grad(x, y, one), tg_shape_of(y));
    tg_give(v, 0, extreme_grad(x, y, tg_div(tg_unreduced(v, tg_cotangent(v)), ties)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, TG_OVER(2, 0, { 2, { 2, 4 } }) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, TG_OVER(3, 0, { 0 }) },
};

const tg_op tg_op_max = { TG_REDUCTION(max, .loop = TG_INDEX_max), .order = TG_ORDER_ANY, .vjp = vjp,
                          TG_SAMPLES(samples) };
const tg_op tg_op_min = { TG_REDUCTION(min, .loop = TG_INDEX_min), .order = TG_ORDER_ANY, .vjp = vjp,
                          TG_SAMPLES(samples) };

tg_tensor tg_max(tg_tensor x, int axis, bool keepdim)
{
    return tg_reduce(&tg_op_max, x, axis, keepdim, 0, true);
}

tg_tensor tg_min(tg_tensor x, int axis, bool keepdim)
{
    return tg_reduce(&tg_op_min, x, axis, keepdim, 0, true);
}

#endif
