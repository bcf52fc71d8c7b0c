/* number.h - numbers from text, whatever the locale. */
#ifndef TG_NUMBER_H
#define TG_NUMBER_H

#include <stdbool.h>

/* Reads all of `text` as a decimal number, `-1.5e3`, or nan, inf, infinity in any case; correctly rounded, overflow gives
   an infinity. False if it is none, is empty, or has more than 300 characters. */
bool tg_number_value(const char *text, double *x);

#endif
