/* fuzz_data.h - what must hold of a data set after any read. */
#ifndef TG_FUZZ_DATA_H
#define TG_FUZZ_DATA_H

#include "fuzz.h"

#include "tapegrad/data.h"

/* Filled whole, with numbers 0 .. 1 and labels of its classes, or empty. */
static inline void fuzz_check_set(const tg_dataset *set, tg_status status)
{
    FUZZ_CHECK((status == TG_OK) == (set->x != NULL) && (status == TG_OK) == (set->labels != NULL));
    FUZZ_CHECK((status == TG_OK) == (set->n > 0) && (status == TG_OK) == (set->features > 0));
    for (int64_t i = 0; i < set->n; i++)
        FUZZ_CHECK(set->labels[i] >= 0 && set->labels[i] < set->classes);
    for (int64_t i = 0; i < set->n * set->features; i++) {
        const double x = set->dtype == TG_F64 ? ((double *)set->x)[i] : (double)((float *)set->x)[i];
        FUZZ_CHECK(x >= 0 && x <= 1);
    }
}

/* Reads into an empty set whose fail_at-th allocation fails (0: none), and leaves nothing. */
static inline tg_status fuzz_read(tg_dtype dtype, long fail_at, tg_status (*read)(tg_dataset *set, tg_error *err))
{
    failing f = { .fail_at = fail_at };
    const tg_allocator a = failing_allocator(&f);
    tg_dataset set = { .dtype = dtype, .allocator = &a };
    tg_error err;
    const tg_status status = read(&set, &err);
    fuzz_check_error(status, &err);
    fuzz_check_set(&set, status);
    tg_dataset_finish(&set);
    FUZZ_CHECK(f.outstanding == 0 && f.bytes == 0);
    return status;
}

/* The same with all memory and, for some inputs, with little. */
static inline void fuzz_read_twice(const uint8_t *data, size_t size,
                                   tg_status (*read)(tg_dataset *set, tg_error *err))
{
    const unsigned drawn = fuzz_draw(data, size, 32);
    const tg_dtype dtype = drawn % 2 ? TG_F64 : TG_F32;
    const tg_status status = fuzz_read(dtype, 0, read);
    if (drawn < 8) {
        const tg_status poor = fuzz_read(dtype, 1 + drawn / 2, read);
        FUZZ_CHECK(poor == status || poor == TG_ERR_MEMORY);
    }
}

#endif
