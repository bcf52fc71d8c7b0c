/* mlp.c - what the multi-layer perceptron refuses. */
#include "refusals.h"

static const int64_t sizes[] = { 3, 4, 2 }, no_units[] = { 3, 0, 2 }, huge[] = { INT64_MAX, 2 };
#define GOOD .sizes = sizes, .n_sizes = 3
#define MLP(...)                                                                                                     \
    &(tg_mlp_config)                                                                                                 \
    {                                                                                                                \
        __VA_ARGS__                                                                                                  \
    }

static tg_mlp *of(tg_dtype dtype)
{
    static tg_mlp *made;
    tg_mlp_destroy(made);
    return made = dtype == TG_F32 || dtype == TG_F64 ? tg_mlp_create(MLP(GOOD, .dtype = dtype), NULL) : NULL;
}
static tg_mlp *net(void)
{
    return of(TG_F64);
}
static void none(void)
{
    of((tg_dtype)-1);
}

REFUSALS(tg_activation_name)
{
    HOLDS(!tg_activation_name((tg_activation)-1));
    HOLDS(!tg_activation_name((tg_activation)99));
}
REFUSALS(tg_mlp_create)
{
    NO_OBJECT(TG_ERR_ARGUMENT, tg_mlp_create(NULL, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_mlp_create(MLP(.n_sizes = 2), e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_mlp_create(MLP(.sizes = sizes, .n_sizes = 1), e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_mlp_create(MLP(.sizes = sizes, .n_sizes = -1), e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_mlp_create(MLP(.sizes = sizes, .n_sizes = INT_MAX), e));
    NO_OBJECT(TG_ERR_SHAPE, tg_mlp_create(MLP(.sizes = no_units, .n_sizes = 3), e));
    NO_OBJECT(TG_ERR_SHAPE, tg_mlp_create(MLP(.sizes = huge, .n_sizes = 2), e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_mlp_create(MLP(GOOD, .activation = (tg_activation)99), e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_mlp_create(MLP(GOOD, .init = (tg_init)99), e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_mlp_create(MLP(GOOD, .leaky_slope = 1), e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_mlp_create(MLP(GOOD, .init_std = 1), e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_mlp_create(MLP(GOOD, .init = TG_INIT_NORMAL, .init_std = (double)NAN), e));
    NO_OBJECT(TG_ERR_DTYPE, tg_mlp_create(MLP(GOOD, .dtype = (tg_dtype)2), e));
}
REFUSALS(tg_mlp_create_with)
{
    NO_OBJECT(TG_ERR_ARGUMENT, tg_mlp_create_with(NULL, NULL, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_mlp_create_with(MLP(GOOD), &(tg_allocator){ 0 }, e));
}
REFUSALS(tg_mlp_clone)
{
    NO_OBJECT(TG_ERR_ARGUMENT, tg_mlp_clone(NULL, TG_F32, e));
    NO_OBJECT(TG_ERR_DTYPE, tg_mlp_clone(net(), (tg_dtype)2, e));
    none();
}
REFUSALS(tg_mlp_destroy)
{
    tg_mlp_destroy(NULL);
    HOLDS(true);
}
REFUSALS(tg_mlp_params)
{
    HOLDS(!tg_mlp_params(NULL));
}
REFUSALS(tg_mlp_settings)
{
    HOLDS(!tg_mlp_settings(NULL));
}
REFUSALS(tg_mlp_depth)
{
    HOLDS(tg_mlp_depth(NULL) == 0);
}
REFUSALS(tg_mlp_forward)
{
    HOLDS(!tg_mlp_forward(NULL, null).tape);
    HOLDS(!tg_mlp_forward(net(), null).tape);
    TAPE(TG_ERR_ARGUMENT, tg_mlp_forward(NULL, m));
    TAPE(TG_ERR_STALE, tg_mlp_forward(net(), stale));
    TAPE(TG_ERR_SHAPE, tg_mlp_forward(net(), s));
    TAPE(TG_ERR_SHAPE, tg_mlp_forward(net(), tall));
    TAPE(TG_ERR_DTYPE, tg_mlp_forward(of(TG_F32), m));
    TAPE(TG_ERR_SHAPE, tg_mlp_forward(of(TG_F32), tall));
    tg_tape_reset(t);
    none();
}
REFUSALS(tg_mlp_forward_hidden)
{
    tg_tensor hidden[1] = { { .id = 1 } };
    HOLDS(!tg_mlp_forward_hidden(NULL, null, hidden).tape);
    TAPE(TG_ERR_ARGUMENT, tg_mlp_forward_hidden(NULL, m, hidden));
    TAPE(TG_ERR_STALE, tg_mlp_forward_hidden(net(), stale, hidden));
    HOLDS(!tg_mlp_forward_hidden(net(), tall, hidden).id && !hidden[0].id);
    HOLDS(tg_mlp_forward_hidden(net(), m, NULL).id);
    tg_tape_reset(t);
    none();
}
REFUSALS(tg_mlp_l2)
{
    HOLDS(!tg_mlp_l2(net(), NULL, 1).tape);
    HOLDS(!tg_mlp_l2(NULL, NULL, 1).tape);
    TAPE(TG_ERR_ARGUMENT, tg_mlp_l2(NULL, t, 1));
    TAPE(TG_ERR_DTYPE, tg_mlp_l2(of(TG_F32), t, 1));
    tg_tape_reset(t);
    none();
}
REFUSALS(tg_mlp_predict)
{
    int32_t labels[3];
    HOLDS(tg_mlp_predict(NULL, null, labels, 2) == TG_ERR_ARGUMENT);
    HOLDS(tg_mlp_predict(net(), null, labels, 2) == TG_ERR_ARGUMENT);
    TAPE(TG_ERR_ARGUMENT, tg_mlp_predict(NULL, m, labels, 2));
    TAPE(TG_ERR_ARGUMENT, tg_mlp_predict(net(), m, NULL, 2));
    TAPE(TG_ERR_STALE, tg_mlp_predict(net(), stale, labels, 2));
    TAPE(TG_ERR_SHAPE, tg_mlp_predict(net(), m, labels, 3));
    TAPE(TG_ERR_SHAPE, tg_mlp_predict(net(), m, labels, -2));
    TAPE(TG_ERR_SHAPE, tg_mlp_predict(net(), v, labels, 3));
    TAPE(TG_ERR_SHAPE, tg_mlp_predict(net(), tall, labels, 3));
    TAPE(TG_ERR_DTYPE, tg_mlp_predict(of(TG_F32), m, labels, 2));
    tg_tape_reset(t);
    none();
}
