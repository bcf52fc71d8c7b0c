/* pow.c - y = a^b;  dy/da = b a^(b - 1), 0 where b = 0;  dy/db = y ln a, 0 where a = 0 and b >= 0 */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

static inline vec times_power(vec y, vec x, vec k)
{
    for (real i = 0; i < k[0]; i++)
        y = y * x;
    return y;
}

MAP2(pow, a, b, v_pow(a, b))
MAP3(pow_by_base, a, b, g, v_select(b == 0, v_set(0), v_pow(a, b - 1) * b * g))
MAP3(pow_by_exponent, a, b, g, v_select((a == 0) & (b >= 0), v_set(0), times_power(v_pow(a, b), v_log(a), p0) * g))

#else

/* g b a^(b - 1) */
static tg_tensor by_base(tg_tensor a, tg_tensor b, tg_tensor g)
{
    return tg_apply3(&tg_op_pow_by_base, a, b, g);
}

/* g a^b (ln a)^k, the k-th derivative in b */
static tg_tensor by_exponent(tg_tensor a, tg_tensor b, tg_tensor g, double k)
{
    return tg_apply(&tg_op_pow_by_exponent, (tg_tensor[]){ a, b, g }, 3, &k, sizeof k);
}

/* b y, and 0 where b = 0 whatever y is */
static tg_tensor times_b(tg_tensor b, tg_tensor y)
{
    return tg_where(b, tg_mul(b, y), tg_full(b.tape, TG_SCALAR, 0));
}

/* The derivative of by_exponent in a: g b a^(b - 1) (ln a)^k + g k a^(b - 1) (ln a)^(k - 1) */
static tg_tensor by_both(tg_tensor a, tg_tensor b, tg_tensor g, double k)
{
    tg_tensor less = tg_shift(b, -1);
    tg_tensor rest = k > 1 ? by_exponent(a, less, g, k - 1) : tg_mul(g, tg_pow(a, less));
    return tg_add(times_b(b, by_exponent(a, less, g, k)), tg_scale(rest, k));
}

static void by_base_vjp(tg_vjp *v)
{
    tg_tensor a = tg_input(v, 0), b = tg_input(v, 1), c = tg_cotangent(v), w = tg_mul(tg_input(v, 2), c);
    tg_give(v, 0, times_b(b, by_base(a, tg_shift(b, -1), w)));
    tg_give(v, 1, by_both(a, b, w, 1));
    tg_give(v, 2, by_base(a, b, c));
}

static void by_exponent_vjp(tg_vjp *v)
{
    const double k = tg_number(v);
    tg_tensor a = tg_input(v, 0), b = tg_input(v, 1), c = tg_cotangent(v), w = tg_mul(tg_input(v, 2), c);
    tg_give(v, 0, by_both(a, b, w, k));
    tg_give(v, 1, by_exponent(a, b, w, k + 1));
    tg_give(v, 2, by_exponent(a, b, c, k));
}

static const tg_sample by_base_samples[] = {
    { .n = 3, .inputs = { TG_MATRIX(0.5, 2), TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) } },
};
static const tg_sample by_exponent_samples[] = {
    { .n = 3, .inputs = { TG_MATRIX(0.5, 2), TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) }, TG_NUMBERS(1) },
    { .n = 3, .inputs = { TG_MATRIX(0.5, 2), TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) }, TG_NUMBERS(2) },
};

const tg_op tg_op_pow_by_base = {
    TG_ELEMENTWISE(pow_by_base, 3, 0),
    .vjp = by_base_vjp,
    TG_SAMPLES(by_base_samples),
};
const tg_op tg_op_pow_by_exponent = {
    TG_ELEMENTWISE(pow_by_exponent, 3, 1),
    .vjp = by_exponent_vjp,
    TG_SAMPLES(by_exponent_samples),
};

static void vjp(tg_vjp *v)
{
    tg_tensor a = tg_input(v, 0), b = tg_input(v, 1), g = tg_cotangent(v);
    tg_give(v, 0, by_base(a, b, g));
    tg_give(v, 1, by_exponent(a, b, g, 1));
}

static const tg_sample samples[] = { TG_BROADCAST_SAMPLES(0.5, 2, -2, 2) };

const tg_op tg_op_pow = { TG_ELEMENTWISE(pow, 2, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_pow(tg_tensor a, tg_tensor b)
{
    return tg_apply2(&tg_op_pow, a, b);
}

#endif
