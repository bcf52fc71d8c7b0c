/* test_matmul.c - matmul and linear: against loops over indices, broadcasting, folding, transposes, large products. */
#include "naive.h"

#include <stdio.h>

#include "failing_allocator.h"
#include "threads.h"

static int64_t below(tg_rng *rng, int64_t n)
{
    return (int64_t)tg_rng_below(rng, (uint64_t)n);
}

/* [..., m, k] x [..., k, n] */
static void naive(const array *a, const array *b, tg_shape y, double *out)
{
    const int64_t k = a->shape.dims[a->shape.rank - 1];
    for (int64_t i = 0; i < tg_shape_size(&y); i++) {
        int64_t at[TG_MAX_RANK], pa[TG_MAX_RANK], pb[TG_MAX_RANK];
        position_of(&y, i, at);
        for (int d = 0; d < a->shape.rank; d++)
            pa[d] = a->shape.dims[d] == 1 ? 0 : at[y.rank - a->shape.rank + d];
        for (int d = 0; d < b->shape.rank; d++)
            pb[d] = b->shape.dims[d] == 1 ? 0 : at[y.rank - b->shape.rank + d];
        out[i] = 0;
        for (int64_t p = 0; p < k; p++) {
            pa[a->shape.rank - 1] = p;
            pb[b->shape.rank - 2] = p;
            out[i] += a->v[index_of(&a->shape, pa)] * b->v[index_of(&b->shape, pb)];
        }
    }
}

/* Random valid shapes of a product; each leading size is the common one, 1, or absent. */
static void draw_shapes(tg_rng *rng, int64_t most, tg_shape *a, tg_shape *b, tg_shape *y)
{
    const int leading = (int)below(rng, 5), whole = (int)below(rng, 2);
    *y = random_shape(rng, leading, 6);
    y->rank = leading + 2;
    tg_shape *in[] = { a, b };
    for (int i = 0; i < 2; i++) {
        const int gone = i == whole ? 0 : (int)below(rng, leading + 1);
        in[i]->rank = leading + 2 - gone;
        for (int d = 0; d < leading - gone; d++)
            in[i]->dims[d] = below(rng, 3) == 0 ? 1 : y->dims[gone + d];
    }
    const int64_t m = below(rng, most), n = below(rng, most), k = below(rng, most);
    a->dims[a->rank - 2] = y->dims[leading] = m;
    b->dims[b->rank - 1] = y->dims[leading + 1] = n;
    a->dims[a->rank - 1] = b->dims[b->rank - 2] = k;
    for (int d = 0; d < leading; d++) { /* where neither has the size, it is 1 */
        const int da = d - (leading + 2 - a->rank), db = d - (leading + 2 - b->rank);
        const int64_t sa = da < 0 ? 1 : a->dims[da], sb = db < 0 ? 1 : b->dims[db];
        y->dims[d] = sa == 1 ? sb : sa;
    }
}

static void products_meet_loops_over_indices(void **state)
{
    (void)state;
    static double want[NAIVE_MOST];
    static array a, b, y;
    tg_rng rng = tg_rng_seed(21);
    for (int trial = 0; trial < 1000; trial++) {
        tg_shape sa, sb, sy;
        draw_shapes(&rng, trial % 5 ? 6 : 20, &sa, &sb, &sy);
        a = random_array(&rng, sa, -1, 1);
        b = random_array(&rng, sb, -1, 1);
        naive(&a, &b, sy, want);
        for (tg_dtype d = TG_F32; d <= TG_F64; d++) {
            tg_tape *t = tg_tape_create(d);
            read_array(tg_matmul(variable_of(t, &a), variable_of(t, &b)), &y);
            same_shape(y.shape, sy);
            near_all(&y, want, d == TG_F32 ? 4e-6 : 1e-14, "matmul");
            tg_tape_destroy(t);
        }
    }
}

/* Gradients, where the vjp reads transposes through strides, equal those of naive loops, recorded or not. */
static tg_tensor product(const tg_tensor *x, int n, const void *context)
{
    (void)n, (void)context;
    return tg_matmul(x[0], x[1]);
}

static tg_tensor product_of_transposes(const tg_tensor *x, int n, const void *context)
{
    (void)n, (void)context;
    return tg_matmul(tg_transpose(x[1]), tg_transpose(x[0]));
}

static void gradients_meet_differences(void **state)
{
    (void)state;
    static array x[2];
    tg_rng rng = tg_rng_seed(22);
    for (int trial = 0; trial < 60; trial++) {
        tg_shape sy;
        do {
            draw_shapes(&rng, 4, &x[0].shape, &x[1].shape, &sy);
        } while (tg_shape_size(&sy) > 12);
        x[0] = random_array(&rng, x[0].shape, -1, 1);
        x[1] = random_array(&rng, x[1].shape, -1, 1);
        check_gradients(product, NULL, x, 2, "matmul");
        check_gradients(product_of_transposes, NULL, x, 2, "matmul of transposes");
    }
}

/* Third order, through products that vjps recorded with either operand transposed: for y = sum (a b)^3 / 6 along a line
   a + s p, b + s q the third derivative is known from the value at a few points. */
static double cubic(const array *a, const array *b, const array *p, const array *q, double s)
{
    double sum = 0, c;
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) {
            c = 0;
            for (int k = 0; k < 3; k++)
                c += (a->v[i * 3 + k] + s * p->v[i * 3 + k]) * (b->v[k * 2 + j] + s * q->v[k * 2 + j]);
            sum += c * c * c / 6;
        }
    return sum;
}

static void third_derivatives_are_right(void **state)
{
    (void)state;
    static array a, b, p, q;
    tg_rng rng = tg_rng_seed(23);
    a = random_array(&rng, TG_SHAPE(2, 3), -1, 1);
    b = random_array(&rng, TG_SHAPE(3, 2), -1, 1);
    p = random_array(&rng, TG_SHAPE(2, 3), -1, 1);
    q = random_array(&rng, TG_SHAPE(3, 2), -1, 1);
    tg_tape *t = tg_tape_create(TG_F64);
    const tg_tensor x[] = { variable_of(t, &a), variable_of(t, &b) };
    const tg_tensor d[] = { tg_constant(t, p.shape, p.v), tg_constant(t, q.shape, q.v) };
    const tg_tensor c = tg_matmul(x[0], x[1]);
    tg_tensor e = tg_scale(tg_sum(tg_mul(c, tg_mul(c, c)), TG_ALL, false), 1.0 / 6), g[2];
    for (int order = 0; order < 3; order++) {
        assert_int_equal(tg_grad(e, (tg_tensor){ 0 }, x, 2, g, TG_CREATE_GRAPH), TG_OK);
        e = tg_add(tg_sum(tg_mul(g[0], d[0]), TG_ALL, false), tg_sum(tg_mul(g[1], d[1]), TG_ALL, false));
    }
    /* A polynomial of degree 6 in s: differences over seven points give its third derivative. */
    static const double weights[] = { 1.0 / 8, -1, 13.0 / 8, 0, -13.0 / 8, 1, -1.0 / 8 };
    double third = 0;
    for (int i = -3; i <= 3; i++)
        third += weights[i + 3] * cubic(&a, &b, &p, &q, i * 0.01);
    near(tg_item(e), third / 1e-6, 1e-7, "third derivative", 0);
    tg_tape_destroy(t);
}

/* The gradient of a transpose that the user made is computed, although the product does not need it. */
static void a_transpose_has_its_own_gradient(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    const tg_tensor a = tg_variable(t, TG_SHAPE(1, 2), ((double[]){ 2, 3 }));
    const tg_tensor b = tg_variable(t, TG_SHAPE(3, 2), ((double[]){ 1, 2, 3, 4, 5, 6 }));
    const tg_tensor bt = tg_transpose(b), y = tg_sum(tg_matmul(a, bt), TG_ALL, false);
    tg_tensor g[2];
    array got;
    assert_int_equal(tg_grad(y, (tg_tensor){ 0 }, (tg_tensor[]){ bt, b }, 2, g, 0), TG_OK);
    read_array(g[0], &got);
    near_all(&got, (double[]){ 2, 2, 2, 3, 3, 3 }, 0, "of the transpose");
    read_array(g[1], &got);
    near_all(&got, (double[]){ 2, 3, 2, 3, 2, 3 }, 0, "of what it transposes");
    tg_tape_destroy(t);
}

/* Linear ---------------------------------------------------------------------------------------------------------- */

static tg_tensor linear(const tg_tensor *x, int n, const void *context)
{
    (void)context;
    return tg_linear(x[0], x[1], n > 2 ? x[2] : (tg_tensor){ 0 });
}

static void linear_is_a_product_and_a_bias(void **state)
{
    (void)state;
    static array x[3], y;
    static double want[NAIVE_MOST];
    tg_rng rng = tg_rng_seed(24);
    for (int trial = 0; trial < 400; trial++) {
        const int rank = 1 + (int)below(&rng, 8), n = 2 + (int)below(&rng, 2);
        tg_shape s = random_shape(&rng, rank, 40);
        const int64_t in = s.dims[rank - 1] = below(&rng, 8), out = below(&rng, 8);
        x[0] = random_array(&rng, s, -1, 1);
        x[1] = random_array(&rng, TG_SHAPE(in, out), -1, 1);
        x[2] = random_array(&rng, TG_SHAPE(out), -1, 1);
        s.dims[rank - 1] = out;
        for (int64_t i = 0; i < tg_shape_size(&s); i++) {
            want[i] = n > 2 ? x[2].v[i % out] : 0;
            for (int64_t k = 0; k < in; k++)
                want[i] += x[0].v[i / out * in + k] * x[1].v[k * out + i % out];
        }
        for (tg_dtype d = TG_F32; d <= TG_F64; d++) {
            tg_tape *t = tg_tape_create(d);
            const tg_tensor v[] = { variable_of(t, &x[0]), variable_of(t, &x[1]), variable_of(t, &x[2]) };
            read_array(linear(v, n, NULL), &y);
            same_shape(y.shape, s);
            near_all(&y, want, d == TG_F32 ? 4e-6 : 1e-14, "linear");
            tg_tape_destroy(t);
        }
        if (tg_shape_size(&s) <= 12 && x[0].size <= 12)
            check_gradients(linear, NULL, x, n, "linear");
    }
}

/* Memory ---------------------------------------------------------------------------------------------------------- */

/* What a backward of `f` takes for gradients, once for each dtype of the model: w and b are a set's. */
static size_t backward_bytes(tg_tensor (*f)(tg_tensor x, tg_tensor w, tg_tensor b), tg_shape x, tg_shape w)
{
    const tg_param_spec specs[] = { { .name = "w", .shape = w }, { .name = "b", .shape = TG_SHAPE(w.dims[1]) } };
    tg_params *params = tg_params_create(TG_F32, specs, 2, NULL);
    assert_non_null(params);
    tg_tape *t = tg_tape_create(TG_F32);
    const tg_tensor y = f(tg_full(t, x, 0.5), tg_param(t, params, 0), tg_param(t, params, 1));
    for (int twice = 0; twice < 2; twice++) /* first overwriting, then accumulating */
        if (tg_backward_from(y, tg_full(t, tg_shape_of(y), 1)) != TG_OK)
            fail_msg("%s", tg_tape_message(t));
    const size_t bytes = tg_tape_memory(t).gradient_bytes;
    const int64_t n = w.dims[0] * w.dims[1];
    double *dw = malloc((size_t)n * sizeof *dw);
    assert_int_equal(tg_params_read_grad_f64(params, 0, dw, n, NULL), TG_OK);
    for (int64_t i = 0; i < n; i++)
        near(dw[i], (double)(tg_shape_size(&x) / w.dims[0]), 1e-6, "dw", i);
    free(dw);
    tg_tape_destroy(t);
    tg_params_destroy(params);
    return bytes;
}

static tg_tensor use_matmul(tg_tensor x, tg_tensor w, tg_tensor b)
{
    (void)b;
    return tg_matmul(x, w);
}

/* The input needs no gradient and the weight's is written into its set: no gradient is kept, no transpose made. A batch
   makes one product, too. */
static void backward_of_a_layer_takes_no_memory(void **state)
{
    (void)state;
    assert_int_equal(backward_bytes(tg_linear, TG_SHAPE(64, 200), TG_SHAPE(200, 100)), 0);
    assert_int_equal(backward_bytes(use_matmul, TG_SHAPE(64, 200), TG_SHAPE(200, 100)), 0);
    assert_int_equal(backward_bytes(tg_linear, TG_SHAPE(8, 4, 200), TG_SHAPE(200, 100)), 0);
    assert_int_equal(backward_bytes(use_matmul, TG_SHAPE(8, 4, 200), TG_SHAPE(200, 100)), 0);
}

static void bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    static const struct {
        tg_shape a, b;
    } cases[] = {
        { { 2, { 150, 170 } }, { 2, { 170, 130 } } },     { { 3, { 40, 30, 50 } }, { 2, { 50, 60 } } },
        { { 3, { 40, 30, 50 } }, { 3, { 40, 50, 20 } } }, { { 4, { 3, 1, 40, 50 } }, { 3, { 7, 50, 20 } } },
        { { 2, { 100, 1000 } }, { 2, { 1000, 1000 } } }, /* db is large */
    };
    enum { MOST = 1000000 };
    double *v = malloc(MOST * sizeof *v), *first = malloc(2 * MOST * sizeof *v);
    tg_rng rng = tg_rng_seed(25);
    for (int i = 0; i < MOST; i++)
        v[i] = tg_rng_normal(&rng);
    const int before = tg_num_threads();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int threads = 1; threads <= 3; threads++) {
            use_threads(threads);
            tg_tape *t = tg_tape_create(TG_F32);
            const tg_tensor x[] = { tg_variable(t, cases[i].a, v), tg_variable(t, cases[i].b, v) };
            const tg_tensor y = tg_matmul(x[0], x[1]);
            assert_int_equal(tg_backward(tg_sum(tg_mul(y, y), TG_ALL, false)), TG_OK);
            for (int j = 0; j < 2; j++) {
                const tg_tensor g = tg_grad_of(x[j]);
                double *out = first + j * MOST, *again = malloc((size_t)tg_size(g) * sizeof *again);
                assert_int_equal(tg_read_f64(g, threads > 1 ? again : out, tg_size(g)), TG_OK);
                if (threads > 1)
                    assert_memory_equal(out, again, (size_t)tg_size(g) * sizeof *again);
                free(again);
            }
            tg_tape_destroy(t);
        }
    tg_set_num_threads(before);
    free(v);
    free(first);
}

/* Large products ---------------------------------------------------------------------------------------------------- */

/* They take copies of their operands into scratch; in a batch, one after the other. */
enum { LARGE_BATCH = 4, LARGE_DEPTH = 64, LARGE_SIDE = 520 };

/* [batch, LARGE_DEPTH, LARGE_SIDE] x [batch, LARGE_SIDE, LARGE_SIDE], or without batch an affine layer: of the status, and
   how many elements of the right operand's gradient, aᵀ g, are wrong. */
static tg_status large_gradient(bool batch, const tg_allocator *allocator, const double *v, int64_t *wrong,
                                char *message, size_t size)
{
    const int64_t n = LARGE_SIDE, k = LARGE_DEPTH, count = batch ? LARGE_BATCH : 1;
    const tg_shape a = batch ? TG_SHAPE(count, k, n) : TG_SHAPE(k, n);
    const tg_shape b = batch ? TG_SHAPE(count, n, n) : TG_SHAPE(n, n);
    tg_tape *t = tg_tape_create_with(TG_F64, allocator);
    const tg_tensor x = tg_wrap(t, a, v), w = tg_variable(t, b, v);
    tg_backward_from(batch ? tg_matmul(x, w) : tg_linear(x, w, (tg_tensor){ 0 }), tg_wrap(t, a, v + 1));
    const double *g = tg_data(tg_grad_of(w));
    *wrong = 0;
    for (int64_t s = 0; g && s < count; s++)
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < n; j++) {
                double want = 0;
                for (int64_t p = 0; p < k; p++)
                    want += v[(s * k + p) * n + i] * v[1 + (s * k + p) * n + j];
                *wrong += g[(s * n + i) * n + j] != want;
            }
    const tg_status status = tg_tape_status(t);
    snprintf(message, size, "%s", tg_tape_message(t));
    tg_tape_destroy(t);
    return status;
}

static void large_products_are_right_and_say_what_memory_they_lack(void **state)
{
    (void)state;
    const int64_t n = LARGE_BATCH * LARGE_SIDE * LARGE_SIDE;
    double *v = malloc((size_t)n * sizeof *v);
    for (int64_t i = 0; i < n; i++)
        v[i] = (double)(i * 31 % 17 - 8);
    const int before = tg_num_threads();
    use_threads(3);
    for (int batch = 0; batch < 2; batch++) {
        failing f = { 0 };
        const tg_allocator allocator = failing_allocator(&f);
        char message[512];
        int64_t wrong;
        assert_int_equal(large_gradient(batch, &allocator, v, &wrong, message, sizeof message), TG_OK);
        assert_int_equal(wrong, 0);
        bool scratch = false;
        for (long at = f.calls; at > 0; at--) {
            f = (failing){ .fail_at = at };
            assert_int_equal(large_gradient(batch, &allocator, v, &wrong, message, sizeof message), TG_ERR_MEMORY);
            assert_int_equal(f.outstanding, 0);
            scratch = scratch || strstr(message, "bytes of scratch");
        }
        assert_true(scratch);
    }
    tg_set_num_threads(before);
    free(v);
}

/* Errors ---------------------------------------------------------------------------------------------------------- */

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F32);
#define OF(...) tg_full(t, TG_SHAPE(__VA_ARGS__), 1)
    refused(t, tg_matmul(OF(64, 784), OF(300, 10)), TG_ERR_SHAPE,
            "matmul: [64, 784] x [300, 10]: inner sizes 784 and 300 differ");
    refused(t, tg_matmul(OF(3), OF(4, 1)), TG_ERR_SHAPE, "matmul: [3] x [4, 1]: inner sizes 3 and 4 differ");
    refused(t, tg_matmul(OF(3, 1), tg_full(t, TG_SCALAR, 1)), TG_ERR_SHAPE,
            "matmul: [3, 1] x []: ranks 2 and 0; a scalar has no axis to sum over");
    refused(t, tg_matmul(OF(2, 1, 3), OF(4, 3, 1)), TG_ERR_SHAPE,
            "matmul: [2, 1, 3] x [4, 3, 1]: leading sizes 2 and 4 do not broadcast; equal ones or a 1 would");
    refused(t, tg_matmul(OF(2, 2), (tg_tensor){ 0 }), TG_ERR_ARGUMENT, "matmul: input 1 is the null tensor");
    assert_null(tg_matmul((tg_tensor){ 0 }, (tg_tensor){ 0 }).tape);
    refused(t, tg_linear(OF(2, 3), OF(4, 5), (tg_tensor){ 0 }), TG_ERR_SHAPE,
            "linear: [2, 3] x [4, 5] x none: inner sizes 3 and 4 differ");
    refused(t, tg_linear(OF(2, 3), OF(3, 5), OF(4)), TG_ERR_SHAPE,
            "linear: [2, 3] x [3, 5] x [4]: the bias must be [5] or absent");
    refused(t, tg_linear(OF(2, 3), OF(3), (tg_tensor){ 0 }), TG_ERR_SHAPE,
            "linear: [2, 3] x [3] x none: w has rank 1; it must be [in, out]");
    refused(t, tg_linear(tg_full(t, TG_SCALAR, 1), OF(3, 5), (tg_tensor){ 0 }), TG_ERR_SHAPE,
            "linear: [] x [3, 5] x none: x is a scalar; it must have rank 1 or more");
    tg_tape *other = tg_tape_create(TG_F32);
    refused(t, tg_matmul(OF(2, 2), tg_full(other, TG_SHAPE(2, 2), 1)), TG_ERR_TAPE,
            "matmul: input 1 is a tensor of another tape");
    assert_int_equal(tg_tape_status(other), TG_OK);
    tg_tape_destroy(other);
    tg_tape_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_meet_loops_over_indices),
        cmocka_unit_test(gradients_meet_differences),
        cmocka_unit_test(third_derivatives_are_right),
        cmocka_unit_test(a_transpose_has_its_own_gradient),
        cmocka_unit_test(linear_is_a_product_and_a_bias),
        cmocka_unit_test(backward_of_a_layer_takes_no_memory),
        cmocka_unit_test(large_products_are_right_and_say_what_memory_they_lack),
        cmocka_unit_test(bits_do_not_depend_on_threads),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
