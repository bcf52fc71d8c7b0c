/* kann.c - the rows of bench_backprop in KANN. Reads names of rows, one a line, and answers each with microseconds a sample
   of a training step. compare.py compiles it with the sources of KANN and a BLAS, and runs it. */
#define _POSIX_C_SOURCE 200809L
#include <kann.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_SIZES = 8, SLICES_MOST = 2001 };
static const double seconds = 0.4, slice = 1e-3; /* for each answer, and each of its measurements */

void openblas_set_num_threads(int n);

typedef struct network {
    int sizes[MOST_SIZES], n_sizes, batch, threads, sigmoid;
} network;

/* "784-300-10 relu, batch 128, 1 thread" */
static int parse(network *net, char *name)
{
    char activation[16];
    const char *rest = strchr(name, ' ');
    *net = (network){ 0 };
    for (char *p = name; net->n_sizes < MOST_SIZES && *p != ' '; p += *p == '-')
        net->sizes[net->n_sizes++] = (int)strtol(p, &p, 10);
    if (!rest || sscanf(rest, " %15[a-z], batch %d, %d thread", activation, &net->batch, &net->threads) != 3)
        return 0;
    net->sigmoid = !strcmp(activation, "sigmoid");
    return 1;
}

static kann_t *create(const network *net)
{
    kad_node_t *t = kann_layer_input(net->sizes[0]);
    for (int i = 1; i < net->n_sizes - 1; i++) {
        t = kann_layer_dense(t, net->sizes[i]);
        t = net->sigmoid ? kad_sigm(t) : kad_relu(t);
    }
    return kann_new(kann_layer_cost(t, net->sizes[net->n_sizes - 1], KANN_C_CEM), 0);
}

/* Forward, backward and gradient descent. */
static void step(kann_t *k)
{
    kann_cost(k, 0, 1);
    for (int i = 0, n = kann_size_var(k); i < n; i++)
        k->x[i] -= 0.01f * k->g[i];
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double run(kann_t *k, int steps)
{
    const double start = now();
    for (int i = 0; i < steps; i++)
        step(k);
    return (now() - start) / steps;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median over slices, after a warm-up. */
static double seconds_a_step(kann_t *k)
{
    static double taken[SLICES_MOST];
    int n = 0;
    run(k, 3);
    const int steps = (int)(slice / run(k, 1)) + 1;
    for (const double end = now() + seconds; n < 3 || (n < SLICES_MOST && now() < end);)
        taken[n++] = run(k, steps);
    qsort(taken, (size_t)n, sizeof *taken, by_value);
    return taken[n / 2];
}

static double answer(const network *net)
{
    const int in = net->sizes[0], out = net->sizes[net->n_sizes - 1];
    float *x = calloc((size_t)(net->batch * in), sizeof *x), *y = calloc((size_t)(net->batch * out), sizeof *y);
    kann_t *k = create(net);
    for (int i = 0; i < net->batch * in; i++)
        x[i] = (float)(i * 7919 % 1009) / 1009;
    for (int i = 0; i < net->batch; i++)
        y[i * out + i % out] = 1;
    openblas_set_num_threads(net->threads);
    kann_switch(k, 1);
    kann_set_batch_size(k, net->batch);
    kann_feed_bind(k, KANN_F_IN, 0, &x);
    kann_feed_bind(k, KANN_F_TRUTH, 0, &y);
    const double time = seconds_a_step(k);
    kann_delete(k);
    free(x);
    free(y);
    return time / net->batch * 1e6;
}

int main(void)
{
    char line[128];
    network net;
    printf("KANN %s with OpenBLAS\n", KANN_VERSION);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (!parse(&net, line))
            return 1;
        printf("%.6f\n", answer(&net));
        fflush(stdout);
    }
    return 0;
}
