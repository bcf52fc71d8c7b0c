/* plain.c - what functions without a tape refuse: types, random numbers, threads and kernels. */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include "refusals.h"

#include <stdlib.h>

REFUSALS(tg_status_name)
{
    HOLDS(*tg_status_name((tg_status)-1));
    HOLDS(*tg_status_name((tg_status)99));
}
REFUSALS(tg_dtype_size)
{
    HOLDS(tg_dtype_size((tg_dtype)9) == 4);
}
REFUSALS(tg_shape_size)
{
    HOLDS(tg_shape_size(NULL) == -1);
    HOLDS(tg_shape_size(&(tg_shape){ .rank = -1 }) == -1);
    HOLDS(tg_shape_size(&(tg_shape){ .rank = INT_MAX }) == -1);
    HOLDS(tg_shape_size(&TG_SHAPE(-1)) == -1);
    HOLDS(tg_shape_size(&TG_SHAPE(INT64_MAX, INT64_MAX)) == -1);
}
REFUSALS(tg_shape_equal)
{
    HOLDS(!tg_shape_equal(NULL, NULL));
    HOLDS(!tg_shape_equal(NULL, &TG_SCALAR));
    HOLDS(!tg_shape_equal(&TG_SCALAR, NULL));
    HOLDS(!tg_shape_equal(&TG_SCALAR, &(tg_shape){ .rank = INT_MAX }));
}
REFUSALS(tg_shape_text)
{
    char text[32];
    HOLDS(!tg_shape_text(&TG_SCALAR, NULL, 8));
    HOLDS(tg_shape_text(NULL, text, sizeof text) == text);
    HOLDS(tg_shape_text(&TG_SCALAR, text, 0) == text);
    HOLDS(!strcmp(tg_shape_text(&(tg_shape){ .rank = INT_MAX }, text, sizeof text), "[rank 2147483647]"));
    HOLDS(!strcmp(tg_shape_text(&TG_SHAPE(10, 20), text, 4), "[10"));
}

REFUSALS(tg_rng_seed)
{
    HOLDS(tg_rng_seed(0).position == 0);
}
REFUSALS(tg_rng_stream)
{
    HOLDS(tg_rng_stream(NULL, 1).position == 0);
}
REFUSALS(tg_rng_at)
{
    HOLDS(tg_rng_at(0, 0) != tg_rng_at(0, 1));
}
REFUSALS(tg_rng_u64)
{
    HOLDS(tg_rng_u64(NULL) == 0);
}
REFUSALS(tg_rng_uniform)
{
    HOLDS(tg_rng_uniform(NULL) == 0);
}
REFUSALS(tg_rng_between)
{
    HOLDS(tg_rng_between(NULL, 1, 2) == 0);
}
REFUSALS(tg_rng_normal)
{
    HOLDS(tg_rng_normal(NULL) == 0);
}
REFUSALS(tg_rng_below)
{
    tg_rng rng = tg_rng_seed(1);
    HOLDS(tg_rng_below(NULL, 3) == 0);
    HOLDS(tg_rng_below(&rng, 0) == 0);
}
REFUSALS(tg_rng_permutation)
{
    tg_rng rng = tg_rng_seed(1);
    int64_t order[2] = { 7, 7 };
    tg_rng_permutation(&rng, NULL, 2);
    tg_rng_permutation(&rng, order, -1);
    tg_rng_permutation(&rng, order, 0);
    HOLDS(order[0] == 7 && rng.position == 0);
    tg_rng_permutation(NULL, order, 2);
    HOLDS(true);
}

REFUSALS(tg_set_num_threads)
{
    const int n = tg_num_threads();
    HOLDS(tg_set_num_threads(-1) == TG_ERR_ARGUMENT);
    HOLDS(tg_set_num_threads(65) == TG_ERR_ARGUMENT);
    HOLDS(tg_set_num_threads(INT_MIN) == TG_ERR_ARGUMENT);
    HOLDS(tg_num_threads() == n);
}
REFUSALS(tg_num_threads)
{
    HOLDS(tg_num_threads() >= 1);
}
REFUSALS(tg_kernel_set_at)
{
    HOLDS(!tg_kernel_set_at(-1));
    HOLDS(!tg_kernel_set_at(INT_MAX));
}
REFUSALS(tg_kernel_set)
{
    HOLDS(tg_kernel_set());
}
REFUSALS(tg_use_kernel_set)
{
    const char *name = tg_kernel_set();
    HOLDS(tg_use_kernel_set("") == TG_ERR_ARGUMENT);
    HOLDS(tg_use_kernel_set("no such set") == TG_ERR_ARGUMENT);
    HOLDS(!strcmp(tg_kernel_set(), name));
}
REFUSALS(tg_environment_check)
{
    setenv("TAPEGRAD_THREADS", "many", 1);
    FAILS(TG_ERR_ARGUMENT, tg_environment_check(e));
    setenv("TAPEGRAD_THREADS", "65", 1);
    FAILS(TG_ERR_ARGUMENT, tg_environment_check(e));
    unsetenv("TAPEGRAD_THREADS");
}

REFUSALS(tg_version)
{
    HOLDS(tg_version() == TG_VERSION);
}
