/* make_mlp.h - a multi-layer perceptron of a configuration, for the tests of the perceptron. */
#ifndef TESTS_MAKE_MLP_H
#define TESTS_MAKE_MLP_H

#include "nn.h"

#include "tapegrad/mlp.h"

#define SIZES(...) .sizes = (const int64_t[]){ __VA_ARGS__ }, .n_sizes = sizeof((int64_t[]){ __VA_ARGS__ }) / 8

static inline tg_mlp *make(const tg_mlp_config *config)
{
    tg_error err;
    tg_mlp *net = tg_mlp_create(config, &err);
    if (!net)
        fail_msg("%s", err.text);
    assert_int_equal(err.status, TG_OK);
    return net;
}

#endif
