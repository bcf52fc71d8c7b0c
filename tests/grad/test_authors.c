/* test_authors.c - what the author of an operation can do wrong: each is an error with a sentence, and nothing else. */
#include "own_tape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An operation whose functions do something first, and are right but for that. ----------------------------------- */

typedef void deed(void);

static deed *in_shape, *in_forward, *in_vjp;

static tg_status shape_rule(tg_call *c, tg_shape *out)
{
    if (in_shape)
        in_shape();
    *out = tg_call_shape(c, 0);
    return TG_OK;
}

static tg_status forward(tg_call *c)
{
    if (in_forward)
        in_forward();
    memcpy(tg_call_output(c), tg_call_input(c, 0), (size_t)tg_call_size(c, 0) * tg_dtype_size(tg_call_dtype(c)));
    return TG_OK;
}

static void vjp(tg_vjp *v)
{
    if (in_vjp)
        in_vjp();
    tg_give(v, 0, tg_cotangent(v));
}

static const tg_op op = {
    .name = "mine", .arity = 1, .order = TG_ORDER_ANY, .shape = shape_rule, .forward = forward, .vjp = vjp
};

static tg_tensor mine(tg_tensor x)
{
    return tg_apply(&op, &x, 1, NULL, 0);
}

/* What one should not do with a tape that is working. ------------------------------------------------------------- */

static tg_tensor x;
static tg_mark mark;
static tg_params *params;

static void do_reset(void)
{
    tg_tape_reset(tape);
}
static void do_rewind(void)
{
    tg_tape_rewind(tape, mark);
}
static void do_destroy(void)
{
    tg_tape_destroy(tape);
}
static void do_backward(void)
{
    tg_backward(x);
}
static void do_grad(void)
{
    tg_tensor g;
    tg_grad(x, null, &x, 1, &g, 0);
}
static void do_grad_of(void)
{
    tg_grad_of(x);
}
static void do_set_recording(void)
{
    tg_tape_set_recording(tape, false);
}
static void do_set_training(void)
{
    tg_tape_set_training(tape, false);
}
static void do_set_trap(void)
{
    tg_tape_set_trap(tape, TG_TRAP_NONFINITE);
}
static void do_apply(void)
{
    mine(x);
}
static void do_exp(void)
{
    tg_exp(x);
}
static void do_name(void)
{
    tg_name(x, "name");
}
static void do_retain(void)
{
    tg_retain_grad(x);
}
static void do_variable(void)
{
    scalar(1);
}
static void do_full(void)
{
    tg_full(tape, TG_SCALAR, 1);
}
static void do_wrap(void)
{
    static const double one = 1;
    tg_wrap(tape, TG_SCALAR, &one);
}
static void do_detach(void)
{
    tg_detach(x);
}
static void do_param(void)
{
    tg_param(tape, params, 0);
}
static void do_read(void)
{
    double value;
    tg_read(x, &value, 1);
}
static bool stop(void *context, const tg_visit *v)
{
    (void)context, (void)v;
    return false;
}
static void do_each(void)
{
    tg_tape_each(tape, stop, NULL);
}
static void do_sum_to(void)
{
    tg_sum_to(x, TG_SCALAR);
}
static void do_rows(void)
{
    tg_gather_rows(x, (int32_t[]){ 0 }, 1);
}

static const struct deed_row {
    const char *name;
    deed *run;
    bool in_vjps_too; /* refused there, as well */
} deeds[] = {
    { "reset", do_reset, true },
    { "rewind", do_rewind, true },
    { "destroy", do_destroy, true },
    { "backward", do_backward, true },
    { "grad", do_grad, true },
    { "grad_of", do_grad_of, true },
    { "set_recording", do_set_recording, true },
    { "set_training", do_set_training, true },
    { "set_trap", do_set_trap, true },
    { "mine", do_apply, false },
    { "exp", do_exp, false },
    { "name", do_name, false },
    { "retain_grad", do_retain, false },
    { "variable", do_variable, false },
    { "full", do_full, false },
    { "wrap", do_wrap, false },
    { "detach", do_detach, false },
    { "param", do_param, false },
    { "read", do_read, false },
    { "each", do_each, false },
    { "sum_to", do_sum_to, false },
    { "gather_rows", do_rows, false },
};
enum { DEEDS = sizeof deeds / sizeof deeds[0] };

static int make(void **state)
{
    in_shape = in_forward = in_vjp = NULL;
    params = tg_params_create(TG_F64, &(tg_param_spec){ .name = "w", .shape = { 0 } }, 1, NULL);
    return make_tape(state);
}

static int destroy(void **state)
{
    destroy_tape(state);
    tg_params_destroy(params);
    return 0;
}

static void begin(void)
{
    tg_tape_reset(tape);
    mark = tg_tape_mark(tape);
    x = tg_variable(tape, TG_SHAPE(1), ((double[]){ 2 }));
}

static void says_not_inside(const char *place, const char *name, const char *where)
{
    char text[160];
    snprintf(text, sizeof text, "%s%s: not allowed inside %s", place, name, where);
    assert_int_equal(tg_tape_status(tape), TG_ERR_STATE);
    assert_memory_equal(tg_tape_message(tape), text, strlen(text));
}

/* The tape is well afterwards: it was not touched. */
static void is_well(void)
{
    in_shape = in_forward = in_vjp = NULL;
    begin();
    ok(tg_backward(tg_sum(mine(x), 0, false)));
    equals(tg_grad_of(x), 1, (double[]){ 1 });
    assert_true(tg_tape_training(tape) && tg_tape_set_recording(tape, true));
}

static void what_works_on_memory_leaves_the_tape_alone(void **state)
{
    (void)state;
    for (int i = 0; i < DEEDS; i++)
        for (int deferred = 0; deferred < 2; deferred++) {
            begin();
            in_shape = deeds[i].run;
            assert_false(tg_is_valid(mine(x)));
            says_not_inside("", deeds[i].name, "the shape rule or the forward of mine");
            in_shape = NULL;
            begin();
            in_forward = deeds[i].run;
            assert_false(tg_is_valid(mine(x)));
            says_not_inside("", deeds[i].name, "the shape rule or the forward of mine");
            is_well();
        }
}

/* The same when the forward runs within a derivative. */
static void apply_to_cotangent(tg_vjp *v)
{
    tg_give(v, 0, mine(tg_cotangent(v)));
}

static void a_forward_in_a_derivative_leaves_the_tape_alone(void **state)
{
    (void)state;
    tg_op outer = op;
    outer.name = "outer";
    outer.vjp = apply_to_cotangent;
    for (int i = 0; i < DEEDS; i++)
        for (unsigned flags = 0; flags <= TG_CREATE_GRAPH; flags++) {
            begin();
            tg_tensor y = tg_sum(tg_apply(&outer, &x, 1, NULL, 0), 0, false), g;
            in_forward = deeds[i].run;
            assert_int_equal(tg_grad(y, null, &x, 1, &g, flags), TG_ERR_STATE);
            says_not_inside("in the reverse pass of outer: [1]: ", deeds[i].name,
                            "the shape rule or the forward of mine");
            is_well();
        }
}

static void a_vjp_leaves_the_tapes_life_alone(void **state)
{
    (void)state;
    for (int i = 0; i < DEEDS; i++)
        for (unsigned flags = 0; flags <= TG_CREATE_GRAPH; flags++) {
            begin();
            tg_tensor y = tg_sum(mine(x), 0, false), g;
            in_vjp = deeds[i].run;
            const tg_status status = tg_grad(y, null, &x, 1, &g, flags);
            if (deeds[i].in_vjps_too) {
                assert_int_equal(status, TG_ERR_STATE);
                says_not_inside("in the reverse pass of mine: [1]: ", deeds[i].name, "a vjp");
            } else {
                ok(status);
                equals(g, 1, (double[]){ 1 });
            }
            is_well();
        }
}

/* A visit looks; what is under its feet stays. */
static deed *in_visit;
static int visits;
static bool visit(void *context, const tg_visit *v)
{
    (void)context, (void)v;
    visits++;
    in_visit();
    return true;
}

static void a_visit_keeps_the_tape(void **state)
{
    (void)state;
    static const struct deed_row kept[] = { { "reset", do_reset, true },
                                            { "rewind", do_rewind, true },
                                            { "destroy", do_destroy, true } };
    for (int i = 0; i < 3; i++) {
        begin();
        in_visit = kept[i].run;
        assert_int_equal(tg_tape_each(tape, visit, NULL), TG_ERR_STATE);
        says_not_inside("", kept[i].name, "a visit of tg_tape_each");
        is_well();
    }
    begin();
    in_visit = do_full; /* what a visit makes is not visited */
    visits = 0;
    ok(tg_tape_each(tape, visit, NULL));
    assert_int_equal(visits, 1);
}

/* A tensor that a rule keeps for itself is none in the next. */
static tg_tensor kept;
static void use_kept(tg_vjp *v)
{
    const tg_tensor old = kept;
    kept = tg_scale(tg_cotangent(v), 2);
    tg_give(v, 0, old.tape ? tg_add(kept, old) : kept);
}

static void a_rule_forgets_its_notes(void **state)
{
    (void)state;
    tg_op o = op;
    o.vjp = use_kept;
    kept = null;
    begin();
    tg_tensor y = tg_apply(&o, &x, 1, NULL, 0);
    says(tg_backward(tg_sum(tg_apply(&o, &y, 1, NULL, 0), 0, false)), TG_ERR_STALE,
         "in the reverse pass of mine: [1]: add: input 1 is from before a reset or rewind of its tape: make it "
         "again, or "
         "take the mark after it");
}

/* Nor is it one after the pass, whether the pass was recorded or not. */
static void keep_unused(tg_vjp *v)
{
    kept = tg_mul(tg_cotangent(v), tg_cotangent(v));
    tg_give(v, 0, tg_cotangent(v));
}

static void what_a_rule_kept_is_stale_after_the_pass(void **state)
{
    (void)state;
    tg_op o = op;
    o.vjp = keep_unused;
    for (unsigned flags = 0; flags <= TG_CREATE_GRAPH; flags++) {
        tg_tensor g;
        begin();
        x = tg_variable(tape, TG_SHAPE(2), ((double[]){ 2, 3 }));
        const tg_tensor y = tg_apply(&o, &x, 1, NULL, 0);
        ok(tg_grad(tg_sum(tg_apply(&o, &y, 1, NULL, 0), 0, false), null, &x, 1, &g, flags));
        tg_exp(kept);
        says(tg_tape_status(tape), TG_ERR_STALE,
             "exp: input 0 is from before a reset or rewind of its tape: make it again, or take the mark after it");
    }
}

/* A mark that one of an operation's functions takes: values behind it may still be missing. */
static void take_mark(void)
{
    mark = tg_tape_mark(tape);
}

static void a_mark_from_within_is_none(void **state)
{
    (void)state;
    deed **const places[] = { &in_shape, &in_forward, &in_vjp };
    for (int i = 0; i < 3; i++)
        for (unsigned flags = 0; flags <= TG_CREATE_GRAPH; flags++) {
            const double two[] = { 2, 2 };
            tg_tensor g;
            begin();
            x = tg_variable(tape, TG_SHAPE(2), two);
            const tg_mark before = tg_tape_mark(tape);
            *places[i] = take_mark;
            tg_tensor y = mine(x);
            ok(tg_grad(y, x, &x, 1, &g, flags));
            in_shape = in_forward = in_vjp = NULL;
            assert_int_equal(tg_tape_rewind(tape, mark), TG_ERR_STATE);
            assert_string_equal(tg_tape_message(tape),
                                "rewind: the mark was taken inside a function of an operation; take it outside");
            ok(tg_tape_rewind(tape, before));
            equals(x, 2, two);
        }
}

/* Statuses and shapes --------------------------------------------------------------------------------------------- */

static tg_status status_of_shape, status_of_forward, raised;
static tg_shape shape_of_shape;

static tg_status odd_shape(tg_call *c, tg_shape *out)
{
    if (raised != (tg_status)-1)
        tg_call_fail(c, raised, "%d is odd", 3);
    *out = shape_of_shape;
    return status_of_shape;
}

static tg_status odd_forward(tg_call *c)
{
    memset(tg_call_output(c), 0, (size_t)tg_call_output_size(c) * sizeof(double));
    return status_of_forward;
}

/* What the operation says with these. */
static void odd(tg_status from_shape, tg_shape shape, tg_status from_forward, tg_status raises, tg_status status,
                const char *message)
{
    static const tg_op odd_op = { .name = "odd", .arity = 1, .shape = odd_shape, .forward = odd_forward };
    status_of_shape = from_shape;
    shape_of_shape = shape;
    status_of_forward = from_forward;
    raised = raises;
    begin();
    tg_name(x, "x");
    assert_false(tg_is_valid(tg_apply(&odd_op, &x, 1, NULL, 0)));
    says(tg_tape_status(tape), status, message);
}

static void statuses_that_are_none(void **state)
{
    (void)state;
    const tg_status none = (tg_status)-1, strange = (tg_status)99;
    const tg_shape one = TG_SHAPE(1);
    odd(TG_ERR_RANGE, one, TG_OK, none, TG_ERR_RANGE, "odd: \"x\" [1]: the shape rule failed with TG_ERR_RANGE");
    odd(TG_OK, one, TG_ERR_IO, none, TG_ERR_IO, "odd: \"x\" [1]: the forward failed with TG_ERR_IO");
    odd(TG_OK, one, TG_OK, TG_ERR_SHAPE, TG_ERR_SHAPE, "odd: \"x\" [1]: 3 is odd");
    odd(TG_OK, one, TG_OK, TG_OK, TG_ERR_ARGUMENT,
        "odd: \"x\" [1]: 3 is odd (raised with 0, which is not the status of an error)");
    odd(TG_OK, one, TG_OK, strange, TG_ERR_ARGUMENT,
        "odd: \"x\" [1]: 3 is odd (raised with 99, which is not the status of an error)");
    odd(strange, one, TG_OK, none, TG_ERR_ARGUMENT,
        "odd: \"x\" [1]: the shape rule failed with unknown status (raised with 99, which is not the status of an "
        "error)");
    odd(TG_OK, one, strange, none, TG_ERR_ARGUMENT,
        "odd: \"x\" [1]: the forward failed with unknown status (raised with 99, which is not the status of an "
        "error)");
}

static void shapes_that_are_none(void **state)
{
    (void)state;
    const tg_status none = (tg_status)-1;
    odd(TG_OK, (tg_shape){ .rank = -1 }, TG_OK, none, TG_ERR_SHAPE,
        "odd: \"x\" [1]: the shape rule returned rank -1, which is not in 0 .. 8");
    odd(TG_OK, (tg_shape){ .rank = 1 << 30 }, TG_OK, none, TG_ERR_SHAPE,
        "odd: \"x\" [1]: the shape rule returned rank 1073741824, which is not in 0 .. 8");
    odd(TG_OK, TG_SHAPE(2, -3), TG_OK, none, TG_ERR_SHAPE,
        "odd: [2, -3] has a negative size or more elements than memory can hold");
    odd(TG_OK, TG_SHAPE(INT64_MAX, INT64_MAX), TG_OK, none, TG_ERR_SHAPE,
        "odd: [9223372036854775807, 9223372036854775807] has a negative size or more elements than memory can hold");
}

static tg_status writes_no_shape(tg_call *c, tg_shape *out)
{
    (void)c, (void)out;
    return TG_OK;
}

static tg_status early(tg_call *c, tg_shape *out)
{
    *out = tg_call_shape(c, 0);
    switch (visits) {
    case 0:
        return tg_call_output_size(c) ? TG_OK : TG_OK;
    case 1:
        return tg_call_output_shape(c).rank ? TG_OK : TG_OK;
    case 2:
        return tg_call_output(c) ? TG_OK : TG_OK;
    case 3:
        return tg_call_input(c, 0) ? TG_OK : TG_OK;
    case 4:
        return tg_call_scratch(c, 8) ? TG_OK : TG_OK;
    default:
        return tg_call_accumulates(c) ? TG_OK : TG_OK;
    }
}

static void shape_rules_that_ask_too_early(void **state)
{
    (void)state;
    static const char *const what[] = {
        "the size of its output", "the shape of its output", "its output", "the values of its inputs", "scratch",
        "whether it accumulates"
    };
    tg_op o = op;
    o.shape = early;
    for (visits = 0; visits < 6; visits++) {
        begin();
        assert_false(tg_is_valid(tg_apply(&o, &x, 1, NULL, 0)));
        char text[128];
        snprintf(text, sizeof text, "mine: the shape rule uses %s, which only the forward has", what[visits]);
        says(tg_tape_status(tape), TG_ERR_STATE, text);
    }
    o.shape = writes_no_shape;
    begin();
    tg_apply(&o, &x, 1, NULL, 0);
    says(tg_tape_status(tape), TG_ERR_SHAPE, "mine: [1]: the shape rule returned rank -1, which is not in 0 .. 8");
}

static tg_status much_scratch(tg_call *c)
{
    for (int i = 0; i < 9; i++)
        tg_call_scratch(c, 64);
    return forward(c);
}

static void scratch_has_a_limit(void **state)
{
    (void)state;
    tg_op o = op;
    o.forward = much_scratch;
    begin();
    assert_false(tg_is_valid(tg_apply(&o, &x, 1, NULL, 0)));
    says(tg_tape_status(tape), TG_ERR_MEMORY,
         "mine: [1]: scratch of 64 bytes after 8 others; a forward may take no more");
}

/* Views ------------------------------------------------------------------------------------------------------------ */

static void views_stay_in_their_input(void **state)
{
    (void)state;
    const tg_op view = { .name = "view", .arity = 2, .optional = 3, .flags = TG_OP_VIEW, .shape = odd_shape };
    raised = (tg_status)-1;
    status_of_shape = TG_OK;
    begin();
    tg_tensor y[] = { vector(1, 2), x };
    shape_of_shape = TG_SHAPE(2, 1);
    equals(tg_apply(&view, y, 2, NULL, 0), 2, (double[]){ 1, 2 });
    shape_of_shape = TG_SHAPE(3);
    tg_apply(&view, y, 2, NULL, 0);
    says(tg_tape_status(tape), TG_ERR_SHAPE, "view: [2] x [1]: a view of 3 elements of an input of 2");
    shape_of_shape = TG_SCALAR;
    begin();
    y[0] = tg_full(tape, TG_SHAPE(0), 0);
    y[1] = x;
    tg_apply(&view, y, 2, NULL, 0);
    says(tg_tape_status(tape), TG_ERR_SHAPE, "view: [0] x [1]: a view of 1 elements of an input of 0");
    for (unsigned more = 0; more <= TG_OP_ELEMENTWISE; more += TG_OP_ELEMENTWISE) {
        tg_op o = view;
        o.flags |= more;
        begin();
        y[0] = null;
        y[1] = x;
        tg_apply(&o, y, 2, NULL, 0);
        says(tg_tape_status(tape), TG_ERR_ARGUMENT,
             "view: none x [1]: the operation is a view of input 0, which is absent");
    }
}

/* Attributes, inputs, NULL ----------------------------------------------------------------------------------------- */

static void attributes_that_are_missing(void **state)
{
    (void)state;
    begin();
    tg_apply(tg_op_find("softmax"), &x, 1, NULL, 0);
    says(tg_tape_status(tape), TG_ERR_ARGUMENT,
         "softmax: takes attributes, as in its samples, of 4 bytes; was given none");
    begin();
    tg_apply(&op, &x, 1, NULL, 16);
    says(tg_tape_status(tape), TG_ERR_ARGUMENT, "mine: the attributes are NULL; 16 bytes were announced");
    begin();
    tg_apply(&op, &x, 1, &x, SIZE_MAX);
    assert_int_equal(tg_tape_status(tape), TG_ERR_MEMORY);
}

static void more_inputs_than_a_node_counts(void **state)
{
    (void)state;
    enum { MANY = UINT16_MAX + 2 };
    tg_tensor *many = calloc(MANY, sizeof *many);
    tg_op o = op;
    o.arity = MANY;
    begin();
    for (int i = 0; i < MANY; i++)
        many[i] = x;
    assert_false(tg_is_valid(tg_apply(&o, many, MANY, NULL, 0)));
    says(tg_tape_status(tape), TG_ERR_ARGUMENT, "mine: takes 1 .. 65535 inputs, was given 65537");
    free(many);
}

static void null_in_the_place_of_a_call(void **state)
{
    (void)state;
    tg_shape s;
    int axis = 7;
    assert_int_equal(tg_call_count(NULL), 0);
    assert_false(tg_call_has(NULL, 0));
    assert_int_equal(tg_call_shape(NULL, 0).rank, 0);
    assert_int_equal(tg_call_size(NULL, 0), 0);
    assert_null(tg_call_attributes(NULL));
    assert_int_equal(tg_call_dtype(NULL), TG_F32);
    assert_null(tg_call_input(NULL, 0));
    assert_null(tg_call_output(NULL));
    assert_int_equal(tg_call_output_shape(NULL).rank, 0);
    assert_int_equal(tg_call_output_size(NULL), 0);
    assert_false(tg_call_accumulates(NULL));
    assert_null(tg_call_scratch(NULL, 8));
    assert_int_equal(tg_call_fail(NULL, TG_ERR_IO, "text"), TG_ERR_IO);
    assert_int_equal(tg_call_axis(NULL, 1, 0, &axis), TG_ERR_ARGUMENT);
    assert_int_equal(axis, 7);
    assert_int_equal(tg_shape_broadcast(NULL, &s), TG_ERR_ARGUMENT);
    assert_null(tg_cotangent(NULL).tape);
    assert_null(tg_input(NULL, 0).tape);
    assert_null(tg_output(NULL).tape);
    assert_null(tg_vjp_attributes(NULL));
    assert_int_equal(tg_vjp_count(NULL), 0);
    assert_false(tg_wants(NULL, 0));
    tg_give(NULL, 0, null);
}

/* Given gradients --------------------------------------------------------------------------------------------------- */

static tg_tensor given;
static void give_it(tg_vjp *v)
{
    tg_give(v, 0, given);
}

static void gradients_that_do_not_fit(void **state)
{
    (void)state;
    tg_op o = op;
    o.vjp = give_it;
    tg_tape *other = tg_tape_create(TG_F64);
    const struct {
        tg_tensor given;
        tg_shape shape; /* given, where it has a rank of 0 or more */
        tg_status status;
        const char *message;
    } rows[] = {
        { null, { -1, { 0 } }, TG_ERR_ARGUMENT, "the vjp gives input 0 the null tensor" },
        { tg_full(other, TG_SHAPE(2), 1),
          { -1, { 0 } },
          TG_ERR_TAPE,
          "the vjp gives input 0 a tensor of another tape" },
        { { tape, 1, 7777 },
          { -1, { 0 } },
          TG_ERR_STALE,
          "the vjp gives input 0 a tensor that is from before a reset or rewind of its tape: make it again, or take "
          "the "
          "mark after it" },
        { null,
          { 1, { 3 } },
          TG_ERR_SHAPE,
          "the vjp gives input 0 a gradient of \"given\" [3]; its shape must be the input's, or one that this "
          "broadcasts "
          "to" },
        { null,
          { 0, { 0 } },
          TG_ERR_SHAPE,
          "the vjp gives input 0 a gradient of \"given\" []; its shape must be the input's, or one that this "
          "broadcasts "
          "to" },
        { null, { 2, { 3, 2 } }, TG_OK, "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (unsigned flags = 0; flags <= TG_CREATE_GRAPH; flags++) {
            begin();
            tg_tensor y = tg_name(vector(1, 2), "x"), g;
            given = rows[i].given;
            if (rows[i].shape.rank >= 0)
                given = tg_name(tg_full(tape, rows[i].shape, 1), "given");
            char message[256] = "";
            if (rows[i].status != TG_OK)
                snprintf(message, sizeof message, "in the reverse pass of mine \"z\": \"x\" [2]: %s",
                         rows[i].message);
            const tg_tensor z = tg_name(tg_apply(&o, &y, 1, NULL, 0), "z");
            says(tg_grad(tg_sum(z, 0, false), null, &y, 1, &g, flags), rows[i].status, message);
        }
    tg_tape_destroy(other);
}

/* A message from inside a derivative begins with the operation that is differentiated, and its tensors. */
static void log_at_zero(void)
{
    tg_log(tg_full(tape, TG_SHAPE(2, 2), 0));
}

static void the_trap_says_where_and_what(void **state)
{
    (void)state;
    begin();
    tg_tape_set_trap(tape, TG_TRAP_NONFINITE);
    tg_tensor in = tg_constant(tape, TG_SHAPE(2, 3), ((double[]){ 1, 2, 3, 4, -5, -6 }));
    tg_log(tg_name(in, "ratios"));
    says(tg_tape_status(tape), TG_ERR_NONFINITE,
         "log: \"ratios\" [2, 3]: the result is nan at [1, 1]; input 0 is finite");
    in = tg_constant(tape, TG_SHAPE(2), ((double[]){ 1, (double)-INFINITY }));
    tg_add(in, tg_full(tape, TG_SCALAR, (double)NAN));
    says(tg_tape_status(tape), TG_ERR_NONFINITE,
         "add: [2] x []: the result is nan at [0]; input 0 is -inf at [1], input 1 is nan");
    begin();
    in_vjp = log_at_zero; /* deferred, and never needed: not evaluated */
    ok(tg_backward(tg_sum(mine(x), 0, false)));
    in_vjp = NULL;
    tg_tensor small = tg_name(scalar(1e-300), "small"), root = tg_name(tg_reciprocal(small), "inverse");
    says(tg_backward(root), TG_ERR_NONFINITE,
         "in the reverse pass of reciprocal \"inverse\": \"small\" []: scaled_ratio: [] x \"inverse\" [] x \"small\" "
         "[]: the result "
         "is -inf; input 0 is finite, input 1 is finite, input 2 is finite");
}

/* Of what a derivative is made of, too, the operation that was called comes first, and its tensor. */
static void derivatives_of_derivatives_are_traced(void **state)
{
    (void)state;
    tg_tensor p = tg_name(scalar(1e-80), "p"), y = tg_name(tg_log(p), "likelihood"), g, h;
    ok(tg_grad(y, null, &p, 1, &g, TG_CREATE_GRAPH));
    ok(tg_grad(g, null, &p, 1, &h, TG_CREATE_GRAPH));
    tg_tape_set_trap(tape, TG_TRAP_NONFINITE);
    const tg_status status = tg_grad(tg_scale(h, 1e140), null, &p, 1, &g, 0);
    const char *first = "in the reverse pass of log \"likelihood\": \"p\" []: in the reverse pass of ";
    assert_int_equal(status, TG_ERR_NONFINITE);
    assert_memory_equal(tg_tape_message(tape), first, strlen(first));
    assert_non_null(strstr(tg_tape_message(tape), "the result is "));
    tg_tape_reset(tape); /* what is forgotten is not traced */
    tg_tape_set_trap(tape, TG_TRAP_NONFINITE);
    says(tg_backward(tg_reciprocal(tg_name(scalar(1e-300), "p"))), TG_ERR_NONFINITE,
         "in the reverse pass of reciprocal: \"p\" []: scaled_ratio: [] x [] x \"p\" []: the result is -inf; input 0 "
         "is "
         "finite, input 1 is finite, input 2 is finite");
}

#define OWN(name) cmocka_unit_test_setup_teardown(name, make, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OWN(what_works_on_memory_leaves_the_tape_alone),
        OWN(a_forward_in_a_derivative_leaves_the_tape_alone),
        OWN(a_vjp_leaves_the_tapes_life_alone),
        OWN(a_visit_keeps_the_tape),
        OWN(a_rule_forgets_its_notes),
        OWN(what_a_rule_kept_is_stale_after_the_pass),
        OWN(a_mark_from_within_is_none),
        OWN(statuses_that_are_none),
        OWN(shapes_that_are_none),
        OWN(shape_rules_that_ask_too_early),
        OWN(scratch_has_a_limit),
        OWN(views_stay_in_their_input),
        OWN(attributes_that_are_missing),
        OWN(more_inputs_than_a_node_counts),
        OWN(null_in_the_place_of_a_call),
        OWN(gradients_that_do_not_fit),
        OWN(the_trap_says_where_and_what),
        OWN(derivatives_of_derivatives_are_traced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
