/* heatmap.c - a matrix as coloured cells with their numbers. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "picture/svg.h"

/* Cells are the full colour at an opacity of their share. Where its mixture with the background is as far from black as
   from white, the number changes its colour; the contrast is then 4.5 at least (tests/examples/test_pictures.c). */
#define LIGHT_CHANGE 0.772
#define DARK_CHANGE  0.528

typedef struct layout {
    double left, top, cell_width, cell_height, size; /* size: of the numbers; 0: they do not fit */
} layout;

static bool check(const char *base, const heatmap *h, tg_error *err)
{
    if (h->rows < 0 || h->columns < 0 || (h->rows > 0 && h->columns > 0 && !h->values))
        return refuse(err, base, "%d rows, %d columns%s, expected 0 or more, and values", h->rows, h->columns,
                      h->values ? "" : ", values NULL");
    return true;
}

static double value_at(const heatmap *h, int row, int column)
{
    return h->values[(int64_t)row * h->columns + column];
}

static const char *name_at(const char *const *names, int i, char buffer[24])
{
    if (names)
        return names[i] ? names[i] : "";
    snprintf(buffer, 24, "%d", i);
    return buffer;
}

/* The range of the colours: from 0 to the sum of a row, or that of all values if one is negative. */
typedef struct scale {
    bool by_row;
    double low, high;
} scale;

static scale scale_of(const heatmap *h)
{
    scale s = { .by_row = true, .low = HUGE_VAL, .high = -HUGE_VAL };
    for (int64_t i = 0; i < (int64_t)h->rows * h->columns; i++) {
        if (!isfinite(h->values[i]))
            continue;
        s.by_row = s.by_row && h->values[i] >= 0;
        s.low = fmin(s.low, h->values[i]);
        s.high = fmax(s.high, h->values[i]);
    }
    return s;
}

static double share(const heatmap *h, const scale *s, int row, int column)
{
    const double value = value_at(h, row, column);
    double largest = 0, sum = 0;
    if (!isfinite(value))
        return 0;
    if (!s->by_row)
        return s->high > s->low ? (value / 2 - s->low / 2) / (s->high / 2 - s->low / 2) : 0;
    for (int j = 0; j < h->columns; j++)
        if (isfinite(value_at(h, row, j)))
            largest = fmax(largest, value_at(h, row, j));
    for (int j = 0; j < h->columns && largest > 0; j++)
        if (isfinite(value_at(h, row, j)))
            sum += value_at(h, row, j) / largest;
    return sum > 0 ? value / largest / sum : 0;
}

/* A whole number as such, another with three digits. */
static void put_value(text *t, double value)
{
    t->size = 0;
    if (isnan(value))
        text_put(t, "–");
    else if (isinf(value))
        text_put(t, value < 0 ? "\xe2\x88\x92∞" : "∞");
    else if (value == floor(value) && fabs(value) < 1e7)
        text_print(t, "%s%.0f", value < 0 ? "\xe2\x88\x92" : "", fabs(value));
    else
        text_print(t, "%s%.3g", value < 0 ? "\xe2\x88\x92" : "", fabs(value));
}

static double widest_value(const heatmap *h)
{
    text t = { 0 };
    double width = 0;
    for (int64_t i = 0; i < (int64_t)h->rows * h->columns; i++) {
        put_value(&t, h->values[i]);
        if (!t.failed)
            width = fmax(width, text_width(t.data, t.size));
    }
    text_finish(&t);
    return width;
}

static double widest_name(const char *const *names, int n)
{
    char buffer[24];
    double width = 0;
    for (int i = 0; i < n; i++) {
        const char *name = name_at(names, i, buffer);
        width = fmax(width, text_width(name, strlen(name)));
    }
    return TICK_SIZE * width;
}

static layout lay_out(const svg *s, const heatmap *h)
{
    layout l = { .top = s->y + 6 };
    const bool labelled = h->row_label && *h->row_label;
    l.left = MARGIN + (labelled ? LABEL_SIZE + 10 : 0) + fmin(widest_name(h->row_names, h->rows), 150) + 9;
    const double most = PAGE_WIDTH - MARGIN - 84 - l.left; /* the colour scale is at the right */
    l.cell_width = fmin(most / fmax(h->columns, 1), 72);
    const double rows = fmax(h->rows, 1); /* neither very flat nor higher than a page */
    l.cell_height = fmax(fmin(fmax(fmin(l.cell_width, 36), fmin(144 / rows, 72)), 1000 / rows), 2);
    l.size = fmin(fmin(TICK_SIZE, (l.cell_width - 4) / fmax(widest_value(h), 1)), 0.8 * l.cell_height);
    l.size = l.size < 7 ? 0 : l.size;
    return l;
}

static void draw_cells(svg *s, const heatmap *h, const layout *l)
{
    const scale of = scale_of(h);
    text number = { 0 };
    for (int row = 0; row < h->rows; row++)
        for (int column = 0; column < h->columns; column++) {
            const double x = l->left + column * l->cell_width, y = l->top + row * l->cell_height;
            const double part = share(h, &of, row, column);
            text_print(&s->body,
                       "<rect class='cell' x='%.2f' y='%.2f' width='%.2f' height='%.2f' fill-opacity='%.3f'/>", x, y,
                       l->cell_width, l->cell_height, part);
            put_value(&number, value_at(h, row, column));
            if (l->size > 0 && !number.failed)
                text_print(&s->body,
                           "<text class='%s %s' x='%.2f' y='%.2f' text-anchor='middle' font-size='%.2f'>%s</text>",
                           part < LIGHT_CHANGE ? "light-black" : "light-white",
                           part < DARK_CHANGE ? "dark-white" : "dark-black", x + l->cell_width / 2,
                           y + l->cell_height / 2 + 0.36 * l->size, l->size, number.data);
            text_put(&s->body, "\n");
        }
    s->body.failed |= number.failed;
    text_finish(&number);
    const double width = h->columns * l->cell_width, height = h->rows * l->cell_height;
    text_put(&s->body, "<path class='grid' d='");
    for (int i = 0; i <= h->columns && l->size > 0; i++)
        text_print(&s->body, "M%.2f %.2fv%.2f", l->left + i * l->cell_width, l->top, height);
    for (int i = 0; i <= h->rows && l->size > 0; i++)
        text_print(&s->body, "M%.2f %.2fh%.2f", l->left, l->top + i * l->cell_height, width);
    text_print(&s->body, "M%.2f %.2fh%.2fv%.2fh%.2fz'/>\n", l->left, l->top, width, height, -width);
}

/* Each k-th name, so that they do not touch. */
static int every(double cell, double needed)
{
    return (int)fmax(1, ceil(needed / cell));
}

static void draw_names(svg *s, const heatmap *h, const layout *l)
{
    char buffer[24];
    const double bottom = l->top + h->rows * l->cell_height, widest = widest_name(h->column_names, h->columns);
    const bool upright = widest + 6 <= l->cell_width || !h->column_names;
    for (int i = 0, k = every(l->cell_height, 14); i < h->rows; i += k)
        svg_text(s, l->left - 8, l->top + (i + 0.5) * l->cell_height + 4.2, "tick", "end", TICK_SIZE, 150,
                 name_at(h->row_names, i, buffer));
    for (int i = 0, k = every(l->cell_width, upright ? widest + 6 : 18); i < h->columns; i += k) {
        const double x = l->left + (i + 0.5) * l->cell_width;
        const char *name = name_at(h->column_names, i, buffer);
        if (upright)
            svg_text(s, x, bottom + 17, "tick", "middle", TICK_SIZE, 150, name);
        else
            svg_text_rotated(s, x + 5, bottom + 13, -45, "tick", "end", TICK_SIZE, 110, name);
    }
    s->y = bottom + (upright ? 24 : 16 + 0.71 * fmin(widest, 110));
    svg_text_rotated(s, MARGIN + LABEL_SIZE - 2, (l->top + bottom) / 2, -90, "label", "middle", LABEL_SIZE,
                     fmax(bottom - l->top, 60), h->row_label);
    if (h->column_label && *h->column_label) {
        const double most = fmin(LABEL_SIZE * text_width(h->column_label, strlen(h->column_label)) + 1,
                                 fmax(h->columns * l->cell_width, 300));
        svg_text(s, fmax(l->left + h->columns * l->cell_width / 2, MARGIN + most / 2), s->y + LABEL_SIZE, "label",
                 "middle", LABEL_SIZE, most, h->column_label);
        s->y += LABEL_SIZE + 10;
    }
}

static void draw_scale(svg *s, const heatmap *h, const layout *l)
{
    enum { STEPS = 24 };
    const scale of = scale_of(h);
    const double x = l->left + h->columns * l->cell_width + 18, height = fmin(h->rows * l->cell_height, 160);
    text number = { 0 };
    if (h->rows * l->cell_height < 40 || !(of.low <= of.high))
        return;
    for (int i = 0; i < STEPS; i++)
        text_print(&s->body, "<rect class='cell' x='%.2f' y='%.2f' width='12' height='%.2f' fill-opacity='%.3f'/>\n",
                   x, l->top + height * (STEPS - 1 - i) / STEPS, height / STEPS, (i + 0.5) / STEPS);
    text_print(&s->body, "<rect class='grid' x='%.2f' y='%.2f' width='12' height='%.2f'/>\n", x, l->top, height);
    for (int end = 0; end < 2; end++) {
        put_value(&number, end ? of.high : of.low);
        svg_text(s, x + 17, end ? l->top + 9 : l->top + height, "tick", "start", TICK_SIZE, 60,
                 of.by_row ? (end ? "100 %" : "0 %") : number.data);
    }
    if (of.by_row) {
        svg_text(s, x + 17, l->top + height / 2 - 2, "tick", "start", TICK_SIZE, 60, "of the");
        svg_text(s, x + 17, l->top + height / 2 + 12, "tick", "start", TICK_SIZE, 60, "row");
    }
    text_finish(&number);
}

static bool write_numbers(const char *base, const heatmap *h, tg_error *err)
{
    text csv = { 0 };
    char buffer[24];
    text_put(&csv, "row");
    for (int i = 0; i < h->columns; i++) {
        text_put(&csv, ",");
        text_csv(&csv, name_at(h->column_names, i, buffer));
    }
    text_put(&csv, "\n");
    for (int row = 0; row < h->rows; row++) {
        text_csv(&csv, name_at(h->row_names, row, buffer));
        for (int column = 0; column < h->columns; column++) {
            text_put(&csv, ",");
            text_number(&csv, value_at(h, row, column));
        }
        text_put(&csv, "\n");
    }
    return csv_end(&csv, base, err);
}

bool draw_heatmap(const char *base, const heatmap *h, tg_error *err)
{
    svg s;
    char told[160];
    if (!check(base, h, err) || !write_numbers(base, h, err))
        return false;
    svg_begin(&s, h->title);
    const layout l = lay_out(&s, h);
    draw_cells(&s, h, &l);
    draw_scale(&s, h, &l);
    draw_names(&s, h, &l);
    snprintf(told, sizeof told, "A table of %d rows and %d columns, each cell coloured by its value.", h->rows,
             h->columns);
    return svg_end(&s, base, "heat map", h->title, h->caption, told, err);
}
