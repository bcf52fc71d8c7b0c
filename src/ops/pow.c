/* pow.c - y = a^b;  its derivative, m times by a and n times by b, is the n-th derivative by b of
   b (b - 1) ... (b - m + 1) a^(b - m); 0 where a = 0 and b - m >= 0 and n > 0 */
#include "ops/elementwise.h"

enum { MOST_BY_B = 16 };

#ifdef TG_VECTOR_PASS

/* The Taylor coefficients in b of b (b - 1) ... (b - m + 1), from the 0th to the n-th. A factor of 0 makes the product 0. */
INLINE void falling(vec b, int m, int n, vec *c)
{
    for (int i = 0; i <= n; i++)
        c[i] = v_set(i == 0 ? 1 : 0);
    for (int k = 0; k < m; k++)
        for (int i = n; i >= 0; i--)
            c[i] = v_select(c[i] == 0, c[i], c[i] * (b - (real)k)) + (i ? c[i - 1] : v_set(0));
}

/* The sum over i of n! / (n - i)! c_i l^(n - i), with l = ln a, is the factor of a^(b - m). A term whose coefficient is
   0 is left out; where l or b is infinite, the first term is larger than all others. */
INLINE vec by_logarithms(vec l, const vec *c, int n, mask one_term)
{
    vec sum = v_set(0);
    real factor = 1;
    for (int i = 0; i <= n; factor *= (real)(n - i), i++) {
        vec term = c[i] * factor;
        for (int k = 0; k < n - i; k++)
            term *= l;
        sum = v_select((c[i] == 0) | (one_term & (sum != 0)), sum, sum + term);
    }
    return sum;
}

INLINE real factorial(int n)
{
    real y = 1;
    for (int i = 2; i <= n; i++)
        y *= (real)i;
    return y;
}

/* p[0] is m, p[1] is n. */
INLINE vec slope(vec a, vec b, vec g, vec p0, vec p1)
{
    const int m = (int)p0[0], n = (int)p1[0];
    const vec infinity = v_set((real)INFINITY), power = v_pow(a, b - p0);
    vec c[MOST_BY_B + 1], factor;
    falling(b, m, n, c);
    if (n == 0) {
        factor = c[0];
    } else {
        const vec l = v_log(a);
        factor = by_logarithms(l, c, n, (v_abs(l) == infinity) | (v_abs(b) == infinity));
        factor = v_select((a == 0) & (b == p0), c[n] * factorial(n), factor);
    }
    return v_select(factor == 0, factor, v_select(power == 0, power, power * factor) * g);
}

MAP2(pow, a, b, v_pow(a, b))
MAP3(pow_grad, a, b, g, slope(a, b, g, p0, p1))

#else

#include "core/error.h"

/* The number of derivatives by a and by b. */
typedef struct orders {
    double m, n;
} orders;

static tg_tensor pow_grad(tg_tensor a, tg_tensor b, tg_tensor g, double m, double n)
{
    if (n <= MOST_BY_B)
        return tg_apply(&tg_op_pow_grad, (tg_tensor[]){ a, b, g }, 3, &(orders){ m, n }, sizeof(orders));
    tg_tape_raise(a.tape, TG_ERR_NOT_DIFFERENTIABLE, "pow: at most %d derivatives by the exponent can be taken",
                  MOST_BY_B);
    return tg_invalid(a.tape);
}

static void grad_vjp(tg_vjp *v)
{
    const orders *o = tg_vjp_attributes(v);
    tg_tensor a = tg_input(v, 0), b = tg_input(v, 1), c = tg_cotangent(v), w = tg_mul(tg_input(v, 2), c);
    tg_give(v, 0, pow_grad(a, b, w, o->m + 1, o->n));
    if (tg_wants(v, 1))
        tg_give(v, 1, pow_grad(a, b, w, o->m, o->n + 1));
    tg_give(v, 2, pow_grad(a, b, c, o->m, o->n));
}

#define GRAD_SAMPLE(by_a, by_b)                                                                                      \
    {                                                                                                                \
        .n = 3, .inputs = { TG_MATRIX(0.5, 2), TG_MATRIX(-2, 2), TG_MATRIX(-2, 2) }, TG_NUMBERS(by_a, by_b)          \
    }
static const tg_sample grad_samples[] = { GRAD_SAMPLE(1, 0), GRAD_SAMPLE(0, 1), GRAD_SAMPLE(0, 2),
                                          GRAD_SAMPLE(2, 3) };

const tg_op tg_op_pow_grad = { TG_ELEMENTWISE(pow_grad, 3, 2), .vjp = grad_vjp, TG_SAMPLES(grad_samples) };

static void vjp(tg_vjp *v)
{
    tg_tensor a = tg_input(v, 0), b = tg_input(v, 1), g = tg_cotangent(v);
    tg_give(v, 0, pow_grad(a, b, g, 1, 0));
    tg_give(v, 1, pow_grad(a, b, g, 0, 1));
}

static const tg_sample samples[] = { TG_BROADCAST_SAMPLES(0.5, 2, -2, 2) };

const tg_op tg_op_pow = { TG_ELEMENTWISE(pow, 2, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_pow(tg_tensor a, tg_tensor b)
{
    return tg_apply2(&tg_op_pow, a, b);
}

#endif
