/* model.c - what models, layers and parameters by name refuse. */
#include "refusals.h"

/* A model without an error, or with that of a late declaration. */
static tg_model *model;

static tg_model *new_model(void)
{
    tg_model_destroy(model);
    return model = tg_model_create(TG_F64, 1);
}
static tg_params *after(int number)
{
    (void)number;
    return tg_model_params(model, e);
}
static void finish(void)
{
    tg_model_destroy(model);
    model = NULL;
}

static const tg_draw zeros;

REFUSALS(tg_model_create)
{
    model = tg_model_create((tg_dtype)9, 1);
    NO_OBJECT(TG_ERR_DTYPE, tg_model_params(model, e));
    finish();
}
REFUSALS(tg_model_create_with)
{
    static const tg_allocator incomplete;
    HOLDS(!tg_model_create_with(TG_F64, 1, &incomplete));
}
REFUSALS(tg_model_destroy)
{
    HOLDS((tg_model_destroy(NULL), true));
}
REFUSALS(tg_model_params)
{
    NO_OBJECT(TG_ERR_MEMORY, tg_model_params(NULL, e));
}
REFUSALS(tg_model_add)
{
    HOLDS(tg_model_add(NULL, "a", "b", TG_SHAPE(1), zeros, 0) == -1);
    NO_OBJECT(TG_ERR_ARGUMENT, after(tg_model_add(new_model(), "a", NULL, TG_SHAPE(1), zeros, 0)));
    NO_OBJECT(TG_ERR_SHAPE, after(tg_model_add(new_model(), "a", "b", TG_SHAPE(0), zeros, 0)));
    NO_OBJECT(TG_ERR_SHAPE, after(tg_model_add(new_model(), "a", "b", (tg_shape){ .rank = 99 }, zeros, 0)));
    NO_OBJECT(TG_ERR_ARGUMENT,
              after(tg_model_add(new_model(), "a", "b", TG_SHAPE(1), (tg_draw){ TG_DRAW_NORMAL, -1 }, 0)));
    NO_OBJECT(TG_ERR_ARGUMENT,
              after(tg_model_add(new_model(), "a", "b", TG_SHAPE(1), (tg_draw){ TG_DRAW_UNIFORM, (double)NAN }, 0)));
    NO_OBJECT(TG_ERR_ARGUMENT,
              after(tg_model_add(new_model(), "a", "b", TG_SHAPE(1), (tg_draw){ .kind = (enum tg_draw_kind)9 }, 0)));
    NO_OBJECT(TG_ERR_ARGUMENT, after(tg_model_add(new_model(), "a", "b", TG_SHAPE(1), zeros, 0x100)));
    NO_OBJECT(TG_ERR_ARGUMENT, after(tg_model_add(new_model(), "", "", TG_SHAPE(1), zeros, 0)));
    finish();
}
REFUSALS(tg_add_linear)
{
    HOLDS(tg_add_linear(NULL, "a", 1, 1).weight == -1);
    NO_OBJECT(TG_ERR_SHAPE, after(tg_add_linear(new_model(), "a", 0, 1).weight));
    NO_OBJECT(TG_ERR_SHAPE, after(tg_add_linear(new_model(), "a", 1, -1).weight));
    finish();
}
REFUSALS(tg_add_layer_norm)
{
    HOLDS(tg_add_layer_norm(NULL, "a", 1).weight == -1);
    NO_OBJECT(TG_ERR_SHAPE, after(tg_add_layer_norm(new_model(), "a", 0).weight));
    finish();
}
REFUSALS(tg_add_embedding)
{
    HOLDS(tg_add_embedding(NULL, "a", 1, 1).weight == -1);
    NO_OBJECT(TG_ERR_SHAPE, after(tg_add_embedding(new_model(), "a", 0, 1).weight));
    NO_OBJECT(TG_ERR_SHAPE, after(tg_add_embedding(new_model(), "a", INT64_MAX, INT64_MAX).weight));
    finish();
}
static void adding(tg_recurrent_layer (*add)(tg_model *m, const char *name, int64_t inputs, int64_t hidden))
{
    HOLDS(add(NULL, "a", 1, 1).weight_ih == -1);
    NO_OBJECT(TG_ERR_SHAPE, after(add(new_model(), "a", 0, 1).weight_ih));
    NO_OBJECT(TG_ERR_SHAPE, after(add(new_model(), "a", 1, 0).weight_ih));
    NO_OBJECT(TG_ERR_SHAPE, after(add(new_model(), "a", 1, INT64_MAX).weight_ih));
    finish();
}
REFUSALS(tg_add_rnn)
{
    adding(tg_add_rnn);
}
REFUSALS(tg_add_gru)
{
    adding(tg_add_gru);
}
REFUSALS(tg_add_lstm)
{
    adding(tg_add_lstm);
}

static const tg_linear_layer linear = { 1, 0 }; /* "b" [2, 3] and "w" [3] of the set */
static const tg_layer_norm_layer norm = { 0, 0 };
static const tg_embedding_layer table = { 1 };

REFUSALS(tg_run_linear)
{
    HOLDS(!tg_run_linear(&linear, set, null).tape);
    TAPE(TG_ERR_ARGUMENT, tg_run_linear(NULL, set, two));
    TAPE(TG_ERR_ARGUMENT, tg_run_linear(&linear, NULL, two));
    TAPE(TG_ERR_ARGUMENT, tg_run_linear(&(tg_linear_layer){ -1, -1 }, set, two));
    TAPE(TG_ERR_SHAPE, tg_run_linear(&linear, set, v));
    TAPE(TG_ERR_DTYPE, tg_run_linear(&linear, narrow_set, two));
    TAPE(TG_ERR_STALE, tg_run_linear(&linear, set, stale));
}
REFUSALS(tg_run_layer_norm)
{
    HOLDS(!tg_run_layer_norm(&norm, set, null).tape);
    TAPE(TG_ERR_ARGUMENT, tg_run_layer_norm(NULL, set, v));
    TAPE(TG_ERR_ARGUMENT, tg_run_layer_norm(&norm, NULL, v));
    TAPE(TG_ERR_SHAPE, tg_run_layer_norm(&norm, set, two));
    TAPE(TG_ERR_STALE, tg_run_layer_norm(&norm, set, stale));
}
REFUSALS(tg_run_embedding)
{
    static const int32_t indices[] = { 0, 2 };
    HOLDS(!tg_run_embedding(&table, NULL, set, indices, 1).tape);
    TAPE(TG_ERR_ARGUMENT, tg_run_embedding(NULL, t, set, indices, 1));
    TAPE(TG_ERR_ARGUMENT, tg_run_embedding(&table, t, NULL, indices, 1));
    TAPE(TG_ERR_ARGUMENT, tg_run_embedding(&table, t, set, NULL, 1));
    TAPE(TG_ERR_RANGE, tg_run_embedding(&table, t, set, indices, 2));
}
REFUSALS(tg_run_cell)
{
    static const tg_recurrent_layer cell = { .hidden = 1 }, odd = { .kind = (enum tg_cell_kind)7, .hidden = 1 };
    const tg_cell_state zero = { null, null };
    HOLDS(!tg_run_cell(&cell, set, null, zero).h.tape);
    TAPE(TG_ERR_ARGUMENT, tg_run_cell(NULL, set, m, zero));
    TAPE(TG_ERR_ARGUMENT, tg_run_cell(&odd, set, m, zero));
    TAPE(TG_ERR_ARGUMENT, tg_run_cell(&cell, NULL, m, zero));
    TAPE(TG_ERR_SHAPE, tg_run_cell(&cell, set, v, zero));
    TAPE(TG_ERR_STALE, tg_run_cell(&cell, set, stale, zero));
    TAPE(TG_ERR_SHAPE, tg_run_cell(&cell, set, m, (tg_cell_state){ .h = tg_full(t, TG_SHAPE(1, 1), 0) }));
    TAPE(TG_ERR_STALE, tg_run_cell(&cell, set, m, (tg_cell_state){ .h = stale }));
    TAPE(TG_ERR_TAPE, tg_run_cell(&cell, set, m, (tg_cell_state){ .h = foreign }));
}
REFUSALS(tg_run_sequence)
{
    static const tg_recurrent_layer cell = { .hidden = 1 };
    HOLDS(!tg_run_sequence(&cell, set, null, NULL).tape);
    TAPE(TG_ERR_ARGUMENT, tg_run_sequence(NULL, set, tg_full(t, TG_SHAPE(1, 1, 1), 1), NULL));
    TAPE(TG_ERR_ARGUMENT, tg_run_sequence(&cell, NULL, tg_full(t, TG_SHAPE(1, 1, 1), 1), NULL));
    TAPE(TG_ERR_SHAPE, tg_run_sequence(&cell, set, m, NULL));
    TAPE(TG_ERR_SHAPE, tg_run_sequence(&cell, set, tg_full(t, TG_SHAPE(0, 1, 1), 1), NULL));
    TAPE(TG_ERR_SHAPE, tg_run_sequence(&cell, set, tg_full(t, TG_SHAPE(65536, 1, 1), 1), NULL));
}
REFUSALS(tg_param_named)
{
    HOLDS(!tg_param_named(NULL, set, "w").tape);
    TAPE(TG_ERR_ARGUMENT, tg_param_named(t, NULL, "w"));
    TAPE(TG_ERR_ARGUMENT, tg_param_named(t, set, NULL));
    TAPE(TG_ERR_ARGUMENT, tg_param_named(t, set, "x"));
    TAPE(TG_ERR_DTYPE, tg_param_named(t, narrow_set, "w"));
}
