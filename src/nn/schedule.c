/* schedule.c - learning rates as functions of the step. */
#include <math.h>

#include "core/config.h"
#include "tapegrad/optim.h"

static const double pi = 3.14159265358979323846;

static bool is_valid(const tg_schedule *s)
{
    return s->warmup >= 0 && s->period >= 0 && s->lr >= 0 && s->factor >= 0 && s->floor >= 0 && isfinite(s->lr) &&
           isfinite(s->factor) && isfinite(s->floor);
}

double tg_schedule_lr(const tg_schedule *s, int64_t step)
{
    if (!s || step < 0 || !is_valid(s))
        return nan("");
    const double lr = tg_config_number(s->lr, 0), floor = tg_config_number(s->floor, 0);
    if (step < s->warmup)
        return lr * (double)(step + 1) / (double)s->warmup;
    const int64_t t = step - s->warmup, period = s->period ? s->period : 1;
    const double share = (double)t / (double)period;
    switch (s->kind) {
    case TG_SCHEDULE_CONSTANT:
        return lr;
    case TG_SCHEDULE_STEP:
        return lr * pow(tg_config_number(s->factor, 0.1), (double)(t / period));
    case TG_SCHEDULE_EXPONENTIAL:
        return lr * pow(tg_config_number(s->factor, 0.95), share);
    case TG_SCHEDULE_COSINE:
        return floor + (lr - floor) * (1 + cos(pi * fmin(share, 1))) / 2;
    }
    return nan("");
}
