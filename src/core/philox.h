/* philox.h - Philox4x32-10: 128 random bits as a function of a 128-bit counter and a 64-bit key. */
#ifndef TG_PHILOX_H
#define TG_PHILOX_H

#include <stdint.h>

typedef struct tg_block {
    uint32_t word[4];
} tg_block;

/* Ten rounds of two 32-bit products each. Between rounds the key words are incremented by the golden ratio and by
   sqrt(3) - 1, in 32 bits. */
static inline tg_block tg_philox(tg_block counter, uint64_t key)
{
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    tg_block c = counter;
    for (int round = 0; round < 10; round++) {
        const uint64_t a = (uint64_t)0xD2511F53u * c.word[0], b = (uint64_t)0xCD9E8D57u * c.word[2];
        c = (tg_block){ { (uint32_t)(b >> 32) ^ c.word[1] ^ k0, (uint32_t)b, (uint32_t)(a >> 32) ^ c.word[3] ^ k1,
                          (uint32_t)a } };
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return c;
}

/* The third word of the counter: draws and streams use different blocks. */
enum { TG_DRAWS = 0, TG_STREAMS = 1 };

static inline tg_block tg_random_block(uint64_t seed, uint64_t number, uint32_t purpose)
{
    return tg_philox((tg_block){ { (uint32_t)number, (uint32_t)(number >> 32), purpose, 0 } }, seed);
}

/* 64 of the 128 bits of a block: half 0 or 1. Draw i of a generator is half i % 2 of block i / 2. */
static inline uint64_t tg_half_block(tg_block b, int which)
{
    return b.word[2 * which] | (uint64_t)b.word[2 * which + 1] << 32;
}

#endif
