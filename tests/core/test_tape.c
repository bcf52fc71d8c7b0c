/* test_tape.c - the tape: handles, epochs, the sticky error, memory, modes. */
#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/tape.h"
#include "tapegrad.h"
#include "failing_allocator.h"

static void says(tg_tape *t, tg_status status, const char *message)
{
    assert_int_equal(tg_tape_status(t), status);
    assert_string_equal(tg_tape_message(t), message);
}

static tg_tensor ramp(tg_tape *t, tg_shape shape)
{
    double values[1024];
    for (int64_t i = 0; i < tg_shape_size(&shape); i++)
        values[i] = (double)i;
    return tg_variable(t, shape, values);
}

static void a_tensor_is_sixteen_bytes(void **state)
{
    (void)state;
    assert_int_equal(sizeof(tg_tensor), 16);
}

static void leaves_are_converted_to_the_tapes_dtype(void **state)
{
    (void)state;
    const double wide[] = { 1.0 / 3, -2, 1e300 };
    const float narrow[] = { 0.1f, -2, 3 };
    for (tg_dtype d = TG_F32; d <= TG_F64; d++) {
        tg_tape *t = tg_tape_create(d);
        double out[3];
        float outf[3];
        assert_int_equal(tg_read(tg_constant(t, TG_SHAPE(3), wide), out, 3), TG_OK);
        assert_true(out[0] == (d == TG_F32 ? (double)(float)wide[0] : wide[0]));
        assert_true(out[2] == (d == TG_F32 ? (double)INFINITY : wide[2]));
        assert_int_equal(tg_read(tg_variable(t, TG_SHAPE(3), narrow), outf, 3), TG_OK);
        assert_memory_equal(outf, narrow, sizeof narrow);
        assert_int_equal(tg_read(tg_variable(t, TG_SHAPE(3), narrow), out, 3), TG_OK);
        assert_true(out[0] == (double)0.1f);
        tg_tape_destroy(t);
    }
}

static void wrapping_borrows(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F32);
    float values[] = { 1, 2, 3, 4 };
    tg_tensor x = tg_wrap(t, TG_SHAPE(2, 2), values);
    assert_ptr_equal(tg_data(x), values);
    assert_false(tg_needs_grad(x));
    assert_ptr_equal(tg_data(tg_detach(x)), values);
    assert_ptr_equal(tg_data(tg_reshape(x, TG_SHAPE(4))), values);
    assert_false(tg_is_valid(tg_wrap(t, TG_SHAPE(1), (const float *)((uintptr_t)values + 1))));
    says(t, TG_ERR_ARGUMENT, "wrap: the data is not aligned to elements of 4 bytes");
    tg_tape_reset(t);
    static const double wide[] = { 1, 2 };
    assert_false(tg_is_valid(tg_wrap(t, TG_SHAPE(2), wide)));
    says(t, TG_ERR_DTYPE,
         "wrap: float64 data on a float32 tape; tg_constant copies and converts, tg_wrap borrows data of the tape's "
         "own "
         "dtype");
    tg_tape_reset(t);
    assert_false(tg_is_valid(tg_wrap(t, TG_SHAPE(2), (const void *)values)));
    says(t, TG_ERR_ARGUMENT,
         "wrap: the data is a pointer to void; give one to float or double, a batch to tg_wrap_batch, or a data set "
         "to "
         "tg_wrap_dataset");
    tg_tape_reset(t);
    assert_false(tg_is_valid(tg_wrap(t, TG_SHAPE(2), NULL)));
    says(t, TG_ERR_ARGUMENT, "wrap: the data is NULL");
    tg_tape_reset(t);
    assert_int_equal(tg_size(tg_wrap(t, TG_SHAPE(2, 0), NULL)), 0);
    assert_int_equal(tg_tape_status(t), TG_OK);
    tg_tape *u = tg_tape_create(TG_F64);
    assert_false(tg_is_valid(tg_wrap(u, TG_SHAPE(2), values)));
    assert_int_equal(tg_tape_status(u), TG_ERR_DTYPE);
    tg_tape_destroy(u);
    tg_tape_destroy(t);
}

static void shapes_of_every_rank_are_read(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    tg_tensor x = ramp(t, TG_SHAPE(1, 2, 1, 2, 1, 2, 1, 3));
    assert_int_equal(tg_rank(x), 8);
    assert_int_equal(tg_size(x), 24);
    assert_int_equal(tg_dim(x, -1), 3);
    assert_int_equal(tg_dim(x, 1), 2);
    tg_tensor none = tg_constant(t, TG_SHAPE(2, 0, 3), (const double *)NULL);
    assert_true(tg_is_valid(none));
    assert_int_equal(tg_size(none), 0);
    assert_int_equal(tg_read(none, (double *)NULL, 0), TG_OK);
    assert_int_equal(tg_dim(x, 8), -1);
    says(t, TG_ERR_SHAPE, "dim: [1, 2, 1, 2, 1, 2, 1, 3]: axis 8 is not in -8 .. 7");
    tg_tape_destroy(t);
}

static void bad_leaves_say_what_is_wrong(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F32);
    struct {
        tg_shape shape;
        const char *message;
    } bad[] = {
        { { 9, { 1, 1, 1, 1, 1, 1, 1, 1 } }, "full: rank 9 is not in 0 .. 8" },
        { { -1, { 0 } }, "full: rank -1 is not in 0 .. 8" },
        { { 2, { 3, -1 } }, "full: [3, -1] has a negative size or more elements than memory can hold" },
        { { 3, { INT64_MAX / 2, 3, 3 } },
          "full: [4611686018427387903, 3, 3] has a negative size or more elements than memory can hold" },
        { { 2, { INT64_MAX, INT64_MAX } },
          "full: [9223372036854775807, 9223372036854775807] has a negative size or more elements than memory can "
          "hold" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(tg_is_valid(tg_full(t, bad[i].shape, 1)));
        says(t, TG_ERR_SHAPE, bad[i].message);
        tg_tape_reset(t);
        says(t, TG_OK, "");
    }
    tg_variable(t, TG_SHAPE(2), NULL);
    says(t, TG_ERR_ARGUMENT, "variable: the data is NULL");
    tg_tape_reset(t);
    float f = 1;
    tg_constant(t, TG_SHAPE(1), (void *)&f);
    says(t, TG_ERR_ARGUMENT, "constant: the data is a pointer to void; give one to float or double");
    tg_tape_reset(t);
    tg_variable(t, TG_SHAPE(2), (const float *)NULL);
    says(t, TG_ERR_ARGUMENT, "variable: the data is NULL");
    tg_tape_reset(t);
    tg_full(t, TG_SHAPE(INT64_MAX / 16), 0); /* the size is legal, the memory is not there */
    assert_int_equal(tg_tape_status(t), TG_ERR_MEMORY);
    tg_tape_destroy(t);
}

static void the_first_error_sticks(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    tg_tensor a = ramp(t, TG_SHAPE(2)), b = ramp(t, TG_SHAPE(3));
    tg_tensor bad = tg_add(a, b);
    assert_ptr_equal(bad.tape, t);
    assert_int_equal(bad.id, 0);
    const char *message = "add: [2] x [3]: sizes 2 and 3 do not broadcast; equal ones or a 1 would";
    says(t, TG_ERR_SHAPE, message);
    assert_false(tg_is_valid(tg_mul(bad, a)));
    assert_true(isnan(tg_item(a)));
    assert_int_equal(tg_backward(tg_sum(bad, TG_ALL, false)), TG_ERR_SHAPE);
    assert_false(tg_is_valid(tg_full(t, TG_SCALAR, 1)));
    says(t, TG_ERR_SHAPE, message);
    tg_tape_reset(t);
    says(t, TG_OK, "");
    assert_true(tg_is_valid(tg_full(t, TG_SCALAR, 1)));
    tg_tape_destroy(t);
}

static void the_first_tape_gets_the_error_of_two(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64), *u = tg_tape_create(TG_F64);
    tg_tensor a = ramp(t, TG_SHAPE(2)), b = ramp(u, TG_SHAPE(2));
    assert_ptr_equal(tg_add(a, b).tape, t);
    says(t, TG_ERR_TAPE, "add: input 1 is a tensor of another tape");
    says(u, TG_OK, "");
    tg_tape_reset(t);
    tg_matmul(tg_name(ramp(t, TG_SHAPE(2)), "hidden"), b);
    says(t, TG_ERR_TAPE, "matmul: \"hidden\" [2] x ?: input 1 is a tensor of another tape");
    tg_tape_destroy(t);
    tg_tape_destroy(u);
}

static void null_tensors_are_refused(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    tg_tensor null = { 0 }, x = ramp(t, TG_SHAPE(2));
    assert_null(tg_add(null, null).tape);
    tg_add(x, null);
    says(t, TG_ERR_ARGUMENT, "add: input 1 is the null tensor");
    tg_tape_reset(t);
    x = ramp(t, TG_SHAPE(2));
    assert_ptr_equal(tg_add(null, x).tape, t);
    says(t, TG_ERR_ARGUMENT, "add: input 0 is the null tensor");
    tg_tape_reset(t);
    x = tg_name(ramp(t, TG_SHAPE(2)), "x");
    tg_where(x, null, x);
    says(t, TG_ERR_ARGUMENT, "where: \"x\" [2] x none x \"x\" [2]: input 1 is the null tensor");
    assert_int_equal(tg_rank(null), 0);
    assert_int_equal(tg_size(null), 0);
    assert_int_equal(tg_dim(null, 0), -1);
    assert_true(isnan(tg_item(null)));
    assert_null(tg_data(null));
    assert_int_equal(tg_read(null, (double *)NULL, 0), TG_ERR_ARGUMENT);
    assert_null(tg_name(null, "x").tape);
    assert_null(tg_detach(null).tape);
    assert_false(tg_is_valid(null));
    tg_tape_destroy(t);
}

static void stale_handles_are_errors(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    tg_tensor old = ramp(t, TG_SHAPE(2));
    tg_tape_reset(t);
    tg_tensor young = ramp(t, TG_SHAPE(2));
    assert_int_equal(old.id, young.id);
    assert_false(tg_is_valid(old));
    tg_add(young, old);
    says(t, TG_ERR_STALE,
         "add: input 1 is from before a reset or rewind of its tape: make it again, or take the mark after it");
    tg_tape_reset(t);
    tg_add(old, tg_name(ramp(t, TG_SHAPE(2, 2)), "young"));
    says(
        t, TG_ERR_STALE,
        "add: ? x \"young\" [2, 2]: input 0 is from before a reset or rewind of its tape: make it again, or take the "
        "mark after it");
    tg_tape_reset(t);
    assert_true(isnan(tg_item(old)));
    says(t, TG_ERR_STALE,
         "item: the tensor is from before a reset or rewind of its tape: make it again, or take the mark after it");
    tg_tape_destroy(t);
}

static void rewinding_bounds_a_loop(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    tg_tensor x = ramp(t, TG_SHAPE(300));
    tg_mark outer = tg_tape_mark(t);
    tg_tensor y = tg_exp(x);
    tg_mark inner = tg_tape_mark(t);
    const int64_t nodes = tg_tape_memory(t).nodes;
    tg_tensor z = { 0 };
    for (int i = 0; i < 5; i++) {
        assert_int_equal(tg_tape_rewind(t, inner), TG_OK);
        assert_false(tg_is_valid(z));
        z = tg_mul(y, x);
        assert_int_equal(tg_tape_memory(t).nodes, nodes + 1);
    }
    tg_add(z, tg_full(t, TG_SHAPE(7), 1));
    assert_int_equal(tg_tape_status(t), TG_ERR_SHAPE);
    assert_int_equal(tg_tape_rewind(t, inner), TG_OK); /* and what was raised since is cleared */
    assert_true(tg_is_valid(y));
    assert_true(fabs(tg_item(tg_sum(x, TG_ALL, false)) - 300 * 299 / 2) < 1e-9);
    assert_int_equal(tg_tape_rewind(t, outer), TG_OK);
    assert_false(tg_is_valid(y));
    assert_true(tg_is_valid(x));
    tg_exp(tg_exp(x));
    assert_int_equal(tg_tape_rewind(t, inner), TG_ERR_STALE);
    tg_tape_destroy(t);
}

static void a_mark_keeps_older_errors_and_dies_at_reset(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64), *u = tg_tape_create(TG_F64);
    tg_mark m = tg_tape_mark(t);
    tg_tape_reset(t);
    assert_int_equal(tg_tape_rewind(t, m), TG_ERR_STALE);
    tg_mark in_error = tg_tape_mark(t);
    assert_int_equal(tg_tape_rewind(t, in_error), TG_ERR_STALE); /* the error is older than the mark */
    tg_tape_reset(t);
    assert_int_equal(tg_tape_rewind(t, tg_tape_mark(u)), TG_ERR_TAPE);
    assert_int_equal(tg_tape_rewind(NULL, m), TG_ERR_ARGUMENT);
    tg_tape_destroy(t);
    tg_tape_destroy(u);
}

static void steady_steps_allocate_nothing(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F32);
    static double values[40 * 50];
    uint64_t allocations = 0;
    size_t bytes = 0;
    for (int step = 0; step < 20; step++) {
        tg_tensor x = tg_variable(t, TG_SHAPE(40, 50), values), y = x;
        for (int i = 0; i < 30; i++)
            y = tg_tanh(tg_add(tg_mul(y, x), x));
        assert_int_equal(tg_backward(tg_sum(y, TG_ALL, false)), TG_OK);
        tg_grad_of(x);
        if (step == 2) {
            allocations = tg_tape_memory(t).allocations;
            bytes = tg_tape_memory(t).bytes;
        }
        tg_tape_reset(t);
    }
    assert_true(tg_tape_memory(t).allocations == allocations);
    assert_true(tg_tape_memory(t).bytes == bytes);
    tg_tape_destroy(t);
}

static void pausing_and_detaching_cut_gradients(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    tg_tensor x = tg_variable(t, TG_SCALAR, (double[]){ 3 });
    assert_true(tg_tape_set_recording(t, false));
    tg_tensor frozen = tg_mul(x, x);
    assert_false(tg_tape_set_recording(t, true));
    assert_false(tg_needs_grad(frozen));
    assert_true(tg_item(frozen) == 9);
    tg_tensor y = tg_add(tg_mul(frozen, x), tg_mul(tg_detach(x), x));
    assert_int_equal(tg_backward(y), TG_OK);
    assert_true(tg_item(tg_grad_of(x)) == 9 + 3);
    tg_tensor g;
    assert_int_equal(tg_grad(y, (tg_tensor){ 0 }, &x, 1, &g, 0), TG_OK);
    assert_true(tg_item(g) == 9 + 3);
    assert_false(tg_needs_grad(tg_detach(x)));
    tg_tape_destroy(t);
}

static void the_trap_names_the_operation(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F32);
    tg_tape_set_trap(t, TG_TRAP_NONFINITE);
    tg_tensor x = tg_name(tg_variable(t, TG_SHAPE(2), ((float[]){ 1, 100 })), "scores");
    tg_exp(x);
    says(t, TG_ERR_NONFINITE, "exp: \"scores\" [2]: the result is inf at [1]; input 0 is finite");
    tg_tape_reset(t);
    tg_tensor a = tg_variable(t, TG_SCALAR, (float[]){ 1e-30f });
    tg_tensor y = tg_scale(tg_mul(a, tg_scale(a, 1e30)), 1e30); /* 1 there, 1e30 back */
    assert_int_equal(tg_tape_status(t), TG_OK);
    assert_int_equal(tg_backward(y), TG_OK);
    y = tg_scale(tg_scale(tg_scale(a, 1e10), 1e30), 1e20);
    assert_int_equal(tg_tape_status(t), TG_OK);
    assert_int_equal(tg_backward(y), TG_ERR_NONFINITE);
    assert_non_null(strstr(tg_tape_message(t),
                           "in the reverse pass of scale: []: scale: []: the result is inf; input 0 is finite"));
    tg_tape_destroy(t);
}

static void no_tape_is_an_error_not_a_crash(void **state)
{
    (void)state;
    failing f = { .fail_at = 1 };
    tg_allocator a = failing_allocator(&f);
    tg_tape *t = tg_tape_create_with(TG_F64, &a);
    assert_non_null(t);
    says(t, TG_ERR_MEMORY, "tape_create: no memory for a tape");
    tg_tape_reset(t);
    tg_tape_set_recording(t, false);
    tg_tape_set_training(t, false);
    tg_tape_set_trap(t, TG_TRAP_NONFINITE);
    tg_tensor x = tg_full(t, TG_SCALAR, 1), g;
    assert_int_equal(tg_backward(tg_add(x, x)), TG_ERR_MEMORY);
    assert_int_equal(tg_grad(x, x, &x, 1, &g, 0), TG_ERR_MEMORY);
    assert_int_equal(tg_tape_rewind(t, tg_tape_mark(t)), TG_ERR_MEMORY);
    tg_grad_of(tg_retain_grad(tg_name(tg_detach(x), "x")));
    says(t, TG_ERR_MEMORY, "tape_create: no memory for a tape");
    tg_tape_destroy(t);
    tg_tape *odd = tg_tape_create((tg_dtype)7);
    assert_false(tg_is_valid(tg_full(odd, TG_SCALAR, 1)));
    says(odd, TG_ERR_DTYPE, "tape_create: the dtype is neither TG_F32 nor TG_F64");
    tg_tape_destroy(odd);
    tg_tape_destroy(NULL);
    tg_tape_reset(NULL);
    assert_int_equal(tg_tape_status(NULL), TG_ERR_ARGUMENT);
    assert_false(tg_is_valid(tg_full(NULL, TG_SCALAR, 1)));
    assert_false(tg_is_valid(tg_wrap(NULL, TG_SCALAR, (float[]){ 1 })));
    assert_int_equal(tg_backward((tg_tensor){ 0 }), TG_ERR_ARGUMENT);
}

/* Fails allocation 1, 2, 3, ... of a step, a second step on the kept memory, and a rewound one, until none fails. */
static void every_failing_allocation_is_survived(void **state)
{
    (void)state;
    static double values[4000];
    bool succeeded = false;
    for (long n = 1; !succeeded; n++) {
        assert_true(n < 1000);
        failing f = { .fail_at = n };
        tg_allocator a = failing_allocator(&f);
        tg_tape *t = tg_tape_create_with(TG_F32, &a);
        succeeded = true;
        for (int round = 0; round < 2; round++) {
            tg_tensor x = tg_name(tg_variable(t, TG_SHAPE(40, 100), values), "x"), g[2];
            tg_mark m = tg_tape_mark(t);
            tg_tensor y = tg_sum(tg_mul(tg_exp(x), tg_tanh(tg_mul(x, x))), TG_ALL, false);
            tg_tensor inputs[] = { x, y };
            tg_status first = tg_grad(y, (tg_tensor){ 0 }, inputs, 2, g, TG_CREATE_GRAPH);
            tg_status status = first ? first : tg_backward(tg_sum(tg_mul(g[0], g[0]), TG_ALL, false));
            if (status == TG_OK && tg_is_valid(tg_grad_of(x)))
                status = tg_tape_rewind(t, m);
            else
                assert_int_equal(tg_tape_status(t), TG_ERR_MEMORY);
            succeeded = succeeded && tg_tape_status(t) == TG_OK && n > f.calls;
            tg_tape_reset(t);
        }
        tg_tape_destroy(t);
        assert_int_equal(f.outstanding, 0);
        assert_int_equal(f.bytes, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tensor_is_sixteen_bytes),
        cmocka_unit_test(leaves_are_converted_to_the_tapes_dtype),
        cmocka_unit_test(wrapping_borrows),
        cmocka_unit_test(shapes_of_every_rank_are_read),
        cmocka_unit_test(bad_leaves_say_what_is_wrong),
        cmocka_unit_test(the_first_error_sticks),
        cmocka_unit_test(the_first_tape_gets_the_error_of_two),
        cmocka_unit_test(null_tensors_are_refused),
        cmocka_unit_test(stale_handles_are_errors),
        cmocka_unit_test(rewinding_bounds_a_loop),
        cmocka_unit_test(a_mark_keeps_older_errors_and_dies_at_reset),
        cmocka_unit_test(steady_steps_allocate_nothing),
        cmocka_unit_test(pausing_and_detaching_cut_gradients),
        cmocka_unit_test(the_trap_names_the_operation),
        cmocka_unit_test(no_tape_is_an_error_not_a_crash),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
