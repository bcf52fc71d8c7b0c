/* sum.c - y = the sum of x over axes, or that divided by their number;  dy/dx = 1, or 1/n. The reverse of
   broadcasting (sum_to) is the same operation. */
#include "ops/reduce.h"

#ifdef TG_VECTOR_PASS

/* The sum of steps i, i + 1, i + 2, i + 3. */
VLINE_INLINE vec sum_of_four(const vline *s, const real *x, int64_t i)
{
    return (vline_load(s, x, i, 0) + vline_load(s, x, i + 1, 0)) +
           (vline_load(s, x, i + 2, 0) + vline_load(s, x, i + 3, 0));
}

/* Adds steps i .. end - 1 to the total. */
VLINE_INLINE void sum_steps(const vline *s, const real *x, int64_t i, int64_t end, total *t)
{
    for (; i + 4 <= end; i += 4)
        total_add(t, sum_of_four(s, x, i));
    for (; i < end; i++)
        total_add(t, vline_load(s, x, i, 0));
}

/* The sum of terms that are scaled by `down`, divided by p[0], times `up`. */
VLINE_INLINE vec scaled_sum(const vline *s, real down, real up)
{
    total t = { .n = 0 };
    for (int64_t i = 0; i < s->steps; i++)
        total_add(&t, vline_load(s, vline_in(s, 0), i, 0) * down);
    return vline_total(s, &t) / (real)s->l->p[0] * up;
}

#define DOWN ((real)0x1p-64) /* there are fewer than 2^64 terms */
#define UP   ((real)0x1p+64)

/* For a sum that left the range of `real` on the way: its terms are summed times a power of two that keeps them in range. */
static __attribute__((noinline)) vec sum_again(const vline *s)
{
    return scaled_sum(s, DOWN, UP);
}

/* p[0] divides the sum. */
VLINE_INLINE void put_sum(const vline *s, const total *t)
{
    const vec y = vline_total(s, t) / (real)s->l->p[0];
    const bool is_finite = s->along ? y[0] - y[0] == 0 : !v_any((y - y) != 0);
    vline_put(s, is_finite ? y : sum_again(s));
}

VLINE_INLINE void sum_into(const vline *s)
{
    total t = { .n = 0 };
    sum_steps(s, vline_in(s, 0), 0, s->steps, &t);
    put_sum(s, &t);
}

static void smaller_sum(const vline *s)
{
    vline_put(s, scaled_sum(s, DOWN, 1));
}

static void larger_sum(const vline *s)
{
    vline_put(s, scaled_sum(s, 1, UP));
}

/* Adjacent lines: up to SIDE_BY_SIDE vlines together, FEW rows at a time, so that memory is read nearly in order. Returns the
   number of lines that were summed. */
enum { SIDE_BY_SIDE = 32, FEW = 8 };
VLINE_INLINE int64_t sum_side_by_side(const tg_loop *l)
{
    int64_t line = 0;
    for (int64_t width; l->row[0] > 1 && (width = (l->cols - line) / VL) > 0; line += width * VL) {
        total t[SIDE_BY_SIDE];
        width = width < SIDE_BY_SIDE ? width : SIDE_BY_SIDE;
        memset(t, 0, (size_t)width * sizeof *t);
        const vline first = { l->rows, l->row[0], VL, VL, false, line, l };
        for (int64_t i = 0; i < l->rows; i += FEW)
            for (int64_t w = 0; w < width; w++)
                sum_steps(&first, vline_in(&first, 0) + w * VL, i, l->rows - i < FEW ? l->rows : i + FEW, &t[w]);
        for (int64_t w = 0; w < width; w++) {
            vline s = first;
            s.line += w * VL;
            put_sum(&s, &t[w]);
        }
    }
    return line;
}

/* p[1] is 0; TG_SMALLER: scale the terms down and leave the result scaled; TG_LARGER: the terms are such results, scale up. */
ROWS(sum)
{
    if (l->p[1] == 0)
        each_vline_from(l, sum_side_by_side(l), sum_into);
    else
        each_vline(l, l->p[1] == TG_SMALLER ? smaller_sum : larger_sum);
}

#else

#include "core/error.h"
#include "core/lookup.h"
#include "core/push.h"
#include "kernels/kernels.h"

static tg_tensor spread(const tg_vjp *v, tg_tensor g)
{
    return tg_broadcast_to(tg_unreduced(v, g), tg_shape_of(tg_input(v, 0)));
}

static void sum_vjp(tg_vjp *v)
{
    tg_give(v, 0, spread(v, tg_cotangent(v)));
}

static double count(double n, double number)
{
    (void)number;
    return n;
}

static void mean_vjp(tg_vjp *v)
{
    tg_give(v, 0, spread(v, tg_scale(tg_cotangent(v), 1 / tg_reduced_count(v))));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, TG_OVER(2, 0, { 2, { 2, 4 } }) },
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, TG_OVER(5, 0, { 3, { 1, 3, 1 } }) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, TG_OVER(3, 0, { 0 }) },
};

const tg_op tg_op_sum = { TG_REDUCTION(sum, .loop = TG_INDEX_sum), .order = TG_ORDER_ANY, .vjp = sum_vjp,
                          TG_SAMPLES(samples) };
const tg_op tg_op_mean = { TG_REDUCTION(mean, .loop = TG_INDEX_sum, .divisor = count), .order = TG_ORDER_ANY,
                           .vjp = mean_vjp, TG_SAMPLES(samples) };

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
        return tg_invalid(x.tape);
    if (!tg_tape_check_shape(x.tape, &shape, "sum_to"))
        return tg_invalid(x.tape);
    const tg_shape *s = &n->extent->shape;
    tg_reduced r = { .result = shape };
    const int more = s->rank - shape.rank;
    bool fits = more >= 0;
    for (int d = 0; fits && d < s->rank; d++) {
        int64_t wanted = d < more ? 1 : shape.dims[d - more];
        fits = wanted == s->dims[d] || wanted == 1;
        if (d < more || wanted != s->dims[d])
            r.axes |= 1u << d;
    }
    if (fits && tg_shape_size(&shape) == n->extent->size) /* nothing to add up */
        return tg_reshape(x, shape);
    if (fits)
        return tg_apply1_with(&tg_op_sum, x, &r, sizeof r);
    char to[192];
    tg_tensor_fail(x, TG_ERR_SHAPE, "sum_to", "%s does not broadcast to its shape",
                   tg_shape_text(&shape, to, sizeof to));
    return tg_invalid(x.tape);
}

#endif
