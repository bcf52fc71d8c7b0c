/* test_params_grad.c - a parameter set's gradients: its leaves on tapes, merging, norm and clipping. */
#include "sample_set.h"

#include "tapegrad/grad.h"
#include "tapegrad/ops.h"
#include "tapegrad/tape.h"
#include "threads.h"

/* sum(c x): its gradient in x is c everywhere. */
static tg_tensor term(tg_tape *t, tg_params *p, int i, double c)
{
    return tg_scale(tg_sum(tg_param(t, p, i), TG_ALL, false), c);
}

static void assert_grad(const tg_params *p, int i, double expected)
{
    double g[35];
    assert_int_equal(tg_params_read_grad_f64(p, i, g, sizes[i], NULL), TG_OK);
    for (int64_t k = 0; k < sizes[i]; k++)
        assert_true(g[k] == expected);
}

static void backward_writes_into_the_set_and_accumulates(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        tg_params *p = make((tg_dtype)d);
        tg_tape *t = tg_tape_create((tg_dtype)d);
        fill(p);
        assert_int_equal(tg_backward(tg_add(term(t, p, A, 3), term(t, p, LAST, 0.5))), TG_OK);
        assert_true(tg_params_has_grad(p, A) && tg_params_has_grad(p, LAST) && !tg_params_has_grad(p, ONE));
        assert_grad(p, A, 3);
        assert_grad(p, LAST, 0.5);
        assert_grad(p, ONE, 0);
        assert_int_equal(tg_backward(tg_add(term(t, p, A, 1), term(t, p, ONE, -2))), TG_OK);
        assert_grad(p, A, 4);
        assert_grad(p, LAST, 0.5);
        assert_grad(p, ONE, -2);
        tg_params_zero_grad(p);
        assert_false(tg_params_has_grad(p, A));
        assert_grad(p, A, 0);
        assert_int_equal(tg_backward(term(t, p, A, 7)), TG_OK);
        assert_grad(p, A, 7);
        assert_grad(p, LAST, 0);
        int64_t count;
        const void *g = tg_params_grads(p, &count);
        assert_padding_is_zero(p, g, count);
        for (int64_t k = 0; k < sizes[LAST]; k++)
            assert_true(element(g, (tg_dtype)d, tg_params_offset(p, LAST) + k) == 0);
        tg_tape_destroy(t);
        tg_params_destroy(p);
    }
}

static void a_parameter_has_one_leaf_which_borrows_the_values(void **state)
{
    (void)state;
    tg_params *p = make(TG_F32);
    tg_tape *t = tg_tape_create(TG_F32);
    fill(p);
    const tg_tensor x = tg_param(t, p, A), y = tg_param(t, p, A), z = tg_param(t, p, LAST);
    assert_true(x.id == y.id && x.id != z.id);
    assert_ptr_equal(tg_data(z), (float *)tg_params_values(p, NULL) + tg_params_offset(p, LAST));
    assert_true(tg_needs_grad(x) && !tg_needs_grad(tg_param(t, p, FROZEN)));
    tg_params_touch(p);
    assert_true(tg_param(t, p, A).id != x.id);
    tg_tape_reset(t);
    assert_int_equal(tg_size(tg_param(t, p, A)), 35);
    tg_tape_destroy(t);
    tg_params_destroy(p);
}

static void a_bad_leaf_is_an_error_on_the_tape(void **state)
{
    (void)state;
    tg_params *p = make(TG_F32);
    tg_tape *t = tg_tape_create(TG_F64);
    assert_false(tg_is_valid(tg_param(t, p, A)));
    ASSERT_SAYS(tg_tape_status(t), tg_tape_message(t), TG_ERR_DTYPE, "a", "float32", "float64");
    tg_tape_reset(t);
    assert_false(tg_is_valid(tg_param(t, p, COUNT)));
    ASSERT_SAYS(tg_tape_status(t), tg_tape_message(t), TG_ERR_ARGUMENT, "param", "5");
    tg_tape_reset(t);
    assert_false(tg_is_valid(tg_param(t, NULL, 0)));
    ASSERT_SAYS(tg_tape_status(t), tg_tape_message(t), TG_ERR_ARGUMENT, "param", "NULL");
    assert_null(tg_param(NULL, p, 0).tape);
    tg_tape_destroy(t);
    tg_params_destroy(p);
}

static void values_that_changed_since_they_were_recorded_are_an_error(void **state)
{
    (void)state;
    tg_params *p = make(TG_F64);
    tg_tape *t = tg_tape_create(TG_F64);
    fill(p);
    const tg_tensor y = term(t, p, LAST, 2);
    const double zero[17] = { 0 };
    tg_params_write_f64(p, LAST, zero, 17, NULL);
    assert_int_equal(tg_backward(y), TG_ERR_CHANGED);
    assert_non_null(strstr(tg_tape_message(t), "last"));
    double g[17];
    tg_error err;
    tg_params_read_grad_f64(p, LAST, g, 17, &err);
    ASSERT_ERROR(err, TG_ERR_STATE, "params_read_grad", "tg_params_zero_grad");
    assert_true(isnan(tg_params_grad_norm(p)));
    tg_params_zero_grad(p);
    tg_tape_reset(t);
    assert_int_equal(tg_backward(term(t, p, LAST, 2)), TG_OK);
    assert_grad(p, LAST, 2);
    tg_tape_destroy(t);
    tg_params_destroy(p);
}

static void gradients_of_other_tapes_are_added(void **state)
{
    (void)state;
    tg_params *p = make(TG_F64);
    tg_tape *t = tg_tape_create(TG_F64);
    fill(p);
    const tg_tensor x = tg_param(t, p, LAST);
    tg_tensor g;
    assert_int_equal(tg_grad(tg_sum(tg_mul(x, x), TG_ALL, false), (tg_tensor){ 0 }, &x, 1, &g, 0), TG_OK);
    assert_false(tg_params_has_grad(p, LAST));
    double got[17];
    for (int times = 1; times <= 2; times++) {
        assert_int_equal(tg_params_add_grad(p, LAST, g, NULL), TG_OK);
        tg_params_read_grad_f64(p, LAST, got, 17, NULL);
        for (int k = 0; k < 17; k++)
            assert_true(got[k] == times * 2 * (400.25 + k));
    }
    tg_error err;
    tg_params_add_grad(p, A, g, &err);
    ASSERT_ERROR(err, TG_ERR_SHAPE, "[17]", "a", "[5, 7]");
    tg_params_add_grad(p, LAST, (tg_tensor){ 0 }, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "last", "null tensor");
    tg_params_add_grad(p, COUNT, g, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "5");
    tg_tape *other = tg_tape_create(TG_F32);
    tg_params_add_grad(p, LAST, tg_full(other, TG_SHAPE(17), 1), &err);
    ASSERT_ERROR(err, TG_ERR_DTYPE, "float32", "last", "float64");
    tg_tape_reset(t);
    tg_params_add_grad(p, LAST, g, &err);
    ASSERT_ERROR(err, TG_ERR_STALE, "last", "reset");
    double same[17];
    tg_params_read_grad_f64(p, LAST, same, 17, NULL);
    assert_memory_equal(same, got, sizeof same);
    tg_tape_destroy(other);
    tg_tape_destroy(t);
    tg_params_destroy(p);
}

static void the_norm_leaves_out_unset_and_frozen_gradients(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        tg_params *p = make((tg_dtype)d);
        tg_tape *t = tg_tape_create((tg_dtype)d);
        int64_t count;
        void *g = tg_params_grads(p, &count);
        memset(g, 0x40, (size_t)count * tg_dtype_size((tg_dtype)d)); /* an earlier batch's numbers, unset by now */
        tg_params_zero_grad(p);
        assert_true(tg_params_grad_norm(p) == 0);
        tg_backward(tg_add(term(t, p, A, 3), term(t, p, ONE, -5)));
        tg_params_add_grad(p, FROZEN, tg_full(t, TG_SHAPE(3), 1000), NULL);
        assert_close(tg_params_grad_norm(p), sqrt(35 * 9 + 25.0), 1e-15);
        double norm = 0;
        assert_int_equal(tg_params_clip_grad_norm(p, 100, &norm, NULL), TG_OK);
        assert_close(norm, sqrt(340.0), 1e-15);
        assert_grad(p, A, 3);
        assert_int_equal(tg_params_clip_grad_norm(p, 2, &norm, NULL), TG_OK);
        assert_close(norm, sqrt(340.0), 1e-15);
        assert_close(tg_params_grad_norm(p), 2, d ? 1e-15 : 1e-7);
        double clipped[35];
        tg_params_read_grad_f64(p, A, clipped, 35, NULL);
        assert_close(clipped[34], 3 * 2 / sqrt(340.0), d ? 1e-15 : 1e-7);
        assert_grad(p, FROZEN, 1000);
        tg_tape_destroy(t);
        tg_params_destroy(p);
    }
}

static void a_norm_that_is_not_finite_clips_nothing(void **state)
{
    (void)state;
    tg_params *p = make(TG_F64);
    double *g = tg_params_grads(p, NULL), norm;
    tg_error err;
    g[0] = 8;
    g[1] = (double)INFINITY;
    tg_params_clip_grad_norm(p, 1, &norm, &err);
    ASSERT_ERROR(err, TG_ERR_NONFINITE, "params_clip_grad_norm", "inf");
    assert_true(isinf(norm) && g[0] == 8);
    g[1] = 6;
    const double bad[] = { 0, -1, nan("") };
    for (int i = 0; i < 3; i++) {
        tg_params_clip_grad_norm(p, bad[i], NULL, &err);
        ASSERT_ERROR(err, TG_ERR_ARGUMENT, "max_norm");
    }
    assert_true(g[0] == 8 && g[1] == 6);
    assert_int_equal(tg_params_clip_grad_norm(p, (double)INFINITY, NULL, &err), TG_OK);
    assert_true(g[0] == 8 && g[1] == 6);
    tg_params_destroy(p);
}

/* Long enough for many blocks, and lengths that are no multiple of one. */
static void the_norm_has_the_same_bits_at_every_number_of_threads(void **state)
{
    (void)state;
    const int64_t lengths[] = { 1, 16383, 16384, 16385, 100003, 64 * 16384 + 1, 3000001 };
    const int before = tg_num_threads();
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const tg_param_spec spec = { .name = "w", .shape = TG_SHAPE(lengths[i]) };
        tg_params *p = tg_params_create(TG_F32, &spec, 1, NULL);
        float *g = tg_params_grads(p, NULL);
        double plain = 0, first = 0;
        tg_rng rng = tg_rng_seed(5);
        for (int64_t k = 0; k < lengths[i]; k++) {
            g[k] = (float)tg_rng_between(&rng, -1, 1);
            plain += (double)g[k] * (double)g[k];
        }
        const int threads[] = { 1, 2, 3, 7 };
        for (int j = 0; j < 4; j++) {
            use_threads(threads[j]);
            const double norm = tg_params_grad_norm(p);
            first = j == 0 ? norm : first;
            assert_true(norm == first);
        }
        assert_close(first, sqrt(plain), 1e-12);
        tg_params_clip_grad_norm(p, first / 2, NULL, NULL);
        assert_close(tg_params_grad_norm(p), first / 2, 1e-6);
        tg_params_destroy(p);
    }
    tg_set_num_threads(before);
}

/* Squares beyond a double's range, and a factor below that of the dtype. */
static void norms_and_clips_of_any_size(void **state)
{
    (void)state;
    static const struct {
        tg_dtype dtype;
        double g, norm, most, clipped; /* four elements of g */
    } cases[] = {
        { TG_F64, 1e200, 2e200, 1, 0.5 },
        { TG_F64, 1e-200, 2e-200, 1e-210, 0.5e-210 },
        { TG_F64, 3e307, 6e307, 6e-10, 3e-10 },
        { TG_F64, 0, 0, 1, 0 },
        { TG_F64, 3, 6, 0.6, 0.3 },
        { TG_F32, 1e38, 2e38, 2e-7, 1e-7 },
        { TG_F32, 1e38, 2e38, 2e-30, 1e-30 },
        { TG_F32, 1e-30, 2e-30, 2e-37, 1e-37 },
        { TG_F64, 5e-324, 1e-323, 1, 5e-324 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tg_params *p =
            tg_params_create(cases[i].dtype, &(tg_param_spec){ .name = "w", .shape = TG_SHAPE(4) }, 1, NULL);
        tg_tape *t = tg_tape_create(cases[i].dtype);
        double norm, g[4];
        assert_int_equal(tg_params_add_grad(p, 0, tg_full(t, TG_SHAPE(4), cases[i].g), NULL), TG_OK);
        assert_close(tg_params_grad_norm(p), cases[i].norm, 1e-7 * cases[i].norm);
        assert_int_equal(tg_params_clip_grad_norm(p, cases[i].most, &norm, NULL), TG_OK);
        assert_close(norm, cases[i].norm, 1e-7 * cases[i].norm);
        tg_params_read_grad_f64(p, 0, g, 4, NULL);
        assert_close(g[3], cases[i].clipped, 1e-6 * cases[i].clipped);
        tg_tape_destroy(t);
        tg_params_destroy(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backward_writes_into_the_set_and_accumulates),
        cmocka_unit_test(a_parameter_has_one_leaf_which_borrows_the_values),
        cmocka_unit_test(a_bad_leaf_is_an_error_on_the_tape),
        cmocka_unit_test(values_that_changed_since_they_were_recorded_are_an_error),
        cmocka_unit_test(gradients_of_other_tapes_are_added),
        cmocka_unit_test(the_norm_leaves_out_unset_and_frozen_gradients),
        cmocka_unit_test(a_norm_that_is_not_finite_clips_nothing),
        cmocka_unit_test(norms_and_clips_of_any_size),
        cmocka_unit_test(the_norm_has_the_same_bits_at_every_number_of_threads),
    };
    return cmocka_run_group_tests_name("params_grad", tests, NULL, NULL);
}
