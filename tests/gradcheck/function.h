/* function.h - for tests of the checker: a function of one input x, and its check at a point. */
#ifndef TEST_FUNCTION_H
#define TEST_FUNCTION_H

#include "check.h"

typedef tg_tensor function(tg_tape *tape, const tg_tensor *in, void *context);

static inline tg_status check_at(function *f, const double *x, int64_t n, const tg_gradcheck_config *config,
                                 tg_gradcheck_report *report)
{
    return tg_gradcheck(f, NULL, &(tg_gradcheck_input){ .name = "x", .shape = TG_SHAPE(n), .values = x }, 1, config,
                        report);
}

#define AT(...) ((const double[]){ __VA_ARGS__ }), (int64_t)(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double))

#define FUNCTION(name, expression)                                                                                   \
    static tg_tensor name(tg_tape *tape, const tg_tensor *in, void *context)                                         \
    {                                                                                                                \
        (void)tape, (void)context;                                                                                   \
        const tg_tensor x = in[0];                                                                                   \
        return expression;                                                                                           \
    }

#endif
