/* stopping.c - early stopping, by patience and by the change of a value. */
#include <math.h>

#include "tapegrad/metrics.h"

static bool is_improvement(const tg_stopping *s, double value)
{
    if (s->best_update == 0)
        return value == value;
    return (s->larger ? value - s->best : s->best - value) > s->min_delta;
}

bool tg_stopping_update(tg_stopping *s, double value)
{
    if (!s)
        return false;
    s->updates++;
    s->improved = is_improvement(s, value);
    if (s->improved) {
        s->best = value;
        s->best_update = s->updates;
    }
    const bool is_patient = s->patience > 0, watches_change = s->epsilon > 0;
    const bool is_out_of_patience = is_patient && s->updates - s->best_update >= s->patience;
    const bool is_still = watches_change && s->updates > 1 && fabs(value - s->previous) < s->epsilon;
    s->previous = value;
    return is_out_of_patience || is_still || (value != value && (is_patient || watches_change));
}
