/* test_networks.c - correct networks of kinked activations never fail, planted faults never pass.

   In `meson test` a few dozen seeds of small networks; TAPEGRAD_CHECK_NETWORKS=1000 in the environment checks as many
   seeds, widths up to 400 among them, and says how often a comparison could not be judged. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

enum { ROWS = 8, FEATURES = 6, MOST_LAYERS = 5, SHORT = 30, ACTIVATIONS = 3 };

typedef enum fault_kind { SOUND, PARAMETER, ELEMENT, RULE, FAULTS } fault_kind;

typedef struct network {
    int64_t sizes[MOST_LAYERS + 1];
    int layers;
    int activation; /* relu, leaky_relu, abs */
    int loss;       /* cross-entropy, mean square, the outputs themselves */
    double x[ROWS * FEATURES];
    int32_t labels[ROWS];
    bool generic; /* no zeros in data or biases, which are at kinks */
    fault_kind fault;
    double size;          /* of the fault */
    int at;               /* its parameter, or layer */
    int64_t largest;      /* its element */
    bool called, planted; /* some gradient that is not zero has it */
} network;

/* An identity whose vjp is scaled. */
static tg_status copy_forward(tg_call *call)
{
    const size_t element = tg_dtype_size(tg_call_dtype(call));
    memcpy(tg_call_output(call), tg_call_input(call, 0), (size_t)tg_call_output_size(call) * element);
    return TG_OK;
}

static void scaled_vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_scale(tg_cotangent(v), *(const double *)tg_vjp_attributes(v)));
}

static const tg_op scaled_op = {
    .name = "scaled",
    .arity = 1,
    .order = TG_ORDER_ANY,
    .shape = tg_shape_broadcast,
    .forward = copy_forward,
    .vjp = scaled_vjp,
};

static tg_tensor activate(int kind, tg_tensor x)
{
    return kind == 0 ? tg_relu(x) : kind == 1 ? tg_leaky_relu(x, 0.01) : tg_abs(x);
}

static tg_tensor run(tg_tape *tape, tg_params *params, void *context)
{
    const network *net = context;
    tg_tensor h = tg_constant_f64(tape, TG_SHAPE(ROWS, net->sizes[0]), net->x);
    for (int l = 0; l < net->layers; l++) {
        h = tg_linear(h, tg_param(tape, params, 2 * l), tg_param(tape, params, 2 * l + 1));
        if (net->fault == RULE && net->at == l) {
            const double factor = 1 + net->size;
            h = tg_apply(&scaled_op, &h, 1, &factor, sizeof factor);
        }
        if (l + 1 < net->layers)
            h = activate(net->activation, h);
    }
    return net->loss == 0   ? tg_cross_entropy(h, net->labels, TG_MEAN)
           : net->loss == 1 ? tg_mean(tg_square(h), TG_ALL, false)
                            : h;
}

/* Scales the gradient of one parameter, or its largest element; where the first call finds zeros only, that of the last
   bias. */
static tg_status faulty(tg_tensor y, tg_tensor cotangent, const tg_tensor *in, int n, tg_tensor *out, unsigned flags,
                        void *context)
{
    network *net = context;
    const tg_status status = tg_grad(y, cotangent, in, n, out, flags);
    for (int tries = 0; tries < 2 && status == TG_OK; tries++) {
        const int64_t size = tg_size(in[net->at]);
        double *g = malloc((size_t)size * sizeof *g);
        assert_non_null(g);
        assert_int_equal(tg_read_f64(out[net->at], g, size), TG_OK);
        for (int64_t k = 0; k < size && !net->called; k++)
            net->largest = k == 0 || fabs(g[k]) > fabs(g[net->largest]) ? k : net->largest;
        net->planted = net->planted || (!net->called && g[net->largest] != 0);
        for (int64_t k = 0; k < size && net->planted; k++)
            if (net->fault == PARAMETER || k == net->largest)
                g[k] *= 1 + net->size;
        out[net->at] = tg_constant_f64(y.tape, tg_shape_of(in[net->at]), g);
        free(g);
        if (net->planted || net->called)
            break;
        net->at = n - 1;
    }
    net->called = true;
    return status;
}

/* Widths of 1 to `most`, small ones as likely as large ones; a third of the data has rows of zeros and of equals. */
static network draw(uint64_t seed, int most, tg_rng *rng)
{
    network net = { .layers = 2 + (int)tg_rng_below(rng, MOST_LAYERS - 1) };
    net.activation = (int)(seed % ACTIVATIONS);
    net.loss = (int)tg_rng_below(rng, 3);
    net.sizes[0] = 2 + (int64_t)tg_rng_below(rng, FEATURES - 1);
    for (int l = 1; l < net.layers; l++)
        net.sizes[l] = (int64_t)exp(tg_rng_between(rng, 0, log(most + 0.9)));
    net.sizes[net.layers] = 2 + (int64_t)tg_rng_below(rng, 4);
    net.generic = tg_rng_below(rng, 3) > 0;
    for (int i = 0; i < ROWS * FEATURES; i++)
        net.x[i] = net.generic ? tg_rng_normal(rng) : (double)tg_rng_below(rng, 2);
    for (int i = 0; i < ROWS; i++)
        net.labels[i] = (int32_t)tg_rng_below(rng, 2);
    return net;
}

static tg_params *make(network *net, tg_dtype dtype, tg_rng *rng)
{
    tg_param_spec specs[2 * MOST_LAYERS];
    char names[2 * MOST_LAYERS][16];
    for (int i = 0; i < 2 * net->layers; i++) {
        snprintf(names[i], sizeof names[i], "%s%d", i % 2 ? "b" : "w", i / 2);
        specs[i] = (tg_param_spec){ .name = names[i],
                                    .shape = i % 2 ? TG_SHAPE(net->sizes[i / 2 + 1])
                                                   : TG_SHAPE(net->sizes[i / 2], net->sizes[i / 2 + 1]) };
    }
    tg_params *params = tg_params_create(dtype, specs, 2 * net->layers, NULL);
    assert_non_null(params);
    const bool zero_biases = tg_rng_below(rng, 3) > 0; /* as in a new network */
    net->generic = net->generic && !zero_biases;
    for (int i = 0; i < 2 * net->layers; i++)
        if (i % 2 == 0 || !zero_biases)
            tg_params_fill_normal(params, i, i % 2 ? 0.1 : sqrt(2.0 / (double)net->sizes[i / 2]), rng, NULL);
    return params;
}

/* Whether the bias of this layer, and so what its vjp contributes, has a gradient at all. */
static bool has_gradient(network *net, tg_params *params, int layer)
{
    tg_tape *tape = tg_tape_create(tg_params_dtype(params));
    tg_tensor bias = tg_param(tape, params, 2 * layer + 1), g;
    const tg_tensor y = tg_mean(tg_square(run(tape, params, net)), TG_ALL, false);
    assert_int_equal(tg_grad(y, (tg_tensor){ 0 }, &bias, 1, &g, 0), TG_OK);
    double values[512];
    const int64_t n = tg_size(g);
    assert_int_equal(tg_read_f64(g, values, n), TG_OK);
    bool any = false;
    for (int64_t i = 0; i < n; i++)
        any = any || values[i] != 0;
    tg_tape_destroy(tape);
    return any;
}

typedef struct tally {
    int checks;
    long long compared, kinks;
    long long generic, generic_kinks; /* of these, in networks without zeros */
    int wrong;                        /* correct ones that failed, faults that passed */
    int unjudged;
} tally;

static void check(uint64_t seed, int most, fault_kind fault, bool float32, tally *t)
{
    tg_rng rng = tg_rng_seed(seed);
    network net = draw(seed, most, &rng);
    tg_params *params = make(&net, seed / 3 % 2 ? TG_F32 : TG_F64, &rng);
    net.fault = fault;
    net.size = (float32 ? 1e-3 : 1e-4) * (tg_rng_below(&rng, 2) ? 1 : -1); /* float32's tolerance is 1e-4 */
    net.at = (int)tg_rng_below(&rng, (uint64_t)(fault == RULE ? net.layers : 2 * net.layers));
    int64_t largest = 0;
    for (int l = 0; l < net.layers; l++)
        largest = net.sizes[l] * net.sizes[l + 1] > largest ? net.sizes[l] * net.sizes[l + 1] : largest;
    if (fault == ELEMENT && largest > 4000) /* one of more is too small a part of a direction */
        net.at = 2 * net.layers - 1;
    const bool by_callback = fault == PARAMETER || fault == ELEMENT;
    net.planted = fault == RULE && has_gradient(&net, params, net.at);
    const tg_gradcheck_config config = {
        .seed = seed,
        .float32 = float32,
        .max_elements = fault == ELEMENT && largest <= 4000 ? largest
                        : largest > 10000                   ? 32
                                                            : 0,
        .gradient = by_callback ? faulty : NULL,
        .gradient_context = &net,
    };
    tg_gradcheck_report report;
    assert_int_equal(tg_gradcheck_params(params, run, &net, &config, &report), TG_OK);
    if (fault != SOUND && !net.planted) {
        tg_params_destroy(params);
        return;
    }
    const bool judged = report.fault != TG_FAULT_ONLY_KINKS && report.fault != TG_FAULT_BELOW_NOISE;
    t->checks++;
    t->compared += report.all.n_checked;
    t->kinks += report.all.n_kinks;
    t->generic += net.generic ? report.all.n_checked : 0;
    t->generic_kinks += net.generic ? report.all.n_kinks : 0;
    t->unjudged += !judged;
    const bool wrong = fault == SOUND ? !report.passed && judged : report.passed;
    t->wrong += wrong;
    if (wrong) {
        char sizes[64] = "";
        for (int l = 0; l <= net.layers; l++)
            snprintf(sizes + strlen(sizes), sizeof sizes - strlen(sizes), "%s%d", l ? "-" : "", (int)net.sizes[l]);
        print_message("seed %d, %s, activation %d, loss %d, fault %d of %g at %d, float%d: %s\n", (int)seed, sizes,
                      net.activation, net.loss, (int)fault, net.size, net.at, float32 ? 32 : 64, report.text);
    }
    tg_params_destroy(params);
}

/* Through thousands of units, a step of the usual size crosses hundreds of kinks. */
static void directions_through_many_kinks_are_judged(void **state)
{
    (void)state;
    for (int seed = 0; seed < ACTIVATIONS; seed++) {
        tg_rng rng = tg_rng_seed((uint64_t)seed);
        network net = draw((uint64_t)seed, 1, &rng);
        for (int l = 1; l < 3; l++)
            net.sizes[l] = 200;
        net.layers = 3;
        net.sizes[3] = 2;
        for (int i = 0; i < ROWS * FEATURES; i++)
            net.x[i] = tg_rng_normal(&rng);
        tg_params *params = make(&net, TG_F32, &rng);
        tg_gradcheck_report report;
        tg_gradcheck_config config = { .seed = (uint64_t)seed, .max_elements = 1, .directions = 10 };
        assert_passed(tg_gradcheck_params(params, run, &net, &config, &report), &report);
        assert_true(report.all.n_kinks <= 2);
        config.gradient = faulty;
        config.gradient_context = &net;
        config.directions = 2;
        net.fault = PARAMETER;
        net.size = 1e-4;
        assert_element_failed(tg_gradcheck_params(params, run, &net, &config, &report), &report, "w0");
        assert_int_equal(report.all.n_failed, 3);
        tg_params_destroy(params);
    }
}

static int n_seeds(int *most)
{
    const char *text = getenv("TAPEGRAD_CHECK_NETWORKS");
    *most = text ? 400 : 40;
    return text ? atoi(text) : SHORT;
}

static double percent(long long part, long long rest)
{
    return part > 0 ? 100 * (double)part / (double)(part + rest) : 0;
}

static void say(const char *what, const tally *t)
{
    print_message(
        "%s: %d checks, %lld comparisons and %lld not judged (%.2g %%; without zeros in data and biases %.2g "
        "%%), %d checks that judged nothing of a parameter, %d wrong\n",
        what, t->checks, t->compared, t->kinks, percent(t->kinks, t->compared), percent(t->generic_kinks, t->generic),
        t->unjudged, t->wrong);
    assert_int_equal(t->wrong, 0);
}

static void correct_networks_never_fail(void **state)
{
    (void)state;
    int most;
    const int n = n_seeds(&most);
    for (int float32 = 0; float32 < 2; float32++) {
        tally t = { 0 };
        for (int seed = 0; seed < n; seed++)
            check((uint64_t)seed, most, SOUND, float32, &t);
        say(float32 ? "correct, gradient in float32" : "correct, gradient in float64", &t);
    }
}

static void planted_faults_never_pass(void **state)
{
    (void)state;
    int most;
    const int n = n_seeds(&most);
    for (int float32 = 0; float32 < 2; float32++) {
        tally t = { 0 };
        for (int seed = 0; seed < n; seed++)
            check((uint64_t)seed, most, PARAMETER + seed % (FAULTS - PARAMETER), float32, &t);
        say(float32 ? "faults of 1e-3 in float32" : "faults of 1e-4 in float64", &t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directions_through_many_kinks_are_judged),
        cmocka_unit_test(correct_networks_never_fail),
        cmocka_unit_test(planted_faults_never_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
