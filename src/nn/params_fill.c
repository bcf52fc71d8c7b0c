/* params_fill.c - random values for a parameter. */
#include <math.h>

#include "core/status.h"
#include "nn/params.h"

static void put(const tg_params *p, const tg_parameter *q, int64_t at, double value)
{
    void *x = tg_params_element(p, p->values, q->offset + at);
    if (p->dtype == TG_F32)
        *(float *)x = (float)value;
    else
        *(double *)x = value;
}

static tg_status check(const tg_params *p, int i, const tg_rng *rng, const char *what, tg_error *err)
{
    const tg_status status = tg_params_check(p, i, what, err);
    if (status == TG_OK && !rng)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the generator for %s is NULL", what, p->at[i].name);
    return status;
}

tg_status tg_params_fill_normal(tg_params *p, int i, double std, tg_rng *rng, tg_error *err)
{
    const tg_status status = check(p, i, rng, "params_fill_normal", err);
    if (status != TG_OK)
        return status;
    if (!(isfinite(std) && std >= 0))
        return tg_error_raise(err, TG_ERR_ARGUMENT, "params_fill_normal: the deviation %g for %s must be 0 or more",
                              std, p->at[i].name);
    for (int64_t k = 0; k < p->at[i].extent.size; k++)
        put(p, &p->at[i], k, std * tg_rng_normal(rng));
    tg_params_touch(p);
    return tg_error_clear(err);
}

tg_status tg_params_fill_uniform(tg_params *p, int i, double lo, double hi, tg_rng *rng, tg_error *err)
{
    const tg_status status = check(p, i, rng, "params_fill_uniform", err);
    if (status != TG_OK)
        return status;
    if (!(isfinite(lo) && isfinite(hi) && lo <= hi))
        return tg_error_raise(err, TG_ERR_ARGUMENT,
                              "params_fill_uniform: the bounds %g .. %g for %s are not finite and in order", lo, hi,
                              p->at[i].name);
    for (int64_t k = 0; k < p->at[i].extent.size; k++)
        put(p, &p->at[i], k, tg_rng_between(rng, lo, hi));
    tg_params_touch(p);
    return tg_error_clear(err);
}
