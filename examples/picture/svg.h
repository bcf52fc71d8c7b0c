/* svg.h - a picture while it is drawn: its elements, its height so far, its style. */
#ifndef PICTURE_SVG_H
#define PICTURE_SVG_H

#include "output/text.h"
#include "picture/picture.h"

enum { PALETTE = 10, SHAPES = 6 };

/* Sizes in pixels of a picture that is shown at its own size. */
#define PAGE_WIDTH   720.0
#define MARGIN       16.0
#define TICK_SIZE    12.0
#define LABEL_SIZE   13.0
#define TITLE_SIZE   16.0
#define LINE_SPACING 1.35

typedef struct svg {
    text body;
    double y; /* where the next part begins */
} svg;

/* Begins with the title. */
void svg_begin(svg *s, const char *title);

/* A line of text: class "tick", "label", "title", ..., anchor "start", "middle", "end"; what is wider than `most`
   pixels is cut, with "…". The size is the class's. */
void svg_text(svg *s, double x, double y, const char *class, const char *anchor, double size, double most,
              const char *string);

/* The same, rotated by `angle` degrees about its place. */
void svg_text_rotated(svg *s, double x, double y, double angle, const char *class, const char *anchor, double size,
                      double most, const char *string);

/* Text in lines of at most `most` pixels, at most `lines` of them; the first line's base at y. Returns how many. */
int svg_wrapped(svg *s, double x, double y, const char *class, const char *anchor, double size, double most,
                int lines, const char *string);

/* How many lines that would be. */
int svg_lines(double size, double most, int lines, const char *string);

/* How many bytes of `string` fit into `most` pixels at this size, and whether that is all. */
size_t svg_fitting(const char *string, double size, double most, bool *all);

/* "M x y" and the like: a letter and its place. */
void svg_move(text *t, char letter, double x, double y);

/* A marker's outline, added to a path. */
void svg_marker(text *t, int shape, double x, double y, double radius);

/* The legend: how an entry's sample is drawn, centred on (x, y) in 26 x 12 pixels. */
typedef struct legend {
    int n;
    const char *(*name)(const void *what, int i, char buffer[24]);
    void (*sample)(svg *s, const void *what, int i, double x, double y);
    const void *what;
} legend;

/* Set at s->y in as many rows as it needs; moves s->y past it. */
void svg_legend(svg *s, const legend *l);

/* Ends with the caption, and writes the file. `kind` and the sentence `told` describe it to who cannot see it. */
bool svg_end(svg *s, const char *base, const char *kind, const char *title, const char *caption, const char *told,
             tg_error *err);

/* Writes BASE.csv and finishes the text. */
bool csv_end(text *csv, const char *base, tg_error *err);

/* TG_ERR_ARGUMENT: "BASE: " and the reason. Returns false. */
bool refuse(tg_error *err, const char *base, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
