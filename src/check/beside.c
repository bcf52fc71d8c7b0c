/* beside.c - judging an element beside a kink, where its gradient is no convention. */
#include "check/check.h"

static void place(tg_checker *c, tg_checked *in, int64_t i, double x)
{
    in->values[i] = in->origin[i] = x;
    tg_params_touch(in->is_cotangent ? c->exact.cotangent : c->exact.set);
}

/* The point that was built last becomes the one from which slopes are taken, with its gradient in float64. */
static tg_status take_point(tg_checker *c, tg_checked *in, int64_t i)
{
    const tg_status status = tg_check_values(c, c->base);
    if (status != TG_OK)
        return status;
    double *all = c->scratch;
    const tg_status done = tg_check_gradient(c, &c->exact, TG_BY_GRAD, c->weights, all, all + c->n_gradients);
    in->exact[i] = in->gradient[i] = all[in->exact + i - c->inputs[0].exact];
    return done;
}

tg_status tg_check_beside(tg_checker *c, const tg_probe *p, int side, tg_compared *found)
{
    tg_checked *in = p->input;
    const int64_t i = p->index;
    const double x = in->origin[i], exact = in->exact[i], gradient = in->gradient[i];
    const double distance = tg_check_scale(in, i) / 1024;
    tg_probe beside = { .input = in, .index = i, .is_beside = true };
    place(c, in, i, x + side * distance);
    tg_status status = take_point(c, in, i);
    if (status == TG_OK)
        status = tg_check_compare(c, &beside, found);
    place(c, in, i, x);
    in->exact[i] = exact;
    in->gradient[i] = gradient;
    return status == TG_OK ? tg_check_values(c, c->base) : status;
}
