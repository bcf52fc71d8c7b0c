/* test_pictures.c - examples/picture: scatter plots, heat maps and images show what was given. */
#include "drawn.h"

#include "picture/png.h"

static tg_error err;

/* Scatter ---------------------------------------------------------------------------------------------------------- */

/* The class whose rectangles hold the place; they must not overlap. */
static int region_at(const xml *root, double x, double y)
{
    int found = -1;
    for (const xml *p = xml_next(root, NULL, "path"); p; p = xml_next(root, p, "path")) {
        if (!has_class(p, "region"))
            continue;
        const char *path = xml_value(p, "d");
        double px[4], py[4];
        char letter;
        while (next_place(&path, &letter, &px[0], &py[0])) {
            for (int i = 1; i < 4; i++)
                assert_true(next_place(&path, &letter, &px[i], &py[i]));
            if (x > px[0] && x < px[2] && y < py[0] && y > py[2]) {
                assert_int_equal(found, -1);
                assert_int_equal(sscanf(xml_value(p, "class"), "region c%d", &found), 1);
            }
        }
    }
    return found - (found > 0);
}

static void test_scatter(void **state)
{
    enum { COLUMNS = 30, ROWS = 20, POINTS = 50 };
    static int32_t regions[ROWS * COLUMNS], labels[POINTS];
    static double x[POINTS], y[POINTS];
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        const double dx = i % COLUMNS - 14.5, dy = i / COLUMNS - 9.5;
        regions[i] = dx * dx + dy * dy < 40 ? 0 : dx > dy ? 1 : i % 97 == 0 ? -1 : 2;
    }
    for (int i = 0; i < POINTS; i++) {
        labels[i] = i % 3;
        x[i] = -2 + 5 * (i * 37 % 50) / 50.0;
        y[i] = -1 + 3 * (i * 11 % 50) / 50.0;
    }
    x[7] = (double)NAN;
    const scatter s = {
        "Regions", NULL, "x", "y", POINTS, x, y, labels, 3, NULL, COLUMNS, ROWS, regions, -2, 3, -1, 2
    };
    assert_true(draw_scatter(at(state, "regions"), &s, &err));
    xml *root = read_svg(state, "regions.svg");
    const scale sx = scale_of(root, false), sy = scale_of(root, true);
    for (int i = 0; i < ROWS * COLUMNS; i++)
        assert_int_equal(region_at(root, pixel_of(&sx, -2 + 5 * (i % COLUMNS + 0.5) / COLUMNS),
                                   pixel_of(&sy, -1 + 3 * (i / COLUMNS + 0.5) / ROWS)),
                         regions[i]);
    /* circles of class 0 begin at their left end */
    const char *path = xml_value(find(root, "path", "mark", 0), "d");
    double px, py;
    char letter;
    for (int i = 0; i < POINTS; i += 3) {
        assert_true(next_place(&path, &letter, &px, &py));
        assert_true(fabs(px + 4 - pixel_of(&sx, x[i])) < 0.011 && fabs(py - pixel_of(&sy, y[i])) < 0.011);
    }
    assert_false(next_place(&path, &letter, &px, &py));
    assert_int_equal(count(xml_value(find(root, "path", "mark", 1), "d"), 'M'), 16); /* one of 17 is not finite */
    xml_free(root);

    char *csv = read_text(state, "regions.csv");
    const char *row = strchr(csv, '\n') + 1;
    for (int i = 0; i < POINTS + ROWS * COLUMNS; i++, row = strchr(row, '\n') + 1) {
        char kind[8];
        double cx, cy;
        int class;
        assert_int_equal(sscanf(row, "%7[a-z],%lf,%lf,%d,", kind, &cx, &cy, &class), 4);
        assert_string_equal(kind, i < POINTS ? "point" : "region");
        assert_int_equal(class, i < POINTS ? labels[i] : regions[i - POINTS]);
        if (i < POINTS)
            assert_true((cx == x[i] || i == 7) && cy == y[i]);
    }
    assert_int_equal(*row, '\0');
    free(csv);
}

/* Without axes, both have one unit; many points stay a small file; ten classes differ in colour, six in shape. */
static void test_scatter_without_axes(void **state)
{
    enum { MANY = 200000 };
    double *x = malloc(MANY * sizeof *x), *y = malloc(MANY * sizeof *y);
    int32_t *labels = malloc(MANY * sizeof *labels);
    assert_true(x && y && labels);
    for (int i = 0; i < MANY; i++) {
        labels[i] = i % 10;
        x[i] = 10 * sin(i * 0.01) + i % 7;
        y[i] = 90 * cos(i * 0.013) + i % 10;
    }
    for (int n = 1000; n <= MANY; n *= 200) {
        assert_true(draw_scatter(at(state, "tsne"),
                                 &(scatter){ .n = n, .x = x, .y = y, .labels = labels, .classes = 10 }, &err));
        xml *root = read_svg(state, "tsne.svg");
        const scale sx = scale_of(root, false), sy = scale_of(root, true);
        assert_true(fabs((sx.high - sx.low) / (sx.to - sx.from) - (sy.high - sy.low) / (sy.from - sy.to)) < 1e-9);
        const char *class = n < MANY ? "mark" : "dots", *previous = "";
        for (int k = 0; k < 10; k++) {
            const xml *p = find(find(root, "svg", "plot", 0), "path", class, k);
            assert_string_not_equal(xml_value(p, "class"), previous);
            previous = xml_value(p, "class");
            if (n < MANY)
                assert_int_equal(count(xml_value(p, "d"), 'M'), n / 10);
        }
        xml_free(root);
        size_t size;
        free(scratch_read(at(state, "tsne.svg"), &size));
        assert_true(size < 3000000);
    }
    free(x);
    free(y);
    free(labels);
}

/* Heat map --------------------------------------------------------------------------------------------------------- */

static double linear(double c)
{
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* The contrast (WCAG 2) of black or white on a mixture of two colours. */
static double contrast(unsigned back, unsigned full, double share, bool white)
{
    const double weights[] = { 0.2126, 0.7152, 0.0722 };
    double light = 0;
    for (int c = 0; c < 3; c++) {
        const double a = (back >> (16 - 8 * c) & 255) / 255.0, b = (full >> (16 - 8 * c) & 255) / 255.0;
        light += weights[c] * linear(a + share * (b - a));
    }
    return white ? 1.05 / (light + 0.05) : (light + 0.05) / 0.05;
}

static void test_numbers_in_cells_are_readable(void **state)
{
    static double values[2 * 101];
    for (int i = 0; i <= 100; i++) {
        values[2 * i] = i;
        values[2 * i + 1] = 100 - i;
    }
    for (int part = 0; part < 101; part += 20) {
        const int rows = part + 20 > 101 ? 101 - part : 20;
        assert_true(draw_heatmap(again(state, "cells"),
                                 &(heatmap){ .rows = rows, .columns = 2, .values = values + 2 * part }, &err));
        char *svg = read_text(state, "cells.svg");
        assert_non_null(strstr(svg, ".cell{fill:#08519c"));
        assert_non_null(strstr(svg, ".cell{fill:#9ecff5"));
        assert_non_null(strstr(svg, ".back{fill:#fff}"));
        assert_non_null(strstr(svg, ".back{fill:#15181c}"));
        free(svg);
        xml *root = read_svg(state, "cells.svg");
        for (int i = 0; i < 2 * rows; i++) {
            const xml *cell = find(root, "rect", "cell", i), *number = cell->next;
            const double share = strtod(xml_value(cell, "fill-opacity"), NULL);
            const char *class = xml_value(number, "class");
            assert_true(fabs(share - values[2 * part + i] / 100) < 0.0006);
            assert_true(strtod(number->text, NULL) == values[2 * part + i]);
            assert_true(contrast(0xffffff, 0x08519c, share, strstr(class, "light-white") != NULL) >= 4.5);
            assert_true(contrast(0x15181c, 0x9ecff5, share, strstr(class, "dark-white") != NULL) >= 4.5);
        }
        xml_free(root);
    }
}

static void test_heatmap(void **state)
{
    static const double values[] = { 90, 10, 0, 2.5, (double)NAN, 1e9, 0, 0, 0 };
    static const char *const names[] = { "cat", "dog, small", "bird" }, *const shown[] = { "90",  "10", "0",
                                                                                           "2.5", "–",  "1e+09",
                                                                                           "0",   "0",  "0" };
    assert_true(draw_heatmap(at(state, "heat"),
                             &(heatmap){ "T", NULL, "true", "predicted", 3, 3, values, names, names }, &err));
    xml *root = read_svg(state, "heat.svg");
    for (int i = 0; i < 9; i++)
        assert_string_equal(find(root, "rect", "cell", i)->next->text, shown[i]);
    xml_free(root);
    char *csv = read_text(state, "heat.csv");
    assert_string_equal(csv,
                        "row,cat,\"dog, small\",bird\ncat,90,10,0\n\"dog, small\",2.5,nan,1000000000\nbird,0,0,0\n");
    free(csv);
    assert_true(draw_heatmap(at(state, "heat"), &(heatmap){ 0 }, &err));
    xml_free(read_svg(state, "heat.svg"));
}

/* Images ----------------------------------------------------------------------------------------------------------- */

/* Decodes base64; the bytes are to be freed. */
static unsigned char *from_base64(const char *code, size_t *size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char *bytes = malloc(strlen(code));
    assert_non_null(bytes);
    *size = 0;
    assert_int_equal(strlen(code) % 4, 0);
    for (; *code; code += 4) {
        uint32_t three = 0;
        for (int i = 0; i < 4; i++) {
            const char *digit = strchr(digits, code[i]);
            assert_true(digit || (code[i] == '=' && i >= 2 && !code[4]));
            three = three << 6 | (digit ? (uint32_t)(digit - digits) : 0);
        }
        for (int i = 0; i < 3; i++)
            if (code[i + 1] != '=')
                bytes[(*size)++] = (unsigned char)(three >> (16 - 8 * i));
    }
    return bytes;
}

static uint32_t big(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t slow_crc(const unsigned char *bytes, size_t size)
{
    uint32_t crc = UINT32_MAX; /* by long division, bit by bit */
    for (size_t i = 0; i < 8 * size; i++) {
        const uint32_t bit = (bytes[i / 8] >> i % 8 & 1u) ^ (crc & 1u);
        crc = crc >> 1 ^ (bit ? 0xedb88320u : 0);
    }
    return ~crc;
}

/* Checks a PNG of stored blocks strictly; returns its rows without their filter bytes, [height, width, channels]. */
static unsigned char *decode_png(const unsigned char *png, size_t size, int channels, int height, int width)
{
    static const char *const names[] = { "IHDR", "IDAT", "IEND" };
    assert_memory_equal(png, "\x89PNG\r\n\x1a\n", 8);
    const unsigned char *at = png + 8, *idat = NULL;
    for (int i = 0; i < 3; i++) {
        const uint32_t n = big(at);
        assert_memory_equal(at + 4, names[i], 4);
        assert_int_equal(slow_crc(at + 4, n + 4), big(at + 8 + n));
        if (i == 0) {
            const unsigned char kind[] = { 8, channels == 3 ? 2 : 0, 0, 0, 0 };
            assert_int_equal(big(at + 8), width);
            assert_int_equal(big(at + 12), height);
            assert_memory_equal(at + 16, kind, 5);
        }
        idat = i == 1 ? at : idat;
        at += 12 + n;
    }
    assert_int_equal(at - png, size);
    const size_t row = (size_t)width * (size_t)channels + 1, all = row * (size_t)height;
    unsigned char *raw = malloc(all), *pixels = malloc(all);
    assert_true(raw && pixels);
    const unsigned char *z = idat + 8;
    assert_int_equal((z[0] << 8 | z[1]) % 31, 0);
    assert_int_equal(z[0] & 15, 8);
    z += 2;
    size_t n = 0;
    for (bool last = false; !last;) {
        last = z[0] == 1;
        const unsigned length = z[1] | (unsigned)z[2] << 8;
        assert_int_equal(length ^ 0xffffu, z[3] | (unsigned)z[4] << 8);
        assert_true(n + length <= all);
        memcpy(raw + n, z + 5, length);
        n += length;
        z += 5 + length;
    }
    assert_int_equal(n, all);
    uint64_t a = 1, b = 0;
    for (size_t i = 0; i < all; i++)
        b += a += raw[i];
    assert_int_equal(big(z), (b % 65521) << 16 | a % 65521);
    assert_int_equal(z + 4 - (idat + 8), big(idat));
    for (int y = 0; y < height; y++) {
        assert_int_equal(raw[(size_t)y * row], 0);
        memcpy(pixels + (size_t)y * (row - 1), raw + (size_t)y * row + 1, row - 1);
    }
    free(raw);
    return pixels;
}

static unsigned char *image_at(const xml *root, int i, int channels, int height, int width)
{
    const char *href = xml_value(find(root, "image", "picture", i), "href");
    assert_int_equal(strncmp(href, "data:image/png;base64,", 22), 0);
    size_t size;
    unsigned char *png = from_base64(href + 22, &size), *pixels = decode_png(png, size, channels, height, width);
    free(png);
    return pixels;
}

/* Of several stored blocks, and of lengths with each rest of base64. */
static void test_png(void **state)
{
    (void)state;
    static const int sizes[][2] = {
        { 1, 1 }, { 1, 2 }, { 2, 1 }, { 3, 5 }, { 300, 400 }, { 1, 65534 }, { 1, 65535 }
    };
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int channels = 1; channels <= 3; channels += 2) {
            const size_t n = (size_t)(sizes[i][0] * sizes[i][1] * channels);
            unsigned char *pixels = malloc(n);
            assert_non_null(pixels);
            for (size_t k = 0; k < n; k++)
                pixels[k] = (unsigned char)(k * 2654435761u >> 13);
            text t = { 0 };
            png_base64(&t, pixels, channels, sizes[i][0], sizes[i][1]);
            assert_false(t.failed);
            size_t size;
            unsigned char *png = from_base64(t.data, &size),
                          *back = decode_png(png, size, channels, sizes[i][0], sizes[i][1]);
            assert_memory_equal(back, pixels, n);
            free(back);
            free(png);
            free(pixels);
            text_finish(&t);
        }
}

static void test_images(void **state)
{
    enum { H = 5, W = 4 };
    static double pixels[2 * 3 * H * W];
    static const char *const labels[] = { "3, read as 8", NULL };
    for (int i = 0; i < 2 * 3 * H * W; i++)
        pixels[i] = (i % 23) / 11.0 - 1 + (i > 60 ? 0.25 : 0);
    pixels[3] = (double)NAN;
    for (int channels = 1; channels <= 3; channels += 2)
        for (int is_signed = 0; is_signed < 2; is_signed++) {
            const images all = { "Pictures", NULL, 2, channels, H, W, pixels, is_signed, labels, 0 };
            assert_true(draw_images(at(state, "images"), &all, &err));
            xml *root = read_svg(state, "images.svg");
            for (int k = 0; k < 2; k++) {
                const int drawn = is_signed ? 3 : channels, size = channels * H * W;
                unsigned char *bytes = image_at(root, k, drawn, H, W);
                double most = 0;
                for (int i = 0; i < size; i++)
                    most = fmax(most, fabs(pixels[k * size + i])); /* fmax passes over NaN */
                for (int i = 0; i < H * W; i++)
                    for (int c = 0; c < drawn; c++) {
                        double x = pixels[k * size + (channels == 3 ? c * H * W : 0) + i];
                        x = isnan(x) ? 0 : x;
                        static const double ends[2][3] = { { 0, 114, 178 }, { 213, 94, 0 } };
                        const double wanted = !is_signed      ? 255 * fmin(fmax(x, 0), 1)
                                              : channels == 3 ? 127.5 + 127.5 * x / most
                                                              : 255 + fabs(x / most) * (ends[x > 0][c] - 255);
                        assert_true(fabs(bytes[i * drawn + c] - wanted) <= 0.5 + 1e-9);
                    }
                free(bytes);
            }
            assert_string_equal(xml_value(find(root, "image", "picture", 0), "image-rendering"), "pixelated");
            assert_string_equal(find(root, "text", "small", 0)->text, "3, read as 8");
            xml_free(root);
            char *csv = read_text(state, "images.csv");
            assert_int_equal(count(csv, '\n'), 1 + 2 * channels * H);
            const char *row = strchr(csv, '\n') + 1;
            for (int i = 0; i < 2 * channels * H; i++, row = strchr(row, '\n') + 1) {
                char *end = strchr(row, '\n');
                for (int k = 0; k < W; k++)
                    do
                        end--;
                    while (end[-1] != ',');
                for (int k = 0; k < W; k++, end++) {
                    const double wanted = pixels[i * W + k], value = strtod(end, &end);
                    assert_true(value == wanted || (isnan(value) && isnan(wanted)));
                }
            }
            free(csv);
        }
    assert_true(draw_images(at(state, "images"), &(images){ .channels = 1, .height = 1, .width = 1 }, &err));
    xml_free(read_svg(state, "images.svg"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scatter),
        cmocka_unit_test(test_scatter_without_axes),
        cmocka_unit_test(test_numbers_in_cells_are_readable),
        cmocka_unit_test(test_heatmap),
        cmocka_unit_test(test_png),
        cmocka_unit_test(test_images),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}
