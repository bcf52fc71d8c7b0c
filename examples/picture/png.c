/* png.c - a PNG image of stored blocks, in base64. */
#include "picture/png.h"

#include <string.h>

enum { BLOCK_MOST = 65535 };

static void put_32(text *t, uint32_t x)
{
    const unsigned char bytes[] = { (unsigned char)(x >> 24), (unsigned char)(x >> 16), (unsigned char)(x >> 8),
                                    (unsigned char)x };
    text_add(t, bytes, sizeof bytes);
}

/* CRC-32 of ISO 3309, as PNG (W3C, annex D) specifies it. */
static uint32_t crc_32(const unsigned char *bytes, size_t size)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? 0xedb88320u ^ crc >> 1 : crc >> 1;
    }
    return ~crc;
}

static uint32_t adler_32(const unsigned char *bytes, size_t size)
{
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < size; i++) {
        a = (a + bytes[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

/* Length, name, data, and the CRC of the last two. */
static void put_chunk(text *t, const char *name, const void *data, size_t size)
{
    put_32(t, (uint32_t)size);
    const size_t start = t->size;
    text_add(t, name, 4);
    text_add(t, data, size);
    if (!t->failed)
        put_32(t, crc_32((const unsigned char *)t->data + start, size + 4));
}

/* The zlib stream of bytes, in stored blocks. */
static void put_stored(text *t, const char *bytes, size_t size)
{
    text_add(t, "\x78\x01", 2);
    for (size_t at = 0; at == 0 || at < size;) {
        const size_t n = size - at < BLOCK_MOST ? size - at : BLOCK_MOST;
        const unsigned char head[] = { at + n == size, (unsigned char)n, (unsigned char)(n >> 8), (unsigned char)~n,
                                       (unsigned char)(~n >> 8) };
        text_add(t, head, sizeof head);
        text_add(t, bytes + at, n);
        at += n > 0 ? n : 1;
    }
    put_32(t, adler_32((const unsigned char *)bytes, size));
}

static void put_base64(text *t, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        const size_t n = size - i < 3 ? size - i : 3;
        const uint32_t three =
            (uint32_t)bytes[i] << 16 | (n > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) | (n > 2 ? bytes[i + 2] : 0);
        char four[] = { digits[three >> 18], digits[three >> 12 & 63], '=', '=' };
        if (n > 1)
            four[2] = digits[three >> 6 & 63];
        if (n > 2)
            four[3] = digits[three & 63];
        text_add(t, four, sizeof four);
    }
}

void png_base64(text *t, const unsigned char *pixels, int channels, int height, int width)
{
    text rows = { 0 }, stored = { 0 }, head = { 0 }, png = { 0 };
    const size_t row = (size_t)width * (size_t)channels;
    for (int y = 0; y < height; y++) {
        text_add(&rows, "", 1); /* no filter */
        text_add(&rows, pixels + (size_t)y * row, row);
    }
    put_32(&head, (uint32_t)width);
    put_32(&head, (uint32_t)height);
    const unsigned char kind[] = { 8, channels == 3 ? 2 : 0, 0, 0, 0 };
    text_add(&head, kind, sizeof kind);
    text_add(&png, "\x89PNG\r\n\x1a\n", 8);
    if (!rows.failed && !head.failed) {
        put_stored(&stored, rows.data, rows.size);
        put_chunk(&png, "IHDR", head.data, head.size);
    }
    if (!stored.failed)
        put_chunk(&png, "IDAT", stored.data, stored.size);
    put_chunk(&png, "IEND", "", 0);
    t->failed |= rows.failed || stored.failed || head.failed || png.failed;
    if (!t->failed)
        put_base64(t, (const unsigned char *)png.data, png.size);
    text *const all[] = { &rows, &stored, &head, &png };
    for (int i = 0; i < 4; i++)
        text_finish(all[i]);
}
