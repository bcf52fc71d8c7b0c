/* test_refusals.c - the errors of elementwise operations, word by word. */
#include "points.h"
#include "sheet.h"

/* Operations are called by name; clamp and where have functions of their own here. */
static tg_tensor apply(const sheet_row *r, tg_tensor a, tg_tensor b)
{
    return r->unary ? r->unary(a) : r->by_number ? r->by_number(a, 0.5) : r->binary(a, b);
}

/* Calls `visit` for the elementwise operations of the sheet; returns how many there were. */
static int for_every_operation(void (*visit)(const sheet_row *r, int arity))
{
    int n = 0;
    for (int i = 0; i < sheet_rows; i++) {
        const tg_op *op = tg_op_find(sheet[i].op);
        assert_non_null(op);
        if (op->flags & TG_OP_ELEMENTWISE && !sheet[i].loss) {
            visit(&sheet[i], op->arity);
            n++;
        }
    }
    return n;
}

/* Checks the tape's error, and clears it; y is the failed tensor. */
static void says(tg_tape *tape, tg_tensor y, tg_status status, const char *name, const char *text)
{
    char message[256];
    snprintf(message, sizeof message, "%s: %s", name, text);
    assert_string_equal(tg_tape_message(tape), message);
    assert_int_equal(tg_tape_status(tape), status);
    assert_true(y.tape == tape && y.id == 0);
    tg_tape_reset(tape);
}

static tg_tensor pair(tg_tape *tape)
{
    return tg_variable(tape, TG_SHAPE(2), ((double[]){ 1, 2 }));
}

static tg_tensor triple(tg_tape *tape)
{
    return tg_variable(tape, TG_SHAPE(3), ((double[]){ 1, 2, 3 }));
}

static const tg_tensor null = { 0 };

static void refuses_null(const sheet_row *r, int arity)
{
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_tensor y = apply(r, null, null);
    assert_true(!y.tape && !y.id);
    if (arity == 2) {
        y = apply(r, pair(tape), null);
        says(tape, y, TG_ERR_ARGUMENT, r->op, "input 1 is the null tensor");
        y = apply(r, null, pair(tape));
        says(tape, y, TG_ERR_ARGUMENT, r->op, "input 0 is the null tensor");
    }
    tg_tape_destroy(tape);
}

static void the_null_tensor(void **state)
{
    (void)state;
    assert_in_range(for_every_operation(refuses_null), 20, sheet_rows);
    tg_tape *tape = tg_tape_create(TG_F32);
    tg_tensor y = tg_where(null, pair(tape), pair(tape));
    says(tape, y, TG_ERR_ARGUMENT, "where", "input 0 is the null tensor");
    y = tg_where(pair(tape), pair(tape), null);
    says(tape, y, TG_ERR_ARGUMENT, "where", "input 2 is the null tensor");
    y = tg_clamp(null, 0, 1);
    assert_true(!y.tape && !y.id);
    y = tg_clamp(null, 1, 0);
    assert_true(!y.tape && !y.id);
    tg_tape_destroy(tape);
}

static void refuses_stale(const sheet_row *r, int arity)
{
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_tensor old = pair(tape);
    tg_tape_reset(tape);
    tg_tensor y = apply(r, old, pair(tape));
    says(tape, y, TG_ERR_STALE, r->op,
         "input 0 is from before a reset or rewind of its tape: make it again, or take the mark after it");
    if (arity == 2) {
        tg_tape_reset(tape);
        y = apply(r, pair(tape), old);
        says(tape, y, TG_ERR_STALE, r->op,
             "input 1 is from before a reset or rewind of its tape: make it again, or take the mark after it");
    }
    tg_tape_destroy(tape);
}

static void a_stale_handle(void **state)
{
    (void)state;
    for_every_operation(refuses_stale);
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_tensor old = pair(tape);
    tg_tape_reset(tape);
    tg_tensor y = tg_where(pair(tape), pair(tape), old);
    says(tape, y, TG_ERR_STALE, "where",
         "input 2 is from before a reset or rewind of its tape: make it again, or take the mark after it");
    y = tg_clamp(old, 0, 1);
    says(tape, y, TG_ERR_STALE, "clamp",
         "input 0 is from before a reset or rewind of its tape: make it again, or take the mark after it");
    tg_tape_destroy(tape);
}

/* The tape of the first tensor gets the error; the other tape is unchanged, whatever its dtype. */
static void refuses_another_tape(const sheet_row *r, int arity)
{
    for (int dtype = TG_F32; arity == 2 && dtype <= TG_F64; dtype++) {
        tg_tape *tape = tg_tape_create(TG_F64), *other = tg_tape_create((tg_dtype)dtype);
        tg_tensor b = pair(other), y = apply(r, pair(tape), b);
        says(tape, y, TG_ERR_TAPE, r->op, "input 1 is a tensor of another tape");
        assert_int_equal(tg_tape_status(other), TG_OK);
        assert_true(tg_is_valid(b));
        tg_tape_destroy(tape);
        tg_tape_destroy(other);
    }
}

static void tensors_of_two_tapes(void **state)
{
    (void)state;
    for_every_operation(refuses_another_tape);
    tg_tape *tape = tg_tape_create(TG_F64), *other = tg_tape_create(TG_F32);
    tg_tensor y = tg_where(pair(tape), pair(other), pair(tape));
    says(tape, y, TG_ERR_TAPE, "where", "input 1 is a tensor of another tape");
    tg_tape_destroy(tape);
    tg_tape_destroy(other);
}

static void refuses_sizes(const sheet_row *r, int arity)
{
    if (arity != 2)
        return;
    tg_tape *tape = tg_tape_create(TG_F32);
    tg_tensor y = apply(r, pair(tape), triple(tape));
    says(tape, y, TG_ERR_SHAPE, r->op, "[2] x [3]: sizes 2 and 3 do not broadcast; equal ones or a 1 would");
    y = apply(r, tg_full(tape, TG_SHAPE(0), 1), triple(tape));
    says(tape, y, TG_ERR_SHAPE, r->op, "[0] x [3]: sizes 0 and 3 do not broadcast; equal ones or a 1 would");
    y = apply(r, tg_full(tape, TG_SHAPE(4, 1, 2), 1), tg_full(tape, TG_SHAPE(3, 5), 1));
    says(tape, y, TG_ERR_SHAPE, r->op, "[4, 1, 2] x [3, 5]: sizes 2 and 5 do not broadcast; equal ones or a 1 would");
    tg_tape_destroy(tape);
}

static void sizes_that_do_not_broadcast(void **state)
{
    (void)state;
    for_every_operation(refuses_sizes);
    tg_tape *tape = tg_tape_create(TG_F32);
    tg_tensor y = tg_where(pair(tape), tg_full(tape, TG_SCALAR, 0), triple(tape));
    says(tape, y, TG_ERR_SHAPE, "where", "[2] x [] x [3]: sizes 2 and 3 do not broadcast; equal ones or a 1 would");
    tg_tape_destroy(tape);
}

/* Together they would have 2^62 elements, or none beside sizes of that product, which operations multiply, too. The memory
   under them is never read. */
static void refuses_overflow(const sheet_row *r, int arity)
{
    if (arity != 2)
        return;
    static const double memory[1];
    const int64_t many = INT64_C(1) << 31;
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_tensor y = apply(r, tg_wrap(tape, TG_SHAPE(many, 1), memory), tg_wrap(tape, TG_SHAPE(1, many), memory));
    says(tape, y, TG_ERR_SHAPE, r->op,
         "[2147483648, 2147483648] has a negative size or more elements than memory can hold");
    y = apply(r, tg_full(tape, TG_SHAPE(0, many, 1), 0), tg_full(tape, TG_SHAPE(0, 1, many), 0));
    says(tape, y, TG_ERR_SHAPE, r->op,
         "[0, 2147483648, 2147483648] has a negative size, or sizes beside 0 whose product overflows");
    tg_tape_destroy(tape);
}

static void more_elements_than_can_be_counted(void **state)
{
    (void)state;
    for_every_operation(refuses_overflow);
}

/* The first error is kept; later operations are no-ops and do not change the message. */
static void keeps_the_first_error(const sheet_row *r, int arity)
{
    (void)arity;
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_tensor x = pair(tape), bad = tg_clamp(x, 3, 1);
    tg_tensor y = apply(r, bad, bad), z = apply(r, x, triple(tape));
    assert_true(!tg_is_valid(y) && !tg_is_valid(z));
    says(tape, z, TG_ERR_ARGUMENT, "clamp", "[2]: lo = 3 and hi = 1; lo <= hi would be right");
    tg_tape_destroy(tape);
}

static void the_first_error_stays(void **state)
{
    (void)state;
    for_every_operation(keeps_the_first_error);
}

static void bounds_that_are_none(void **state)
{
    (void)state;
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_tensor y = tg_clamp(pair(tape), 0.5, -0.25);
    says(tape, y, TG_ERR_ARGUMENT, "clamp", "[2]: lo = 0.5 and hi = -0.25; lo <= hi would be right");
    y = tg_clamp(pair(tape), NONE, 1);
    assert_int_equal(tg_tape_status(tape), TG_ERR_ARGUMENT);
    assert_false(tg_is_valid(y));
    tg_tape_reset(tape);
    assert_true(every(tg_clamp(all(tape, 7), 2, 2)) == 2);
    assert_true(every(tg_clamp(all(tape, 7), -INF, INF)) == 7);
    tg_tape_destroy(tape);
}

/* The trap names the first operation whose result is not finite. */
static void the_trap_names_the_operation(void **state)
{
    (void)state;
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_tape_set_trap(tape, TG_TRAP_NONFINITE);
    tg_tensor y = tg_log(tg_name(tg_variable(tape, TG_SHAPE(2), ((double[]){ 1, 0 })), "p"));
    assert_int_equal(tg_tape_status(tape), TG_ERR_NONFINITE);
    assert_non_null(strstr(tg_tape_message(tape), "log: \"p\" [2]: the result is -inf at [1]; input 0 is finite"));
    assert_false(tg_is_valid(y));
    tg_tape_destroy(tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_null_tensor),
        cmocka_unit_test(a_stale_handle),
        cmocka_unit_test(tensors_of_two_tapes),
        cmocka_unit_test(sizes_that_do_not_broadcast),
        cmocka_unit_test(more_elements_than_can_be_counted),
        cmocka_unit_test(the_first_error_stays),
        cmocka_unit_test(bounds_that_are_none),
        cmocka_unit_test(the_trap_names_the_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
