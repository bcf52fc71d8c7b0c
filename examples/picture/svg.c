/* svg.c - a picture while it is drawn: its elements, its height so far, its style. */
#include "picture/svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/files.h"

/* Okabe and Ito's colours in an order in which adjacent ones differ most, the yellow darkened for lines on white; two more.
   On dark they are lighter. */
static const struct {
    const char *light, *dark;
} palette[PALETTE] = {
    { "#0072b2", "#4aa8e0" }, { "#d55e00", "#f08040" }, { "#009e73", "#2cc295" }, { "#cc79a7", "#e09cc4" },
    { "#e69f00", "#f0b840" }, { "#56b4e9", "#8fd0f7" }, { "#30343a", "#e6e8eb" }, { "#a89400", "#f0e442" },
    { "#8b4a2b", "#c08a6a" }, { "#8a9099", "#9aa1ab" },
};

static const char style[] =
    "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;fill:#1f2328}\n"
    ".title{font-size:16px;font-weight:600}.label{font-size:13px}.small{font-size:11px}\n"
    ".tick{font-size:12px;fill:#4b535d;font-variant-numeric:tabular-nums}.caption{font-size:13px;fill:#4b535d}\n"
    ".back{fill:#fff}.axis{stroke:#6b737d;fill:none}.grid{stroke:#e3e6ea;fill:none}.minor{stroke:#f0f2f4;fill:none}\n"
    ".line{fill:none;stroke:currentColor;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}\n"
    ".dashed{stroke-dasharray:6 "
    "4.5}.band{fill:currentColor;fill-opacity:.18}.region{fill:currentColor;fill-opacity:.2}\n"
    ".mark{fill:currentColor;stroke:#fff;stroke-width:.6}.dots{fill:none;stroke:currentColor;stroke-linecap:round}\n"
    ".cell{fill:#08519c;shape-rendering:crispEdges}.light-black{fill:#000}.light-white{fill:#fff}.picture{image-"
    "rendering:"
    "pixelated}\n";

static const char dark_style[] =
    "text{fill:#e6e8eb}.tick,.caption{fill:#aeb6c0}.back{fill:#15181c}.axis{stroke:#8b949e}.grid{stroke:#2b3036}\n"
    ".minor{stroke:#20242a}.mark{stroke:#15181c}.cell{fill:#9ecff5}.dark-white{fill:#fff}.dark-black{fill:#000}\n"
    ".band{fill-opacity:.24}.region{fill-opacity:.26}\n";

static void put_style(text *t)
{
    text_put(t, "<style>\n");
    text_put(t, style);
    for (int i = 0; i < PALETTE; i++)
        text_print(t, ".c%d{color:%s}", i + 1, palette[i].light);
    text_put(t, "\n@media (prefers-color-scheme:dark){\n");
    text_put(t, dark_style);
    for (int i = 0; i < PALETTE; i++)
        text_print(t, ".c%d{color:%s}", i + 1, palette[i].dark);
    text_put(t, "\n}\n</style>\n");
}

void svg_begin(svg *s, const char *title)
{
    *s = (svg){ .y = MARGIN };
    const int n = svg_wrapped(s, MARGIN, MARGIN + TITLE_SIZE, "title", "start", 1.06 * TITLE_SIZE,
                              PAGE_WIDTH - 2 * MARGIN, 4, title);
    s->y += n > 0 ? n * TITLE_SIZE * LINE_SPACING + 10 : 0;
}

size_t svg_fitting(const char *string, double size, double most, bool *all)
{
    const char *at = string;
    double width = 0;
    while (*at) {
        const char *next = at;
        text_next(&next);
        width += size * text_width(at, (size_t)(next - at));
        if (width > most)
            break;
        at = next;
    }
    *all = *at == '\0';
    return (size_t)(at - string);
}

/* `size` bytes of a string as XML. */
static void put_part(text *t, const char *string, size_t size)
{
    char *copy = malloc(size + 1);
    if (!copy) {
        t->failed = true;
        return;
    }
    memcpy(copy, string, size);
    copy[size] = '\0';
    text_xml(t, copy);
    free(copy);
}

static void put_cut(svg *s, double size, double most, const char *string)
{
    bool all;
    svg_fitting(string, size, most, &all);
    if (all) {
        text_xml(&s->body, string);
        text_put(&s->body, "</text>\n");
        return;
    }
    put_part(&s->body, string, svg_fitting(string, size, most - size, &all));
    text_put(&s->body, "\xe2\x80\xa6<title>");
    text_xml(&s->body, string);
    text_put(&s->body, "</title></text>\n");
}

void svg_text(svg *s, double x, double y, const char *class, const char *anchor, double size, double most,
              const char *string)
{
    if (!string || !*string)
        return;
    text_print(&s->body, "<text x='%.2f' y='%.2f' class='%s' text-anchor='%s'>", x, y, class, anchor);
    put_cut(s, size, most, string);
}

void svg_text_rotated(svg *s, double x, double y, double angle, const char *class, const char *anchor, double size,
                      double most, const char *string)
{
    if (!string || !*string)
        return;
    text_print(&s->body, "<text transform='translate(%.2f %.2f) rotate(%.0f)' class='%s' text-anchor='%s'>", x, y,
               angle, class, anchor);
    put_cut(s, size, most, string);
}

/* The bytes of the first line: as many words as fit, or a part of one that does not fit alone. */
static size_t line_of(const char *string, double size, double most, bool *last)
{
    const size_t fits = svg_fitting(string, size, most, last);
    if (*last)
        return fits;
    if (string[fits] == ' ')
        return fits;
    size_t n = fits;
    while (n > 0 && string[n - 1] != ' ')
        n--;
    if (n > 0)
        return n;
    const char *one = string;
    text_next(&one);
    return fits > 0 ? fits : (size_t)(one - string);
}

int svg_wrapped(svg *s, double x, double y, const char *class, const char *anchor, double size, double most,
                int lines, const char *string)
{
    int n = 0;
    for (bool last = false; string && *string && !last && n < lines; n++) {
        const size_t line = line_of(string, size, most, &last);
        if (n == lines - 1 && !last) {
            svg_text(s, x, y, class, anchor, size, most, string);
            return lines;
        }
        text_print(&s->body, "<text x='%.2f' y='%.2f' class='%s' text-anchor='%s'>", x, y, class, anchor);
        put_part(&s->body, string, line);
        text_put(&s->body, "</text>\n");
        y += size * LINE_SPACING;
        string += line;
        while (*string == ' ')
            string++;
    }
    return n;
}

int svg_lines(double size, double most, int lines, const char *string)
{
    int n = 0;
    for (bool last = false; string && *string && !last && n < lines; n++) {
        string += line_of(string, size, most, &last);
        while (*string == ' ')
            string++;
    }
    return n;
}

void svg_move(text *t, char letter, double x, double y)
{
    text_add(t, &letter, 1);
    text_coordinate(t, x);
    text_put(t, " ");
    text_coordinate(t, y);
}

void svg_marker(text *t, int shape, double x, double y, double radius)
{
    /* Outlines of the shapes after the circle, about equal in area, in units of the radius; a row ends with a zero step. */
    static const double outlines[SHAPES - 1][13][2] = {
        { { -0.88, -0.88 }, { 1.76, 0 }, { 0, 1.76 }, { -1.76, 0 } },
        { { 0, -1.3 }, { 1.2, 2.1 }, { -2.4, 0 } },
        { { 0, -1.3 }, { 1.3, 1.3 }, { -1.3, 1.3 }, { -1.3, -1.3 } },
        { { 0, 1.3 }, { 1.2, -2.1 }, { -2.4, 0 } },
        { { -0.4, -1.25 },
          { 0.8, 0 },
          { 0, 0.85 },
          { 0.85, 0 },
          { 0, 0.8 },
          { -0.85, 0 },
          { 0, 0.85 },
          { -0.8, 0 },
          { 0, -0.85 },
          { -0.85, 0 },
          { 0, -0.8 },
          { 0.85, 0 } },
    };
    shape %= SHAPES;
    if (shape == 0) {
        svg_move(t, 'M', x - radius, y);
        text_print(t, "a%g %g 0 1 0 %g 0a%g %g 0 1 0 %g 0z", radius, radius, 2 * radius, radius, radius, -2 * radius);
        return;
    }
    const double(*step)[2] = outlines[shape - 1];
    svg_move(t, 'M', x + radius * step[0][0], y + radius * step[0][1]);
    for (int i = 1; step[i][0] != 0 || step[i][1] != 0; i++)
        svg_move(t, 'l', radius * step[i][0], radius * step[i][1]);
    text_put(t, "z");
}

void svg_legend(svg *s, const legend *l)
{
    const double left = MARGIN, right = PAGE_WIDTH - MARGIN, sample = 26, gap = 7, between = 20, row = 20;
    double x = left, y = s->y + 12;
    char buffer[24];
    for (int i = 0; i < l->n; i++) {
        const char *name = l->name(l->what, i, buffer);
        if (!name || !*name)
            continue;
        const double width = fmin(LABEL_SIZE * text_width(name, strlen(name)), right - left - sample - gap);
        if (x > left && x + sample + gap + width > right) {
            x = left;
            y += row;
        }
        l->sample(s, l->what, i, x + sample / 2, y - 4.5);
        svg_text(s, x + sample + gap, y, "label", "start", LABEL_SIZE, width + 0.01, name);
        x += sample + gap + width + between;
    }
    s->y = x > left ? y + 12 : s->y;
}

bool svg_end(svg *s, const char *base, const char *kind, const char *title, const char *caption, const char *told,
             tg_error *err)
{
    const int n = svg_wrapped(s, MARGIN, s->y + LABEL_SIZE + 2, "caption", "start", LABEL_SIZE,
                              PAGE_WIDTH - 2 * MARGIN, 40, caption);
    s->y += n > 0 ? 2 + n * LABEL_SIZE * LINE_SPACING : 0;
    const double height = ceil(s->y + MARGIN);
    text all = { .failed = s->body.failed }, path = { 0 };
    text_print(
        &all,
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %.0f %.0f' width='%.0f' height='%.0f' role='img'>\n",
        PAGE_WIDTH, height, PAGE_WIDTH, height);
    text_put(&all, "<title>");
    text_xml(&all, title && *title ? title : kind);
    text_put(&all, "</title>\n<desc>");
    text_xml(&all, told);
    if (caption && *caption) {
        text_put(&all, " ");
        text_xml(&all, caption);
    }
    text_put(&all, "</desc>\n");
    put_style(&all);
    text_print(&all, "<rect class='back' width='%.0f' height='%.0f'/>\n", PAGE_WIDTH, height);
    text_add(&all, s->body.data, s->body.size);
    text_put(&all, "</svg>\n");
    text_print(&path, "%s.svg", base);
    const bool written = path.failed ? fail_with(err, TG_ERR_MEMORY, "%s.svg: no memory for its name", path_end(base))
                                     : file_write(path.data, &all, err);
    text_finish(&path);
    text_finish(&all);
    text_finish(&s->body);
    return written;
}

bool csv_end(text *csv, const char *base, tg_error *err)
{
    text path = { 0 };
    text_print(&path, "%s.csv", base);
    const bool written = path.failed ? fail_with(err, TG_ERR_MEMORY, "%s.csv: no memory for its name", path_end(base))
                                     : file_write(path.data, csv, err);
    text_finish(&path);
    text_finish(csv);
    return written;
}

bool refuse(tg_error *err, const char *base, const char *format, ...)
{
    char reason[200];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return fail_with(err, TG_ERR_ARGUMENT, "picture \"%s\": %s", path_end(base), reason);
}
