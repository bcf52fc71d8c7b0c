/* op.c - invalid calls from the functions of an operation. */
#include "refusals.h"

#include <stdlib.h>

/* Queries in a shape rule and a forward. --------------------------------------------------------------------------- */

REFUSALS(tg_call_count)
{
    HOLDS(tg_call_count(NULL) == 0);
}

static bool absent[3];
static tg_status look_shape(tg_call *c, tg_shape *out)
{
    absent[0] = tg_call_has(c, -1) || tg_call_has(c, 1) || tg_call_has(c, INT_MAX);
    absent[1] = tg_call_shape(c, 1).rank || tg_call_shape(c, -1).rank;
    absent[2] = tg_call_size(c, 1) || tg_call_size(c, -1);
    *out = tg_call_shape(c, 0);
    return TG_OK;
}
static bool has_no_values;
static tg_status look_forward(tg_call *c)
{
    has_no_values = !tg_call_input(c, 1) && !tg_call_input(c, -1) && !tg_call_input(c, INT_MIN);
    memset(tg_call_output(c), 0, (size_t)tg_call_output_size(c) * sizeof(double));
    return TG_OK;
}
static const tg_op look = { .name = "look", .arity = 1, .shape = look_shape, .forward = look_forward };
static bool looked(void)
{
    return tg_is_valid(tg_apply(&look, &v, 1, NULL, 0));
}
REFUSALS(tg_call_has)
{
    HOLDS(!tg_call_has(NULL, 0));
    HOLDS(looked() && !absent[0]);
}
REFUSALS(tg_call_shape)
{
    HOLDS(tg_call_shape(NULL, 0).rank == 0);
    HOLDS(looked() && !absent[1]);
}
REFUSALS(tg_call_size)
{
    HOLDS(tg_call_size(NULL, 0) == 0);
    HOLDS(looked() && !absent[2]);
}
REFUSALS(tg_call_attributes)
{
    HOLDS(!tg_call_attributes(NULL));
}
REFUSALS(tg_call_dtype)
{
    HOLDS(tg_call_dtype(NULL) == TG_F32);
}

/* Asked for in a shape rule. */
static const void *ask_input(tg_call *c)
{
    return tg_call_input(c, 0);
}
static const void *ask_output(tg_call *c)
{
    return tg_call_output(c);
}
static const void *ask_output_shape(tg_call *c)
{
    return tg_call_output_shape(c).rank ? c : NULL;
}
static const void *ask_output_size(tg_call *c)
{
    return tg_call_output_size(c) ? c : NULL;
}
static const void *ask_accumulates(tg_call *c)
{
    return tg_call_accumulates(c) ? c : NULL;
}
static const void *ask_scratch(tg_call *c)
{
    return tg_call_scratch(c, 8);
}
static const void *(*ask)(tg_call *c);
static bool got_nothing;
static tg_status asking_shape(tg_call *c, tg_shape *out)
{
    got_nothing = !ask(c);
    *out = tg_call_shape(c, 0);
    return TG_OK;
}
static tg_tensor asked_early(const void *(*f)(tg_call *))
{
    static const tg_op asking = { .name = "asking", .arity = 1, .shape = asking_shape, .forward = look_forward };
    ask = f;
    return tg_apply(&asking, &v, 1, NULL, 0);
}
#define FORWARD_ONLY(f, asks)                                                                                        \
    TAPE(TG_ERR_STATE, asked_early(asks));                                                                           \
    HOLDS(!asked_early(asks).id && got_nothing)

REFUSALS(tg_call_input)
{
    HOLDS(!tg_call_input(NULL, 0));
    HOLDS(looked() && has_no_values);
    FORWARD_ONLY(tg_call_input, ask_input);
}
REFUSALS(tg_call_output)
{
    HOLDS(!tg_call_output(NULL));
    FORWARD_ONLY(tg_call_output, ask_output);
}
REFUSALS(tg_call_output_shape)
{
    HOLDS(tg_call_output_shape(NULL).rank == 0);
    FORWARD_ONLY(tg_call_output_shape, ask_output_shape);
}
REFUSALS(tg_call_output_size)
{
    HOLDS(tg_call_output_size(NULL) == 0);
    FORWARD_ONLY(tg_call_output_size, ask_output_size);
}
REFUSALS(tg_call_accumulates)
{
    HOLDS(!tg_call_accumulates(NULL));
    FORWARD_ONLY(tg_call_accumulates, ask_accumulates);
}

static tg_status greedy_forward(tg_call *c)
{
    return tg_call_scratch(c, SIZE_MAX) ? TG_OK : TG_ERR_MEMORY;
}
static tg_status same(tg_call *c, tg_shape *out)
{
    *out = tg_call_shape(c, 0);
    return TG_OK;
}
REFUSALS(tg_call_scratch)
{
    static const tg_op greedy = { .name = "greedy", .arity = 1, .shape = same, .forward = greedy_forward };
    HOLDS(!tg_call_scratch(NULL, 8));
    FORWARD_ONLY(tg_call_scratch, ask_scratch);
    TAPE(TG_ERR_MEMORY, tg_apply(&greedy, &v, 1, NULL, 0));
}

static tg_status with_status;
static const char *with_format;
static tg_status failing_shape(tg_call *c, tg_shape *out)
{
    (void)out;
    return tg_call_fail(c, with_status, with_format ? "%d is wrong" : NULL, 7);
}
static tg_tensor failing(tg_status status, const char *format)
{
    static const tg_op op = { .name = "failing", .arity = 1, .shape = failing_shape, .forward = look_forward };
    with_status = status;
    with_format = format;
    return tg_apply(&op, &v, 1, NULL, 0);
}
REFUSALS(tg_call_fail)
{
    HOLDS(tg_call_fail(NULL, TG_ERR_IO, "text") == TG_ERR_IO);
    HOLDS(tg_call_fail(NULL, TG_OK, "text") != TG_OK);
    TAPE(TG_ERR_IO, failing(TG_ERR_IO, "text"));
    TAPE(TG_ERR_IO, failing(TG_ERR_IO, NULL));
    TAPE(TG_ERR_ARGUMENT, failing(TG_OK, "text"));
    TAPE(TG_ERR_ARGUMENT, failing((tg_status)99, "text"));
    TAPE(TG_ERR_ARGUMENT, failing((tg_status)-1, "text"));
}

static int axis_rank, axis_asked, *axis_out;
static tg_status axis_shape(tg_call *c, tg_shape *out)
{
    *out = tg_call_shape(c, 0);
    return tg_call_axis(c, axis_rank, axis_asked, axis_out);
}
static tg_tensor axis(int rank, int asked, int *out)
{
    static const tg_op op = { .name = "axis", .arity = 1, .shape = axis_shape, .forward = look_forward };
    axis_rank = rank;
    axis_asked = asked;
    axis_out = out;
    return tg_apply(&op, &v, 1, NULL, 0);
}
REFUSALS(tg_call_axis)
{
    int resolved;
    HOLDS(tg_call_axis(NULL, 1, 0, &resolved) == TG_ERR_ARGUMENT);
    TAPE(TG_ERR_ARGUMENT, axis(1, 0, NULL));
    TAPE(TG_ERR_ARGUMENT, axis(-1, 0, &resolved));
    TAPE(TG_ERR_ARGUMENT, axis(9, 0, &resolved));
    TAPE(TG_ERR_ARGUMENT, axis(INT_MIN, 0, &resolved));
    TAPE(TG_ERR_SHAPE, axis(1, 1, &resolved));
    TAPE(TG_ERR_SHAPE, axis(1, TG_ALL, &resolved));
}

static tg_status broadcast_to_nowhere(tg_call *c, tg_shape *out)
{
    *out = tg_call_shape(c, 0);
    return tg_shape_broadcast(c, NULL);
}
REFUSALS(tg_shape_broadcast)
{
    static const tg_op op = { .name = "nowhere", .arity = 1, .shape = broadcast_to_nowhere, .forward = look_forward };
    static const tg_op add = { .name = "sum", .arity = 2, .shape = tg_shape_broadcast, .forward = look_forward };
    tg_shape shape;
    HOLDS(tg_shape_broadcast(NULL, &shape) == TG_ERR_ARGUMENT);
    TAPE(TG_ERR_ARGUMENT, tg_apply(&op, &v, 1, NULL, 0));
    TAPE(TG_ERR_SHAPE, tg_apply(&add, (tg_tensor[]){ v, two }, 2, NULL, 0));
}

/* Queries in a vjp. ------------------------------------------------------------------------------------------------ */

REFUSALS(tg_cotangent)
{
    HOLDS(!tg_cotangent(NULL).tape);
}
REFUSALS(tg_output)
{
    HOLDS(!tg_output(NULL).tape);
}
REFUSALS(tg_vjp_attributes)
{
    HOLDS(!tg_vjp_attributes(NULL));
}
REFUSALS(tg_vjp_count)
{
    HOLDS(tg_vjp_count(NULL) == 0);
}

static void (*the_deed)(tg_vjp *vjp);
static void deed_vjp(tg_vjp *vjp)
{
    the_deed(vjp);
}
static tg_status by_vjp(void (*deed)(tg_vjp *vjp))
{
    static const tg_op op = {
        .name = "deed", .arity = 1, .order = TG_ORDER_ANY, .shape = same, .forward = look_forward, .vjp = deed_vjp
    };
    the_deed = deed;
    return tg_backward(tg_sum(tg_apply(&op, &v, 1, NULL, 0), 0, false));
}
static void asks_input_one(tg_vjp *vjp)
{
    tg_input(vjp, 1);
}
static void asks_input_below(tg_vjp *vjp)
{
    tg_input(vjp, -1);
}
REFUSALS(tg_input)
{
    HOLDS(!tg_input(NULL, 0).tape);
    TAPE(TG_ERR_ARGUMENT, by_vjp(asks_input_one));
    TAPE(TG_ERR_ARGUMENT, by_vjp(asks_input_below));
}
static void wants_input_one(tg_vjp *vjp)
{
    tg_wants(vjp, 1);
}
REFUSALS(tg_wants)
{
    HOLDS(!tg_wants(NULL, 0));
    TAPE(TG_ERR_ARGUMENT, by_vjp(wants_input_one));
}
static void gives_input_one(tg_vjp *vjp)
{
    tg_give(vjp, 1, tg_cotangent(vjp));
}
static void gives_null(tg_vjp *vjp)
{
    tg_give(vjp, 0, null);
}
static void gives_foreign(tg_vjp *vjp)
{
    tg_give(vjp, 0, foreign);
}
static void gives_stale(tg_vjp *vjp)
{
    tg_give(vjp, 0, stale);
}
static void gives_two(tg_vjp *vjp)
{
    tg_give(vjp, 0, two);
}
static void gives_scalar(tg_vjp *vjp)
{
    tg_give(vjp, 0, s);
}
static void gives_tall(tg_vjp *vjp)
{
    tg_give(vjp, 0, tall);
}
REFUSALS(tg_give)
{
    tg_give(NULL, 0, null);
    HOLDS(true);
    TAPE(TG_ERR_ARGUMENT, by_vjp(gives_input_one));
    TAPE(TG_ERR_ARGUMENT, by_vjp(gives_null));
    TAPE(TG_ERR_TAPE, by_vjp(gives_foreign));
    TAPE(TG_ERR_STALE, by_vjp(gives_stale));
    TAPE(TG_ERR_SHAPE, by_vjp(gives_two));
    TAPE(TG_ERR_SHAPE, by_vjp(gives_scalar));
    TAPE(TG_ERR_SHAPE, by_vjp(gives_tall));
}

/* Applying --------------------------------------------------------------------------------------------------------- */

static tg_tensor apply_without(bool name, bool shape, bool forward)
{
    tg_op op = look;
    op.name = name ? op.name : NULL;
    op.shape = shape ? op.shape : NULL;
    op.forward = forward ? op.forward : NULL;
    return tg_apply(&op, &v, 1, NULL, 0);
}
static tg_tensor apply_many(int n)
{
    tg_op op = look;
    op.arity = n;
    tg_tensor *inputs = calloc((size_t)n, sizeof *inputs);
    for (int i = 0; inputs && i < n; i++)
        inputs[i] = v;
    const tg_tensor y = tg_apply(&op, inputs, n, NULL, 0);
    free(inputs);
    return y;
}
REFUSALS(tg_apply)
{
    HOLDS(!tg_apply(&look, &null, 1, NULL, 0).tape);
    HOLDS(!tg_apply(&look, NULL, 1, NULL, 0).tape);
    HOLDS(!tg_apply(&look, &v, 0, NULL, 0).tape);
    HOLDS(!tg_apply(NULL, NULL, 0, NULL, 0).tape);
    TAPE(TG_ERR_ARGUMENT, tg_apply(NULL, &v, 1, NULL, 0));
    TAPE(TG_ERR_ARGUMENT, apply_without(false, true, true));
    TAPE(TG_ERR_ARGUMENT, apply_without(true, false, true));
    TAPE(TG_ERR_ARGUMENT, apply_without(true, true, false));
    TAPE(TG_ERR_ARGUMENT, tg_apply(&look, (tg_tensor[]){ v, v }, 2, NULL, 0));
    TAPE(TG_ERR_ARGUMENT, apply_many(70000));
    TAPE(TG_ERR_ARGUMENT, tg_apply(&look, &v, 1, NULL, 8));
    TAPE(TG_ERR_MEMORY, tg_apply(&look, &v, 1, &v, SIZE_MAX));
    TAPE(TG_ERR_ARGUMENT, tg_apply(tg_op_find("softmax"), &v, 1, NULL, 0));
    TAPE(TG_ERR_ARGUMENT, tg_apply(tg_op_find("mul"), (tg_tensor[]){ v, null }, 2, NULL, 0));
    TAPE(TG_ERR_STALE, tg_apply(&look, &stale, 1, NULL, 0));
    TAPE(TG_ERR_TAPE, tg_apply(tg_op_find("mul"), (tg_tensor[]){ v, foreign }, 2, NULL, 0));
}
REFUSALS(tg_op_count)
{
    HOLDS(tg_op_count() > 0);
}
REFUSALS(tg_op_at)
{
    HOLDS(!tg_op_at(-1));
    HOLDS(!tg_op_at(tg_op_count()));
    HOLDS(!tg_op_at(INT_MAX) && !tg_op_at(INT_MIN));
}
REFUSALS(tg_op_find)
{
    HOLDS(!tg_op_find(NULL));
    HOLDS(!tg_op_find("") && !tg_op_find("no such operation"));
}
