/* scatter.c - points of several classes, with decision regions behind them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "picture/plot.h"

enum { DOTS_FROM = 6000, THINNED_FROM = 20000, RADIUS = 4 };

static bool check(const char *base, const scatter *s, tg_error *err)
{
    if (s->n < 0 || s->classes < 1 || (s->n > 0 && (!s->x || !s->y || !s->labels)))
        return refuse(err, base,
                      "n = %lld, %d classes, x%s, y%s, labels%s; expected n of 0 or more, a class or more, and "
                      "all three arrays",
                      (long long)s->n, s->classes, s->x ? "" : " NULL", s->y ? "" : " NULL",
                      s->labels ? "" : " NULL");
    for (int64_t i = 0; i < s->n; i++)
        if (s->labels[i] < 0 || s->labels[i] >= s->classes)
            return refuse(err, base, "label %d of point %lld, expected 0 .. %d", s->labels[i], (long long)i,
                          s->classes - 1);
    if (!s->regions)
        return true;
    if (s->rows < 1 || s->columns < 1)
        return refuse(err, base, "regions of %d rows and %d columns, expected 1 or more of each", s->rows,
                      s->columns);
    for (int64_t i = 0; i < (int64_t)s->rows * s->columns; i++)
        if (s->regions[i] < -1 || s->regions[i] >= s->classes)
            return refuse(err, base, "region %d in row %lld and column %lld, expected -1 .. %d", s->regions[i],
                          (long long)(i / s->columns), (long long)(i % s->columns), s->classes - 1);
    const bool given = s->left != 0 || s->right != 0 || s->bottom != 0 || s->top != 0;
    const bool finite = isfinite(s->left) && isfinite(s->right) && isfinite(s->bottom) && isfinite(s->top);
    if (given && !(finite && s->left < s->right && s->bottom < s->top))
        return refuse(err, base,
                      "regions from x = %g to %g and y = %g to %g, expected finite numbers in rising order", s->left,
                      s->right, s->bottom, s->top);
    return true;
}

static void fit_axes(plot *p, const scatter *s)
{
    range x = RANGE_EMPTY, y = RANGE_EMPTY;
    for (int64_t i = 0; i < s->n; i++)
        if (isfinite(s->x[i]) && isfinite(s->y[i])) {
            range_add(&x, s->x[i], false);
            range_add(&y, s->y[i], false);
        }
    const bool given = s->regions && (s->left != 0 || s->right != 0 || s->bottom != 0 || s->top != 0);
    if (given) {
        range_add(&x, s->left, false);
        range_add(&x, s->right, false);
        range_add(&y, s->bottom, false);
        range_add(&y, s->top, false);
    }
    x.whole = y.whole = false;
    p->x = axis_of(x, false, given ? 0 : 0.04);
    p->y = axis_of(y, false, given ? 0 : 0.04);
}

/* The corners of the regions: those given, or the frame's. */
typedef struct extent {
    double left, right, bottom, top;
} extent;

static extent extent_of(const plot *p, const scatter *s)
{
    if (s->left != 0 || s->right != 0 || s->bottom != 0 || s->top != 0)
        return (extent){ s->left, s->right, s->bottom, s->top };
    return (extent){ p->x.low, p->x.high, p->y.low, p->y.high };
}

/* How many rows from `row` on have the same class in just these columns, so that one rectangle covers them. */
static int same_rows(const scatter *s, int row, int from, int to)
{
    const int32_t class = s->regions[(int64_t)row * s->columns + from];
    int n = 1;
    for (; row + n < s->rows; n++) {
        const int32_t *cells = &s->regions[(int64_t)(row + n) * s->columns];
        if ((from > 0 && cells[from - 1] == class) || (to < s->columns && cells[to] == class))
            return n;
        for (int i = from; i < to; i++)
            if (cells[i] != class)
                return n;
    }
    return n;
}

/* Whether the run was covered from the row below. */
static bool was_covered(const scatter *s, int row, int from, int to)
{
    if (row == 0)
        return false;
    const int32_t class = s->regions[(int64_t)row * s->columns + from];
    const int32_t *cells = &s->regions[(int64_t)(row - 1) * s->columns];
    if ((from > 0 && cells[from - 1] == class) || (to < s->columns && cells[to] == class))
        return false;
    for (int i = from; i < to; i++)
        if (cells[i] != class)
            return false;
    return true;
}

static void draw_regions(plot *p, const scatter *s)
{
    const extent e = extent_of(p, s);
    for (int class = 0; class < s->classes; class ++) {
        text_print(&p->s.body, "<path class='region c%d' shape-rendering='crispEdges' d='", class % PALETTE + 1);
        for (int row = 0; row < s->rows; row++)
            for (int from = 0, to; from < s->columns; from = to) {
                const int32_t *cells = &s->regions[(int64_t)row * s->columns];
                for (to = from + 1; to < s->columns && cells[to] == cells[from];)
                    to++;
                if (cells[from] != class || was_covered(s, row, from, to))
                    continue;
                const double width = (e.right - e.left) / s->columns, height = (e.top - e.bottom) / s->rows;
                const double x0 = axis_at(&p->x, e.left + from * width), x1 = axis_at(&p->x, e.left + to * width);
                const double y0 = axis_at(&p->y, e.bottom + row * height);
                const double y1 = axis_at(&p->y, e.bottom + (row + same_rows(s, row, from, to)) * height);
                svg_move(&p->s.body, 'M', x0, y0);
                svg_move(&p->s.body, 'L', x1, y0);
                svg_move(&p->s.body, 'L', x1, y1);
                svg_move(&p->s.body, 'L', x0, y1);
                text_put(&p->s.body, "z");
            }
        text_put(&p->s.body, "'/>\n");
    }
}

/* Which pixels have a point of the class already, where there are too many points to draw each. */
typedef struct taken {
    bool *pixel;
    int width, height;
} taken;

static bool is_taken(taken *t, const plot *p, double x, double y)
{
    if (!t->pixel)
        return false;
    const int column = (int)(x - p->left), row = (int)(y - p->top);
    if (column < 0 || column >= t->width || row < 0 || row >= t->height)
        return false;
    bool *pixel = &t->pixel[(size_t)row * (size_t)t->width + (size_t)column];
    const bool before = *pixel;
    *pixel = true;
    return before;
}

static void draw_class(plot *p, const scatter *s, int class, taken *t)
{
    const bool dots = s->n >= DOTS_FROM;
    const double radius = s->n > 500 ? 0.75 * RADIUS : RADIUS;
    if (t->pixel)
        memset(t->pixel, 0, (size_t)t->width * (size_t)t->height * sizeof *t->pixel);
    text_print(&p->s.body, dots ? "<path class='dots c%d' stroke-width='3' d='" : "<path class='mark c%d' d='",
               class % PALETTE + 1);
    for (int64_t i = 0; i < s->n; i++) {
        if (s->labels[i] != class || !isfinite(s->x[i]) || !isfinite(s->y[i]))
            continue;
        const double x = axis_at(&p->x, s->x[i]), y = axis_at(&p->y, s->y[i]);
        if (is_taken(t, p, x, y))
            continue;
        if (dots) {
            svg_move(&p->s.body, 'M', x, y);
            text_put(&p->s.body, "h0");
        } else
            svg_marker(&p->s.body, class, x, y, radius);
    }
    text_put(&p->s.body, "'/>\n");
}

static const char *name_of(const void *what, int i, char buffer[24])
{
    const scatter *s = what;
    if (s->class_names)
        return s->class_names[i];
    snprintf(buffer, 24, "%d", i);
    return buffer;
}

static void draw_sample(svg *s, const void *what, int i, double x, double y)
{
    const scatter *all = what;
    if (all->regions)
        text_print(&s->body, "<rect class='region c%d' x='%.2f' y='%.2f' width='26' height='14'/>", i % PALETTE + 1,
                   x - 13, y - 7);
    text_print(&s->body, "<path class='mark c%d' d='", i % PALETTE + 1);
    svg_marker(&s->body, all->n >= DOTS_FROM ? 0 : i, x, y, 4.5);
    text_put(&s->body, "'/>\n");
}

static void put_row(text *csv, const scatter *s, const char *kind, double x, double y, int class)
{
    char buffer[24];
    text_put(csv, kind);
    text_put(csv, ",");
    text_number(csv, x);
    text_put(csv, ",");
    text_number(csv, y);
    text_print(csv, ",%d,", class);
    text_csv(csv, class < 0 ? NULL : name_of(s, class, buffer));
    text_put(csv, "\n");
}

static bool write_numbers(const char *base, const plot *p, const scatter *s, tg_error *err)
{
    text csv = { 0 };
    text_put(&csv, "kind,x,y,class,name\n");
    for (int64_t i = 0; i < s->n; i++)
        put_row(&csv, s, "point", s->x[i], s->y[i], s->labels[i]);
    const extent e = extent_of(p, s);
    for (int64_t i = 0; s->regions && i < (int64_t)s->rows * s->columns; i++) {
        const double column = (double)(i % s->columns) + 0.5, row = (double)(i / s->columns) + 0.5;
        put_row(&csv, s, "region", e.left + (e.right - e.left) * column / s->columns,
                e.bottom + (e.top - e.bottom) * row / s->rows, s->regions[i]);
    }
    return csv_end(&csv, base, err);
}

static void draw_points(plot *p, const scatter *s)
{
    taken t = { .width = (int)ceil(p->width), .height = (int)ceil(p->height) };
    if (s->n >= THINNED_FROM) {
        t.pixel = malloc((size_t)t.width * (size_t)t.height * sizeof *t.pixel);
        p->s.body.failed |= !t.pixel;
    }
    for (int class = 0; class < s->classes; class ++)
        draw_class(p, s, class, &t);
    free(t.pixel);
}

bool draw_scatter(const char *base, const scatter *s, tg_error *err)
{
    plot p = { 0 };
    char told[160];
    if (!check(base, s, err))
        return false;
    fit_axes(&p, s);
    if (!write_numbers(base, &p, s, err))
        return false;
    svg_begin(&p.s, s->title);
    plot_frame(&p, s->x_label, s->y_label);
    plot_clip(&p);
    if (s->regions)
        draw_regions(&p, s);
    draw_points(&p, s);
    plot_unclip(&p);
    if (s->n == 0 && !s->regions)
        plot_nothing(&p);
    if (s->classes > 1 || s->class_names)
        svg_legend(&p.s, &(legend){ s->classes, name_of, draw_sample, s });
    snprintf(told, sizeof told, "%lld points of %d %s%s.", (long long)s->n, s->classes,
             s->classes == 1 ? "class" : "classes", s->regions ? " over the regions in which each is predicted" : "");
    return svg_end(&p.s, base, "scatter plot", s->title, s->caption, told, err);
}
