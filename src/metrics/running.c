/* running.c - mean and deviation of numbers that are added one at a time. */
#include <math.h>

#include "tapegrad/metrics.h"

void tg_running_add(tg_running *r, double x)
{
    if (!r)
        return;
    r->count++;
    const double d = x - r->mean;
    r->mean += d / (double)r->count;
    r->m2 += d * (x - r->mean);
}

double tg_running_mean(const tg_running *r)
{
    return r && r->count > 0 ? r->mean : (double)NAN;
}

double tg_running_deviation(const tg_running *r, double correction)
{
    return r ? sqrt(r->m2 / fmax((double)r->count - correction, 0)) : (double)NAN;
}
