/* test_tsne.c - whole runs of t-SNE: clusters stay apart, the divergence falls, progress stops it, the same bits again. */
#include "tsne.h"

enum { N = 40, D = 6, DIMS = 2 };

static const double *points(void)
{
    static double x[N * D];
    draw_groups(x, N, D, 2, 21);
    return x;
}

static void run(const tg_tsne_config *config, double *y)
{
    tg_error err = { .status = TG_ERR_IO };
    if (tg_tsne(points(), N, D, config, y, &err) != TG_OK)
        fail_msg("%s", err.text);
    assert_int_equal(err.status, TG_OK);
}

/* The least distance between the two clusters is larger than the largest within one. */
static void two_clusters_stay_apart(void **state)
{
    (void)state;
    double y[N * DIMS], within = 0, between = (double)INFINITY, middle[DIMS] = { 0 };
    run(&(tg_tsne_config){ .perplexity = 8, .seed = 4 }, y);
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < DIMS; k++)
            middle[k] += y[i * DIMS + k] / N;
        for (int j = 0; j < i; j++) {
            const double distance = squared_distance(y, DIMS, i, j);
            if (i % 2 == j % 2)
                within = fmax(within, distance);
            else
                between = fmin(between, distance);
        }
    }
    if (!(within < between))
        fail_msg("squared distances: %g within a cluster, %g between two", within, between);
    assert_near(middle[0], 0, 1e-12);
    assert_near(middle[1], 0, 1e-12);
}

typedef struct record {
    int calls;
    int64_t iteration[64];
    double kl[64];
    int stop_after; /* calls; 0: never */
} record;

static bool note(void *context, int64_t iteration, double kl)
{
    record *r = context;
    assert_true(r->calls < 64);
    r->iteration[r->calls] = iteration;
    r->kl[r->calls++] = kl;
    return r->calls != r->stop_after;
}

static void the_divergence_falls(void **state)
{
    (void)state;
    record r = { 0 };
    double y[N * DIMS], p[N * N], g[N * DIMS], kl;
    run(&(tg_tsne_config){ .perplexity = 8, .iterations = 420, .progress = note, .context = &r }, y);
    static const int64_t iterations[] = { 50, 100, 150, 200, 250, 300, 350, 400, 420 };
    assert_int_equal(r.calls, 9);
    assert_memory_equal(r.iteration, iterations, sizeof iterations);
    assert_true(r.kl[8] < 0.5 * r.kl[0]);
    for (int i = 3; i < 9; i++) /* past the exaggeration, of a quarter */
        assert_true(r.kl[i] < r.kl[i - 1] + 1e-3);
    assert_int_equal(tg_tsne_affinities(points(), N, D, 8, p, NULL, NULL), TG_OK);
    assert_int_equal(tg_tsne_gradient(p, y, N, DIMS, g, &kl, NULL, NULL), TG_OK);
    assert_near(r.kl[8], kl, 1e-12);
}

/* The method of the header, step by step. */
static void it_is_the_method_as_written(void **state)
{
    (void)state;
    const tg_tsne_config c = { .perplexity = 8,
                               .iterations = 30,
                               .learning_rate = 20,
                               .exaggeration = 4,
                               .exaggeration_steps = 12,
                               .early_momentum = 0.25,
                               .momentum = 0.75,
                               .seed = 99 };
    double y[N * DIMS], p[N * N], map[N * DIMS], g[N * DIMS], step[N * DIMS] = { 0 }, gain[N * DIMS];
    run(&c, y);
    assert_int_equal(tg_tsne_affinities(points(), N, D, 8, p, NULL, NULL), TG_OK);
    tg_rng rng = tg_rng_seed(99);
    for (int k = 0; k < N * DIMS; k++) {
        map[k] = 1e-4 * tg_rng_normal(&rng);
        gain[k] = 1;
    }
    for (int t = 0; t < 30; t++) {
        naive_gradient(p, map, N, DIMS, t < 12 ? 4 : 1, g);
        double mean[DIMS] = { 0 };
        for (int k = 0; k < N * DIMS; k++) {
            gain[k] = (g[k] > 0) == (step[k] > 0) ? fmax(0.8 * gain[k], 0.01) : gain[k] + 0.2;
            step[k] = (t < 12 ? 0.25 : 0.75) * step[k] - 20 * gain[k] * g[k];
            map[k] += step[k];
            mean[k % DIMS] += map[k] / N;
        }
        for (int k = 0; k < N * DIMS; k++)
            map[k] -= mean[k % DIMS];
    }
    for (int k = 0; k < N * DIMS; k++)
        assert_near(y[k], map[k], 1e-9 * fabs(map[k]) + 1e-12);
}

static void defaults_are_as_documented(void **state)
{
    (void)state;
    double y[N * DIMS], again[N * DIMS];
    const tg_tsne_config c = { .dims = 2,
                               .perplexity = 30,
                               .iterations = 1000,
                               .learning_rate = 50,
                               .exaggeration = 12,
                               .exaggeration_steps = 250,
                               .early_momentum = 0.5,
                               .momentum = 0.8 };
    run(NULL, y);
    run(&c, again);
    assert_memory_equal(y, again, sizeof y);
}

static void progress_stops_with_what_was_reached(void **state)
{
    (void)state;
    record r = { .stop_after = 3 };
    double y[N * DIMS], same[N * DIMS];
    tg_tsne_config c = {
        .perplexity = 8, .exaggeration_steps = 20, .progress = note, .context = &r, .progress_every = 7
    };
    run(&c, y);
    assert_int_equal(r.calls, 3);
    assert_int_equal(r.iteration[2], 21);
    run(&(tg_tsne_config){ .perplexity = 8, .exaggeration_steps = 20, .iterations = 21 }, same);
    assert_memory_equal(y, same, sizeof y);
    r = (record){ 0 };
    c.iterations = 14; /* the last is a seventh: told once */
    run(&c, y);
    assert_int_equal(r.calls, 2);
}

static uint64_t hash(const double *y, int n)
{
    uint64_t h = 14695981039346656037u;
    for (int k = 0; k < n; k++) {
        uint64_t bits;
        memcpy(&bits, y + k, sizeof bits);
        h = (h ^ bits) * 1099511628211u;
    }
    return h;
}

/* The same on every machine: threads, kernel sets and compilers change nothing. */
static void the_bits_are_the_same_everywhere(void **state)
{
    (void)state;
    double y[N * 3];
    for (int threads = 1; threads <= 3; threads++)
        for (int set = 0; tg_kernel_set_at(set); set++) {
            use_threads(threads);
            assert_int_equal(tg_use_kernel_set(tg_kernel_set_at(set)), TG_OK);
            run(&(tg_tsne_config){ .dims = 3, .perplexity = 8, .iterations = 100, .seed = 3 }, y);
            if (hash(y, N * 3) != 0x2a216561ecaf2dfb)
                fail_msg("%s, %d threads: the hash is %#llx", tg_kernel_set(), threads,
                         (unsigned long long)hash(y, N * 3));
        }
    use_threads(0);
    assert_int_equal(tg_use_kernel_set(NULL), TG_OK);
}

static void float_points_are_those_in_double(void **state)
{
    (void)state;
    float narrow[N * D];
    double x[N * D], y[N * DIMS], z[N * DIMS];
    for (int k = 0; k < N * D; k++)
        x[k] = (double)(narrow[k] = (float)points()[k]);
    const tg_tsne_config c = { .iterations = 20, .perplexity = 5 };
    assert_int_equal(tg_tsne(x, N, D, &c, y, NULL), TG_OK);
    assert_int_equal(tg_tsne(narrow, N, D, &c, z, NULL), TG_OK);
    assert_memory_equal(y, z, sizeof y);
}

static void configs_out_of_range_are_refused(void **state)
{
    (void)state;
    static const struct {
        tg_tsne_config config;
        tg_status status;
        const char *text;
    } cases[] = {
        { { .dims = 9 }, TG_ERR_ARGUMENT, "tsne: dims is 9, expected 1 .. 8" },
        { { .dims = -1 }, TG_ERR_ARGUMENT, "dims is -1" },
        { { .perplexity = 40 }, TG_ERR_ARGUMENT, "tsne: perplexity is 40, expected 1 .. 39" },
        { { .perplexity = -3 }, TG_ERR_ARGUMENT, "perplexity is -3" },
        { { .perplexity = (double)NAN }, TG_ERR_ARGUMENT, "perplexity is nan" },
        { { .perplexity = TG_ZERO }, TG_ERR_ARGUMENT, "perplexity is 0" },
        { { .learning_rate = TG_ZERO }, TG_ERR_ARGUMENT, "learning_rate is 0, expected positive and finite" },
        { { .exaggeration = TG_ZERO }, TG_ERR_ARGUMENT, "exaggeration is 0, expected at least 1" },
        { { .iterations = -1 }, TG_ERR_ARGUMENT, "iterations is -1, expected at least 1" },
        { { .learning_rate = -1 }, TG_ERR_ARGUMENT, "learning_rate is -1, expected positive and finite" },
        { { .learning_rate = (double)INFINITY }, TG_ERR_ARGUMENT, "learning_rate is inf" },
        { { .learning_rate = (double)NAN }, TG_ERR_ARGUMENT, "learning_rate is nan" },
        { { .exaggeration = 0.5 }, TG_ERR_ARGUMENT, "exaggeration is 0.5, expected at least 1" },
        { { .exaggeration_steps = -1 }, TG_ERR_ARGUMENT, "exaggeration_steps is -1" },
        { { .early_momentum = 1 }, TG_ERR_ARGUMENT, "early_momentum is 1, expected 0 <= momentum < 1" },
        { { .momentum = -0.5 }, TG_ERR_ARGUMENT, "momentum is -0.5" },
        { { .progress_every = -1 }, TG_ERR_ARGUMENT, "progress_every is -1" },
        { { .learning_rate = 1e300 }, TG_ERR_NONFINITE, "learning_rate 1e+300; a smaller one helps" },
    };
    double y[N * DIMS];
    tg_error e;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        y[0] = 7;
        assert_refused(tg_tsne(points(), N, D, &cases[i].config, y, &e), &e, cases[i].status, cases[i].text);
        assert_true(y[0] == 7);
    }
    assert_refused(tg_tsne(points(), N, D, NULL, NULL, &e), &e, TG_ERR_ARGUMENT, "tsne: y is NULL");
    assert_refused(tg_tsne_f32(NULL, N, D, NULL, y, &e), &e, TG_ERR_ARGUMENT, "tsne: x is NULL");
    assert_refused(tg_tsne(points(), 1, D, NULL, y, &e), &e, TG_ERR_ARGUMENT, "x is [1, 6]");
    assert_refused(tg_tsne(points(), -4, D, NULL, y, &e), &e, TG_ERR_ARGUMENT, "x is [-4, 6]");
    assert_refused(tg_tsne(points(), INT64_MAX / 2, D, NULL, y, &e), &e, TG_ERR_SHAPE, "overflow");
    assert_refused(tg_tsne(points(), 20, D, NULL, y, &e), &e, TG_ERR_ARGUMENT, "perplexity is 30, expected 1 .. 19");
    assert_int_equal(tg_tsne(points(), 20, D, NULL, y, NULL), TG_ERR_ARGUMENT);
}

static void out_of_memory_leaks_nothing(void **state)
{
    (void)state;
    failing f;
    const tg_allocator a = failing_allocator(&f);
    const tg_tsne_config c = { .iterations = 3, .perplexity = 5, .allocator = &a };
    double y[N * DIMS];
    tg_error e;
    for (int fail_at = 1;; fail_at++) {
        f = (failing){ .fail_at = fail_at };
        y[0] = 7;
        const tg_status status = tg_tsne(points(), N, D, &c, y, &e);
        assert_true(f.outstanding == 0 && f.bytes == 0);
        if (status == TG_OK) {
            assert_int_equal(fail_at, 5);
            break;
        }
        assert_refused(status, &e, TG_ERR_MEMORY, "tsne: no memory for");
        assert_true(y[0] == 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_clusters_stay_apart),
        cmocka_unit_test(the_divergence_falls),
        cmocka_unit_test(it_is_the_method_as_written),
        cmocka_unit_test(defaults_are_as_documented),
        cmocka_unit_test(progress_stops_with_what_was_reached),
        cmocka_unit_test(the_bits_are_the_same_everywhere),
        cmocka_unit_test(float_points_are_those_in_double),
        cmocka_unit_test(configs_out_of_range_are_refused),
        cmocka_unit_test(out_of_memory_leaks_nothing),
    };
    return cmocka_run_group_tests_name("tsne", tests, NULL, NULL);
}
