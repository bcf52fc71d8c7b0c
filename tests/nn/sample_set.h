/* sample_set.h - a parameter set of every kind of parameter, for the tests of sets. */
#ifndef TESTS_SAMPLE_SET_H
#define TESTS_SAMPLE_SET_H

#include "nn.h"

#include "tapegrad/params.h"

enum { A, EMPTY, ONE, FROZEN, LAST, COUNT };

static const tg_param_spec specs[COUNT] = {
    [A] = { .name = "a", .shape = { 2, { 5, 7 } } },
    [EMPTY] = { .name = "empty", .shape = { 3, { 2, 0, 4 } } },
    [ONE] = { .name = "one", .shape = { 0 }, .flags = TG_PARAM_NO_DECAY },
    [FROZEN] = { .name = "frozen", .shape = { 1, { 3 } }, .flags = TG_PARAM_FROZEN },
    [LAST] = { .name = "last", .shape = { 1, { 17 } } },
};

static const int64_t sizes[COUNT] = { 35, 0, 1, 3, 17 };

static inline tg_params *make(tg_dtype dtype)
{
    tg_error err;
    tg_params *p = tg_params_create(dtype, specs, COUNT, &err);
    assert_int_equal(err.status, TG_OK);
    assert_non_null(p);
    return p;
}

/* Values that float32 holds exactly, different everywhere. */
static inline void fill(tg_params *p)
{
    double values[35];
    for (int i = 0; i < COUNT; i++) {
        for (int64_t k = 0; k < sizes[i]; k++)
            values[k] = 100 * i + (double)k + 0.25;
        assert_int_equal(tg_params_write_f64(p, i, values, sizes[i], NULL), TG_OK);
    }
}

static inline double element(const void *buffer, tg_dtype dtype, int64_t i)
{
    return dtype == TG_F32 ? (double)((const float *)buffer)[i] : ((const double *)buffer)[i];
}

/* Every element of a flat buffer that belongs to no parameter is zero. */
static inline void assert_padding_is_zero(const tg_params *p, const void *buffer, int64_t count)
{
    for (int64_t at = 0; at < count; at++) {
        bool owned = false;
        for (int i = 0; i < tg_params_count(p); i++) {
            const tg_shape shape = tg_params_shape(p, i);
            const int64_t offset = tg_params_offset(p, i);
            owned |= at >= offset && at < offset + tg_shape_size(&shape);
        }
        if (!owned)
            assert_true(element(buffer, tg_params_dtype(p), at) == 0);
    }
}

#endif
