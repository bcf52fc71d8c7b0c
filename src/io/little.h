/* little.h - little-endian numbers in bytes, whatever the machine's order. */
#ifndef TG_LITTLE_H
#define TG_LITTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void tg_put_little(unsigned char *bytes, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++)
        bytes[i] = (unsigned char)(value >> 8 * i);
}

static inline uint64_t tg_get_little(const unsigned char *bytes, size_t width)
{
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

static inline bool tg_is_big_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 0;
}

/* The bits of a number of 4 or 8 bytes, and a number of these bits. */
static inline uint64_t tg_bits_of(const void *number, size_t width)
{
    uint32_t half;
    uint64_t whole;
    if (width == sizeof half) {
        memcpy(&half, number, sizeof half);
        return half;
    }
    memcpy(&whole, number, sizeof whole);
    return whole;
}

static inline void tg_set_bits(void *number, uint64_t bits, size_t width)
{
    const uint32_t half = (uint32_t)bits;
    if (width == sizeof half)
        memcpy(number, &half, sizeof half);
    else
        memcpy(number, &bits, sizeof bits);
}

#endif
