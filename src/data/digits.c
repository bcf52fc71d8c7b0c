/* digits.c - synthetic pictures of digits: glyphs disturbed at random and drawn with a pen. */
#include <math.h>

#include "core/philox.h"
#include "core/portable.h"
#include "data/dataset.h"
#include "data/glyphs.h"
#include "tapegrad/rng.h"

enum { SIDE = 28, PIXELS = SIDE * SIDE };

typedef struct point {
    float x, y;
} point;

/* The random numbers of one picture. The map from glyph to pixels is x' = xx x + xy y + x0, y' = yx x + yy y + y0. */
typedef struct hand {
    double xx, xy, x0, yx, yy, y0;
    float radius, ink, noise;
} hand;

static hand draw_hand(tg_rng *rng)
{
    const double width = 20 * tg_rng_between(rng, 0.70, 1.15), height = 20 * tg_rng_between(rng, 0.75, 1.10);
    const double slant = 0.10 + 0.20 * tg_rng_normal(rng), turn = 0.03 * tg_rng_normal(rng);
    const double right = tg_rng_between(rng, -2.5, 2.5), down = tg_rng_between(rng, -2.5, 2.5);
    const double radius = tg_rng_between(rng, 0.6, 1.8), ink = tg_rng_between(rng, 0.7, 1);
    const double noise = tg_rng_between(rng, 0, 0.4);
    const double c = tg_portable_cos_turns(turn), s = tg_portable_sin_turns(turn);
    return (hand){
        .xx = c * width,
        .xy = (-c * slant - s) * height,
        .x0 = 0.5 * (SIDE - 1) + right,
        .yx = s * width,
        .yy = (c - s * slant) * height,
        .y0 = 0.5 * (SIDE - 1) + down,
        .radius = (float)radius,
        .ink = (float)ink,
        .noise = (float)noise,
    };
}

static point to_pixels(const hand *h, double x, double y)
{
    return (point){ (float)(h->xx * x + h->xy * y + h->x0), (float)(h->yx * x + h->yy * y + h->y0) };
}

static int bounded(float x)
{
    return x < 0 ? 0 : x > SIDE ? SIDE : (int)x;
}

/* Lowers the squared distance of each pixel near the segment a b to its distance from the segment. */
static void draw_segment(float *distance, point a, point b, float reach)
{
    const float dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
    const float scale = length > 0 ? 1 / length : 0;
    const int x0 = bounded(fminf(a.x, b.x) - reach), x1 = bounded(fmaxf(a.x, b.x) + reach + 1);
    const int y0 = bounded(fminf(a.y, b.y) - reach), y1 = bounded(fmaxf(a.y, b.y) + reach + 1);
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) {
            const float px = (float)x - a.x, py = (float)y - a.y, along = (px * dx + py * dy) * scale;
            const float t = along < 0 ? 0 : along > 1 ? 1 : along; /* the nearest point: a + t (b - a) */
            const float ex = px - t * dx, ey = py - t * dy, d = ex * ex + ey * ey;
            float *at = &distance[y * SIDE + x];
            *at = d < *at ? d : *at;
        }
}

static void draw_piece(float *distance, const hand *h, const tg_piece *piece, point *pen, tg_rng *rng)
{
    const double x = piece->x + 0.035 * tg_rng_normal(rng), y = piece->y + 0.035 * tg_rng_normal(rng);
    const double rx = piece->rx * (1 + 0.1 * tg_rng_normal(rng)), ry = piece->ry * (1 + 0.1 * tg_rng_normal(rng));
    const double from = piece->from + 0.015 * tg_rng_normal(rng), to = piece->to + 0.03 * tg_rng_normal(rng);
    const int steps = 1 + (int)(16 * fabs(to - from));
    for (int i = 0; i <= steps; i++) {
        const double angle = from + (to - from) * i / steps;
        const point next = to_pixels(h, x + rx * tg_portable_cos_turns(angle), y + ry * tg_portable_sin_turns(angle));
        if (piece->kind == TG_DRAW)
            draw_segment(distance, *pen, next, h->radius + 1);
        *pen = next;
    }
}

static const tg_piece *choose_writing(int digit, tg_rng *rng)
{
    uint64_t n = 0;
    while (n < TG_WRITINGS && tg_glyphs[digit][n][0].kind != TG_END)
        n++;
    return tg_glyphs[digit][tg_rng_below(rng, n)];
}

/* The pen's edge is one pixel wide, over which the ink falls to 0. The noise of a pixel is the sum of two random bytes. */
static void ink(float *picture, const hand *h, tg_rng *rng)
{
    for (int i = 0; i < PIXELS; i++) {
        const float cover = h->radius + 0.5f - sqrtf(picture[i]);
        picture[i] = h->ink * (cover < 0 ? 0 : cover > 1 ? 1 : cover);
    }
    for (int i = 0; i < PIXELS; i += 4) {
        uint64_t bits = tg_rng_u64(rng);
        for (int j = 0; j < 4; j++, bits >>= 16) {
            const int sum = (int)(bits & 255) + (int)(bits >> 8 & 255) - 255;
            const float value = picture[i + j] + h->noise * (float)sum / 255;
            picture[i + j] = value < 0 ? 0 : value > 1 ? 1 : value;
        }
    }
}

static void draw_digit(float *picture, int digit, tg_rng *rng)
{
    for (int i = 0; i < PIXELS; i++)
        picture[i] = 2 * PIXELS; /* larger than any distance */
    const hand h = draw_hand(rng);
    point pen = { 0, 0 };
    for (const tg_piece *piece = choose_writing(digit, rng); piece->kind != TG_END; piece++)
        draw_piece(picture, &h, piece, &pen, rng);
    ink(picture, &h, rng);
}

tg_status tg_dataset_digits(tg_dataset *set, int64_t n, uint64_t seed, tg_error *err)
{
    const tg_status status = tg_dataset_fill(set, n, PIXELS, 10, "dataset_digits", err);
    if (status != TG_OK)
        return status;
    const tg_rng all = tg_rng_seed(seed);
    for (int64_t i = 0; i < n; i++) {
        tg_rng rng = tg_rng_stream(&all, (uint64_t)i);
        float picture[PIXELS];
        draw_digit(picture, (int)(i % 10), &rng);
        for (int64_t j = 0; j < PIXELS; j++)
            tg_dataset_put(set, i * PIXELS + j, (double)picture[j]);
        set->labels[i] = (int32_t)(i % 10);
    }
    return TG_OK;
}
