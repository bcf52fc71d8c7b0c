/* kink.c - whether a value between inputs and outputs has a kink at the origin. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "check/check.h"
#include "core/tape.h"

/* Adds `factor` times the values of what was built last. */
static void add_values(const tg_checker *c, double factor, double *sum)
{
    const tg_trace *t = &c->trace;
    int64_t at = 0;
    for (int i = 0; i < t->n; i++) {
        const tg_node *n = tg_check_node(c, i, at);
        if (!n)
            return;
        const double *now = n->value;
        for (const int64_t end = at + n->extent->size; at < end; at++)
            sum[at] += factor * *now++;
    }
}

static double largest_of(const tg_node *n)
{
    const double *x = n->value;
    double largest = 0;
    for (int64_t i = 0; i < n->extent->size; i++)
        largest = fmax(largest, fabs(x[i]));
    return largest;
}

/* At a kink the second difference is of the size of the first, and is halved with the step; that of a smooth function is
   quartered. What was built last is the point itself: its values say what rounding may be. */
static bool find_kink(const tg_checker *c, const double *first, const double *half, const double *whole)
{
    int64_t at = 0;
    for (int i = 0; i < c->trace.n; i++) {
        const tg_node *n = tg_check_node(c, i, at);
        if (!n)
            return false;
        const double rounding = 1e3 * DBL_EPSILON * largest_of(n);
        for (const int64_t end = at + n->extent->size; at < end; at++) {
            const double second = fabs(half[at]);
            if (second > rounding && second > 0.05 * fabs(first[at]) && fabs(whole[at]) < 3 * second)
                return true;
        }
    }
    return false;
}

tg_status tg_check_kinked(tg_checker *c, const tg_probe *p, bool *kinked)
{
    static const struct {
        double t, in_first, in_half, in_whole;
    } steps[] = {
        { 0x1p-20, 0, 0, 1 }, { -0x1p-20, 0, 0, 1 }, { 0x1p-21, 1, 1, 0 }, { -0x1p-21, -1, 1, 0 }, { 0, 0, -2, -2 }
    };
    tg_trace *t = &c->trace;
    if (!t->differences)
        t->differences = tg_check_allocate(c, t->n_values, 3 * sizeof *t->differences);
    if (!t->differences)
        return TG_ERR_MEMORY;
    double *first = t->differences, *half = first + t->n_values, *whole = half + t->n_values;
    memset(first, 0, (size_t)t->n_values * 3 * sizeof *first);
    const double unit = tg_check_scale(p->input, p->index) / tg_check_unit(c, p->input, p->index);
    tg_status status = TG_OK;
    for (int k = 0; k < 5 && status == TG_OK; k++) {
        tg_check_move(c, p, steps[k].t * unit);
        status = tg_check_values(c, c->moved);
        tg_check_move(c, p, 0);
        add_values(c, steps[k].in_first, first);
        add_values(c, steps[k].in_half, half);
        add_values(c, steps[k].in_whole, whole);
    }
    *kinked = status == TG_OK && find_kink(c, first, half, whole);
    return status;
}
