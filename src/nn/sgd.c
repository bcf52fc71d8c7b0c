/* sgd.c - stochastic gradient descent, with momentum or Nesterov's; formulas: tapegrad/optim.h. */
#include "nn/optimizer.h"

#ifdef TG_VECTOR_PASS

/* One vector at i, of arrays that end at n. */
INLINE void update_at(const tg_update *u, const tg_sgd_config *c, int64_t i, int64_t n)
{
    real *velocity = u->state[0];
    const vec w = take(u->w, i, n);
    vec g = take(u->g, i, n);
    if (u->weight_decay != 0)
        g = v_fma(v_set((real)u->weight_decay), w, g);
    if (velocity) {
        const vec momentum = v_set((real)c->momentum), share = v_set((real)(1 - c->dampening));
        const vec v = u->step == 1 ? g : v_fma(momentum, take(velocity, i, n), share * g);
        put(velocity, i, n, v);
        g = c->nesterov ? v_fma(momentum, v, g) : v;
    }
    put(u->w, i, n, v_fma(-v_set((real)u->lr), g, w));
}

UPDATE(sgd)
{
    const tg_update own = *u;
    const tg_sgd_config c = *(const tg_sgd_config *)u->config;
    UPDATE_VECTORS(&own, &c, n);
}

#else

#include "core/status.h"

static const tg_setting settings[] = {
    TG_NUMBER(tg_sgd_config, momentum, .hi = 1),
    TG_NUMBER(tg_sgd_config, dampening, .hi = 1),
    TG_NUMBER(tg_sgd_config, weight_decay, .hi = TG_RATE_LIMIT),
    TG_FLAG(tg_sgd_config, nesterov),
};

static bool uses(const void *config, int state)
{
    (void)state;
    return ((const tg_sgd_config *)config)->momentum > 0;
}

static tg_status check(const void *config, const char *what, tg_error *err)
{
    const tg_sgd_config *c = config;
    if (!c->nesterov || (c->momentum > 0 && c->dampening == 0))
        return TG_OK;
    return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: nesterov needs momentum and no dampening, these are %g and %g",
                          what, c->momentum, c->dampening);
}

static const tg_optimizer_kind kind = {
    .name = "sgd",
    .update = TG_UPDATE_sgd,
    .usual_lr = 0.01,
    .config_bytes = sizeof(tg_sgd_config),
    .weight_decay = offsetof(tg_sgd_config, weight_decay),
    TG_SETTINGS(settings),
    .states = { "momentum" },
    .uses = uses,
    .check = check,
};

tg_optimizer *tg_sgd_create(tg_params *params, const tg_sgd_config *config, tg_error *err)
{
    return tg_optimizer_create(&kind, params, config, err);
}

#endif
