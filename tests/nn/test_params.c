/* test_params.c - parameter sets: layout, values, flags, errors. */
#include "sample_set.h"

#include <time.h>

#include "tapegrad/rng.h"
#include "tapegrad/tape.h"

/* Layout ---------------------------------------------------------------------------------------------------------- */

static void queries_return_the_specs(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        tg_params *p = make((tg_dtype)d);
        assert_int_equal(tg_params_count(p), COUNT);
        assert_int_equal(tg_params_dtype(p), d);
        assert_int_equal(tg_params_size(p), 35 + 0 + 1 + 3 + 17);
        for (int i = 0; i < COUNT; i++) {
            const tg_shape shape = tg_params_shape(p, i);
            assert_string_equal(tg_params_name(p, i), specs[i].name);
            assert_true(tg_params_name(p, i) != specs[i].name);
            assert_true(tg_shape_equal(&shape, &specs[i].shape));
            assert_int_equal(tg_params_flags(p, i), specs[i].flags);
            assert_int_equal(tg_params_find(p, specs[i].name), i);
            assert_false(tg_params_has_grad(p, i));
        }
        assert_int_equal(tg_params_find(p, "las"), -1);
        assert_int_equal(tg_params_find(p, "lastly"), -1);
        tg_params_destroy(p);
    }
}

static void parameters_start_at_64_bytes_and_do_not_overlap(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        tg_params *p = make((tg_dtype)d);
        int64_t count = -1, grads = -1;
        const char *values = tg_params_values(p, &count);
        const char *g = tg_params_grads(p, &grads);
        const int64_t width = (int64_t)tg_dtype_size((tg_dtype)d);
        assert_int_equal(count, grads);
        for (int i = 0; i < COUNT; i++) {
            const int64_t offset = tg_params_offset(p, i), next = i + 1 < COUNT ? tg_params_offset(p, i + 1) : count;
            assert_int_equal((uintptr_t)(values + offset * width) % 64, 0);
            assert_int_equal((uintptr_t)(g + offset * width) % 64, 0);
            assert_true(next >= offset + sizes[i] && next < offset + sizes[i] + 64 / width);
        }
        fill(p);
        assert_padding_is_zero(p, values, count);
        assert_padding_is_zero(p, g, count);
        tg_params_destroy(p);
    }
}

static void an_empty_set_is_a_set(void **state)
{
    (void)state;
    tg_error err;
    int64_t count = -1;
    tg_params *p = tg_params_create(TG_F32, NULL, 0, &err);
    assert_non_null(p);
    assert_int_equal(tg_params_size(p), 0);
    assert_non_null(tg_params_values(p, &count));
    assert_int_equal(count, 0);
    assert_true(tg_params_grad_norm(p) == 0);
    tg_params *copy = tg_params_clone(p, TG_F64, &err);
    assert_non_null(copy);
    assert_int_equal(tg_params_copy(copy, p, &err), TG_OK);
    tg_params_destroy(copy);
    tg_params_destroy(p);
}

static void refused(tg_dtype dtype, const tg_param_spec *bad, int n, tg_status status, const char *const *words)
{
    tg_error err = { .status = TG_OK };
    assert_null(tg_params_create(dtype, bad, n, &err));
    assert_null(tg_params_create(dtype, bad, n, NULL));
    assert_says(err.status, err.text, status, words);
}
#define REFUSED(dtype, n, status, words, ...)                                                                        \
    refused(dtype, (const tg_param_spec[]){ __VA_ARGS__ }, n, status, (const char *const[]){ words, NULL })
#define WORDS(...) __VA_ARGS__

static void a_bad_set_is_refused(void **state)
{
    (void)state;
    REFUSED(TG_F32, 2, TG_ERR_ARGUMENT, WORDS("two", "w"), { .name = "w" }, { .name = "w" });
    REFUSED(TG_F32, 2, TG_ERR_ARGUMENT, "parameter 1 has no name", { .name = "w" }, { .name = NULL });
    REFUSED(TG_F32, 1, TG_ERR_ARGUMENT, "parameter 0 has no name", { .name = "" });
    REFUSED(TG_F32, 1, TG_ERR_ARGUMENT, WORDS("w", "0x14", "0x3"), { .name = "w", .flags = 20 });
    REFUSED(TG_F32, 1, TG_ERR_SHAPE, WORDS("w", "rank 9", "8"), { .name = "w", .shape = { .rank = 9 } });
    REFUSED(TG_F32, 1, TG_ERR_SHAPE, WORDS("w", "[2, -1]"), { .name = "w", .shape = { 2, { 2, -1 } } });
    REFUSED(TG_F32, 1, TG_ERR_SHAPE, WORDS("w", "memory"), { .name = "w", .shape = { 2, { INT64_MAX, 3 } } });
    REFUSED((tg_dtype)7, 1, TG_ERR_DTYPE, "7", { .name = "w" });
    REFUSED(TG_F32, -1, TG_ERR_ARGUMENT, "-1", { .name = "w" });
    /* The size of each fits in 64 bits, their sum does not. */
    const int64_t half = PTRDIFF_MAX / 16 + 64;
    REFUSED(TG_F64, 2, TG_ERR_SHAPE, "memory", { .name = "a", .shape = { 1, { half } } },
            { .name = "b", .shape = { 1, { half } } });
    tg_error err;
    assert_null(tg_params_create(TG_F32, NULL, 3, &err));
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "3", "NULL");
}

/* Values ---------------------------------------------------------------------------------------------------------- */

static void values_are_read_as_they_were_written(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        tg_params *p = make((tg_dtype)d);
        uint64_t version = tg_params_version(p);
        fill(p);
        assert_int_equal(tg_params_version(p), version + COUNT);
        const void *values = tg_params_values(p, NULL);
        for (int i = 0; i < COUNT; i++) {
            float f[35];
            double g[35];
            assert_int_equal(tg_params_read_f32(p, i, f, sizes[i], NULL), TG_OK);
            assert_int_equal(tg_params_read_f64(p, i, g, sizes[i], NULL), TG_OK);
            for (int64_t k = 0; k < sizes[i]; k++) {
                assert_true(f[k] == (float)(100 * i + k) + 0.25f && g[k] == (double)(100 * i + k) + 0.25);
                assert_true(element(values, (tg_dtype)d, tg_params_offset(p, i) + k) == g[k]);
            }
        }
        tg_params_destroy(p);
    }
}

static void a_write_of_float32_reaches_both_dtypes(void **state)
{
    (void)state;
    const float in[3] = { 0.1f, -0x1p-149f, INFINITY };
    for (int d = 0; d < 2; d++) {
        tg_params *p = make((tg_dtype)d);
        double out[3];
        assert_int_equal(tg_params_write_f32(p, FROZEN, in, 3, NULL), TG_OK);
        assert_int_equal(tg_params_read_f64(p, FROZEN, out, 3, NULL), TG_OK);
        for (int k = 0; k < 3; k++)
            assert_true(out[k] == (double)in[k]);
        tg_params_destroy(p);
    }
}

static void bad_reads_and_writes_change_nothing(void **state)
{
    (void)state;
    tg_params *p = make(TG_F64);
    fill(p);
    const uint64_t version = tg_params_version(p);
    double x[35] = { 0 };
    tg_error err;
    assert_int_equal(tg_params_write_f64(p, A, x, 34, &err), TG_ERR_SHAPE);
    ASSERT_ERROR(err, TG_ERR_SHAPE, "params_write", "a", "[5, 7]", "34", "35");
    tg_params_write_f64(p, A, NULL, 35, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "params_write", "a", "NULL");
    tg_params_write_f64(p, COUNT, x, 1, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "params_write", "5");
    tg_params_write_f64(p, -1, x, 1, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "params_write", "-1");
    tg_params_write_f64(NULL, 0, x, 1, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "params_write", "NULL");
    tg_params_read_f64(p, LAST, x, 18, &err);
    ASSERT_ERROR(err, TG_ERR_SHAPE, "params_read", "last", "[17]", "18");
    tg_params_read_grad_f32(p, 9, NULL, 0, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "params_read_grad", "9");
    assert_int_equal(tg_params_version(p), version);
    assert_int_equal(tg_params_read_f64(p, A, x, 35, &err), TG_OK);
    assert_int_equal(err.status, TG_OK);
    assert_string_equal(err.text, "");
    assert_true(x[34] == 34.25);
    assert_int_equal(tg_params_write_f64(p, EMPTY, NULL, 0, &err), TG_OK);
    tg_params_destroy(p);
}

static void a_copy_has_the_values_in_its_own_dtype(void **state)
{
    (void)state;
    tg_error err;
    tg_params *p = make(TG_F64);
    const double third[3] = { 1.0 / 3, -1e300, 1e-320 };
    fill(p);
    tg_params_write_f64(p, FROZEN, third, 3, NULL);
    tg_params *f32 = tg_params_clone(p, TG_F32, &err), *f64 = tg_params_clone(f32, TG_F64, &err);
    tg_params *again = tg_params_clone(p, TG_F64, &err);
    assert_true(f32 && f64 && again);
    double x[3], y[35];
    tg_params_read_f64(f32, FROZEN, x, 3, NULL);
    assert_true(x[0] == (double)(1.0f / 3) && x[1] == (double)-INFINITY && x[2] == 0);
    tg_params_read_f64(f64, FROZEN, x, 3, NULL);
    assert_true(x[0] == (double)(1.0f / 3));
    tg_params_read_f64(again, FROZEN, x, 3, NULL);
    assert_memory_equal(x, third, sizeof x);
    tg_params_read_f64(f64, A, y, 35, NULL);
    assert_true(y[34] == 34.25);
    for (int i = 0; i < COUNT; i++) {
        assert_string_equal(tg_params_name(f64, i), specs[i].name);
        assert_int_equal(tg_params_flags(f64, i), specs[i].flags);
    }
    int64_t count;
    const void *values = tg_params_values(f64, &count);
    assert_padding_is_zero(f64, values, count);
    tg_params_destroy(p);
    assert_string_equal(tg_params_name(f32, LAST), "last");
    tg_params_destroy(f32);
    tg_params_destroy(f64);
    tg_params_destroy(again);
}

static void copy_needs_the_same_names_and_shapes(void **state)
{
    (void)state;
    tg_error err;
    tg_params *from = make(TG_F64), *to = make(TG_F32);
    fill(from);
    uint64_t version = tg_params_version(to);
    assert_int_equal(tg_params_copy(to, from, &err), TG_OK);
    assert_true(tg_params_version(to) > version);
    float x[17];
    tg_params_read_f32(to, LAST, x, 17, NULL);
    assert_true(x[16] == 416.25f);
    version = tg_params_version(to);
    tg_params *fewer = tg_params_create(TG_F32, specs, COUNT - 1, &err);
    tg_params_copy(to, fewer, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "params_copy", "4", "5");
    tg_param_spec other[COUNT];
    memcpy(other, specs, sizeof specs);
    other[LAST].shape.dims[0] = 18;
    tg_params *shaped = tg_params_create(TG_F32, other, COUNT, &err);
    tg_params_copy(to, shaped, &err);
    ASSERT_ERROR(err, TG_ERR_SHAPE, "last", "[17]", "[18]");
    other[LAST] = specs[LAST];
    other[LAST].name = "final";
    tg_params *named = tg_params_create(TG_F32, other, COUNT, &err);
    tg_params_copy(to, named, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "last", "final");
    tg_params_copy(to, NULL, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "from", "NULL");
    tg_params_copy(NULL, to, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "to", "NULL");
    tg_params_read_f32(to, A, x, 0, NULL);
    assert_int_equal(tg_params_version(to), version);
    tg_params_destroy(named);
    tg_params_destroy(shaped);
    tg_params_destroy(fewer);
    tg_params_destroy(from);
    tg_params_destroy(to);
}

static void filling_draws_the_same_numbers_for_both_dtypes(void **state)
{
    (void)state;
    tg_params *f = make(TG_F32), *d = make(TG_F64);
    tg_rng one = tg_rng_seed(3), two = tg_rng_seed(3), three = tg_rng_seed(3);
    float x[35];
    double y[35];
    assert_int_equal(tg_params_fill_normal(f, A, 0.5, &one, NULL), TG_OK);
    assert_int_equal(tg_params_fill_normal(d, A, 0.5, &two, NULL), TG_OK);
    tg_params_read_f32(f, A, x, 35, NULL);
    tg_params_read_f64(d, A, y, 35, NULL);
    for (int k = 0; k < 35; k++)
        assert_true(y[k] == 0.5 * tg_rng_normal(&three) && x[k] == (float)y[k]);
    assert_int_equal(tg_params_fill_uniform(f, LAST, -1, 3, &one, NULL), TG_OK);
    assert_int_equal(tg_params_fill_uniform(d, LAST, -1, 3, &two, NULL), TG_OK);
    tg_params_read_f32(f, LAST, x, 17, NULL);
    tg_params_read_f64(d, LAST, y, 17, NULL);
    for (int k = 0; k < 17; k++)
        assert_true(y[k] == tg_rng_between(&three, -1, 3) && x[k] == (float)y[k]);
    assert_true(one.position == three.position && two.position == three.position);
    tg_error err;
    const uint64_t version = tg_params_version(d);
    tg_params_fill_normal(d, A, -0.5, &one, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "-0.5", "a");
    tg_params_fill_normal(d, A, 1, NULL, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "generator", "NULL");
    tg_params_fill_uniform(d, A, 1, 0, &one, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "1 .. 0");
    tg_params_fill_uniform(d, A, 0, (double)INFINITY, &one, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "inf");
    tg_params_fill_uniform(d, 77, 0, 1, &one, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "77");
    assert_int_equal(tg_params_version(d), version);
    tg_params_destroy(f);
    tg_params_destroy(d);
}

static void flags_are_replaced(void **state)
{
    (void)state;
    tg_params *p = make(TG_F32);
    tg_error err;
    assert_int_equal(tg_params_set_flags(p, A, TG_PARAM_FROZEN, &err), TG_OK);
    assert_int_equal(tg_params_flags(p, A), TG_PARAM_FROZEN);
    tg_params_set_flags(p, A, 8, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "a", "0x8", "0x3");
    assert_int_equal(tg_params_flags(p, A), TG_PARAM_FROZEN);
    tg_params_set_flags(NULL, A, 0, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "NULL");
    tg_params_destroy(p);
}

static void null_is_handled_everywhere(void **state)
{
    (void)state;
    int64_t count = 5;
    tg_params_destroy(NULL);
    tg_params_touch(NULL);
    tg_params_zero_grad(NULL);
    assert_int_equal(tg_params_count(NULL), 0);
    assert_int_equal(tg_params_size(NULL), 0);
    assert_null(tg_params_name(NULL, 0));
    assert_int_equal(tg_params_find(NULL, "a"), -1);
    assert_int_equal(tg_params_offset(NULL, 0), -1);
    assert_null(tg_params_values(NULL, &count));
    assert_int_equal(count, 0);
    assert_null(tg_params_grads(NULL, NULL));
    assert_false(tg_params_has_grad(NULL, 0));
    assert_true(tg_params_grad_norm(NULL) == 0);
    tg_error err;
    assert_null(tg_params_clone(NULL, TG_F32, &err));
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "params_clone", "NULL");
    tg_params_clip_grad_norm(NULL, 1, NULL, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "params_clip_grad_norm", "NULL");
    tg_params *p = make(TG_F32);
    assert_null(tg_params_name(p, COUNT));
    assert_int_equal(tg_params_offset(p, -1), -1);
    assert_int_equal(tg_params_shape(p, COUNT).rank, 0);
    assert_int_equal(tg_params_find(p, NULL), -1);
    assert_false(tg_params_has_grad(p, COUNT));
    tg_params_destroy(p);
}

/* Memory ---------------------------------------------------------------------------------------------------------- */

static void every_allocation_may_fail(void **state)
{
    (void)state;
    failing f = { 0 };
    const tg_allocator a = failing_allocator(&f);
    tg_params *p = NULL, *copy = NULL;
    tg_error err;
    for (f.fail_at = 1; !p; f.fail_at++) {
        f.calls = 0;
        p = tg_params_create_with(TG_F32, specs, COUNT, &a, &err);
        assert_int_equal(err.status, p ? TG_OK : TG_ERR_MEMORY);
        assert_true(p || (f.outstanding == 0 && f.bytes == 0));
    }
    assert_true(f.fail_at > 4);
    fill(p);
    const long held = f.outstanding;
    for (f.fail_at = 1; !copy; f.fail_at++) {
        f.calls = 0;
        copy = tg_params_clone(p, TG_F64, &err);
        assert_int_equal(err.status, copy ? TG_OK : TG_ERR_MEMORY);
        assert_true(copy || f.outstanding == held);
    }
    double x[17];
    tg_params_read_f64(copy, LAST, x, 17, NULL);
    assert_true(x[16] == 416.25);
    tg_params_destroy(p);
    tg_params_destroy(copy);
    assert_true(f.outstanding == 0 && f.bytes == 0);
}

/* Names are compared some 20 times each, not each with every other, which would take minutes. */
static void many_names_are_fast(void **state)
{
    (void)state;
    enum { MANY = 200000, BYTES = 16 };
    tg_param_spec *many = calloc(MANY, sizeof *many);
    char(*names)[BYTES] = calloc(MANY, BYTES);
    const clock_t start = clock();
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], BYTES, "layer%d", (int)((i * INT64_C(7919)) % MANY)); /* not sorted */
        many[i] = (tg_param_spec){ .name = names[i], .shape = { 0 } };
    }
    tg_error err;
    tg_params *p = tg_params_create(TG_F32, many, MANY, &err);
    assert_non_null(p);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(tg_params_find(p, names[i]), i);
    assert_int_equal(tg_params_find(p, "layer"), -1);
    assert_int_equal(tg_params_find(p, "layer200000"), -1);
    tg_params *copy = tg_params_clone(p, TG_F64, NULL);
    assert_int_equal(tg_params_find(copy, names[MANY - 1]), MANY - 1);
    many[MANY - 1].name = names[5];
    assert_null(tg_params_create(TG_F32, many, MANY, &err));
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "params_create", "two parameters are named", names[5]);
    assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
    tg_params_destroy(copy);
    tg_params_destroy(p);
    free(names);
    free(many);
}

/* Averages ---------------------------------------------------------------------------------------------------------- */

static void an_average_is_computed_in_double_and_rounded_once(void **state)
{
    (void)state;
    enum { N = 40000 }; /* several blocks */
    static double a[N], b[N], got[N];
    const tg_param_spec two[] = { { .name = "w", .shape = TG_SHAPE(N) }, { .name = "b", .shape = TG_SHAPE(3) } };
    tg_rng rng = tg_rng_seed(3);
    for (int i = 0; i < N; i++) {
        a[i] = (double)(float)tg_rng_normal(&rng);
        b[i] = (double)(float)tg_rng_normal(&rng);
    }
    for (int d = 0; d < 4; d++) {
        tg_params *to = tg_params_create((tg_dtype)(d % 2), two, 2, NULL),
                  *from = tg_params_create((tg_dtype)(d / 2), two, 2, NULL);
        tg_error err;
        const double weights[] = { 0.999, 0, 1, 1.0 / 3 };
        for (int k = 0; k < 4; k++) {
            tg_params_write_f64(to, 0, a, N, NULL);
            tg_params_write_f64(to, 1, a, 3, NULL);
            tg_params_write_f64(from, 0, b, N, NULL);
            tg_params_write_f64(from, 1, b + 1, 3, NULL);
            assert_int_equal(tg_params_average(to, from, weights[k], &err), TG_OK);
            tg_params_read_f64(to, 0, got, N, NULL);
            for (int i = 0; i < N; i++) {
                const double x = weights[k] * a[i] + (1 - weights[k]) * b[i];
                assert_true(got[i] == (d % 2 == TG_F32 ? (double)(float)x : x));
            }
            tg_params_read_f64(to, 1, got, 3, NULL);
            assert_close(got[2], weights[k] * a[2] + (1 - weights[k]) * b[3], 1e-7);
        }
        int64_t count;
        const void *values = tg_params_values(to, &count);
        assert_padding_is_zero(to, values, count);
        tg_params_destroy(to);
        tg_params_destroy(from);
    }
}

/* A weight of 0 copies, so that an average can begin over values that are not finite; after an error nothing changed. */
static void the_edges_of_an_average(void **state)
{
    (void)state;
    tg_params *to = make(TG_F64), *from = make(TG_F32);
    double inf = (double)INFINITY, x;
    tg_error err;
    fill(from);
    tg_params_write_f64(to, ONE, &inf, 1, NULL);
    const uint64_t version = tg_params_version(to);
    tg_params_average(to, from, 1.5, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "params_average", "1.5", "0 .. 1");
    tg_params_average(to, NULL, 0.5, &err);
    ASSERT_ERROR(err, TG_ERR_ARGUMENT, "params_average", "NULL");
    assert_int_equal(tg_params_average(to, from, 1, &err), TG_OK);
    tg_params_read_f64(to, ONE, &x, 1, NULL);
    assert_true(isinf(x) && tg_params_version(to) == version);
    assert_int_equal(tg_params_average(to, from, 0, &err), TG_OK);
    tg_params_read_f64(to, ONE, &x, 1, NULL);
    assert_true(x == 200.25 && tg_params_version(to) == version + 1);
    tg_params_destroy(to);
    tg_params_destroy(from);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_return_the_specs),
        cmocka_unit_test(parameters_start_at_64_bytes_and_do_not_overlap),
        cmocka_unit_test(an_empty_set_is_a_set),
        cmocka_unit_test(a_bad_set_is_refused),
        cmocka_unit_test(values_are_read_as_they_were_written),
        cmocka_unit_test(a_write_of_float32_reaches_both_dtypes),
        cmocka_unit_test(bad_reads_and_writes_change_nothing),
        cmocka_unit_test(a_copy_has_the_values_in_its_own_dtype),
        cmocka_unit_test(copy_needs_the_same_names_and_shapes),
        cmocka_unit_test(filling_draws_the_same_numbers_for_both_dtypes),
        cmocka_unit_test(flags_are_replaced),
        cmocka_unit_test(null_is_handled_everywhere),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(many_names_are_fast),
        cmocka_unit_test(an_average_is_computed_in_double_and_rounded_once),
        cmocka_unit_test(the_edges_of_an_average),
    };
    return cmocka_run_group_tests_name("params", tests, NULL, NULL);
}
