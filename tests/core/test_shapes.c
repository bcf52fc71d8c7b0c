/* test_shapes.c - shapes by value that are none: refused by every function that takes one, before anything is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tapegrad.h"

/* The sizes of a bad rank are never looked at; those of a good one are checked. */
static const struct {
    tg_shape shape;
} bad[] = {
    { { -1, { 1 } } },
    { { INT_MIN, { 1 } } },
    { { 9, { 1, 1, 1, 1, 1, 1, 1, 1 } } },
    { { 1 << 30, { 1 } } },
    { { INT_MAX, { 1 } } },
    { { 2, { 2, -3 } } },
    { { 1, { INT64_MIN } } },
    { { 2, { INT64_MAX, 2 } } },
    { { 3, { INT64_C(1) << 31, INT64_C(1) << 31, 8 } } },
    { { 3, { INT64_C(1) << 40, INT64_C(1) << 40, 0 } } }, /* an operation may multiply those without the 0 */
};
enum { BAD = sizeof bad / sizeof bad[0] };

static const double zero;

static tg_tensor call_full(tg_tape *t, tg_tensor x, tg_shape s)
{
    (void)x;
    return tg_full(t, s, 1);
}
static tg_tensor call_variable(tg_tape *t, tg_tensor x, tg_shape s)
{
    (void)x;
    return tg_variable(t, s, &zero);
}
static tg_tensor call_variable_of_null(tg_tape *t, tg_tensor x, tg_shape s)
{
    (void)x;
    return tg_variable(t, s, NULL);
}
static tg_tensor call_constant_f32(tg_tape *t, tg_tensor x, tg_shape s)
{
    (void)x;
    return tg_constant_f32(t, s, NULL);
}
static tg_tensor call_wrap(tg_tape *t, tg_tensor x, tg_shape s)
{
    (void)x;
    return tg_wrap(t, s, &zero);
}
static tg_tensor call_reshape(tg_tape *t, tg_tensor x, tg_shape s)
{
    (void)t;
    return tg_reshape(x, s);
}
static tg_tensor call_broadcast_to(tg_tape *t, tg_tensor x, tg_shape s)
{
    (void)t;
    return tg_broadcast_to(x, s);
}
static tg_tensor call_sum_to(tg_tape *t, tg_tensor x, tg_shape s)
{
    (void)t;
    return tg_sum_to(x, s);
}

static const struct {
    const char *name;
    tg_tensor (*call)(tg_tape *, tg_tensor, tg_shape);
} functions[] = {
    { "full", call_full },
    { "variable", call_variable },
    { "variable", call_variable_of_null },
    { "constant", call_constant_f32 },
    { "wrap", call_wrap },
    { "reshape", call_reshape },
    { "broadcast_to", call_broadcast_to },
    { "sum_to", call_sum_to },
};

static void functions_that_take_a_shape_check_it(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    for (size_t f = 0; f < sizeof functions / sizeof functions[0]; f++)
        for (int i = 0; i < BAD; i++) {
            for (int rank = 0; rank < 3; rank++) {
                const tg_tensor x = tg_full(t, (tg_shape){ rank, { 1, 2 } }, 1);
                const tg_tensor y = functions[f].call(t, x, bad[i].shape);
                if (tg_is_valid(y) || tg_tape_status(t) != TG_ERR_SHAPE ||
                    strncmp(tg_tape_message(t), functions[f].name, strlen(functions[f].name)))
                    fail_msg("%s, bad shape %d, rank %d: %s", functions[f].name, i, rank, tg_tape_message(t));
                tg_tape_reset(t);
            }
        }
    tg_tape_destroy(t);
}

static void shapes_are_looked_at_safely(void **state)
{
    (void)state;
    char text[64], expected[64];
    for (int i = 0; i < BAD; i++) {
        assert_int_equal(tg_shape_size(&bad[i].shape), -1);
        tg_shape_equal(&bad[i].shape, &bad[i].shape);
        assert_false(tg_shape_equal(&bad[i].shape, &TG_SCALAR));
        if (bad[i].shape.rank < 0 || bad[i].shape.rank > TG_MAX_RANK) {
            snprintf(expected, sizeof expected, "[rank %d]", bad[i].shape.rank);
            assert_string_equal(tg_shape_text(&bad[i].shape, text, sizeof text), expected);
        }
        for (size_t size = 0; size < sizeof text; size++) {
            memset(text, '#', sizeof text);
            tg_shape_text(&bad[i].shape, text, size);
            assert_int_equal(text[size], '#');
            assert_true(size == 0 || memchr(text, 0, size));
        }
    }
    assert_int_equal(tg_shape_size(NULL), -1);
    assert_false(tg_shape_equal(NULL, NULL) || tg_shape_equal(&TG_SCALAR, NULL) || tg_shape_equal(NULL, &TG_SCALAR));
    assert_null(tg_shape_text(&TG_SCALAR, NULL, 8));
}

static void parameters_and_checks_refuse_them_too(void **state)
{
    (void)state;
    for (int i = 0; i < BAD; i++) {
        tg_error err;
        const tg_param_spec specs[] = { { .name = "good", .shape = { 0 } }, { .name = "w", .shape = bad[i].shape } };
        assert_null(tg_params_create(TG_F32, specs, 2, &err));
        assert_int_equal(err.status, TG_ERR_SHAPE);
        assert_non_null(strstr(err.text, "w"));
    }
}

static tg_tensor identity(tg_tape *tape, const tg_tensor *inputs, void *context)
{
    (void)tape, (void)context;
    return inputs[0];
}

static tg_status same(tg_call *c, tg_shape *out)
{
    *out = tg_call_shape(c, 0);
    return TG_OK;
}
static tg_status copy(tg_call *c)
{
    memcpy(tg_call_output(c), tg_call_input(c, 0), (size_t)tg_call_size(c, 0) * tg_dtype_size(tg_call_dtype(c)));
    return TG_OK;
}
static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_cotangent(v));
}

static void the_checker_refuses_them_too(void **state)
{
    (void)state;
    tg_gradcheck_report report;
    for (int i = 0; i < BAD; i++) {
        const tg_gradcheck_input input = { .name = "x", .shape = bad[i].shape, .values = &zero };
        assert_int_equal(tg_gradcheck(identity, NULL, &input, 1, NULL, &report), TG_ERR_SHAPE);
        assert_non_null(strstr(report.text, "x"));
        /* Twice, so that sizes that overflow come to nothing together. */
        const tg_sample sample = { .n = 2, .inputs = { { .shape = bad[i].shape }, { .shape = bad[i].shape } } };
        const tg_op op = { .name = "mine",
                           .arity = 2,
                           .order = TG_ORDER_ANY,
                           .shape = same,
                           .forward = copy,
                           .vjp = vjp,
                           .samples = &sample,
                           .n_samples = 1 };
        assert_int_equal(tg_check_op(&op, NULL, &report), TG_ERR_SHAPE);
        assert_non_null(strstr(report.text, "input 0 of sample 0 of mine has no shape"));
    }
    const tg_shape half = TG_SHAPE(PTRDIFF_MAX / 8);
    const tg_sample sample = { .n = 3, .inputs = { { .shape = half }, { .shape = half }, { .shape = half } } };
    const tg_op op = { .name = "mine",
                       .arity = 3,
                       .order = TG_ORDER_ANY,
                       .shape = same,
                       .forward = copy,
                       .vjp = vjp,
                       .samples = &sample,
                       .n_samples = 1 };
    assert_int_equal(tg_check_op(&op, NULL, &report), TG_ERR_SHAPE);
    assert_string_equal(report.text, "gradcheck: sample 0 of mine has more elements than memory can hold");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_that_take_a_shape_check_it),
        cmocka_unit_test(shapes_are_looked_at_safely),
        cmocka_unit_test(parameters_and_checks_refuse_them_too),
        cmocka_unit_test(the_checker_refuses_them_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
