/* norm.c - y = (sum of x^2)^(1/2) over axes;  dy/dx = x / y, and 0 where y is 0 */
#include "ops/reduce.h"

#ifdef TG_VECTOR_PASS

VLINE_INLINE vec root_of_squares(const vline *s, real scale)
{
    const real *x = vline_in(s, 0);
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++) {
        const vec v = vline_load(s, x, i, 0) * scale;
        total_add(&t, v * v);
    }
    return v_sqrt(vline_total(s, &t)) / scale;
}

/* For lines whose squares overflow, or lose digits by underflow. */
static __attribute__((noinline)) vec root_again(const vline *s, vec y)
{
    const mask large = y > 1;
    return v_select(large, root_of_squares(s, 1 / SCALE), root_of_squares(s, SCALE));
}

VLINE_INLINE void norm_into(const vline *s)
{
    vec y = root_of_squares(s, 1);
    const mask in_range = (y * y < (real)INFINITY) & (y * y > LEAST_SQUARE);
    if (v_any(~in_range))
        y = v_select(in_range, y, root_again(s, y));
    vline_put(s, y);
}

ROWS(norm)
{
    each_vline(l, norm_into);
}

#else

#include "ops/derivatives.h"

static void vjp(tg_vjp *v)
{
    const tg_tensor x = tg_input(v, 0), g = tg_cotangent(v);
    tg_give(v, 0, tg_weigh(tg_unreduced(v, tg_ratio_or_zero(g, tg_output(v))), x));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, TG_OVER(2, 0, { 2, { 2, 4 } }) },
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, TG_OVER(5, 0, { 3, { 1, 3, 1 } }) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, TG_OVER(3, 0, { 0 }) },
};

const tg_op tg_op_norm = { TG_REDUCTION(norm, .loop = TG_INDEX_norm), .order = TG_ORDER_ANY, .vjp = vjp,
                           TG_SAMPLES(samples) };

tg_tensor tg_norm(tg_tensor x, int axis, bool keepdim)
{
    return tg_reduce(&tg_op_norm, x, axis, keepdim, 0, false);
}

#endif
