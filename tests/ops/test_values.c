/* test_values.c - what holds for every elementwise function: NaN passes, subnormal numbers are kept, the position does not matter. */
#include "points.h"
#include "sheet.h"

/* Every elementwise operation of one input in the sheet, with this number where it takes one. */
static tg_tensor apply_row(const sheet_row *r, tg_tensor x, double number)
{
    const tg_op *op = tg_op_find(r->op);
    assert_non_null(op);
    if (!(op->flags & TG_OP_ELEMENTWISE) || op->arity != 1)
        return (tg_tensor){ 0 };
    return r->unary ? r->unary(x) : r->by_number(x, number);
}

static void check_nan(tg_dtype dtype)
{
    tg_tape *tape = tg_tape_create(dtype);
    int n = 0;
    for (int i = 0; i < sheet_rows; i++) {
        tg_tensor y = apply_row(&sheet[i], all(tape, NONE), 0.5);
        n += y.id != 0;
        if (y.id && !isnan(every(y)))
            fail_msg("%s loses a NaN (%s)", sheet[i].op, where_am_i(dtype));
    }
    assert_true(n >= 22);
    tg_tape_destroy(tape);
}

static void a_nan_passes_through_every_operation(void **state)
{
    (void)state;
    for_every_table(check_nan);
}

static tg_tensor leaky_relu(tg_tensor x)
{
    return tg_leaky_relu(x, 0.125);
}

static tg_tensor elu(tg_tensor x)
{
    return tg_elu(x, 0.5);
}

typedef tg_tensor function(tg_tensor x);

/* f(x) = x to the last bit for subnormal numbers and -0. */
static void check_small(tg_dtype dtype)
{
    static function *const like_x[] = { tg_log1p, tg_sin, tg_tanh };
    static function *const keeps_sign[] = { tg_log1p, tg_sin, tg_tanh, tg_erf, tg_sqrt, leaky_relu, elu };
    const double tiny = dtype == TG_F32 ? (double)0x1p-140f : 0x1p-1060;
    tg_tape *tape = tg_tape_create(dtype);
    for (size_t i = 0; i < sizeof like_x / sizeof like_x[0]; i++)
        for (double sign = -1; sign <= 1; sign += 2)
            if (every(like_x[i](all(tape, sign * tiny))) != sign * tiny)
                fail_msg("function %zu at %g (%s)", i, sign * tiny, where_am_i(dtype));
    for (size_t i = 0; i < sizeof keeps_sign / sizeof keeps_sign[0]; i++)
        if (!signbit(every(keeps_sign[i](all(tape, -0.0)))))
            fail_msg("function %zu at -0 (%s)", i, where_am_i(dtype));
    assert_true(every(tg_relu(all(tape, tiny))) == tiny);
    assert_true(every(tg_abs(all(tape, -tiny))) == tiny);
    assert_true(every(tg_scale(all(tape, tiny), 2)) == 2 * tiny);
    assert_true(every(tg_exp(all(tape, tiny))) == 1);
    assert_true(every(tg_silu(all(tape, tiny))) == tiny / 2);
    assert_true(signbit(every(tg_neg(all(tape, 0)))));
    assert_false(signbit(every(tg_abs(all(tape, -0.0)))));
    tg_tape_destroy(tape);
}

static void denormals_and_minus_0_are_kept(void **state)
{
    (void)state;
    for_every_table(check_small);
}

/* An element's value depends neither on its position nor on the number of elements. */
static void check_places(tg_dtype dtype)
{
    double x[40], y[40];
    tg_rng rng = tg_rng_seed(17);
    for (int i = 0; i < 40; i++)
        x[i] = tg_rng_between(&rng, 0.1, 3);
    for (int r = 0; r < sheet_rows; r++) {
        tg_tape *tape = tg_tape_create(dtype);
        for (int n = 1; n <= 40 && apply_row(&sheet[r], tg_constant(tape, TG_SHAPE(1), x), 1.5).id; n += 3) {
            ok(tg_read(apply_row(&sheet[r], tg_constant(tape, TG_SHAPE(n), x), 1.5), y, n), tape);
            for (int i = 0; i < n; i++)
                if (y[i] != tg_item(apply_row(&sheet[r], tg_constant(tape, TG_SCALAR, &x[i]), 1.5)))
                    fail_msg("%s: element %d of %d differs from itself alone (%s)", sheet[r].op, i, n,
                             where_am_i(dtype));
        }
        assert_int_equal(tg_tape_status(tape), TG_OK);
        tg_tape_destroy(tape);
    }
}

static void a_value_does_not_depend_on_its_position(void **state)
{
    (void)state;
    for_every_table(check_places);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nan_passes_through_every_operation),
        cmocka_unit_test(denormals_and_minus_0_are_kept),
        cmocka_unit_test(a_value_does_not_depend_on_its_position),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
