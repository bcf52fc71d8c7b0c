/* vmath_loops.c - the functions of vmath.h as loops over arrays; compiled for each kernel set and dtype. */
#include "vmath_loops.h"

#include "kernels/vec.h"

#define X(name)                                                                                                      \
    static void loop_##name(int64_t n, const void *x, void *y)                                                       \
    {                                                                                                                \
        for (int64_t i = 0; i < n; i += VL)                                                                          \
            v_store((real *)y + i, v_##name(v_load((const real *)x + i)));                                           \
    }
VMATH_FUNCTIONS
#undef X

extern vmath_loop *const TG_PASTE(vmath_loops_, TG_TABLE)[VMATH_COUNT];
vmath_loop *const TG_PASTE(vmath_loops_, TG_TABLE)[VMATH_COUNT] = {
#define X(name) loop_##name,
    VMATH_FUNCTIONS
#undef X
};
