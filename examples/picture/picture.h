/* picture.h - results as pictures: self-contained SVG, with the numbers beside it as CSV. */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <tapegrad.h>

/* What all pictures share. `title`, `caption`, names and labels are plain text in UTF-8; NULL or "": none. A caption is
   set below the picture, wrapped at its width. The pictures follow the reader's choice of a light or dark background.
   The same numbers make the same bytes on every machine and in every locale. */

typedef struct series {
    const char *name; /* for the legend */
    int64_t n;
    const double *x, *y;      /* [n]; a NaN or an infinity leaves a gap, and so does x or y <= 0 on a log axis */
    const double *low, *high; /* [n] each: a band around y; NULL: none. On a log axis, low <= 0 is the axis's end */
    bool dashed;
    int color; /* 0: the next of the palette; k: the k-th, from 1 (train / validation of one model share a colour) */
} series;

typedef struct curves {
    const char *title, *caption, *x_label, *y_label; /* labels with units: "epoch", "accuracy (%)" */
    bool x_log, y_log;
    double y_low, y_high; /* both 0: what the data need */
    const series *series;
    int n_series;
} curves;

typedef struct scatter {
    const char *title, *caption, *x_label, *y_label; /* both labels NULL: no axes, one unit for x and y (t-SNE) */
    int64_t n;
    const double *x, *y;             /* [n]; a point that is not finite is not drawn */
    const int32_t *labels;           /* a class for each point, 0 .. classes - 1 */
    int classes;                     /* at least 1 */
    const char *const *class_names;  /* NULL: "0", "1", ... */
    int columns, rows;               /* decision regions: classes on a grid that covers left..right x bottom..top, */
    const int32_t *regions;          /* [rows, columns], first row at the bottom, -1 for no class; NULL: none */
    double left, right, bottom, top; /* of the regions; all 0: what the points need */
} scatter;

/* A confusion matrix, say: numbers in cells. Where no value is negative, a cell's colour is its share of the row's sum;
   otherwise its place between the least and the largest value. */
typedef struct heatmap {
    const char *title, *caption, *row_label, *column_label;
    int rows, columns;
    const double *values; /* [rows, columns]; whole numbers are written as such, others with three digits */
    const char *const *row_names, *const *column_names; /* NULL: "0", "1", ... */
} heatmap;

typedef struct images { /* a grid of small pictures: weights, misclassified examples */
    const char *title, *caption;
    int64_t n;
    int channels, height, width; /* channels 1 or 3 */
    const double *pixels;        /* [n, channels, height, width]; what is not a number is drawn as 0 */
    bool
        is_signed; /* false: 0 .. 1, and what is outside as the nearer end; true: symmetric about 0, each picture scaled
                       by its largest |value| (1 channel: blue - white - vermilion; 3 channels: mid-grey is 0) */
    const char *const *labels; /* n of them, below each; NULL: none */
    int columns;               /* 0: what suits n */
} images;

/* Write BASE.svg and BASE.csv, each whole or not at all. false and *err (which may be NULL) on failure: TG_ERR_IO,
   TG_ERR_ARGUMENT, TG_ERR_MEMORY; the sentence names the file.

   The CSV has every number of the picture, so that it reads back to the same double, also where the drawing merges
   points that share a pixel. Its columns:
     curves    series,x,y,low,high (the last two empty without a band)
     scatter   kind,x,y,class,name: kind is "point", or "region" with the middle of a cell
     heatmap   row, then a column for each of the matrix, with their names
     images    image,label,channel,row, then a column for each pixel of the row */
bool draw_curves(const char *base, const curves *c, tg_error *err);
bool draw_scatter(const char *base, const scatter *s, tg_error *err);
bool draw_heatmap(const char *base, const heatmap *h, tg_error *err);
bool draw_images(const char *base, const images *i, tg_error *err);

#endif
