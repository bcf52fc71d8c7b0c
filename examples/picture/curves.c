/* curves.c - lines over x, with bands, on linear or logarithmic axes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "picture/plot.h"

enum { MARKED_MOST = 25, POINTS_A_PIXEL = 4 };

/* Whether a series specifies this colour of the palette. */
static bool is_asked(const curves *c, int color)
{
    for (int i = 0; i < c->n_series; i++)
        if (c->series[i].color > 0 && (c->series[i].color - 1) % PALETTE + 1 == color)
            return true;
    return false;
}

/* The colour of series i: the specified one, or the next one that no series specifies. */
static int color_of(const curves *c, int i)
{
    int place = 0, left[PALETTE], n = 0;
    if (c->series[i].color > 0)
        return (c->series[i].color - 1) % PALETTE + 1;
    for (int color = 1; color <= PALETTE; color++)
        if (!is_asked(c, color))
            left[n++] = color;
    for (int j = 0; j < i; j++)
        place += c->series[j].color == 0;
    return n > 0 ? left[place % n] : place % PALETTE + 1;
}

static bool check(const char *base, const curves *c, tg_error *err)
{
    if (c->n_series < 0 || (c->n_series > 0 && !c->series))
        return refuse(err, base, "%d series at %s, expected 0 or more at their place", c->n_series,
                      c->series ? "an address" : "NULL");
    for (int i = 0; i < c->n_series; i++) {
        const series *s = &c->series[i];
        if (s->n < 0 || (s->n > 0 && (!s->x || !s->y)) || !s->low != !s->high || s->color < 0)
            return refuse(
                err, base,
                "series %d: n = %lld, color = %d, x%s, y%s, low%s, high%s; expected n and color of 0 or more, "
                "x and y, and both of low and high or none",
                i, (long long)s->n, s->color, s->x ? "" : " NULL", s->y ? "" : " NULL", s->low ? "" : " NULL",
                s->high ? "" : " NULL");
    }
    const bool fixed = c->y_low != 0 || c->y_high != 0;
    if (fixed && !(isfinite(c->y_low) && isfinite(c->y_high) && c->y_low < c->y_high && (!c->y_log || c->y_low > 0)))
        return refuse(err, base, "y from %g to %g, expected finite numbers in rising order%s", c->y_low, c->y_high,
                      c->y_log ? " above 0 for a log axis" : "");
    return true;
}

/* Whether the point can be drawn. */
static bool has(const plot *p, const series *s, int64_t i)
{
    return axis_has(&p->x, s->x[i]) && axis_has(&p->y, s->y[i]);
}

static bool has_band(const plot *p, const series *s, int64_t i)
{
    return axis_has(&p->x, s->x[i]) && axis_has(&p->y, s->high[i]) && isfinite(s->low[i]);
}

static void fit_axes(plot *p, const curves *c)
{
    range x = RANGE_EMPTY, y = RANGE_EMPTY;
    for (int k = 0; k < c->n_series; k++) {
        const series *s = &c->series[k];
        for (int64_t i = 0; i < s->n; i++) {
            if (!isfinite(s->x[i]) || (c->x_log && s->x[i] <= 0))
                continue;
            range_add(&x, s->x[i], c->x_log);
            range_add(&y, s->y[i], c->y_log);
            if (s->low) {
                range_add(&y, s->low[i], c->y_log);
                range_add(&y, s->high[i], c->y_log);
            }
        }
    }
    y.whole = false;
    p->x = axis_of(x, c->x_log, 0);
    p->y = axis_of(y, c->y_log, 0.05);
    if (c->y_low != 0 || c->y_high != 0) {
        p->y.low = c->y_low;
        p->y.high = c->y_high;
    }
}

static bool is_thinned(const plot *p, const series *s)
{
    return (double)s->n > POINTS_A_PIXEL * p->width;
}

/* Points in one column of pixels, by their numbers. */
typedef struct column {
    int64_t first, low, high, last;
    double pixel;
} column;

/* Of a column the first, lowest, highest and last point are drawn, in their order. */
static void put_column(plot *p, const series *s, const column *c, char *letter)
{
    const int64_t between[] = { c->low < c->high ? c->low : c->high, c->low < c->high ? c->high : c->low };
    const int64_t points[] = { c->first, between[0], between[1], c->last };
    for (int i = 0; i < 4; i++)
        if (i == 0 || points[i] != points[i - 1]) {
            svg_move(&p->s.body, *letter, axis_at(&p->x, s->x[points[i]]), axis_at(&p->y, s->y[points[i]]));
            *letter = 'L';
        }
}

/* From the first point to the last before a gap; returns past it. */
static int64_t put_run(plot *p, const series *s, int64_t i)
{
    const bool thin = is_thinned(p, s);
    char letter = 'M';
    column c = { .first = -1 };
    const int64_t start = i;
    for (; i < s->n && has(p, s, i); i++) {
        const double pixel = floor(axis_at(&p->x, s->x[i]));
        if (c.first >= 0 && thin && pixel == c.pixel) {
            c.low = s->y[i] < s->y[c.low] ? i : c.low;
            c.high = s->y[i] > s->y[c.high] ? i : c.high;
            c.last = i;
            continue;
        }
        if (c.first >= 0)
            put_column(p, s, &c, &letter);
        c = (column){ i, i, i, i, pixel };
    }
    put_column(p, s, &c, &letter);
    if (i == start + 1)
        text_put(&p->s.body, "h0"); /* a dot, by the line's round ends */
    return i;
}

static void draw_line(plot *p, const series *s, int color)
{
    text_print(&p->s.body, "<path class='line c%d%s' d='", color, s->dashed ? " dashed" : "");
    for (int64_t i = 0; i < s->n;)
        i = has(p, s, i) ? put_run(p, s, i) : i + 1;
    text_put(&p->s.body, "'/>\n");
    if (s->n > MARKED_MOST)
        return;
    text_print(&p->s.body, "<path class='mark c%d' d='", color);
    for (int64_t i = 0; i < s->n; i++)
        if (has(p, s, i))
            svg_marker(&p->s.body, 0, axis_at(&p->x, s->x[i]), axis_at(&p->y, s->y[i]), 3);
    text_put(&p->s.body, "'/>\n");
}

static double band_end(const plot *p, double y)
{
    return axis_at(&p->y, p->y.log && y <= 0 ? p->y.low : y);
}

/* One side of a band from `from` to before `to`, thinned to what reaches furthest out of each column. */
static void put_side(plot *p, const series *s, int64_t from, int64_t to, bool upper, char *letter)
{
    const bool thin = is_thinned(p, s);
    const int64_t step = upper ? 1 : -1;
    for (int64_t i = upper ? from : to - 1; i >= from && i < to;) {
        const double x = axis_at(&p->x, s->x[i]);
        double y = band_end(p, upper ? s->high[i] : s->low[i]);
        for (i += step; i >= from && i < to && thin && floor(axis_at(&p->x, s->x[i])) == floor(x); i += step) {
            const double other = band_end(p, upper ? s->high[i] : s->low[i]);
            y = upper ? fmin(y, other) : fmax(y, other);
        }
        svg_move(&p->s.body, *letter, x, y);
        *letter = 'L';
    }
}

static void draw_band(plot *p, const series *s, int color)
{
    text_print(&p->s.body, "<path class='band c%d' d='", color);
    for (int64_t i = 0; i < s->n;) {
        const int64_t from = i;
        while (i < s->n && has_band(p, s, i))
            i++;
        if (i == from) {
            i++;
            continue;
        }
        char letter = 'M';
        put_side(p, s, from, i, true, &letter);
        put_side(p, s, from, i, false, &letter);
        text_put(&p->s.body, "z");
    }
    text_put(&p->s.body, "'/>\n");
}

static const char *name_of(const void *what, int i, char buffer[24])
{
    (void)buffer;
    return ((const curves *)what)->series[i].name;
}

static void draw_sample(svg *s, const void *what, int i, double x, double y)
{
    const curves *c = what;
    const int color = color_of(c, i);
    if (c->series[i].low)
        text_print(&s->body, "<rect class='band c%d' x='%.2f' y='%.2f' width='26' height='12'/>", color, x - 13,
                   y - 6);
    text_print(&s->body, "<path class='line c%d%s' d='M%.2f %.2fh24'/>\n", color,
               c->series[i].dashed ? " dashed" : "", x - 12, y);
}

static bool write_numbers(const char *base, const curves *c, tg_error *err)
{
    text csv = { 0 };
    text_put(&csv, "series,x,y,low,high\n");
    for (int k = 0; k < c->n_series; k++) {
        const series *s = &c->series[k];
        for (int64_t i = 0; i < s->n; i++) {
            const double *const columns[] = { s->x, s->y, s->low, s->high };
            text_csv(&csv, s->name);
            for (int j = 0; j < 4; j++) {
                text_put(&csv, ",");
                if (columns[j])
                    text_number(&csv, columns[j][i]);
            }
            text_put(&csv, "\n");
        }
    }
    return csv_end(&csv, base, err);
}

bool draw_curves(const char *base, const curves *c, tg_error *err)
{
    plot p = { 0 };
    bool any = false;
    char told[160];
    if (!check(base, c, err) || !write_numbers(base, c, err))
        return false;
    svg_begin(&p.s, c->title);
    fit_axes(&p, c);
    plot_frame(&p, c->x_label ? c->x_label : "", c->y_label ? c->y_label : "");
    plot_clip(&p);
    for (int k = 0; k < c->n_series; k++)
        if (c->series[k].low)
            draw_band(&p, &c->series[k], color_of(c, k));
    for (int k = 0; k < c->n_series; k++) {
        draw_line(&p, &c->series[k], color_of(c, k));
        for (int64_t i = 0; !any && i < c->series[k].n; i++)
            any = has(&p, &c->series[k], i);
    }
    plot_unclip(&p);
    if (!any)
        plot_nothing(&p);
    svg_legend(&p.s, &(legend){ c->n_series, name_of, draw_sample, c });
    snprintf(told, sizeof told, "A plot of %d %s over a %s x axis and a %s y axis.", c->n_series,
             c->n_series == 1 ? "series" : "series", c->x_log ? "logarithmic" : "linear",
             c->y_log ? "logarithmic" : "linear");
    return svg_end(&p.s, base, "curves", c->title, c->caption, told, err);
}
