/* test_norm.c - softmax and its logarithm along every axis, and layer_norm: against their formulas, and at special points. */
#include "naive.h"

#include "threads.h"

typedef struct along {
    int axis;
    bool logarithm;
} along;

static tg_tensor softmax(const tg_tensor *x, int n, const void *context)
{
    (void)n;
    const along *a = context;
    return a->logarithm ? tg_log_softmax(x[0], a->axis) : tg_softmax(x[0], a->axis);
}

/* Whether elements i and j are on one line. */
static bool on_one_line(const tg_shape *s, int axis, int64_t i, int64_t j)
{
    int64_t a[TG_MAX_RANK], b[TG_MAX_RANK];
    position_of(s, i, a);
    position_of(s, j, b);
    for (int d = 0; d < s->rank; d++)
        if (axis != TG_ALL && d != (axis < 0 ? axis + s->rank : axis) && a[d] != b[d])
            return false;
    return true;
}

static void naive(const array *x, const along *a, double *y)
{
    for (int64_t i = 0; i < x->size; i++) {
        double m = x->v[i], s = 0;
        for (int64_t j = 0; j < x->size; j++)
            m = on_one_line(&x->shape, a->axis, i, j) && x->v[j] > m ? x->v[j] : m;
        for (int64_t j = 0; j < x->size; j++)
            s += on_one_line(&x->shape, a->axis, i, j) ? exp(x->v[j] - m) : 0;
        y[i] = a->logarithm ? x->v[i] - m - log(s) : exp(x->v[i] - m) / s;
    }
}

static void softmax_meets_its_formula(void **state)
{
    (void)state;
    static array x, y;
    static double want[NAIVE_MOST];
    tg_rng rng = tg_rng_seed(41);
    for (int trial = 0; trial < 600; trial++) {
        const int rank = (int)tg_rng_below(&rng, 9), legal = rank ? rank : 1;
        const int drawn = (int)tg_rng_below(&rng, 2 * (uint64_t)legal + 1) - legal;
        const along a = { drawn == legal ? TG_ALL : drawn, tg_rng_below(&rng, 2) };
        const double far = trial % 3 ? 3 : 1000;
        x = random_array(&rng, random_shape(&rng, rank, 200), -far, far);
        naive(&x, &a, want);
        for (tg_dtype d = TG_F32; d <= TG_F64; d++) {
            tg_tape *t = tg_tape_create(d);
            const tg_tensor v = variable_of(t, &x);
            read_array(softmax(&v, 1, &a), &y);
            same_shape(y.shape, x.shape);
            near_all(&y, want, d == TG_F32 ? 2e-6 : 1e-14, a.logarithm ? "log_softmax" : "softmax");
            tg_tape_destroy(t);
        }
    }
}

static void softmax_gradients_meet_differences(void **state)
{
    (void)state;
    static array x;
    tg_rng rng = tg_rng_seed(42);
    const tg_shape shapes[] = { TG_SCALAR, TG_SHAPE(5), TG_SHAPE(3, 4), TG_SHAPE(2, 3, 2), TG_SHAPE(2, 1, 3) };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (int axis = -shapes[i].rank; axis <= shapes[i].rank; axis++)
            for (int log = 0; log < 2; log++) {
                const along a = { axis == shapes[i].rank ? TG_ALL : axis, log };
                x = random_array(&rng, shapes[i], -2, 2);
                check_gradients(softmax, &a, &x, 1, log ? "log_softmax" : "softmax");
            }
    const along a = { 1, false };
    x = random_array(&rng, TG_SHAPE(2, 70), -2, 2); /* more than a vector, and a tail */
    check_first(softmax, &a, &x, 1, "softmax");
}

static void infinities_go_to_their_limits(void **state)
{
    (void)state;
    const double inf = (double)INFINITY, nan = (double)NAN;
    const double x[] = { -inf, 0, 0, /**/ -inf, -inf, -inf, /**/ inf, 0, 0, /**/ 1e30, -1e30, 1e30, /**/ nan, 0, 0 };
    const double y[] = { 0, 0.5, 0.5, /**/ nan, nan, nan, /**/ 1, 0, 0, /**/ 0.5, 0, 0.5, /**/ nan, nan, nan };
    for (tg_dtype d = TG_F32; d <= TG_F64; d++)
        for (int axis = 0; axis < 2; axis++) {
            tg_tape *t = tg_tape_create(d);
            array got;
            tg_tensor v = tg_variable(t, TG_SHAPE(5, 3), x);
            v = axis ? v : tg_transpose(v);
            const tg_tensor s = tg_softmax(v, axis), l = tg_exp(tg_log_softmax(v, axis));
            read_array(axis ? s : tg_transpose(s), &got);
            for (int i = 0; i < 15; i++)
                near(got.v[i], y[i], 1e-6, "softmax", i);
            read_array(axis ? l : tg_transpose(l), &got);
            for (int i = 0; i < 15; i++)
                near(got.v[i], y[i], 1e-6, "exp log_softmax", i);
            tg_tape_destroy(t);
        }
}

/* Layer norm ------------------------------------------------------------------------------------------------------- */

typedef struct norm {
    bool gain, bias;
    double eps;
} norm;

static tg_tensor layer_norm(const tg_tensor *x, int n, const void *context)
{
    (void)n;
    const norm *k = context;
    const tg_tensor none = { 0 };
    return tg_layer_norm(x[0], k->gain ? x[1] : none, k->bias ? x[1 + k->gain] : none, k->eps);
}

static void layer_norm_meets_its_formula(void **state)
{
    (void)state;
    static array x[3], y;
    tg_rng rng = tg_rng_seed(43);
    for (int trial = 0; trial < 400; trial++) {
        const norm k = { trial & 1, trial & 2, trial % 3 ? 1e-5 : 0.5 };
        tg_shape s = random_shape(&rng, 1 + (int)tg_rng_below(&rng, 8), 60);
        const int64_t n = s.dims[s.rank - 1] = 1 + (int64_t)tg_rng_below(&rng, trial % 5 ? 7 : 50);
        const double offset = trial % 4 ? 0 : 100;
        x[0] = random_array(&rng, s, offset - 2, offset + 2);
        x[1] = random_array(&rng, TG_SHAPE(n), -2, 2);
        x[1 + k.gain] = k.gain ? random_array(&rng, TG_SHAPE(n), -2, 2) : x[1];
        for (tg_dtype d = TG_F32; d <= TG_F64; d++) {
            tg_tape *t = tg_tape_create(d);
            const tg_tensor v[] = { variable_of(t, &x[0]), variable_of(t, &x[1]), variable_of(t, &x[1 + k.gain]) };
            read_array(layer_norm(v, 3, &k), &y);
            same_shape(y.shape, s);
            for (int64_t i = 0; i < y.size; i++) {
                const double *row = &x[0].v[i / n * n];
                double mean = 0, var = 0;
                for (int64_t j = 0; j < n; j++)
                    mean += row[j] / (double)n;
                for (int64_t j = 0; j < n; j++)
                    var += (row[j] - mean) * (row[j] - mean) / (double)n;
                const double want = (row[i % n] - mean) / sqrt(var + k.eps) * (k.gain ? x[1].v[i % n] : 1) +
                                    (k.bias ? x[1 + k.gain].v[i % n] : 0);
                near(y.v[i], want, d == TG_F64 ? 1e-11 : 2e-5, "layer_norm", i);
            }
            tg_tape_destroy(t);
        }
    }
}

static void layer_norm_gradients_meet_differences(void **state)
{
    (void)state;
    static array x[3];
    tg_rng rng = tg_rng_seed(44);
    for (int trial = 0; trial < 8; trial++) {
        const norm k = { trial & 1, trial & 2, 0.1 };
        x[0] = random_array(&rng, trial & 4 ? TG_SHAPE(2, 2, 3) : TG_SHAPE(2, 5), -2, 2);
        const int64_t n = trial & 4 ? 3 : 5;
        x[1] = random_array(&rng, TG_SHAPE(n), -2, 2);
        x[2] = random_array(&rng, TG_SHAPE(n), -2, 2);
        check_gradients(layer_norm, &k, x, 1 + k.gain + k.bias, "layer_norm");
    }
    const norm k = { true, true, 1e-5 };
    x[0] = random_array(&rng, TG_SHAPE(2, 37), -2, 2);
    x[1] = random_array(&rng, TG_SHAPE(37), -2, 2);
    x[2] = random_array(&rng, TG_SHAPE(37), -2, 2);
    check_first(layer_norm, &k, x, 3, "layer_norm");
}

/* Third derivatives against differences of second derivatives. */
static tg_tensor gradient_of_layer_norm(const tg_tensor *x, int n, const void *context)
{
    const gradient_of g = { layer_norm, context };
    return weighed_gradients(x, n, &g);
}

static void layer_norm_has_a_third_derivative(void **state)
{
    (void)state;
    static array x[2];
    tg_rng rng = tg_rng_seed(45);
    const norm k = { true, false, 0.3 };
    x[0] = random_array(&rng, TG_SHAPE(1, 4), -1, 1);
    x[1] = random_array(&rng, TG_SHAPE(4), -1, 1);
    const gradient_of third = { gradient_of_layer_norm, &k };
    check_first(weighed_gradients, &third, x, 2, "layer_norm, third");
}

static void bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    enum { N = 300000 };
    double *v = malloc(N * sizeof *v), *y = malloc(2 * N * sizeof *y);
    tg_rng rng = tg_rng_seed(46);
    for (int i = 0; i < N; i++)
        v[i] = tg_rng_normal(&rng);
    const int before = tg_num_threads();
    const tg_shape shapes[] = { TG_SHAPE(30000, 10), TG_SHAPE(10, 30000), TG_SHAPE(100, 30, 100) };
    for (int s = 0; s < 3; s++)
        for (int axis = 0; axis < shapes[s].rank; axis++)
            for (int threads = 1; threads <= 3; threads++) {
                use_threads(threads);
                tg_tape *t = tg_tape_create(TG_F32);
                const tg_tensor none = { 0 }, x = tg_variable(t, shapes[s], v);
                const tg_tensor both = tg_mul(tg_softmax(x, axis), tg_layer_norm(x, none, none, 1e-5));
                assert_int_equal(tg_backward(tg_sum(tg_mul(both, both), TG_ALL, false)), TG_OK);
                assert_int_equal(tg_read_f64(tg_grad_of(x), threads > 1 ? y + N : y, N), TG_OK);
                if (threads > 1)
                    assert_memory_equal(y, y + N, N * sizeof *y);
                tg_tape_destroy(t);
            }
    tg_set_num_threads(before);
    free(v);
    free(y);
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    const tg_tensor none = { 0 };
#define M tg_full(t, TG_SHAPE(2, 3), 1)
    refused(t, tg_softmax(M, 2), TG_ERR_SHAPE, "softmax: [2, 3]: axis 2 is not in -2 .. 1");
    refused(t, tg_log_softmax(M, -3), TG_ERR_SHAPE, "log_softmax: [2, 3]: axis -3 is not in -2 .. 1");
    refused(t, tg_softmax(tg_full(t, TG_SCALAR, 1), 1), TG_ERR_SHAPE, "softmax: []: axis 1 is not in -1 .. 0");
    assert_null(tg_softmax(none, 0).tape);
    refused(t, tg_layer_norm(M, tg_full(t, TG_SHAPE(2), 1), none, 1e-5), TG_ERR_SHAPE,
            "layer_norm: [2, 3] x [2] x none: the gain must be [3] or absent");
    refused(t, tg_layer_norm(M, none, M, 1e-5), TG_ERR_SHAPE,
            "layer_norm: [2, 3] x none x [2, 3]: the bias must be [3] or absent");
    refused(t, tg_layer_norm(tg_full(t, TG_SCALAR, 1), none, none, 1e-5), TG_ERR_SHAPE,
            "layer_norm: [] x none x none: x is a scalar; it must have rank 1 or more");
    refused(t, tg_layer_norm(M, none, none, -1), TG_ERR_ARGUMENT,
            "layer_norm: [2, 3] x none x none: eps is -1; it must be 0 or more");
    refused(t, tg_layer_norm(M, none, none, (double)NAN), TG_ERR_ARGUMENT,
            "layer_norm: [2, 3] x none x none: eps is nan; it must be 0 or more");
    refused(t, tg_layer_norm(none, tg_full(t, TG_SHAPE(3), 1), none, 1e-5), TG_ERR_ARGUMENT,
            "layer_norm: input 0 is the null tensor");
    tg_tape_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_meets_its_formula),
        cmocka_unit_test(softmax_gradients_meet_differences),
        cmocka_unit_test(infinities_go_to_their_limits),
        cmocka_unit_test(layer_norm_meets_its_formula),
        cmocka_unit_test(layer_norm_gradients_meet_differences),
        cmocka_unit_test(layer_norm_has_a_third_derivative),
        cmocka_unit_test(bits_do_not_depend_on_threads),
        cmocka_unit_test(what_is_wrong_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
