/* plot.h - the frame of a plot: its two axes with grid, ticks and labels. */
#ifndef PICTURE_PLOT_H
#define PICTURE_PLOT_H

#include "picture/axis.h"
#include "picture/svg.h"

typedef struct plot {
    svg s;
    axis x, y;
    double left, top, width, height; /* of the frame */
} plot;

/* Gives the axes their pixels below the title, draws grid, ticks and labels, and moves p->s.y past them. Without
   labels (both NULL) there is only a frame, and x and y have one unit. */
void plot_frame(plot *p, const char *x_label, const char *y_label);

/* What is drawn between these is clipped to the frame; coordinates stay those of the picture. */
void plot_clip(plot *p);
void plot_unclip(plot *p);

/* Says so within the frame, where there is nothing to draw. */
void plot_nothing(plot *p);

#endif
