/* vmath_loops.h - the functions of vmath.h as loops over arrays, one table for each kernel set and dtype. */
#ifndef TESTS_VMATH_LOOPS_H
#define TESTS_VMATH_LOOPS_H

#include <stdint.h>

/* X(name) for every function of one argument. */
#define VMATH_FUNCTIONS X(exp) X(expm1) X(log) X(log1p) X(tanh) X(sigmoid) X(softplus) X(erf) X(sin) X(cos)

enum {
#define X(name) VMATH_##name,
    VMATH_FUNCTIONS
#undef X
        VMATH_COUNT
};

/* y[i] = f(x[i]); n is a multiple of 16. */
typedef void vmath_loop(int64_t n, const void *x, void *y);

#endif
