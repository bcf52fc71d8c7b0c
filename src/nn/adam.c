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
    const tg_update u = *given; /* a copy: the compiler sees that no store into an array changes it */
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
    int64_t i = 0;
    for (; i + VL <= n; i += VL)
        update_at(&u, &f, i, i + VL);
    if (i < n)
        update_at(&u, &f, i, n);
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

#include <float.h>

static tg_optimizer *create(const char *what, enum tg_update_index update, tg_params *params,
                            const tg_adam_config *config, double weight_decay, tg_error *err)
{
    const double usual_lr = 0.001, least_eps = tg_params_dtype(params) == TG_F32 ? (double)FLT_MIN : DBL_MIN;
    const tg_number numbers[] = {
        TG_NUMBER(tg_adam_config, beta1, .preset = 0.9, .hi = 1),
        TG_NUMBER(tg_adam_config, beta2, .preset = 0.999, .hi = 1),
        TG_NUMBER(tg_adam_config, eps, .preset = 1e-8, .lo = least_eps, .hi = TG_RATE_LIMIT),
        TG_NUMBER(tg_adam_config, weight_decay, .preset = weight_decay, .hi = TG_RATE_LIMIT),
    };
    tg_adam_config c = config ? *config : (tg_adam_config){ .lr = usual_lr };
    if (tg_numbers_fill(&c, numbers, sizeof numbers / sizeof *numbers, what, err) != TG_OK)
        return NULL;
    const tg_optimizer_spec spec = { .what = what,
                                     .update = update,
                                     .n_states = 2,
                                     .config = &c,
                                     .config_bytes = sizeof c,
                                     .lr = c.lr,
                                     .usual_lr = usual_lr,
                                     .weight_decay = c.weight_decay };
    return tg_optimizer_create(&spec, params, err);
}

tg_optimizer *tg_adam_create(tg_params *params, const tg_adam_config *config, tg_error *err)
{
    return create("adam_create", TG_UPDATE_adam, params, config, 0, err);
}

tg_optimizer *tg_adamw_create(tg_params *params, const tg_adam_config *config, tg_error *err)
{
    return create("adamw_create", TG_UPDATE_adamw, params, config, 0.01, err);
}

#endif
