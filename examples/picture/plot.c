/* plot.c - the frame of a plot. */
#include "picture/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PLOT_HEIGHT = 330 };

static double label_width(const tick *t)
{
    return TICK_SIZE * text_width(t->text, strlen(t->text));
}

static double widest(const ticks *t)
{
    double width = 0;
    for (int i = 0; i < t->n; i++)
        width = fmax(width, label_width(&t->at[i]));
    return width;
}

/* Whether two labels are too near to each other. */
static bool touch(const axis *a, const tick *t, const tick *other, bool upright)
{
    const double space = upright ? 1.2 * TICK_SIZE : (label_width(t) + label_width(other)) / 2 + 10;
    return fabs(axis_at(a, t->value) - axis_at(a, other->value)) < space;
}

/* Takes off labels that would touch one of a lower rank, or one before them. */
static void thin_labels(const axis *a, ticks *t, bool upright)
{
    for (int rank = 0; rank <= 3; rank++)
        for (int i = 0; i < t->n; i++)
            for (int j = 0; j < t->n && t->at[i].rank == rank; j++) {
                const bool before = t->at[j].rank < rank || (t->at[j].rank == rank && j < i);
                if (before && t->at[j].text[0] && touch(a, &t->at[i], &t->at[j], upright))
                    t->at[i].text[0] = '\0';
            }
}

/* As many ticks as have labels that fit side by side. */
static void fit_ticks(const axis *a, ticks *t)
{
    int most = (int)(fabs(a->to - a->from) / 60);
    do
        axis_ticks(a, most, t);
    while (!a->log && --most > 1 && t->n > 1 &&
           widest(t) + 12 > fabs(axis_at(a, t->at[1].value) - axis_at(a, t->at[0].value)));
    thin_labels(a, t, false);
}

/* The label, and what its ticks are to be multiplied with. */
static void put_label(text *out, const char *label, int power)
{
    char raised[24];
    text_put(out, label ? label : "");
    if (power == 0)
        return;
    raised_text(raised, sizeof raised, power);
    text_print(out, "%s%s", label && *label ? "  × 10" : "× 10", raised);
}

static void draw_grid(plot *p, const ticks *x, const ticks *y)
{
    for (int labelled = 0; labelled < 2; labelled++) {
        text_print(&p->s.body, "<path class='%s' d='", labelled ? "grid" : "minor");
        for (int i = 0; i < x->n; i++)
            if ((x->at[i].text[0] != '\0') == labelled) {
                svg_move(&p->s.body, 'M', axis_at(&p->x, x->at[i].value), p->top);
                text_print(&p->s.body, "v%.0f", p->height);
            }
        for (int i = 0; i < y->n; i++)
            if ((y->at[i].text[0] != '\0') == labelled) {
                svg_move(&p->s.body, 'M', p->left, axis_at(&p->y, y->at[i].value));
                text_print(&p->s.body, "h%.2f", p->width);
            }
        text_put(&p->s.body, "'/>\n");
    }
}

static void draw_ticks(plot *p, const ticks *x, const ticks *y)
{
    const double bottom = p->top + p->height;
    text_put(&p->s.body, "<path class='axis' d='");
    svg_move(&p->s.body, 'M', p->left, p->top);
    text_print(&p->s.body, "v%.0fh%.2f", p->height, p->width);
    for (int i = 0; i < x->n; i++) {
        svg_move(&p->s.body, 'M', axis_at(&p->x, x->at[i].value), bottom);
        text_put(&p->s.body, x->at[i].text[0] ? "v5" : "v3");
    }
    for (int i = 0; i < y->n; i++) {
        svg_move(&p->s.body, 'M', p->left, axis_at(&p->y, y->at[i].value));
        text_put(&p->s.body, y->at[i].text[0] ? "h-5" : "h-3");
    }
    text_put(&p->s.body, "'/>\n");
    for (int i = 0; i < x->n; i++)
        svg_text(&p->s, axis_at(&p->x, x->at[i].value), bottom + 19, "tick", "middle", TICK_SIZE, PAGE_WIDTH,
                 x->at[i].text);
    for (int i = 0; i < y->n; i++)
        svg_text(&p->s, p->left - 9, axis_at(&p->y, y->at[i].value) + 4.2, "tick", "end", TICK_SIZE, PAGE_WIDTH,
                 y->at[i].text);
}

/* One unit for both: the axis with fewer units a pixel is extended on both sides. */
static void square_units(plot *p)
{
    const double x = (p->x.high - p->x.low) / p->width, y = (p->y.high - p->y.low) / p->height;
    axis *a = x < y ? &p->x : &p->y;
    const double more = (a->high - a->low) * (fmax(x, y) / fmin(x, y) - 1) / 2;
    if (!isfinite(more))
        return;
    a->low -= more;
    a->high += more;
}

static void bare_frame(plot *p)
{
    p->left = MARGIN;
    p->width = PAGE_WIDTH - 2 * MARGIN;
    p->height = 1.3 * PLOT_HEIGHT;
    square_units(p);
    p->y.from = p->top + p->height;
    p->x.from = p->left;
    p->x.to = p->left + p->width;
    text_print(&p->s.body, "<rect class='grid' x='%.2f' y='%.2f' width='%.2f' height='%.2f'/>\n", p->left, p->top,
               p->width, p->height);
    p->s.y = p->top + p->height + 10;
}

void plot_frame(plot *p, const char *x_label, const char *y_label)
{
    ticks x, y;
    text label = { 0 };
    p->top = p->y.to = p->s.y + 4;
    if (!x_label && !y_label) {
        bare_frame(p);
        return;
    }
    p->height = PLOT_HEIGHT;
    p->y.from = p->top + p->height;
    axis_ticks(&p->y, PLOT_HEIGHT / 42, &y);
    thin_labels(&p->y, &y, true);
    put_label(&label, y_label, y.power);
    p->left = MARGIN + (label.size > 0 ? LABEL_SIZE + 9 : 0) + fmax(widest(&y), 20) + 9;
    p->width = PAGE_WIDTH - MARGIN - 10 - p->left;
    p->x.from = p->left;
    p->x.to = p->left + p->width;
    fit_ticks(&p->x, &x);
    draw_grid(p, &x, &y);
    draw_ticks(p, &x, &y);
    svg_text_rotated(&p->s, MARGIN + LABEL_SIZE - 2, p->top + p->height / 2, -90, "label", "middle", LABEL_SIZE,
                     p->height, label.data);
    p->s.y = p->top + p->height + 26;
    label.size = 0;
    put_label(&label, x_label, x.power);
    if (label.size > 0) {
        svg_text(&p->s, p->left + p->width / 2, p->s.y + LABEL_SIZE, "label", "middle", LABEL_SIZE, p->width,
                 label.data);
        p->s.y += LABEL_SIZE + 12;
    }
    p->s.body.failed |= label.failed;
    text_finish(&label);
}

void plot_clip(plot *p)
{
    const double over = 4; /* markers on the edges are shown whole */
    const double box[] = { p->left - over, p->top - over, p->width + 2 * over, p->height + 2 * over };
    text_print(&p->s.body,
               "<svg class='plot' x='%.2f' y='%.2f' width='%.2f' height='%.2f' viewBox='%.2f %.2f %.2f %.2f' "
               "data-frame='%.2f %.2f %.2f %.2f'",
               box[0], box[1], box[2], box[3], box[0], box[1], box[2], box[3], p->left, p->top, p->width, p->height);
    const axis *axes[] = { &p->x, &p->y };
    for (int i = 0; i < 2; i++) {
        text_print(&p->s.body, " data-%c='%s ", "xy"[i], axes[i] -> log ? "log" : "linear");
        text_number(&p->s.body, axes[i]->low);
        text_put(&p->s.body, " ");
        text_number(&p->s.body, axes[i]->high);
        text_put(&p->s.body, "'");
    }
    text_put(&p->s.body, ">\n");
}

void plot_unclip(plot *p)
{
    text_put(&p->s.body, "</svg>\n");
}

void plot_nothing(plot *p)
{
    svg_text(&p->s, p->left + p->width / 2, p->top + p->height / 2, "label", "middle", LABEL_SIZE, p->width,
             "nothing to draw");
}
