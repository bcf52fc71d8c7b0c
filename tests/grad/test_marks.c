/* test_marks.c - what is older than a mark stays: names, parameters' leaves, gradients; and rules forget what they made. */
#include "own_tape.h"

#include <stdio.h>
#include <string.h>

/* Names ------------------------------------------------------------------------------------------------------------ */

static bool take_name(void *context, const tg_visit *v)
{
    const char **names = context;
    names[v->tensor.id] = v->name;
    return true;
}

/* The name of x as a visit shows it. */
static const char *name_of(tg_tensor x)
{
    static const char *names[64];
    memset(names, 0, sizeof names);
    ok(tg_tape_each(tape, take_name, names));
    return names[x.id];
}

static void a_name_given_behind_a_mark_stays_with_its_tensor(void **state)
{
    (void)state;
    const tg_tensor x = vector(1, 2), y = vector(3, 4);
    const tg_mark mark = tg_tape_mark(tape);
    char text[200];
    for (int round = 0; round < 20; round++) { /* other names take the memory that is let go */
        tg_tensor z = tg_exp(x);
        snprintf(text, sizeof text, "z of round %d, which is forgotten with it", round);
        tg_name(z, text);
        snprintf(text, sizeof text, "x of round %d", round);
        tg_name(x, text);
        assert_string_equal(name_of(x), text);
        ok(tg_tape_rewind(tape, mark));
        assert_string_equal(name_of(x), text);
        assert_null(name_of(y));
    }
    tg_add(x, tg_full(tape, TG_SHAPE(3), 1));
    says(tg_tape_status(tape), TG_ERR_SHAPE,
         "add: \"x of round 19\" [2] x [3]: sizes 2 and 3 do not broadcast; equal ones or a 1 would");
    assert_null(name_of(vector(1, 2)));
}

static void names_are_found_in_any_order(void **state)
{
    (void)state;
    tg_tensor x[20];
    char text[16];
    for (int i = 0; i < 20; i++)
        x[i] = scalar(i);
    for (int i = 0; i < 20; i++) {
        const int k = i * 7 % 20;
        snprintf(text, sizeof text, "x%d", k);
        tg_name(tg_name(x[k], "another, longer name that is replaced"), text);
    }
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof text, "x%d", i);
        assert_string_equal(name_of(x[i]), text);
    }
}

static void naming_every_step_allocates_nothing(void **state)
{
    (void)state;
    uint64_t allocations = 0;
    for (int step = 0; step < 10; step++) {
        const tg_mark mark = tg_tape_mark(tape);
        for (int i = 0; i < 50; i++)
            tg_name(scalar(i), "a name of some length, as names of layers are: encoder.attention.weight");
        ok(step % 2 ? tg_tape_rewind(tape, mark) : TG_OK);
        tg_tape_reset(tape);
        allocations = step == 1 ? tg_tape_memory(tape).allocations : allocations;
    }
    assert_true(tg_tape_memory(tape).allocations == allocations);
}

/* Inside a rule ---------------------------------------------------------------------------------------------------- */

static tg_params *params;

static int make_params(void **state)
{
    const tg_param_spec specs[] = { { .name = "w", .shape = { 1, { 2 } } }, { .name = "v", .shape = { 1, { 2 } } } };
    params = tg_params_create(TG_F64, specs, 2, NULL);
    tg_params_write_f64(params, 0, (double[]){ 3, 5 }, 2, NULL);
    tg_params_write_f64(params, 1, (double[]){ 7, 11 }, 2, NULL);
    return make_tape(state);
}

static int destroy_params(void **state)
{
    destroy_tape(state);
    tg_params_destroy(params);
    return 0;
}

static tg_status same(tg_call *c, tg_shape *out)
{
    *out = tg_call_shape(c, 0);
    return TG_OK;
}

static tg_status copy(tg_call *c)
{
    memcpy(tg_call_output(c), tg_call_input(c, 0), (size_t)tg_call_size(c, 0) * sizeof(double));
    return TG_OK;
}

/* Its derivative is w + v, which it takes from the set. */
static void vjp_with_parameters(tg_vjp *v)
{
    tg_tensor factor = tg_name(tg_add(tg_param(tape, params, 0), tg_param(tape, params, 1)), "factor");
    tg_name(tg_input(v, 0), "named in the rule");
    tg_give(v, 0, tg_mul(tg_cotangent(v), factor));
}

static tg_tensor mine(tg_tensor x)
{
    static const tg_op op = {
        .name = "mine", .arity = 1, .order = TG_ORDER_ANY, .shape = same, .forward = copy, .vjp = vjp_with_parameters
    };
    return tg_apply(&op, &x, 1, NULL, 0);
}

/* `bound` leaves are on the tape before: none, one of two, or both. */
static void names_and_leaves_of_a_rule_go_with_it(void **state)
{
    (void)state;
    for (int bound = 0; bound <= 2; bound++)
        for (unsigned flags = 0; flags <= TG_CREATE_GRAPH; flags++) {
            tg_tensor x = vector(1, 1), g;
            for (int i = 0; i < bound; i++)
                tg_param(tape, params, i);
            tg_tensor y = tg_sum(mine(mine(x)), 0, false);
            ok(tg_grad(y, null, &x, 1, &g, flags));
            equals(g, 2, (double[]){ 100, 256 });
            for (int i = 0; i < 40; i++)
                tg_name(tg_full(tape, TG_SHAPE(16), i), "takes the memory of what is gone");
            equals(tg_param(tape, params, 0), 2, (double[]){ 3, 5 });
            equals(tg_param(tape, params, 1), 2, (double[]){ 7, 11 });
            assert_string_equal(name_of(x), "named in the rule");
            y = tg_sum(tg_mul(tg_param(tape, params, 0), tg_param(tape, params, 1)), 0, false);
            tg_params_zero_grad(params);
            ok(tg_backward(y));
            equals(tg_grad_of(tg_param(tape, params, 0)), 2, (double[]){ 7, 11 });
            equals(tg_grad_of(tg_param(tape, params, 1)), 2, (double[]){ 3, 5 });
            tg_tape_reset(tape);
        }
}

/* Gradients -------------------------------------------------------------------------------------------------------- */

static void gradients_outlive_a_younger_mark(void **state)
{
    (void)state;
    tg_tensor x = vector(2, 3), h = tg_retain_grad(tg_mul(x, x)), w = tg_param(tape, params, 0);
    ok(tg_backward(tg_sum(tg_mul(h, w), 0, false)));
    for (int round = 0; round < 3; round++) {
        const tg_mark mark = tg_tape_mark(tape);
        tg_tensor other = tg_exp(tg_full(tape, TG_SHAPE(100), 1));
        tg_add(other, x);
        assert_int_equal(tg_tape_status(tape), TG_ERR_SHAPE);
        ok(tg_tape_rewind(tape, mark));
        equals(tg_grad_of(x), 2, (double[]){ 12, 30 });
        equals(tg_grad_of(h), 2, (double[]){ 3, 5 });
        equals(tg_grad_of(w), 2, (double[]){ 4, 9 });
    }
}

static void gradients_outlive_a_prediction(void **state)
{
    (void)state;
    tg_mlp *net = tg_mlp_create(
        &(tg_mlp_config){ .sizes = (int64_t[]){ 2, 3, 2 }, .n_sizes = 3, .dtype = TG_F64, .seed = 4 }, NULL);
    tg_tensor x = tg_reshape(vector(2, 3), TG_SHAPE(1, 2)), h = tg_retain_grad(tg_mlp_forward(net, x));
    ok(tg_backward(tg_sum(tg_square(h), TG_ALL, false)));
    const double twice[] = { 2 * ((const double *)tg_data(h))[0], 2 * ((const double *)tg_data(h))[1] };
    int32_t label;
    ok(tg_mlp_predict(net, x, &label, 1));
    assert_int_equal(label, twice[1] > twice[0]);
    equals(tg_grad_of(h), 2, twice);
    tg_tape_reset(tape);
    tg_mlp_destroy(net);
}

static void gradients_of_a_forgotten_backward_are_forgotten(void **state)
{
    (void)state;
    tg_tensor x = vector(2, 3);
    ok(tg_backward(tg_sum(x, 0, false)));
    const tg_mark mark = tg_tape_mark(tape);
    ok(tg_backward(tg_sum(tg_mul(x, x), 0, false)));
    equals(tg_grad_of(x), 2, (double[]){ 4, 6 });
    ok(tg_tape_rewind(tape, mark));
    tg_grad_of(x);
    says(tg_tape_status(tape), TG_ERR_STATE,
         "grad_of: [2]: there is no gradient: there was no backward, or the last one failed or was rewound");
}

/* Zeros would be wrong. */
static void a_tensor_marked_after_the_backward_has_no_gradient(void **state)
{
    (void)state;
    tg_tensor x = vector(2, 3), h = tg_mul(x, x), unrelated = tg_exp(x);
    ok(tg_backward(tg_sum(h, 0, false)));
    const tg_mark mark = tg_tape_mark(tape);
    tg_grad_of(tg_retain_grad(h));
    assert_int_equal(tg_tape_status(tape), TG_ERR_STATE);
    assert_string_equal(tg_tape_message(tape), "grad_of: [2]: no gradient was kept; the tensor was marked with "
                                               "tg_retain_grad after the last backward");
    ok(tg_tape_rewind(tape, mark));
    tg_retain_grad(unrelated);
    ok(tg_backward(tg_sum(h, 0, false)));
    equals(tg_grad_of(h), 2, (double[]){ 1, 1 });
    equals(tg_grad_of(unrelated), 2, (double[]){ 0, 0 });
}

/* A parameter's gradient is the sum over backwards, any other tensor's that of the last. */
static void gradients_of_two_backwards(void **state)
{
    (void)state;
    tg_tensor x = vector(2, 3), w = tg_param(tape, params, 0), y = tg_sum(tg_mul(x, w), 0, false);
    for (int n = 1; n <= 3; n++) {
        ok(tg_backward(y));
        equals(tg_grad_of(w), 2, (double[]){ 2 * n, 3 * n });
        equals(tg_grad_of(x), 2, (double[]){ 3, 5 });
    }
    tg_params_zero_grad(params);
    equals(tg_grad_of(w), 2, (double[]){ 0, 0 });
    ok(tg_backward(y));
    equals(tg_grad_of(w), 2, (double[]){ 2, 3 });
}

/* Marks ------------------------------------------------------------------------------------------------------------ */

/* Two marks on one tensor: what a failed call took of the arena lies between them. */
static void a_mark_behind_a_rewound_one_is_stale(void **state)
{
    (void)state;
    static const int32_t rows[1 << 18] = { [(1 << 18) - 1] = 2 };
    tg_tensor x = vector(1, 2);
    const tg_mark first = tg_tape_mark(tape);
    tg_gather_rows(x, rows, 1 << 18);
    assert_int_equal(tg_tape_status(tape), TG_ERR_RANGE);
    const tg_mark second = tg_tape_mark(tape);
    ok(tg_tape_rewind(tape, first));
    says(tg_tape_rewind(tape, second), TG_ERR_STALE,
         "rewind: a reset or an earlier rewind has passed this mark; take a new one");
}

#define WITH_PARAMS(name) cmocka_unit_test_setup_teardown(name, make_params, destroy_params)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_given_behind_a_mark_stays_with_its_tensor),
        TEST(names_are_found_in_any_order),
        TEST(naming_every_step_allocates_nothing),
        WITH_PARAMS(names_and_leaves_of_a_rule_go_with_it),
        WITH_PARAMS(gradients_outlive_a_younger_mark),
        TEST(gradients_outlive_a_prediction),
        TEST(gradients_of_a_forgotten_backward_are_forgotten),
        TEST(a_tensor_marked_after_the_backward_has_no_gradient),
        WITH_PARAMS(gradients_of_two_backwards),
        TEST(a_mark_behind_a_rewound_one_is_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
