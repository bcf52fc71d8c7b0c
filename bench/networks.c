/* networks.c - the networks that are timed. */
#include "networks.h"

const network networks[NETWORKS] = {
    { "784-300-10 sigmoid, batch 64, 1 thread", { 784, 300, 10 }, 2, TG_SIGMOID, 64, 1 },
    { "784-300-10 relu, batch 128, 1 thread", { 784, 300, 10 }, 2, TG_RELU, 128, 1 },
    { "784-300-10 relu, batch 1024, 1 thread", { 784, 300, 10 }, 2, TG_RELU, 1024, 1 },
    { "784-300-10 relu, batch 4096, 1 thread", { 784, 300, 10 }, 2, TG_RELU, 4096, 1 },
    { "784-512-512-10 relu, batch 128, 1 thread", { 784, 512, 512, 10 }, 3, TG_RELU, 128, 1 },
    { "3072-80-10 relu, batch 1000, 1 thread", { 3072, 80, 10 }, 2, TG_RELU, 1000, 1 },
    { "784-300-10 relu, batch 128, 2 threads", { 784, 300, 10 }, 2, TG_RELU, 128, 2 },
    { "784-32-10 relu, batch 32, 1 thread", { 784, 32, 10 }, 2, TG_RELU, 32, 1 },
    { "784-32-10 relu, batch 1, 1 thread", { 784, 32, 10 }, 2, TG_RELU, 1, 1 },
};

/* Each layer has three products of the same size, forward, dW and dx; the first has no dx. */
double network_flops(const network *n)
{
    double flops = 0;
    for (int l = 0; l < n->depth; l++)
        flops += (l ? 3 : 2) * 2.0 * (double)(n->batch * n->sizes[l] * n->sizes[l + 1]);
    return flops;
}
