/* select.c - which table of kernels is in use. */
#include <stdatomic.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/sets.h"

#define SET(name) extern const tg_kernels tg_kernels_##name##_f32, tg_kernels_##name##_f64;
TG_KERNEL_SETS
#undef SET

static const struct set {
    const char *name;
    const tg_kernels *table[2]; /* by tg_dtype */
} sets[] = {
#define SET(name) { #name, { &tg_kernels_##name##_f32, &tg_kernels_##name##_f64 } },
    TG_KERNEL_SETS
#undef SET
};

static _Atomic(const struct set *) chosen;

/* The i-th set that this machine runs, best first; NULL past the last. */
static const struct set *runnable(int i)
{
    for (size_t s = 0; s < sizeof sets / sizeof sets[0]; s++)
        if (tg_cpu_runs(sets[s].name) && i-- == 0)
            return &sets[s];
    return NULL;
}

static const struct set *find(const char *name)
{
    const struct set *s = NULL;
    for (int i = 0; (s = runnable(i)) && strcmp(s->name, name) != 0; i++)
        ;
    return s;
}

static const struct set *choose_default(void)
{
    const char *requested = tg_requested_kernels();
    const struct set *s = requested ? find(requested) : NULL;
    return s ? s : runnable(0);
}

/* Threads that call this for the first time at once make the same choice, so that no lock is needed. */
static const struct set *in_use(void)
{
    const struct set *s = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (!s) {
        s = choose_default();
        atomic_store_explicit(&chosen, s, memory_order_relaxed);
    }
    return s;
}

const tg_kernels *tg_kernels_for(tg_dtype dtype)
{
    return in_use()->table[dtype];
}

const char *tg_kernel_set_at(int i)
{
    const struct set *s = i < 0 ? NULL : runnable(i);
    return s ? s->name : NULL;
}

const char *tg_kernel_set(void)
{
    return in_use()->name;
}

tg_status tg_use_kernel_set(const char *name)
{
    const struct set *s = name ? find(name) : choose_default();
    if (!s)
        return TG_ERR_ARGUMENT;
    atomic_store_explicit(&chosen, s, memory_order_relaxed);
    return TG_OK;
}
