/* axis.h - scales and their ticks: numbers to pixels, linear or logarithmic, with round labels. */
#ifndef PICTURE_AXIS_H
#define PICTURE_AXIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TICKS_MOST = 200, TICK_BYTES = 48 };

/* The least and the largest of what was added; low > high: nothing was. */
typedef struct range {
    double low, high;
    bool whole; /* all of it whole numbers */
} range;

#define RANGE_EMPTY ((range){ .low = 1, .high = -1, .whole = true })

/* Adds what can be drawn: finite numbers, on a log axis positive ones. */
void range_add(range *r, double x, bool log);

typedef struct axis {
    double low, high; /* low < high; positive if log */
    double from, to;  /* their pixels */
    bool log, whole;  /* whole: ticks only at whole numbers */
} axis;

/* An axis that shows the range, wider by `pad` of its width at either end (but not beyond 0), and wide enough to have
   ticks where the range is empty or next to a point. */
axis axis_of(range r, bool log, double pad);

/* Whether the axis has a place for x. */
bool axis_has(const axis *a, double x);

/* The pixel of x, never further than some 10,000 pixels away. */
double axis_at(const axis *a, double x);

typedef struct tick {
    double value;
    int rank;              /* where labels would overlap, those of a higher rank are left out first */
    char text[TICK_BYTES]; /* "" on a tick without a label */
} tick;

typedef struct ticks {
    int n;
    int power; /* the labels are to be taken times 10^power; 0: as they are */
    tick at[TICKS_MOST];
} ticks;

/* Linear: steps of 1, 2 or 5 times a power of ten, at most about `most` of them. Log: decades, each `every`-th where they
   are many, with 2 .. 9 between where they are few. Exact: labels come from integers, never from a rounded number. */
void axis_ticks(const axis *a, int most, ticks *t);

/* An exponent in superscript: "⁻⁵". */
void raised_text(char *text, size_t size, int power);

/* The decimal logarithm by arithmetic alone: the same on every machine. */
double log_ten(double x);

#endif
