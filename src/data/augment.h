/* augment.h - rows mirrored and scaled at random while they are copied. */
#ifndef TG_AUGMENT_H
#define TG_AUGMENT_H

#include "tapegrad/data.h"
#include "tapegrad/rng.h"

/* Whether its numbers are in range, and its pictures have the size of the set's rows. */
tg_status tg_augment_check(const tg_augment *a, const tg_dataset *set, const char *who, tg_error *err);

/* Writes row `row` of the set to `out`, changed as in the epoch whose generator is `epoch`. */
void tg_augment_row(const tg_augment *a, const tg_dataset *set, int64_t row, const tg_rng *epoch, void *out);

#endif
