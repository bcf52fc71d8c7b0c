/* images.c - a grid of small pictures with labels. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "picture/png.h"
#include "picture/svg.h"

enum { TILE_MOST = 130, COLUMNS_MOST = 12, PIXELS_MOST = 1 << 24, LABEL_LINES = 3 };

#define SMALL_SIZE 11.0
#define GAP        10.0

static bool check(const char *base, const images *i, tg_error *err)
{
    if (i->n < 0 || (i->channels != 1 && i->channels != 3) || i->height < 1 || i->width < 1 || i->columns < 0)
        return refuse(err, base,
                      "n = %lld, %d channels, height %d, width %d, %d columns; expected n of 0 or more, 1 or 3 "
                      "channels, sizes of 1 or more, columns of 0 or more",
                      (long long)i->n, i->channels, i->height, i->width, i->columns);
    if ((int64_t)i->height * i->width > PIXELS_MOST)
        return refuse(err, base, "pictures of %d x %d pixels, expected at most %d pixels", i->height, i->width,
                      PIXELS_MOST);
    if (i->n > 0 && !i->pixels)
        return refuse(err, base, "pixels NULL");
    return true;
}

static unsigned char byte_of(double share)
{
    return (unsigned char)(255 * fmin(fmax(share, 0), 1) + 0.5);
}

static double largest(const double *pixels, int64_t size)
{
    double most = 0;
    for (int64_t i = 0; i < size; i++)
        if (isfinite(pixels[i]))
            most = fmax(most, fabs(pixels[i]));
    return most;
}

/* -1 .. 1 as blue - white - vermilion, of about the same darkness at both ends. */
static void diverge(double x, unsigned char rgb[3])
{
    static const double ends[2][3] = { { 0, 0x72 / 255.0, 0xb2 / 255.0 }, { 0xd5 / 255.0, 0x5e / 255.0, 0 } };
    const double *end = ends[x > 0];
    const double share = fmin(fabs(x), 1);
    for (int c = 0; c < 3; c++)
        rgb[c] = byte_of(1 + share * (end[c] - 1));
}

/* The bytes of a picture: [height, width, *channels]. */
static void to_bytes(const images *all, const double *pixels, unsigned char *bytes)
{
    const int64_t area = (int64_t)all->height * all->width;
    const double most = all->is_signed ? largest(pixels, all->channels * area) : 1;
    for (int64_t i = 0; i < area; i++)
        for (int c = 0; c < all->channels; c++) {
            double x = pixels[c * area + i];
            x = isnan(x) || most == 0 ? 0 : x / most;
            if (!all->is_signed)
                bytes[i * all->channels + c] = byte_of(x);
            else if (all->channels == 3)
                bytes[3 * i + c] = byte_of(0.5 + 0.5 * x);
            else
                diverge(x, bytes + 3 * i);
        }
}

/* As near to twice as wide as high as full rows allow. */
static int suiting_columns(int64_t n)
{
    const double wanted = sqrt(1.8 * (double)n);
    double least = HUGE_VAL;
    int best = 1;
    for (int c = 1; c <= COLUMNS_MOST; c++) {
        const double missing = (double)((c - n % c) % c), cost = 0.6 * missing + fabs(c - wanted);
        best = cost < least && c <= n ? c : best;
        least = fmin(cost, least);
    }
    return best;
}

typedef struct grid {
    int columns;
    double width, height, label, label_width, left; /* of a picture, of the labels below, of the grid's left side */
} grid;

static int label_lines(const images *i, double width)
{
    int most = 0;
    for (int64_t k = 0; i->labels && k < i->n; k++) {
        const int lines = svg_lines(SMALL_SIZE, width, LABEL_LINES, i->labels[k]);
        most = lines > most ? lines : most;
    }
    return most;
}

static grid lay_out(const images *i)
{
    grid g = { .columns = i->columns > 0 ? i->columns : suiting_columns(i->n), .left = MARGIN };
    const double space = (PAGE_WIDTH - 2 * MARGIN + GAP) / g.columns - GAP;
    const double zoom = fmin(space, TILE_MOST) / i->width;
    g.width = i->width * (zoom >= 1 ? floor(zoom) : zoom);
    g.height = g.width * i->height / i->width;
    g.label_width = g.width + GAP - 4;
    g.label = label_lines(i, g.label_width) * SMALL_SIZE * LINE_SPACING + 4;
    return g;
}

static void draw_image(svg *s, const images *all, int64_t k, const grid *g, unsigned char *bytes)
{
    const double x = g->left + (double)(k % g->columns) * (g->width + GAP), y = s->y;
    const char *label = all->labels ? all->labels[k] : NULL;
    to_bytes(all, all->pixels + k * all->channels * all->height * all->width, bytes);
    text_print(&s->body,
               "<image class='picture' x='%.2f' y='%.2f' width='%.2f' height='%.2f' preserveAspectRatio='none' "
               "image-rendering='pixelated' href='data:image/png;base64,",
               x, y, g->width, g->height);
    png_base64(&s->body, bytes, all->is_signed ? 3 : all->channels, all->height, all->width);
    text_put(&s->body, "'>");
    if (label) {
        text_put(&s->body, "<title>");
        text_xml(&s->body, label);
        text_put(&s->body, "</title>");
    }
    text_print(&s->body, "</image>\n<rect class='grid' x='%.2f' y='%.2f' width='%.2f' height='%.2f'/>\n", x, y,
               g->width, g->height);
    svg_wrapped(s, x + g->width / 2, y + g->height + SMALL_SIZE + 3, "small", "middle", SMALL_SIZE, g->label_width,
                LABEL_LINES, label);
}

static bool write_numbers(const char *base, const images *all, tg_error *err)
{
    text csv = { 0 };
    text_put(&csv, "image,label,channel,row");
    for (int x = 0; x < all->width; x++)
        text_print(&csv, ",%d", x);
    text_put(&csv, "\n");
    for (int64_t row = 0; row < all->n * all->channels * all->height; row++) {
        const int64_t image = row / all->height / all->channels;
        text_print(&csv, "%lld,", (long long)image);
        text_csv(&csv, all->labels ? all->labels[image] : NULL);
        text_print(&csv, ",%d,%d", (int)(row / all->height % all->channels), (int)(row % all->height));
        for (int x = 0; x < all->width; x++) {
            text_put(&csv, ",");
            text_number(&csv, all->pixels[row * all->width + x]);
        }
        text_put(&csv, "\n");
    }
    return csv_end(&csv, base, err);
}

bool draw_images(const char *base, const images *all, tg_error *err)
{
    svg s;
    char told[160];
    if (!check(base, all, err) || !write_numbers(base, all, err))
        return false;
    svg_begin(&s, all->title);
    const grid g = lay_out(all);
    unsigned char *bytes = malloc((size_t)all->height * (size_t)all->width * 3);
    s.body.failed |= !bytes;
    for (int64_t k = 0; bytes && k < all->n; k++) {
        draw_image(&s, all, k, &g, bytes);
        if ((k + 1) % g.columns == 0 || k + 1 == all->n)
            s.y += g.height + g.label + GAP;
    }
    free(bytes);
    snprintf(told, sizeof told, "%lld pictures of %d x %d pixels%s.", (long long)all->n, all->width, all->height,
             all->is_signed ? ", each scaled by its largest magnitude" : "");
    return svg_end(&s, base, "pictures", all->title, all->caption, told, err);
}
