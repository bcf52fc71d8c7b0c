/* points.h - tensors that are one number everywhere, in both dtypes, with every kernel set of this machine. */
#ifndef TG_POINTS_H
#define TG_POINTS_H

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tapegrad.h"

#define INF  ((double)INFINITY)
#define NONE ((double)NAN)

/* Each check runs in both dtypes with every kernel set of this machine. */
static inline void for_every_table(void (*check)(tg_dtype dtype))
{
    for (int set = 0; tg_kernel_set_at(set); set++) {
        assert_int_equal(tg_use_kernel_set(tg_kernel_set_at(set)), TG_OK);
        check(TG_F32);
        check(TG_F64);
    }
    tg_use_kernel_set(NULL);
}

static inline const char *where_am_i(tg_dtype dtype)
{
    static char text[64];
    snprintf(text, sizeof text, "%s, %s kernels", dtype == TG_F32 ? "float32" : "float64", tg_kernel_set());
    return text;
}

/* Eight roundings; zeros, infinities and NaN exactly. */
static inline bool is(double a, double b, tg_dtype dtype)
{
    if (isnan(b) || isinf(b) || b == 0)
        return isnan(b) ? isnan(a) : a == b;
    return fabs(a - b) <= 8 * (dtype == TG_F32 ? (double)FLT_EPSILON : DBL_EPSILON) * fabs(b);
}

static inline void ok(tg_status status, const tg_tape *tape)
{
    if (status != TG_OK)
        fail_msg("%s", tg_tape_message(tape));
}

enum { N = 19 }; /* elements: whole vectors and a tail, whatever the table */

static inline tg_tensor all(tg_tape *tape, double x)
{
    double values[N];
    for (int i = 0; i < N; i++)
        values[i] = x;
    return tg_variable(tape, TG_SHAPE(N), values);
}

/* The value that all elements of x have. */
static inline double every(tg_tensor x)
{
    double values[N];
    ok(tg_read(x, values, N), x.tape);
    for (int i = 1; i < N; i++)
        if (memcmp(&values[i], &values[0], sizeof values[0]) && !(isnan(values[i]) && isnan(values[0])))
            fail_msg("element %d is %g, element 0 is %g", i, values[i], values[0]);
    return values[0];
}

#endif
