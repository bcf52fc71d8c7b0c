/* ops.c - what the operations of the formula sheet refuse. */
#include "refusals.h"

#define UNARY(f)                                                                                                     \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        unary(f, #f);                                                                                                \
    }
UNARY(tg_neg)
UNARY(tg_exp)
UNARY(tg_log)
UNARY(tg_log1p)
UNARY(tg_sqrt)
UNARY(tg_reciprocal)
UNARY(tg_square)
UNARY(tg_abs)
UNARY(tg_sin)
UNARY(tg_cos)
UNARY(tg_tanh)
UNARY(tg_sigmoid)
UNARY(tg_relu)
UNARY(tg_silu)
UNARY(tg_softplus)
UNARY(tg_erf)
UNARY(tg_gelu)
UNARY(tg_expm1)
UNARY(tg_rsqrt)
UNARY(tg_tan)
UNARY(tg_asin)
UNARY(tg_acos)
UNARY(tg_atan)
UNARY(tg_sinh)
UNARY(tg_cosh)
UNARY(tg_log_sigmoid)
UNARY(tg_softsign)
UNARY(tg_sign)
UNARY(tg_floor)
UNARY(tg_ceil)
UNARY(tg_round)

#define BY_NUMBER(f)                                                                                                 \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        by_number(f, #f);                                                                                            \
    }
BY_NUMBER(tg_leaky_relu)
BY_NUMBER(tg_elu)
BY_NUMBER(tg_pow_scalar)
BY_NUMBER(tg_scale)
BY_NUMBER(tg_shift)

REFUSALS(tg_clamp)
{
    HOLDS(!tg_clamp(null, 0, 1).tape);
    HOLDS(!tg_clamp(null, 1, 0).tape);
    TAPE(TG_ERR_STALE, tg_clamp(stale, 0, 1));
    TAPE(TG_ERR_STALE, tg_clamp(stale, 1, 0));
    TAPE(TG_ERR_ARGUMENT, tg_clamp(v, 1, 0));
    TAPE(TG_ERR_ARGUMENT, tg_clamp(v, (double)NAN, 0));
}

#define BROADCASTING(f)                                                                                              \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        broadcasting(f, #f);                                                                                         \
    }
BROADCASTING(tg_add)
BROADCASTING(tg_sub)
BROADCASTING(tg_mul)
BROADCASTING(tg_div)
BROADCASTING(tg_pow)
BROADCASTING(tg_maximum)
BROADCASTING(tg_minimum)
BROADCASTING(tg_atan2)
BROADCASTING(tg_logaddexp)
BROADCASTING(tg_xlogy)
BROADCASTING(tg_less)
BROADCASTING(tg_less_equal)
BROADCASTING(tg_greater)
BROADCASTING(tg_greater_equal)
BROADCASTING(tg_equal)
BROADCASTING(tg_not_equal)

static tg_tensor where_a_b(tg_tensor a, tg_tensor b)
{
    return tg_where(tg_full(t, TG_SCALAR, 1), a, b);
}
REFUSALS(tg_where)
{
    TAPE(TG_ERR_ARGUMENT, where_a_b(null, v));
    TAPE(TG_ERR_STALE, where_a_b(v, stale));
    TAPE(TG_ERR_TAPE, where_a_b(v, foreign));
    TAPE(TG_ERR_ARGUMENT, tg_where(null, v, v));
    TAPE(TG_ERR_STALE, tg_where(stale, v, v));
    TAPE(TG_ERR_SHAPE, tg_where(two, v, v));
    TAPE(TG_ERR_SHAPE, tg_where(v, v, two));
    HOLDS(!tg_where(null, null, null).tape);
}

#define REDUCING(f)                                                                                                  \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        reducing(f, #f);                                                                                             \
        TAPE(TG_ERR_SHAPE, f(m, TG_AXES(0, 2), false));                                                              \
        TAPE(TG_ERR_SHAPE, f(m, TG_AXES(1, -1), false));                                                             \
        TAPE(TG_ERR_SHAPE, f(m, TG_AXES(-3), false));                                                                \
        TAPE(TG_ERR_SHAPE, f(m, TG_AXES(8), false));                                                                 \
        TAPE(TG_ERR_SHAPE, f(m, TG_AXES(0, 1, 2, 3, 4, 5, 6, 7, 0), false));                                         \
        TAPE(TG_ERR_SHAPE, f(m, tg_axes((int[]){ 0, 0 }, 2), true));                                                 \
        TAPE(TG_ERR_SHAPE, f(m, tg_axes(NULL, 2), true));                                                            \
    }
REDUCING(tg_sum)
REDUCING(tg_prod)
REDUCING(tg_norm)
REDUCING(tg_mean)
REDUCING(tg_logsumexp)

#define CHOOSING(f)                                                                                                  \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        reducing(f, #f);                                                                                             \
        TAPE(TG_ERR_SHAPE, f(tg_full(t, TG_SHAPE(0), 1), TG_ALL, false));                                            \
        TAPE(TG_ERR_SHAPE, f(tg_full(t, TG_SHAPE(2, 0), 1), 1, true));                                               \
    }
CHOOSING(tg_max)
CHOOSING(tg_min)

REFUSALS(tg_var)
{
    HOLDS(!tg_var(null, 0, 1, false).tape);
    TAPE(TG_ERR_STALE, tg_var(stale, 0, 1, false));
    TAPE(TG_ERR_SHAPE, tg_var(m, 2, 1, false));
    TAPE(TG_ERR_SHAPE, tg_var(m, -3, 1, true));
}

REFUSALS(tg_std)
{
    HOLDS(!tg_std(null, 0, 1, false).tape);
    TAPE(TG_ERR_STALE, tg_std(stale, 0, 1, false));
    TAPE(TG_ERR_SHAPE, tg_std(m, 2, 1, false));
    TAPE(TG_ERR_SHAPE, tg_std(m, TG_AXES(0, -2), 1, true));
}

/* What tg_axes refuses is refused by the reduction that gets it. */
REFUSALS(tg_axes)
{
    TAPE(TG_ERR_SHAPE, tg_sum(m, tg_axes(NULL, 1), false));
    TAPE(TG_ERR_SHAPE, tg_sum(m, tg_axes((int[]){ 0 }, 0), false));
    TAPE(TG_ERR_SHAPE, tg_sum(m, tg_axes((int[]){ 0 }, -1), false));
    TAPE(TG_ERR_SHAPE, tg_sum(m, tg_axes((int[]){ INT_MIN, INT_MAX - 1 }, 2), false));
    HOLDS(tg_axes((int[]){ -1, 0 }, 2) == TG_AXES(0, -1));
}

#define ONE_AXIS(f)                                                                                                  \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        HOLDS(!f(null, 0).tape);                                                                                     \
        TAPE(TG_ERR_STALE, f(stale, 0));                                                                             \
        TAPE(TG_ERR_SHAPE, f(m, 2));                                                                                 \
        TAPE(TG_ERR_SHAPE, f(m, -3));                                                                                \
        TAPE(TG_ERR_SHAPE, f(m, TG_AXES(0, 1)));                                                                     \
    }
ONE_AXIS(tg_cumsum)
ONE_AXIS(tg_flip)

REFUSALS(tg_squeeze)
{
    HOLDS(!tg_squeeze(null, 0).tape);
    TAPE(TG_ERR_STALE, tg_squeeze(stale, 0));
    TAPE(TG_ERR_SHAPE, tg_squeeze(m, 2));
    TAPE(TG_ERR_SHAPE, tg_squeeze(m, 1));
}

REFUSALS(tg_unsqueeze)
{
    HOLDS(!tg_unsqueeze(null, 0).tape);
    TAPE(TG_ERR_STALE, tg_unsqueeze(stale, 0));
    TAPE(TG_ERR_SHAPE, tg_unsqueeze(m, 3));
    TAPE(TG_ERR_SHAPE, tg_unsqueeze(m, -4));
    TAPE(TG_ERR_SHAPE, tg_unsqueeze(m, TG_ALL));
    TAPE(TG_ERR_SHAPE, tg_unsqueeze(tg_reshape(s, TG_SHAPE(1, 1, 1, 1, 1, 1, 1, 1)), 0));
}

REFUSALS(tg_stack)
{
    HOLDS(!tg_stack(NULL, 2, 0).tape);
    HOLDS(!tg_stack(&v, 0, 0).tape);
    TAPE(TG_ERR_ARGUMENT, tg_stack((tg_tensor[]){ v, null }, 2, 0));
    TAPE(TG_ERR_STALE, tg_stack((tg_tensor[]){ v, stale }, 2, 0));
    TAPE(TG_ERR_TAPE, tg_stack((tg_tensor[]){ v, foreign }, 2, 0));
    TAPE(TG_ERR_SHAPE, tg_stack((tg_tensor[]){ v, two }, 2, 0));
    TAPE(TG_ERR_SHAPE, tg_stack((tg_tensor[]){ v, v }, 2, 2));
    TAPE(TG_ERR_SHAPE, tg_stack((tg_tensor[]){ v, v }, 2, TG_ALL));
    TAPE(TG_ERR_SHAPE, tg_stack((tg_tensor[]){ tg_full(t, (tg_shape){ 8, { 1, 1, 1, 1, 1, 1, 1, 1 } }, 1) }, 1, 0));
}

REFUSALS(tg_split)
{
    static const int64_t good[] = { 1, 2 }, few[] = { 1, 1 }, negative[] = { -1, 4 },
                         far[] = { INT64_MAX, INT64_MAX };
    tg_tensor out[2];
    HOLDS(tg_split(null, 0, good, 2, out) != TG_OK);
    TAPE(TG_ERR_STALE, tg_split(stale, 0, good, 2, out));
    TAPE(TG_ERR_SHAPE, tg_split(s, 0, good, 2, out));
    TAPE(TG_ERR_SHAPE, tg_split(v, 1, good, 2, out));
    TAPE(TG_ERR_SHAPE, tg_split(v, TG_ALL, good, 2, out));
    TAPE(TG_ERR_SHAPE, tg_split(v, 0, few, 2, out));
    TAPE(TG_ERR_SHAPE, tg_split(v, 0, negative, 2, out));
    TAPE(TG_ERR_SHAPE, tg_split(v, 0, far, 2, out));
    HOLDS(!tg_is_valid(out[0]) && !tg_is_valid(out[1]));
    TAPE(TG_ERR_ARGUMENT, tg_split(v, 0, NULL, 2, out));
    TAPE(TG_ERR_ARGUMENT, tg_split(v, 0, good, 0, out));
    TAPE(TG_ERR_ARGUMENT, tg_split(v, 0, good, 2, NULL));
}

REFUSALS(tg_pad)
{
    HOLDS(!tg_pad(null, 0, 1, 1, 0).tape);
    TAPE(TG_ERR_STALE, tg_pad(stale, 0, 1, 1, 0));
    TAPE(TG_ERR_SHAPE, tg_pad(s, 0, 1, 1, 0));
    TAPE(TG_ERR_SHAPE, tg_pad(v, 1, 1, 1, 0));
    TAPE(TG_ERR_SHAPE, tg_pad(v, TG_ALL, 1, 1, 0));
    TAPE(TG_ERR_ARGUMENT, tg_pad(v, 0, -1, 1, 0));
    TAPE(TG_ERR_ARGUMENT, tg_pad(v, 0, 1, -1, 0));
    TAPE(TG_ERR_SHAPE, tg_pad(v, 0, INT64_MAX, INT64_MAX, 0));
    TAPE(TG_ERR_SHAPE, tg_pad(v, 0, INT64_MAX / 8, INT64_MAX / 8, 0));
}

#define TRIANGLE(f)                                                                                                  \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        HOLDS(!f(null, 0).tape);                                                                                     \
        TAPE(TG_ERR_STALE, f(stale, 0));                                                                             \
        TAPE(TG_ERR_SHAPE, f(v, 0));                                                                                 \
        TAPE(TG_ERR_SHAPE, f(s, 0));                                                                                 \
        HOLDS(tg_is_valid(f(m, INT64_MAX)) && tg_is_valid(f(m, INT64_MIN)));                                         \
    }
TRIANGLE(tg_tril)
TRIANGLE(tg_triu)

REFUSALS(tg_diagonal)
{
    unary(tg_diagonal, "tg_diagonal");
    TAPE(TG_ERR_SHAPE, tg_diagonal(v));
    TAPE(TG_ERR_SHAPE, tg_diagonal(s));
}

REFUSALS(tg_index_select)
{
    static const int32_t good[] = { 1 }, far[] = { 0, 3 }, negative[] = { -1 };
    HOLDS(!tg_index_select(null, 0, good, 1).tape);
    TAPE(TG_ERR_STALE, tg_index_select(stale, 0, good, 1));
    TAPE(TG_ERR_ARGUMENT, tg_index_select(m, 1, NULL, 1));
    TAPE(TG_ERR_ARGUMENT, tg_index_select(m, 1, good, -1));
    TAPE(TG_ERR_RANGE, tg_index_select(m, 1, far, 2));
    TAPE(TG_ERR_RANGE, tg_index_select(m, 1, negative, 1));
    TAPE(TG_ERR_SHAPE, tg_index_select(s, 0, good, 1));
    TAPE(TG_ERR_SHAPE, tg_index_select(m, 2, good, 1));
    TAPE(TG_ERR_SHAPE, tg_index_select(m, TG_ALL, good, 1));
    TAPE(TG_ERR_SHAPE, tg_index_select(m, 1, good, INT64_MAX));
}

REFUSALS(tg_embedding)
{
    static const int32_t good[] = { 1, 0 }, far[] = { 0, 2 };
    HOLDS(!tg_embedding(null, good, TG_SHAPE(2)).tape);
    TAPE(TG_ERR_STALE, tg_embedding(stale, good, TG_SHAPE(2)));
    TAPE(TG_ERR_SHAPE, tg_embedding(v, good, TG_SHAPE(2)));
    TAPE(TG_ERR_SHAPE, tg_embedding(m, good, TG_SHAPE(-1)));
    TAPE(TG_ERR_SHAPE, tg_embedding(m, good, (tg_shape){ .rank = 9 }));
    TAPE(TG_ERR_SHAPE, tg_embedding(m, good, TG_SHAPE(1, 1, 1, 1, 1, 1, 1, 2)));
    TAPE(TG_ERR_ARGUMENT, tg_embedding(m, NULL, TG_SHAPE(2)));
    TAPE(TG_ERR_RANGE, tg_embedding(m, far, TG_SHAPE(2)));
}

REFUSALS(tg_take_along_axis)
{
    static const int32_t good[] = { 1, 0 }, far[] = { 0, 3 }, negative[] = { -1, 0 };
    HOLDS(!tg_take_along_axis(null, 0, good, TG_SHAPE(2)).tape);
    TAPE(TG_ERR_STALE, tg_take_along_axis(stale, 0, good, TG_SHAPE(2)));
    TAPE(TG_ERR_SHAPE, tg_take_along_axis(s, 0, good, TG_SCALAR));
    TAPE(TG_ERR_SHAPE, tg_take_along_axis(v, 1, good, TG_SHAPE(2)));
    TAPE(TG_ERR_SHAPE, tg_take_along_axis(v, TG_ALL, good, TG_SHAPE(3)));
    TAPE(TG_ERR_SHAPE, tg_take_along_axis(v, 0, good, TG_SHAPE(1, 2)));
    TAPE(TG_ERR_SHAPE, tg_take_along_axis(m, 1, good, TG_SHAPE(1, 2)));
    TAPE(TG_ERR_SHAPE, tg_take_along_axis(v, 0, good, TG_SHAPE(-2)));
    TAPE(TG_ERR_SHAPE, tg_take_along_axis(v, 0, good, (tg_shape){ .rank = INT_MAX }));
    TAPE(TG_ERR_ARGUMENT, tg_take_along_axis(v, 0, NULL, TG_SHAPE(2)));
    TAPE(TG_ERR_RANGE, tg_take_along_axis(v, 0, far, TG_SHAPE(2)));
    TAPE(TG_ERR_RANGE, tg_take_along_axis(v, 0, negative, TG_SHAPE(2)));
}

REFUSALS(tg_scatter_add)
{
    static const int32_t good[] = { 1, 0 }, far[] = { 0, 3 }, negative[] = { -1, 0 };
    HOLDS(!tg_scatter_add(null, 0, good, null).tape);
    TAPE(TG_ERR_ARGUMENT, tg_scatter_add(v, 0, good, null));
    TAPE(TG_ERR_STALE, tg_scatter_add(stale, 0, good, two));
    TAPE(TG_ERR_STALE, tg_scatter_add(v, 0, good, stale));
    TAPE(TG_ERR_TAPE, tg_scatter_add(v, 0, good, foreign));
    TAPE(TG_ERR_SHAPE, tg_scatter_add(s, 0, good, s));
    TAPE(TG_ERR_SHAPE, tg_scatter_add(v, 1, good, two));
    TAPE(TG_ERR_SHAPE, tg_scatter_add(m, 0, good, two));
    TAPE(TG_ERR_SHAPE, tg_scatter_add(m, 1, good, tall));
    TAPE(TG_ERR_ARGUMENT, tg_scatter_add(v, 0, NULL, two));
    TAPE(TG_ERR_RANGE, tg_scatter_add(v, 0, far, two));
    TAPE(TG_ERR_RANGE, tg_scatter_add(v, 0, negative, two));
}

#define FILLED(f)                                                                                                    \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        HOLDS(!f(NULL, TG_SHAPE(2)).tape);                                                                           \
        TAPE(TG_ERR_SHAPE, f(t, TG_SHAPE(-1)));                                                                      \
        TAPE(TG_ERR_SHAPE, f(t, (tg_shape){ .rank = 9 }));                                                           \
    }
FILLED(tg_zeros)
FILLED(tg_ones)

REFUSALS(tg_scalar)
{
    HOLDS(!tg_scalar(NULL, 1).tape);
    HOLDS(tg_item(tg_scalar(t, 1.5)) == 1.5);
}

REFUSALS(tg_eye)
{
    HOLDS(!tg_eye(NULL, 2).tape);
    TAPE(TG_ERR_SHAPE, tg_eye(t, -1));
    TAPE(TG_ERR_SHAPE, tg_eye(t, INT64_MAX));
}

REFUSALS(tg_arange)
{
    HOLDS(!tg_arange(NULL, 0, 1, 1).tape);
    TAPE(TG_ERR_ARGUMENT, tg_arange(t, 0, 1, 0));
    TAPE(TG_ERR_ARGUMENT, tg_arange(t, 0, 1, (double)NAN));
    TAPE(TG_ERR_ARGUMENT, tg_arange(t, 0, (double)INFINITY, 1));
    TAPE(TG_ERR_ARGUMENT, tg_arange(t, 0, 1e300, 1));
    HOLDS(tg_size(tg_arange(t, 1, 0, 1)) == 0);
}

REFUSALS(tg_linspace)
{
    HOLDS(!tg_linspace(NULL, 0, 1, 2).tape);
    TAPE(TG_ERR_ARGUMENT, tg_linspace(t, 0, 1, -1));
    TAPE(TG_ERR_ARGUMENT, tg_linspace(t, 0, (double)INFINITY, 2));
    TAPE(TG_ERR_ARGUMENT, tg_linspace(t, (double)NAN, 1, 2));
    TAPE(TG_ERR_SHAPE, tg_linspace(t, 0, 1, INT64_MAX));
}

#define RANDOM(f)                                                                                                    \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        tg_rng rng = tg_rng_seed(1);                                                                                 \
        HOLDS(!f(NULL, TG_SHAPE(2), &rng).tape);                                                                     \
        TAPE(TG_ERR_ARGUMENT, f(t, TG_SHAPE(2), NULL));                                                              \
        TAPE(TG_ERR_SHAPE, f(t, TG_SHAPE(-1), &rng));                                                                \
        HOLDS(rng.position == 0);                                                                                    \
    }
RANDOM(tg_rand)
RANDOM(tg_randn)

REFUSALS(tg_reshape)
{
    HOLDS(!tg_reshape(null, TG_SHAPE(3)).tape);
    TAPE(TG_ERR_STALE, tg_reshape(stale, TG_SHAPE(3)));
    TAPE(TG_ERR_SHAPE, tg_reshape(v, TG_SHAPE(2)));
    TAPE(TG_ERR_SHAPE, tg_reshape(v, TG_SHAPE(-1, -1)));
    TAPE(TG_ERR_SHAPE, tg_reshape(v, TG_SHAPE(-2)));
    TAPE(TG_ERR_SHAPE, tg_reshape(v, (tg_shape){ .rank = 9 }));
    TAPE(TG_ERR_SHAPE, tg_reshape(v, (tg_shape){ .rank = INT_MIN }));
    TAPE(TG_ERR_SHAPE, tg_reshape(v, TG_SHAPE(INT64_MAX, INT64_MAX)));
}

REFUSALS(tg_transpose)
{
    unary(tg_transpose, "tg_transpose");
    TAPE(TG_ERR_SHAPE, tg_transpose(v));
    TAPE(TG_ERR_SHAPE, tg_transpose(s));
}

REFUSALS(tg_permute)
{
    static const int axes[] = { 1, 0 }, far[] = { 0, 2 }, twice[] = { 1, -1 };
    HOLDS(!tg_permute(null, axes).tape);
    TAPE(TG_ERR_STALE, tg_permute(stale, axes));
    TAPE(TG_ERR_ARGUMENT, tg_permute(m, NULL));
    TAPE(TG_ERR_SHAPE, tg_permute(m, far));
    TAPE(TG_ERR_SHAPE, tg_permute(m, twice));
}

REFUSALS(tg_slice)
{
    HOLDS(!tg_slice(null, 0, 0, 1).tape);
    TAPE(TG_ERR_STALE, tg_slice(stale, 0, 0, 1));
    TAPE(TG_ERR_SHAPE, tg_slice(s, 0, 0, 1));
    TAPE(TG_ERR_SHAPE, tg_slice(m, 2, 0, 1));
    TAPE(TG_ERR_SHAPE, tg_slice(m, TG_ALL, 0, 1));
    TAPE(TG_ERR_SHAPE, tg_slice(m, 0, 0, 3));
    TAPE(TG_ERR_SHAPE, tg_slice(m, 0, 2, 1));
    TAPE(TG_ERR_SHAPE, tg_slice(m, 0, INT64_MIN, 1));
    TAPE(TG_ERR_SHAPE, tg_slice(m, 0, 0, INT64_MAX));
}

REFUSALS(tg_concat)
{
    HOLDS(!tg_concat(NULL, 2, 0).tape);
    HOLDS(!tg_concat(&v, 0, 0).tape);
    HOLDS(!tg_concat(&v, -1, 0).tape);
    HOLDS(!tg_concat((tg_tensor[]){ null, null }, 2, 0).tape);
    TAPE(TG_ERR_ARGUMENT, tg_concat((tg_tensor[]){ v, null }, 2, 0));
    TAPE(TG_ERR_STALE, tg_concat((tg_tensor[]){ v, stale }, 2, 0));
    TAPE(TG_ERR_TAPE, tg_concat((tg_tensor[]){ v, foreign }, 2, 0));
    TAPE(TG_ERR_SHAPE, tg_concat((tg_tensor[]){ s, s }, 2, 0));
    TAPE(TG_ERR_SHAPE, tg_concat((tg_tensor[]){ v, v }, 2, 1));
    TAPE(TG_ERR_SHAPE, tg_concat((tg_tensor[]){ v, m }, 2, 0));
    TAPE(TG_ERR_SHAPE, tg_concat((tg_tensor[]){ m, tall }, 2, 0));
    TAPE(TG_ERR_ARGUMENT, tg_concat((tg_tensor[70000]){ v }, 70000, 0));
}

REFUSALS(tg_broadcast_to)
{
    HOLDS(!tg_broadcast_to(null, TG_SHAPE(3)).tape);
    TAPE(TG_ERR_STALE, tg_broadcast_to(stale, TG_SHAPE(3)));
    TAPE(TG_ERR_SHAPE, tg_broadcast_to(v, TG_SHAPE(2)));
    TAPE(TG_ERR_SHAPE, tg_broadcast_to(v, TG_SCALAR));
    TAPE(TG_ERR_SHAPE, tg_broadcast_to(v, (tg_shape){ .rank = -1 }));
    TAPE(TG_ERR_SHAPE, tg_broadcast_to(v, (tg_shape){ .rank = 1 << 30 }));
    TAPE(TG_ERR_SHAPE, tg_broadcast_to(s, TG_SHAPE(-1)));
    TAPE(TG_ERR_SHAPE, tg_broadcast_to(s, TG_SHAPE(INT64_MAX, 4)));
}

REFUSALS(tg_gather_rows)
{
    static const int32_t good[] = { 1 }, far[] = { 0, 2 }, negative[] = { -1 };
    HOLDS(!tg_gather_rows(null, good, 1).tape);
    TAPE(TG_ERR_STALE, tg_gather_rows(stale, good, 1));
    TAPE(TG_ERR_ARGUMENT, tg_gather_rows(m, NULL, 1));
    TAPE(TG_ERR_ARGUMENT, tg_gather_rows(m, good, -1));
    TAPE(TG_ERR_RANGE, tg_gather_rows(m, far, 2));
    TAPE(TG_ERR_RANGE, tg_gather_rows(m, negative, 1));
    TAPE(TG_ERR_SHAPE, tg_gather_rows(s, good, 1));
    TAPE(TG_ERR_SHAPE, tg_gather_rows(m, good, INT64_MAX));
}

REFUSALS(tg_sum_to)
{
    HOLDS(!tg_sum_to(null, TG_SHAPE(3)).tape);
    TAPE(TG_ERR_STALE, tg_sum_to(stale, TG_SHAPE(3)));
    TAPE(TG_ERR_SHAPE, tg_sum_to(m, TG_SHAPE(2)));
    TAPE(TG_ERR_SHAPE, tg_sum_to(v, TG_SHAPE(2, 3)));
    TAPE(TG_ERR_SHAPE, tg_sum_to(v, (tg_shape){ .rank = -1 }));
    TAPE(TG_ERR_SHAPE, tg_sum_to(v, (tg_shape){ .rank = INT_MAX }));
    TAPE(TG_ERR_SHAPE, tg_sum_to(v, TG_SHAPE(-1)));
}

REFUSALS(tg_matmul)
{
    binary(tg_matmul, "tg_matmul");
    TAPE(TG_ERR_SHAPE, tg_matmul(m, m));
    TAPE(TG_ERR_SHAPE, tg_matmul(v, m));
    TAPE(TG_ERR_SHAPE, tg_matmul(m, two));
    TAPE(TG_ERR_SHAPE, tg_matmul(v, two));
    TAPE(TG_ERR_SHAPE, tg_matmul(s, v));
    TAPE(TG_ERR_SHAPE, tg_matmul(v, s));
    HOLDS(tg_rank(tg_matmul(v, tall)) == 1 && tg_rank(tg_matmul(m, v)) == 1 && tg_rank(tg_matmul(v, v)) == 0);
    TAPE(TG_ERR_SHAPE, tg_matmul(long_wide, tg_reshape(long_wide, TG_SHAPE(1, -1))));
    TAPE(TG_ERR_SHAPE, tg_matmul(tg_full(t, TG_SHAPE(2, 2, 3), 1), tg_full(t, TG_SHAPE(3, 3, 2), 1)));
}

REFUSALS(tg_einsum)
{
    HOLDS(!tg_einsum("i->i", NULL, 1).tape);
    HOLDS(!tg_einsum("i->i", &v, 0).tape);
    HOLDS(!tg_einsum("i->i", &null, 1).tape);
    TAPE(TG_ERR_ARGUMENT, tg_einsum(NULL, &v, 1));
    TAPE(TG_ERR_ARGUMENT, tg_einsum("i,i->i", (tg_tensor[]){ v, null }, 2));
    TAPE(TG_ERR_STALE, tg_einsum("i->i", &stale, 1));
    TAPE(TG_ERR_TAPE, tg_einsum("i,i->i", (tg_tensor[]){ v, foreign }, 2));
    TAPE(TG_ERR_ARGUMENT, tg_einsum("ij->i", &v, 1));
    TAPE(TG_ERR_ARGUMENT, tg_einsum("i", &m, 1));
    TAPE(TG_ERR_ARGUMENT, tg_einsum("i->j", &v, 1));
    TAPE(TG_ERR_ARGUMENT, tg_einsum("ij->ii", &m, 1));
    TAPE(TG_ERR_ARGUMENT, tg_einsum("ii->i", &m, 1));
    TAPE(TG_ERR_ARGUMENT, tg_einsum("i,i->", &v, 1));
    TAPE(TG_ERR_ARGUMENT, tg_einsum("i->", (tg_tensor[]){ v, v }, 2));
    TAPE(TG_ERR_ARGUMENT, tg_einsum("i,i->", (tg_tensor[]){ v, two }, 2));
    TAPE(TG_ERR_ARGUMENT, tg_einsum("i-i", &v, 1));
    TAPE(TG_ERR_ARGUMENT, tg_einsum("i->i,", &v, 1));
    TAPE(TG_ERR_ARGUMENT, tg_einsum("...i->i", &v, 1));
    TAPE(TG_ERR_ARGUMENT, tg_einsum("1->1", &v, 1));
    TAPE(TG_ERR_ARGUMENT, tg_einsum("abcdefghi->a", &v, 1));
    TAPE(TG_ERR_ARGUMENT, tg_einsum("", &v, 1));
    TAPE(TG_ERR_ARGUMENT, tg_einsum("a,b,c,d,e,f,g,h,i->", (tg_tensor[]){ v, v, v, v, v, v, v, v, v }, 9));
    HOLDS(tg_size(tg_einsum("ij", &m, 1)) == 6 && tg_rank(tg_einsum(" i j ->", &m, 1)) == 0);
}

REFUSALS(tg_linear)
{
    HOLDS(!tg_linear(null, null, null).tape);
    TAPE(TG_ERR_ARGUMENT, tg_linear(null, tall, null));
    TAPE(TG_ERR_ARGUMENT, tg_linear(m, null, null));
    TAPE(TG_ERR_STALE, tg_linear(stale, tall, null));
    TAPE(TG_ERR_STALE, tg_linear(m, stale, null));
    TAPE(TG_ERR_STALE, tg_linear(m, tall, stale));
    TAPE(TG_ERR_TAPE, tg_linear(m, foreign, null));
    TAPE(TG_ERR_TAPE, tg_linear(m, tall, foreign));
    TAPE(TG_ERR_SHAPE, tg_linear(s, tall, null));
    TAPE(TG_ERR_SHAPE, tg_linear(m, v, null));
    TAPE(TG_ERR_SHAPE, tg_linear(m, m, null));
    TAPE(TG_ERR_SHAPE, tg_linear(m, tall, v));
    TAPE(TG_ERR_SHAPE, tg_linear(m, tall, s));
}

#define ALONG_AXIS(f)                                                                                                \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        HOLDS(!f(null, 0).tape);                                                                                     \
        TAPE(TG_ERR_STALE, f(stale, 0));                                                                             \
        TAPE(TG_ERR_SHAPE, f(m, 2));                                                                                 \
        TAPE(TG_ERR_SHAPE, f(m, -3));                                                                                \
        TAPE(TG_ERR_SHAPE, f(s, 1));                                                                                 \
        TAPE(TG_ERR_SHAPE, f(m, INT_MAX));                                                                           \
    }
ALONG_AXIS(tg_softmax)
ALONG_AXIS(tg_log_softmax)

REFUSALS(tg_cross_entropy)
{
    static const int32_t good[] = { 0, 2 }, far[] = { 0, 3 }, negative[] = { -1, 0 };
    HOLDS(!tg_cross_entropy(null, good, TG_MEAN).tape);
    TAPE(TG_ERR_STALE, tg_cross_entropy(stale, good, TG_MEAN));
    TAPE(TG_ERR_ARGUMENT, tg_cross_entropy(m, NULL, TG_MEAN));
    TAPE(TG_ERR_SHAPE, tg_cross_entropy(v, good, TG_MEAN));
    TAPE(TG_ERR_SHAPE, tg_cross_entropy(tg_full(t, TG_SHAPE(2, 0), 1), good, TG_MEAN));
    TAPE(TG_ERR_RANGE, tg_cross_entropy(m, far, TG_MEAN));
    TAPE(TG_ERR_RANGE, tg_cross_entropy(m, negative, TG_MEAN));
    TAPE(TG_ERR_ARGUMENT, tg_cross_entropy(m, good, (tg_reduction)3));
}

REFUSALS(tg_cross_entropy_probs)
{
    loss(tg_cross_entropy_probs, "tg_cross_entropy_probs");
    TAPE(TG_ERR_SHAPE, tg_cross_entropy_probs(v, v, TG_MEAN));
}

REFUSALS(tg_cross_entropy_with)
{
    static const int32_t good[] = { 0, 2 }, far[] = { 0, 3 }, negative[] = { -1, 0 };
    static const double weights[] = { 1, 2, -1 }, infinite[] = { 1, (double)INFINITY, 1 };
    HOLDS(!tg_cross_entropy_with(null, good, 2, NULL).tape);
    TAPE(TG_ERR_STALE, tg_cross_entropy_with(stale, good, 1, NULL));
    TAPE(TG_ERR_ARGUMENT, tg_cross_entropy_with(m, NULL, 2, NULL));
    TAPE(TG_ERR_SHAPE, tg_cross_entropy_with(m, good, 1, NULL));
    TAPE(TG_ERR_SHAPE, tg_cross_entropy_with(m, good, -1, NULL));
    TAPE(TG_ERR_SHAPE, tg_cross_entropy_with(s, good, 1, NULL));
    TAPE(TG_ERR_RANGE, tg_cross_entropy_with(m, far, 2, NULL));
    TAPE(TG_ERR_RANGE, tg_cross_entropy_with(m, negative, 2, NULL));
    TAPE(TG_ERR_RANGE, tg_cross_entropy_with(tg_full(t, TG_SHAPE(2, 0), 1), good, 2, NULL));
    TAPE(TG_ERR_ARGUMENT,
         tg_cross_entropy_with(m, good, 2, &(tg_cross_entropy_config){ .reduction = (tg_reduction)3 }));
    TAPE(TG_ERR_ARGUMENT, tg_cross_entropy_with(m, good, 2, &(tg_cross_entropy_config){ .label_smoothing = 1.5 }));
    TAPE(TG_ERR_ARGUMENT,
         tg_cross_entropy_with(m, good, 2, &(tg_cross_entropy_config){ .label_smoothing = (double)NAN }));
    TAPE(TG_ERR_ARGUMENT, tg_cross_entropy_with(m, good, 2, &(tg_cross_entropy_config){ .weights = weights }));
    TAPE(TG_ERR_ARGUMENT, tg_cross_entropy_with(m, good, 2, &(tg_cross_entropy_config){ .weights = infinite }));
    HOLDS(tg_is_valid(tg_cross_entropy_with(m, negative, 2, &(tg_cross_entropy_config){ .ignore_index = -1 })));
    HOLDS(tg_item(tg_cross_entropy_with(m, (int32_t[]){ 0, 0 }, 2,
                                        &(tg_cross_entropy_config){ TG_SUM, .ignore_index = TG_IGNORE_CLASS_0 })) ==
          0);
}

REFUSALS(tg_l1_loss)
{
    loss(tg_l1_loss, "tg_l1_loss");
}

static tg_tensor huber_of_1(tg_tensor x, tg_tensor y, tg_reduction reduction)
{
    return tg_huber_loss(x, y, 1, reduction);
}
REFUSALS(tg_huber_loss)
{
    loss(huber_of_1, "tg_huber_loss");
    TAPE(TG_ERR_ARGUMENT, tg_huber_loss(v, v, 0, TG_MEAN));
    TAPE(TG_ERR_ARGUMENT, tg_huber_loss(v, v, (double)NAN, TG_MEAN));
}

static tg_tensor ones(int rank, int64_t a, int64_t b, int64_t c, int64_t d)
{
    return tg_full(t, (tg_shape){ rank, { a, b, c, d } }, 1);
}

static void pooling(tg_tensor (*f)(tg_tensor, int64_t, int64_t, int64_t), const char *name, int rank)
{
    fresh();
    holds(!f(null, 1, 1, 0).tape, name, 0);
    fresh();
    holds(!f(stale, 1, 1, 0).id, name, 1);
    tape_says(TG_ERR_STALE, name, 1);
    static const int64_t bad[][3] = { { 0, 1, 0 }, { -1, 1, 0 }, { 2, -1, 0 }, { 2, 1, -1 }, { 2, 1, 2 } };
    for (int i = 0; i < 5; i++) {
        fresh();
        holds(!f(ones(rank, 1, 1, 3, 3), bad[i][0], bad[i][1], bad[i][2]).id, name, 2 + i);
        tape_says(TG_ERR_ARGUMENT, name, 2 + i);
    }
    fresh();
    holds(!f(ones(rank, 1, 1, 3, 3), 4, 1, 0).id, name, 7);
    tape_says(TG_ERR_SHAPE, name, 7);
    fresh();
    holds(!f(ones(rank, 1, 1, 0, 0), 2, 1, 1).id, name, 8);
    tape_says(TG_ERR_SHAPE, name, 8);
    fresh();
    holds(!f(ones(rank, 1, 1, 3, 3), INT64_MAX, INT64_MAX, 0).id, name, 9);
    tape_says(TG_ERR_SHAPE, name, 9);
    fresh();
    holds(!f(m, 1, 1, 0).id, name, 10);
    tape_says(TG_ERR_SHAPE, name, 10);
}

#define POOLING(f, rank)                                                                                             \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        pooling(f, #f, rank);                                                                                        \
    }
POOLING(tg_max_pool1d, 3)
POOLING(tg_max_pool2d, 4)
POOLING(tg_avg_pool1d, 3)
POOLING(tg_avg_pool2d, 4)

static void convolution(tg_tensor (*f)(tg_tensor, tg_tensor, tg_tensor, const tg_conv_config *), const char *name,
                        int rank)
{
    static const tg_conv_config bad[] = { { .stride = -1 },     { .padding = -1 },       { .dilation = -1 },
                                          { .groups = -1 },     { .stride = INT64_MAX }, { .padding = INT64_MAX },
                                          { .groups = 1 << 21 } };
    fresh();
    holds(!f(null, null, null, NULL).tape, name, 0);
    for (int i = 0; i < 9; i++) {
        fresh();
        const tg_tensor x = ones(rank, 1, 2, 3, 3), w = ones(rank, 2, 2, 2, 2);
        const tg_tensor wrong = ones(rank, 3, 3, 2, 2);
        const struct {
            tg_tensor x, w, bias;
            tg_status status;
        } calls[] = { { stale, w, null, TG_ERR_STALE },  { x, stale, null, TG_ERR_STALE },
                      { x, w, stale, TG_ERR_STALE },     { x, null, null, TG_ERR_ARGUMENT },
                      { x, foreign, null, TG_ERR_TAPE }, { x, w, foreign, TG_ERR_TAPE },
                      { m, w, null, TG_ERR_SHAPE },      { x, wrong, null, TG_ERR_SHAPE },
                      { x, w, v, TG_ERR_SHAPE } };
        holds(!f(calls[i].x, calls[i].w, calls[i].bias, NULL).id, name, 1 + i);
        tape_says(calls[i].status, name, 1 + i);
    }
    for (int i = 0; i < 7; i++) {
        fresh();
        holds(!f(ones(rank, 1, 2, 3, 3), ones(rank, 2, 2, 2, 2), null, &bad[i]).id, name, 20 + i);
        tape_says(TG_ERR_ARGUMENT, name, 20 + i);
    }
    fresh();
    holds(!f(ones(rank, 1, 2, 3, 3), ones(rank, 2, 2, 0, 0), null, NULL).id, name, 30);
    tape_says(TG_ERR_SHAPE, name, 30);
    fresh();
    holds(!f(ones(rank, 1, 3, 3, 3), ones(rank, 3, 2, 2, 2), null, &(tg_conv_config){ .groups = 2 }).id, name, 31);
    tape_says(TG_ERR_SHAPE, name, 31);
}

#define CONVOLUTION(f, rank)                                                                                         \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        convolution(f, #f, rank);                                                                                    \
    }
CONVOLUTION(tg_conv1d, 3)
CONVOLUTION(tg_conv2d, 4)
CONVOLUTION(tg_conv_transpose2d, 4)

REFUSALS(tg_attention)
{
    HOLDS(!tg_attention(null, null, null, null, false).tape);
    TAPE(TG_ERR_ARGUMENT, tg_attention(m, null, m, null, false));
    TAPE(TG_ERR_ARGUMENT, tg_attention(m, m, null, null, false));
    TAPE(TG_ERR_STALE, tg_attention(stale, m, m, null, false));
    TAPE(TG_ERR_STALE, tg_attention(m, m, m, stale, false));
    TAPE(TG_ERR_TAPE, tg_attention(m, foreign, m, null, false));
    TAPE(TG_ERR_SHAPE, tg_attention(v, v, v, null, false));
    TAPE(TG_ERR_SHAPE, tg_attention(m, tall, m, null, false));
    TAPE(TG_ERR_SHAPE, tg_attention(m, m, tall, null, false));
    TAPE(TG_ERR_SHAPE, tg_attention(m, tg_reshape(m, TG_SHAPE(1, 2, 3)), m, null, false));
    TAPE(TG_ERR_SHAPE, tg_attention(m, m, m, m, false));
    TAPE(TG_ERR_SHAPE, tg_attention(m, m, m, two, true));
    HOLDS(tg_is_valid(tg_attention(m, m, m, tg_full(t, TG_SHAPE(2, 2), 0), true)));
}

REFUSALS(tg_rms_norm)
{
    HOLDS(!tg_rms_norm(null, null, 0).tape);
    TAPE(TG_ERR_STALE, tg_rms_norm(stale, v, 0));
    TAPE(TG_ERR_STALE, tg_rms_norm(m, stale, 0));
    TAPE(TG_ERR_TAPE, tg_rms_norm(m, foreign, 0));
    TAPE(TG_ERR_SHAPE, tg_rms_norm(s, null, 0));
    TAPE(TG_ERR_SHAPE, tg_rms_norm(m, two, 0));
    TAPE(TG_ERR_ARGUMENT, tg_rms_norm(m, v, -1));
    TAPE(TG_ERR_ARGUMENT, tg_rms_norm(m, v, (double)NAN));
}

REFUSALS(tg_group_norm)
{
    HOLDS(!tg_group_norm(null, 1, null, null, 0).tape);
    TAPE(TG_ERR_STALE, tg_group_norm(stale, 1, v, v, 0));
    TAPE(TG_ERR_STALE, tg_group_norm(m, 1, stale, null, 0));
    TAPE(TG_ERR_TAPE, tg_group_norm(m, 1, null, foreign, 0));
    TAPE(TG_ERR_SHAPE, tg_group_norm(v, 1, null, null, 0));
    TAPE(TG_ERR_SHAPE, tg_group_norm(m, 2, null, null, 0));
    TAPE(TG_ERR_SHAPE, tg_group_norm(m, 0, null, null, 0));
    TAPE(TG_ERR_SHAPE, tg_group_norm(m, -1, null, null, 0));
    TAPE(TG_ERR_SHAPE, tg_group_norm(m, 1, two, null, 0));
    TAPE(TG_ERR_ARGUMENT, tg_group_norm(m, 1, v, v, -1));
}

REFUSALS(tg_batch_norm)
{
    double mean[3] = { 0 }, var[3] = { 1, 1, 1 };
    HOLDS(!tg_batch_norm(null, null, null, NULL).tape);
    TAPE(TG_ERR_STALE, tg_batch_norm(stale, null, null, NULL));
    TAPE(TG_ERR_STALE, tg_batch_norm(m, stale, null, NULL));
    TAPE(TG_ERR_TAPE, tg_batch_norm(m, null, foreign, NULL));
    TAPE(TG_ERR_SHAPE, tg_batch_norm(v, null, null, NULL));
    TAPE(TG_ERR_SHAPE, tg_batch_norm(m, two, null, NULL));
    TAPE(TG_ERR_SHAPE, tg_batch_norm(tg_slice(m, 0, 0, 1), null, null, NULL));
    TAPE(TG_ERR_ARGUMENT, tg_batch_norm(m, null, null, &(tg_batch_norm_config){ .mean = mean }));
    TAPE(TG_ERR_ARGUMENT, tg_batch_norm(m, null, null, &(tg_batch_norm_config){ .var = var }));
    TAPE(TG_ERR_ARGUMENT, tg_batch_norm(m, null, null, &(tg_batch_norm_config){ mean, var, .momentum = 2 }));
    TAPE(TG_ERR_ARGUMENT, tg_batch_norm(m, null, null, &(tg_batch_norm_config){ mean, var, .eps = -1 }));
    HOLDS(mean[0] == 0 && var[2] == 1);
}

REFUSALS(tg_mse_loss)
{
    loss(tg_mse_loss, "tg_mse_loss");
}

REFUSALS(tg_bce_with_logits)
{
    loss(tg_bce_with_logits, "tg_bce_with_logits");
}

REFUSALS(tg_layer_norm)
{
    HOLDS(!tg_layer_norm(null, null, null, 0).tape);
    TAPE(TG_ERR_ARGUMENT, tg_layer_norm(null, v, v, 0));
    TAPE(TG_ERR_STALE, tg_layer_norm(stale, v, v, 0));
    TAPE(TG_ERR_STALE, tg_layer_norm(m, stale, null, 0));
    TAPE(TG_ERR_STALE, tg_layer_norm(m, null, stale, 0));
    TAPE(TG_ERR_TAPE, tg_layer_norm(m, foreign, null, 0));
    TAPE(TG_ERR_TAPE, tg_layer_norm(m, v, foreign, 0));
    TAPE(TG_ERR_SHAPE, tg_layer_norm(s, null, null, 0));
    TAPE(TG_ERR_SHAPE, tg_layer_norm(m, two, null, 0));
    TAPE(TG_ERR_SHAPE, tg_layer_norm(m, v, m, 0));
    TAPE(TG_ERR_ARGUMENT, tg_layer_norm(m, v, v, -1));
    TAPE(TG_ERR_ARGUMENT, tg_layer_norm(m, v, v, (double)NAN));
}

REFUSALS(tg_dropout)
{
    tg_rng rng = tg_rng_seed(1);
    HOLDS(!tg_dropout(null, 0.5, &rng).tape);
    TAPE(TG_ERR_STALE, tg_dropout(stale, 0.5, &rng));
    TAPE(TG_ERR_ARGUMENT, tg_dropout(v, 0.5, NULL));
    TAPE(TG_ERR_ARGUMENT, tg_dropout(v, 1, &rng));
    TAPE(TG_ERR_ARGUMENT, tg_dropout(v, -0.1, &rng));
    TAPE(TG_ERR_ARGUMENT, tg_dropout(v, (double)NAN, &rng));
    HOLDS(rng.position == 0);
}
