/* transform.c - what Jacobians, Hessians, checkpoints and the drawn graph refuse. */
#include "refusals.h"

REFUSALS(tg_jacobian)
{
    HOLDS(!tg_jacobian(null, null).tape);
    TAPE(TG_ERR_ARGUMENT, tg_jacobian(null, v));
    TAPE(TG_ERR_ARGUMENT, tg_jacobian(v, null));
    TAPE(TG_ERR_STALE, tg_jacobian(stale, v));
    TAPE(TG_ERR_STALE, tg_jacobian(v, stale));
    TAPE(TG_ERR_TAPE, tg_jacobian(v, foreign));
    TAPE(TG_ERR_SHAPE, tg_jacobian(tg_full(t, TG_SHAPE(1, 1, 1, 1, 1), 1), tg_full(t, TG_SHAPE(1, 1, 1, 1), 1)));
}
REFUSALS(tg_hessian)
{
    HOLDS(!tg_hessian(null, null).tape);
    TAPE(TG_ERR_ARGUMENT, tg_hessian(null, v));
    TAPE(TG_ERR_ARGUMENT, tg_hessian(s, null));
    TAPE(TG_ERR_STALE, tg_hessian(stale, v));
    TAPE(TG_ERR_STALE, tg_hessian(s, stale));
    TAPE(TG_ERR_TAPE, tg_hessian(s, foreign));
    TAPE(TG_ERR_SHAPE, tg_hessian(v, v));
    TAPE(TG_ERR_SHAPE, tg_hessian(s, tg_full(t, TG_SHAPE(1, 1, 1, 1, 1), 1)));
}
REFUSALS(tg_hvp)
{
    HOLDS(!tg_hvp(null, null, null).tape);
    TAPE(TG_ERR_ARGUMENT, tg_hvp(null, v, v));
    TAPE(TG_ERR_ARGUMENT, tg_hvp(s, null, v));
    TAPE(TG_ERR_ARGUMENT, tg_hvp(s, s, null));
    TAPE(TG_ERR_STALE, tg_hvp(stale, v, v));
    TAPE(TG_ERR_STALE, tg_hvp(s, stale, v));
    TAPE(TG_ERR_STALE, tg_hvp(s, v, stale));
    TAPE(TG_ERR_TAPE, tg_hvp(s, foreign, v));
    TAPE(TG_ERR_TAPE, tg_hvp(s, v, foreign));
    TAPE(TG_ERR_SHAPE, tg_hvp(v, v, v));
    TAPE(TG_ERR_SHAPE, tg_hvp(s, v, two));
}
REFUSALS(tg_jvp)
{
    HOLDS(!tg_jvp(null, null, null).tape);
    TAPE(TG_ERR_ARGUMENT, tg_jvp(null, v, v));
    TAPE(TG_ERR_ARGUMENT, tg_jvp(v, null, v));
    TAPE(TG_ERR_ARGUMENT, tg_jvp(s, s, null));
    TAPE(TG_ERR_STALE, tg_jvp(stale, v, v));
    TAPE(TG_ERR_STALE, tg_jvp(v, stale, v));
    TAPE(TG_ERR_STALE, tg_jvp(v, v, stale));
    TAPE(TG_ERR_TAPE, tg_jvp(v, foreign, v));
    TAPE(TG_ERR_TAPE, tg_jvp(v, v, foreign));
    TAPE(TG_ERR_SHAPE, tg_jvp(v, v, two));
}

static tg_tensor first(tg_tape *tape, const tg_tensor *inputs, void *context)
{
    (void)tape, (void)context;
    return inputs[0];
}
static tg_tensor none(tg_tape *tape, const tg_tensor *inputs, void *context)
{
    (void)tape, (void)inputs, (void)context;
    return null;
}
REFUSALS(tg_checkpoint)
{
    HOLDS(!tg_checkpoint(first, NULL, 1, NULL).tape);
    HOLDS(!tg_checkpoint(first, &v, 0, NULL).tape);
    HOLDS(!tg_checkpoint(first, &v, -1, NULL).tape);
    HOLDS(!tg_checkpoint(first, &null, 1, NULL).tape);
    TAPE(TG_ERR_ARGUMENT, tg_checkpoint(NULL, &v, 1, NULL));
    TAPE(TG_ERR_ARGUMENT, tg_checkpoint(none, &v, 1, NULL));
    TAPE(TG_ERR_ARGUMENT, tg_checkpoint(first, (tg_tensor[]){ v, null }, 2, NULL));
    TAPE(TG_ERR_ARGUMENT, tg_checkpoint(first, &v, 65536, NULL));
    TAPE(TG_ERR_STALE, tg_checkpoint(first, &stale, 1, NULL));
    TAPE(TG_ERR_TAPE, tg_checkpoint(first, (tg_tensor[]){ v, foreign }, 2, NULL));
}
REFUSALS(tg_tape_dot)
{
    HOLDS(tg_tape_dot(NULL, stdout) == TG_ERR_ARGUMENT);
    TAPE(TG_ERR_ARGUMENT, tg_tape_dot(t, NULL));
}
