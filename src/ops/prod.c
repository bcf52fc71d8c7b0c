/* prod.c - y = the product of x over axes;  dy/dx_i = the product of the others, which is right where zeros are, too */
#include "ops/reduce.h"

#ifdef TG_VECTOR_PASS

VLINE_INLINE vec times(vec a, vec b)
{
    return a * b;
}

VLINE_INLINE void prod_into(const vline *s)
{
    vline_put(s, vline_fold(s, vline_in(s, 0), 1, times));
}

ROWS(prod)
{
    each_vline(l, prod_into);
}

#else

static tg_tensor half(tg_tensor x, int64_t n, bool second)
{
    return tg_slice(x, 1, second ? n / 2 : 0, second ? n : n / 2);
}

/* For each element of x, [outer, n, inner] with n a power of two, the product of the others along axis 1: that of the pairs
   (i, i + n/2) without its own, times the element that it is paired with. */
static tg_tensor products_of_others(tg_tensor x, int64_t n)
{
    tg_tensor pairs[64], others = tg_full(x.tape, TG_SCALAR, 1);
    int depth = 0;
    for (; n > 1; n /= 2, depth++) {
        pairs[depth] = x;
        x = tg_mul(half(x, n, false), half(x, n, true));
    }
    for (n = 2; depth > 0; n *= 2) {
        x = pairs[--depth];
        const tg_tensor swapped = tg_concat((tg_tensor[]){ half(x, n, true), half(x, n, false) }, 2, 1);
        others = tg_mul(n == 2 ? others : tg_concat((tg_tensor[]){ others, others }, 2, 1), swapped);
    }
    return others;
}

static void vjp(tg_vjp *v)
{
    const tg_tensor x = tg_input(v, 0), lines = tg_grouped(v, x);
    const int64_t k = (int64_t)tg_reduced_count(v);
    int64_t n = 1;
    while (n < k)
        n *= 2;
    tg_tensor others = products_of_others(tg_pad(lines, 1, 0, n - k, 1), n);
    if (n > 1)
        others = tg_slice(others, 1, 0, k);
    const tg_tensor g = tg_mul(tg_grouped_result(v, tg_cotangent(v)), others);
    if (k > 0)
        tg_give(v, 0, tg_reshape(g, tg_shape_of(x)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, TG_OVER(2, 0, { 2, { 2, 4 } }) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } }, .kind = TG_SAMPLE_REAL } }, TG_OVER(3, 0, { 0 }) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 1 } } } }, TG_OVER(2, 0, { 2, { 3, 1 } }) },
};

const tg_op tg_op_prod = { TG_REDUCTION(prod, .loop = TG_INDEX_prod, .one_group = true), .order = TG_ORDER_ANY,
                           .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_prod(tg_tensor x, int axis, bool keepdim)
{
    return tg_reduce(&tg_op_prod, x, axis, keepdim, 0, false);
}

#endif
