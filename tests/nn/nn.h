/* nn.h - what the tests of this folder share. */
#ifndef TESTS_NN_H
#define TESTS_NN_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "failing_allocator.h"
#include "tapegrad/types.h"

/* |a - b| <= tolerance max(1, |b|). */
static inline void assert_close(double a, double b, double tolerance)
{
    const double size = fabs(b) > 1 ? fabs(b) : 1;
    if (!(fabs(a - b) <= tolerance * size))
        fail_msg("%.17g is not %.17g (difference %.3g, allowed %.3g)", a, b, a - b, tolerance * size);
}

/* The status, and every word of the list in the sentence. */
static inline void assert_says(tg_status status, const char *text, tg_status expected, const char *const *words)
{
    if (status != expected)
        fail_msg("%s, not %s: %s", tg_status_name(status), tg_status_name(expected), text);
    for (; *words; words++)
        if (!strstr(text, *words))
            fail_msg("\"%s\" does not say \"%s\"", text, *words);
}
#define ASSERT_SAYS(status, text, expected, ...)                                                                     \
    assert_says(status, text, expected, (const char *const[]){ __VA_ARGS__, NULL })
#define ASSERT_ERROR(err, expected, ...) ASSERT_SAYS((err).status, (err).text, expected, __VA_ARGS__)

#endif
