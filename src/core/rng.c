/* rng.c - a counter-based generator: integers, uniforms, normals, permutations. */
#include "tapegrad/rng.h"

#include <math.h>

#include "core/philox.h"
#include "core/portable.h"

tg_rng tg_rng_seed(uint64_t seed)
{
    return (tg_rng){ .seed = seed };
}

tg_rng tg_rng_stream(const tg_rng *rng, uint64_t stream)
{
    return rng ? tg_rng_seed(tg_half_block(tg_random_block(rng->seed, stream, TG_STREAMS), 0)) : (tg_rng){ 0 };
}

uint64_t tg_rng_at(uint64_t seed, uint64_t position)
{
    return tg_half_block(tg_random_block(seed, position / 2, TG_DRAWS), position % 2);
}

uint64_t tg_rng_u64(tg_rng *rng)
{
    return rng ? tg_rng_at(rng->seed, rng->position++) : 0;
}

double tg_rng_uniform(tg_rng *rng)
{
    return (double)(tg_rng_u64(rng) >> 11) * 0x1p-53;
}

double tg_rng_between(tg_rng *rng, double lo, double hi)
{
    return rng ? lo + (hi - lo) * tg_rng_uniform(rng) : 0;
}

double tg_rng_normal(tg_rng *rng)
{
    if (!rng)
        return 0;
    const double u = 1 - tg_rng_uniform(rng), v = tg_rng_uniform(rng);
    return sqrt(-2 * tg_portable_log(u)) * tg_portable_cos_turns(v);
}

/* a b in 128 bits: returns the upper half, and puts the lower half into *low. */
static uint64_t multiply(uint64_t a, uint64_t b, uint64_t *low)
{
    const uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    const uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (uint32_t)middle;
    *low = a * b;
    return a1 * b1 + (middle >> 32) + (other >> 32);
}

/* The upper half of n times a draw. 2^64 mod n of the 2^64 possible draws are rejected, so that each result has equally
   many. */
uint64_t tg_rng_below(tg_rng *rng, uint64_t n)
{
    if (!rng || n == 0)
        return 0;
    uint64_t low, high = multiply(tg_rng_u64(rng), n, &low);
    if (low < n) {
        const uint64_t refused = -n % n;
        while (low < refused)
            high = multiply(tg_rng_u64(rng), n, &low);
    }
    return high;
}

void tg_rng_permutation(tg_rng *rng, int64_t *order, int64_t n)
{
    if (!order)
        return;
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = (int64_t)tg_rng_below(rng, (uint64_t)i + 1), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}
