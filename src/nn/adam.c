/* adam.c - Adam, and AdamW, whose weight decay does not pass through the gradient; formulas: tapegrad/optim.h. */
#include "nn/optimizer.h"

#ifdef TG_VECTOR_PASS

/* The numbers of a step as vectors. `decay` is added to the gradient (Adam), `keep` multiplies the value (AdamW);
   `root` is 1 / sqrt(1 - beta2^t). */
typedef struct factors {
    vec beta1, beta2, share1, share2, decay, keep, lr, root, eps;
} factors;

/* One vector at i, of arrays that end at n. */
INLINE void update_at(const tg_update *u, const factors *f, int64_t i, int64_t n)
{
    real *mean = u->state[0], *square = u->state[1];
    const vec w = take(u->w, i, n), g = v_fma(f->decay, w, take(u->g, i, n));
    const vec m = v_fma(f->beta1, take(mean, i, n), f->share1 * g);
    const vec v = v_fma(f->beta2, take(square, i, n), f->share2 * g * g);
    put(mean, i, n, m);
    put(square, i, n, v);
    put(u->w, i, n, f->keep * w - f->lr * m / v_fma(v_sqrt(v), f->root, f->eps));
}

static void update(int64_t n, const tg_update *given, double decay, double decoupled_decay)
{
    const tg_update u = *given;
    const tg_adam_config *c = u.config;
    const double correction1 = 1 - pow(c->beta1, (double)u.step), correction2 = 1 - pow(c->beta2, (double)u.step);
    const factors f = { .beta1 = v_set((real)c->beta1),
                        .beta2 = v_set((real)c->beta2),
                        .share1 = v_set((real)(1 - c->beta1)),
                        .share2 = v_set((real)(1 - c->beta2)),
                        .decay = v_set((real)decay),
                        .keep = v_set((real)(1 - u.lr * decoupled_decay)),
                        .lr = v_set((real)(u.lr / correction1)),
                        .root = v_set((real)(1 / sqrt(correction2))),
                        .eps = v_set((real)c->eps) };
    UPDATE_VECTORS(&u, &f, n);
}

UPDATE(adam)
{
    update(n, u, u->weight_decay, 0);
}

UPDATE(adamw)
{
    update(n, u, 0, u->weight_decay);
}

#else

#define SETTINGS(decay)                                                                                              \
    {                                                                                                                \
        TG_NUMBER(tg_adam_config, beta1, .preset = 0.9, .hi = 1),                                                    \
            TG_NUMBER(tg_adam_config, beta2, .preset = 0.999, .hi = 1),                                              \
            TG_NUMBER(tg_adam_config, eps, .preset = 1e-8, .hi = TG_RATE_LIMIT, .is_normal = true),                  \
            TG_NUMBER(tg_adam_config, weight_decay, .preset = (decay), .hi = TG_RATE_LIMIT),                         \
    }
static const tg_setting adam_settings[] = SETTINGS(0), adamw_settings[] = SETTINGS(0.01);

#define KIND(kind)                                                                                                   \
    {                                                                                                                \
        .name = #kind, .update = TG_UPDATE_##kind, .usual_lr = 0.001, .config_bytes = sizeof(tg_adam_config),        \
        .weight_decay = offsetof(tg_adam_config, weight_decay), TG_SETTINGS(kind##_settings),                        \
        .states = { "mean", "square" },                                                                              \
    }
static const tg_optimizer_kind adam = KIND(adam), adamw = KIND(adamw);

tg_optimizer *tg_adam_create(tg_params *params, const tg_adam_config *config, tg_error *err)
{
    return tg_optimizer_create(&adam, params, config, err);
}

tg_optimizer *tg_adamw_create(tg_params *params, const tg_adam_config *config, tg_error *err)
{
    return tg_optimizer_create(&adamw, params, config, err);
}

#endif
