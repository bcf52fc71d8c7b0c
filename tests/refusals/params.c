/* params.c - what parameter sets, optimizers and files of parameters refuse. */
#include "refusals.h"

#include "tapegrad/io.h"

static const double values[8];
static const float floats[8];
static const tg_allocator no_allocator;

static const tg_param_spec good = { .name = "w", .shape = { 1, { 3 } } };
static const tg_param_spec unnamed = { .shape = { 0 } }, empty = { .name = "", .shape = { 0 } },
                           odd_flags = { .name = "w", .shape = { 0 }, .flags = 4 },
                           odd_rank = { .name = "w", .shape = { -1, { 0 } } },
                           odd_size = { .name = "w", .shape = { 1, { -1 } } },
                           large = { .name = "w", .shape = { 2, { INT64_MAX, 2 } } };
static const tg_param_spec twice[] = { { .name = "w" }, { .name = "w" } };
static const tg_param_spec large_together[] = { { .name = "a", .shape = { 1, { INT64_C(1) << 59 } } },
                                                { .name = "b", .shape = { 1, { INT64_C(1) << 59 } } },
                                                { .name = "c", .shape = { 1, { INT64_C(1) << 59 } } } };

REFUSALS(tg_params_create)
{
    NO_OBJECT(TG_ERR_DTYPE, tg_params_create((tg_dtype)2, &good, 1, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_params_create(TG_F64, NULL, 1, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_params_create(TG_F64, &good, -1, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_params_create(TG_F64, &unnamed, 1, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_params_create(TG_F64, &empty, 1, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_params_create(TG_F64, &odd_flags, 1, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_params_create(TG_F64, twice, 2, e));
    NO_OBJECT(TG_ERR_SHAPE, tg_params_create(TG_F64, &odd_rank, 1, e));
    NO_OBJECT(TG_ERR_SHAPE, tg_params_create(TG_F64, &odd_size, 1, e));
    NO_OBJECT(TG_ERR_SHAPE, tg_params_create(TG_F64, &large, 1, e));
    NO_OBJECT(TG_ERR_SHAPE, tg_params_create(TG_F64, large_together, 3, e));
}
REFUSALS(tg_params_create_with)
{
    NO_OBJECT(TG_ERR_ARGUMENT, tg_params_create_with(TG_F64, &good, 1, &no_allocator, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_params_create_with(TG_F64, NULL, 1, NULL, e));
}
REFUSALS(tg_params_clone)
{
    NO_OBJECT(TG_ERR_ARGUMENT, tg_params_clone(NULL, TG_F32, e));
    NO_OBJECT(TG_ERR_DTYPE, tg_params_clone(set, (tg_dtype)9, e));
}
REFUSALS(tg_params_destroy)
{
    tg_params_destroy(NULL);
    HOLDS(true);
}
REFUSALS(tg_params_count)
{
    HOLDS(tg_params_count(NULL) == 0);
}
REFUSALS(tg_params_dtype)
{
    HOLDS(tg_params_dtype(NULL) == TG_F32);
}
REFUSALS(tg_params_size)
{
    HOLDS(tg_params_size(NULL) == 0);
}
REFUSALS(tg_params_name)
{
    HOLDS(!tg_params_name(NULL, 0));
    HOLDS(!tg_params_name(set, 2));
    HOLDS(!tg_params_name(set, -1));
}
REFUSALS(tg_params_shape)
{
    HOLDS(tg_params_shape(NULL, 0).rank == 0);
    HOLDS(tg_params_shape(set, 2).rank == 0);
    HOLDS(tg_params_shape(set, INT_MIN).rank == 0);
}
REFUSALS(tg_params_flags)
{
    HOLDS(tg_params_flags(NULL, 0) == 0);
    HOLDS(tg_params_flags(set, 2) == 0);
    HOLDS(tg_params_flags(set, -1) == 0);
}
REFUSALS(tg_params_find)
{
    HOLDS(tg_params_find(NULL, "w") == -1);
    HOLDS(tg_params_find(set, NULL) == -1);
    HOLDS(tg_params_find(set, "x") == -1);
}
REFUSALS(tg_params_set_flags)
{
    FAILS(TG_ERR_ARGUMENT, tg_params_set_flags(NULL, 0, 0, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_set_flags(set, 2, 0, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_set_flags(set, -1, 0, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_set_flags(set, 0, 4, e));
}
REFUSALS(tg_params_values)
{
    int64_t n = 7;
    HOLDS(!tg_params_values(NULL, NULL));
    HOLDS(!tg_params_values(NULL, &n) && n == 0);
}
REFUSALS(tg_params_grads)
{
    int64_t n = 7;
    HOLDS(!tg_params_grads(NULL, NULL));
    HOLDS(!tg_params_grads(NULL, &n) && n == 0);
}
REFUSALS(tg_params_offset)
{
    HOLDS(tg_params_offset(NULL, 0) == -1);
    HOLDS(tg_params_offset(set, 2) == -1);
    HOLDS(tg_params_offset(set, -1) == -1);
}
REFUSALS(tg_params_touch)
{
    tg_params_touch(NULL);
    HOLDS(true);
}
REFUSALS(tg_params_version)
{
    HOLDS(tg_params_version(NULL) == 0);
}

/* After a backward that failed. */
static tg_params *invalid_set(void)
{
    tg_backward(tg_mul(tg_param(t, set, 0), two));
    return set;
}

#define COPIES(f, out)                                                                                               \
    FAILS(TG_ERR_ARGUMENT, f(NULL, 0, out, 3, e));                                                                   \
    FAILS(TG_ERR_ARGUMENT, f(set, 2, out, 3, e));                                                                    \
    FAILS(TG_ERR_ARGUMENT, f(set, -1, out, 3, e));                                                                   \
    FAILS(TG_ERR_ARGUMENT, f(set, 0, NULL, 3, e));                                                                   \
    FAILS(TG_ERR_SHAPE, f(set, 0, out, 2, e));                                                                       \
    FAILS(TG_ERR_SHAPE, f(set, 0, out, -3, e))

REFUSALS(tg_params_read_f32)
{
    float out[3];
    COPIES(tg_params_read_f32, out);
}
REFUSALS(tg_params_read_f64)
{
    double out[3];
    COPIES(tg_params_read_f64, out);
}
REFUSALS(tg_params_read_grad_f32)
{
    float out[3];
    COPIES(tg_params_read_grad_f32, out);
    FAILS(TG_ERR_STATE, tg_params_read_grad_f32(invalid_set(), 0, out, 3, e));
}
REFUSALS(tg_params_read_grad_f64)
{
    double out[3];
    COPIES(tg_params_read_grad_f64, out);
    FAILS(TG_ERR_STATE, tg_params_read_grad_f64(invalid_set(), 0, out, 3, e));
}
REFUSALS(tg_params_write_f32)
{
    COPIES(tg_params_write_f32, floats);
}
REFUSALS(tg_params_write_f64)
{
    COPIES(tg_params_write_f64, values);
}

static tg_params *of(const tg_param_spec *spec)
{
    static tg_params *made;
    tg_params_destroy(made);
    return made = tg_params_create(TG_F64, spec, spec != NULL, NULL);
}
REFUSALS(tg_params_average)
{
    FAILS(TG_ERR_ARGUMENT, tg_params_average(NULL, set, 0.5, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_average(set, NULL, 0.5, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_average(set, set, -0.5, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_average(set, set, 1.5, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_average(set, narrow_set, (double)NAN, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_average(set, of(&good), 0.5, e));
    of(NULL);
}
REFUSALS(tg_params_copy)
{
    static const tg_param_spec small = { .name = "w", .shape = { 1, { 2 } } },
                               renamed = { .name = "v", .shape = { 1, { 3 } } };
    tg_params *one = tg_params_create(TG_F64, &good, 1, NULL);
    FAILS(TG_ERR_ARGUMENT, tg_params_copy(NULL, set, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_copy(set, NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_copy(one, set, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_copy(one, of(&renamed), e));
    FAILS(TG_ERR_SHAPE, tg_params_copy(one, of(&small), e));
    of(NULL);
    tg_params_destroy(one);
}
REFUSALS(tg_params_fill_normal)
{
    tg_rng rng = tg_rng_seed(1);
    FAILS(TG_ERR_ARGUMENT, tg_params_fill_normal(NULL, 0, 1, &rng, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_fill_normal(set, 2, 1, &rng, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_fill_normal(set, 0, -1, &rng, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_fill_normal(set, 0, (double)NAN, &rng, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_fill_normal(set, 0, 1, NULL, e));
}
REFUSALS(tg_params_fill_uniform)
{
    tg_rng rng = tg_rng_seed(1);
    FAILS(TG_ERR_ARGUMENT, tg_params_fill_uniform(NULL, 0, 0, 1, &rng, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_fill_uniform(set, -1, 0, 1, &rng, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_fill_uniform(set, 0, 1, 0, &rng, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_fill_uniform(set, 0, (double)NAN, 1, &rng, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_fill_uniform(set, 0, 0, 1, NULL, e));
}
REFUSALS(tg_param)
{
    HOLDS(!tg_param(NULL, set, 0).tape);
    HOLDS(!tg_param(NULL, NULL, 0).tape);
    TAPE(TG_ERR_ARGUMENT, tg_param(t, NULL, 0));
    TAPE(TG_ERR_ARGUMENT, tg_param(t, set, 2));
    TAPE(TG_ERR_ARGUMENT, tg_param(t, set, -1));
    TAPE(TG_ERR_DTYPE, tg_param(t, narrow_set, 0));
}
REFUSALS(tg_params_zero_grad)
{
    tg_params_zero_grad(NULL);
    HOLDS(true);
}
REFUSALS(tg_params_has_grad)
{
    HOLDS(!tg_params_has_grad(NULL, 0));
    HOLDS(!tg_params_has_grad(set, 0));
    HOLDS(!tg_params_has_grad(set, 2));
    HOLDS(!tg_params_has_grad(set, -1));
}
static tg_tensor failed(void)
{
    return tg_mul(v, two);
}
REFUSALS(tg_params_add_grad)
{
    FAILS(TG_ERR_ARGUMENT, tg_params_add_grad(NULL, 0, v, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_add_grad(set, 2, v, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_add_grad(set, 0, null, e));
    FAILS(TG_ERR_STALE, tg_params_add_grad(set, 0, stale, e));
    FAILS(TG_ERR_SHAPE, tg_params_add_grad(set, 0, failed(), e));
    FAILS(TG_ERR_SHAPE, tg_params_add_grad(set, 0, two, e));
    FAILS(TG_ERR_DTYPE, tg_params_add_grad(set, 0, tg_full(narrow, TG_SHAPE(3), 1), e));
    FAILS(TG_ERR_STATE, tg_params_add_grad(invalid_set(), 0, foreign, e));
}
REFUSALS(tg_params_grad_norm)
{
    HOLDS(tg_params_grad_norm(NULL) == 0);
    HOLDS(isnan(tg_params_grad_norm(invalid_set())));
}
static tg_params *set_with_nan(void)
{
    ((double *)tg_params_grads(set, NULL))[0] = (double)NAN;
    return set;
}
REFUSALS(tg_params_clip_grad_norm)
{
    double norm;
    FAILS(TG_ERR_ARGUMENT, tg_params_clip_grad_norm(NULL, 1, &norm, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_clip_grad_norm(set, 0, &norm, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_clip_grad_norm(set, -1, NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_clip_grad_norm(set, (double)NAN, NULL, e));
    FAILS(TG_ERR_STATE, tg_params_clip_grad_norm(invalid_set(), 1, NULL, e));
    FAILS(TG_ERR_NONFINITE, tg_params_clip_grad_norm(set_with_nan(), 1, NULL, e));
}

/* Files ------------------------------------------------------------------------------------------------------------ */

REFUSALS(tg_params_save)
{
    FAILS(TG_ERR_ARGUMENT, tg_params_save(NULL, "x", e));
    FAILS(TG_ERR_ARGUMENT, tg_params_save(set, NULL, e));
    FAILS(TG_ERR_IO, tg_params_save(set, "", e));
    FAILS(TG_ERR_IO, tg_params_save(set, "no/such/folder/file", e));
}
REFUSALS(tg_params_save_with)
{
    static const char *const odd[] = { "key", NULL, NULL };
    static const char *const twice_a_key[] = { "key", "a", "key", "b", NULL };
    FAILS(TG_ERR_ARGUMENT, tg_params_save_with(NULL, "x", NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_save_with(set, NULL, NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_save_with(set, "no/such/folder/file", odd, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_save_with(set, "no/such/folder/file", twice_a_key, e));
}
REFUSALS(tg_params_load)
{
    FAILS(TG_ERR_ARGUMENT, tg_params_load(NULL, "x", e));
    FAILS(TG_ERR_ARGUMENT, tg_params_load(set, NULL, e));
    FAILS(TG_ERR_IO, tg_params_load(set, "no/such/folder/file", e));
    FAILS(TG_ERR_IO, tg_params_load(set, ".", e));
}
REFUSALS(tg_params_read_metadata)
{
    char value[8];
    FAILS(TG_ERR_ARGUMENT, tg_params_read_metadata(NULL, "key", value, sizeof value, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_read_metadata("x", NULL, value, sizeof value, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_read_metadata("x", "key", NULL, sizeof value, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_read_metadata("x", "key", value, 0, e));
    FAILS(TG_ERR_IO, tg_params_read_metadata("no/such/folder/file", "key", value, sizeof value, e));
}

/* Optimizers ------------------------------------------------------------------------------------------------------- */

#define SGD(...)                                                                                                     \
    &(tg_sgd_config)                                                                                                 \
    {                                                                                                                \
        __VA_ARGS__                                                                                                  \
    }
#define ADAM(...)                                                                                                    \
    &(tg_adam_config)                                                                                                \
    {                                                                                                                \
        __VA_ARGS__                                                                                                  \
    }

REFUSALS(tg_sgd_create)
{
    NO_OBJECT(TG_ERR_ARGUMENT, tg_sgd_create(NULL, NULL, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_sgd_create(set, SGD(.lr = -2), e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_sgd_create(set, SGD(.lr = 0), e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_sgd_create(set, SGD(.lr = (double)NAN), e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_sgd_create(set, SGD(.lr = 1, .momentum = 1), e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_sgd_create(set, SGD(.lr = 1, .dampening = 1), e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_sgd_create(set, SGD(.lr = 1, .weight_decay = -2), e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_sgd_create(set, SGD(.lr = 1, .nesterov = true), e));
}
#define ADAMS(f)                                                                                                     \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        NO_OBJECT(TG_ERR_ARGUMENT, f(NULL, NULL, e));                                                                \
        NO_OBJECT(TG_ERR_ARGUMENT, f(set, ADAM(.lr = -2), e));                                                       \
        NO_OBJECT(TG_ERR_ARGUMENT, f(set, ADAM(.lr = 1, .beta1 = 1), e));                                            \
        NO_OBJECT(TG_ERR_ARGUMENT, f(set, ADAM(.lr = 1, .beta2 = (double)NAN), e));                                  \
        NO_OBJECT(TG_ERR_ARGUMENT, f(set, ADAM(.lr = 1, .beta1 = -0.5), e));                                         \
        NO_OBJECT(TG_ERR_ARGUMENT, f(set, ADAM(.lr = 1, .eps = -2), e));                                             \
        NO_OBJECT(TG_ERR_ARGUMENT, f(set, ADAM(.lr = 1, .eps = TG_ZERO), e));                                        \
        NO_OBJECT(TG_ERR_ARGUMENT, f(set, ADAM(.lr = 0), e));                                                        \
        NO_OBJECT(TG_ERR_ARGUMENT, f(set, ADAM(.lr = 1, .weight_decay = -2), e));                                    \
    }
ADAMS(tg_adam_create)
ADAMS(tg_adamw_create)

REFUSALS(tg_rmsprop_create)
{
    NO_OBJECT(TG_ERR_ARGUMENT, tg_rmsprop_create(NULL, NULL, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_rmsprop_create(set, &(tg_rmsprop_config){ .lr = 0 }, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_rmsprop_create(set, &(tg_rmsprop_config){ .lr = -2 }, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_rmsprop_create(set, &(tg_rmsprop_config){ .lr = 1, .alpha = 1 }, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_rmsprop_create(set, &(tg_rmsprop_config){ .lr = 1, .momentum = (double)NAN }, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_rmsprop_create(set, &(tg_rmsprop_config){ .lr = 1, .eps = TG_ZERO }, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_rmsprop_create(set, &(tg_rmsprop_config){ .lr = 1, .weight_decay = -2 }, e));
}
REFUSALS(tg_adagrad_create)
{
    NO_OBJECT(TG_ERR_ARGUMENT, tg_adagrad_create(NULL, NULL, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_adagrad_create(set, &(tg_adagrad_config){ .lr = 0 }, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_adagrad_create(set, &(tg_adagrad_config){ .lr = (double)INFINITY }, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_adagrad_create(set, &(tg_adagrad_config){ .lr = 1, .lr_decay = -2 }, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_adagrad_create(set, &(tg_adagrad_config){ .lr = 1, .initial = -2 }, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_adagrad_create(set, &(tg_adagrad_config){ .lr = 1, .eps = TG_ZERO }, e));
    NO_OBJECT(TG_ERR_ARGUMENT, tg_adagrad_create(set, &(tg_adagrad_config){ .lr = 1, .weight_decay = -2 }, e));
}

REFUSALS(tg_optimizer_destroy)
{
    tg_optimizer_destroy(NULL);
    HOLDS(true);
}

static bool step_fails(tg_status expected)
{
    tg_optimizer *o = tg_sgd_create(set, NULL, NULL);
    const bool fails = tg_optimizer_step(o) == expected && strlen(tg_optimizer_message(o)) > 8;
    tg_optimizer_destroy(o);
    return fails;
}
REFUSALS(tg_optimizer_step)
{
    HOLDS(tg_optimizer_step(NULL) == TG_ERR_ARGUMENT);
    HOLDS(step_fails(TG_ERR_STATE));
    HOLDS(invalid_set() && step_fails(TG_ERR_STATE));
}
REFUSALS(tg_optimizer_message)
{
    HOLDS(*tg_optimizer_message(NULL));
}
REFUSALS(tg_optimizer_lr)
{
    HOLDS(!(tg_optimizer_lr(NULL) > 0));
}
static bool refuses_lr(double lr)
{
    tg_optimizer *o = tg_sgd_create(set, NULL, NULL);
    const bool refused = tg_optimizer_set_lr(o, lr) == TG_ERR_ARGUMENT && strlen(tg_optimizer_message(o)) > 8;
    tg_optimizer_destroy(o);
    return refused;
}
REFUSALS(tg_optimizer_set_lr)
{
    HOLDS(tg_optimizer_set_lr(NULL, 1) == TG_ERR_ARGUMENT);
    HOLDS(refuses_lr(-2));
    HOLDS(refuses_lr((double)NAN));
    HOLDS(refuses_lr((double)INFINITY));
}
REFUSALS(tg_optimizer_steps)
{
    HOLDS(tg_optimizer_steps(NULL) == 0);
}
REFUSALS(tg_schedule_lr)
{
    HOLDS(isnan(tg_schedule_lr(NULL, 0)));
    HOLDS(isnan(tg_schedule_lr(&(tg_schedule){ .lr = 1 }, -1)));
    HOLDS(isnan(tg_schedule_lr(&(tg_schedule){ .kind = (tg_schedule_kind)9, .lr = 1 }, 0)));
    HOLDS(isnan(tg_schedule_lr(&(tg_schedule){ .lr = 1, .warmup = -1 }, 0)));
    HOLDS(isnan(tg_schedule_lr(&(tg_schedule){ .kind = TG_SCHEDULE_STEP, .lr = 1, .period = -1 }, 0)));
}

/* Whole trainings -------------------------------------------------------------------------------------------------- */

REFUSALS(tg_params_load_with)
{
    const char *const odd[] = { "a", NULL };
    FAILS(TG_ERR_ARGUMENT, tg_params_load_with(NULL, "/none", NULL, NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_load_with(set, NULL, NULL, NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_params_load_with(set, "/none", &(tg_load_config){ .prefixes = odd }, NULL, e));
    FAILS(TG_ERR_IO, tg_params_load_with(set, "/none", NULL, NULL, e));
}
static tg_optimizer *one_of(tg_params *p)
{
    static tg_optimizer *o;
    tg_optimizer_destroy(o);
    return o = p ? tg_sgd_create(p, NULL, NULL) : NULL;
}
REFUSALS(tg_training_save)
{
    static const tg_param_spec reserved = { .name = "__optimizer__.w" };
    FAILS(TG_ERR_ARGUMENT, tg_training_save(NULL, "/none/file", e));
    FAILS(TG_ERR_ARGUMENT, tg_training_save(&(tg_training){ .params = set }, NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_training_save(&(tg_training){ 0 }, "/none/file", e));
    FAILS(TG_ERR_ARGUMENT, tg_training_save(&(tg_training){ .params = set, .epoch = -1 }, "/none/file", e));
    FAILS(TG_ERR_ARGUMENT, tg_training_save(&(tg_training){ .params = set, .batch = -1 }, "/none/file", e));
    FAILS(TG_ERR_ARGUMENT,
          tg_training_save(&(tg_training){ .params = set, .optimizer = one_of(narrow_set) }, "/none/file", e));
    FAILS(TG_ERR_ARGUMENT, tg_training_save(&(tg_training){ .params = of(&reserved) }, "/none/file", e));
    FAILS(TG_ERR_ARGUMENT,
          tg_training_save(
              &(tg_training){ .params = set, .metadata = (const char *const[]){ "tapegrad.epoch", "1", NULL } },
              "/none/file", e));
    FAILS(TG_ERR_IO, tg_training_save(&(tg_training){ .params = set }, "/none/file", e));
    one_of(NULL);
    of(NULL);
}
REFUSALS(tg_training_load)
{
    tg_training both = { .params = set, .optimizer = one_of(narrow_set) }, neither = { 0 }, one = { .params = set };
    FAILS(TG_ERR_ARGUMENT, tg_training_load(NULL, "/none", e));
    FAILS(TG_ERR_ARGUMENT, tg_training_load(&one, NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_training_load(&neither, "/none", e));
    FAILS(TG_ERR_ARGUMENT, tg_training_load(&both, "/none", e));
    one.params = set;
    FAILS(TG_ERR_IO, tg_training_load(&one, "/none", e));
    one_of(NULL);
}
