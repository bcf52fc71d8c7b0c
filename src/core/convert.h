/* convert.h - converting arrays between dtypes. */
#ifndef TG_CONVERT_H
#define TG_CONVERT_H

#include "tapegrad/types.h"

/* Copies n elements, rounding to nearest; the arrays do not overlap, and may be NULL if n is 0. */
void tg_convert(void *to, tg_dtype to_dtype, const void *from, tg_dtype from_dtype, int64_t n);

#endif
