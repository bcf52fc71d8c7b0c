/* png.h - a PNG image, as text for a data: URI. */
#ifndef PICTURE_PNG_H
#define PICTURE_PNG_H

#include "output/text.h"

/* Adds, in base64, the PNG of 8-bit pixels [height, width, channels]: grey (1 channel) or red, green and blue (3). Its
   data are stored, not compressed (RFC 1950, 1951): the pictures are small. */
void png_base64(text *t, const unsigned char *pixels, int channels, int height, int width);

#endif
