/* augment.h - rows mirrored and scaled at random while they are copied. */
#ifndef TG_AUGMENT_H
#define TG_AUGMENT_H

#include "tapegrad/data.h"
#include "tapegrad/rng.h"

/* Whether it has numbers in range and the layout of the set's rows. */
tg_status tg_augment_check(const tg_augment *a, const tg_dataset *set, const char *who, tg_error *err);

/* Writes row `row` of the set, as it is in the epoch that `epoch` is the generator of, to `out`. */
void tg_augment_row(const tg_augment *a, const tg_dataset *set, int64_t row, const tg_rng *epoch, void *out);

#endif
