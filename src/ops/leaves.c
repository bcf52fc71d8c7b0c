/* leaves.c - constants that are computed: zeros, ones, one number, the unit matrix, sequences, random numbers. */
#include <math.h>

#include "core/error.h"
#include "core/lookup.h"
#include "core/tape.h"
#include "kernels/kernels.h"
#include "tapegrad/ops.h"

tg_tensor tg_zeros(tg_tape *tape, tg_shape shape)
{
    return tg_full(tape, shape, 0);
}

tg_tensor tg_ones(tg_tape *tape, tg_shape shape)
{
    return tg_full(tape, shape, 1);
}

tg_tensor tg_scalar(tg_tape *tape, double value)
{
    return tg_full(tape, TG_SCALAR, value);
}

static void set(const tg_tape *t, void *values, int64_t i, double value)
{
    if (t->dtype == TG_F32)
        ((float *)values)[i] = (float)value;
    else
        ((double *)values)[i] = value;
}

/* The memory of a constant that was just made; NULL if it failed. */
static void *values_of(tg_tensor x)
{
    const tg_node *n = x.id ? tg_node_find(x.tape, x) : NULL;
    return n ? n->value : NULL;
}

tg_tensor tg_eye(tg_tape *tape, int64_t n)
{
    const tg_tensor x = tg_zeros(tape, TG_SHAPE(n, n));
    void *values = values_of(x);
    for (int64_t i = 0; values && i < n; i++)
        set(tape, values, i * (n + 1), 1);
    return x;
}

/* first + i step. */
static tg_tensor sequence(tg_tape *tape, double first, double step, int64_t n)
{
    const tg_tensor x = tg_zeros(tape, TG_SHAPE(n));
    void *values = values_of(x);
    for (int64_t i = 0; values && i < n; i++)
        set(tape, values, i, first + (double)i * step);
    return x;
}

static tg_tensor refuse(tg_tape *tape, const char *name, const char *why, double a, double b, double c)
{
    tg_tape_raise(tape, TG_ERR_ARGUMENT, "%s: %s: %g, %g, %g", name, why, a, b, c);
    return tg_invalid(tape);
}

tg_tensor tg_arange(tg_tape *tape, double start, double stop, double step)
{
    const double n = ceil((stop - start) / step);
    if (!tape || !tg_tape_is_open(tape, "arange"))
        return tg_invalid(tape);
    if (!(step != 0) || !(fabs(n) < 0x1p53))
        return refuse(tape, "arange", "start, stop and step must be finite, and step not 0", start, stop, step);
    return sequence(tape, start, step, n > 0 ? (int64_t)n : 0);
}

tg_tensor tg_linspace(tg_tape *tape, double start, double stop, int64_t n)
{
    if (!tape || !tg_tape_is_open(tape, "linspace"))
        return tg_invalid(tape);
    if (n < 0 || !isfinite(start) || !isfinite(stop))
        return refuse(tape, "linspace", "start and stop must be finite, and n 0 or more", start, stop, (double)n);
    const tg_tensor x = sequence(tape, start, n > 1 ? (stop - start) / (double)(n - 1) : 0, n);
    void *values = values_of(x);
    if (values && n > 1)
        set(tape, values, n - 1, stop);
    return x;
}

/* Random numbers -------------------------------------------------------------------------------------------------- */

typedef struct draws {
    const tg_tape *tape;
    void *values;
    int64_t n;
    tg_rng rng; /* at the draw of the first element */
    bool normal;
} draws;

enum { TASK = 1 << 12 };

/* A uniform number of float32 has 24 bits: one of 53 bits might be rounded to 1. */
static void uniform(const draws *d, int64_t i)
{
    const uint64_t bits = tg_rng_at(d->rng.seed, d->rng.position + (uint64_t)i);
    if (d->tape->dtype == TG_F32)
        ((float *)d->values)[i] = (float)(bits >> 40) * 0x1p-24f;
    else
        ((double *)d->values)[i] = (double)(bits >> 11) * 0x1p-53;
}

static void task(void *context, int64_t k)
{
    const draws *d = context;
    const int64_t stop = (k + 1) * TASK < d->n ? (k + 1) * TASK : d->n;
    tg_rng rng = d->rng;
    rng.position += (uint64_t)(2 * k * TASK);
    for (int64_t i = k * TASK; i < stop; i++)
        if (d->normal)
            set(d->tape, d->values, i, tg_rng_normal(&rng));
        else
            uniform(d, i);
}

static tg_tensor random_leaf(tg_tape *tape, const char *name, tg_shape shape, tg_rng *rng, bool normal)
{
    if (!tape || !tg_tape_is_open(tape, name))
        return tg_invalid(tape);
    if (!rng) {
        tg_tape_raise(tape, TG_ERR_ARGUMENT, "%s: rng is NULL; it draws the numbers", name);
        return tg_invalid(tape);
    }
    const tg_tensor x = tg_zeros(tape, shape);
    draws d = { .tape = tape, .values = values_of(x), .rng = *rng, .normal = normal };
    if (!d.values)
        return x;
    d.n = tg_size(x);
    tg_parallel((d.n + TASK - 1) / TASK, task, &d);
    rng->position += (uint64_t)d.n * (normal ? 2 : 1);
    return x;
}

tg_tensor tg_rand(tg_tape *tape, tg_shape shape, tg_rng *rng)
{
    return random_leaf(tape, "rand", shape, rng, false);
}

tg_tensor tg_randn(tg_tape *tape, tg_shape shape, tg_rng *rng)
{
    return random_leaf(tape, "randn", shape, rng, true);
}
