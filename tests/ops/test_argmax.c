/* test_argmax.c - the place of the largest element: over every axis of every rank, at ties and NaNs; errors. */
#include "naive.h"

/* numpy.argmax of the k elements that follow each other at `stride`. */
static int32_t largest(const double *x, int64_t k, int64_t stride)
{
    int32_t best = 0;
    for (int64_t j = k - 1; j >= 0; j--)
        if (x[j * stride] >= x[best * stride])
            best = (int32_t)j;
    for (int64_t j = k - 1; j >= 0; j--)
        if (isnan(x[j * stride]))
            best = (int32_t)j;
    return best;
}

/* x along `axis`, for every index of the others in row-major order. */
static int64_t expected(const array *x, int axis, int32_t *out)
{
    int64_t stride = 1, n = 0;
    for (int d = axis + 1; d < x->shape.rank; d++)
        stride *= x->shape.dims[d];
    const int64_t k = x->shape.dims[axis];
    for (int64_t i = 0; i < x->size; i++)
        if (i / stride % k == 0)
            out[n++] = largest(x->v + i, k, stride);
    return n;
}

static void check_axis(tg_tape *tape, const array *x, int axis)
{
    static int32_t want[NAIVE_MOST], got[NAIVE_MOST];
    const int64_t n = expected(x, axis, want);
    const tg_tensor t = variable_of(tape, x);
    const tg_tape_usage before = tg_tape_memory(tape);
    for (int from_end = 0; from_end < 2; from_end++) {
        memset(got, -1, sizeof got);
        assert_int_equal(tg_argmax(t, axis - from_end * x->shape.rank, got, n), TG_OK);
        assert_memory_equal(got, want, (size_t)n * sizeof *got);
        assert_int_equal(got[n], -1);
    }
    assert_int_equal(tg_tape_memory(tape).nodes, before.nodes);
}

/* Few different values, so that ties are many, with NaNs and infinities among them. */
static void it_is_numpys_over_every_axis(void **state)
{
    (void)state;
    static array x;
    static const double values[] = { -1, 0, 1, 2, -(double)INFINITY, (double)INFINITY, (double)NAN };
    tg_rng rng = tg_rng_seed(11);
    for (int repeat = 0; repeat < 200; repeat++) {
        x = random_array(&rng, random_shape(&rng, 1 + repeat % 8, 1000), 0, 1);
        const uint64_t choices = 4 + tg_rng_below(&rng, 4);
        for (int64_t i = 0; i < x.size; i++)
            x.v[i] = values[tg_rng_below(&rng, choices)];
        tg_tape *tape = tg_tape_create(repeat % 2 ? TG_F32 : TG_F64);
        for (int axis = 0; axis < x.shape.rank && x.size > 0; axis++)
            check_axis(tape, &x, axis);
        if (x.size > 0) {
            int32_t place = -1;
            assert_int_equal(tg_argmax(variable_of(tape, &x), TG_ALL, &place, 1), TG_OK);
            assert_int_equal(place, largest(x.v, x.size, 1));
        }
        tg_tape_destroy(tape);
    }
}

static void the_first_of_several_and_the_first_nan(void **state)
{
    (void)state;
    const double inf = (double)INFINITY, nan = (double)NAN;
    const double rows[5][4] = {
        { 3, 5, 5, 1 }, { -inf, -inf, -inf, -inf }, { inf, nan, inf, nan }, { nan, inf, 0, nan }, { -0.0, 0, -1, -2 }
    };
    tg_tape *tape = tg_tape_create(TG_F64);
    int32_t out[5];
    assert_int_equal(tg_argmax(tg_constant(tape, TG_SHAPE(5, 4), &rows[0][0]), -1, out, 5), TG_OK);
    assert_memory_equal(out, ((int32_t[]){ 1, 0, 1, 0, 0 }), sizeof out);
    tg_tape_destroy(tape);
}

static void a_scalar_and_no_results(void **state)
{
    (void)state;
    tg_tape *tape = tg_tape_create(TG_F32);
    const int axes[] = { 0, -1, TG_ALL };
    for (int i = 0; i < 3; i++) {
        int32_t out = -1;
        assert_int_equal(tg_argmax(tg_full(tape, TG_SCALAR, 7), axes[i], &out, 1), TG_OK);
        assert_int_equal(out, 0);
    }
    assert_int_equal(tg_argmax(tg_full(tape, TG_SHAPE(0, 4), 7), 1, NULL, 0), TG_OK);
    tg_tape_destroy(tape);
}

static void refuses(tg_tensor x, int axis, int32_t *out, int64_t n, tg_status status, const char *text)
{
    int32_t kept = -7;
    tg_tape *tape = x.tape;
    assert_int_equal(tg_argmax(x, axis, out ? &kept : NULL, n), status);
    assert_int_equal(tg_tape_status(tape), status);
    assert_string_equal(tg_tape_message(tape), text);
    assert_int_equal(kept, -7);
    tg_tape_reset(tape);
}

static void it_refuses_with_a_sentence(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F32);
    int32_t out[6];
    refuses(tg_full(t, TG_SHAPE(2, 3), 1), 1, out, 3, TG_ERR_SHAPE,
            "argmax: [2, 3] has 2 results along this axis, n is 3");
    refuses(tg_full(t, TG_SHAPE(2, 3), 1), TG_ALL, out, 6, TG_ERR_SHAPE,
            "argmax: [2, 3] has 1 results along this axis, n is 6");
    refuses(tg_full(t, TG_SHAPE(2, 3), 1), 2, out, 2, TG_ERR_SHAPE,
            "argmax: [2, 3]: axis 2 is not in -2 .. 1 or TG_ALL");
    refuses(tg_full(t, TG_SHAPE(2, 3), 1), 1, NULL, 2, TG_ERR_ARGUMENT, "argmax: out is NULL");
    refuses(tg_full(t, TG_SHAPE(2, 0), 1), 1, out, 2, TG_ERR_SHAPE,
            "argmax: [2, 0] has no elements to choose from; the axis must not be empty");
    refuses(tg_full(t, TG_SHAPE(0), 1), TG_ALL, out, 1, TG_ERR_SHAPE,
            "argmax: [0] has no elements to choose from; the axis must not be empty");
    const tg_tensor stale = tg_full(t, TG_SHAPE(2), 1);
    tg_tape_reset(t);
    tg_full(t, TG_SHAPE(2), 1);
    refuses(
        stale, 0, out, 1, TG_ERR_STALE,
        "argmax: the tensor is from before a reset or rewind of its tape: make it again, or take the mark after it");
    assert_int_equal(tg_argmax((tg_tensor){ 0 }, 0, out, 1), TG_ERR_ARGUMENT);
    tg_tape_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_numpys_over_every_axis),
        cmocka_unit_test(the_first_of_several_and_the_first_nan),
        cmocka_unit_test(a_scalar_and_no_results),
        cmocka_unit_test(it_refuses_with_a_sentence),
    };
    return cmocka_run_group_tests_name("argmax", tests, NULL, NULL);
}
