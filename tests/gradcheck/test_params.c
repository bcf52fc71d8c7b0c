/* test_params.c - checking models over parameter sets: in place, through a copy, and nothing changed by it. */
#include "check.h"
#include "failing_allocator.h"

static const tg_param_spec specs[] = {
    { .name = "w1", .shape = { 2, { 3, 4 } } },
    { .name = "b1", .shape = { 1, { 4 } } },
    { .name = "w2", .shape = { 2, { 3, 4 } } },
    { .name = "unused", .shape = { 1, { 2 } } },
    { .name = "frozen", .shape = { 1, { 4 } }, .flags = TG_PARAM_FROZEN },
};

static tg_params *make(tg_dtype dtype)
{
    tg_params *params = tg_params_create(dtype, specs, COUNT(specs), NULL);
    tg_rng rng = tg_rng_seed(11);
    for (int i = 0; i < COUNT(specs); i++)
        assert_int_equal(tg_params_fill_normal(params, i, 0.7, &rng, NULL), TG_OK);
    return params;
}

/* w1 is used twice. */
static tg_tensor model(tg_tape *tape, tg_params *params, void *context)
{
    (void)context;
    tg_tensor w1 = tg_param(tape, params, 0), b1 = tg_param(tape, params, 1), w2 = tg_param(tape, params, 2);
    tg_tensor h = tg_tanh(tg_add(tg_mul(w1, w1), b1));
    return tg_mul(tg_mul(h, w2), tg_exp(tg_param(tape, params, 4)));
}

/* All that a caller can see of a set. */
typedef struct picture {
    unsigned char values[512], grads[512];
    size_t bytes;
    bool has[COUNT(specs)];
    uint64_t version;
} picture;

static picture take_picture(tg_params *params)
{
    picture p;
    memset(&p, 0, sizeof p);
    int64_t n;
    const void *values = tg_params_values(params, &n);
    p.bytes = (size_t)n * tg_dtype_size(tg_params_dtype(params));
    assert_true(p.bytes <= sizeof p.values);
    memcpy(p.values, values, p.bytes);
    for (int i = 0; i < COUNT(specs); i++) {
        p.has[i] = tg_params_has_grad(params, i);
        double g[16];
        const tg_shape shape = tg_params_shape(params, i);
        if (tg_params_read_grad_f64(params, i, g, tg_shape_size(&shape), NULL) == TG_OK)
            memcpy(p.grads + (size_t)i * 96, g, (size_t)tg_shape_size(&shape) * sizeof *g);
    }
    p.version = tg_params_version(params);
    return p;
}

static void leave_gradients(tg_params *params)
{
    tg_tape *tape = tg_tape_create(tg_params_dtype(params));
    tg_tensor loss = tg_sum(tg_square(tg_param(tape, params, 2)), TG_ALL, false);
    assert_int_equal(tg_backward(loss), TG_OK);
    tg_tape_destroy(tape);
    assert_true(tg_params_has_grad(params, 2));
    assert_false(tg_params_has_grad(params, 0));
}

static void models_of_both_dtypes_are_checked(void **state)
{
    (void)state;
    for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++)
        for (int float32 = 0; float32 < 2; float32++)
            for (int order = 1; order < 3; order++) {
                tg_params *params = make(dtype);
                tg_gradcheck_result each[COUNT(specs)];
                tg_gradcheck_report report;
                const tg_gradcheck_config config = { .float32 = float32, .order = order, .each = each };
                assert_passed(tg_gradcheck_params(params, model, NULL, &config, &report), &report);
                assert_int_equal(each[0].n_checked, 12);
                assert_int_equal(each[1].n_checked, 4);
                assert_int_equal(each[3].n_checked, 2); /* 0 against 0 */
                assert_true(each[3].max_absolute == 0);
                assert_int_equal(each[4].n_checked, 0); /* frozen */
                if (!float32 && order == 1)
                    assert_true(report.all.max_relative < 1e-8);
                tg_params_destroy(params);
            }
}

static void a_set_is_left_as_it_was(void **state)
{
    (void)state;
    for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++)
        for (int float32 = 0; float32 < 2; float32++)
            for (int order = 1; order < 3; order++) {
                tg_params *params = make(dtype);
                leave_gradients(params);
                tg_tape *tape = tg_tape_create(dtype);
                tg_tensor loss = tg_sum(model(tape, params, NULL), TG_ALL, false);
                const picture before = take_picture(params);
                tg_gradcheck_report report;
                const tg_gradcheck_config config = { .float32 = float32, .order = order };
                assert_passed(tg_gradcheck_params(params, model, NULL, &config, &report), &report);
                const picture after = take_picture(params);
                assert_memory_equal(&before, &after, sizeof before);
                assert_int_equal(tg_backward(loss), TG_OK); /* recorded before, and still valid */
                tg_tape_destroy(tape);
                tg_params_destroy(params);
            }
}

/* Fails after some calls, in the middle of a difference. */
static tg_tensor failing_model(tg_tape *tape, tg_params *params, void *context)
{
    int *left = context;
    return (*left)-- > 0 ? model(tape, params, NULL) : tg_add(tg_param(tape, params, 0), tg_param(tape, params, 3));
}

static void a_set_is_left_as_it_was_after_an_error(void **state)
{
    (void)state;
    for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++)
        for (int calls = 0; calls < 12; calls++) {
            tg_params *params = make(dtype);
            leave_gradients(params);
            const picture before = take_picture(params);
            int left = calls;
            tg_gradcheck_report report;
            assert_int_equal(tg_gradcheck_params(params, failing_model, &left, NULL, &report), TG_ERR_SHAPE);
            assert_non_null(strstr(report.text, ": sizes 4 and 2 do not broadcast"));
            const picture after = take_picture(params);
            assert_memory_equal(&before, &after, sizeof before);
            tg_params_destroy(params);
        }
}

static void failing_allocations_leave_a_set_as_it_was(void **state)
{
    (void)state;
    for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++) {
        long skip = 0;
        bool done = false;
        while (!done) {
            failing f = { 0 };
            const tg_allocator allocator = failing_allocator(&f);
            tg_params *params = tg_params_create_with(dtype, specs, COUNT(specs), &allocator, NULL);
            tg_rng rng = tg_rng_seed(11);
            for (int i = 0; i < COUNT(specs); i++)
                assert_int_equal(tg_params_fill_normal(params, i, 0.7, &rng, NULL), TG_OK);
            leave_gradients(params);
            const picture before = take_picture(params);
            const long mine = f.outstanding;
            f.fail_at = f.calls + ++skip;
            tg_gradcheck_report report;
            const tg_gradcheck_config config = { .allocator = &allocator };
            const tg_status status = tg_gradcheck_params(params, model, NULL, &config, &report);
            done = f.calls < f.fail_at;
            if (done)
                assert_passed(status, &report);
            else
                assert_int_equal(status, TG_ERR_MEMORY);
            assert_int_equal(f.outstanding, mine);
            const picture after = take_picture(params);
            assert_memory_equal(&before, &after, sizeof before);
            tg_params_destroy(params);
            assert_int_equal(f.outstanding, 0);
        }
        assert_true(skip > 10);
    }
}

/* A model that uses its own set, as an MLP does. */
static tg_tensor own_set(tg_tape *tape, tg_params *params, void *context)
{
    (void)params;
    return model(tape, context, NULL);
}

static void a_model_may_use_its_own_set(void **state)
{
    (void)state;
    tg_params *params = make(TG_F64);
    tg_gradcheck_report report;
    assert_passed(tg_gradcheck_params(params, own_set, params, NULL, &report), &report);
    assert_int_equal(report.all.n_checked, 12 + 4 + 12 + 2);
    tg_params_destroy(params);
    params = make(TG_F32); /* then no copy can replace it, which is an error, not a pass */
    assert_int_equal(tg_gradcheck_params(params, own_set, params, NULL, &report), TG_ERR_DTYPE);
    assert_non_null(strstr(report.text, "clone the set"));
    tg_params_destroy(params);
}

static tg_tensor mlp_loss(tg_tape *tape, tg_params *params, void *context)
{
    (void)params;
    static const double x[] = { 0.2, -1, 0.5, 1.5, 0.3, -0.7, 1, 0.1 };
    return tg_square(tg_mlp_forward(context, tg_constant(tape, TG_SHAPE(2, 4), x)));
}

static void an_mlp_is_checked_through_its_clone(void **state)
{
    (void)state;
    const tg_mlp_config config = {
        .sizes = (const int64_t[]){ 4, 6, 5, 3 }, .n_sizes = 4, .activation = TG_TANH, .seed = 3
    };
    tg_mlp *net = tg_mlp_create(&config, NULL), *copy = tg_mlp_clone(net, TG_F64, NULL);
    tg_gradcheck_report report;
    assert_passed(tg_gradcheck_params(tg_mlp_params(copy), mlp_loss, copy, NULL, &report), &report);
    assert_int_equal(report.all.n_checked, 4 * 6 + 6 + 6 * 5 + 5 + 5 * 3 + 3);
    const tg_gradcheck_config second = { .order = 2, .max_elements = 6 };
    assert_passed(tg_gradcheck_params(tg_mlp_params(copy), mlp_loss, copy, &second, &report), &report);
    tg_mlp_destroy(net);
    tg_mlp_destroy(copy);
}

static void missing_arguments_are_errors(void **state)
{
    (void)state;
    tg_params *params = make(TG_F64);
    tg_gradcheck_report report;
    assert_int_equal(tg_gradcheck_params(NULL, model, NULL, NULL, &report), TG_ERR_ARGUMENT);
    assert_string_equal(report.text, "gradcheck: the parameter set is NULL");
    assert_int_equal(tg_gradcheck_params(params, NULL, NULL, NULL, &report), TG_ERR_ARGUMENT);
    assert_string_equal(report.text, "gradcheck: the function is NULL");
    assert_int_equal(tg_gradcheck_params(params, model, NULL, NULL, NULL), TG_ERR_ARGUMENT);
    for (int i = 0; i < COUNT(specs); i++)
        tg_params_set_flags(params, i, TG_PARAM_FROZEN, NULL);
    assert_int_equal(tg_gradcheck_params(params, model, NULL, NULL, &report), TG_ERR_ARGUMENT);
    assert_string_equal(report.text, "gradcheck: there is no input that takes a gradient");
    tg_params_destroy(params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_of_both_dtypes_are_checked),
        cmocka_unit_test(a_set_is_left_as_it_was),
        cmocka_unit_test(a_set_is_left_as_it_was_after_an_error),
        cmocka_unit_test(failing_allocations_leave_a_set_as_it_was),
        cmocka_unit_test(a_model_may_use_its_own_set),
        cmocka_unit_test(an_mlp_is_checked_through_its_clone),
        cmocka_unit_test(missing_arguments_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
