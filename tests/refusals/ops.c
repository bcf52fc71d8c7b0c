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
    }
REDUCING(tg_sum)
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
    TAPE(TG_ERR_SHAPE, tg_matmul(v, tall));
    TAPE(TG_ERR_SHAPE, tg_matmul(m, v));
    TAPE(TG_ERR_SHAPE, tg_matmul(long_wide, tg_reshape(long_wide, TG_SHAPE(1, -1))));
    TAPE(TG_ERR_SHAPE, tg_matmul(tg_full(t, TG_SHAPE(2, 2, 3), 1), tg_full(t, TG_SHAPE(3, 3, 2), 1)));
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
