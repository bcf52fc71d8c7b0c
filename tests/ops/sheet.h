/* sheet.h - the formula sheet by name, as far as its functions share their form. */
#ifndef TG_SHEET_H
#define TG_SHEET_H

#include "tapegrad.h"

/* One operation: the one pointer that is not NULL says how it is called. */
typedef struct sheet_row {
    const char *op;
    tg_tensor (*unary)(tg_tensor x);
    tg_tensor (*by_number)(tg_tensor x, double number);
    const char *number; /* what the number is called */
    tg_tensor (*binary)(tg_tensor a, tg_tensor b);
    tg_tensor (*reduce)(tg_tensor x, int axis, bool keepdim);
    tg_tensor (*by_axis)(tg_tensor x, int axis);
    tg_tensor (*loss)(tg_tensor x, tg_tensor y, tg_reduction reduction);
} sheet_row;

extern const sheet_row sheet[];
extern const int sheet_rows;

/* The row of that name, or NULL. */
const sheet_row *sheet_find(const char *op);

#endif
