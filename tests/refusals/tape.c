/* tape.c - what the tape's functions refuse. */
#include "refusals.h"

static const double values[8];
static const float floats[8];

static tg_status created_with(tg_dtype dtype, const tg_allocator *allocator)
{
    tg_tape *tape = tg_tape_create_with(dtype, allocator);
    const tg_status status = tape && *tg_tape_message(tape) ? tg_tape_status(tape) : TG_OK;
    tg_tape_destroy(tape);
    return status;
}

static void *gives_nothing(void *ctx, size_t size, size_t align)
{
    (void)ctx, (void)size, (void)align;
    return NULL;
}
static void takes_nothing(void *ctx, void *p, size_t size)
{
    (void)ctx, (void)p, (void)size;
}

REFUSALS(tg_tape_create)
{
    tg_tape *tape = tg_tape_create((tg_dtype)2);
    HOLDS(tg_tape_status(tape) == TG_ERR_DTYPE && *tg_tape_message(tape));
    HOLDS(!tg_is_valid(tg_full(tape, TG_SCALAR, 1)));
    tg_tape_destroy(tape);
}
REFUSALS(tg_tape_create_with)
{
    HOLDS(created_with((tg_dtype)-1, NULL) == TG_ERR_DTYPE);
    HOLDS(created_with(TG_F32, &(tg_allocator){ 0 }) == TG_ERR_ARGUMENT);
    HOLDS(created_with(TG_F32, &(tg_allocator){ .alloc = gives_nothing }) == TG_ERR_ARGUMENT);
    HOLDS(created_with(TG_F32, &(tg_allocator){ .free = takes_nothing }) == TG_ERR_ARGUMENT);
    HOLDS(created_with(TG_F32, &(tg_allocator){ .alloc = gives_nothing, .free = takes_nothing }) == TG_ERR_MEMORY);
}
REFUSALS(tg_tape_destroy)
{
    tg_tape_destroy(NULL);
    HOLDS(true);
}
REFUSALS(tg_tape_dtype)
{
    HOLDS(tg_tape_dtype(NULL) == TG_F32);
}
REFUSALS(tg_tape_status)
{
    HOLDS(tg_tape_status(NULL) == TG_ERR_ARGUMENT);
}
REFUSALS(tg_tape_message)
{
    HOLDS(*tg_tape_message(NULL));
}
REFUSALS(tg_tape_reset)
{
    tg_tape_reset(NULL);
    HOLDS(true);
}
REFUSALS(tg_tape_mark)
{
    HOLDS(tg_tape_rewind(t, tg_tape_mark(NULL)) == TG_ERR_TAPE);
}
static tg_mark stale_mark(void)
{
    const tg_mark mark = tg_tape_mark(t);
    tg_tape_reset(t);
    return mark;
}
static tg_mark rewound_mark(void)
{
    const tg_mark mark = tg_tape_mark(t);
    tg_exp(v);
    const tg_mark later = tg_tape_mark(t);
    tg_tape_rewind(t, mark);
    tg_exp(v);
    return later;
}
REFUSALS(tg_tape_rewind)
{
    HOLDS(tg_tape_rewind(NULL, tg_tape_mark(t)) == TG_ERR_ARGUMENT);
    TAPE(TG_ERR_TAPE, tg_tape_rewind(t, tg_tape_mark(other)));
    TAPE(TG_ERR_TAPE, tg_tape_rewind(t, (tg_mark){ 0 }));
    TAPE(TG_ERR_STALE, tg_tape_rewind(t, stale_mark()));
    TAPE(TG_ERR_STALE, tg_tape_rewind(t, rewound_mark()));
}
REFUSALS(tg_tape_memory)
{
    HOLDS(tg_tape_memory(NULL).bytes == 0);
}
REFUSALS(tg_tape_set_recording)
{
    HOLDS(!tg_tape_set_recording(NULL, true));
}
REFUSALS(tg_tape_set_training)
{
    HOLDS(!tg_tape_set_training(NULL, true));
}
REFUSALS(tg_tape_training)
{
    HOLDS(!tg_tape_training(NULL));
}
REFUSALS(tg_tape_set_trap)
{
    tg_tape_set_trap(NULL, TG_TRAP_NONFINITE);
    TAPE(TG_ERR_ARGUMENT, tg_tape_set_trap(t, 2));
    TAPE(TG_ERR_ARGUMENT, tg_tape_set_trap(t, ~0u));
}

#define LEAF(f, data)                                                                                                \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        HOLDS(!f(NULL, TG_SHAPE(2), data).tape);                                                                     \
        TAPE(TG_ERR_ARGUMENT, f(t, TG_SHAPE(2), NULL));                                                              \
        TAPE(TG_ERR_SHAPE, f(t, TG_SHAPE(-2), data));                                                                \
        TAPE(TG_ERR_SHAPE, f(t, (tg_shape){ .rank = -1 }, data));                                                    \
        TAPE(TG_ERR_SHAPE, f(t, (tg_shape){ .rank = INT_MAX }, data));                                               \
        TAPE(TG_ERR_SHAPE, f(t, TG_SHAPE(INT64_MAX, INT64_MAX), data));                                              \
        HOLDS(tg_is_valid(f(t, TG_SHAPE(2, 0), NULL)));                                                              \
    }
LEAF(tg_variable_f32, floats)
LEAF(tg_variable_f64, values)
LEAF(tg_constant_f32, floats)
LEAF(tg_constant_f64, values)
LEAF(tg_wrap_f64, values)

#define UNTYPED(f)                                                                                                   \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        HOLDS(!f(NULL, TG_SHAPE(2), values).tape);                                                                   \
        TAPE(TG_ERR_ARGUMENT, f(t, TG_SHAPE(2), values));                                                            \
        TAPE(TG_ERR_ARGUMENT, f(t, TG_SHAPE(2), NULL));                                                              \
        TAPE(TG_ERR_SHAPE, f(t, (tg_shape){ .rank = -1 }, NULL));                                                    \
        HOLDS(tg_is_valid(f(t, TG_SHAPE(2, 0), NULL)));                                                              \
    }
UNTYPED(tg_variable_untyped)
UNTYPED(tg_constant_untyped)
UNTYPED(tg_wrap_untyped)

REFUSALS(tg_wrap_f32)
{
    HOLDS(!tg_wrap_f32(NULL, TG_SHAPE(2), floats).tape);
    TAPE(TG_ERR_DTYPE, tg_wrap_f32(t, TG_SHAPE(2), floats));
    HOLDS(!tg_wrap_f64(narrow, TG_SHAPE(2), values).id && tg_tape_status(narrow) == TG_ERR_DTYPE);
    HOLDS(!tg_wrap_f32(narrow, TG_SHAPE(2), NULL).id && tg_tape_status(narrow) == TG_ERR_ARGUMENT);
    HOLDS(!tg_wrap_f32(narrow, TG_SHAPE(-2), floats).id && tg_tape_status(narrow) == TG_ERR_SHAPE);
}

REFUSALS(tg_full)
{
    HOLDS(!tg_full(NULL, TG_SHAPE(2), 1).tape);
    TAPE(TG_ERR_SHAPE, tg_full(t, TG_SHAPE(-2), 1));
    TAPE(TG_ERR_SHAPE, tg_full(t, (tg_shape){ .rank = 1 << 30 }, 1));
    TAPE(TG_ERR_SHAPE, tg_full(t, TG_SHAPE(INT64_MAX, INT64_MAX), 1));
    TAPE(TG_ERR_MEMORY, tg_full(t, TG_SHAPE(INT64_MAX / 16), 1));
}
REFUSALS(tg_detach)
{
    unary(tg_detach, "tg_detach");
}

/* Queries --------------------------------------------------------------------------------------------------------- */

REFUSALS(tg_is_valid)
{
    HOLDS(!tg_is_valid(null));
    HOLDS(!tg_is_valid(stale));
    HOLDS(!tg_is_valid((tg_tensor){ .tape = t, .id = UINT32_MAX }));
}
REFUSALS(tg_shape_of)
{
    HOLDS(tg_shape_of(null).rank == 0);
    TAPE(TG_ERR_STALE, tg_shape_of(stale));
}
REFUSALS(tg_rank)
{
    HOLDS(tg_rank(null) == 0);
    TAPE(TG_ERR_STALE, tg_rank(stale));
}
REFUSALS(tg_dim)
{
    HOLDS(tg_dim(null, 0) == -1);
    HOLDS(tg_dim(v, 1) == -1);
    TAPE(TG_ERR_STALE, tg_dim(stale, 0));
    TAPE(TG_ERR_SHAPE, tg_dim(v, 1));
    TAPE(TG_ERR_SHAPE, tg_dim(v, -2));
    TAPE(TG_ERR_SHAPE, tg_dim(v, TG_ALL));
    TAPE(TG_ERR_SHAPE, tg_dim(s, 0));
}
REFUSALS(tg_size)
{
    HOLDS(tg_size(null) == 0);
    TAPE(TG_ERR_STALE, tg_size(stale));
}
REFUSALS(tg_needs_grad)
{
    HOLDS(!tg_needs_grad(null));
    TAPE(TG_ERR_STALE, tg_needs_grad(stale));
}
REFUSALS(tg_item)
{
    HOLDS(isnan(tg_item(null)));
    HOLDS(isnan(tg_item(v)));
    TAPE(TG_ERR_STALE, tg_item(stale));
    TAPE(TG_ERR_SHAPE, tg_item(v));
    TAPE(TG_ERR_SHAPE, tg_item(tg_full(t, TG_SHAPE(0), 1)));
}

#define READ(f, type)                                                                                                \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        type out[8];                                                                                                 \
        HOLDS(f(null, out, 3) == TG_ERR_ARGUMENT);                                                                   \
        TAPE(TG_ERR_STALE, f(stale, out, 3));                                                                        \
        TAPE(TG_ERR_ARGUMENT, f(v, NULL, 3));                                                                        \
        TAPE(TG_ERR_ARGUMENT, f(v, out, 2));                                                                         \
        TAPE(TG_ERR_ARGUMENT, f(v, out, 4));                                                                         \
        TAPE(TG_ERR_ARGUMENT, f(v, out, -1));                                                                        \
    }
READ(tg_read_f32, float)
READ(tg_read_f64, double)
READ(tg_read_untyped, char)

REFUSALS(tg_data)
{
    HOLDS(!tg_data(null));
    HOLDS(!tg_data(stale));
    TAPE(TG_ERR_STALE, tg_data(stale));
}
REFUSALS(tg_print)
{
    FILE *f = tmpfile();
    HOLDS(f);
    HOLDS(tg_print(f, null) == TG_ERR_ARGUMENT);
    HOLDS(tg_print(NULL, null) == TG_ERR_ARGUMENT);
    TAPE(TG_ERR_STALE, tg_print(f, stale));
    TAPE(TG_ERR_ARGUMENT, tg_print(NULL, v));
    fclose(f);
}
REFUSALS(tg_name)
{
    HOLDS(!tg_name(null, "x").tape);
    TAPE(TG_ERR_STALE, tg_name(stale, "x"));
    TAPE(TG_ERR_ARGUMENT, tg_name(v, NULL));
}

static bool stop(void *context, const tg_visit *visit)
{
    (void)context, (void)visit;
    return false;
}
REFUSALS(tg_tape_each)
{
    HOLDS(tg_tape_each(NULL, stop, NULL) == TG_ERR_ARGUMENT);
    TAPE(TG_ERR_ARGUMENT, tg_tape_each(t, NULL, NULL));
}
