/* rng.h - a random number generator that the caller owns and seeds. The same seed gives the same numbers on every
   machine. */
#ifndef TAPEGRAD_RNG_H
#define TAPEGRAD_RNG_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3; SC 2011). Counter-based:
   draw number i is a function of (seed, i) alone, so a generator is a value, and a copy of it repeats the same draws. */
typedef struct tg_rng {
    uint64_t seed;
    uint64_t position; /* the number of the next draw */
} tg_rng;

/* A generator at position 0. */
TG_API tg_rng tg_rng_seed(uint64_t seed);

/* A generator whose draws are independent of rng's and of those of every other `stream`; rng is not advanced. */
TG_API tg_rng tg_rng_stream(const tg_rng *rng, uint64_t stream);

/* Draw number `position` of the generator with this seed. */
TG_API uint64_t tg_rng_at(uint64_t seed, uint64_t position);

/* 64 random bits. One draw. This and all functions below return 0 for NULL. */
TG_API uint64_t tg_rng_u64(tg_rng *rng);

/* Uniform in [0, 1), a multiple of 2^-53. One draw. */
TG_API double tg_rng_uniform(tg_rng *rng);

/* Uniform in lo .. hi. One draw. */
TG_API double tg_rng_between(tg_rng *rng, double lo, double hi);

/* Standard normal by Box and Muller, with the library's own log and cos, which have the same bits on every
   machine. Two draws. */
TG_API double tg_rng_normal(tg_rng *rng);

/* Uniform in 0 .. n - 1 without bias (Lemire's method); 0 if n is 0. One draw, rarely more. */
TG_API uint64_t tg_rng_below(tg_rng *rng, uint64_t n);

/* Fills `order` with a random permutation of 0 .. n - 1 (Fisher and Yates). About n - 1 draws. */
TG_API void tg_rng_permutation(tg_rng *rng, int64_t *order, int64_t n);

#ifdef __cplusplus
}
#endif
#endif
