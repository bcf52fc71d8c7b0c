/* adagrad.c - Adagrad; formulas: tapegrad/optim.h. */
#include "nn/optimizer.h"

#ifdef TG_VECTOR_PASS

/* The numbers of a step as vectors. */
typedef struct factors {
    vec decay, rate, eps, initial;
} factors;

/* One vector at i, of arrays that end at n. */
INLINE void update_at(const tg_update *u, const factors *f, int64_t i, int64_t n)
{
    real *sum = u->state[0];
    const vec w = take(u->w, i, n), g = v_fma(f->decay, w, take(u->g, i, n));
    const vec s = v_fma(g, g, u->step == 1 ? f->initial : take(sum, i, n));
    put(sum, i, n, s);
    put(u->w, i, n, w - f->rate * g / (v_sqrt(s) + f->eps));
}

UPDATE(adagrad)
{
    const tg_update own = *u;
    const tg_adagrad_config *c = u->config;
    const factors f = { .decay = v_set((real)u->weight_decay),
                        .rate = v_set((real)(u->lr / (1 + (double)(u->step - 1) * c->lr_decay))),
                        .eps = v_set((real)c->eps),
                        .initial = v_set((real)c->initial) };
    UPDATE_VECTORS(&own, &f, n);
}

#else

static const tg_setting settings[] = {
    TG_NUMBER(tg_adagrad_config, lr_decay, .hi = TG_RATE_LIMIT),
    TG_NUMBER(tg_adagrad_config, initial, .hi = TG_RATE_LIMIT),
    TG_NUMBER(tg_adagrad_config, eps, .preset = 1e-10, .hi = TG_RATE_LIMIT, .is_normal = true),
    TG_NUMBER(tg_adagrad_config, weight_decay, .hi = TG_RATE_LIMIT),
};

static const tg_optimizer_kind kind = {
    .name = "adagrad",
    .update = TG_UPDATE_adagrad,
    .usual_lr = 0.01,
    .config_bytes = sizeof(tg_adagrad_config),
    .weight_decay = offsetof(tg_adagrad_config, weight_decay),
    TG_SETTINGS(settings),
    .states = { "sum" },
};

tg_optimizer *tg_adagrad_create(tg_params *params, const tg_adagrad_config *config, tg_error *err)
{
    return tg_optimizer_create(&kind, params, config, err);
}

#endif
