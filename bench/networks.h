/* networks.h - the networks that are timed. */
#ifndef BENCH_NETWORKS_H
#define BENCH_NETWORKS_H

#include "tapegrad.h"

enum { NETWORKS = 9, MOST_LAYERS = 3 };

typedef struct network {
    const char *name; /* also of its row, in bench_backprop and in the scripts of peers/ */
    int64_t sizes[MOST_LAYERS + 1];
    int depth; /* layers */
    tg_activation activation;
    int64_t batch;
    int threads;
} network;

extern const network networks[NETWORKS];

/* Floating-point operations of the matrix products of one step. */
double network_flops(const network *n);

#endif
