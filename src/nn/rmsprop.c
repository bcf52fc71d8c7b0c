/* rmsprop.c - RMSprop, centered or not, with or without momentum; formulas: tapegrad/optim.h. */
#include "nn/optimizer.h"

enum { SQUARE, MOMENTUM, MEAN };

#ifdef TG_VECTOR_PASS

/* One vector at i, of arrays that end at n. */
INLINE void update_at(const tg_update *u, const tg_rmsprop_config *c, int64_t i, int64_t n)
{
    real *square = u->state[SQUARE], *momentum = u->state[MOMENTUM], *mean = u->state[MEAN];
    const vec alpha = v_set((real)c->alpha), share = v_set((real)(1 - c->alpha)), rate = v_set((real)u->lr);
    const vec w = take(u->w, i, n), g = v_fma(v_set((real)u->weight_decay), w, take(u->g, i, n));
    const vec v = v_fma(alpha, take(square, i, n), share * g * g);
    vec variance = v;
    put(square, i, n, v);
    if (mean) {
        const vec m = v_fma(alpha, take(mean, i, n), share * g);
        put(mean, i, n, m);
        variance = v_max(v_fma(-m, m, v), v_set(0)); /* rounding can make it negative */
    }
    vec step = g / (v_sqrt(variance) + v_set((real)c->eps));
    if (momentum) {
        step = v_fma(v_set((real)c->momentum), take(momentum, i, n), step);
        put(momentum, i, n, step);
    }
    put(u->w, i, n, v_fma(-rate, step, w));
}

UPDATE(rmsprop)
{
    const tg_update own = *u;
    const tg_rmsprop_config c = *(const tg_rmsprop_config *)u->config;
    UPDATE_VECTORS(&own, &c, n);
}

#else

static const tg_setting settings[] = {
    TG_NUMBER(tg_rmsprop_config, alpha, .preset = 0.99, .hi = 1),
    TG_NUMBER(tg_rmsprop_config, eps, .preset = 1e-8, .hi = TG_RATE_LIMIT, .is_normal = true),
    TG_NUMBER(tg_rmsprop_config, momentum, .hi = 1),
    TG_NUMBER(tg_rmsprop_config, weight_decay, .hi = TG_RATE_LIMIT),
    TG_FLAG(tg_rmsprop_config, centered),
};

static bool uses(const void *config, int state)
{
    const tg_rmsprop_config *c = config;
    return state == SQUARE || (state == MOMENTUM ? c->momentum > 0 : c->centered);
}

static const tg_optimizer_kind kind = {
    .name = "rmsprop",
    .update = TG_UPDATE_rmsprop,
    .usual_lr = 0.01,
    .config_bytes = sizeof(tg_rmsprop_config),
    .weight_decay = offsetof(tg_rmsprop_config, weight_decay),
    TG_SETTINGS(settings),
    .states = { [SQUARE] = "square", [MOMENTUM] = "momentum", [MEAN] = "mean" },
    .uses = uses,
};

tg_optimizer *tg_rmsprop_create(tg_params *params, const tg_rmsprop_config *config, tg_error *err)
{
    return tg_optimizer_create(&kind, params, config, err);
}

#endif
