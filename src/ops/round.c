/* round.c - y = the nearest whole number, the even one of two, and the next one below (floor) or above (ceil);  dy/dx = 0 */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

/* Adding and subtracting 2^MANTISSA rounds any smaller number; larger ones are whole. */
static inline vec nearest(vec x)
{
    const vec least_whole = power_of_two(v_whole(MANTISSA)), a = v_abs(x);
    return v_select(a < least_whole, v_copysign((a + least_whole) - least_whole, x), x);
}

static inline vec below(vec x)
{
    const vec y = nearest(x);
    return v_copysign(v_select(y > x, y - 1, y), x);
}

static inline vec above(vec x)
{
    const vec y = nearest(x);
    return v_copysign(v_select(y < x, y + 1, y), x);
}

MAP1(round, x, nearest(x))
MAP1(floor, x, below(x))
MAP1(ceil, x, above(x))

#else

static void vjp(tg_vjp *v)
{
    (void)v; /* an input that is given nothing has the gradient 0 */
}

/* Away from whole numbers and their middles, where the functions jump. */
static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(0.1, 0.4) } },
    { .n = 1, .inputs = { TG_MATRIX(-1.9, -1.6) } },
};

const tg_op tg_op_round = { TG_ELEMENTWISE(round, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };
const tg_op tg_op_floor = { TG_ELEMENTWISE(floor, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };
const tg_op tg_op_ceil = { TG_ELEMENTWISE(ceil, 1, 0), .vjp = vjp, TG_SAMPLES(samples) };

tg_tensor tg_round(tg_tensor x)
{
    return tg_apply1(&tg_op_round, x);
}

tg_tensor tg_floor(tg_tensor x)
{
    return tg_apply1(&tg_op_floor, x);
}

tg_tensor tg_ceil(tg_tensor x)
{
    return tg_apply1(&tg_op_ceil, x);
}

#endif
